"""Layers' arithmetic in NumPy: activations, convolution, pooling."""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend.numpy import special
from keras.backend.numpy.numpy import in_float32
from keras.backend.tables import functions_of
from keras.backend.windows import Pads, Window, reach, same_pads

# --- activations ------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + np.exp(-x))


def softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow."""
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def elu(x: Any, alpha: float = 1.0) -> Any:
    """The elements that are positive, else alpha * (exp(x) - 1)."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def selu(x: Any) -> Any:
    """`elu` with the constants of Klambauer et al., 2017."""
    return 1.0507009873554805 * elu(x, 1.6732632423543772)


def celu(x: Any, alpha: float = 1.0) -> Any:
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0)."""
    return np.maximum(x, 0) + alpha * np.expm1(np.minimum(x, 0) / alpha)


def gelu(x: Any, approximate: bool = True) -> Any:
    """x * P(X <= x) for a standard normal X."""
    if approximate:
        inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x)
        return 0.5 * x * (1 + np.tanh(inner))
    return 0.5 * x * (1 + special.erf(x * math.sqrt(0.5)))


def hard_sigmoid(x: Any) -> Any:
    """relu6(x + 3) / 6."""
    return relu6(x + 3) / 6


def hard_tanh(x: Any) -> Any:
    """The elements, clipped to [-1, 1]."""
    return np.minimum(x if x.dtype.kind == "u" else np.maximum(x, -1), 1)


def relu6(x: Any) -> Any:
    """min(max(x, 0), 6)."""
    return np.minimum(np.maximum(x, 0), 6)


@in_float32
def _softmax(x: Any, axis: int) -> Any:
    out = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return np.divide(out, np.sum(out, axis=axis, keepdims=True), out=out)


@in_float32
def _log_softmax(x: Any, axis: int) -> Any:
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def _pick(values: Any, classes: Any, axis: int) -> Any:
    places = np.expand_dims(classes, axis)
    return np.squeeze(np.take_along_axis(values, places, axis), axis)


# --- windows ----------------------------------------------------------------------


def _last(x: Any, window: Window) -> Any:
    """Channels last; a view."""
    return x if window.channels_last else np.moveaxis(x, 1, -1)


def _back(x: Any, window: Window) -> Any:
    return x if window.channels_last else np.moveaxis(x, -1, 1)


def _pads(x: Any, window: Window) -> Pads:
    """What is added around the spatial axes of `x`, channels last."""
    if window.padding == "valid":
        return ((0, 0),) * len(window.size)
    return same_pads(window, x.shape[1:-1])


def _padded(x: Any, pads: Pads, value: Any = 0) -> Any:
    """`x` with a rim around its spatial axes."""
    if not any(map(any, pads)):
        return x
    sizes = [low + n + high for n, (low, high) in zip(x.shape[1:-1], pads)]
    out = np.full((x.shape[0], *sizes, x.shape[-1]), value, x.dtype)
    inner = [slice(low, low + n) for n, (low, _) in zip(x.shape[1:-1], pads)]
    out[(slice(None), *inner)] = x
    return out


def _places(x: Any, window: Window) -> tuple[int, ...]:
    """How many places the window takes along each spatial axis."""
    return tuple(
        (n - k) // s + 1
        for n, k, s in zip(x.shape[1:-1], reach(window), window.strides)
    )


# --- convolution ------------------------------------------------------------------

# Rows of windows are laid out for one product at a time; more would leave the cache.
_CHUNK = 1 << 21


@in_float32
def _conv(
    inputs: Any, kernel: Any, window: Window, groups: int, bias: Any = None
) -> Any:
    x = _last(inputs, window)
    x = _padded(x, _pads(x, window))
    if groups == 1:
        out = _by_product(x, kernel, window)
    elif kernel.shape[-2] == 1:
        out = _by_channel(x, kernel, window)
    else:
        pairs = zip(np.split(x, groups, -1), np.split(kernel, groups, -1))
        parts = [_by_product(part, weights, window) for part, weights in pairs]
        out = np.concatenate(parts, -1)

    if bias is not None:
        out += bias
    return _back(out, window)


def _by_product(x: Any, kernel: Any, window: Window) -> Any:
    """A convolution as a product: a row for each place, a column for each filter."""
    places, filters = _places(x, window), kernel.shape[-1]
    if math.prod(window.size) == 1:
        steps = [slice(None, None, s) for s in window.strides]
        x = x[(slice(None), *steps)]
        rows = np.reshape(x, (-1, x.shape[-1]))
        return (rows @ kernel.reshape(-1, filters)).reshape(*x.shape[:-1], filters)

    windows = _windows(x, window, places)
    weights = np.reshape(kernel, (-1, filters))
    out = np.empty((len(x), *places, filters), np.result_type(x, kernel))
    each = math.prod(places) * len(weights)
    step = max(1, _CHUNK // max(each, 1))
    for i in range(0, len(x), step):
        rows = windows[i : i + step].reshape(-1, len(weights))
        np.matmul(rows, weights, out=out[i : i + step].reshape(-1, filters))
    return out


def _windows(x: Any, window: Window, places: tuple[int, ...]) -> Any:
    """A view of all windows: `(batch, *places, *size, channels)`."""
    outer = [n * s for n, s in zip(x.strides[1:-1], window.strides)]
    inner = [n * d for n, d in zip(x.strides[1:-1], window.dilation)]
    return np.lib.stride_tricks.as_strided(
        np.asarray(x),
        (len(x), *places, *window.size, x.shape[-1]),
        (x.strides[0], *outer, *inner, x.strides[-1]),
        writeable=False,
    )


def _by_channel(x: Any, kernel: Any, window: Window) -> Any:
    """A depthwise convolution: the window's places are added up one after another."""
    places, channels = _places(x, window), x.shape[-1]
    weights = np.reshape(kernel, (*window.size, channels, -1))
    many = weights.shape[-1] > 1
    out = None
    for at in itertools.product(*map(range, window.size)):
        part = x[_place(at, window, places)]
        if many:
            part = part[..., None] * weights[at]
        else:
            part = part * weights[at][:, 0]
        out = part if out is None else np.add(out, part, out=out)
    return np.reshape(out, (len(x), *places, -1))  # type: ignore[arg-type]


def _place(at: tuple[int, ...], window: Window, places: tuple[int, ...]) -> tuple:
    """The index of what all windows have at one of their places."""
    index = [slice(None)]
    for i, n, s, d in zip(at, places, window.strides, window.dilation):
        index.append(slice(i * d, i * d + (n - 1) * s + 1, s))
    return tuple(index)


@in_float32
def _conv_transpose(inputs: Any, kernel: Any, window: Window, sizes: Any) -> Any:
    x = _last(inputs, window)
    *dims, channels = x.shape[1:]
    filters = kernel.shape[-2]
    full = [
        max((n - 1) * s + k, front + size)
        for n, s, k, (front, size) in zip(dims, window.strides, reach(window), sizes)
    ]
    out = np.zeros((len(x), *full, filters), np.result_type(x, kernel))

    # Each element of the input is spread over a window of the output.
    rows = np.reshape(x, (-1, channels))
    for at in itertools.product(*map(range, window.size)):
        part = (rows @ kernel[at].T).reshape(len(x), *dims, filters)
        out[_place(at, window, tuple(dims))] += part

    kept = [slice(front, front + size) for front, size in sizes]
    return _back(out[(slice(None), *kept)], window)


# --- pooling ----------------------------------------------------------------------


def _pooled(x: Any, window: Window, combine: Any) -> Any:
    """All elements of each window combined, one spatial axis after the other."""
    for axis, (k, s) in enumerate(zip(window.size, window.strides), 1):
        count = (x.shape[axis] - k) // s + 1
        out = None
        for i in range(k):
            index = (slice(None),) * axis + (slice(i, i + (count - 1) * s + 1, s),)
            part = x[index]
            out = part.copy() if out is None else combine(out, part, out=out)
        x = out
    return x


def _max_pool(inputs: Any, window: Window) -> Any:
    x = _last(inputs, window)
    if x.dtype.kind in "fV":
        least: Any = -np.inf
    elif x.dtype == bool:
        least = False
    else:
        least = np.iinfo(x.dtype).min
    return _back(
        _pooled(_padded(x, _pads(x, window), least), window, np.maximum), window
    )


@in_float32
def _average_pool(inputs: Any, window: Window) -> Any:
    x = _last(inputs, window)
    pads = _pads(x, window)
    out = _pooled(_padded(x, pads), window, np.add)
    if not any(map(any, pads)):
        return _back(out / math.prod(window.size), window)

    # How many elements of the input each window has, axis by axis.
    spatial = zip(x.shape[1:-1], pads, window.size, window.strides, out.shape[1:-1])
    for axis, (n, (low, _), k, s, count) in enumerate(spatial, 1):
        first = np.arange(count) * s - low
        found = np.minimum(first + k, n) - np.maximum(first, 0)
        out = out / found.reshape(-1, *[1] * (out.ndim - axis - 1)).astype(x.dtype)
    return _back(out, window)


TABLE: dict[str, Callable] = {
    **functions_of(
        sys.modules[__name__],
        """
        _average_pool _conv _conv_transpose _log_softmax _max_pool _pick _softmax
        celu elu gelu hard_sigmoid relu6 selu sigmoid softplus
        """,
    ),
    "_conv_and_bias": _conv,
    "hard_silu": lambda x: x * hard_sigmoid(x),
    "hard_tanh": hard_tanh,
    "leaky_relu": lambda x, negative_slope=0.2: np.where(x > 0, x, x * negative_slope),
    "log_sigmoid": lambda x: -softplus(-x),
    "relu": lambda x: np.maximum(x, 0),
    "silu": lambda x: x * sigmoid(x),
    "softsign": lambda x: x / (1 + np.abs(x)),
}
