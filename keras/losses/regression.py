"""Regression losses."""

from __future__ import annotations

import math
from typing import Any

from keras import ops
from keras.core import settings
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, Axis, DTypeLike
from keras.losses.loss import FunctionLoss, LossFunctionWrapper
from keras.losses.shapes import prepare


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """The mean over the last axis of `(y_true - y_pred) ** 2`.

    Args:
        y_true, y_pred: targets and predictions, shape (batch_size, d0, ..., dN).

    Returns values of shape (batch_size, d0, ..., dN-1).

    Raises:
        ValueError: the shapes do not match.

    Example:
        >>> keras.losses.mean_squared_error([[0.0, 1.0]], [[1.0, 3.0]]).numpy()
        array([2.5], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "mean_squared_error")
    return ops.mean(ops.square(y_true - y_pred), axis=-1)


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """The mean over the last axis of `|y_true - y_pred|`.

    Args:
        y_true, y_pred: targets and predictions, shape (batch_size, d0, ..., dN).

    Returns values of shape (batch_size, d0, ..., dN-1).

    Example:
        >>> keras.losses.mean_absolute_error([[0.0, 1.0]], [[1.0, 3.0]]).numpy()
        array([1.5], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "mean_absolute_error")
    return ops.mean(ops.abs(y_true - y_pred), axis=-1)


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """The mean over the last axis of `100 * |y_true - y_pred| / |y_true|`.

    Absolute targets below `keras.config.epsilon()` are replaced by it.

    Args:
        y_true, y_pred: targets and predictions, shape (batch_size, d0, ..., dN).

    Returns values in percent, shape (batch_size, d0, ..., dN-1).

    Example:
        >>> keras.losses.mean_absolute_percentage_error([[2.0]], [[1.0]]).numpy()
        array([50.], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "mean_absolute_percentage_error")
    size = ops.maximum(ops.abs(y_true), settings.epsilon())
    return 100.0 * ops.mean(ops.abs((y_true - y_pred) / size), axis=-1)


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """The mean over the last axis of `(log(y_true + 1) - log(y_pred + 1)) ** 2`.

    For positive values: those below `keras.config.epsilon()` are replaced by it.

    Args:
        y_true, y_pred: targets and predictions, shape (batch_size, d0, ..., dN).

    Returns values of shape (batch_size, d0, ..., dN-1).

    Example:
        >>> keras.losses.mean_squared_logarithmic_error([[3.0]], [[3.0]]).numpy()
        array([0.], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "mean_squared_logarithmic_error")
    least = settings.epsilon()
    log_true = ops.log(ops.maximum(y_true, least) + 1.0)
    log_pred = ops.log(ops.maximum(y_pred, least) + 1.0)
    return ops.mean(ops.square(log_true - log_pred), axis=-1)


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: Axis = -1) -> Tensor:
    """Negative cosine similarity: -1 for vectors of equal direction.

    Args:
        y_true: nonzero vectors along `axis`.
        y_pred: vectors of the same shape.
        axis: the axis of the vectors.

    Returns values from -1 to 1, of the shape without `axis`; 0 where a vector is zero.

    Example:
        >>> keras.losses.cosine_similarity([[0.0, 1.0]], [[0.0, 2.0]]).numpy()
        array([-1.], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "cosine_similarity")
    y_true = _unit(y_true, axis)
    y_pred = _unit(y_pred, axis)
    return -ops.sum(y_true * y_pred, axis=axis)


def _unit(x: Any, axis: Axis) -> Any:
    square = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return x * ops.rsqrt(ops.maximum(square, 1e-12))


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Tensor:
    """Huber loss: quadratic for errors up to `delta`, linear beyond; averaged over
    the last axis.

    `0.5 * e**2` where `|e| <= delta`, else `delta * |e| - 0.5 * delta**2`.

    Args:
        y_true, y_pred: targets and predictions, shape (batch_size, d0, ..., dN).
        delta: the error at which the loss becomes linear.

    Returns values of shape (batch_size, d0, ..., dN-1).

    Example:
        >>> keras.losses.huber([[0.0, 0.0]], [[1.0, 3.0]]).numpy()
        array([1.5], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "huber")
    error = ops.abs(y_pred - y_true)
    square = 0.5 * ops.square(error)
    values = ops.where(error <= delta, square, delta * error - 0.5 * delta**2)
    return ops.mean(values, axis=-1)


def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """Log-cosh loss: the mean over the last axis of `log(cosh(y_pred - y_true))`.

    Nearly `e**2 / 2` for a small error e, and `|e| - log(2)` for a large one.

    Args:
        y_true, y_pred: targets and predictions, shape (batch_size, d0, ..., dN).

    Returns values of shape (batch_size, d0, ..., dN-1).

    Example:
        >>> keras.losses.log_cosh([[0.0]], [[1.0]]).numpy().round(3)
        array([0.434], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "log_cosh")
    error = y_pred - y_true
    return ops.mean(error + ops.softplus(-2.0 * error) - math.log(2.0), axis=-1)


class MeanSquaredError(FunctionLoss):
    """`keras.losses.mean_squared_error` as a loss: `(y_true - y_pred) ** 2`.

    Example:
        >>> loss = keras.losses.MeanSquaredError()
        >>> loss([[0.0, 1.0], [0.0, 0.0]], [[1.0, 3.0], [0.0, 0.0]]).numpy()
        1.25
    """

    function = staticmethod(mean_squared_error)


class MeanAbsoluteError(FunctionLoss):
    """`keras.losses.mean_absolute_error` as a loss: `|y_true - y_pred|`."""

    function = staticmethod(mean_absolute_error)


class MeanAbsolutePercentageError(FunctionLoss):
    """`keras.losses.mean_absolute_percentage_error` as a loss, in percent."""

    function = staticmethod(mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(FunctionLoss):
    """`keras.losses.mean_squared_logarithmic_error` as a loss, for positive numbers."""

    function = staticmethod(mean_squared_logarithmic_error)


class CosineSimilarity(LossFunctionWrapper):
    """`keras.losses.cosine_similarity` as a loss: -1 for vectors of one direction.

    Args:
        axis: the axis of the vectors.
    """

    def __init__(
        self,
        axis: Axis = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction, name, dtype, axis=axis)


class Huber(LossFunctionWrapper):
    """`keras.losses.huber` as a loss: squared for small errors, linear for large ones.

    Args:
        delta: the error at which the loss becomes linear.
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(huber, reduction, name, dtype, delta=delta)


class LogCosh(FunctionLoss):
    """`keras.losses.log_cosh` as a loss: the logarithm of the error's cosh."""

    function = staticmethod(log_cosh)
