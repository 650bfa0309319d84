"""Focal crossentropies: what is already right counts little (Lin et al., 2017)."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core import config
from keras.core.configurable import arguments
from keras.losses.crossentropy import prepare_classes, smooth
from keras.losses.loss import LossFunctionWrapper
from keras.losses.shapes import as_tensor, dtype_of, prepare


def binary_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Binary crossentropy times `(1 - p)**gamma`, for p the true label's probability.

    Lin et al., "Focal Loss for Dense Object Detection", 2017.

    Args:
        y_true: labels 0 and 1.
        y_pred: predictions of the same shape.
        apply_class_balancing: weigh label 1 with `alpha`, label 0 with `1 - alpha`.
        alpha: that weight.
        gamma: how little counts what is already right; 0 is plain crossentropy.
        from_logits: whether `y_pred` is before the sigmoid.
        label_smoothing: how far, from 0 to 1, labels move towards 0.5.
        axis: the axis of the mean.

    Returns values of the shape without `axis`.

    Example:
        >>> keras.losses.binary_focal_crossentropy([[1.0]], [[0.5]]).numpy()
        array([0.1732868], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "binary_focal_crossentropy")
    y_true = smooth(y_true, label_smoothing, 2)
    if from_logits:
        y_pred = ops.sigmoid(y_pred)
    values = ops.binary_crossentropy(y_true, y_pred)
    p = y_true * y_pred + (1.0 - y_true) * (1.0 - y_pred)
    values = ops.power(1.0 - p, gamma) * values
    if apply_class_balancing:
        values = (y_true * alpha + (1.0 - y_true) * (1.0 - alpha)) * values
    return ops.mean(values, axis=axis)


def categorical_focal_crossentropy(
    y_true: Any,
    y_pred: Any,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """`-alpha * (1 - p)**gamma * y_true * log(p)`, summed over `axis`.

    Lin et al., "Focal Loss for Dense Object Detection", 2017.

    Args:
        y_true: one-hot labels, shape (batch_size, ..., num_classes).
        y_pred: predictions of the same shape; they are made to add up to 1.
        alpha: the weight of all classes, or a list of one for each.
        gamma: how little counts what is already right; 0 is plain crossentropy.
        from_logits: whether `y_pred` is before the softmax.
        label_smoothing: how much of 1, from 0 to 1, is shared by all classes.
        axis: the axis of the classes.

    Returns values of the shape without `axis`.

    Example:
        >>> y_true, y_pred = [[0.0, 1.0]], [[0.5, 0.5]]
        >>> keras.losses.categorical_focal_crossentropy(y_true, y_pred).numpy()
        array([0.0433217], dtype=float32)
    """
    y_true, y_pred = prepare_classes(
        y_true, y_pred, label_smoothing, axis, "categorical_focal_crossentropy"
    )
    if from_logits:
        y_pred = ops.softmax(y_pred, axis=axis)
    y_pred = y_pred / ops.sum(y_pred, axis=axis, keepdims=True)
    y_pred = ops.clip(y_pred, config.epsilon(), 1.0 - config.epsilon())
    if not isinstance(alpha, (int, float)):
        alpha = as_tensor(alpha, dtype_of(y_pred))
    weight = alpha * ops.power(1.0 - y_pred, gamma)
    return -ops.sum(weight * y_true * ops.log(y_pred), axis=axis)


class BinaryFocalCrossentropy(LossFunctionWrapper):
    """`keras.losses.binary_focal_crossentropy` as a loss, for labels 0 and 1."""

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(binary_focal_crossentropy, **arguments(locals()))


class CategoricalFocalCrossentropy(LossFunctionWrapper):
    """`keras.losses.categorical_focal_crossentropy` as a loss, for one-hot labels."""

    def __init__(
        self,
        alpha: Any = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_focal_crossentropy",
        dtype: Any = None,
    ) -> None:
        super().__init__(categorical_focal_crossentropy, **arguments(locals()))
