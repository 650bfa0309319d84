"""The part of a model that runs on the host: text, before the compiled step.

JAX and PyTorch have no tensors of text. In a graph such as

    Input (text) -> TextVectorization -> Embedding -> Dense
    '------- on the host -----------'    '-- compiled --'

the layers that take text, and what leads to them, run on the NumPy backend. What they
give is what the rest starts from. A step is called on a batch whose x went through the
host part already (`HostOutputs`); a call of the model does both parts. On TensorFlow it
is the same, except that tensors inside a `tf.function` stay there.

The two parts are graphs over the same tensors and layers, so nothing is made anew and
nothing else of the model knows of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from keras.core import backends, tree
from keras.core.foreign import to_host
from keras.core.graph.graph import Graph, source_of
from keras.core.graph.node import Node, unlisted_nodes
from keras.core.graph.rebuild import rebuild
from keras.core.scope import backend_scope, current
from keras.core.tensor import KerasTensor
from keras.layers.layer import Layer
from keras.layers.preprocessing.base import call_here


class HostOutputs(NamedTuple):
    """What the host part has made of the inputs: the inputs of the rest."""

    tensors: list[Any]


class HostPart:
    """A graph in two parts: one for the host, and the rest.

    Args:
        graph: the graph.
        on_host: the nodes that run on the host.
        owner: the model, for messages.
    """

    def __init__(self, graph: Graph, on_host: list[Node], owner: str) -> None:
        self._owner = owner
        made = {id(t): t for node in on_host for t in node.output_list}
        chosen = {id(node) for node in on_host}
        inputs = {id(t): t for t in graph.inputs}

        # What crosses over: used by the rest, or an output of the whole.
        crossing: dict[int, KerasTensor] = {}
        rest = [n for n in graph.nodes if id(n) not in chosen and n.inputs]
        for tensor in [t for node in rest for t in node.inputs] + graph.outputs:
            if id(tensor) in made or id(tensor) in inputs:
                crossing[id(tensor)] = tensor
        ends = list(crossing.values())

        self._host = Graph(graph.inputs_struct, ends, owner)
        self._rest = Graph(ends, graph.results_struct, owner)

    def applies_to(self, inputs: Any, backend: Any) -> bool:
        """Whether the host can read the inputs; else the whole graph may be run.

        Raises:
            ValueError: it cannot, and the backend has no tensors of text.
        """
        traced = [
            x
            for x in tree.flatten(inputs)
            if backend.is_tensor(x) and not backend.runs_eagerly(x)
        ]
        if not traced:
            return True
        if backend.text is None:
            raise ValueError(
                f"{self._owner} works on its inputs on the host, before anything is "
                "compiled, and was called inside a compiled function. Call it outside, "
                "or call only the layers behind the text there."
            )
        return False

    def prepare(self, inputs: Any) -> HostOutputs:
        """Run the host's part."""
        if isinstance(inputs, HostOutputs):
            return inputs
        with backend_scope(backends.HOST):
            flat = self._host._standardize(_readable(inputs), self._owner)
            return HostOutputs(self._host.plan.run(flat, call_here))

    def run_rest(self, inputs: HostOutputs) -> Any:
        """Run the rest."""
        # They have the right shapes and types already.
        tensors = [current().convert_to_tensor(x) for x in inputs.tensors]
        values = self._rest.plan.run(tensors)
        return tree.pack_sequence_as(self._rest.outputs_struct, values)


def host_part_of(graph: Graph, owner: str) -> HostPart | None:
    """The host's part of a model's graph; None if there is nothing for the host.

    Raises:
        ValueError: what a layer needs on the host is computed by layers with weights.
    """
    if not any(_needs_host(node) for node in graph.nodes):
        return None
    graph = _opened(graph, owner)
    needed = _with_what_leads_to([n for n in graph.nodes if _needs_host(n)])
    for node in graph.nodes:
        # What may run anywhere joins in if all that it needs is there.
        if getattr(node.operation, "prefers_host", False) and node.inputs:
            sources = [t._node for t in node.inputs]
            if all(s is None or not s.inputs or id(s) in needed for s in sources):
                needed[id(node)] = node

    on_host = [node for node in graph.nodes if id(node) in needed and node.inputs]
    for node in on_host:
        if isinstance(node.operation, Layer) and node.operation.trainable_variables:
            last = next(n for n in graph.nodes if _needs_host(n))
            raise ValueError(
                f"{owner}: {last.operation.name!r} runs on the host, before the "
                f"compiled step, and so must all that leads to it; "
                f"{node.operation.name!r} there has weights that are trained. Let the "
                "layer take an input of the model."
            )
    return HostPart(graph, on_host, owner) if on_host else None


def _needs_host(node: Node) -> bool:
    """Whether a node works on text, or has a part that does."""
    if not node.inputs:
        return False
    operation = node.operation
    if getattr(operation, "needs_text", False) or any(
        tensor.dtype == "string" for tensor in (*node.inputs, *node.output_list)
    ):
        return True
    if getattr(operation, "prefers_host", False):
        return all(source_of(tensor) is not None for tensor in node.inputs)
    inner = _inner(operation)
    return inner is not None and any(map(_needs_host, inner.nodes))


def _inner(operation: Any) -> Graph | None:
    """The graph of a model inside the graph."""
    return getattr(operation, "_graph", None)


def _opened(graph: Graph, owner: str) -> Graph:
    """The graph with the models inside that need the host in single layers."""
    while any(_needs_host(n) and _inner(n.operation) for n in graph.nodes):
        inner = {
            id(n.operation)
            for n in graph.nodes
            if _needs_host(n) and _inner(n.operation)
        }

        def opened(operation: Any, inner: set[int] = inner) -> Any:
            if id(operation) not in inner:
                return operation
            found: Any = _inner(operation)
            return lambda inputs, **_: found.run(inputs, operation._label())

        # Nobody should see these calls, which only we make, on the layers.
        with unlisted_nodes():
            graph = Graph(*rebuild(graph, opened), owner)
    return graph


def _with_what_leads_to(nodes: list[Node]) -> dict[int, Node]:
    found: dict[int, Node] = {}
    pending = list(nodes)
    while pending:
        node = pending.pop()
        if id(node) not in found:
            found[id(node)] = node
            pending.extend(t._node for t in node.inputs if t._node is not None)
    return found


def _readable(inputs: Any) -> Any:
    """Tensors of a framework among the inputs as arrays."""
    return tree.map_structure(lambda x: None if x is None else to_host(x), inputs)
