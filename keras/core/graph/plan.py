"""The plan of a graph: its calls over numbered slots, ready to run on data."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from keras.core import tree
from keras.core.graph.node import Node
from keras.core.graph.operation import Operation
from keras.core.tensor import KerasTensor

# `call(operation, args, kwargs)`: how a step of a plan is run.
Call: TypeAlias = "Callable[[Any, tuple, dict[str, Any]], Any]"


class Step(NamedTuple):
    """One call: where its arguments come from and where its results go."""

    operation: Operation
    # The most frequent call has one tensor as its only argument: its slot, the rest.
    single: tuple[int, dict[str, Any]] | None
    # Any other call: the arguments, as a function of the slots.
    filler: Callable[[list], tuple[tuple, dict[str, Any]]] | None
    output_slots: list[int]


def call_operation(operation: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
    """The usual way to run a step: call its operation."""
    return operation(*args, **kwargs)


class Plan:
    """A graph as a list of calls over numbered slots: nothing is looked up by name."""

    size: int
    steps: list[Step]
    output_slots: list[int]

    def __init__(self, size: int, steps: list[Step], output_slots: list[int]) -> None:
        self.size = size
        self.steps = steps
        self.output_slots = output_slots

    def run(self, inputs: list[Any], call: Call = call_operation) -> list[Any]:
        """The outputs for these inputs; `call(operation, args, kwargs)` runs a node."""
        slots: list[Any] = [None] * self.size
        slots[: len(inputs)] = inputs

        for operation, single, filler, output_slots in self.steps:
            if single is not None:
                slot, kwargs = single
                result = call(operation, (slots[slot],), kwargs)
            else:
                args, kwargs = filler(slots)  # type: ignore[misc]
                result = call(operation, args, kwargs)

            if len(output_slots) == 1 and not isinstance(result, (list, tuple, dict)):
                slots[output_slots[0]] = result
            else:
                for slot, value in zip(output_slots, tree.flatten(result)):
                    slots[slot] = value

        return [slots[i] for i in self.output_slots]


def make_plan(
    inputs: list[KerasTensor], outputs: list[KerasTensor], nodes: list[Node]
) -> Plan:
    """Number every tensor of a graph and write each node's call in those numbers.

    Args:
        inputs, outputs: the ends of the graph.
        nodes: the nodes between them, each after those that it needs.
    """
    slot_of: dict[int, int] = {id(t): i for i, t in enumerate(inputs)}
    size = len(inputs)
    steps = []

    for node in nodes:
        single = None
        filler = None
        if _has_one_tensor(node):
            single = (slot_of[id(node.args[0])], node.kwargs)
        else:
            filler = _make_filler(node, slot_of)

        # All leaves of the result take a slot, also those that are not tensors.
        output_slots = []
        for leaf in tree.flatten(node.outputs):
            if isinstance(leaf, KerasTensor) and id(leaf) not in slot_of:
                slot_of[id(leaf)] = size
            output_slots.append(size)
            size += 1
        steps.append(Step(node.operation, single, filler, output_slots))

    return Plan(size, steps, [slot_of[id(t)] for t in outputs])


def _has_one_tensor(node: Node) -> bool:
    """Whether a call has one tensor as its only positional argument, and no other."""
    return (
        len(node.args) == 1
        and node.args[0].__class__ is KerasTensor
        and not any(isinstance(v, KerasTensor) for v in tree.flatten(node.kwargs))
    )


def _make_filler(node: Node, slot_of: dict[int, int]) -> Callable[[list], Any]:
    """A node's arguments as a function of the slots."""
    leaves, treedef = tree.flatten_with_def((node.args, node.kwargs))
    places = [
        (i, slot_of[id(leaf)])
        for i, leaf in enumerate(leaves)
        if isinstance(leaf, KerasTensor)
    ]

    def fill(slots: list[Any]) -> Any:
        filled = list(leaves)
        for i, slot in places:
            filled[i] = slots[slot]
        return tree.unflatten(treedef, filled)

    return fill
