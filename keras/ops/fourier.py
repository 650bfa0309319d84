"""Fourier transforms; a complex tensor is a pair (real, imaginary)."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.core.config import limits
from keras.core.errors import check_choice, check_positive_int, shape_error
from keras.core.op import Tensor, Tensors, kernel, op
from keras.ops import numpy as knp
from keras.ops.core import cast, convert_to_tensor, dtype, shape
from keras.ops.patches import overlap_add

Pair = tuple[Any, Any]


_complex = kernel("_complex")  # (real, imaginary)
_fft = kernel("_fft")  # (z, axes), over the last one or two axes
_ifft = kernel("_ifft")
_rfft = kernel("_rfft")  # (x, n), along the last axis, cut or filled with zeros to n
_irfft = kernel("_irfft")  # (z, n)
_extract_sequences = kernel("_extract_sequences")  # (x, length, stride)


def _pair(who: str, x: Any, rank: int) -> Pair:
    if not isinstance(x, (list, tuple)) or len(x) != 2:
        raise ValueError(
            f"{who}: `x` must be a pair (real, imaginary); received {x!r}."
        )
    real, imag = (_wide(part) for part in x)
    if tuple(real.shape) != tuple(imag.shape) or len(real.shape) < rank:
        raise shape_error(
            f"{who}: both parts need the same shape, of rank {rank} or more", real, imag
        )
    return real, imag


def _parts(z: Any) -> Pair:
    return knp.real(z), knp.imag(z)


def _wide(x: Any) -> Any:
    return x if dtype(x) in ("float32", "float64") else cast(x, "float32")


@op(cast="float")
def fft(x: Tensors) -> Pair:
    """The discrete Fourier transform along the last axis, of and as pairs."""
    return _parts(_fft(_complex(*_pair("fft", x, 1)), 1))


@op(cast="float")
def fft2(x: Tensors) -> Pair:
    """The discrete Fourier transform along the last two axes; see `fft`."""
    return _parts(_fft(_complex(*_pair("fft2", x, 2)), 2))


@op(cast="float")
def ifft2(x: Tensors) -> Pair:
    """The inverse of `fft2`."""
    return _parts(_ifft(_complex(*_pair("ifft2", x, 2)), 2))


@op(cast="float")
def rfft(x: Tensor, fft_length: int | None = None) -> Pair:
    """The Fourier transform of real values along the last axis.

    They are cut, or filled with zeros, to `fft_length` first. The result is the pair of
    the frequencies from 0 up: `length // 2 + 1` of them.
    """
    return _parts(_rfft(_wide(x), fft_length))


@op(cast="float")
def irfft(x: Tensors, fft_length: int | None = None) -> Tensor:
    """The `fft_length` real values whose `rfft` is the pair `x`.

    By default there are `2 * (frequencies - 1)`.
    """
    return _irfft(_complex(*_pair("irfft", x, 1)), fft_length)


@op
def extract_sequences(x: Tensor, sequence_length: int, sequence_stride: int) -> Tensor:
    """Windows along the last axis, one every `sequence_stride` places.

    Shape `(..., n)` becomes `(..., (n - length) // stride + 1, length)`.
    """
    who = "extract_sequences"
    check_positive_int(sequence_length, "sequence_length", who)
    check_positive_int(sequence_stride, "sequence_stride", who)
    n = x.shape[-1] if len(x.shape) else 0
    if n is not None and n < sequence_length:
        raise ValueError(
            f"{who}: windows of {sequence_length} do not fit in the last axis of shape "
            f"{tuple(x.shape)}."
        )
    return _extract_sequences(x, sequence_length, sequence_stride)


def _frame_window(
    who: str, window: Any, length: int, fft_length: int, kind: str
) -> Any:
    """The window as a tensor, in the middle of the transform's length."""
    if length > fft_length:
        raise ValueError(
            f"{who}: `sequence_length` must not be more than `fft_length`; received "
            f"{length} and {fft_length}."
        )
    limits.charge((fft_length,), 8, who)
    if window is None:
        return convert_to_tensor(np.ones(fft_length), kind)
    if isinstance(window, str):
        check_choice(window, ("hann", "hamming"), "window", who)
        offset = 0.5 if window == "hann" else 0.54
        window = offset - (1 - offset) * np.cos(2 * np.pi * np.arange(length) / length)
    window = convert_to_tensor(window, kind)
    if tuple(window.shape) != (length,):
        raise shape_error(
            f"{who}: `window` must have shape ({length},), the sequence length", window
        )
    before = (fft_length - length) // 2
    return knp.pad(window, ((before, fft_length - length - before),))


@op(cast="float")
def stft(
    x: Tensor,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> Pair:
    """The short-time Fourier transform: `rfft` of windows along the last axis.

    Args:
        x: `(..., n)`, real.
        sequence_length: the size of a window.
        sequence_stride: from one window to the next.
        fft_length: of the transform, at least the window's.
        window: "hann", "hamming", a tensor of the window's size, or None: the frames
            as they are.
        center: mirror half a transform at both ends, so that windows are centred.

    Returns:
        `(real, imaginary)`, each `(..., windows, fft_length // 2 + 1)`.
    """
    x = _wide(x)
    shaped = _frame_window("stft", window, sequence_length, fft_length, dtype(x))
    if center:
        half = fft_length // 2
        x = knp.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(half, half)], mode="reflect")
    frames = extract_sequences(x, fft_length, sequence_stride)
    if window is not None:
        frames = frames * shaped
    return _parts(_rfft(frames, fft_length))


@op(cast="float")
def istft(
    x: Tensors,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> Tensor:
    """The signal `(..., n)` whose `stft` is the pair `x`, by overlap and add.

    Griffin & Lim, 1984: each frame is weighted by the window again, and the sum divided
    by the sum of the squared windows. The signal is cut or filled to `length`; the
    other arguments are those of `stft`.
    """
    pair = _pair("istft", x, 2)
    kind = dtype(pair[0])
    shaped = _frame_window("istft", window, sequence_length, fft_length, kind)
    frames = _irfft(_complex(*pair), fft_length) * shaped
    weights = knp.broadcast_to(knp.square(shaped), shape(frames)[-2:])
    signal = overlap_add(frames, sequence_stride)
    total = overlap_add(weights, sequence_stride)
    signal = knp.where(total > 1e-11, signal / knp.maximum(total, 1e-11), signal)
    half = fft_length // 2 if center else 0
    size = signal.shape[-1]
    end = half + length if length is not None else size - half
    around = [(0, 0)] * (len(signal.shape) - 1) + [(0, max(end - size, 0))]
    return knp.pad(signal, around)[..., half:end]
