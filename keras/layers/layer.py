"""The layer: a computation with weights, built when it first sees its input."""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, Self

import numpy as np

from keras.core import tree
from keras.core.config.configurable import Configurable, argument_names
from keras.core.config.limits import count_call
from keras.core.errors import unknown_arguments
from keras.core.fields import field
from keras.core.graph.infer import infer_outputs
from keras.core.graph.node import Node
from keras.core.graph.operation import Operation
from keras.core.inspection import is_builtin
from keras.core.naming import auto_name, path_scope, to_snake_case
from keras.core.remat import RematMode, current_remat_mode
from keras.core.scope import backend_scope, current
from keras.core.tensor import KerasTensor, any_symbolic
from keras.core.variable import (
    StatelessScope,
    collecting_scope,
    finds_shapes,
)
from keras.dtype_policies.policy import DTypePolicy
from keras.dtype_policies.policy import get as get_policy
from keras.layers.call import (
    add_note,
    call_context,
    call_layer,
    is_in_scope,
    is_rematerialized,
)
from keras.layers.input_spec import check_inputs, layer_label
from keras.layers.layer_state import LayerState
from keras.layers.shape_key import shape_key
from keras.layers.signature import (
    build_parameters,
    call_signature,
    shape_of,
    shape_parameters,
)


def _wrap_build(build: Callable) -> Callable:
    """Give every `build` its path, its backend, and the mark that it is done."""

    @functools.wraps(build)
    def wrapped(self: Layer, *args: Any, **kwargs: Any) -> Any:
        if self._building:  # super().build(...)
            return build(self, *args, **kwargs)
        self._check_initialized()
        self._building = True
        try:
            with backend_scope(self._backend), path_scope(self._settle_path()):
                result = build(self, *args, **kwargs)
        finally:
            self._building = False
        self.built = True
        if self._build_shapes is None:
            self._build_shapes = _shapes_by_name(type(self), args, kwargs)
        return result

    return wrapped


def _shapes_by_name(cls: type, args: tuple, kwargs: dict) -> dict[str, Any]:
    parameters = build_parameters(cls)
    names = parameters[0] if parameters else ["input_shape"]
    return {**dict(zip(names, args)), **kwargs}


class Layer(Operation, Configurable, LayerState):
    """The base class of all layers.

    A subclass makes its weights in `build(input_shape)` with `add_weight` and computes
    in `call(inputs)`. Layers, variables and seed generators kept in attributes, lists
    or dicts belong to it.

    On PyTorch the calls of a training step are recorded once and repeated without the
    Python between them. A class outside this package is run each time instead, unless
    it promises by a class attribute `repeatable = True` that this is the same: for the
    same shapes its code makes the same calls of the framework, has no other effect (no
    counters, no prints, no lists that grow), and reads no value on the host. The
    promise is not inherited. Losses, metrics, optimizers, models and functions can make
    it too; `model.engine.explain()` tells whose code is not repeated.

    Args:
        activity_regularizer: a penalty on the layer's output.
        trainable: whether its weights are trained.
        dtype: a dtype or policy, such as `"mixed_bfloat16"`.
        autocast: whether float inputs are cast to the layer's compute type.
        name: the layer's name; by default automatic.

    Example:
        >>> class Scale(keras.layers.Layer):
        ...     def build(self, input_shape):
        ...         self.factor = self.add_weight((input_shape[-1],), "ones")
        ...     def call(self, x):
        ...         return x * self.factor
    """

    _not_copied: tuple[str, ...] = ("_compiled", "_torch_module")
    _saved_attributes: frozenset[str] = frozenset()
    _unwritten: tuple[str, ...] = ()  # constructor arguments that no config holds
    _calls_user_code = False  # whether `call` runs a function or module of the user's

    dtype_policy: DTypePolicy = field(
        "The types that the layer computes in and keeps its weights in.",
        "its __init__ must call super().__init__() first",
    )
    input_spec: Any = field("What inputs must be like, an `InputSpec` or several.")
    supports_masking: bool = field("Whether masks pass through to the output.")

    # Set by __new__.
    _settled: bool
    _build_shapes: dict[str, Any] | None
    _losses: list[Any]
    _with_losses: list[Layer]
    _remat: RematMode | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "build" in cls.__dict__:
            cls.build = _wrap_build(cls.__dict__["build"])  # type: ignore[method-assign]

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls, *args, **kwargs)
        # Set here, so that attributes exist before a subclass calls super().__init__.
        self.__dict__.update(
            built=False,
            _building=False,
            _build_shapes=None,
            _path=None,
            _own_variables=[],
            _added_metrics={},
            _losses=[],
            _with_losses=[],
            _settled=False,
            _compiled=None,
            _remat=current_remat_mode(),
        )
        return self

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        autocast: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self._input_shape_arg = _pop_input_shape(kwargs)
        if kwargs:
            who, known = type(self).__name__, argument_names(type(self))
            raise TypeError(unknown_arguments(who, kwargs, known))

        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                f"{type(self).__name__}: `name` must be a string without '/'; received "
                f"{name!r}."
            )
        if not isinstance(trainable, (bool, np.bool_)):
            raise ValueError(
                f"{type(self).__name__}: `trainable` must be True or False; received "
                f"{trainable!r}."
            )

        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self.dtype_policy = get_policy(dtype)
        self.autocast = bool(autocast)
        self.input_spec = None
        self.supports_masking = False
        self.activity_regularizer = _get_regularizer(activity_regularizer)
        self._trainable = bool(trainable)

    def _check_initialized(self) -> None:
        if "dtype_policy" not in self.__dict__:
            raise RuntimeError(
                f"{type(self).__name__}.__init__ did not call super().__init__(). Call "
                "it first, before using the layer."
            )

    # Types

    @property
    def dtype(self) -> str:
        """The type of the layer's weights."""
        return self.dtype_policy.variable_dtype

    @property
    def variable_dtype(self) -> str:
        """The type of the layer's weights."""
        return self.dtype_policy.variable_dtype

    @property
    def compute_dtype(self) -> str:
        """The type the layer computes in."""
        return self.dtype_policy.compute_dtype

    @property
    def input_dtype(self) -> str:
        """The type float inputs are cast to."""
        return self.dtype_policy.compute_dtype

    # Building

    def build(self, input_shape: Any) -> None:
        """Make the weights. A subclass overrides it; the base has none."""

    build._is_default = True  # type: ignore[attr-defined]

    def _maybe_build(self, args: tuple, kwargs: dict) -> None:
        parameters = build_parameters(type(self))  # type: ignore[arg-type]
        if parameters is None:
            self.built = True
            shapes = self._tensor_shapes(args, kwargs)
            self._build_shapes = (
                {"input_shape": next(iter(shapes.values()))}
                if len(shapes) == 1
                else shapes
            )
            return

        names, takes_any = parameters
        shapes = self._tensor_shapes(args, kwargs)
        if not shapes:
            raise ValueError(
                f"{layer_label(self)} must be called on a tensor first, so that its "
                f"weights can be made; received {args!r}."
            )

        if len(names) == 1 and not takes_any:
            self.build(next(iter(shapes.values())))
            return

        given = {n: s for n, s in shapes.items() if takes_any or n in names}
        if not set(names) & set(given):
            self.build(*list(shapes.values())[: len(names)])
            return
        self.build(**given)

    def _tensor_shapes(self, args: tuple, kwargs: dict) -> dict[str, Any]:
        found = call_signature(type(self)).tensor_arguments(args, kwargs)
        return {f"{name}_shape": shape_of(value) for name, value in found.items()}

    def get_build_config(self) -> dict[str, Any] | None:
        """The shapes the layer was built with, for a saved model."""
        shapes = self._build_shapes
        if not shapes:
            return None
        if len(shapes) == 1:
            return {"input_shape": next(iter(shapes.values()))}
        return {"shapes_dict": shapes}

    def build_from_config(self, config: dict[str, Any] | None) -> None:
        """Build as `get_build_config` tells."""
        if not config:
            return
        if "input_shape" in config:
            self.build(_as_shape(config["input_shape"]))
        elif "shapes_dict" in config:
            shapes = {k: _as_shape(v) for k, v in config["shapes_dict"].items()}
            self.build(**shapes)

    # Calling

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if current() is not self._backend:
            with backend_scope(self._backend):
                return self(*args, **kwargs)
        if any_symbolic(args) or (kwargs and any_symbolic(kwargs.values())):
            return self.symbolic_call(*args, **kwargs)
        return call_layer(self, args, kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs. A subclass defines it."""
        raise NotImplementedError(
            f"{type(self).__name__} has no `call` method: define `call(self, inputs)` "
            "in the class; it computes what the layer returns."
        )

    def _is_rematerialized(self, args: tuple, kwargs: dict[str, Any]) -> bool:
        """Whether this call runs again in the backward pass; see `RematScope`."""
        return is_rematerialized(self, args, kwargs)

    # Masks

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        """The mask of the output; by default that of the input, if supported."""
        return previous_mask if self.supports_masking else None

    def _makes_masks(self) -> bool:
        return type(self).compute_mask is not Layer.compute_mask

    def _warn_lost_mask(self) -> None:
        if not self.__dict__.get("_warned_mask"):
            self._warned_mask = True
            warnings.warn(
                f"{layer_label(self)} got a masked input but does not support masking: "
                "the mask ends here. Set self.supports_masking = True if each output "
                "step depends on its own input step.",
                stacklevel=6,
            )

    # Losses

    def add_loss(self, loss: Any) -> None:
        """Add a scalar (or a list of them) to what training minimizes.

        Call it inside `call`; the values last until the next call of the model.
        """
        if finds_shapes():
            return
        scope = collecting_scope()
        context = call_context.get()
        for item in tree.flatten(loss):
            if context is not None and context.collected is not None:
                context.collected.append((self, item))
                continue
            if scope is not None:
                scope.add_loss(item)
            self._losses.append(item)
        if context is not None and context.collected is None:
            if self not in context.with_losses:
                context.with_losses.append(self)

    def _clear_losses(self) -> None:
        for layer in self._with_losses:
            layer._losses.clear()
        self._with_losses.clear()

    def _regularized_weights(self) -> list[Any]:
        return [v for v in self.trainable_weights if v.regularizer is not None]

    def _regularization_losses(self) -> list[Any]:
        return [v.regularizer(v) for v in self._regularized_weights()]

    @property
    def losses(self) -> list[Any]:
        """What `add_loss` and the regularizers add to the loss."""
        found = [x for layer in self._flatten_layers() for x in layer._losses]
        with backend_scope(self._backend):
            return found + self._regularization_losses()

    # Symbolic calls

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Find the output's shape and add a node to the graph."""
        count_call(self.name)
        self._check_initialized()
        if self.input_spec is not None and args:
            check_inputs(self.input_spec, args[0], self, self._backend)
        try:
            if not self.built:
                with path_scope(self._settle_path()):
                    self._maybe_build(args, kwargs)
                if self.input_spec is not None and args:
                    check_inputs(self.input_spec, args[0], self, self._backend)
            outputs = self.compute_output_spec(*args, **kwargs)
        except Exception as error:
            add_note(error, self, args, kwargs)
            raise
        return Node(self, args, kwargs, outputs).outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs as symbolic tensors.

        Found by running `call` abstractly, unless the class has its own
        `compute_output_shape`.
        """
        if type(self).compute_output_shape is not Layer.compute_output_shape:
            shapes = self._tensor_shapes(args, kwargs)
            names = shape_parameters(type(self))  # type: ignore[arg-type]
            if len(shapes) > 1 and shapes.keys() <= names:
                shape = self.compute_output_shape(**shapes)
            else:
                shape = self.compute_output_shape(*list(shapes.values())[:1])

            if tree.is_shape(shape):
                return KerasTensor(shape, self.compute_dtype)
            return tree.map_shape_structure(
                lambda s: KerasTensor(s, self.compute_dtype), shape
            )

        settled = all(layer._is_settled() for layer in self._flatten_layers())
        return infer_outputs(
            lambda *a, **k: call_layer(self, a, k),
            args,
            kwargs,
            key=shape_key(self) if settled else None,
            careful=not settled,
            shares_batch=True,
        )

    def _is_settled(self) -> bool:
        """Whether a call makes no weights and runs only code of this package."""
        return self.built and is_builtin(type(self)) and not self._calls_user_code

    def compute_output_shape(self, *args: Any, **kwargs: Any) -> Any:
        """The output's shape for an input of the given shape (None where unknown)."""
        with backend_scope(self._backend):
            specs = [
                tree.map_shape_structure(
                    lambda s: KerasTensor(s, self.compute_dtype), a
                )
                for a in (*args, *kwargs.values())
            ]
            if not self.built:
                with path_scope(self._settle_path()):
                    self._maybe_build(tuple(specs), {})
            out = self.compute_output_spec(*specs)
        return tree.map_structure(lambda t: t.shape, out)

    # Functional use

    def stateless_call(
        self,
        trainable_variables: Any,
        non_trainable_variables: Any,
        *args: Any,
        return_losses: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Call with the values of variables given, changing nothing in place.

        Args:
            trainable_variables: values in the order of `trainable_variables`.
            non_trainable_variables: values in that of `non_trainable_variables`.
            *args, **kwargs: what the layer is called on.
            return_losses: whether to return `losses` too.

        Returns:
            `(outputs, non_trainable_variables)`, with the losses at the end if asked.
        """
        if not self.built:
            raise ValueError(
                f"{layer_label(self)} must be built before stateless_call: call it on "
                "data once, or call build(input_shape)."
            )

        mine = [*self.trainable_variables, *self.non_trainable_variables]
        given = [*trainable_variables, *non_trainable_variables]
        if len(mine) != len(given):
            raise ValueError(
                f"stateless_call on {layer_label(self)}: {len(mine)} values are needed "
                f"({len(self.trainable_variables)} trainable); received {len(given)}."
            )

        losses = None
        with StatelessScope(zip(mine, given)) as scope:
            outputs = self(*args, **kwargs)
            if return_losses:
                losses = self.losses
        self._clear_losses()

        new = [
            v.value if (value := scope.get_current_value(v)) is None else value
            for v in self.non_trainable_variables
        ]
        return (outputs, new, losses) if return_losses else (outputs, new)

    def rematerialized_call(  # type: ignore[override]
        self, layer_call: Callable, *args: Any, **kwargs: Any
    ) -> Callable:
        """`layer_call`, run again in the backward pass if the layer's scope says so.

        Args:
            layer_call: a function of tensors, such as `layer.call`.
            *args, **kwargs: what it will be called on; "larger_than" compares the size
                of what the layer returns for them.

        Returns:
            `layer_call` itself, unless the layer was made in a `RematScope` that names
            such a call.
        """
        if not is_in_scope(self, args, kwargs):
            return layer_call
        return self._backend.remat(layer_call)

    # Saving

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """A layer like the one `config` was taken from, with new weights."""
        return Configurable.from_config.__func__(cls, config)  # type: ignore[attr-defined]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, each from the attribute of the same name."""
        config = Configurable.get_config(self)
        for argument in self._unwritten:
            config.pop(argument, None)
        order = ("name", "trainable", "dtype")
        first = {key: config.pop(key) for key in order if key in config}
        if config.get("activity_regularizer") is None:
            config.pop("activity_regularizer", None)
        if config.get("autocast", True):
            config.pop("autocast", None)
        return {**first, **config}

    def config_value(self, name: str, value: Any) -> Any:
        """How the constructor's argument `name` is written."""
        if name in self._unwritten:
            return None
        if name == "dtype":
            return _serialize_policy(self.dtype_policy)
        return super().config_value(name, value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}, built={self.built}>"


def _get_regularizer(identifier: Any) -> Any:
    if identifier is None:
        return None
    from keras import regularizers

    return regularizers.get(identifier)


def _serialize_policy(policy: DTypePolicy) -> Any:
    from keras import dtype_policies

    return dtype_policies.serialize(policy)


def _as_shape(value: Any) -> Any:
    """Lists from JSON as tuples, in any nested structure of shapes."""
    if value is None or tree.is_shape(value):
        return None if value is None else tuple(value)
    return tree.map_shape_structure(tuple, value)


def _pop_input_shape(kwargs: dict[str, Any]) -> Any:
    """`input_shape=` and the like, which tell a first layer what it will see."""
    if "input_dim" in kwargs:
        kwargs["input_shape"] = (kwargs.pop("input_dim"),)
    batch = kwargs.pop("batch_size", None)
    if "batch_input_shape" in kwargs:
        return tuple(kwargs.pop("batch_input_shape"))
    if "input_shape" in kwargs:
        return (batch, *kwargs.pop("input_shape"))
    return None
