"""Blocks, segments, Fourier transforms and special functions in TensorFlow."""

from __future__ import annotations

import sys
from typing import Any

import tensorflow as tf

from keras.backend.tables import functions_of, in_wider
from keras.backend.tensorflow import shaping


def _start(x: Any, starts: Any, sizes: Any) -> Any:
    """A start that is in a tensor, moved so that the block is inside."""
    if isinstance(starts, tuple):
        return tf.constant(starts, "int32")
    return tf.clip_by_value(starts, 0, tf.shape(x) - tf.stack(sizes))


def _slice(inputs: Any, starts: Any, sizes: tuple[int, ...]) -> Any:
    return tf.slice(inputs, _start(inputs, starts, sizes), sizes)


def _slice_update(inputs: Any, starts: Any, updates: Any) -> Any:
    sizes = shaping.sizes(updates)
    start = _start(inputs, starts, sizes)
    ones = [1] * len(sizes)
    out = tf.raw_ops.TensorStridedSliceUpdate(
        input=inputs,
        begin=start,
        end=start + tf.stack(sizes),
        strides=ones,
        value=updates,
    )
    out.set_shape(inputs.shape)
    return out


def _inside(indices: Any, dims: Any) -> Any:
    """Negative indices count from the end."""
    return tf.where(indices < 0, indices + tf.cast(dims, indices.dtype), indices)


def _scatter(indices: Any, values: Any, shape: tuple[int, ...]) -> Any:
    indices = _inside(indices, tf.constant(shape[: indices.shape[-1]], "int32"))
    return tf.scatter_nd(indices, values, tf.constant(shape, indices.dtype))


def _scatter_update(inputs: Any, indices: Any, updates: Any, how: str | None) -> Any:
    lead = indices.shape[-1]
    indices = _inside(indices, tf.shape(inputs)[:lead])
    if how == "mul":
        # The indexed axes as one: rows are multiplied by number.
        dims = shaping.sizes(inputs)
        count, rows = 1, tf.zeros_like(indices[..., 0])
        for axis in range(lead):
            count = count * dims[axis]
            rows = rows * dims[axis] + indices[..., axis]
        values = tf.reshape(updates, (-1, *dims[lead:]))
        factors = tf.math.unsorted_segment_prod(values, tf.reshape(rows, (-1,)), count)
        return inputs * tf.reshape(factors, dims)
    put = {
        None: tf.tensor_scatter_nd_update,
        "add": tf.tensor_scatter_nd_add,
        "max": tf.tensor_scatter_nd_max,
        "min": tf.tensor_scatter_nd_min,
    }
    return put[how](inputs, indices, updates)


def _segment(data: Any, ids: Any, num: int, how: str) -> Any:
    # Ids below 0 are left out; above, they are an error on the CPU.
    ids = tf.where(ids < num, ids, -1)
    out = getattr(tf.math, f"unsorted_segment_{how}")(data, ids, num)
    if how in ("max", "min") and data.dtype.is_floating:
        empty = data.dtype.min if how == "max" else data.dtype.max
        worst = tf.constant(float("-inf" if how == "max" else "inf"), data.dtype)
        out = tf.where(out == empty, worst, out)
    return out


def _jvp(fun: Any, primals: tuple, tangents: tuple, has_aux: bool) -> Any:
    with tf.autodiff.ForwardAccumulator(list(primals), list(tangents)) as accumulator:
        out = fun(*primals)
        value, aux = out if has_aux else (out, None)
    zero = tf.UnconnectedGradients.ZERO
    slope = tf.nest.map_structure(lambda t: accumulator.jvp(t, zero), value)
    return (value, slope, aux) if has_aux else (value, slope)


def _length(n: int | None) -> list[int] | None:
    return None if n is None else [n]


_BOOL = {tf.bool: tf.uint8}
_HALF = dict.fromkeys((tf.float16, tf.bfloat16), tf.float32)

TABLE: dict = {
    **functions_of(
        tf,
        """
        _complex=complex _extract_sequences=signal.frame erf=math.erf erfc=math.erfc
        logsumexp=reduce_logsumexp rsqrt=math.rsqrt
        """,
    ),
    **functions_of(
        sys.modules[__name__], "_jvp _scatter _scatter_update _segment _slice"
    ),
    "_fft": lambda z, axes: (tf.signal.fft if axes == 1 else tf.signal.fft2d)(z),
    "_ifft": lambda z, axes: (tf.signal.ifft if axes == 1 else tf.signal.ifft2d)(z),
    "_irfft": lambda z, n: tf.signal.irfft(z, _length(n)),
    "_rfft": lambda x, n: tf.signal.rfft(x, _length(n)),
    "_slice_update": in_wider(_slice_update, _BOOL, tf.cast),
    "_top_k": in_wider(
        # Of equal elements, the first comes first in any case.
        lambda x, k, sorted, is_stable: tuple(tf.math.top_k(x, k, sorted=sorted)),
        _BOOL,
        tf.cast,
    ),
    "_unstack": lambda x, axis: tf.unstack(x, axis=axis),
    **{
        name: in_wider(fn, _HALF, tf.cast)  # which have no kernel on the CPU
        for name, fn in {
            "erfinv": tf.math.erfinv,
            "gammainc": tf.math.igamma,
            "gammaincc": tf.math.igammac,
        }.items()
    },
}
