"""A functional model as data and back, in Keras's format.

The config lists the operations; each has one `inbound_nodes` entry for each call, with
the call's arguments. A symbolic tensor in them is
`[operation name, number of the call, number of the output]`.
"""

from __future__ import annotations

import graphlib
from typing import Any

from keras.core import tree
from keras.core.config.limits import check_name
from keras.core.config.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from keras.core.graph.function import is_functional
from keras.core.graph.node import Node, call_numbers
from keras.core.graph.operation import OpCall
from keras.core.op import Op
from keras.core.tensor import KerasTensor, any_symbolic
from keras.layers.input_layer import InputLayer
from keras.ops.wire_names import find_op, wire_class, wire_module

# Static arguments that Keras writes with the call and not in the config.
_CALL_ARGUMENTS = {
    "isclose": ("rtol", "atol"),
    "full_like": ("fill_value",),
    "slice": ("start_indices",),
    "slice_update": ("start_indices",),
    "pad": ("constant_values",),
    "average": ("weights",),
    "get_item": ("index", "key"),
}


def is_graph_config(config: dict[str, Any]) -> bool:
    """Whether a config is that of a functional model."""
    needed = {"layers", "input_layers", "output_layers"}
    return isinstance(config, dict) and needed <= set(config)


# Writing


def graph_config(model: Any, graph: Any) -> dict[str, Any]:
    """The config of a functional model."""
    numbers = call_numbers(graph.nodes)
    entries = []

    inputs = {id(t): t for t in graph.inputs}
    for tensor in graph.inputs:
        node = tensor._node
        if node is None or not isinstance(node.operation, InputLayer):
            raise NotImplementedError(
                f"The model {model.name!r} starts at the inner tensor {tensor.name!r}, "
                "not at an Input. Rebuild it from an Input to save it: call the layers "
                "on keras.Input(...) again, or use keras.models.clone_model."
            )

    for operation in graph.operations:
        nodes = [n for n in graph.nodes if n.operation is operation]
        entry = _operation_config(operation, nodes)
        entry["name"] = operation.name
        entry["inbound_nodes"] = [
            _node_config(node, numbers)
            for node in nodes
            if not any(id(t) in inputs for t in node.output_list)
        ]
        entries.append(entry)

    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": entries,
        "input_layers": _ends(graph.inputs_struct, numbers, False),
        "output_layers": _ends(graph.outputs_struct, numbers, True),
    }


def _operation_config(operation: Any, nodes: list[Node]) -> dict[str, Any]:
    if not isinstance(operation, OpCall):
        return serialize_keras_object(operation)
    node = nodes[0]
    _, static = _split(operation.op, node.args, node.kwargs)
    name = wire_class(operation.op)
    return {
        "module": wire_module(operation.op),
        "class_name": name,
        "config": {
            "name": operation.name,
            **{k: serialize_keras_object(v) for k, v in static.items()},
        },
        "registered_name": name,
    }


def _split(op: Op, args: tuple, kwargs: dict) -> tuple[dict, dict]:
    """The arguments of an op's call: those of the call, and those of the config."""
    bound = op.signature.bind(*args, **kwargs)
    bound.apply_defaults()
    with_call = op.tensor_names | set(_CALL_ARGUMENTS.get(op.name, ()))
    called: dict[str, Any] = {}
    static: dict[str, Any] = {}
    for name, value in bound.arguments.items():
        symbolic = any(isinstance(x, KerasTensor) for x in tree.flatten(value))
        (called if name in with_call or symbolic else static)[name] = value
    return called, static


def _node_config(node: Node, numbers: dict[int, int]) -> dict[str, Any]:
    args, kwargs = node.args, node.kwargs
    if isinstance(node.operation, OpCall):
        op = node.operation.op
        called, _ = _split(op, args, kwargs)
        defaults = {p.name: p.default for p in op.signature.parameters.values()}
        args = tuple(v for k, v in called.items() if defaults[k] is not None)
        kwargs = {k: v for k, v in called.items() if defaults[k] is None}
    return {
        "args": [_write(a, numbers) for a in args],
        "kwargs": {k: _write(v, numbers) for k, v in kwargs.items()},
    }


def _write(value: Any, numbers: dict[int, int]) -> Any:
    if isinstance(value, KerasTensor):
        out = serialize_keras_object(value)
        out["config"]["keras_history"] = _place(value, numbers)
        return out
    if isinstance(value, (list, tuple)):
        return [_write(v, numbers) for v in value]
    if isinstance(value, dict):
        return {k: _write(v, numbers) for k, v in value.items()}
    return serialize_keras_object(value)


def _place(tensor: KerasTensor, numbers: dict[int, int]) -> list[Any]:
    node = tensor._node
    assert node is not None
    return [node.operation.name, numbers[id(node)], tensor._index]


def _ends(structure: Any, numbers: dict[int, int], output: bool) -> Any:
    if isinstance(structure, dict):
        return {k: _ends(v, numbers, output) for k, v in structure.items()}
    if isinstance(structure, (list, tuple)):
        return [_ends(v, numbers, output) for v in structure]
    place = _place(structure, numbers)
    if output and is_functional(structure._node.operation):
        place[1] += 1  # as Keras counts: a model's own graph is its call number 0
    return place


# Reading


def graph_from_config(cls: type, config: dict[str, Any]) -> Any:
    """The functional model of a config, with new weights; ValueError if it is none."""
    try:
        return _Reader(config).build(cls)
    except (KeyError, AttributeError, IndexError) as error:
        raise ValueError(
            "The config is not that of a functional model: "
            f"{type(error).__name__}: {error}."
        ) from error


class _Reader:
    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.operations: dict[str, Any] = {}
        self.entries: dict[str, dict[str, Any]] = {}
        self.outputs: dict[str, list[list[KerasTensor]]] = {}
        for entry in config["layers"]:
            name = check_name(
                entry.get("name") or entry["config"]["name"], "An operation's `name`"
            )
            if name in self.entries:
                raise ValueError(f"The config lists the operation {name!r} twice.")
            self.entries[name] = entry
            self.operations[name] = self._operation(entry)
            self.outputs[name] = []
            if isinstance(self.operations[name], InputLayer):
                self.outputs[name].append([self.operations[name].output])

    def _operation(self, entry: dict[str, Any]) -> Any:
        of_ops = ("keras.src.ops", "keras.src.activations", "keras.ops")
        if not str(entry.get("module")).startswith(of_ops):
            return deserialize_keras_object(
                {k: v for k, v in entry.items() if k not in ("name", "inbound_nodes")}
            )
        op = find_op(entry["class_name"])
        if op is None:
            raise TypeError(f"The config has an unknown op {entry['class_name']!r}.")
        return OpCall(op, entry["config"].get("name") or entry.get("name"))

    def build(self, cls: type) -> Any:
        self._call_all()
        config = self.config
        model = cls(
            inputs=self._end(config["input_layers"], False),
            outputs=self._end(config["output_layers"], True),
            name=config.get("name"),
        )
        if not config.get("trainable", True):
            model._trainable = False
        return model

    def _call_all(self) -> None:
        """Make the calls, each as soon as its inputs are there."""
        calls = {
            (name, i): node
            for name, entry in self.entries.items()
            for i, node in enumerate(entry.get("inbound_nodes") or ())
        }

        def made(name: str, number: int) -> bool:
            return len(self.outputs.get(name, ())) > number

        order = graphlib.TopologicalSorter(dict.fromkeys(calls, ()))
        for (name, i), node in calls.items():
            wanted = [(place[0], place[1]) for place in _places(node)]
            if i:  # the calls of an operation are made in their order
                wanted.append((name, i - 1))
            order.add((name, i), *(w for w in wanted if w in calls or not made(*w)))
        try:
            for name, i in order.static_order():
                if (name, i) in calls:
                    self._call(name, calls[name, i])
                else:
                    raise ValueError(f"The config has no call {name}[{i}].")
        except graphlib.CycleError as error:
            waiting = sorted({name for name, _ in error.args[1]})
            raise ValueError(
                f"The config's graph cannot be built: the calls of {waiting[:10]} need "
                "tensors of one another."
            ) from None

    def _call(self, name: str, node: dict[str, Any]) -> None:
        operation = self.operations[name]
        args = [self._read(a) for a in node.get("args", [])]
        kwargs = {k: self._read(v) for k, v in node.get("kwargs", {}).items()}
        if not any_symbolic(tree.flatten((args, kwargs))):
            raise ValueError(
                f"The config calls {name!r} on no tensor of its graph: such a call has "
                "no place in a model."
            )

        if isinstance(operation, OpCall):
            out = self._call_op(operation, name, args, kwargs)
        else:
            # A model's masks travel with its inputs; Keras writes them as None.
            kwargs = {
                k: v
                for k, v in kwargs.items()
                if not (k == "mask" and all(x is None for x in tree.flatten(v)))
            }
            out = operation(*args, **kwargs)

        self.outputs[name].append(
            [t for t in tree.flatten(out) if isinstance(t, KerasTensor)]
        )

    def _call_op(self, operation: OpCall, name: str, args: list, kwargs: dict) -> Any:
        op = operation.op
        static = {
            k: self._read(v)
            for k, v in self.entries[name]["config"].items()
            if k != "name" and k in op.signature.parameters
        }
        free = [
            p for p in op.signature.parameters if p not in static and p not in kwargs
        ]
        given = {**dict(zip(free, args)), **kwargs, **static}
        bound = op.signature.bind(
            **{k: v for k, v in given.items() if k in op.signature.parameters}
        )
        return operation(*bound.args, **bound.kwargs)

    def _read(self, value: Any) -> Any:
        if isinstance(value, dict):
            if value.get("class_name") == "__keras_tensor__":
                name, number, index = value["config"]["keras_history"]
                return self.outputs[name][number][index]
            if "class_name" in value:
                return deserialize_keras_object(value)
            return {k: self._read(v) for k, v in value.items()}
        if isinstance(value, list):
            items = [self._read(v) for v in value]
            # Keras writes tuples as lists: an index or a shape is a tuple again.
            plain = not any(isinstance(v, KerasTensor) for v in tree.flatten(items))
            return tuple(items) if plain else items
        return value

    def _end(self, place: Any, output: bool) -> Any:
        if isinstance(place, dict):
            return {k: self._end(v, output) for k, v in place.items()}
        if len(place) == 3 and isinstance(place[0], str):
            name, number, index = place
            if output and is_functional(self.operations.get(name)):
                number -= 1
            try:
                return self.outputs[name][number][index]
            except (KeyError, IndexError):
                raise ValueError(f"The config has no tensor {place}.") from None
        return [self._end(p, output) for p in place]


def _places(value: Any) -> list[list[Any]]:
    if isinstance(value, dict):
        if value.get("class_name") == "__keras_tensor__":
            place = value["config"]["keras_history"]
            if [type(x) for x in place or ()] != [str, int, int] or min(place[1:]) < 0:
                raise ValueError(f"The config has no tensor {place!r}.")
            return [place]
        return [p for v in value.values() for p in _places(v)]
    if isinstance(value, list):
        return [p for v in value for p in _places(v)]
    return []
