"""Sound as pictures: how strong each frequency is at each time."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras import ops
from keras.core.dtypes import standardize_dtype
from keras.core.errors import check_choice, check_positive_int, optional_import
from keras.core.settings import epsilon, image_data_format
from keras.core.typing import ArrayLike, DataFormat, DTypeLike, Padding
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.base import DataLayer

# O'Shaughnessy (1987), as HTK has it: mel = 1127 ln(1 + f / 700).
_MEL_FACTOR = 1127.0
_MEL_FREQUENCY = 700.0
# Windows that are a constant less a cosine, which need no SciPy.
_COSINES = {"hann": 0.5, "hamming": 0.54}


class MelSpectrogram(DataLayer):
    """Waveforms as mel spectrograms: frequencies on the scale on which people hear.

    The short-time Fourier transform, its magnitudes to the power of `mag_exp`, added up
    in triangular bands of equal width in mel, in decibel if wanted.

    Args:
        fft_length: the length of the transform, in samples.
        sequence_stride: the distance from one window to the next, in samples.
        sequence_length: the length of a window, in samples; by default `fft_length`.
        window: `"hann"`, `"hamming"`, an array `(sequence_length,)`, or None.
        sampling_rate: samples a second.
        num_mel_bins: the number of bands.
        min_freq, max_freq: where the lowest band begins and the highest ends, in Hz;
            `max_freq` is by default half of `sampling_rate`.
        power_to_db: whether to return decibels.
        top_db: how far below the loudest value of the batch values are cut off.
        mag_exp: the power of the magnitudes: 1 for energy, 2 for power.
        min_power: the least value before the logarithm.
        ref_power: the value that is 0 decibels.

    Input of shape `(samples, time)` or `(time,)`, output
    `(samples, num_mel_bins, windows)`, or without the first axis.

    Example:
        >>> layer = keras.layers.MelSpectrogram(num_mel_bins=64, sequence_stride=256)
        >>> layer(np.zeros((2, 16000), "float32")).shape
        (2, 64, 63)
    """

    def __init__(
        self,
        fft_length: int = 2048,
        sequence_stride: int = 512,
        sequence_length: int | None = None,
        window: Any = "hann",
        sampling_rate: int = 16000,
        num_mel_bins: int = 128,
        min_freq: float = 20.0,
        max_freq: float | None = None,
        power_to_db: bool = True,
        top_db: float = 80.0,
        mag_exp: float = 2.0,
        min_power: float = 1e-10,
        ref_power: float = 1.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        who = "MelSpectrogram"
        self.fft_length = check_positive_int(fft_length, "fft_length", who)
        self.sequence_stride = check_positive_int(
            sequence_stride, "sequence_stride", who
        )
        self.sequence_length = check_positive_int(
            sequence_length or fft_length, "sequence_length", who
        )

        self.window = window
        self.sampling_rate = sampling_rate
        self.num_mel_bins = check_positive_int(num_mel_bins, "num_mel_bins", who)
        self.min_freq = min_freq
        self.max_freq = max_freq or int(sampling_rate / 2)
        self.power_to_db = bool(power_to_db)
        self.top_db = top_db
        self.mag_exp = mag_exp
        self.min_power = min_power
        self.ref_power = ref_power

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.compute_dtype)
        real, imaginary = ops.stft(
            x,
            self.sequence_length,
            self.sequence_stride,
            self.fft_length,
            window=self.window,
        )
        power = ops.sqrt(ops.square(real) + ops.square(imaginary)) ** self.mag_exp

        bands = self.linear_to_mel_weight_matrix(
            self.num_mel_bins,
            self.fft_length // 2 + 1,
            self.sampling_rate,
            self.min_freq,
            self.max_freq,
        )
        mel = ops.matmul(power, bands)
        if self.power_to_db:
            mel = self._to_db(mel)
        return ops.cast(ops.swapaxes(mel, -1, -2), self.compute_dtype)

    def _to_db(self, power: Any) -> Any:
        reference = np.log10(max(self.ref_power, self.min_power))
        levels = 10.0 * (ops.log10(ops.maximum(power, self.min_power)) - reference)
        return ops.maximum(levels, ops.max(levels) - self.top_db)

    def linear_to_mel_weight_matrix(
        self,
        num_mel_bins: int = 20,
        num_spectrogram_bins: int = 129,
        sampling_rate: float = 8000,
        lower_edge_hertz: float = 125.0,
        upper_edge_hertz: float = 3800.0,
        dtype: DTypeLike = "float32",
    ) -> ArrayLike:
        """The matrix that adds frequencies up in mel bands, as a tensor.

        A band is a triangle on the mel scale: it begins at the center of the one before
        and ends at that of the one after.

        Args:
            num_mel_bins: the number of bands.
            num_spectrogram_bins: the number of frequencies, from 0 to half of
                `sampling_rate`.
            sampling_rate: samples a second.
            lower_edge_hertz, upper_edge_hertz: where the bands begin and end.
            dtype: the type of the matrix.

        Returns:
            `(num_spectrogram_bins, num_mel_bins)`; the frequency 0 is in no band.
        """
        frequencies = np.linspace(0.0, sampling_rate / 2, num_spectrogram_bins)
        mels = _mel(frequencies)[:, None]
        low, high = _mel(lower_edge_hertz), _mel(upper_edge_hertz)
        edges = np.linspace(low, high, num_mel_bins + 2)
        start, center, end = edges[:-2], edges[1:-1], edges[2:]

        rising = (mels - start) / (center - start)
        falling = (end - mels) / (end - center)
        matrix = np.maximum(0.0, np.minimum(rising, falling))
        matrix[0] = 0.0
        return self.convert_weight(matrix.astype(standardize_dtype(dtype)))


def _mel(frequency: Any) -> Any:
    return _MEL_FACTOR * np.log1p(np.asarray(frequency) / _MEL_FREQUENCY)


class STFTSpectrogram(DataLayer):
    """Waveforms as spectrograms, by a short-time Fourier transform.

    The transform is a convolution, so that it may be part of a model on every device;
    its kernels are weights that start as cosines and sines, and that training may
    change unless `trainable=False`.

    Args:
        mode: what is returned of each frequency: `"magnitude"`, `"log"` (the logarithm
            of the magnitude), `"psd"` (the one-sided power spectral density), `"real"`,
            `"imag"`, `"angle"` (the phase), or `"stft"` (the real parts, then the
            imaginary ones).
        frame_length: the length of a window, in samples.
        frame_step: the distance from one window to the next; by default half of
            `frame_length`.
        fft_length: the length of the transform, at least `frame_length`, which it is
            by default.
        window: the name of a window of SciPy, such as `"hann"`, or None for none.
        periodic: whether the window is periodic, as for overlap and add, rather than
            symmetric.
        scaling: `"density"` for the power a frequency unit, `"spectrum"` for the power
            of a frequency, or None.
        padding: `"valid"`, or `"same"` to add zeros at both ends.
        expand_dims: whether frequencies have an axis of their own, before that of the
            channels.
        data_format: `"channels_last"` for input `(samples, time, channels)`,
            `"channels_first"` for `(samples, channels, time)`.

    Output `(samples, windows, channels * frequencies)`, with `expand_dims=True`
    `(samples, windows, frequencies, channels)`; with `"channels_first"` the channels
    come after the samples. There are `fft_length // 2 + 1` frequencies.

    Example:
        >>> layer = keras.layers.STFTSpectrogram(frame_length=256)
        >>> layer(np.zeros((2, 1600, 1), "float32")).shape
        (2, 11, 129)
    """

    def __init__(
        self,
        mode: str = "log",
        frame_length: int = 256,
        frame_step: int | None = None,
        fft_length: int | None = None,
        window: str | None = "hann",
        periodic: bool = False,
        scaling: str | None = "density",
        padding: Padding = "valid",
        expand_dims: bool = False,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        who = "STFTSpectrogram"
        modes = ("log", "magnitude", "psd", "real", "imag", "angle", "stft")
        self.mode = check_choice(mode, modes, "mode", who)
        self.frame_length = check_positive_int(frame_length, "frame_length", who)
        for name, value in (("frame_step", frame_step), ("fft_length", fft_length)):
            if value is not None:
                check_positive_int(value, name, who)

        if fft_length is not None and fft_length < frame_length:
            raise ValueError(
                f"{who}: `fft_length` must be at least `frame_length`; received "
                f"{fft_length} and {frame_length}."
            )
        if frame_step is not None and frame_step > frame_length:
            raise ValueError(
                f"{who}: `frame_step` must be at most `frame_length`; received "
                f"{frame_step} and {frame_length}."
            )

        self.frame_step = frame_step
        self.fft_length = fft_length
        self.window = window
        self.periodic = bool(periodic)
        self.scaling = check_choice(
            scaling, (None, "density", "spectrum"), "scaling", who
        )
        self.padding = check_choice(padding, ("valid", "same"), "padding", who)
        self.expand_dims = bool(expand_dims)
        formats = ("channels_last", "channels_first")
        self.data_format = check_choice(
            data_format or image_data_format(), formats, "data_format", who
        )

        self.real_kernel: Any = None
        self.imag_kernel: Any = None
        self._window_values()  # an unknown window is an error now

    @property
    def _step(self) -> int:
        return self.frame_step or self.frame_length // 2

    @property
    def _transform_length(self) -> int:
        return self.fft_length or self.frame_length

    def build(self, input_shape: Any) -> None:
        frequencies = self._transform_length // 2 + 1
        shape = (self.frame_length, 1, frequencies)
        real, imaginary = self._kernels()
        if self.mode != "imag":
            self.real_kernel = self._add_kernel("real_kernel", shape, real)
        if self.mode != "real":
            self.imag_kernel = self._add_kernel("imag_kernel", shape, imaginary)

    def _add_kernel(self, name: str, shape: tuple, values: np.ndarray) -> Any:
        return self.add_weight(
            shape, lambda *_, **__: values, autocast=False, name=name
        )

    def _window_values(self) -> np.ndarray:
        if self.window is None:
            return np.ones(self.frame_length)
        turns = self.frame_length - (0 if self.periodic else 1)
        if self.window in _COSINES and turns:
            low = _COSINES[self.window]
            angles = 2 * np.pi * np.arange(self.frame_length) / turns
            return low - (1 - low) * np.cos(angles)

        purpose = f"the window {self.window!r} of STFTSpectrogram"
        signal = optional_import("scipy.signal", "audio", purpose)
        try:
            return signal.get_window(self.window, self.frame_length, self.periodic)
        except ValueError as error:
            raise ValueError(
                f"STFTSpectrogram: `window` {self.window!r} is not a window of SciPy: "
                f"{error}."
            ) from None

    def _kernels(self) -> tuple[np.ndarray, np.ndarray]:
        """Cosines and sines of each frequency, in the window."""
        window = self._window_values()
        if self.window is None:
            pass  # there is nothing to make up for
        elif self.scaling == "density":
            window = window / np.sqrt(np.sum(window**2))
        elif self.scaling == "spectrum":
            window = window / np.abs(np.sum(window))
        length = self._transform_length
        turns = np.outer(np.arange(self.frame_length), np.arange(length // 2 + 1))
        angles = 2.0 * np.pi * turns / length
        real = np.cos(angles) * window[:, None]
        imaginary = -np.sin(angles) * window[:, None]
        return (
            real[:, None].astype(self.variable_dtype),
            imaginary[:, None].astype(self.variable_dtype),
        )

    def call(self, inputs: Any) -> Any:
        if len(inputs.shape) != 3:
            raise ValueError(
                f"{layer_label(self)}: an input of three axes is needed, (samples, "
                f"time, channels); received shape {tuple(inputs.shape)}."
            )
        first = self.data_format == "channels_first"
        x = ops.cast(inputs, self.compute_dtype)
        x = x if first else ops.swapaxes(x, 1, 2)  # (samples, channels, time)
        size, channels = ops.shape(x)[0], x.shape[1]
        x = ops.reshape(x, (-1, ops.shape(x)[2], 1))

        spectrum = self._spectrum(x)  # (samples * channels, windows, frequencies)
        windows, frequencies = ops.shape(spectrum)[1], spectrum.shape[2]
        spectrum = ops.reshape(spectrum, (size, channels, windows, frequencies))
        if self.expand_dims:
            return spectrum if first else ops.transpose(spectrum, (0, 2, 3, 1))
        spectrum = ops.transpose(spectrum, (0, 2, 1, 3))
        spectrum = ops.reshape(spectrum, (size, windows, channels * frequencies))
        return ops.swapaxes(spectrum, 1, 2) if first else spectrum

    def _spectrum(self, x: Any) -> Any:
        real = self._convolve(x, self.real_kernel)
        imaginary = self._convolve(x, self.imag_kernel)
        if self.mode == "real":
            return real
        if self.mode == "imag":
            return imaginary
        if self.mode == "angle":
            return ops.arctan2(imaginary, real)
        if self.mode == "stft":
            return ops.concatenate([real, imaginary], axis=-1)
        power = ops.square(real) + ops.square(imaginary)
        if self.mode == "psd":
            # All but the first and the last frequency have a negative one beside them.
            sides = np.full(power.shape[-1], 2.0)
            sides[[0, -1]] = 1.0
            return power * ops.cast(self.convert_weight(sides), self.compute_dtype)
        magnitude = ops.sqrt(ops.maximum(power, epsilon()))
        return ops.log(magnitude) if self.mode == "log" else magnitude

    def _convolve(self, x: Any, kernel: Any) -> Any:
        if kernel is None:
            return None
        kernel = ops.cast(self.convert_weight(kernel), self.compute_dtype)
        return ops.conv(
            x,
            kernel,
            strides=self._step,
            padding=self.padding,
            data_format="channels_last",
        )
