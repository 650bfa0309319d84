"""True and false positives and negatives: how they are counted, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras import ops
from keras.core.errors import check_fraction
from keras.core.reading import check_repeats
from keras.losses.shapes import as_tensor, prepare, weights_for
from keras.metrics.metric import Metric

# Each count: the column of a tally it is in (0 for labels 0, 1 for labels 1), and
# whether it is of predictions above the threshold.
COUNTS = {
    "true_positives": (1, True),
    "false_positives": (0, True),
    "true_negatives": (0, False),
    "false_negatives": (1, False),
}


class CountsMetric(Metric):
    """A metric that keeps some of the four counts, at each of its thresholds."""

    _thresholds: list[float]
    top_k: int | None = None
    class_id: int | None = None
    # Whether the thresholds are those of `even_thresholds`.
    _even = False
    _given_thresholds: Any = None

    @property
    def thresholds(self) -> list[float]:
        """Above each of these a prediction is 1."""
        return self._thresholds

    def config_value(self, name: str, value: Any) -> Any:
        """Thresholds are written as they were given."""
        given = self._given_thresholds if name == "thresholds" else value
        return super().config_value(name, given)

    def _keep(self, *counts: str, labels: int | None = None) -> None:
        """Make a variable for each of these counts."""
        shape = (len(self.thresholds), *([] if labels is None else [labels]))
        for name in counts:
            setattr(self, name, self.add_variable(shape, "zeros", name=name))
        self._kept = {name: getattr(self, name) for name in counts}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        y_true, y_pred, weights = self._select(y_true, y_pred, sample_weight)
        self._add(y_true, y_pred, weights)

    def _select(
        self, y_true: Any, y_pred: Any, sample_weight: Any
    ) -> tuple[Any, Any, Any]:
        """Labels as 0 and 1, predictions and weights, of one shape."""
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
            y_true, y_pred = y_true[..., self.class_id], y_pred[..., self.class_id]
        if sample_weight is not None:
            y_pred, weights = weights_for(as_tensor(sample_weight, dtype), y_pred)
            if len(y_true.shape) < len(y_pred.shape):
                y_true = ops.expand_dims(y_true, -1)
            sample_weight = weights * ops.ones_like(y_pred)
        return ops.not_equal(y_true, 0.0), y_pred, sample_weight

    def _add(
        self, y_true: Any, y_pred: Any, weights: Any, per_label: bool = False
    ) -> None:
        """Add to the counts kept, for each place of the last axis if `per_label`."""
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
    """Thresholds as a list; each must lie between 0 and 1."""
    if thresholds is None:
        return [default]
    many = isinstance(thresholds, (list, tuple, np.ndarray))
    found = [float(t) for t in (thresholds if many else [thresholds])]
    return [check_fraction(t, "thresholds", who) for t in found]


def even_thresholds(num_thresholds: int) -> list[float]:
    """0, ..., 1 in equal steps; 0.5 where only one is asked for."""
    if num_thresholds == 1:
        return [0.5]
    check_repeats(num_thresholds, "`num_thresholds`")
    return [i / (num_thresholds - 1) for i in range(num_thresholds)]


def are_even(thresholds: Sequence[float]) -> bool:
    """Whether thresholds go from 0 to 1 in equal steps."""
    n = len(thresholds)
    return n > 2 and np.allclose(thresholds, even_thresholds(n), rtol=0.0, atol=1e-7)


def _tally(
    y_true: Any, y_pred: Any, weights: Any, thresholds: Sequence[float]
) -> tuple[Any, Any]:
    """How many predictions exceed each threshold, and how many there are.

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
    y_true: Any, y_pred: Any, weights: Any, thresholds: Sequence[float]
) -> tuple[Any, Any]:
    """The same for 0, ..., 1 in equal steps: a sum for each bucket, then over buckets.

    Each prediction is looked at once, not once for each threshold. None is below 0: a
    first threshold just under it is exceeded by all.
    """
    size, labels = len(thresholds), y_pred.shape[-1]
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
