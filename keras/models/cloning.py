"""New models like old ones."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.core import tree
from keras.core.graph.node import Node
from keras.core.graph.operation import OpCall
from keras.core.tensor import KerasTensor
from keras.layers.input_layer import Input, InputLayer
from keras.models.model import Model
from keras.models.sequential import Sequential


def clone_model(
    model: Model,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Model:
    """A model of the same structure with new layers and new weights.

    Args:
        model: a functional or sequential model, or any with `get_config`.
        input_tensors: symbolic inputs for the new model, in place of new ones.
        clone_function: `layer -> layer`, how a layer is copied; by default through its
            config.
        call_function: `(layer, *args, **kwargs) -> output`, how a copy is called in a
            functional model.
        recursive: whether `clone_function` sees the layers of nested models too.

    Returns:
        The new model, not compiled.

    Example:
        >>> twin = keras.models.clone_model(model)
    """
    if kwargs:
        raise TypeError(f"clone_model: unknown arguments {sorted(kwargs)}.")
    if not isinstance(model, Model):
        raise TypeError(f"clone_model: a model is needed; received {model!r}.")

    def clone(layer: Any) -> Any:
        nested = isinstance(layer, Model) and layer._graph is not None
        if recursive and nested:
            return clone_model(
                layer,
                clone_function=clone_function,
                call_function=call_function,
                recursive=True,
            )
        if clone_function is not None and not isinstance(layer, InputLayer):
            return clone_function(layer)
        return type(layer).from_config(layer.get_config())

    if isinstance(model, Sequential):
        if call_function is not None:
            raise ValueError("clone_model: `call_function` is for functional models.")
        return _clone_sequential(model, clone, input_tensors)
    if model._graph is None:
        if clone_function or call_function or input_tensors is not None:
            raise ValueError(
                "clone_model: a subclassed model is copied through its config; "
                "`clone_function`, `call_function` and `input_tensors` do not apply."
            )
        return type(model).from_config(model.get_config())
    return _clone_graph(model, clone, call_function, input_tensors)


def _clone_sequential(model: Sequential, clone: Callable, input_tensors: Any) -> Model:
    layers = [clone(layer) for layer in model._layers]
    if input_tensors is not None:
        (tensor,) = tree.flatten(input_tensors)
        layers = [x for x in layers if not isinstance(x, InputLayer)]
        layers.insert(0, tensor)
    elif model._graph is not None and not isinstance(layers[0], InputLayer):
        spec = model.inputs[0]
        layers.insert(0, Input(batch_shape=spec.shape, dtype=spec.dtype))
    return Sequential(layers, trainable=model.trainable, name=model.name)


def _clone_graph(
    model: Model, clone: Callable, call_function: Callable | None, input_tensors: Any
) -> Model:
    graph = model._graph
    assert graph is not None
    given = [None] * len(graph.inputs)
    if input_tensors is not None:
        given = tree.flatten(input_tensors)
        if len(given) != len(graph.inputs):
            raise ValueError(
                f"clone_model: {len(graph.inputs)} input tensors are needed; received "
                f"{len(given)}."
            )
    made: dict[int, KerasTensor] = {}
    for old, new in zip(graph.inputs, given):
        made[id(old)] = new if new is not None else _new_input(old)
    copies: dict[int, Any] = {}
    for node in graph.nodes:
        if all(id(t) in made for t in node.output_list):
            continue
        operation = node.operation
        args, kwargs = tree.map_structure(
            lambda x: made[id(x)] if isinstance(x, KerasTensor) else x,
            (node.args, node.kwargs),
        )
        if isinstance(operation, OpCall):
            outputs = operation.op.public(*args, **kwargs)
        else:
            if id(operation) not in copies:
                copies[id(operation)] = clone(operation)
            copy = copies[id(operation)]
            if call_function is not None:
                outputs = call_function(copy, *args, **kwargs)
            else:
                outputs = copy(*args, **kwargs)
        new_tensors = [t for t in tree.flatten(outputs) if isinstance(t, KerasTensor)]
        for old, new in zip(node.output_list, new_tensors):
            made[id(old)] = new

    def renew(tensor: KerasTensor) -> KerasTensor:
        return made[id(tensor)]

    return type(model)(
        inputs=tree.map_structure(renew, graph.inputs_struct),
        outputs=tree.map_structure(renew, graph.outputs_struct),
        name=model.name,
    )


def _new_input(old: KerasTensor) -> KerasTensor:
    node: Node | None = old._node
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
