"""Dropout, noise and activity regularization."""

from __future__ import annotations

import math
from typing import Any

from keras import ops, random, regularizers
from keras.core.errors import check_fraction, check_number
from keras.layers.layer import Layer
from keras.layers.ranks import Spatial


class Noise(Layer):
    """Base of layers that perturb their input at random, in training only.

    A subclass sets the strength with `keep_noise` and defines `disturb`.
    """

    _strength = 0.0

    def keep_noise(self, strength: float, seed: int | None) -> None:
        """Store the strength; at strength 0 there is no noise and no generator."""
        self._strength = strength
        self.seed = seed
        self.supports_masking = True
        if strength:
            self.seed_generator = random.SeedGenerator(seed)

    def call(self, inputs: Any, training: Any = False) -> Any:
        """The input, with noise in training."""
        if not training or not self._strength:
            return inputs
        return self.disturb(inputs)

    def disturb(self, inputs: Any) -> Any:
        """The input with noise."""
        raise NotImplementedError(f"{type(self).__name__} must define `disturb`.")

    def resolve(self, noise_shape: Any, inputs: Any) -> Any:
        """`noise_shape` with the input's sizes for None."""
        if noise_shape is None:
            return None
        shape = ops.shape(inputs)
        if len(noise_shape) != len(shape):
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r}: noise_shape={noise_shape} "
                f"must have as many axes as the input of shape {tuple(inputs.shape)}."
            )
        return tuple(
            n if given is None else given for given, n in zip(noise_shape, shape)
        )


def _check_noise_shape(noise_shape: Any, who: str) -> Any:
    if noise_shape is not None and any(
        n is not None and (not isinstance(n, int) or n < 1) for n in noise_shape
    ):
        raise ValueError(
            f"{who}: `noise_shape` must be positive sizes, or None for those of the "
            f"input; received {noise_shape!r}."
        )
    return noise_shape


def _below_one(rate: Any, who: str) -> float:
    if check_fraction(rate, "rate", who) == 1:
        raise ValueError(f"{who}: `rate` must be less than 1; received {rate!r}.")
    return rate


class Dropout(Noise):
    """Dropout: sets elements to 0 at random in training (Srivastava et al., 2014).

    The other elements are scaled by `1 / (1 - rate)`, which keeps the expected sum.

    Args:
        rate: the probability that an element is set to 0.
        noise_shape: shape of the random mask, which broadcasts to the input; None means
            the size of the input. `(None, 1, None)` drops the same features at every
            time step.
        seed: an integer, or None.

    Example:
        >>> keras.layers.Dropout(0.5, seed=1)(np.ones((2, 3)), training=True).shape
        (2, 3)
    """

    def __init__(
        self,
        rate: float,
        noise_shape: tuple[int | None, ...] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate = check_fraction(rate, "rate", type(self).__name__)
        self.noise_shape = _check_noise_shape(noise_shape, type(self).__name__)
        self.keep_noise(rate, seed)

    def disturb(self, inputs: Any) -> Any:
        noise_shape = self.resolve(self.noise_shape, inputs)
        return random.dropout(inputs, self.rate, noise_shape, self.seed_generator)


class SpatialDropout(Spatial, Dropout):
    """Base of spatial dropout; see `SpatialDropout2D` for the arguments."""

    def __init__(
        self,
        rate: float,
        data_format: str | None = None,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, seed=seed, name=name, dtype=dtype)
        self.keep_layout(data_format)

    def disturb(self, inputs: Any) -> Any:
        shape = list(ops.shape(inputs))
        for axis in self.spatial_axes:
            shape[axis] = 1
        return random.dropout(inputs, self.rate, tuple(shape), self.seed_generator)

    def config_value(self, name: str, value: Any) -> Any:
        """How the constructor's argument `name` is written; `dtype` by its name."""
        if name == "dtype":
            return self.dtype_policy.name
        return super().config_value(name, value)


class SpatialDropout1D(SpatialDropout):
    """Drops whole channels of a sequence (Tompson et al., 2014, arXiv:1411.4280).

    Args:
        rate: the probability that a channel is set to 0, at all time steps.
        seed: an integer, or None.

    Input of shape `(batch, time, channels)`.

    Example:
        >>> layer = keras.layers.SpatialDropout1D(0.5)
        >>> layer(np.ones((2, 10, 4)), training=True).shape
        (2, 10, 4)
    """

    rank = 1
    _unwritten = ("data_format",)

    def __init__(
        self,
        rate: float,
        seed: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(rate, "channels_last", seed, name, dtype)


class SpatialDropout2D(SpatialDropout):
    """Drops whole channels of images (Tompson et al., 2014, arXiv:1411.4280).

    Args:
        rate: the probability that a channel is set to 0, at all positions.
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.

    Input of shape `(batch, height, width, channels)`, or channels first.

    Example:
        >>> layer = keras.layers.SpatialDropout2D(0.5)
        >>> layer(np.ones((1, 8, 8, 4)), training=True).shape
        (1, 8, 8, 4)
    """

    rank = 2


class SpatialDropout3D(SpatialDropout):
    """Drops whole channels of volumes (Tompson et al., 2014, arXiv:1411.4280).

    Input `(batch, depth, height, width, channels)`, or channels first. The arguments
    are those of `SpatialDropout2D`.

    Example:
        >>> layer = keras.layers.SpatialDropout3D(0.5)
        >>> layer(np.ones((1, 4, 4, 4, 2)), training=True).shape
        (1, 4, 4, 4, 2)
    """

    rank = 3


class GaussianDropout(Noise):
    """Multiplies by Gaussian noise of mean 1 in training (Srivastava et al., 2014).

    Args:
        rate: dropout rate with the same variance, `rate / (1 - rate)`; less than 1.
        seed: an integer, or None.

    Example:
        >>> keras.layers.GaussianDropout(0.5)(np.ones((2, 3)), training=True).shape
        (2, 3)
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = _below_one(rate, "GaussianDropout")
        self.keep_noise(rate, seed)

    def disturb(self, inputs: Any) -> Any:
        stddev = math.sqrt(self.rate / (1 - self.rate))
        return inputs * random.normal(
            ops.shape(inputs), 1.0, stddev, self.compute_dtype, self.seed_generator
        )


class GaussianNoise(Noise):
    """Adds Gaussian noise of mean 0 in training.

    Args:
        stddev: standard deviation of the noise.
        seed: an integer, or None.

    Example:
        >>> keras.layers.GaussianNoise(0.1)(np.ones((2, 3)), training=True).shape
        (2, 3)
    """

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = check_number(stddev, "stddev", "GaussianNoise", least=0)
        self.keep_noise(stddev, seed)

    def disturb(self, inputs: Any) -> Any:
        return inputs + random.normal(
            ops.shape(inputs), 0.0, self.stddev, self.compute_dtype, self.seed_generator
        )


# The limit of `selu` for large negative inputs: -scale * alpha.
_SELU_LOW = -1.7580993408473766


class AlphaDropout(Noise):
    """Alpha dropout: keeps the mean and variance of self-normalizing activations.

    Klambauer et al., 2017, "Self-Normalizing Neural Networks", arXiv:1706.02515.

    Args:
        rate: the probability that an element is set to the negative saturation value
            of `selu`; less than 1.
        noise_shape: as in `Dropout`.
        seed: an integer, or None.

    Example:
        >>> keras.layers.AlphaDropout(0.5)(np.ones((2, 3)), training=True).shape
        (2, 3)
    """

    def __init__(
        self,
        rate: float,
        noise_shape: tuple[int | None, ...] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate = _below_one(rate, "AlphaDropout")
        self.noise_shape = _check_noise_shape(noise_shape, "AlphaDropout")
        self.keep_noise(rate, seed)

    def disturb(self, inputs: Any) -> Any:
        """Drop, then scale and shift."""
        shape = self.resolve(self.noise_shape, inputs) or ops.shape(inputs)
        # Whatever the compute type, the draw is fine enough for every rate.
        drawn = random.uniform(shape, dtype="float32", seed=self.seed_generator)
        scale = ((1 - self.rate) * (1 + self.rate * _SELU_LOW**2)) ** -0.5
        shift = -scale * _SELU_LOW * self.rate
        kept = ops.where(drawn >= self.rate, inputs, _SELU_LOW)
        return scale * kept + shift


class ActivityRegularization(Layer):
    """Adds a penalty on its input to the loss, and returns the input.

    Args:
        l1: factor of the sum of absolute values.
        l2: factor of the sum of squares.

    The sums are divided by the number of samples.

    Example:
        >>> layer = keras.layers.ActivityRegularization(l2=0.5)
        >>> x = layer(np.array([[2.0]]))
        >>> float(layer.losses[0])
        2.0
    """

    _unwritten = ("activity_regularizer",)

    def __init__(self, l1: float = 0.0, l2: float = 0.0, **kwargs: Any) -> None:
        super().__init__(activity_regularizer=regularizers.L1L2(l1, l2), **kwargs)
        self.l1 = l1
        self.l2 = l2
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs
