"""New models like old ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.core import tree
from keras.core.graph.operation import OpCall
from keras.core.graph.rebuild import rebuild
from keras.core.tensor import KerasTensor
from keras.core.typing import SymbolicInputs
from keras.layers.input_layer import Input, InputLayer
from keras.models.model import Model
from keras.models.sequential import Sequential


def clone_model(
    model: Model,
    input_tensors: SymbolicInputs | None = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Model:
    """A model of the same structure with new layers and new weights.

    With a `clone_function` it is the way to swap layers: a layer that the function
    returns as it is stays in both models, with its weights.

    Args:
        model: a functional or sequential model, or any with `get_config`.
        input_tensors: symbolic inputs for the new model, in place of new ones.
        clone_function: `layer -> layer`, what stands for a layer in the new model; by
            default a new layer of the same config. A layer used several times is asked
            about once and stays shared.
        call_function: `(layer, *args, **kwargs) -> output`, how a layer of the new
            model is called; for functional models.
        recursive: whether `clone_function` sees the layers of nested models, in place
            of the nested models themselves.

    Returns:
        The new model, not compiled.

    Raises:
        ValueError: an argument does not apply to a model of this kind, or
            `input_tensors` do not match the model's inputs.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> twin = keras.models.clone_model(model)

        All ReLU layers replaced, all others shared with the old model:

        >>> def swap(layer):
        ...     if isinstance(layer, keras.layers.ReLU):
        ...         return keras.layers.LeakyReLU(name=layer.name)
        ...     return layer
        >>> leaky = keras.models.clone_model(
        ...     model, clone_function=swap, recursive=True
        ... )
    """
    if kwargs:
        raise TypeError(f"clone_model: unknown arguments {sorted(kwargs)}.")
    if not isinstance(model, Model):
        raise TypeError(f"clone_model: a model is needed; received {model!r}.")
    if isinstance(model, Sequential) and call_function is not None:
        raise ValueError(
            "clone_model: `call_function` is for functional models; the layers of the "
            f"Sequential model {model.name!r} are only listed, not called."
        )
    if not _is_graph(model):
        if clone_function or call_function or input_tensors is not None:
            raise ValueError(
                "clone_model: a subclassed model is copied through its config; "
                "`clone_function`, `call_function` and `input_tensors` do not apply."
            )
        return type(model).from_config(model.get_config())
    return _Cloning(clone_function, call_function, recursive).copy(model, input_tensors)


def _is_graph(layer: Any) -> bool:
    """Whether this is a model whose layers can be listed."""
    if isinstance(layer, Sequential):
        return True
    return isinstance(layer, Model) and layer._graph is not None


class _Cloning:
    """One run of `clone_model`: a layer is asked about once, at whatever depth."""

    def __init__(
        self,
        clone_function: Callable[[Any], Any] | None,
        call_function: Callable[..., Any] | None,
        recursive: bool,
    ) -> None:
        self._clone_function = clone_function
        self._call_function = call_function
        self._recursive = recursive
        self._clones: dict[int, Any] = {}

    def copy(self, model: Model, input_tensors: SymbolicInputs | None) -> Model:
        """The new model, over `input_tensors` if there are any."""
        if isinstance(model, Sequential):
            return self._copy_sequential(model, input_tensors)
        graph = model._graph
        assert graph is not None

        if input_tensors is None:
            input_tensors = [_new_input(tensor) for tensor in graph.inputs]
        try:
            inputs, outputs = rebuild(
                graph, self._clone, inputs=input_tensors, call=self._call_function
            )
        except ValueError as error:
            error.add_note(f"While cloning {model._label()}.")
            raise
        return type(model)(inputs=inputs, outputs=outputs, name=model.name)

    def _copy_sequential(
        self, model: Sequential, input_tensors: SymbolicInputs | None
    ) -> Model:
        layers = [self._clone(layer) for layer in model._layers]
        if input_tensors is not None:
            (tensor,) = tree.flatten(input_tensors)
            layers = [x for x in layers if not isinstance(x, InputLayer)]
            layers.insert(0, tensor)
        elif model._graph is not None and not isinstance(layers[0], InputLayer):
            spec = model.inputs[0]
            layers.insert(0, Input(batch_shape=spec.shape, dtype=spec.dtype))
        return Sequential(layers, trainable=model.trainable, name=model.name)

    def _clone(self, operation: Any) -> Any:
        if id(operation) not in self._clones:
            self._clones[id(operation)] = self._new(operation)
        return self._clones[id(operation)]

    def _new(self, operation: Any) -> Any:
        if isinstance(operation, OpCall):
            return OpCall(operation.op, operation.name)
        if self._recursive and _is_graph(operation):
            return self.copy(operation, None)
        if self._clone_function is None or isinstance(operation, InputLayer):
            return type(operation).from_config(operation.get_config())

        clone = self._clone_function(operation)
        if not callable(clone):
            raise ValueError(
                "clone_model: `clone_function` must return a layer; for "
                f"{operation.name!r} it returned {clone!r}."
            )
        return clone


def _new_input(old: KerasTensor) -> KerasTensor:
    """A new input like a model's: also where that is computed from other tensors."""
    node = old._node
    if node is not None and isinstance(node.operation, InputLayer):
        return InputLayer.from_config(node.operation.get_config()).output
    return Input(batch_shape=old.shape, dtype=old.dtype)


def model_from_json(json_string: str, custom_objects: Any = None) -> Model:
    """The model whose structure `model.to_json()` wrote, with new weights.

    Args:
        json_string: the text.
        custom_objects: names and the classes or functions they stand for.
    """
    from keras.core.config.limits import parse_json
    from keras.core.config.serialization import deserialize_keras_object
    from keras.saving.keras2 import is_old, translate

    config = parse_json(json_string, "model_from_json: the text")
    if is_old(config):
        config = translate(config)
    return deserialize_keras_object(config, custom_objects=custom_objects)
