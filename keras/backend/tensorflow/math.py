"""Indexing, segments, Fourier transforms and special functions in TensorFlow."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


def shape(x: Any) -> tuple[Any, ...]:
    """Sizes as ints where they are known, else as scalar tensors."""
    static = x.shape.as_list()
    if None not in static:
        return tuple(static)
    dynamic = tf.shape(x)
    return tuple(dynamic[i] if n is None else n for i, n in enumerate(static))


def _start(x: Any, starts: Any, sizes: Any) -> Any:
    """A start that is in a tensor, moved so that the block lies inside."""
    if isinstance(starts, tuple):
        return tf.constant(starts, "int32")
    return tf.clip_by_value(starts, 0, tf.shape(x) - tf.stack(sizes))


def slice(inputs: Any, starts: Any, sizes: tuple[int, ...]) -> Any:
    return tf.slice(inputs, _start(inputs, starts, sizes), sizes)


def slice_update(inputs: Any, starts: Any, updates: Any) -> Any:
    sizes = shape(updates)
    start = _start(inputs, starts, sizes)
    ones = [1] * len(sizes)
    if inputs.dtype == tf.bool:
        out = slice_update(tf.cast(inputs, "uint8"), starts, tf.cast(updates, "uint8"))
        return tf.cast(out, "bool")
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


def scatter(indices: Any, values: Any, shape: tuple[int, ...]) -> Any:
    indices = _inside(indices, tf.constant(shape[: indices.shape[-1]], "int32"))
    return tf.scatter_nd(indices, values, tf.constant(shape, indices.dtype))


def scatter_update(inputs: Any, indices: Any, updates: Any, how: str | None) -> Any:
    lead = indices.shape[-1]
    indices = _inside(indices, tf.shape(inputs)[:lead])
    if how == "mul":
        # The indexed axes as one: rows are multiplied by number.
        dims = shape(inputs)
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


def segment(data: Any, ids: Any, num: int, how: str) -> Any:
    # Ids below 0 are left out; above, they are an error on the CPU.
    ids = tf.where(ids < num, ids, -1)
    out = getattr(tf.math, f"unsorted_segment_{how}")(data, ids, num)
    if how in ("max", "min") and data.dtype.is_floating:
        empty = data.dtype.min if how == "max" else data.dtype.max
        worst = tf.constant(float("-inf" if how == "max" else "inf"), data.dtype)
        out = tf.where(out == empty, worst, out)
    return out


def top_k(x: Any, k: int, sorted: bool) -> tuple[Any, Any]:
    if x.dtype == tf.bool:
        values, indices = top_k(tf.cast(x, "uint8"), k, sorted)
        return tf.cast(values, "bool"), indices
    return tuple(tf.math.top_k(x, k, sorted=sorted))


def fft(real: Any, imag: Any, axes: int) -> tuple[Any, Any]:
    z = (tf.signal.fft if axes == 1 else tf.signal.fft2d)(tf.complex(real, imag))
    return tf.math.real(z), tf.math.imag(z)


def ifft(real: Any, imag: Any, axes: int) -> tuple[Any, Any]:
    z = (tf.signal.ifft if axes == 1 else tf.signal.ifft2d)(tf.complex(real, imag))
    return tf.math.real(z), tf.math.imag(z)


def rfft(x: Any, n: int | None) -> tuple[Any, Any]:
    z = tf.signal.rfft(x, None if n is None else [n])
    return tf.math.real(z), tf.math.imag(z)


def irfft(real: Any, imag: Any, n: int | None) -> Any:
    return tf.signal.irfft(tf.complex(real, imag), None if n is None else [n])


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return tf.reduce_logsumexp(x, axis, keepdims)


def jvp(fun: Any, primals: tuple, tangents: tuple, has_aux: bool) -> Any:
    with tf.autodiff.ForwardAccumulator(list(primals), list(tangents)) as accumulator:
        out = fun(*primals)
        value, aux = out if has_aux else (out, None)
    zero = tf.UnconnectedGradients.ZERO
    slope = tf.nest.map_structure(lambda t: accumulator.jvp(t, zero), value)
    return (value, slope, aux) if has_aux else (value, slope)


def view_as_real(x: Any) -> Any:
    return tf.stack([tf.math.real(x), tf.math.imag(x)], -1)


def erfinv(x: Any) -> Any:
    if x.dtype in (tf.float16, tf.bfloat16):  # no kernel on the CPU
        return tf.cast(tf.math.erfinv(tf.cast(x, "float32")), x.dtype)
    return tf.math.erfinv(x)


TABLE: dict = {
    "shape": shape,
    "_unstack": lambda x, axis: tf.unstack(x, axis=axis),
    "_slice": slice,
    "_slice_update": slice_update,
    "_scatter": scatter,
    "_scatter_update": scatter_update,
    "_segment": segment,
    "_top_k": top_k,
    "_extract_sequences": lambda x, length, stride: tf.signal.frame(x, length, stride),
    "_fft": fft,
    "_ifft": ifft,
    "_rfft": rfft,
    "_irfft": irfft,
    "_jvp": jvp,
    "view_as_real": view_as_real,
    "_view_as_complex": lambda x: tf.complex(x[..., 0], x[..., 1]),
    "erf": tf.math.erf,
    "erfc": tf.math.erfc,
    "erfinv": erfinv,
    "rsqrt": tf.math.rsqrt,
    "logsumexp": logsumexp,
}
