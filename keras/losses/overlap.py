"""Dice and Tversky losses, for segmentation."""

from __future__ import annotations

from keras import ops
from keras.core import settings
from keras.core.config.configurable import arguments
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, Axis, DTypeLike
from keras.losses.loss import LossFunctionWrapper
from keras.losses.shapes import prepare


def dice(y_true: ArrayLike, y_pred: ArrayLike, axis: Axis = None) -> Tensor:
    """Dice loss: `1 - 2 * sum(y_true * y_pred) / (sum(y_true) + sum(y_pred))`.

    Milletari et al., "V-Net", 2016.

    Args:
        y_true: masks of 0 and 1.
        y_pred: predictions of the same shape.
        axis: the axes to sum over; None for all.

    Returns a number, or values of the shape without `axis`.

    Example:
        >>> keras.losses.dice([[1.0, 0.0]], [[1.0, 1.0]]).numpy().round(3)
        0.333
    """
    y_true, y_pred = prepare(y_true, y_pred, "dice")
    both = ops.sum(y_true * y_pred, axis=axis)
    total = ops.sum(y_true, axis=axis) + ops.sum(y_pred, axis=axis)
    return 1.0 - 2.0 * both / (total + settings.epsilon())


def tversky(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.5,
    beta: float = 0.5,
    axis: Axis = None,
) -> Tensor:
    """Tversky loss: Dice with separate weights for false negatives and false positives.

    `1 - tp / (tp + alpha * fn + beta * fp)`; Salehi et al., "Tversky loss
    function for image segmentation", 2017.

    Args:
        y_true: masks of 0 and 1.
        y_pred: predictions of the same shape.
        alpha: weight of the false negatives.
        beta: weight of the false positives.
        axis: the axes to sum over; None for all.

    Returns a number, or values of the shape without `axis`.

    Example:
        >>> keras.losses.tversky([[1.0, 0.0]], [[1.0, 1.0]], beta=1.0).numpy()
        0.5
    """
    y_true, y_pred = prepare(y_true, y_pred, "tversky")
    both = ops.sum(y_true * y_pred, axis=axis)
    missed = ops.sum(y_true * (1.0 - y_pred), axis=axis)
    wrong = ops.sum((1.0 - y_true) * y_pred, axis=axis)
    return 1.0 - both / (both + alpha * missed + beta * wrong + settings.epsilon())


class Dice(LossFunctionWrapper):
    """`keras.losses.dice` as a loss, for segmentation.

    The arguments are those of the function.
    """

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "dice",
        axis: Axis = None,
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(dice, reduction, name, dtype, axis=axis)


class Tversky(LossFunctionWrapper):
    """`keras.losses.tversky` as a loss, for segmentation with unbalanced classes.

    The arguments are those of the function.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "tversky",
        axis: Axis = None,
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(tversky, **arguments(locals()))
