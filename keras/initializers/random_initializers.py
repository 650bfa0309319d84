"""Random initializers: drawn on the host, by NumPy's Philox generator."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.core.dtypes import numpy_dtype
from keras.core.errors import check_choice, check_number
from keras.initializers.initializer import RandomInitializer

# The standard deviation of a standard normal truncated at -2 and 2.
_TRUNCATED_STDDEV = 0.87962566103423978


class RandomNormal(RandomInitializer):
    """Draws from a normal distribution.

    Args:
        mean: mean of the distribution.
        stddev: standard deviation, not negative.
        seed: an integer, a `keras.random.SeedGenerator`, or None.

    Example:
        >>> kernel = keras.initializers.RandomNormal(stddev=0.01, seed=1)((3, 4))
    """

    def __init__(
        self, mean: float = 0.0, stddev: float = 0.05, seed: Any = None
    ) -> None:
        super().__init__(seed)
        self.mean = mean
        self.stddev = check_number(stddev, "stddev", type(self).__name__, least=0)

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """An array of normal values."""
        work = self._working_dtype(dtype)
        values = self._generator().standard_normal(shape, work)
        return _placed(values, self.mean, self.stddev, dtype)


class RandomUniform(RandomInitializer):
    """Draws from a uniform distribution over `[minval, maxval)`.

    Args:
        minval: the lower bound.
        maxval: the upper bound, not below the lower one.
        seed: an integer, a `keras.random.SeedGenerator`, or None.

    Example:
        >>> kernel = keras.initializers.RandomUniform(-0.1, 0.1, seed=1)((3, 4))
    """

    def __init__(
        self, minval: float = -0.05, maxval: float = 0.05, seed: Any = None
    ) -> None:
        super().__init__(seed)
        if maxval < minval:
            raise ValueError(
                f"{type(self).__name__}: `maxval` must not be below `minval`; received "
                f"minval={minval}, maxval={maxval}."
            )
        self.minval = minval
        self.maxval = maxval

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """An array of uniform values."""
        values = self._generator().random(shape, self._working_dtype(dtype))
        return _placed(values, self.minval, self.maxval - self.minval, dtype)


class TruncatedNormal(RandomNormal):
    """Draws from a normal distribution truncated at two standard deviations.

    The arguments are those of `RandomNormal`; `stddev` is that before truncation.

    Example:
        >>> kernel = keras.initializers.TruncatedNormal(stddev=0.1, seed=1)((3, 4))
    """

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """An array of normal values within two deviations."""
        values = truncated_normal(self._generator(), shape, self._working_dtype(dtype))
        return _placed(values, self.mean, self.stddev, dtype)


class VarianceScaling(RandomInitializer):
    """Draws with variance `scale / n`, where `n` depends on the shape.

    `n` is the number of inputs of a unit ("fan_in"), of outputs ("fan_out"), or their
    mean ("fan_avg"). For convolution kernels it includes the size of the window.

    Args:
        scale: positive scaling factor.
        mode: "fan_in", "fan_out" or "fan_avg".
        distribution: "truncated_normal" (or "normal"), "untruncated_normal", "uniform".
        seed: an integer, a `keras.random.SeedGenerator`, or None.
        input_axes, output_axes: the kernel's axes that are inputs and outputs; given
            together. By default the last axis is outputs, the one before it inputs,
            those before are the window.

    Example:
        >>> he = keras.initializers.VarianceScaling(2.0, "fan_in", seed=1)
        >>> kernel = he((3, 3, 16, 32))
    """

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: Any = None,
        input_axes: int | Sequence[int] | None = None,
        output_axes: int | Sequence[int] | None = None,
    ) -> None:
        super().__init__(seed)
        who = type(self).__name__
        self.scale = check_number(scale, "scale", who, above=0)
        self.mode = check_choice(mode, ("fan_in", "fan_out", "fan_avg"), "mode", who)
        if str(distribution).lower() == "normal":
            distribution = "truncated_normal"
        kinds = ("truncated_normal", "untruncated_normal", "uniform")
        self.distribution = check_choice(distribution, kinds, "distribution", who)
        if (input_axes is None) != (output_axes is None):
            raise ValueError(
                f"{who}: `input_axes` and `output_axes` are given together; received "
                f"input_axes={input_axes!r}, output_axes={output_axes!r}."
            )
        self.input_axes = input_axes
        self.output_axes = output_axes

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """An array of values with that variance."""
        fan_in, fan_out = compute_fans(shape, self.input_axes, self.output_axes)
        mean = (fan_in + fan_out) / 2
        fan = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": mean}[self.mode]
        stddev = math.sqrt(self.scale / max(1.0, fan))
        work = self._working_dtype(dtype)
        generator = self._generator()
        if self.distribution == "uniform":
            limit = math.sqrt(3.0) * stddev
            return _placed(generator.random(shape, work), -limit, 2 * limit, dtype)
        if self.distribution == "untruncated_normal":
            return _placed(generator.standard_normal(shape, work), 0.0, stddev, dtype)
        values = truncated_normal(generator, shape, work)
        return _placed(values, 0.0, stddev / _TRUNCATED_STDDEV, dtype)


class _Scaled(VarianceScaling):
    """Variance scaling with its three first arguments fixed."""

    _fixed: tuple[float, str, str]

    def __init__(
        self, seed: Any = None, input_axes: Any = None, output_axes: Any = None
    ) -> None:
        super().__init__(*self._fixed, seed, input_axes, output_axes)


class GlorotUniform(_Scaled):
    """Uniform values with variance `2 / (fan_in + fan_out)` (Glorot & Bengio, 2010).

    Also called Xavier. Args as in `VarianceScaling`: `seed`, `input_axes`,
    `output_axes`.

    Example:
        >>> kernel = keras.initializers.GlorotUniform(seed=1)((3, 4))
    """

    _fixed = (1.0, "fan_avg", "uniform")


class GlorotNormal(_Scaled):
    """Truncated normal values with variance `2 / (fan_in + fan_out)`.

    (Glorot & Bengio, 2010.) Args as in `VarianceScaling`: `seed`, `input_axes`,
    `output_axes`.

    Example:
        >>> kernel = keras.initializers.GlorotNormal(seed=1)((3, 4))
    """

    _fixed = (1.0, "fan_avg", "truncated_normal")


class LecunNormal(_Scaled):
    """Truncated normal values with variance `1 / fan_in` (LeCun et al., 1998).

    Args as in `VarianceScaling`: `seed`, `input_axes`, `output_axes`.

    Example:
        >>> kernel = keras.initializers.LecunNormal(seed=1)((3, 4))
    """

    _fixed = (1.0, "fan_in", "truncated_normal")


class LecunUniform(_Scaled):
    """Uniform values with variance `1 / fan_in` (LeCun et al., 1998).

    Args as in `VarianceScaling`: `seed`, `input_axes`, `output_axes`.

    Example:
        >>> kernel = keras.initializers.LecunUniform(seed=1)((3, 4))
    """

    _fixed = (1.0, "fan_in", "uniform")


class HeNormal(_Scaled):
    """Truncated normal values with variance `2 / fan_in`, for ReLU (He et al., 2015).

    Args as in `VarianceScaling`: `seed`, `input_axes`, `output_axes`.

    Example:
        >>> kernel = keras.initializers.HeNormal(seed=1)((3, 4))
    """

    _fixed = (2.0, "fan_in", "truncated_normal")


class HeUniform(_Scaled):
    """Uniform values with variance `2 / fan_in`, for ReLU (He et al., 2015).

    Args as in `VarianceScaling`: `seed`, `input_axes`, `output_axes`.

    Example:
        >>> kernel = keras.initializers.HeUniform(seed=1)((3, 4))
    """

    _fixed = (2.0, "fan_in", "uniform")


class Orthogonal(RandomInitializer):
    """A random orthogonal matrix times `gain` (Saxe et al., 2013).

    All axes but the last are taken together as rows. The rows are orthogonal where
    there are fewer of them than columns, else the columns. The matrix is the Q of a
    QR decomposition of normal values, with signs that make it uniformly distributed.

    Args:
        gain: the factor.
        seed: an integer, a `keras.random.SeedGenerator`, or None.

    Raises:
        ValueError: at the call, when the shape has fewer than two axes.

    Example:
        >>> kernel = keras.initializers.Orthogonal(seed=1)((4, 4))
    """

    def __init__(self, gain: float = 1.0, seed: Any = None) -> None:
        super().__init__(seed)
        self.gain = gain

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """The matrix, in the shape."""
        if len(shape) < 2:
            raise ValueError(
                f"Orthogonal: a shape of at least two axes is needed; received {shape}."
            )
        work = self._working_dtype(dtype)
        rows, columns = math.prod(shape[:-1]), shape[-1]
        tall = (max(rows, columns), min(rows, columns))
        q, r = np.linalg.qr(self._generator().standard_normal(tall, work))
        q *= np.where(np.diagonal(r) < 0, -1, 1).astype(work)
        matrix = np.ascontiguousarray(q if rows >= columns else q.T)
        return _placed(matrix.reshape(shape), 0.0, self.gain, dtype)


def compute_fans(
    shape: Sequence[int], input_axes: Any = None, output_axes: Any = None
) -> tuple[int, int]:
    """How many inputs and outputs a unit has, by a kernel's shape.

    Args:
        shape: the kernel's shape.
        input_axes, output_axes: its axes of inputs and of outputs, both or neither.
            The other axes are the window and count in both.
    """
    rank = len(shape)
    if input_axes is None:
        if rank < 2:
            size = math.prod(shape)
            return size, size
        input_axes, output_axes = rank - 2, rank - 1

    groups = []
    for axes in (input_axes, output_axes):
        axes = (axes,) if isinstance(axes, int) else tuple(axes)
        if any(not -rank <= axis < rank for axis in axes):
            raise ValueError(f"The axes {axes} are not all axes of the shape {shape}.")
        groups.append({axis % rank for axis in axes})

    inputs, outputs = groups
    if inputs & outputs:
        raise ValueError(
            f"`input_axes` {input_axes} and `output_axes` {output_axes} overlap in the "
            f"shape {shape}."
        )

    window = math.prod(shape[i] for i in range(rank) if i not in inputs | outputs)
    fan_in = window * math.prod(shape[i] for i in inputs)
    return fan_in, window * math.prod(shape[i] for i in outputs)


def truncated_normal(
    generator: np.random.Generator, shape: tuple[int, ...], dtype: np.dtype
) -> np.ndarray:
    """Standard normal values, each drawn again until it lies within -2 and 2."""
    values = generator.standard_normal(shape, dtype)
    flat = values.reshape(-1)
    beyond = np.flatnonzero(np.abs(flat) > 2)
    while beyond.size:
        flat[beyond] = generator.standard_normal(beyond.size, dtype)
        beyond = beyond[np.abs(flat[beyond]) > 2]
    return values


def _placed(values: np.ndarray, shift: float, factor: float, dtype: str) -> np.ndarray:
    """`values * factor + shift` in place, then in the type asked for."""
    values = np.asarray(values)  # a draw of shape () is a scalar
    values = np.multiply(values, factor, out=values)
    if shift:
        np.add(values, shift, out=values)
    return values.astype(numpy_dtype(dtype), copy=False)
