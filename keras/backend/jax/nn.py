"""Layers' arithmetic in JAX: activations, convolution, pooling, normalization."""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from keras.backend.windows import Window, reach, same_pads, spatial
from keras.core.dtypes import numpy_dtype


def hard_silu(x: Any) -> Any:
    return x * jax.nn.hard_sigmoid(x)


def elu(x: Any, alpha: float = 1.0) -> Any:
    return jax.nn.elu(x, alpha)


def _dimensions(window: Window) -> tuple[str, str, str]:
    """Names of the axes of input, kernel and output."""
    axes = "DHW"[-len(window.size) :]
    data = f"N{axes}C" if window.channels_last else f"NC{axes}"
    return data, f"{axes}IO", data


def conv(inputs: Any, kernel: Any, window: Window, groups: int) -> Any:
    return lax.conv_general_dilated(
        inputs,
        kernel,
        window.strides,
        window.padding.upper(),
        rhs_dilation=window.dilation,
        dimension_numbers=_dimensions(window),
        feature_group_count=groups,
    )


def conv_transpose(inputs: Any, kernel: Any, window: Window, sizes: Any) -> Any:
    """A convolution of the input spread out, with the kernel turned round."""
    axes = tuple(range(len(window.size)))
    dims: Any = spatial(inputs, window.channels_last)
    pads = []
    for n, s, k, (front, size) in zip(dims, window.strides, reach(window), sizes):
        before = k - 1 - front
        pads.append((before, size + k - 2 - (n - 1) * s - before))
    return lax.conv_general_dilated(
        inputs,
        jnp.swapaxes(jnp.flip(kernel, axes), -1, -2),
        (1,) * len(axes),
        pads,
        lhs_dilation=window.strides,
        rhs_dilation=window.dilation,
        dimension_numbers=_dimensions(window),
    )


def _reduce(inputs: Any, window: Window, start: Any, combine: Any) -> Any:
    def around(values: tuple, rim: Any) -> tuple:
        if window.channels_last:
            return (rim, *values, rim)
        return (rim, rim, *values)

    pads = [(0, 0)] * len(window.size)
    if window.padding == "same":
        pads = same_pads(window, spatial(inputs, window.channels_last))  # type: ignore
    return lax.reduce_window(
        inputs,
        start,
        combine,
        around(window.size, 1),
        around(window.strides, 1),
        around(tuple(pads), (0, 0)),
    )


def max_pool(inputs: Any, window: Window) -> Any:
    if jnp.issubdtype(inputs.dtype, jnp.floating):
        least: Any = -jnp.inf
    elif inputs.dtype == jnp.bool_:
        least = False
    else:
        least = jnp.iinfo(inputs.dtype).min
    return _reduce(inputs, window, inputs.dtype.type(least), lax.max)


def average_pool(inputs: Any, window: Window) -> Any:
    zero = inputs.dtype.type(0)
    total = _reduce(inputs, window, zero, lax.add)
    if window.padding == "valid":
        return total / math.prod(window.size)
    one = jnp.ones(
        [1 if i in (0, _channel(window)) else n for i, n in enumerate(inputs.shape)],
        inputs.dtype,
    )
    return total / _reduce(one, window, zero, lax.add)


def _channel(window: Window) -> int:
    return len(window.size) + 1 if window.channels_last else 1


def _wide(x: Any) -> Any:
    return x.astype("float32") if x.dtype in (jnp.float16, jnp.bfloat16) else x


def moments(x: Any, axes: tuple[int, ...], keepdims: bool) -> tuple[Any, Any]:
    wide = _wide(x)
    mean = jnp.mean(wide, axes, keepdims=True)
    variance = jnp.mean(jnp.square(wide - mean), axes, keepdims=keepdims)
    mean = mean if keepdims else jnp.squeeze(mean, axes)
    if wide is x:
        return mean, variance
    limits = jnp.finfo(x.dtype)
    clipped = (jnp.clip(v, limits.min, limits.max) for v in (mean, variance))
    mean, variance = (v.astype(x.dtype) for v in clipped)
    return mean, variance


def batch_normalization(
    x: Any,
    mean: Any,
    variance: Any,
    offset: Any = None,
    scale: Any = None,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Any:
    shape = [1] * x.ndim
    shape[axis] = -1

    def along(value: Any) -> Any:
        return value if value.ndim == x.ndim else jnp.reshape(value, shape)

    factor = lax.rsqrt(along(variance) + epsilon)
    if scale is not None:
        factor = factor * along(scale)
    shift = -along(mean) * factor
    if offset is not None:
        shift = shift + along(offset)
    return x * factor + shift


def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axes: tuple[int, ...] = (),
    epsilon: float = 0.0,
) -> Any:
    shape = tuple(d if a in axes else 1 for a, d in enumerate(x.shape))
    wide = _wide(x)
    mean = jnp.mean(wide, axes, keepdims=True)
    centred = wide - mean
    variance = jnp.mean(jnp.square(centred), axes, keepdims=True)
    out = centred * lax.rsqrt(variance + epsilon)
    if gamma is not None:
        out = out * jnp.reshape(gamma, shape).astype(wide.dtype)
    if beta is not None:
        out = out + jnp.reshape(beta, shape).astype(wide.dtype)
    return out.astype(x.dtype)


def sigmoid_crossentropy(target: Any, logits: Any) -> Any:
    rest = jnp.log1p(jnp.exp(-jnp.abs(logits)))
    return jnp.maximum(logits, 0) - logits * target + rest


def pick(values: Any, classes: Any, axis: int) -> Any:
    hot = jax.nn.one_hot(classes, values.shape[axis], dtype=values.dtype, axis=axis)
    # A class of probability 0 has log -inf, which times 0 is nan.
    return jnp.sum(jnp.where(hot == 1, values, 0), axis)


def one_hot(x: Any, num_classes: int, axis: int, dtype: str) -> Any:
    return jax.nn.one_hot(x, num_classes, dtype=numpy_dtype(dtype), axis=axis)


TABLE: dict = {
    "relu": jax.nn.relu,
    "relu6": jax.nn.relu6,
    "sigmoid": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "softsign": jax.nn.soft_sign,
    "silu": jax.nn.silu,
    "log_sigmoid": jax.nn.log_sigmoid,
    "leaky_relu": lambda x, negative_slope=0.2: jax.nn.leaky_relu(x, negative_slope),
    "hard_sigmoid": jax.nn.hard_sigmoid,
    "hard_silu": hard_silu,
    "hard_tanh": jax.nn.hard_tanh,
    "elu": elu,
    "selu": jax.nn.selu,
    "celu": lambda x, alpha=1.0: jax.nn.celu(x, alpha),
    "gelu": lambda x, approximate=True: jax.nn.gelu(x, approximate),
    "squareplus": lambda x, b=4: jax.nn.squareplus(x, b),
    "sparse_plus": jax.nn.sparse_plus,
    "sparse_sigmoid": jax.nn.sparse_sigmoid,
    "glu": jax.nn.glu,
    "_softmax": lambda x, axis: jax.nn.softmax(x, axis),
    "_log_softmax": lambda x, axis: jax.nn.log_softmax(x, axis),
    "_conv": conv,
    "_conv_transpose": conv_transpose,
    "_max_pool": max_pool,
    "_average_pool": average_pool,
    "_moments": moments,
    "_batch_normalization": batch_normalization,
    "_layer_normalization": layer_normalization,
    "_sigmoid_crossentropy": sigmoid_crossentropy,
    "_pick": pick,
    "_one_hot": one_hot,
}
