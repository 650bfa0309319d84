"""Loops for backends that run operations one by one: Python's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.core import tree


def while_loop(
    cond: Callable,
    body: Callable,
    loop_vars: Any,
    maximum_iterations: int | None,
    has_value: Callable[[Any], bool],
) -> Any:
    """The state after `body` was repeated while `cond` holds.

    Args:
        cond, body, loop_vars, maximum_iterations: as `contract.Backend.while_loop` has
            them.
        has_value: whether a result of `cond` is more than a shape. Where it is not,
            the loop ends, because shapes do not change along it.
    """
    single = not isinstance(loop_vars, (list, tuple))
    values = (loop_vars,) if single else tuple(loop_vars)
    count = 0
    while maximum_iterations is None or count < maximum_iterations:
        going = cond(*values)
        if not has_value(going) or not going:
            break
        new = body(*values)
        values = (new,) if single else tuple(new)
        count += 1
    return values[0] if single else type(loop_vars)(values)


def scan_steps(
    f: Callable,
    init: Any,
    element: Callable[[int], Any],
    steps: int,
    reverse: bool,
    stack: Callable[[tuple], Any],
) -> tuple[Any, Any]:
    """The last carry of `carry, y = f(carry, element(i))`, and the results stacked.

    Args:
        f: the step.
        init: the first carry.
        element: what the step `i` is given beside the carry.
        steps: how many there are, at least 1.
        reverse: whether the last element comes first; results keep their places.
        stack: makes one tensor of a tuple of them.
    """
    carry, outs = init, []
    for i in reversed(range(steps)) if reverse else range(steps):
        carry, y = f(carry, element(i))
        outs.append(y)

    if reverse:
        outs.reverse()
    if outs[0] is None:
        return carry, None
    return carry, tree.map_structure(lambda *ys: stack(ys), *outs)
