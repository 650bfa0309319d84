"""Batch normalization."""

from __future__ import annotations

import math
from typing import Any

from keras import initializers, ops
from keras.layers.input_spec import InputSpec
from keras.layers.normalization import ScaleAndShift, shape_along
from keras.ops.normalization import batch_normalization_by_itself as by_itself


class BatchNormalization(ScaleAndShift):
    """Brings each channel to mean 0 and variance 1 over the batch, scales and shifts.

    Ioffe & Szegedy, 2015, arXiv:1502.03167. While training the statistics are those of
    the batch, and moving averages of them are kept; otherwise, and where `trainable` is
    False, these averages are used. Masked time steps do not count.

    Args:
        axis: the axis of the channels.
        momentum: how much of the moving averages stays at each step.
        epsilon: added to the variance.
        center: whether there is an offset, beta.
        scale: whether there is a factor, gamma.
        beta_initializer, gamma_initializer, moving_mean_initializer,
            moving_variance_initializer: how the weights start.
        beta_regularizer, gamma_regularizer: penalties on the weights.
        beta_constraint, gamma_constraint: projections after each update.
        renorm: batch renormalization (Ioffe, 2017, arXiv:1702.03275): correct towards
            moving averages while training too.
        renorm_clipping: bounds of that correction, a dict of `"rmax"`, `"rmin"`,
            `"dmax"`.
        renorm_momentum: the momentum of the averages for it.
        synchronized: take the statistics over all replicas of a distributed run.

    Example:
        >>> layer = keras.layers.BatchNormalization()
        >>> layer(np.ones((8, 4)), training=True).shape
        (8, 4)
    """

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        renorm: bool = False,
        renorm_clipping: dict[str, float] | None = None,
        renorm_momentum: float = 0.99,
        synchronized: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            center=center,
            scale=scale,
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
            **kwargs,
        )

        self.axis = int(axis)
        self.momentum = momentum
        self.epsilon = epsilon
        self.moving_mean_initializer = initializers.get(moving_mean_initializer)
        self.moving_variance_initializer = initializers.get(moving_variance_initializer)
        self.renorm = bool(renorm)
        self.renorm_clipping = _check_clipping(renorm_clipping)
        self.renorm_momentum = renorm_momentum
        self.synchronized = bool(synchronized)

    def build(self, input_shape: Any) -> None:
        """Make the weights and the moving averages, one for each channel."""
        shape = shape_along(self, input_shape, self.axis)
        self.add_scale_and_shift(shape)

        def add(name: str, initializer: Any) -> Any:
            return self.add_weight(shape, initializer, trainable=False, name=name)

        self.moving_mean = add("moving_mean", self.moving_mean_initializer)
        self.moving_variance = add("moving_variance", self.moving_variance_initializer)
        if self.renorm:
            stddev = _square_root_of(self.moving_variance_initializer)
            self.moving_stddev = add("moving_stddev", stddev)
            self.renorm_mean = add("renorm_mean", self.moving_mean_initializer)
            self.renorm_stddev = add("renorm_stddev", stddev)

        rank = len(input_shape)
        self.input_spec = InputSpec(ndim=rank, axes={self.axis: shape[0]})
        self._reduced = tuple(a for a in range(rank) if a != self.axis % rank)

    def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
        """Normalize."""
        x = self.widened(inputs)
        scale = self.gamma
        offset = self.beta
        if training and self.trainable:
            if mask is None and not self.renorm and not self.synchronized:
                axis = self.axis % len(x.shape)
                out, mean, variance = by_itself(x, offset, scale, axis, self.epsilon)
                self._move(self.moving_mean, mean, self.momentum)
                self._move(self.moving_variance, variance, self.momentum)
                return self.own_type(out)

            mean, variance = self._moments(x, mask)
            if self.renorm:
                scale, offset = self._renormalize(mean, variance)
            else:
                self._move(self.moving_variance, variance, self.momentum)
            self._move(self.moving_mean, mean, self.momentum)
        else:
            mean = self.moving_mean
            variance = self.moving_variance
        return self.own_type(
            ops.batch_normalization(
                x, mean, variance, self.axis, offset, scale, self.epsilon
            )
        )

    def _moments(self, x: Any, mask: Any) -> tuple[Any, Any]:
        """Mean and variance of the unmasked part of the batch."""
        if mask is None:
            return ops.moments(x, self._reduced, synchronized=self.synchronized)
        if self.synchronized:
            raise ValueError(
                f"BatchNormalization layer {self.name!r}: a mask is not supported with "
                "synchronized=True. Use one of them."
            )

        # 1 and 0, with axes of size 1 for those that the mask does not have.
        weights = ops.cast(mask, ops.dtype(x))
        more = (1,) * (len(x.shape) - len(mask.shape))
        weights = ops.reshape(weights, (*ops.shape(mask), *more))
        every = ops.broadcast_to(weights, ops.shape(x))

        count = ops.sum(every, axis=self._reduced, keepdims=True)
        count = ops.maximum(count, 1)
        mean = ops.sum(x * weights, axis=self._reduced, keepdims=True) / count
        apart = ops.square(x - mean) * weights
        variance = ops.sum(apart, axis=self._reduced, keepdims=True) / count
        return ops.reshape(mean, (-1,)), ops.reshape(variance, (-1,))

    def _renormalize(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        """The corrected scale and offset; also updates the correction's averages."""
        stddev = ops.sqrt(variance + self.epsilon)
        factor = stddev / self.renorm_stddev.value
        shift = (mean - self.renorm_mean.value) / self.renorm_stddev.value
        bounds = self.renorm_clipping or {}
        if "rmin" in bounds or "rmax" in bounds:
            low = bounds.get("rmin", 0.0)
            high = bounds.get("rmax", math.inf)
            factor = ops.clip(factor, low, high)
        if "dmax" in bounds:
            shift = ops.clip(shift, -bounds["dmax"], bounds["dmax"])
        factor = ops.stop_gradient(factor)
        shift = ops.stop_gradient(shift)

        self._move(self.renorm_mean, mean, self.renorm_momentum)
        self._move(self.renorm_stddev, stddev, self.renorm_momentum)
        self._move(self.moving_stddev, stddev, self.momentum)
        self.moving_variance.assign(
            ops.maximum(ops.square(self.moving_stddev) - self.epsilon, 0)
        )

        if self.gamma is not None:
            factor = factor * self.gamma.value
            shift = shift * self.gamma.value
        return factor, shift if self.beta is None else shift + self.beta.value

    def _move(self, average: Any, value: Any, momentum: float) -> None:
        old = self.widened(average.value)
        value = ops.cast(ops.stop_gradient(value), ops.dtype(old))
        average.assign(old + (value - old) * (1 - momentum))


def _square_root_of(initializer: Any) -> Any:
    return lambda shape, dtype: ops.sqrt(initializer(shape, dtype))


def _check_clipping(bounds: dict[str, float] | None) -> dict[str, float] | None:
    if bounds is None:
        return None
    unknown = sorted(set(bounds) - {"rmax", "rmin", "dmax"})
    if unknown:
        raise ValueError(
            "BatchNormalization: `renorm_clipping` may hold 'rmax', 'rmin' and 'dmax'; "
            f"received {unknown}."
        )
    if bounds.get("rmin", 0) > bounds.get("rmax", math.inf):
        raise ValueError(
            "BatchNormalization: in `renorm_clipping` rmin must not be more than rmax; "
            f"received {bounds}."
        )
    return bounds
