"""Initializers without randomness."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.core.dtypes import numpy_dtype
from keras.core.errors import check_choice, optional_import
from keras.initializers.initializer import HostInitializer


class Zeros(HostInitializer):
    """Zeros everywhere: the usual start of biases.

    Example:
        >>> keras.initializers.Zeros()((2,)).numpy()
        array([0., 0.], dtype=float32)
    """

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """An array of zeros."""
        return np.zeros(shape, numpy_dtype(dtype))


class Ones(HostInitializer):
    """Ones everywhere: the usual start of scales.

    Example:
        >>> keras.initializers.Ones()((2,)).numpy()
        array([1., 1.], dtype=float32)
    """

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """An array of ones."""
        return np.ones(shape, numpy_dtype(dtype))


class Constant(HostInitializer):
    """A given value, broadcast to the shape.

    Args:
        value: a number, or an array whose shape broadcasts to the variable's.

    Raises:
        ValueError: at the call, when the value does not broadcast to the shape.

    Example:
        >>> keras.initializers.Constant(3.0)((2,)).numpy()
        array([3., 3.], dtype=float32)
    """

    def __init__(self, value: Any = 0.0) -> None:
        self.value = value

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """The value, broadcast."""
        from keras.core.foreign import to_host

        value = np.asarray(to_host(self.value)).astype(numpy_dtype(dtype))
        try:
            return np.broadcast_to(value, shape)
        except ValueError:
            raise ValueError(
                f"Constant: the value has shape {value.shape}, which does not "
                f"broadcast to the variable's shape {shape}."
            ) from None


class Identity(HostInitializer):
    """The identity matrix times `gain`, cut or padded with zeros to the shape.

    Args:
        gain: the value on the diagonal.

    Raises:
        ValueError: at the call, when the shape has not two axes.

    Example:
        >>> keras.initializers.Identity()((2, 2)).numpy()
        array([[1., 0.],
               [0., 1.]], dtype=float32)
    """

    def __init__(self, gain: float = 1.0) -> None:
        self.gain = gain

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """The matrix."""
        if len(shape) != 2:
            raise ValueError(
                f"Identity: a shape of two axes is needed; received {shape}, which has "
                f"{len(shape)}."
            )
        return (self.gain * np.eye(*shape)).astype(numpy_dtype(dtype))


class STFT(HostInitializer):
    """The kernel of a convolution that computes a short-time Fourier transform.

    For a shape `(frame_length, channels, bins)`, the value at `(n, c, k)` is
    `window[n] * cos(2 pi n k / fft_length)` for the real side and
    `-window[n] * sin(2 pi n k / fft_length)` for the imaginary one, with
    `fft_length = 2 * (bins - 1)`.

    Args:
        side: "real" or "imag".
        window: a window's name as `scipy.signal.get_window` knows it, an array of
            `frame_length` values, or None.
        scaling: "density" divides the window by its root of summed squares, "spectrum"
            by its sum, None leaves it.
        periodic: whether the window is periodic instead of symmetric.

    Example:
        >>> kernel = keras.initializers.STFT("imag")((256, 1, 129))
    """

    def __init__(
        self,
        side: str = "real",
        window: Any = "hann",
        scaling: str | None = "density",
        periodic: bool = False,
    ) -> None:
        self.side = check_choice(side, ("real", "imag"), "side", "STFT")
        self.scaling = check_choice(
            scaling, (None, "density", "spectrum"), "scaling", "STFT"
        )
        if isinstance(window, str):
            _scipy_window(window, 4, periodic)  # an unknown name is refused now
        self.window = window
        self.periodic = periodic

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """The kernel."""
        if len(shape) != 3:
            raise ValueError(
                "STFT: a shape (frame_length, channels, bins) is needed; received "
                f"{shape}."
            )
        length, _, bins = shape
        angle = np.outer(np.arange(length), np.arange(bins)) * np.pi / max(bins - 1, 1)
        wave = np.cos(angle) if self.side == "real" else -np.sin(angle)
        kernel = self._scaled_window(length)[:, None] * wave
        return np.broadcast_to(kernel[:, None], shape).astype(numpy_dtype(dtype))

    def _scaled_window(self, length: int) -> np.ndarray:
        if self.window is None:
            return np.ones(length)
        if isinstance(self.window, str):
            window = _scipy_window(self.window, length, self.periodic)
        else:
            window = np.asarray(self.window, "float64")
            if window.shape != (length,):
                raise ValueError(
                    f"STFT: the window has shape {window.shape}; the kernel's frame "
                    f"length {length} asks for ({length},)."
                )
        if self.scaling == "density":
            return window / np.sqrt(np.sum(window**2))
        return window / np.sum(window) if self.scaling == "spectrum" else window


def _scipy_window(name: str, length: int, periodic: bool) -> np.ndarray:
    signal = optional_import("scipy.signal", "examples", f"The window {name!r}")
    return signal.get_window(name, length, fftbins=periodic)
