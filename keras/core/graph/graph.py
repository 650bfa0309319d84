"""The graph between symbolic inputs and outputs, which models and functions run."""

from __future__ import annotations

import copy
from typing import Any

from keras.core import masks, sparse, tree
from keras.core.graph.node import Node, sort_nodes
from keras.core.graph.operation import Operation
from keras.core.graph.order import ordered_operations
from keras.core.graph.plan import Plan, make_plan
from keras.core.graph.rebuild import rebuild
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.core.typing import Nested, SymbolicInputs


class Graph:
    """Symbolic inputs and outputs, and the plan that computes one from the other.

    Args:
        inputs: a symbolic tensor, or a structure of them.
        outputs: likewise.
        owner: what the graph belongs to, in the words of an error message.
    """

    inputs_struct: SymbolicInputs
    outputs_struct: SymbolicInputs
    results_struct: SymbolicInputs  # what `run` returns, as a structure of symbols
    inputs: list[KerasTensor]
    outputs: list[KerasTensor]
    input_names: list[str]
    nodes: list[Node]  # the inputs' own first, then each after those that it needs
    operations: list[Operation]  # each once, the farthest from the outputs first
    plan: Plan

    def __init__(
        self, inputs: SymbolicInputs, outputs: SymbolicInputs, owner: str
    ) -> None:
        self.inputs_struct = inputs
        self.outputs_struct = outputs
        self.results_struct = outputs
        self.inputs = _symbolic(inputs, "inputs", owner)
        self.outputs = _symbolic(outputs, "outputs", owner)
        self.input_names = [t.name for t in self.inputs]
        if len({id(t) for t in self.inputs}) != len(self.inputs):
            raise ValueError(f"{owner}: the same input is listed twice.")

        inner = sort_nodes(self.inputs, self.outputs)
        sources = [t._node for t in self.inputs if source_of(t) is not None]
        self.nodes = [*(n for n in sources if n is not None), *inner]
        self.plan = make_plan(self.inputs, self.outputs, inner)
        self.operations = ordered_operations(self.inputs, self.outputs)

    def run(self, inputs: Nested, owner: str) -> Nested:
        """The outputs for real (or traced, or symbolic) inputs."""
        values = self.plan.run(self._standardize(inputs, owner))
        return tree.pack_sequence_as(self.results_struct, values)

    def symbolic(self, inputs: Nested, owner: str) -> Nested:
        """The outputs as symbolic tensors, for inputs of perhaps other shapes."""
        flat = self._standardize(inputs, owner)
        if all(
            a.shape == b.shape and a.kind == b.kind for a, b in zip(flat, self.inputs)
        ):
            outputs = self.outputs
        else:
            outputs = self.plan.run(flat)
        values = [t.without_node() for t in outputs]
        return tree.pack_sequence_as(self.results_struct, values)

    def __deepcopy__(self, memo: dict[int, Any]) -> Graph:
        """The same graph over copies of its operations.

        Operation by operation: following the tensors would recurse to the graph's
        depth. Shapes are taken over, so nothing is run.
        """
        inputs, outputs = rebuild(
            self, lambda operation: copy.deepcopy(operation, memo), infer_again=False
        )
        memo[id(self)] = new = type(self)(inputs, outputs, "The copy of a model")
        return new

    def _standardize(self, inputs: Nested, owner: str) -> list[Any]:
        """The inputs as a list of tensors, checked, in the graph's order."""
        flat = self._flatten(inputs, owner)
        if len(flat) != len(self.inputs):
            wanted = [(t.name, t.shape) for t in self.inputs]
            raise ValueError(
                f"{owner} has {len(self.inputs)} input(s), {wanted}, but received "
                f"{len(flat)}."
            )
        return [self._fit(v, t, owner) for v, t in zip(flat, self.inputs)]

    def _flatten(self, inputs: Nested, owner: str) -> list[Any]:
        if isinstance(inputs, (list, tuple)):
            return tree.flatten(inputs)
        if not isinstance(inputs, dict):
            return [inputs]

        struct = self.inputs_struct
        names = list(struct) if isinstance(struct, dict) else self.input_names
        missing = [n for n in names if n not in inputs]
        if isinstance(struct, dict) and any(tree.is_nested(v) for v in struct.values()):
            return tree.flatten(inputs)

        optional = {t.name for t in self.inputs if _is_optional(t)}
        if [n for n in missing if n not in optional]:
            raise ValueError(
                f"{owner} needs the inputs {names}; {missing} are missing from the "
                f"dict, which has {list(inputs)}."
            )
        return [inputs.get(n) for n in names]

    def _fit(self, value: Any, spec: KerasTensor, owner: str) -> Any:
        """One input as a tensor: an axis of size 1 at the end is added or dropped."""
        if value is None:
            if _is_optional(spec):
                return None
            raise ValueError(f"{owner}: input {spec.name!r} is None.")

        rank, wanted = len(value.shape), len(spec.shape)
        if rank == wanted - 1 and spec.shape[-1] == 1:
            mask = masks.get_mask(value)
            value = _dense(value)[..., None]
            if mask is not None:
                masks.set_mask(value, mask)
        elif rank == wanted + 1 and value.shape[-1] == 1:
            value = _dense(value)[..., 0]

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
        converted = current().convert_to_tensor(value, spec.dtype)
        if spec.kind is None:
            converted = _dense(converted)
        if masks._any and converted is not value:
            masks.set_mask(converted, masks.get_mask(value))
        return converted


def source_of(tensor: KerasTensor) -> Any:
    """The operation that stands for an input; None for a tensor computed from others.

    Also None for a symbolic tensor that nothing made.
    """
    node = tensor._node
    return node.operation if node is not None and not node.inputs else None


def _is_optional(tensor: KerasTensor) -> bool:
    return getattr(source_of(tensor), "optional", False)


def _dense(value: Any) -> Any:
    """A sparse tensor as a dense one, where the graph was made for that."""
    if isinstance(value, KerasTensor):
        return value
    return sparse.to_dense(value)


def _symbolic(structure: SymbolicInputs, what: str, owner: str) -> list[KerasTensor]:
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
