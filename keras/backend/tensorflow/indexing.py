"""Elements by their place in TensorFlow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from keras.backend.tensorflow.shaping import as_row, moveaxis, sizes
from keras.backend.tensorflow.tensor import convert_to_tensor


def get_item(x: Any, key: Any) -> Any:
    key = list(key) if isinstance(key, tuple) else [key]
    arrays = [i for i, k in enumerate(key) if _is_array(k)]
    if not arrays:
        return x[tuple(key)]
    return _pick(x, key, arrays)


def _is_array(k: Any) -> bool:
    if k is None or k is Ellipsis or isinstance(k, (int, slice)):
        return False
    return not (
        hasattr(k, "shape")
        and not len(k.shape)
        and convert_to_tensor(k).dtype.is_integer
    )


def _pick(x: Any, key: list, arrays: list[int]) -> Any:
    """Indexing with arrays: the slices first, then the arrays by one gather."""
    key, x = _explicit(x, key)
    basic = [slice(None) if _is_array(k) else k for k in key]
    together = [
        i for i, k in enumerate(key) if not isinstance(k, slice) and k is not None
    ]
    apart = together != list(range(together[0], together[-1] + 1))

    # Numbers beside arrays are arrays too: they broadcast with them.
    picks = {i: convert_to_tensor(key[i]) for i in together}
    basic = [slice(None) if i in picks else k for i, k in enumerate(key)]
    x = x[tuple(basic)]

    # Each index counts from the front, and all have the shape to which they broadcast.
    places = list(picks)
    full = sizes(x)
    index = [_forward(pick, full[i]) for i, pick in picks.items()]
    shape = index[0]
    for other in index[1:]:
        shape = shape + other * 0
    index = tf.stack([i + shape * 0 for i in index], -1)

    rest = [i for i in range(x.shape.rank) if i not in picks]
    out = tf.gather_nd(tf.transpose(x, places + rest), index)

    ahead = 0 if apart else places[0]
    rank = shape.shape.rank
    # The picked axes come first; they belong where the first array was.
    order = list(range(rank, rank + ahead)) + list(range(rank))
    order += list(range(rank + ahead, out.shape.rank))
    return tf.transpose(out, order)


def _explicit(x: Any, key: list) -> tuple[list, Any]:
    """The key with one entry for each axis, boolean arrays as places."""
    out: list[Any] = []
    used = 0
    for k in key:
        if _is_array(k) and convert_to_tensor(k).dtype == tf.bool:
            used += len(convert_to_tensor(k).shape)
        elif k is not None and k is not Ellipsis:
            used += 1
    for k in [*key] if any(k is Ellipsis for k in key) else [*key, Ellipsis]:
        if k is Ellipsis:
            out += [slice(None)] * (x.shape.rank - used)
        elif _is_array(k) and convert_to_tensor(k).dtype == tf.bool:
            places = tf.where(convert_to_tensor(k))
            out += [tf.cast(p, tf.int32) for p in tf.unstack(places, axis=1)]
        else:
            out.append(k)
    return out, x


def _forward(index: Any, size: Any) -> Any:
    """Places counted from the start, as int32."""
    index = tf.cast(index, tf.int32)
    return tf.where(index < 0, index + size, index)


def take(x: Any, indices: Any, axis: Any = None) -> Any:
    x, axis = as_row(x, axis)
    if not indices.dtype.is_integer:
        raise TypeError(f"take: integers are needed; received {indices.dtype.name}.")
    return tf.gather(x, _forward(indices, sizes(x)[axis]), axis=axis)


def take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    if axis is None:
        x, indices, axis = tf.reshape(x, (-1,)), tf.reshape(indices, (-1,)), 0
    rank = x.shape.rank
    axis %= rank
    indices = _forward(indices, sizes(x)[axis])
    x, indices = moveaxis(x, axis, -1), moveaxis(indices, axis, -1)
    if rank > 1:
        ahead = _broadcast_sizes(sizes(x)[:-1], sizes(indices)[:-1])
        x = tf.broadcast_to(x, [*ahead, sizes(x)[-1]])
        indices = tf.broadcast_to(indices, [*ahead, sizes(indices)[-1]])
    return moveaxis(tf.gather(x, indices, batch_dims=rank - 1, axis=rank - 1), -1, axis)


def _broadcast_sizes(a: list, b: list) -> list:
    out = []
    for m, n in zip(a, b):
        if isinstance(m, int) and m != 1:
            out.append(m)
        elif isinstance(n, int):
            out.append(n if n != 1 else m)
        else:
            out.append(n if isinstance(m, int) else tf.maximum(m, n))
    return out


def nonzero(x: Any) -> Any:
    return tuple(tf.unstack(tf.cast(tf.where(x), tf.int32), x.shape.rank, axis=1))


def where(condition: Any, x1: Any, x2: Any) -> Any:
    if isinstance(x1, (bool, int, float)):
        x1 = tf.constant(x1, x2.dtype)
    elif isinstance(x2, (bool, int, float)):
        x2 = tf.constant(x2, x1.dtype)
    return tf.where(condition, x1, x2)


def diag(x: Any, k: int = 0) -> Any:
    if x.shape.rank == 1:
        return tf.linalg.diag(x, k=k)
    if x.shape.rank != 2:
        raise ValueError(f"diag: `x` has 1 or 2 axes; received shape {x.shape}.")
    return diagonal(x, k)


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    x = moveaxis(x, (axis1, axis2), (-2, -1))
    rows, columns = x.shape[-2:]
    if rows is not None and columns is not None and not -rows < offset < columns:
        return tf.zeros([*sizes(x)[:-2], 0], x.dtype)
    return tf.linalg.diag_part(x, k=offset)


def triangle(lower: bool) -> Callable:
    def cut(x: Any, k: int = 0) -> Any:
        rows, columns = sizes(x)[-2:]
        distance = tf.range(columns)[None, :] - tf.range(rows)[:, None]
        keep = distance <= k if lower else distance >= k
        return tf.where(keep, x, tf.zeros((), x.dtype))

    return cut
