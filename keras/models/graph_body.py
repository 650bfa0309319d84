"""The graph inside a functional or sequential model."""

from __future__ import annotations

from typing import Any

from keras.core import masks, tree
from keras.core.graph.function import make_plan
from keras.core.graph.node import Node, sort_nodes
from keras.core.graph.operation import Operation
from keras.core.graph.order import ordered_operations
from keras.core.tensor import KerasTensor, any_symbolic
from keras.layers.input_layer import Input, InputLayer
from keras.layers.layer import Layer


class GraphBody:
    """Symbolic inputs and outputs, and the plan that computes one from the other."""

    def __init__(self, inputs: Any, outputs: Any, owner: str) -> None:
        self.inputs_struct = inputs
        self.outputs_struct = outputs
        self.inputs = _symbolic(inputs, "inputs", owner)
        self.outputs = _symbolic(outputs, "outputs", owner)
        ids = [id(t) for t in self.inputs]
        if len(set(ids)) != len(ids):
            raise ValueError(f"{owner}: the same input is listed twice.")
        nodes = sort_nodes(self.inputs, self.outputs)
        given = [t._node for t in self.inputs if t._node is not None]
        self.nodes: list[Node] = [
            *(n for n in given if isinstance(n.operation, InputLayer)),
            *nodes,
        ]
        self.plan = make_plan(self.inputs, self.outputs, nodes)
        self.operations: list[Operation] = ordered_operations(self.inputs, self.outputs)
        names = [op.name for op in self.operations]
        repeated = sorted({n for n in names if names.count(n) > 1})
        if repeated:
            raise ValueError(
                f"{owner}: layer names must be unique; {repeated} stand for more than "
                f"one layer. All names: {names}."
            )
        self.layers = [op for op in self.operations if isinstance(op, Layer)]
        self.input_names = [t.name for t in self.inputs]

    def run(self, inputs: Any, owner: str) -> Any:
        """The outputs for real (or traced, or symbolic) inputs."""
        values = self.plan.run(self._standardize(inputs, owner), _call)
        return tree.pack_sequence_as(self.outputs_struct, values)

    def _standardize(self, inputs: Any, owner: str) -> list[Any]:
        flat = self._flatten(inputs, owner)
        if len(flat) != len(self.inputs):
            wanted = [(t.name, t.shape) for t in self.inputs]
            raise ValueError(
                f"{owner} has {len(self.inputs)} input(s), {wanted}, but received "
                f"{len(flat)}."
            )
        return [self._fit(v, t, owner) for v, t in zip(flat, self.inputs)]

    def _flatten(self, inputs: Any, owner: str) -> list[Any]:
        if isinstance(inputs, dict):
            struct = self.inputs_struct
            names = list(struct) if isinstance(struct, dict) else self.input_names
            missing = [n for n in names if n not in inputs]
            if isinstance(struct, dict) and any(
                tree.is_nested(v) for v in struct.values()
            ):
                return tree.flatten(inputs)
            optional = {
                t.name for t in self.inputs if getattr(_source(t), "optional", False)
            }
            if [n for n in missing if n not in optional]:
                raise ValueError(
                    f"{owner} needs the inputs {names}; {missing} are missing from the "
                    f"dict, which has {list(inputs)}."
                )
            return [inputs.get(n) for n in names]
        return tree.flatten(inputs) if isinstance(inputs, (list, tuple)) else [inputs]

    def _fit(self, value: Any, spec: KerasTensor, owner: str) -> Any:
        """Add or drop an axis of size 1 at the end; check the rest."""
        if value is None:
            if getattr(_source(spec), "optional", False):
                return None
            raise ValueError(f"{owner}: input {spec.name!r} is None.")
        rank, wanted = len(value.shape), len(spec.shape)
        if rank == wanted - 1 and spec.shape[-1] == 1:
            mask = masks.get_mask(value)
            value = value[..., None]
            if mask is not None:
                masks.set_mask(value, mask)
        elif rank == wanted + 1 and value.shape[-1] == 1:
            value = value[..., 0]
        shape = tuple(value.shape)
        if len(shape) != wanted or any(
            None not in (a, b) and a != b for a, b in zip(shape[1:], spec.shape[1:])
        ):
            raise ValueError(
                f"{owner}: input {spec.name!r} must have shape {spec.shape}; received "
                f"data of shape {shape}."
            )
        if isinstance(value, KerasTensor):
            return value
        from keras.core.scope import current

        converted = current().convert_to_tensor(value, spec.dtype)
        if masks._any and converted is not value:
            masks.set_mask(converted, masks.get_mask(value))
        return converted

    def symbolic(self, inputs: Any, owner: str) -> Any:
        """The outputs' specs for symbolic inputs of perhaps other shapes."""
        flat = self._standardize(inputs, owner)
        if all(a.shape == b.shape for a, b in zip(flat, self.inputs)):
            values = [KerasTensor(t.shape, t.dtype) for t in self.outputs]
        else:
            values = [KerasTensor(t.shape, t.dtype) for t in self.plan.run(flat, _call)]
        return tree.pack_sequence_as(self.outputs_struct, values)

    def copied(self, copies: dict[int, Operation], owner: str) -> GraphBody:
        """The same graph over other operations: `copies` maps id(old) to new."""
        made: dict[int, KerasTensor] = {}
        for tensor in self.inputs:
            source = _source(tensor)
            made[id(tensor)] = (
                copies[id(source)].output
                if source is not None and id(source) in copies
                else Input(
                    batch_shape=tensor.shape, dtype=tensor.dtype, name=tensor.name
                )
            )
        for node in self.nodes:
            if isinstance(node.operation, InputLayer):
                continue
            args, kwargs = tree.map_structure(
                lambda leaf: made[id(leaf)] if isinstance(leaf, KerasTensor) else leaf,
                (node.args, node.kwargs),
            )
            outputs = tree.map_structure(
                lambda leaf: KerasTensor(leaf.shape, leaf.dtype)
                if isinstance(leaf, KerasTensor)
                else leaf,
                node.outputs,
            )
            operation = copies.get(id(node.operation), node.operation)
            new = Node(operation, args, kwargs, outputs)
            for old, fresh in zip(node.output_list, new.output_list):
                made[id(old)] = fresh

        def renew(tensor: KerasTensor) -> KerasTensor:
            return made[id(tensor)]

        return GraphBody(
            tree.map_structure(renew, self.inputs_struct),
            tree.map_structure(renew, self.outputs_struct),
            owner,
        )


def _call(operation: Any, args: tuple, kwargs: dict) -> Any:
    return operation(*args, **kwargs)


def _source(tensor: KerasTensor) -> Any:
    node = tensor._node
    return node.operation if node and isinstance(node.operation, InputLayer) else None


def _symbolic(structure: Any, what: str, owner: str) -> list[KerasTensor]:
    tensors = tree.flatten(structure)
    if not tensors:
        raise ValueError(f"{owner}: `{what}` is empty.")
    for tensor in tensors:
        if not isinstance(tensor, KerasTensor):
            raise ValueError(
                f"{owner}: `{what}` must be symbolic tensors, made by keras.Input and "
                f"by calling layers on them; received {tensor!r} "
                f"({type(tensor).__name__})."
            )
    return tensors


def is_functional_call(args: tuple, kwargs: dict) -> bool:
    """Whether a model's constructor got `inputs` and `outputs`."""
    return (
        len(args) >= 2
        or (len(args) == 1 and "outputs" in kwargs)
        or ("inputs" in kwargs and "outputs" in kwargs)
    ) and any_symbolic((*args[:2], *kwargs.values()))
