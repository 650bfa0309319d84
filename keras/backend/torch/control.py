"""Loops and branches on PyTorch, which runs them as Python does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from keras.backend.torch.capture import is_recording
from keras.backend.torch.tensor import NATIVE
from keras.core import tree
from keras.core.variable import MetaFrame, frame


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """Run one of two functions."""
    if isinstance(pred, torch.Tensor) and pred.device.type == "meta":
        return true_fn()  # both give the same shapes
    return true_fn() if pred else false_fn()


def while_loop(
    cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None
) -> Any:
    """Repeat `body` while `cond` holds."""
    single = not isinstance(loop_vars, (list, tuple))
    values = (loop_vars,) if single else tuple(loop_vars)
    count = 0
    while maximum_iterations is None or count < maximum_iterations:
        going = cond(*values)
        if isinstance(going, torch.Tensor) and going.device.type == "meta":
            break  # shapes do not change along the loop
        if not going:
            break
        new = body(*values)
        values = (new,) if single else tuple(new)
        count += 1
    return values[0] if single else type(loop_vars)(values)


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
    carry, outs = init, []
    for i in reversed(range(steps)) if reverse else range(steps):
        x = tree.unflatten(treedef, [c[i] for c in columns]) if leaves else None
        carry, y = f(carry, x)
        outs.append(y)

    if reverse:
        outs.reverse()
    if outs and outs[0] is None:
        return carry, None
    return carry, tree.map_structure(lambda *ys: torch.stack(ys), *outs)


def runs_eagerly(x: Any) -> bool:
    """Whether calls on `x` run now, and are neither recorded nor inferring shapes."""
    if torch.compiler.is_compiling() or is_recording():
        return False
    return type(x) in NATIVE and not x.is_meta


def vectorized_map(function: Callable, elements: Any) -> Any:
    """Map over the first axis."""
    return torch.vmap(function, randomness="different")(elements)
