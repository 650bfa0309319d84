"""The nodes of a graph: calls of operations on symbolic tensors, and their order."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from keras.core import tree
from keras.core.tensor import KerasTensor

if TYPE_CHECKING:
    from keras.core.graph.operation import Operation

_nodes: weakref.WeakKeyDictionary[Operation, list[weakref.ref[Node]]] = (
    weakref.WeakKeyDictionary()
)

_listed: ContextVar[bool] = ContextVar("keras_listed_nodes", default=True)


@contextlib.contextmanager
def unlisted_nodes() -> Iterator[None]:
    """Nodes made inside are not counted among the calls of their operations.

    For a second graph over the same operations that the package makes for itself.
    """
    token = _listed.set(False)
    try:
        yield
    finally:
        _listed.reset(token)


class Node:
    """One call of an operation on symbolic tensors.

    The graph is held by its tensors: an output knows its node, a node its inputs. An
    operation knows its nodes only weakly, so dropping a model frees its graph.

    Args:
        operation: what is called.
        args, kwargs: what it is called on.
        outputs: the results, a structure with new symbolic tensors in it.
    """

    operation: Operation
    args: tuple
    kwargs: dict[str, Any]
    inputs: list[KerasTensor]  # the symbolic tensors among the arguments
    outputs: Any
    output_list: list[KerasTensor]  # those among the results
    number: int  # which of the operation's calls this is

    def __init__(
        self, operation: Operation, args: tuple, kwargs: dict[str, Any], outputs: Any
    ) -> None:
        self.operation = operation
        self.args = args
        self.kwargs = kwargs
        self.inputs = [
            leaf
            for leaf in tree.flatten((args, kwargs))
            if isinstance(leaf, KerasTensor)
        ]
        self.outputs = outputs

        known = _nodes.setdefault(operation, [])
        self.number = len(known)
        if _listed.get():
            known.append(weakref.ref(self))

        self.output_list = []
        for tensor in tree.flatten(outputs):
            if isinstance(tensor, KerasTensor):
                tensor._node = self
                tensor._index = len(self.output_list)
                self.output_list.append(tensor)

    @property
    def inputs_as_given(self) -> Any:
        """The one input, or the list of them."""
        return self.inputs[0] if len(self.inputs) == 1 else self.inputs

    def __repr__(self) -> str:
        return f"<Node {self.operation.name}[{self.number}]>"


def nodes_of(operation: Operation) -> list[Node]:
    """The symbolic calls made on an operation that still exist."""
    found = [ref() for ref in _nodes.get(operation, ())]
    return [node for node in found if node is not None]


def sort_nodes(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> list[Node]:
    """The nodes between inputs and outputs, each after what it needs.

    Raises:
        ValueError: an output needs a tensor that is not reached from the inputs.
    """
    given = {id(t) for t in inputs}
    order: list[Node] = []
    state: dict[int, bool] = {}  # id(node) -> finished

    # Depth first with a stack of its own: a graph may be deeper than Python recurses.
    stack: list[tuple[KerasTensor, bool]] = [(t, False) for t in reversed(outputs)]
    while stack:
        tensor, finished = stack.pop()
        node = tensor._node

        if finished:
            assert node is not None
            if not state[id(node)]:
                state[id(node)] = True
                order.append(node)
            continue

        if id(tensor) in given or (node is not None and id(node) in state):
            continue
        if node is None or not node.inputs:
            raise ValueError(
                f"The outputs need the input {tensor.name!r} (shape {tensor.shape}), "
                "which is not among the inputs given: "
                f"{[(t.name, t.shape) for t in inputs]}. Add it to the model's inputs."
            )

        state[id(node)] = False
        stack.append((tensor, True))
        stack.extend((t, False) for t in reversed(node.inputs))
    return order


def call_numbers(nodes: list[Node]) -> dict[int, int]:
    """The number of each node, by its id, among its operation's calls in a graph."""
    seen: dict[int, int] = {}
    numbers = {}
    for node in nodes:
        numbers[id(node)] = seen.get(id(node.operation), 0)
        seen[id(node.operation)] = numbers[id(node)] + 1
    return numbers
