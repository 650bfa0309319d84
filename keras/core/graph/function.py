"""Graphs of operations, and the function that runs one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.core import tree
from keras.core.graph.node import Node, sort_nodes
from keras.core.graph.operation import Operation
from keras.core.tensor import KerasTensor


def is_functional(operation: Any) -> bool:
    """Whether this is a model made of a graph; a Sequential is not."""
    graph = getattr(operation, "_graph", None)
    return graph is not None and not hasattr(operation, "_layers")


def _collect(structure: Any, what: str) -> list[KerasTensor]:
    tensors = tree.flatten(structure)
    for tensor in tensors:
        if not isinstance(tensor, KerasTensor):
            raise ValueError(
                f"`{what}` must hold symbolic tensors made by keras.Input and layers; "
                f"received {tensor!r} of type {type(tensor).__name__}."
            )
    return tensors


class Function(Operation):
    """Run the graph between symbolic inputs and outputs on data.

    Args:
        inputs: a symbolic tensor, or a list, tuple or dict of them.
        outputs: likewise; the results come back in the same structure.
        name: a name, by default automatic.

    Example:
        >>> x = keras.Input((3,))
        >>> f = keras.Function(x, keras.ops.exp(x) + 1)
        >>> f(np.zeros((1, 3)))
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name)
        self._inputs_struct = inputs
        self._outputs_struct = outputs
        self._inputs = _collect(inputs, "inputs")
        self._outputs = _collect(outputs, "outputs")
        self._nodes = sort_nodes(self._inputs, self._outputs)
        self._plan = make_plan(self._inputs, self._outputs, self._nodes)

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs as a list."""
        return self._inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs as a list."""
        return self._outputs

    @property
    def operations(self) -> list[Operation]:
        """The operations, each once, in the order they run."""
        return list({id(n.operation): n.operation for n in self._nodes}.values())

    def call(self, inputs: Any) -> Any:
        """Run the graph."""
        values = self._plan.run(tree.flatten(inputs), _call)
        return tree.pack_sequence_as(self._outputs_struct, values)

    def compute_output_spec(self, inputs: Any) -> Any:
        """Run the graph on symbolic tensors of other shapes."""
        return self.call(inputs)

    def symbolic_call(self, inputs: Any) -> Any:
        """Add this function's operations to the graph that `inputs` belong to."""
        return self.call(inputs)


def _call(operation: Any, args: tuple, kwargs: dict) -> Any:
    return operation(*args, **kwargs)


class Plan:
    """A graph as a list of calls over numbered slots: nothing is looked up by name."""

    def __init__(self, size: int, steps: list[tuple], output_slots: list[int]) -> None:
        self.size = size
        self.steps = steps
        self.output_slots = output_slots

    def run(
        self, inputs: list[Any], call: Callable[[Any, tuple, dict], Any]
    ) -> list[Any]:
        """The outputs for these inputs; `call(operation, args, kwargs)` runs a node."""
        slots: list[Any] = [None] * self.size
        slots[: len(inputs)] = inputs
        for operation, single, filler, out_slots in self.steps:
            if single is not None:
                slot, kwargs = single
                result = call(operation, (slots[slot],), kwargs)
            else:
                args, kwargs = filler(slots)
                result = call(operation, args, kwargs)
            if len(out_slots) == 1 and not isinstance(result, (list, tuple, dict)):
                slots[out_slots[0]] = result
            else:
                for slot, value in zip(out_slots, tree.flatten(result)):
                    slots[slot] = value
        return [slots[i] for i in self.output_slots]


def make_plan(
    inputs: list[KerasTensor], outputs: list[KerasTensor], nodes: list[Node]
) -> Plan:
    """Number every tensor of a graph and write each node's call in those numbers."""
    slot_of: dict[int, int] = {id(t): i for i, t in enumerate(inputs)}
    size = len(inputs)
    steps = []
    for node in nodes:
        single = None
        filler = None
        if (
            len(node.args) == 1
            and node.args[0].__class__ is KerasTensor
            and not any(isinstance(v, KerasTensor) for v in tree.flatten(node.kwargs))
        ):
            single = (slot_of[id(node.args[0])], node.kwargs)
        else:
            filler = _make_filler(node, slot_of)
        # All leaves of the result take a slot, also those that are not tensors.
        out_slots = []
        for leaf in tree.flatten(node.outputs):
            if isinstance(leaf, KerasTensor) and id(leaf) not in slot_of:
                slot_of[id(leaf)] = size
            out_slots.append(size)
            size += 1
        steps.append((node.operation, single, filler, out_slots))
    return Plan(size, steps, [slot_of[id(t)] for t in outputs])


def _make_filler(node: Node, slot_of: dict[int, int]) -> Callable[[list], Any]:
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
