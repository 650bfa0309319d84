"""Accuracy metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.core import settings
from keras.core.config.configurable import arguments
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, DTypeLike
from keras.losses.shapes import as_float, as_tensor, dtype_of, prepare
from keras.metrics.mean import FunctionMean, MeanMetricWrapper


def accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """1 where label and prediction are equal, else 0.

    Args:
        y_true: labels of any shape.
        y_pred: predictions of the same shape.

    Returns values of that shape.
    """
    y_true, y_pred = prepare(y_true, y_pred, "accuracy")
    return _hits(ops.equal(y_true, y_pred))


def binary_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5
) -> Tensor:
    """1 where `y_pred > threshold` is what the label 0 or 1 says, else 0.

    Args:
        y_true: labels 0 and 1.
        y_pred: probabilities of the same shape.
        threshold: above it a prediction is 1.

    Returns values of that shape.

    Example:
        >>> keras.metrics.binary_accuracy([1.0, 0.0], [0.7, 0.6]).numpy()
        array([1., 0.], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "binary_accuracy")
    if threshold is None:
        raise ValueError("binary_accuracy: `threshold` must be a number, not None.")
    predicted = ops.cast(ops.greater(y_pred, threshold), dtype_of(y_true))
    return _hits(ops.equal(y_true, predicted))


def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """1 where the highest prediction is at the place of the highest label, else 0.

    Args:
        y_true: one-hot labels, shape (batch_size, ..., num_classes).
        y_pred: predictions of the same shape.

    Returns values of the shape without the last axis.

    Example:
        >>> keras.metrics.categorical_accuracy([[0, 1]], [[0.2, 0.8]]).numpy()
        array([1.], dtype=float32)
    """
    labels = ops.argmax(as_tensor(y_true), axis=-1)
    return sparse_categorical_accuracy(labels, y_pred)


def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
    """1 where the highest prediction is at the place the label says, else 0.

    Args:
        y_true: class indices, of `y_pred`'s shape without the last axis, or with 1
            there.
        y_pred: predictions, shape (batch_size, ..., num_classes).

    Returns values of the shape without the last axis.

    Example:
        >>> keras.metrics.sparse_categorical_accuracy([1], [[0.2, 0.8]]).numpy()
        array([1.], dtype=float32)
    """
    y_pred = as_float(y_pred)
    y_true = _class_numbers(y_true, y_pred, "sparse_categorical_accuracy")
    return _hits(ops.equal(y_true, ops.argmax(y_pred, axis=-1)))


def top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5
) -> Tensor:
    """1 where the true class is among the `k` highest predictions, else 0.

    Args:
        y_true: one-hot labels, shape (batch_size, ..., num_classes).
        y_pred: predictions of the same shape.
        k: how many count.

    Returns values of the shape without the last axis.

    Example:
        >>> y_pred = [[0.1, 0.5, 0.4]]
        >>> keras.metrics.top_k_categorical_accuracy([[0, 0, 1]], y_pred, k=2).numpy()
        array([1.], dtype=float32)
    """
    labels = ops.argmax(as_tensor(y_true), axis=-1)
    return sparse_top_k_categorical_accuracy(labels, y_pred, k)


def sparse_top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> Tensor:
    """1 where the class of that number is among the `k` highest predictions, else 0.

    Args:
        y_true: class indices, of `y_pred`'s shape without the last axis, or with 1
            there.
        y_pred: predictions, shape (batch_size, ..., num_classes); or, with
            `from_sorted_ids`, class indices from the best on, at least `k`.
        k: how many count.

    Returns values of `y_true`'s shape.

    Example:
        >>> y_pred = [[0.1, 0.5, 0.4]]
        >>> keras.metrics.sparse_top_k_categorical_accuracy([2], y_pred, k=2).numpy()
        array([1.], dtype=float32)
    """
    who = "sparse_top_k_categorical_accuracy"
    y_pred = as_tensor(y_pred) if from_sorted_ids else as_float(y_pred)
    given = as_tensor(y_true)
    y_true = ops.cast(_class_numbers(given, y_pred, who), "int32")
    if from_sorted_ids:
        best = ops.cast(y_pred[..., :k], "int32")
        hits = ops.any(ops.equal(ops.expand_dims(y_true, -1), best), axis=-1)
    else:
        classes = y_pred.shape[-1]
        hits = ops.in_top_k(
            ops.reshape(y_true, (-1,)), ops.reshape(y_pred, (-1, classes)), k=k
        )
    return ops.reshape(_hits(hits), (-1, *tuple(given.shape)[1:]))


def _class_numbers(y_true: ArrayLike, y_pred: ArrayLike, who: str) -> Any:
    """Labels of `y_pred`'s shape without the last axis, else an error."""
    y_true = as_tensor(y_true)
    given = tuple(y_true.shape)
    wanted = tuple(y_pred.shape)[:-1]
    if len(given) == len(wanted) + 1 and given[-1] == 1:
        y_true = ops.squeeze(y_true, -1)
    found = tuple(y_true.shape)
    if len(found) != len(wanted) or any(
        a != b and None not in (a, b) for a, b in zip(found, wanted)
    ):
        raise ValueError(
            f"{who}: there must be one label for each prediction; received "
            f"y_true.shape={given} and y_pred.shape={tuple(y_pred.shape)}."
        )
    return y_true


def _hits(right: Any) -> Any:
    return ops.cast(right, settings.floatx())


class Accuracy(FunctionMean):
    """How often predictions equal labels.

    Given to `compile`, it means what the string "accuracy" means there: binary,
    categorical or sparse categorical accuracy, by the shapes of labels and outputs.

    Example:
        >>> keras.metrics.Accuracy()([1, 2, 3, 4], [0, 2, 3, 4]).numpy()
        0.75
    """

    _direction = "up"

    function = staticmethod(accuracy)

    def _resolve(self, y_true_shape: Sequence, y_pred_shape: Sequence) -> Accuracy:
        """Compare from now on as outputs of these shapes ask for; gives itself."""
        from keras.metrics.resolve import resolve_function

        self.fn = resolve_function("accuracy", y_true_shape, y_pred_shape)
        return self


class BinaryAccuracy(MeanMetricWrapper):
    """How often `y_pred > threshold` is what labels 0 and 1 say.

    Args:
        threshold: above it a prediction is 1.

    Example:
        >>> keras.metrics.BinaryAccuracy()([1.0, 0.0], [0.7, 0.6]).numpy()
        0.5
    """

    _direction = "up"

    def __init__(
        self,
        name: str | None = "binary_accuracy",
        dtype: DTypeLike = None,
        threshold: float = 0.5,
    ) -> None:
        super().__init__(binary_accuracy, name, dtype, threshold=threshold)


class CategoricalAccuracy(FunctionMean):
    """How often the highest prediction is at the place of a one-hot label.

    Example:
        >>> keras.metrics.CategoricalAccuracy()([[0, 1]], [[0.2, 0.8]]).numpy()
        1.0
    """

    _direction = "up"

    function = staticmethod(categorical_accuracy)


class SparseCategoricalAccuracy(FunctionMean):
    """How often the highest prediction is at the place the class number says.

    Example:
        >>> keras.metrics.SparseCategoricalAccuracy()([1], [[0.2, 0.8]]).numpy()
        1.0
    """

    _direction = "up"

    function = staticmethod(sparse_categorical_accuracy)


class TopKCategoricalAccuracy(MeanMetricWrapper):
    """How often a one-hot label's class is among the `k` highest predictions.

    Args:
        k: how many count.
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "top_k_categorical_accuracy",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(top_k_categorical_accuracy, name, dtype, k=k)


class SparseTopKCategoricalAccuracy(MeanMetricWrapper):
    """How often the class of that number is among the `k` highest predictions.

    Args:
        k: how many count.
        from_sorted_ids: whether predictions are class indices from the best on.
    """

    _direction = "up"

    def __init__(
        self,
        k: int = 5,
        name: str | None = "sparse_top_k_categorical_accuracy",
        dtype: DTypeLike = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(sparse_top_k_categorical_accuracy, **arguments(locals()))
