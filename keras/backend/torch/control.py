"""Loops and branches on PyTorch, which runs them as Python does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from keras.backend import python_loops
from keras.backend.torch.capture import is_recording
from keras.backend.torch.tensor import NATIVE
from keras.core import tree
from keras.core.variable import MetaFrame, frame


def _is_meta(x: Any) -> bool:
    return isinstance(x, torch.Tensor) and x.is_meta


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """Run one of two functions."""
    if _is_meta(pred):
        return true_fn()  # both give the same shapes
    return true_fn() if pred else false_fn()


def while_loop(
    cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None
) -> Any:
    """Repeat `body` while `cond` holds."""
    return python_loops.while_loop(
        cond, body, loop_vars, maximum_iterations, lambda x: not _is_meta(x)
    )


def scan(
    f: Callable, init: Any, xs: Any, length: int | None, reverse: bool, unroll: Any
) -> Any:
    """`carry, y = f(carry, x)` along the first axis."""
    leaves, treedef = tree.flatten_with_def(xs)
    if xs is None:
        leaves = []
    steps: Any = leaves[0].shape[0] if leaves else length

    if steps and any(t.is_meta for t in (*leaves, *tree.flatten(init))):
        # Shapes do not change along the loop: one step tells them all.
        x = tree.unflatten(treedef, [leaf[0] for leaf in leaves]) if leaves else None
        carry, y = f(init, x)
        return carry, y if y is None else tree.map_structure(
            lambda t: t.to("meta").expand(steps, *t.shape), y
        )

    if not steps:  # one step that is not taken tells what it would give
        xs = tree.map_structure(lambda t: t.new_zeros(t.shape[1:]), xs)
        with frame(MetaFrame, lambda value: value):
            _, y = f(init, xs)
        return init, y if y is None else tree.map_structure(
            lambda t: t.new_zeros((0, *t.shape)), y
        )

    columns = [leaf.unbind(0) for leaf in leaves]

    def element(i: int) -> Any:
        return tree.unflatten(treedef, [c[i] for c in columns]) if leaves else None

    return python_loops.scan_steps(f, init, element, steps, reverse, torch.stack)


def runs_eagerly(x: Any) -> bool:
    """Whether calls on `x` run now, and are neither recorded nor inferring shapes."""
    if torch.compiler.is_compiling() or is_recording():
        return False
    return type(x) in NATIVE and not x.is_meta


def vectorized_map(function: Callable, elements: Any) -> Any:
    """Map over the first axis."""
    return torch.vmap(function, randomness="different")(elements)
