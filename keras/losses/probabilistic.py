"""Kullback-Leibler divergence and Poisson loss."""

from __future__ import annotations

from keras import ops
from keras.core import settings
from keras.core.op import Tensor
from keras.core.typing import ArrayLike
from keras.losses.loss import FunctionLoss
from keras.losses.shapes import prepare


def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """Kullback-Leibler divergence: the sum of `y_true * log(y_true / y_pred)`.

    Probabilities are clipped to [epsilon, 1].

    Args:
        y_true: probabilities that sum to 1, shape (batch_size, d0, ..., dN).
        y_pred: predicted probabilities of the same shape.

    Returns values of shape (batch_size, d0, ..., dN-1).

    Example:
        >>> keras.losses.kl_divergence([[0.5, 0.5]], [[0.25, 0.75]]).numpy().round(3)
        array([0.144], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "kl_divergence")
    least = settings.epsilon()
    y_true = ops.clip(y_true, least, 1.0)
    y_pred = ops.clip(y_pred, least, 1.0)
    return ops.sum(y_true * ops.log(y_true / y_pred), axis=-1)


def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """Poisson loss: the mean over the last axis of `y_pred - y_true * log(y_pred)`.

    Args:
        y_true: counts, shape (batch_size, d0, ..., dN).
        y_pred: predicted rates of the same shape, not negative.

    Returns values of shape (batch_size, d0, ..., dN-1).

    Example:
        >>> keras.losses.poisson([[1.0, 0.0]], [[1.0, 2.0]]).numpy()
        array([1.5], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "poisson")
    log_rate = ops.log(y_pred + settings.epsilon())
    return ops.mean(y_pred - y_true * log_rate, axis=-1)


class KLDivergence(FunctionLoss):
    """`keras.losses.kl_divergence` as a loss, between distributions."""

    function = staticmethod(kl_divergence)


class Poisson(FunctionLoss):
    """`keras.losses.poisson` as a loss, for counts."""

    function = staticmethod(poisson)
