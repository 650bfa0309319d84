"""Loops and branches on TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras.core import tree
from keras.core.variable import MetaFrame, frame


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """Run one of two functions."""
    return tf.cond(pred, true_fn, false_fn)


def while_loop(
    cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None
) -> Any:
    """Repeat `body` while `cond` holds."""
    single = not isinstance(loop_vars, (list, tuple))
    state = (loop_vars,) if single else tuple(loop_vars)

    def step(*values: Any) -> Any:
        new = body(*values)
        return (new,) if single else tuple(new)

    out = tf.while_loop(cond, step, state, maximum_iterations=maximum_iterations)
    return out[0] if single else type(loop_vars)(out)


def scan(
    f: Callable, init: Any, xs: Any, length: int | None, reverse: bool, unroll: Any
) -> Any:
    """`carry, y = f(carry, x)` along the first axis."""
    leaves, treedef = ([], None) if xs is None else tree.flatten_with_def(xs)
    static = leaves[0].shape[0] if leaves else length
    steps = tf.shape(leaves[0])[0] if leaves and static is None else static

    def one(i: Any, carry: Any, rows: Any = None) -> Any:
        x = None
        if rows is not None:
            x = tree.unflatten(treedef, [row.read(i) for row in rows])
        elif leaves:
            x = tree.unflatten(treedef, [leaf[i] for leaf in leaves])
        return f(carry, x)

    if steps == 0:  # one step that is not taken tells what it would give
        zeros = [tf.zeros(leaf.shape[1:], leaf.dtype) for leaf in leaves]
        with frame(MetaFrame, lambda value: value):
            _, y = f(init, tree.unflatten(treedef, zeros) if leaves else None)
        return init, y if y is None else tree.map_structure(
            lambda t: tf.zeros([0, *t.shape], t.dtype), y
        )
    if isinstance(steps, int) and (unroll is True or tf.executing_eagerly()):
        carry, outs = init, []
        for i in reversed(range(steps)) if reverse else range(steps):
            carry, y = one(i, carry)
            outs.append(y)
        if reverse:
            outs.reverse()
        if not outs or outs[0] is None:
            return carry, None
        return carry, tree.map_structure(lambda *ys: tf.stack(ys), *outs)
    return _graph_scan(one, init, steps, reverse, leaves)


def _graph_scan(
    one: Callable, init: Any, steps: Any, reverse: bool, leaves: list[Any]
) -> Any:
    # The gradient of reading a row is a write of a row, that of slicing a whole tensor.
    rows = [
        tf.TensorArray(t.dtype, size=steps, element_shape=t.shape[1:]).unstack(t)
        for t in leaves
    ] or None
    probe = tf.__internal__.FuncGraph("keras_scan")
    with probe.as_default():
        _, y = one(0, init)
    y_leaves, y_def = tree.flatten_with_def(y)
    if y is None:
        y_leaves = []
    arrays = [
        tf.TensorArray(t.dtype, size=steps, element_shape=t.shape) for t in y_leaves
    ]

    def step(count: Any, carry: Any, arrays: Any) -> Any:
        i = steps - 1 - count if reverse else count
        carry, y = one(i, carry, rows)
        carry = tree.map_structure(lambda t: tf.convert_to_tensor(t), carry)
        for new, old in zip(tree.flatten(carry), tree.flatten(init)):
            new.set_shape(old.shape)  # a size that one of them does not know
        flat = [] if y is None else tree.flatten(y)
        return count + 1, carry, [a.write(i, t) for a, t in zip(arrays, flat)]

    _, carry, arrays = tf.while_loop(
        lambda count, *_: count < steps,
        step,
        (0, init, arrays),
        maximum_iterations=steps,  # XLA sizes what the gradient keeps of each step
    )
    ys = tree.unflatten(y_def, [a.stack() for a in arrays]) if y_leaves else None
    return carry, ys


def runs_eagerly(x: Any) -> bool:
    """Whether ops on `x` run one by one, outside every graph."""
    return tf.executing_eagerly()


def vectorized_map(function: Callable, elements: Any) -> Any:
    """Map over the first axis."""
    return tf.vectorized_map(function, elements)
