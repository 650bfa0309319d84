"""The order of a graph's operations.

Files name layers by class and number (`layers/dense_1`), so the number must come out
alike wherever the same graph is built. Operations are sorted by their distance from the
outputs, the farthest first; at the same distance by when a walk from the outputs, depth
first, meets them.
"""

from __future__ import annotations

from typing import Any

from keras.core.tensor import KerasTensor


def ordered_operations(
    inputs: list[KerasTensor], outputs: list[KerasTensor]
) -> list[Any]:
    """The operations between inputs and outputs, farthest from the outputs first."""
    number: dict[Any, int] = {}
    nodes = _post_order(outputs, {id(t) for t in inputs}, number)
    node_depth: dict[int, int] = {}
    depth: dict[Any, int] = {}
    for node in reversed(nodes):
        operation = node.operation
        far = max(node_depth.get(id(node), 0), depth.get(operation, 0))
        node_depth[id(node)] = depth[operation] = far
        for tensor in node.inputs:
            above = tensor._node
            if above is not None:
                node_depth[id(above)] = max(far + 1, node_depth.get(id(above), 0))
    for tensor in inputs:
        if tensor._node is not None and tensor._node.operation not in depth:
            depth[tensor._node.operation] = 0
            number[tensor._node.operation] = -1
    return sorted(depth, key=lambda operation: (-depth[operation], number[operation]))


def _post_order(
    outputs: list[KerasTensor], given: set[int], number: dict[Any, int]
) -> list[Any]:
    """The nodes below the outputs, each after its inputs; numbers the operations."""
    order: list[Any] = []
    seen: set[int] = set()
    stack: list[tuple[Any, bool]] = [(t, False) for t in reversed(outputs)]
    while stack:
        item, finished = stack.pop()
        if finished:
            order.append(item)
            continue
        node = item._node
        if node is None or id(node) in seen:
            continue
        seen.add(id(node))
        number.setdefault(node.operation, len(number))
        stack.append((node, True))
        if id(item) not in given:
            stack.extend((t, False) for t in reversed(node.inputs))
    return order
