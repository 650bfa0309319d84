"""Layers' arithmetic in JAX: activations, convolution, pooling, normalization."""

from __future__ import annotations

import math
import sys
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from keras.backend.jax import cpu
from keras.backend.tables import functions_of
from keras.backend.windows import Window, reach, same_pads, spatial


def _dimensions(window: Window) -> tuple[str, str, str]:
    """Names of the axes of input, kernel and output."""
    axes = "DHW"[-len(window.size) :]
    data = f"N{axes}C" if window.channels_last else f"NC{axes}"
    return data, f"{axes}IO", data


def _conv(inputs: Any, kernel: Any, window: Window, groups: int) -> Any:
    return lax.conv_general_dilated(
        inputs,
        kernel,
        window.strides,
        window.padding.upper(),
        rhs_dilation=window.dilation,
        dimension_numbers=_dimensions(window),
        feature_group_count=groups,
    )


def _conv_transpose(inputs: Any, kernel: Any, window: Window, sizes: Any) -> Any:
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
    """Combine the elements of each window, starting from `start`."""

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


def _max_pool(inputs: Any, window: Window) -> Any:
    if not cpu.is_tiled(inputs, window):
        return _largest(inputs, window)
    return cpu.with_gradient_of(
        lambda x: _largest(x, window), lambda x: cpu.largest(cpu.tiles(x, window))
    )(inputs)


def _largest(inputs: Any, window: Window) -> Any:
    """The maximum of each window, by XLA's own reduction."""
    if jnp.issubdtype(inputs.dtype, jnp.floating):
        least: Any = -jnp.inf
    elif inputs.dtype == jnp.bool_:
        least = False
    else:
        least = jnp.iinfo(inputs.dtype).min
    return _reduce(inputs, window, inputs.dtype.type(least), lax.max)


def _average_pool(inputs: Any, window: Window) -> Any:
    if cpu.is_tiled(inputs, window):
        parts = cpu.tiles(inputs, window)
        return sum(parts) / len(parts)
    zero = inputs.dtype.type(0)
    total = _reduce(inputs, window, zero, lax.add)
    if window.padding == "valid":
        return total / math.prod(window.size)
    one = inputs[:1, ..., :1] if window.channels_last else inputs[:1, :1]
    one = jnp.ones_like(one)
    return total / _reduce(one, window, zero, lax.add)


def _pick(values: Any, classes: Any, axis: int) -> Any:
    hot = jax.nn.one_hot(classes, values.shape[axis], dtype=values.dtype, axis=axis)
    # A class of probability 0 has log -inf, which times 0 is nan.
    return jnp.sum(jnp.where(hot == 1, values, 0), axis)


TABLE: dict = {
    **functions_of(
        jax.nn,
        """
        _log_softmax=log_softmax _softmax=softmax celu elu gelu hard_sigmoid
        hard_silu hard_tanh log_sigmoid relu relu6 selu sigmoid silu softplus
        softsign=soft_sign sparse_plus sparse_sigmoid squareplus
        """,
    ),
    **functions_of(
        sys.modules[__name__], "_average_pool _conv _conv_transpose _max_pool _pick"
    ),
    "leaky_relu": lambda x, negative_slope=0.2: jax.nn.leaky_relu(x, negative_slope),
}
