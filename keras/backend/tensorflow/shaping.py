"""The shape of tensors in TensorFlow.

Sizes may be unknown while a function is traced: `sizes` gives them as numbers where
they are known, as scalar tensors where they are not.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras.backend.tensorflow.tensor import shape_of


def sizes(x: Any) -> list[Any]:
    """`shape_of` as a list."""
    return list(shape_of(x))


def as_row(x: Any, axis: Any) -> tuple[Any, int]:
    return (tf.reshape(x, (-1,)), 0) if axis is None else (x, axis)


def reshape(x: Any, newshape: Any) -> Any:
    if isinstance(newshape, int):
        newshape = (newshape,)
    elif isinstance(newshape, (list, tuple)):
        newshape = [-1 if n is None else n for n in newshape]
    return tf.reshape(x, newshape)


def transpose(x: Any, axes: Any = None) -> Any:
    if axes is not None:
        axes = [a % x.shape.rank for a in axes]
    return tf.transpose(x, axes)


def expand_dims(x: Any, axis: Any) -> Any:
    if isinstance(axis, int):
        return tf.expand_dims(x, axis)
    rank = x.shape.rank + len(axis)
    for a in sorted(a % rank for a in axis):
        x = tf.expand_dims(x, a)
    return x


def squeeze(x: Any, axis: Any = None) -> Any:
    if axis is not None:
        axes = [axis] if isinstance(axis, int) else list(axis)
        if any(x.shape[a] not in (1, None) for a in axes):
            raise ValueError(
                f"squeeze: axes {axes} of shape {x.shape} are not of size 1."
            )
        return tf.squeeze(x, axes)
    return tf.squeeze(x, [i for i, n in enumerate(x.shape) if n == 1])


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    order = list(range(x.shape.rank))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return tf.transpose(x, order)


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    rank = x.shape.rank
    source = [a % rank for a in ([source] if isinstance(source, int) else source)]
    target = [destination] if isinstance(destination, int) else destination
    order = [i for i in range(rank) if i not in source]
    for place, axis in sorted((t % rank, s) for t, s in zip(target, source)):
        order.insert(place, axis)
    return x if order == list(range(rank)) else tf.transpose(x, order)


def broadcast_to(x: Any, shape: Any) -> Any:
    return tf.broadcast_to(x, (shape,) if isinstance(shape, int) else shape)


def concatenate(xs: Any, axis: int = 0) -> Any:
    return tf.concat(xs, axis)


def split(x: Any, pieces: Any, axis: int) -> Any:
    equal = all(isinstance(n, int) and n == pieces[0] for n in pieces)
    return tf.split(x, len(pieces) if equal else pieces, axis)


def tile(x: Any, repeats: Any) -> Any:
    repeats = [repeats] if isinstance(repeats, int) else list(repeats)
    repeats = [1] * (x.shape.rank - len(repeats)) + repeats
    full = sizes(x)
    full = [1] * (len(repeats) - len(full)) + full
    return tf.tile(tf.reshape(x, full), repeats)


def repeat(x: Any, repeats: Any, axis: Any) -> Any:
    if x.dtype in (tf.uint16, tf.uint32):  # TensorFlow cannot tile them
        whole = tf.int32 if x.dtype == tf.uint16 else tf.int64
        return tf.cast(repeat(tf.cast(x, whole), repeats, axis), x.dtype)
    out = tf.repeat(x, repeats, axis)
    if not isinstance(repeats, int) and axis is not None:
        static = x.shape.as_list()
        static[axis] = sum(repeats)
        out = tf.ensure_shape(out, static)
    return out


def pad(x: Any, width: Any, mode: str, value: Any) -> Any:
    if mode == "constant":
        return tf.pad(x, width, constant_values=tf.cast(value, x.dtype))
    return tf.pad(x, width, mode.upper())


def flip(x: Any, axis: Any = None) -> Any:
    if axis is None:
        axis = range(x.shape.rank)
    return tf.reverse(x, [axis] if isinstance(axis, int) else list(axis))


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    if axis is None:
        return tf.reshape(tf.roll(tf.reshape(x, (-1,)), shift, 0), sizes(x))
    if isinstance(axis, (list, tuple)) and isinstance(shift, int):
        shift = [shift] * len(axis)
    return tf.roll(x, shift, axis)


def view(x: Any, dtype: str) -> Any:
    wanted = tf.as_dtype(dtype)
    if wanted.size <= x.dtype.size:
        out = tf.bitcast(x, wanted)
        if wanted.size == x.dtype.size:
            return out
        *ahead, last, parts = sizes(out)
        return tf.reshape(out, [*ahead, last * parts])
    *ahead, last = sizes(x)
    parts = wanted.size // x.dtype.size
    return tf.bitcast(tf.reshape(x, [*ahead, last // parts, parts]), wanted)
