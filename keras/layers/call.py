"""The call of a layer on tensors: the pipeline behind `Layer.__call__`.

`call_layer` is the whole way, one step after another; each step is a function below
it. Symbolic calls take another way, `Layer.symbolic_call`, which comes here with
abstract tensors to find the shapes of the outputs. What a layer is, and how its weights
are made, is in `layer.py`.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from keras import ops
from keras.core import dtypes, masks, tree
from keras.core.foreign import framework_of, is_text, text_array, to_host
from keras.core.naming import path_scope
from keras.core.scope import current, register_layer_calls
from keras.core.tensor import KerasTensor
from keras.core.variable import AutocastFrame, current_frame, finds_shapes, frame
from keras.layers.input_spec import check_inputs, layer_label
from keras.layers.signature import (
    CallSignature,
    call_signature,
    is_tensor_like,
    shape_of,
)

if TYPE_CHECKING:
    from keras.layers.layer import Layer

# Weights are made once, however many threads call a new layer at the same time.
_building = threading.RLock()


class CallContext:
    """The outermost layer call that is running.

    Attributes:
        training: the mode of the calls inside, where they do not say their own.
        with_losses: the layers on which `add_loss` was called inside.
        collected: inside a call that is rematerialized, pairs (layer, loss) that are
            added when the call is over; else None.
    """

    __slots__ = ("collected", "training", "with_losses")

    def __init__(
        self,
        training: Any,
        with_losses: list[Layer],
        collected: list[tuple[Layer, Any]] | None = None,
    ) -> None:
        self.training = training
        self.with_losses = with_losses
        self.collected = collected


call_context: ContextVar[CallContext | None] = ContextVar("keras_call", default=None)

register_layer_calls(lambda: call_context.get() is not None)


def call_layer(layer: Layer, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Call a layer on tensors, real or traced.

    Args:
        layer: the layer. The backend in force computes: the layer's own, or for a layer
            that prepares data that of the arguments.
        args, kwargs: the arguments of the call. `kwargs` is changed.

    Returns:
        What `layer.call` returns, with masks on it.
    """
    if "dtype_policy" not in layer.__dict__:
        layer._check_initialized()
    if layer._path is None:
        layer._settle_path()  # its dtypes may depend on where it is
    signature = call_signature(type(layer))

    args, kwargs = convert_arguments(layer, args, kwargs)
    if layer.input_spec is not None and args:
        check_inputs(layer.input_spec, args[0], layer, current())

    outer = call_context.get()
    training = resolve_training(signature, outer, args, kwargs)
    if masks._any and signature.masks:
        fill_mask_arguments(signature, args, kwargs)

    token = None
    if outer is None or (training is not None and training != outer.training):
        token = call_context.set(_inner_context(layer, outer, training))
    try:
        if layer._settled:
            outputs = run(layer, args, kwargs)
        else:
            outputs = build_and_run(layer, args, kwargs)
    except Exception as error:
        add_note(error, layer, args, kwargs)
        raise
    finally:
        if token is not None:
            call_context.reset(token)

    if masks._any or layer._makes_masks():
        set_output_masks(layer, args, kwargs, outputs)
    return outputs


# Arguments


def convert_arguments(
    layer: Layer, args: tuple, kwargs: dict[str, Any]
) -> tuple[tuple, dict[str, Any]]:
    """Make tensors of the arguments that are arrays, in the type the layer computes in.

    A list of numbers as the first argument is a tensor too. Other lists and dicts are
    entered; what is neither a tensor nor an array stays as it is.
    """
    backend = current()
    converted = []
    for position, arg in enumerate(args):
        if type(arg) in backend.NATIVE or is_tensor_like(arg):
            arg = convert_tensor(layer, arg)
        elif isinstance(arg, (list, tuple, dict)):
            if position == 0 and _are_numbers(arg):
                arg = convert_tensor(layer, backend.convert_to_tensor(arg))
            elif position == 0 and (text := text_array(arg)) is not arg:
                arg = convert_tensor(layer, text)
            else:
                arg = _convert_nested(layer, arg)
        converted.append(arg)

    if kwargs:
        kwargs = {name: _convert_nested(layer, arg) for name, arg in kwargs.items()}
    return tuple(converted), kwargs


def _are_numbers(nested: Any) -> bool:
    leaves = tree.flatten(nested)
    return bool(leaves) and all(type(leaf) in (int, float) for leaf in leaves)


def _convert_nested(layer: Layer, nested: Any) -> Any:
    return tree.map_structure(
        lambda leaf: convert_tensor(layer, leaf) if is_tensor_like(leaf) else leaf,
        nested,
    )


def convert_tensor(layer: Layer, x: Any) -> Any:
    """An array, or a tensor of any framework, as a tensor in the layer's type."""
    backend = current()
    if type(x) not in backend.NATIVE:
        if isinstance(x, KerasTensor):
            return x
        mask = masks.get_mask(x)
        if backend.text is None and is_text(x):
            return x  # for a layer that works on text, which it does on the host
        if framework_of(x) not in (None, backend.name):
            x = to_host(x)  # a concrete tensor of another framework
        x = backend.convert_to_tensor(x)
        if mask is not None:
            masks.set_mask(x, mask)
    if not layer.autocast:
        return x

    name = backend.dtype_name(x.dtype)
    compute_dtype = layer.dtype_policy.compute_dtype
    if name == compute_dtype or name not in dtypes.FLOATS:
        return x
    cast = backend.cast(x, compute_dtype)
    if masks._any:
        masks.set_mask(cast, masks.get_mask(x))
    return cast


# The mode


def resolve_training(
    signature: CallSignature,
    outer: CallContext | None,
    args: tuple,
    kwargs: dict[str, Any],
) -> Any:
    """The training mode: as asked for, else of the call around, else `call`'s default.

    It is put into `kwargs` if `call` takes it, and taken out if not.
    """
    by_position = signature.has_training and signature.training_index < len(args)
    if by_position:
        training = args[signature.training_index]
    else:
        training = kwargs.get("training")
    if training is None and outer is not None:
        training = outer.training
    if training is None:
        training = signature.training_default

    if by_position or not signature.has_training:
        kwargs.pop("training", None)
    elif training is not None:
        kwargs["training"] = training
    return training


def _inner_context(
    layer: Layer, outer: CallContext | None, training: Any
) -> CallContext:
    """The context of the calls inside this one."""
    if outer is not None:
        return CallContext(training, outer.with_losses, outer.collected)
    # Losses belong to one call of the outermost layer.
    layer._clear_losses()
    return CallContext(training, layer._with_losses)


# Running


def build_and_run(layer: Layer, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The first call: make the weights, then run."""
    with _building, path_scope(layer._settle_path()):
        if not layer.built:
            layer._maybe_build(args, kwargs)
        outputs = run(layer, args, kwargs)
    layer._settled = True
    return outputs


def run(layer: Layer, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Run `layer.call`; its weights are read in the type it computes in."""
    call = layer.call
    if layer._remat is not None and layer._is_rematerialized(args, kwargs):
        call = functools.partial(call_rematerialized, layer)

    policy = layer.dtype_policy
    compute_dtype = policy.compute_dtype if layer.autocast else None
    is_mixed = compute_dtype is not None and compute_dtype != policy.variable_dtype

    # A layer inside a mixed one says its own type, also if that is its weights'.
    if is_mixed or isinstance(current_frame(), AutocastFrame):
        with frame(AutocastFrame, compute_dtype):
            outputs = call(*args, **kwargs)
    else:
        outputs = call(*args, **kwargs)

    if layer.activity_regularizer is not None:
        for output in tree.flatten(outputs):
            layer.add_loss(activity_loss(layer, output))
    return outputs


def activity_loss(layer: Layer, output: Any) -> Any:
    """The penalty on an output, for each sample of the batch."""
    penalty = layer.activity_regularizer(output)
    if not output.shape:
        return penalty
    return penalty / ops.cast(ops.shape(output)[0], ops.dtype(penalty))


# Rematerialization


def is_rematerialized(layer: Layer, args: tuple, kwargs: dict[str, Any]) -> bool:
    """Whether this call of a layer made in a `RematScope` runs again for gradients.

    The first call does not, since it may make weights; nor does a call inside of one
    that runs again anyway.
    """
    context = call_context.get()
    is_inside = context is not None and context.collected is not None
    return layer._settled and not is_inside and is_in_scope(layer, args, kwargs)


def is_in_scope(layer: Layer, args: tuple, kwargs: dict[str, Any]) -> bool:
    """Whether the `RematScope` of a layer names calls on such arguments."""
    mode = layer._remat
    if mode is None or finds_shapes():
        return False
    if mode.mode == "list_of_layers":
        return layer.name in mode.layer_names
    if mode.mode == "larger_than":
        return _output_size(layer, args, kwargs) > mode.output_size_threshold
    return mode.mode == "full"


def _output_size(layer: Layer, args: tuple, kwargs: dict[str, Any]) -> int:
    """The number of elements that a call returns; of one sample, if none is known."""
    is_tensor = layer._backend.is_tensor

    def symbol(x: Any) -> Any:
        return KerasTensor(tuple(x.shape), ops.dtype(x)) if is_tensor(x) else x

    args, kwargs = tree.map_structure(symbol, (args, kwargs))
    outputs = tree.flatten(layer.compute_output_spec(*args, **kwargs))
    return sum(math.prod(size or 1 for size in output.shape) for output in outputs)


def call_rematerialized(layer: Layer, *args: Any, **kwargs: Any) -> Any:
    """`layer.call`, run again in the backward pass; only the inputs are kept for it.

    What leaves the call beside its outputs goes through the same door: the masks on
    them, and the losses added inside.
    """
    is_tensor = layer._backend.is_tensor
    tensors, filled, _ = tree.partition((args, kwargs), is_tensor)
    put_back: Callable = tuple
    masked: list[bool] = []
    owners: list[Layer] = []

    def call(tensors: list[Any], given_masks: list[Any]) -> tuple[list, list, list]:
        nonlocal put_back
        for tensor, mask in zip(tensors, given_masks):
            masks.set_mask(tensor, mask)

        args, kwargs = filled(tensors)
        outer = call_context.get()
        assert outer is not None
        inner = CallContext(outer.training, outer.with_losses, [])
        token = call_context.set(inner)
        try:
            outputs = layer.call(*args, **kwargs)
        finally:
            call_context.reset(token)

        leaves, put_back, _ = tree.partition(outputs, is_tensor)
        found = [masks.get_mask(leaf) for leaf in leaves]
        masked[:] = [mask is not None for mask in found]
        assert inner.collected is not None
        owners[:] = [owner for owner, _ in inner.collected]
        losses = [ops.convert_to_tensor(loss) for _, loss in inner.collected]
        return leaves, [mask for mask in found if mask is not None], losses

    given_masks = [masks.get_mask(tensor) for tensor in tensors]
    leaves, found, losses = layer._backend.remat(call)(tensors, given_masks)
    for owner, loss in zip(owners, losses):
        owner.add_loss(loss)
    with_mask = (leaf for leaf, is_masked in zip(leaves, masked) if is_masked)
    for leaf, mask in zip(with_mask, found):
        masks.set_mask(leaf, mask)
    return put_back(leaves)


def rematerialized_activation(layer: Layer, activation: Callable) -> Callable:
    """A layer's activation function, run again for gradients if its scope says so."""
    mode = layer._remat
    if mode is None or mode.mode != "activations" or finds_shapes():
        return activation
    return layer._backend.remat(activation)


# Masks


def fill_mask_arguments(
    signature: CallSignature, args: tuple, kwargs: dict[str, Any]
) -> None:
    """Give `call` the masks that travel with its arguments, where none was given."""
    for position, argument, parameter in signature.masks:
        if kwargs.get(parameter) is not None:
            continue
        value = args[position] if position < len(args) else kwargs.get(argument)
        if value is None:
            continue
        found = _masks_of(value)
        if any(mask is not None for mask in tree.flatten(found)):
            kwargs[parameter] = found


def set_output_masks(
    layer: Layer, args: tuple, kwargs: dict[str, Any], outputs: Any
) -> None:
    """Let the masks that `layer.compute_mask` gives travel with the outputs."""
    if not args:
        return
    previous = kwargs.get("mask")
    if previous is None:
        previous = _masks_of(args[0])

    if not layer._makes_masks():
        if all(mask is None for mask in tree.flatten(previous)):
            return
        if not layer.supports_masking:
            layer._warn_lost_mask()
            return

    found = tree.flatten(layer.compute_mask(args[0], previous))
    leaves = tree.flatten(outputs)
    if len(found) == 1 and not tree.is_nested(outputs):
        found = found * len(leaves)
    for leaf, mask in zip(leaves, found):
        if mask is not None and current().is_tensor(leaf):
            masks.set_mask(leaf, mask)


def _masks_of(inputs: Any) -> Any:
    if not isinstance(inputs, (list, tuple, dict)):
        return masks.get_mask(inputs)
    return tree.map_structure(masks.get_mask, inputs)


# Errors


def add_note(
    error: Exception, layer: Layer, args: tuple, kwargs: dict[str, Any]
) -> None:
    """Add to an error, once, which layer it came from and what that was called on."""
    if getattr(error, "_keras_explained", False):
        return
    shapes = [
        shape_of(arg) if is_tensor_like(arg) or tree.is_nested(arg) else arg
        for arg in args
    ]
    error.add_note(
        f"While calling {layer_label(layer)} on inputs of shape "
        f"{shapes[0] if len(shapes) == 1 else shapes}."
    )
    error._keras_explained = True  # type: ignore[attr-defined]
