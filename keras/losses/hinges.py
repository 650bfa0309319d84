"""Hinge losses."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.op import Tensor
from keras.core.typing import ArrayLike
from keras.losses.loss import FunctionLoss
from keras.losses.shapes import prepare


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """Hinge loss: the mean over the last axis of `max(1 - y_true * y_pred, 0)`.

    Args:
        y_true: labels -1 and 1; labels that are all 0 or 1 are converted to -1 and 1.
        y_pred: predictions of the same shape.

    Returns values of shape (batch_size, d0, ..., dN-1).

    Example:
        >>> keras.losses.hinge([[-1.0, 1.0]], [[0.5, 2.0]]).numpy()
        array([0.75], dtype=float32)
    """
    return ops.mean(_margin_loss(y_true, y_pred, "hinge"), axis=-1)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """Squared hinge: the mean over the last axis of `max(1 - y_true * y_pred, 0) ** 2`.

    Args:
        y_true: labels -1 and 1; labels that are all 0 or 1 are converted to -1 and 1.
        y_pred: predictions of the same shape.

    Returns values of shape (batch_size, d0, ..., dN-1).

    Example:
        >>> keras.losses.squared_hinge([[-1.0, 1.0]], [[0.5, 2.0]]).numpy()
        array([1.125], dtype=float32)
    """
    values = _margin_loss(y_true, y_pred, "squared_hinge")
    return ops.mean(ops.square(values), axis=-1)


def _margin_loss(y_true: ArrayLike, y_pred: ArrayLike, who: str) -> Any:
    y_true, y_pred = prepare(y_true, y_pred, who)
    all_binary = ops.all(ops.logical_or(ops.equal(y_true, 0.0), ops.equal(y_true, 1.0)))
    y_true = ops.where(all_binary, 2.0 * y_true - 1.0, y_true)
    return ops.maximum(1.0 - y_true * y_pred, 0.0)


def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """Categorical hinge: `max(1 + highest wrong score - true score, 0)`.

    Args:
        y_true: one-hot labels, shape (batch_size, num_classes).
        y_pred: scores of the same shape.

    Returns values of shape (batch_size,).

    Example:
        >>> keras.losses.categorical_hinge([[0.0, 1.0]], [[0.5, 1.0]]).numpy()
        array([0.5], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "categorical_hinge")
    right = ops.sum(y_true * y_pred, axis=-1)
    wrong = ops.max((1.0 - y_true) * y_pred, axis=-1)
    return ops.maximum(wrong - right + 1.0, 0.0)


class Hinge(FunctionLoss):
    """`keras.losses.hinge` as a loss, for labels -1 and 1 (or 0 and 1)."""

    function = staticmethod(hinge)


class SquaredHinge(FunctionLoss):
    """`keras.losses.squared_hinge` as a loss, for labels -1 and 1 (or 0 and 1)."""

    function = staticmethod(squared_hinge)


class CategoricalHinge(FunctionLoss):
    """`keras.losses.categorical_hinge` as a loss, for one-hot labels."""

    function = staticmethod(categorical_hinge)
