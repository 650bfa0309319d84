"""Confusion counts, and metrics computed from them: precision, recall, F scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras import ops
from keras.core.config.limits import check_repeats
from keras.core.errors import (
    check_choice,
    check_fraction,
    check_number,
    check_positive_int,
)
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, DTypeLike
from keras.losses.shapes import as_tensor, prepare, weights_for
from keras.metrics.metric import Metric, need_a_batch, number_of_columns

# For each count: its label (0 or 1, the column of a tally), and whether it counts
# predictions above the threshold.
COUNTS = {
    "true_positives": (1, True),
    "false_positives": (0, True),
    "true_negatives": (0, False),
    "false_negatives": (1, False),
}


class CountsMetric(Metric):
    """Base of metrics that keep confusion counts for each of their thresholds."""

    _thresholds: list[float]
    top_k: int | None = None
    class_id: int | None = None
    # Whether the thresholds are those of `even_thresholds`.
    _even = False
    _given_thresholds: Any = None

    @property
    def thresholds(self) -> list[float]:
        """Predictions above a threshold count as positive."""
        return self._thresholds

    def config_value(self, name: str, value: Any) -> Any:
        """The thresholds as the constructor received them."""
        given = self._given_thresholds if name == "thresholds" else value
        return super().config_value(name, given)

    def _keep(self, *counts: str, labels: int | None = None) -> None:
        """Make a variable for each of these counts."""
        shape = (len(self.thresholds), *([] if labels is None else [labels]))
        for name in counts:
            setattr(self, name, self.add_variable(shape, "zeros", name=name))
        self._kept = {name: getattr(self, name) for name in counts}

    def update_state(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        y_true, y_pred, weights = self._select(y_true, y_pred, sample_weight)
        self._add(y_true, y_pred, weights)

    def _select(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike
    ) -> tuple[Any, Any, Any]:
        """Boolean labels, predictions and weights, all of one shape."""
        dtype = self.dtype
        y_true, y_pred = prepare(y_true, as_tensor(y_pred, dtype), self.name)
        if self.top_k is not None:
            best = ops.top_k(y_pred, self.top_k)[1]
            kept = ops.sum(ops.one_hot(best, y_pred.shape[-1], dtype=dtype), axis=-2)
            y_pred = ops.where(kept > 0, y_pred, -1e10)

        if self.class_id is not None:
            classes = y_pred.shape[-1] if len(y_pred.shape) else 0
            if classes is not None and not -classes <= self.class_id < classes:
                raise ValueError(
                    f"{type(self).__name__}: `class_id` is {self.class_id}, but y_pred "
                    f"of shape {tuple(y_pred.shape)} has {classes} classes."
                )
            y_true = y_true[..., self.class_id]
            y_pred = y_pred[..., self.class_id]
        if sample_weight is not None:
            y_pred, weights = weights_for(as_tensor(sample_weight, dtype), y_pred)
            if len(y_true.shape) < len(y_pred.shape):
                y_true = ops.expand_dims(y_true, -1)
            sample_weight = weights * ops.ones_like(y_pred)
        return ops.not_equal(y_true, 0.0), y_pred, sample_weight

    def _add(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        weights: Any,
        per_label: bool = False,
    ) -> None:
        """Add to the counts; with `per_label` separately for each label."""
        labels = y_pred.shape[-1] if per_label else 1
        y_true = ops.reshape(y_true, (-1, labels))
        y_pred = ops.reshape(y_pred, (-1, labels))
        if weights is not None:
            weights = ops.reshape(weights, (-1, labels))

        tally = _tally_even if self._even else _tally
        above, total = tally(y_true, y_pred, weights, self.thresholds)
        for name, variable in self._kept.items():
            column, is_above = COUNTS[name]
            count = above[..., column]
            count = count if is_above else total[..., column] - count
            variable.assign_add(count if per_label else count[:, 0])


def check_thresholds(thresholds: Any, default: float, who: str) -> list[float]:
    """Thresholds as a list; each must be between 0 and 1."""
    if thresholds is None:
        return [default]
    many = isinstance(thresholds, (list, tuple, np.ndarray))
    found = [float(t) for t in (thresholds if many else [thresholds])]
    return [check_fraction(t, "thresholds", who) for t in found]


def even_thresholds(num_thresholds: int) -> list[float]:
    """Evenly spaced thresholds from 0 to 1; a single one is 0.5."""
    if num_thresholds == 1:
        return [0.5]
    check_repeats(num_thresholds, "`num_thresholds`")
    return [i / (num_thresholds - 1) for i in range(num_thresholds)]


def are_even(thresholds: Sequence[float]) -> bool:
    """Whether thresholds are evenly spaced from 0 to 1."""
    n = len(thresholds)
    return n > 2 and np.allclose(thresholds, even_thresholds(n), rtol=0.0, atol=1e-7)


def _tally(
    y_true: ArrayLike, y_pred: ArrayLike, weights: Any, thresholds: Sequence[float]
) -> tuple[Any, Any]:
    """Count the predictions above each threshold, and all predictions.

    Args:
        y_true: True and False, shape (n, labels).
        y_pred, weights: of the same shape; weights may be None.

    Returns:
        The weighted numbers above, shape (thresholds, labels, 2), and the total, shape
        (labels, 2); the last axis is for labels False and True.
    """
    dtype = ops.dtype(y_pred)
    columns = ops.cast(ops.stack([ops.logical_not(y_true), y_true], axis=-1), dtype)
    if weights is not None:
        columns = columns * weights[..., None]
    bounds = as_tensor(np.reshape(thresholds, (-1, 1, 1)), dtype)
    is_above = ops.cast(ops.greater(y_pred, bounds), dtype)
    return ops.sum(is_above[..., None] * columns, axis=1), ops.sum(columns, axis=0)


def _tally_even(
    y_true: ArrayLike, y_pred: ArrayLike, weights: Any, thresholds: Sequence[float]
) -> tuple[Any, Any]:
    """`_tally` for evenly spaced thresholds: a histogram, then cumulative sums.

    Each prediction is processed once instead of once per threshold. Predictions are not
    negative, so all of them exceed a first threshold just below 0.
    """
    size = len(thresholds)
    labels = y_pred.shape[-1]
    bucket = ops.ceil(ops.clip(y_pred, 0.0, 1.0) * (size - 1))
    if thresholds[0] < 0:
        bucket = ops.maximum(bucket, 1.0)
    place = ops.cast(bucket, "int32") * (2 * labels) + ops.cast(y_true, "int32")
    if labels > 1:
        place = place + 2 * ops.arange(labels, dtype="int32")

    weights = ops.ones_like(y_pred) if weights is None else weights
    sums = ops.segment_sum(
        ops.reshape(weights, (-1,)), ops.reshape(place, (-1,)), size * labels * 2
    )
    sums = ops.reshape(sums, (size, labels, 2))

    from_here = ops.flip(ops.cumsum(ops.flip(sums, axis=0), axis=0), axis=0)
    # A prediction in bucket b exceeds the thresholds before b.
    above = ops.concatenate([from_here[1:], from_here[:1] * 0.0], axis=0)
    return above, from_here[0]


class _Count(CountsMetric):
    """One of the four counts."""

    counted: str

    def __init__(
        self, thresholds: Any = None, name: str | None = None, dtype: DTypeLike = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._given_thresholds = thresholds
        self._thresholds = check_thresholds(thresholds, 0.5, type(self).__name__)
        shape = (len(self.thresholds),)
        self.accumulator = self.add_variable(shape, "zeros", name="accumulator")
        self._kept = {self.counted: self.accumulator}

    def result(self) -> Tensor:
        """The count so far: a number, or one for each threshold."""
        return _first_if_one(self.accumulator.value)


def _first_if_one(values: Any) -> Any:
    return values[0] if values.shape[0] == 1 else values


class TruePositives(_Count):
    """Counts true positives: labels 1 predicted as 1.

    Args:
        thresholds: a threshold or a list; predictions above it count as 1. By default
            0.5.

    Example:
        >>> keras.metrics.TruePositives()([0, 1, 1], [0.9, 0.8, 0.1]).numpy()
        1.0
    """

    counted = "true_positives"


class FalsePositives(_Count):
    """Counts false positives: labels 0 predicted as 1. See `TruePositives`."""

    counted = "false_positives"


class TrueNegatives(_Count):
    """Counts true negatives: labels 0 predicted as 0. See `TruePositives`."""

    counted = "true_negatives"


class FalseNegatives(_Count):
    """Counts false negatives: labels 1 predicted as 0. See `TruePositives`."""

    counted = "false_negatives"


class _Ratio(CountsMetric):
    """Ratio of the true positives to their sum with another count."""

    _direction = "up"
    other: str

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        who = type(self).__name__
        if top_k is not None:
            top_k = check_positive_int(top_k, "top_k", who)
        self._given_thresholds = thresholds
        # The `top_k` all count as positive; the other predictions are set to -1e10.
        default = 0.5 if top_k is None else -1e9
        self._thresholds = check_thresholds(thresholds, default, who)
        self.top_k = top_k
        self.class_id = class_id
        self._keep("true_positives", self.other)

    def result(self) -> Tensor:
        """The ratio so far: a number, or one for each threshold."""
        right, other = (variable.value for variable in self._kept.values())
        return _first_if_one(ops.divide_no_nan(right, right + other))


class Precision(_Ratio):
    """Precision: the fraction of positive predictions that are right, `tp / (tp + fp)`.

    Args:
        thresholds: a threshold or a list; predictions above it count as 1. By default
            0.5, or none with `top_k`.
        top_k: only the `top_k` highest predictions of each sample count as positive.
        class_id: the only class to count.

    Example:
        >>> keras.metrics.Precision()([0, 1, 1], [0.9, 0.8, 0.1]).numpy()
        0.5
    """

    other = "false_positives"


class Recall(_Ratio):
    """Recall: the fraction of positive labels that are found, `tp / (tp + fn)`.

    Args:
        thresholds, top_k, class_id: as for `keras.metrics.Precision`.

    Example:
        >>> keras.metrics.Recall()([1, 1, 1], [0.9, 0.8, 0.1]).numpy()
        0.6666667
    """

    other = "false_negatives"


class FBetaScore(Metric):
    """F-beta score, the weighted harmonic mean of precision and recall.

    `(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`.

    Args:
        average: how classes are averaged: None (a score per class), "micro" (counts
            are summed), "macro" (mean of scores) or "weighted" (mean weighted by
            class frequency).
        beta: weight of recall relative to precision.
        threshold: predictions above it count as 1; by default only the highest of each
            sample does.

    Example:
        >>> metric = keras.metrics.FBetaScore(beta=2.0, threshold=0.5)
        >>> metric([[1, 0], [1, 1]], [[0.9, 0.8], [0.1, 0.7]]).numpy().round(3)
        array([0.556, 0.833], dtype=float32)
    """

    _direction = "up"

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        who = type(self).__name__
        check_choice(average, (None, "micro", "macro", "weighted"), "average", who)
        check_number(beta, "beta", who, above=0)
        if threshold is not None:
            check_number(threshold, "threshold", who, above=0, most=1)
        self.average = average
        self.beta = beta
        self.threshold = threshold
        self._built = False

    def _build(self, y_true_shape: Any, y_pred_shape: Any) -> None:
        if self._built:
            return
        columns = number_of_columns(self, y_true_shape, y_pred_shape, "classes")
        shape = () if self.average == "micro" else (columns,)

        def zeros(name: str) -> Any:
            return self.add_variable(shape, "zeros", name=name)

        self.true_positives = zeros("true_positives")
        self.false_positives = zeros("false_positives")
        self.false_negatives = zeros("false_negatives")
        self.intermediate_weights = zeros("intermediate_weights")
        self._built = True

    def update_state(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        """Add a batch.

        Args:
            y_true: labels 0 and 1, shape (batch_size, classes).
            y_pred: predictions of the same shape.
            sample_weight: weights, shape (batch_size,).
        """
        y_true, y_pred = prepare(
            as_tensor(y_true), as_tensor(y_pred, self.dtype), self.name
        )
        self._build(y_true.shape, y_pred.shape)
        if self.threshold is None:
            highest = ops.max(y_pred, axis=-1, keepdims=True)
            chosen = ops.logical_and(y_pred >= highest, ops.abs(y_pred) > 1e-9)
        else:
            chosen = y_pred > self.threshold
        y_pred = ops.cast(chosen, self.dtype)
        weights = None
        if sample_weight is not None:
            _, weights = weights_for(as_tensor(sample_weight, self.dtype), y_pred)
        axis = None if self.average == "micro" else 0

        def add(variable: Any, values: Any) -> None:
            values = values if weights is None else values * weights
            variable.assign_add(ops.sum(values, axis=axis))

        add(self.true_positives, y_pred * y_true)
        add(self.false_positives, y_pred * (1.0 - y_true))
        add(self.false_negatives, (1.0 - y_pred) * y_true)
        add(self.intermediate_weights, y_true)

    def result(self) -> Tensor:
        """The score so far: a number, or one for each class."""
        need_a_batch(self)
        right = self.true_positives.value
        precision = ops.divide_no_nan(right, right + self.false_positives.value)
        recall = ops.divide_no_nan(right, right + self.false_negatives.value)
        square = self.beta**2
        score = (1.0 + square) * ops.divide_no_nan(
            precision * recall, square * precision + recall
        )
        if self.average == "macro":
            return ops.mean(score)
        if self.average == "weighted":
            weights = self.intermediate_weights.value
            return ops.sum(score * ops.divide_no_nan(weights, ops.sum(weights)))
        return score


class F1Score(FBetaScore):
    """F1 score: `2 * precision * recall / (precision + recall)`.

    Args:
        average: how classes are averaged: None (a score per class), "micro" (counts
            are summed), "macro" (mean of scores) or "weighted" (mean weighted by
            class frequency).
        threshold: predictions above it count as 1; by default only the highest of each
            sample does.

    Example:
        >>> metric = keras.metrics.F1Score(average="macro", threshold=0.5)
        >>> metric([[1, 0], [0, 1]], [[0.9, 0.2], [0.1, 0.7]]).numpy()
        1.0
    """

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
