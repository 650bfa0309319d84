"""Crossentropy losses, binary and categorical, and their focal variants."""

from __future__ import annotations

import warnings
from typing import Any

from keras import ops
from keras.core import masks, settings
from keras.core.config.configurable import arguments
from keras.core.op import Tensor
from keras.core.scope import current
from keras.core.typing import ArrayLike, DTypeLike
from keras.losses.loss import LossFunctionWrapper
from keras.losses.shapes import as_float, as_tensor, dtype_of, prepare, sparse_labels


def binary_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Binary crossentropy, averaged over `axis`.

    `-(y_true * log(y_pred) + (1 - y_true) * log(1 - y_pred))`.

    Args:
        y_true: labels 0 and 1, or probabilities.
        y_pred: predictions of the same shape.
        from_logits: whether `y_pred` holds logits (before the sigmoid).
        label_smoothing: from 0 to 1, how far labels are smoothed towards 0.5.
        axis: the axis to average over.

    Returns values of the shape without `axis`.

    Example:
        >>> keras.losses.binary_crossentropy([[0.0, 1.0]], [[0.5, 0.25]]).numpy()
        array([1.0397208], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "binary_crossentropy")
    y_true = smooth(y_true, label_smoothing, 2)
    values = ops.binary_crossentropy(y_true, y_pred, from_logits=from_logits)
    return ops.mean(values, axis=axis)


def categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Categorical crossentropy of one-hot labels: `-sum(y_true * log(y_pred))`.

    Args:
        y_true: one-hot labels or probabilities, shape (batch_size, ..., num_classes).
        y_pred: predictions of the same shape; they are normalized to sum 1.
        from_logits: whether `y_pred` holds logits (before the softmax).
        label_smoothing: from 0 to 1, the probability spread over all classes.
        axis: the class axis.

    Returns values of the shape without `axis`.

    Raises:
        ValueError: the shapes differ.

    Example:
        >>> keras.losses.categorical_crossentropy([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
        array([0.6931472], dtype=float32)
    """
    y_true, y_pred = prepare_classes(
        y_true, y_pred, label_smoothing, axis, "categorical_crossentropy"
    )
    return ops.categorical_crossentropy(
        y_true, y_pred, from_logits=from_logits, axis=axis
    )


def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Tensor:
    """Categorical crossentropy of class indices: `-log(y_pred[class])`.

    Args:
        y_true: class indices, of the shape of `y_pred` without `axis`, or with a last
            axis of 1.
        y_pred: predictions, shape (batch_size, ..., num_classes).
        from_logits: whether `y_pred` holds logits (before the softmax).
        ignore_class: the index of a class to ignore, such as -1 or 255.
        axis: the class axis.

    Returns values of the labels' shape; 0 where the class is ignored.

    Raises:
        ValueError: the shapes do not match, or a label is not a class index.

    Example:
        >>> keras.losses.sparse_categorical_crossentropy([1], [[0.5, 0.5]]).numpy()
        array([0.6931472], dtype=float32)
    """
    who = "sparse_categorical_crossentropy"
    y_pred = as_float(y_pred)
    y_true = sparse_labels(y_true, y_pred, who, axis, ignore_class)
    if axis not in (-1, len(y_pred.shape) - 1):
        y_pred = ops.moveaxis(y_pred, axis, -1)

    valid = None
    if ignore_class is not None:
        valid = ops.not_equal(y_true, ignore_class)
        y_true = ops.where(valid, y_true, 0)

    values = ops.sparse_categorical_crossentropy(y_true, y_pred, from_logits)
    if valid is not None:
        values = ops.where(valid, values, 0.0)
        masks.set_mask(values, valid)
    return values


def categorical_generalized_cross_entropy(
    y_true: ArrayLike, y_pred: ArrayLike, q: float
) -> Tensor:
    """Generalized crossentropy, robust to label noise: `(1 - p**q) / q`.

    `p` is the probability of the true class. Interpolates between crossentropy (q near
    0) and the mean absolute error (q near 1); Zhang and Sabuncu,
    "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy
    Labels", 2018.

    Args:
        y_true: class indices, shape (batch_size,) or (batch_size, 1).
        y_pred: probabilities, shape (batch_size, num_classes).
        q: a number between 0 and 1.

    Returns values of shape (batch_size,).

    Example:
        >>> y_pred = [[0.75, 0.25]]
        >>> keras.losses.categorical_generalized_cross_entropy([1], y_pred, 0.5).numpy()
        array([1.], dtype=float32)
    """
    who = "categorical_generalized_cross_entropy"
    check_q(q, who)
    y_pred = as_float(y_pred)
    y_true = sparse_labels(y_true, y_pred, who)
    one_hot = ops.one_hot(y_true, y_pred.shape[-1], dtype=dtype_of(y_pred))
    p = ops.sum(one_hot * y_pred, axis=-1)
    return (1.0 - ops.power(p, q)) / q


def check_q(q: float, who: str) -> None:
    """Raise ValueError unless `q` is between 0 and 1."""
    if not 0 < q < 1:
        raise ValueError(f"{who}: `q` must be between 0 and 1; received {q!r}.")


def smooth(y_true: ArrayLike, label_smoothing: Any, num_classes: int) -> Tensor:
    """Labels smoothed towards the uniform distribution."""
    if isinstance(label_smoothing, (int, float)):
        if not 0 <= label_smoothing <= 1:
            raise ValueError(
                "`label_smoothing` must be a number from 0 to 1; received "
                f"{label_smoothing!r}."
            )
        if label_smoothing == 0:
            return y_true
    return y_true * (1.0 - label_smoothing) + label_smoothing / num_classes


def prepare_classes(
    y_true: ArrayLike, y_pred: ArrayLike, label_smoothing: Any, axis: int, who: str
) -> tuple[Any, Any]:
    """Checked and smoothed one-hot labels, and predictions, of one shape."""
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise ValueError(f"{who}: `axis` must be an integer; received {axis!r}.")
    y_true, y_pred = prepare(y_true, y_pred, who)
    if len(y_true.shape) != len(y_pred.shape):
        raise ValueError(
            f"{who}: `y_true` and `y_pred` must have the same shape; received "
            f"y_true.shape={tuple(y_true.shape)} and y_pred.shape="
            f"{tuple(y_pred.shape)}. Integer class indices need "
            "`sparse_categorical_crossentropy`, or `keras.ops.one_hot` first."
        )
    num_classes = y_pred.shape[axis]
    if num_classes == 1:
        warnings.warn(
            f"{who}: `y_pred` has one class, shape {tuple(y_pred.shape)}, so the "
            "loss is always 0. Use `binary_crossentropy` for one output.",
            SyntaxWarning,
            stacklevel=3,
        )
    return smooth(y_true, label_smoothing, num_classes), y_pred


class BinaryCrossentropy(LossFunctionWrapper):
    """`keras.losses.binary_crossentropy` as a loss, for labels 0 and 1.

    The arguments are those of the function.

    Example:
        >>> loss = keras.losses.BinaryCrossentropy(from_logits=True)
        >>> loss([[0.0, 1.0]], [[0.0, 0.0]]).numpy()
        0.6931472
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "binary_crossentropy",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(binary_crossentropy, **arguments(locals()))


class CategoricalCrossentropy(LossFunctionWrapper):
    """`keras.losses.categorical_crossentropy` as a loss, for one-hot labels.

    The arguments are those of the function.

    Example:
        >>> loss = keras.losses.CategoricalCrossentropy()
        >>> loss([[0.0, 1.0]], [[0.5, 0.5]]).numpy()
        0.6931472
    """

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_crossentropy",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(categorical_crossentropy, **arguments(locals()))


class SparseCategoricalCrossentropy(LossFunctionWrapper):
    """`keras.losses.sparse_categorical_crossentropy` as a loss, for class indices.

    Args:
        from_logits: whether predictions are logits (before the softmax).
        ignore_class: the index of a class to ignore; the mean is over the other
            samples.
        axis: the class axis.

    Example:
        >>> loss = keras.losses.SparseCategoricalCrossentropy()
        >>> loss([1, 0], [[0.5, 0.5], [0.5, 0.5]]).numpy()
        0.6931472
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = "sparse_categorical_crossentropy",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(sparse_categorical_crossentropy, **arguments(locals()))

    def _convert_labels(self, x: Any) -> Any:
        return x if current().is_tensor(x) else as_tensor(x)


class CategoricalGeneralizedCrossEntropy(LossFunctionWrapper):
    """`keras.losses.categorical_generalized_cross_entropy` as a loss.

    Args:
        q: robustness to label noise, between 0 and 1.
    """

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "categorical_generalized_cross_entropy",
        dtype: DTypeLike = None,
    ) -> None:
        check_q(q, type(self).__name__)
        super().__init__(categorical_generalized_cross_entropy, **arguments(locals()))

    def _convert_labels(self, x: Any) -> Any:
        return x if current().is_tensor(x) else as_tensor(x)


def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Binary focal crossentropy: `(1 - p)**gamma` times the crossentropy.

    `p` is the probability of the true label.

    Lin et al., "Focal Loss for Dense Object Detection", 2017.

    Args:
        y_true: labels 0 and 1.
        y_pred: predictions of the same shape.
        apply_class_balancing: whether label 1 is weighted by `alpha` and label 0 by
            `1 - alpha`.
        alpha: the balancing weight.
        gamma: focusing parameter; 0 gives plain crossentropy.
        from_logits: whether `y_pred` holds logits (before the sigmoid).
        label_smoothing: from 0 to 1, how far labels are smoothed towards 0.5.
        axis: the axis to average over.

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
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: Any = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """Categorical focal crossentropy: `-alpha * (1 - p)**gamma * y_true * log(p)`.

    Lin et al., "Focal Loss for Dense Object Detection", 2017.

    Args:
        y_true: one-hot labels, shape (batch_size, ..., num_classes).
        y_pred: predictions of the same shape; they are normalized to sum 1.
        alpha: weight of all classes, or a list with one weight per class.
        gamma: focusing parameter; 0 gives plain crossentropy.
        from_logits: whether `y_pred` holds logits (before the softmax).
        label_smoothing: from 0 to 1, the probability spread over all classes.
        axis: the class axis.

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
    y_pred = ops.clip(y_pred, settings.epsilon(), 1.0 - settings.epsilon())
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
        dtype: DTypeLike = None,
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
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(categorical_focal_crossentropy, **arguments(locals()))
