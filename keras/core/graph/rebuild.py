"""Build a graph again with other operations in the place of some or all of its own.

Copying, cloning, swapping layers and feature extraction differ only in what stands in
for an operation: a deep copy, a new layer from a config, another layer, or the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from keras.core import tree
from keras.core.graph.node import Node
from keras.core.graph.operation import Operation
from keras.core.tensor import KerasTensor
from keras.core.typing import SymbolicInputs

if TYPE_CHECKING:
    from keras.core.graph.graph import Graph

Replace = Callable[[Operation], Any]


def rebuild(
    graph: Graph,
    replace: Replace,
    *,
    inputs: SymbolicInputs | None = None,
    call: Callable[..., Any] | None = None,
    infer_again: bool = True,
) -> tuple[SymbolicInputs, SymbolicInputs]:
    """The inputs and outputs of a graph like `graph`, over other operations.

    Args:
        graph: the graph of a model or function; it stays as it is.
        replace: `operation -> operation`, asked once for each operation, inputs
            included. What it returns takes the operation's place in every call of it,
            so what was shared stays shared. It may be a copy, another operation, a
            function of tensors, or the operation itself: then its weights are shared
            between the two graphs.
        inputs: symbolic tensors to start from, in the structure of the graph's inputs.
            By default the outputs of what replaces its input operations; an input that
            is computed from other tensors stays.
        call: `call(replacement, *args, **kwargs) -> outputs`, how a replacement is
            called; by default simply so.
        infer_again: whether replacements are called on the new tensors, which finds
            shapes and builds layers. Without, each replacement must be an operation of
            the same shapes (a copy): nothing is run, and large graphs copy fast.

    Returns:
        `(inputs, outputs)` in the structures of the graph's, for a `Model`, `Function`
        or `Graph`. Where neither an operation nor what it is called on changed, the
        tensors are the graph's own.

    Raises:
        ValueError: `inputs` do not match the graph's, or a replacement has another
            number of outputs.

    Example: every ReLU becomes a GELU; all other layers are shared.
        >>> def smoother(operation):
        ...     if isinstance(operation, keras.layers.ReLU):
        ...         return keras.layers.Activation("gelu")
        ...     return operation
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.ReLU()])
        >>> inputs, outputs = rebuild(model._graph, smoother)
        >>> smooth = keras.Model(inputs, outputs)
    """
    replacements: dict[int, Any] = {}

    def replacement_of(operation: Operation) -> Any:
        if id(operation) not in replacements:
            replacements[id(operation)] = replace(operation)
        return replacements[id(operation)]

    made = _start(graph, replacement_of, inputs)

    def renewed(leaf: Any) -> Any:
        return made[id(leaf)] if isinstance(leaf, KerasTensor) else leaf

    # The nodes are in the order in which they run: no recursion, however deep.
    for node in graph.nodes:
        if all(id(tensor) in made for tensor in node.output_list):
            continue
        operation = replacement_of(node.operation)
        args, kwargs = tree.map_structure(renewed, (node.args, node.kwargs))
        same = operation is node.operation and all(
            made[id(t)] is t for t in node.inputs
        )

        if same and call is None:
            outputs = node.outputs
        elif not infer_again:
            blank = tree.map_structure(_blank, node.outputs)
            outputs = Node(operation, args, kwargs, blank).outputs
        elif call is not None:
            outputs = call(operation, *args, **kwargs)
        else:
            outputs = operation(*args, **kwargs)

        found = [t for t in tree.flatten(outputs) if isinstance(t, KerasTensor)]
        if len(found) != len(node.output_list):
            raise ValueError(
                f"{operation!r} takes the place of {node.operation.name!r}, which has "
                f"{len(node.output_list)} output(s), but returned {len(found)} "
                "symbolic tensor(s)."
            )
        made.update((id(old), new) for old, new in zip(node.output_list, found))

    return (
        tree.map_structure(renewed, graph.inputs_struct),
        tree.map_structure(renewed, graph.outputs_struct),
    )


def _start(
    graph: Graph, replacement_of: Replace, inputs: SymbolicInputs | None
) -> dict[int, KerasTensor]:
    """The tensors that stand for the graph's inputs, by the ids of those."""
    if inputs is None:
        made = {id(old): old for old in graph.inputs}
        for node in graph.nodes:
            if not node.inputs:
                new = replacement_of(node.operation)
                made[id(node.outputs)] = (
                    node.outputs if new is node.operation else new.output
                )
        return made

    given = tree.flatten(inputs)
    if len(given) != len(graph.inputs):
        raise ValueError(
            f"{len(graph.inputs)} input tensors are needed; received {len(given)}."
        )
    for tensor in given:
        if not isinstance(tensor, KerasTensor):
            raise ValueError(
                "The input tensors must be symbolic, made by keras.Input and by "
                f"calling layers on them; received {tensor!r} "
                f"({type(tensor).__name__})."
            )
    return {id(old): new for old, new in zip(graph.inputs, given)}


def _blank(leaf: Any) -> Any:
    """A symbolic tensor of the same shape that belongs to no graph yet."""
    return leaf.without_node() if isinstance(leaf, KerasTensor) else leaf
