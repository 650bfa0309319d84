"""Loops and branches on NumPy, which runs them as Python does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend import python_loops
from keras.backend.numpy.array import Array, as_array
from keras.backend.numpy.hollow import Hollow, hollow_like, hollow_scope, is_hollow
from keras.core import tree
from keras.core.variable import MetaFrame, frame


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """The result of one of two functions."""
    if isinstance(pred, Hollow):
        return true_fn()  # both give the same shapes
    return true_fn() if pred else false_fn()


def while_loop(
    cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None
) -> Any:
    """The state after `body` was repeated while `cond` holds."""
    return python_loops.while_loop(
        cond, body, loop_vars, maximum_iterations, lambda x: not isinstance(x, Hollow)
    )


def scan(
    f: Callable, init: Any, xs: Any, length: int | None, reverse: bool, unroll: Any
) -> Any:
    """The last carry of `carry, y = f(carry, x)`, and the results stacked."""
    leaves, treedef = tree.flatten_with_def(xs)
    if xs is None:
        leaves = []
    steps: Any = leaves[0].shape[0] if leaves else length

    if is_hollow():
        return _one_step(f, init, xs, steps)
    if not steps:  # one step that is not taken tells what it would give
        with hollow_scope(), frame(MetaFrame, hollow_like):
            start, rows = tree.map_structure(hollow_like, (init, xs))
            _, ys = _one_step(f, start, rows, 0)
        return init, tree.map_structure(
            lambda y: y if y is None else as_array(np.zeros(y.shape, y.dtype)), ys
        )

    def element(i: int) -> Any:
        return tree.unflatten(treedef, [leaf[i] for leaf in leaves]) if leaves else None

    return python_loops.scan_steps(
        f, init, element, steps, reverse, lambda ys: as_array(np.stack(ys))
    )


def _one_step(f: Callable, init: Any, xs: Any, steps: int) -> tuple[Any, Any]:
    """Shapes do not change along the loop: one step tells them all."""
    x = tree.map_structure(
        lambda leaf: leaf if leaf is None else Hollow(leaf.shape[1:], leaf.dtype), xs
    )
    carry, y = f(init, x)
    return carry, tree.map_structure(
        lambda t: t if t is None else Hollow((steps, *t.shape), t.dtype), y
    )


def runs_eagerly(x: Any) -> bool:
    """Whether ops on `x` compute now: it is not there to find out shapes."""
    return isinstance(x, Array)


def vectorized_map(function: Callable, elements: Any) -> Any:
    """The results of a function of each slice along the first axis, stacked."""
    return scan(lambda carry, x: (carry, function(x)), (), elements, None, False, 1)[1]
