"""Blocks, segments, Fourier transforms and special functions in NumPy."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend.no_gradients import missing
from keras.backend.numpy import special
from keras.backend.numpy.numpy import in_float32
from keras.backend.tables import functions_of

_COMBINE: dict[str | None, Any] = {
    "add": np.add,
    "sum": np.add,
    "mul": np.multiply,
    "prod": np.multiply,
    "max": np.maximum,
    "min": np.minimum,
}


def _place(indices: Any) -> tuple[Any, ...]:
    """An index for each axis of indices `(..., k)`."""
    return tuple(np.moveaxis(indices, -1, 0))


def _scatter(indices: Any, values: Any, shape: tuple[int, ...]) -> Any:
    out = np.zeros(shape, values.dtype)
    np.add.at(out, _place(indices), values)
    return out


def _scatter_update(inputs: Any, indices: Any, updates: Any, how: str | None) -> Any:
    out = inputs.copy()
    if how is None:
        out[_place(indices)] = updates
    else:
        _COMBINE[how].at(out, _place(indices), updates)
    return out


def _segment(data: Any, ids: Any, num: int, how: str) -> Any:
    limits = None if data.dtype.kind in "fV" else np.iinfo(data.dtype)
    empty: dict[str, Any] = {
        "sum": 0,
        "prod": 1,
        "max": -np.inf if limits is None else limits.min,
        "min": np.inf if limits is None else limits.max,
    }
    inside = (ids >= 0) & (ids < num)
    out = np.full((num, *data.shape[1:]), empty[how], data.dtype)
    _COMBINE[how].at(out, ids[inside], data[inside])
    return out


def _block(inputs: Any, starts: Any, sizes: tuple[int, ...]) -> tuple[slice, ...]:
    """The slices of a block, moved so that it is inside."""
    places = [
        min(max(int(start), 0), n - size)
        for start, n, size in zip(starts, inputs.shape, sizes)
    ]
    return tuple(slice(p, p + size) for p, size in zip(places, sizes))


def _slice(inputs: Any, starts: Any, sizes: tuple[int, ...]) -> Any:
    return inputs[_block(inputs, starts, sizes)]


def _slice_update(inputs: Any, starts: Any, updates: Any) -> Any:
    out = inputs.copy()
    out[_block(inputs, starts, updates.shape)] = updates
    return out


def _top_k(x: Any, k: int, sorted: bool, is_stable: bool) -> tuple[Any, Any]:
    # Sorted from the end, so that of equal elements the first comes first.
    rising = np.argsort(x[..., ::-1], axis=-1, kind="stable")
    places = x.shape[-1] - 1 - rising[..., ::-1][..., :k]
    return np.take_along_axis(x, places, -1), places.astype("int32")


def _extract_sequences(x: Any, length: int, stride: int) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(x, length, -1, subok=True)
    return windows[..., ::stride, :]


def _complex(real: Any, imaginary: Any) -> Any:
    out = np.empty(real.shape, np.result_type(real.dtype, np.complex64))
    out.real, out.imag = real, imaginary
    return out


def _over_last(fn: Callable) -> Callable:
    """A Fourier transform over the last one or two axes."""
    return lambda z, axes: fn(z, axes=tuple(range(-axes, 0)))


@in_float32
def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))), without overflow."""
    axis = tuple(axis) if isinstance(axis, list) else axis
    largest = np.max(x, axis=axis, keepdims=True, initial=-np.inf)
    # Where all are infinite, the difference would be nan.
    offset = np.where(np.isfinite(largest), largest, np.zeros((), x.dtype))
    total = np.sum(np.exp(x - offset), axis=axis, keepdims=True)
    out = np.log(total) + offset
    return out if keepdims else np.squeeze(out, axis)


def _jvp(fun: Any, primals: Any, tangents: Any, has_aux: bool) -> Any:
    raise NotImplementedError(missing("numpy"))


TABLE: dict[str, Callable] = {
    **functions_of(special, "erf erfc erfinv gammainc gammaincc"),
    **functions_of(
        sys.modules[__name__],
        """
        _complex _extract_sequences _jvp _scatter _scatter_update _segment _slice
        _slice_update _top_k logsumexp
        """,
    ),
    "_fft": _over_last(np.fft.fftn),
    "_ifft": _over_last(np.fft.ifftn),
    "_irfft": lambda z, n: np.fft.irfft(z, n),
    "_rfft": lambda x, n: np.fft.rfft(x, n),
    "rsqrt": lambda x: 1 / np.sqrt(x),
}
