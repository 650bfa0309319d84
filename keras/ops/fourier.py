"""Fourier transforms. A complex tensor is a pair (real, imaginary)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from keras.core.config import limits
from keras.core.errors import check_choice, check_positive_int, shape_error
from keras.core.op import Tensor, Tensors, kernel, op
from keras.ops import numpy as knp
from keras.ops.core import cast, convert_to_tensor, dtype, shape
from keras.ops.patches import overlap_add

# A complex tensor: its real and its imaginary part.
Pair: TypeAlias = tuple[Tensor, Tensor]

_complex = kernel("_complex")  # (real, imaginary)
_fft = kernel("_fft")  # (z, axes), over the last one or two axes
_ifft = kernel("_ifft")
_rfft = kernel("_rfft")  # (x, n), along the last axis, cut or filled with zeros to n
_irfft = kernel("_irfft")  # (z, n)
_extract_sequences = kernel("_extract_sequences")  # (x, length, stride)


def _complex_of(who: str, x: Any, rank: int) -> Any:
    """The framework's complex tensor for a pair of at least that rank."""
    if not isinstance(x, (list, tuple)) or len(x) != 2:
        raise ValueError(
            f"{who}: `x` must be a pair (real, imaginary); received {x!r}."
        )

    real = _wide(x[0])
    imaginary = _wide(x[1])
    if tuple(real.shape) != tuple(imaginary.shape) or len(real.shape) < rank:
        raise shape_error(
            f"{who}: real and imaginary part must have the same shape, of rank {rank} "
            "or more",
            real,
            imaginary,
        )
    return _complex(real, imaginary)


def _parts(z: Any) -> Pair:
    return knp.real(z), knp.imag(z)


def _wide(x: Any) -> Any:
    """`x` in a type that has a complex type beside it."""
    return x if dtype(x) in ("float32", "float64") else cast(x, "float32")


@op(cast="float")
def fft(x: Tensors) -> Pair:
    """Discrete Fourier transform along the last axis.

    Args:
        x: a pair (real, imaginary) of tensors of one shape.

    Returns:
        A pair of tensors of that shape.

    Example:
        >>> keras.ops.fft(([1.0, 0.0], [0.0, 0.0]))
        (array([1., 1.]), array([0., 0.]))
    """
    return _parts(_fft(_complex_of("fft", x, 1), 1))


@op(cast="float")
def fft2(x: Tensors) -> Pair:
    """Discrete Fourier transform along the last two axes; see `fft`."""
    return _parts(_fft(_complex_of("fft2", x, 2), 2))


@op(cast="float")
def ifft2(x: Tensors) -> Pair:
    """Inverse of `fft2`."""
    return _parts(_ifft(_complex_of("ifft2", x, 2), 2))


@op(cast="float")
def rfft(x: Tensor, fft_length: int | None = None) -> Pair:
    """Discrete Fourier transform of real values along the last axis.

    Args:
        x: `(..., n)`, real.
        fft_length: the number of values, to which `x` is cut or padded with zeros; by
            default n.

    Returns:
        `(real, imaginary)`, each `(..., fft_length // 2 + 1)`: the frequencies from 0
        up. The others are their conjugates.
    """
    return _parts(_rfft(_wide(x), fft_length))


@op(cast="float")
def irfft(x: Tensors, fft_length: int | None = None) -> Tensor:
    """Inverse of `rfft`: the real values whose transform is `x`.

    Args:
        x: a pair (real, imaginary), each `(..., frequencies)`.
        fft_length: the number of values, by default `2 * (frequencies - 1)`.

    Returns:
        `(..., fft_length)`.
    """
    return _irfft(_complex_of("irfft", x, 1), fft_length)


@op
def extract_sequences(x: Tensor, sequence_length: int, sequence_stride: int) -> Tensor:
    """Sliding windows along the last axis.

    Args:
        x: `(..., n)`.
        sequence_length: the size of a window.
        sequence_stride: the distance from one window to the next.

    Returns:
        `(..., (n - sequence_length) // sequence_stride + 1, sequence_length)`.

    Raises:
        ValueError: the window is larger than the last axis.

    Example:
        >>> keras.ops.extract_sequences([1, 2, 3, 4, 5], 3, 2)
        array([[1, 2, 3], [3, 4, 5]])
    """
    who = "extract_sequences"
    check_positive_int(sequence_length, "sequence_length", who)
    check_positive_int(sequence_stride, "sequence_stride", who)

    size = x.shape[-1] if len(x.shape) else 0
    if size is not None and size < sequence_length:
        raise ValueError(
            f"{who}: `sequence_length` must be at most the size of the last axis; "
            f"received {sequence_length} and shape {tuple(x.shape)}."
        )
    return _extract_sequences(x, sequence_length, sequence_stride)


def _frame_window(
    who: str, window: Any, length: int, fft_length: int, kind: str
) -> Any:
    """The window as a tensor, centered in the length of the transform."""
    if length > fft_length:
        raise ValueError(
            f"{who}: `sequence_length` must be at most `fft_length`; received "
            f"{length} and {fft_length}."
        )
    limits.charge((fft_length,), 8, who)

    if window is None:
        return convert_to_tensor(np.ones(fft_length), kind)
    if isinstance(window, str):
        # The periodic form, whose copies add up to a constant when they overlap.
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
    """Short-time Fourier transform: `rfft` of sliding windows along the last axis.

    Args:
        x: `(..., n)`, real.
        sequence_length: the size of the window.
        sequence_stride: the distance from one window to the next.
        fft_length: the length of the transform, at least `sequence_length`.
        window: "hann", "hamming", a tensor `(sequence_length,)`, or None for no
            weights.
        center: whether to pad by reflection, half a transform at both ends, so that
            window i is centered at `i * sequence_stride`.

    Returns:
        `(real, imaginary)`, each `(..., windows, fft_length // 2 + 1)`.

    Raises:
        ValueError: the window is longer than the transform, or does not have its shape.
    """
    x = _wide(x)
    weights = _frame_window("stft", window, sequence_length, fft_length, dtype(x))

    if center:
        half = fft_length // 2
        x = knp.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(half, half)], mode="reflect")

    frames = extract_sequences(x, fft_length, sequence_stride)
    if window is not None:
        frames = frames * weights
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
    """Inverse of `stft`, by overlap and add (Griffin & Lim, 1984).

    Args:
        x: a pair (real, imaginary), each `(..., windows, fft_length // 2 + 1)`.
        sequence_length, sequence_stride, fft_length, window, center: as in `stft`.
        length: the length to which the signal is cut or padded with zeros.

    Returns:
        The signal, `(..., n)`.

    Raises:
        ValueError: `x` is not a pair, or the window does not fit.
    """
    spectrum = _complex_of("istft", x, 2)
    kind = dtype(_wide(x[0]))
    weights = _frame_window("istft", window, sequence_length, fft_length, kind)

    # Each frame is weighted by the window again, and the sum divided by the sum of
    # the squared windows: the least-squares estimate of the signal.
    frames = _irfft(spectrum, fft_length) * weights
    squares = knp.broadcast_to(knp.square(weights), shape(frames)[-2:])
    signal = overlap_add(frames, sequence_stride)
    total = overlap_add(squares, sequence_stride)
    signal = knp.where(total > 1e-11, signal / knp.maximum(total, 1e-11), signal)

    # Take off what `center` added.
    start = fft_length // 2 if center else 0
    size = signal.shape[-1]
    end = size - start if length is None else start + length
    around = [(0, 0)] * (len(signal.shape) - 1) + [(0, max(end - size, 0))]
    return knp.pad(signal, around)[..., start:end]
