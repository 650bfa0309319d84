"""Intersection over union, for segmentation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras import ops
from keras.core import dtypes
from keras.core.config.configurable import arguments
from keras.core.config.limits import check_repeats
from keras.core.errors import check_positive_int
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, DTypeLike
from keras.losses.shapes import as_tensor, dtype_of, weights_for
from keras.metrics.metric import Metric


class IoU(Metric):
    """Intersection over union, `tp / (tp + fp + fn)`, averaged over chosen classes.

    Counts are integers unless `dtype` is given. Values that are not a class index are
    ignored.

    Args:
        num_classes: number of classes.
        target_class_ids: classes to average over, as far as they occurred.
        ignore_class: a label to ignore, such as 255.
        sparse_y_true, sparse_y_pred: whether labels and predictions are class indices;
            else they are one-hot or probabilities.
        axis: the class axis, where there is one.

    Example:
        >>> metric = keras.metrics.IoU(num_classes=2, target_class_ids=[0])
        >>> metric([0, 0, 1, 1], [0, 1, 0, 1]).numpy()
        0.33333334
    """

    _direction = "up"

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: DTypeLike = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(name=name, dtype=dtype or "int32")
        who = type(self).__name__
        self.num_classes = check_positive_int(num_classes, "num_classes", who)
        self.target_class_ids = [int(i) for i in target_class_ids]
        for i in self.target_class_ids:
            if not 0 <= i < num_classes:
                raise ValueError(
                    f"{who}: `target_class_ids` holds {i}, but classes go from 0 to "
                    f"{num_classes - 1}."
                )

        self.ignore_class = ignore_class
        self.sparse_y_true = sparse_y_true
        self.sparse_y_pred = sparse_y_pred
        self.axis = axis
        self.total_confusion_matrix = self.add_variable(
            (num_classes, num_classes), "zeros", name="total_confusion_matrix"
        )

    def update_state(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        """Add a batch.

        Args:
            y_true: class indices, or one-hot labels (see `sparse_y_true`).
            y_pred: predictions, likewise.
            sample_weight: a scalar, or a weight for each label.
        """
        y_true = self._classes(y_true, self.sparse_y_true)
        y_pred = self._classes(y_pred, self.sparse_y_pred)
        self._add(y_true, y_pred, sample_weight)

    def _classes(self, y: Any, sparse: bool) -> Any:
        y = as_tensor(y)
        return y if sparse else ops.argmax(y, axis=self.axis)

    def _add(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike
    ) -> None:
        shapes = tuple(y_true.shape), tuple(y_pred.shape)
        known = None not in shapes[0] + shapes[1]
        if known and np.prod(shapes[0]) != np.prod(shapes[1]):
            raise ValueError(
                f"{type(self).__name__}: labels and predictions must match one to one; "
                f"received labels of shape {shapes[0]} and predictions of {shapes[1]}."
            )
        if sample_weight is not None:
            sample_weight = self._weights(sample_weight, y_true)

        y_true = ops.reshape(ops.cast(y_true, "int32"), (-1,))
        y_pred = ops.reshape(ops.cast(y_pred, "int32"), (-1,))

        n = self.num_classes
        counts = ops.logical_and(y_true >= 0, y_true < n)
        counts = ops.logical_and(counts, ops.logical_and(y_pred >= 0, y_pred < n))
        if self.ignore_class is not None:
            counts = ops.logical_and(counts, ops.not_equal(y_true, self.ignore_class))

        weights = ops.cast(counts, self.dtype)
        if sample_weight is not None:
            weights = weights * sample_weight
        places = ops.where(counts, y_true * n + y_pred, 0)
        matrix = ops.segment_sum(weights, places, n * n)
        self.total_confusion_matrix.assign_add(ops.reshape(matrix, (n, n)))

    def _weights(self, sample_weight: ArrayLike, y_true: ArrayLike) -> Any:
        """A weight for each label, in one row."""
        if isinstance(sample_weight, (int, float, list, tuple, np.ndarray)):
            given = np.asarray(sample_weight)
            if dtypes.is_int_dtype(self.dtype) and (given != np.floor(given)).any():
                raise ValueError(
                    f"{type(self).__name__} counts in {self.dtype}, which fractional "
                    '`sample_weight` would be cut off to. Give `dtype="float32"`.'
                )
        weights = as_tensor(sample_weight, self.dtype)
        if len(weights.shape) <= len(y_true.shape):
            ones = ops.ones_like(y_true, dtype=self.dtype)
            ones, weights = weights_for(weights, ones)
            weights = weights * ones
        return ops.reshape(weights, (-1,))

    def result(self) -> Tensor:
        """The mean over those target classes that occurred."""
        matrix = ops.cast(self.total_confusion_matrix, "float32")
        right = ops.diagonal(matrix)
        union = ops.sum(matrix, axis=0) + ops.sum(matrix, axis=1) - right
        iou = ops.divide_no_nan(right, union)
        occurred = ops.cast(union > 0, dtype_of(iou))
        ids = np.asarray(self.target_class_ids, "int32")
        iou = ops.take(iou, ids)
        occurred = ops.take(occurred, ids)
        return ops.divide_no_nan(ops.sum(iou), ops.sum(occurred))


class OneHotIoU(IoU):
    """Intersection over union of one-hot labels, the mean over chosen classes.

    Args:
        num_classes, target_class_ids, ignore_class, sparse_y_pred, axis: as for
            `keras.metrics.IoU`.
    """

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: DTypeLike = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(sparse_y_true=False, **arguments(locals()))


class MeanIoU(IoU):
    """Intersection over union, the mean over all classes that occurred.

    Args:
        num_classes, ignore_class, sparse_y_true, sparse_y_pred, axis: as for
            `keras.metrics.IoU`.

    Example:
        >>> keras.metrics.MeanIoU(2)([0, 0, 1, 1], [0, 1, 0, 1]).numpy()
        0.33333334
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: DTypeLike = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        check_repeats(num_classes, f"{type(self).__name__}: `num_classes`")
        given = arguments(locals())
        super().__init__(target_class_ids=range(num_classes), **given)


class OneHotMeanIoU(MeanIoU):
    """Intersection over union of one-hot labels, the mean over all classes.

    Args:
        num_classes, ignore_class, sparse_y_pred, axis: as for `keras.metrics.IoU`.
    """

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: DTypeLike = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(sparse_y_true=False, **arguments(locals()))


class BinaryIoU(IoU):
    """Intersection over union of two classes, from probabilities.

    Args:
        target_class_ids: classes to average over: (0,), (1,) or both.
        threshold: predictions of at least this value count as 1.

    Example:
        >>> metric = keras.metrics.BinaryIoU(threshold=0.3)
        >>> metric([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]).numpy()
        0.33333334
    """

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = threshold

    def update_state(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        """Add a batch of labels 0 and 1, and of probabilities."""
        chosen = ops.greater_equal(as_tensor(y_pred, "float32"), self.threshold)
        self._add(as_tensor(y_true), chosen, sample_weight)
