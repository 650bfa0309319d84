"""True and false positives and negatives: how they are counted, in one place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from keras import ops
from keras.core.errors import check_fraction
from keras.losses.shapes import as_tensor, prepare, weights_for


class Counts(NamedTuple):
    """Weighted counts, shape (thresholds,) or (thresholds, labels)."""

    true_positives: Any
    false_positives: Any
    true_negatives: Any
    false_negatives: Any


def check_thresholds(thresholds: Any, default: float, who: str) -> list[float]:
    """Thresholds as a list; each must lie between 0 and 1."""
    if thresholds is None:
        return [default]
    many = isinstance(thresholds, (list, tuple, np.ndarray))
    found = [float(t) for t in (thresholds if many else [thresholds])]
    for threshold in found:
        check_fraction(threshold, "thresholds", who)
    return found


def even_thresholds(num_thresholds: int) -> list[float]:
    """0, ..., 1 in equal steps; 0.5 where only one is asked for."""
    if num_thresholds == 1:
        return [0.5]
    return [i / (num_thresholds - 1) for i in range(num_thresholds)]


def are_even(thresholds: Sequence[float]) -> bool:
    """Whether thresholds go from 0 to 1 in equal steps."""
    n = len(thresholds)
    return n > 2 and np.allclose(thresholds, even_thresholds(n), rtol=0.0, atol=1e-7)


def select(
    y_true: Any,
    y_pred: Any,
    dtype: str,
    who: str,
    top_k: int | None = None,
    class_id: int | None = None,
    sample_weight: Any = None,
) -> tuple[Any, Any, Any]:
    """Labels as 0 and 1, predictions and weights, of one shape.

    Args:
        top_k: only the `top_k` highest predictions of each row can be positive.
        class_id: only this place of the last axis counts.
    """
    y_true, y_pred = prepare(as_tensor(y_true), as_tensor(y_pred, dtype), who)
    if top_k is not None:
        best = ops.top_k(y_pred, top_k)[1]
        kept = ops.sum(ops.one_hot(best, y_pred.shape[-1], dtype=dtype), axis=-2)
        y_pred = ops.where(kept > 0, y_pred, -1e10)
    if class_id is not None:
        classes = y_pred.shape[-1] if len(y_pred.shape) else 0
        if classes is not None and not -classes <= class_id < classes:
            raise ValueError(
                f"{who}: `class_id` is {class_id}, but y_pred.shape="
                f"{tuple(y_pred.shape)} has {classes} classes."
            )
        y_true, y_pred = y_true[..., class_id], y_pred[..., class_id]
    y_true = ops.cast(ops.not_equal(y_true, 0.0), dtype)
    if sample_weight is not None:
        y_pred, weights = weights_for(as_tensor(sample_weight, dtype), y_pred)
        y_true = ops.reshape(y_true, ops.shape(y_pred))
        sample_weight = ops.broadcast_to(weights, ops.shape(y_pred))
    return y_true, y_pred, sample_weight


def count(
    y_true: Any,
    y_pred: Any,
    weights: Any,
    thresholds: Sequence[float],
    per_label: bool = False,
    even: bool = False,
) -> Counts:
    """The counts for `y_pred > threshold`, of what `select` gives.

    Args:
        y_true, y_pred, weights: tensors of one shape; weights may be None.
        thresholds: Python numbers.
        per_label: for each place of the last axis by itself.
        even: the thresholds are those of `even_thresholds`: each prediction is then
            looked at once, not once for each threshold.
    """
    labels = y_pred.shape[-1] if per_label else 1
    y_true = ops.reshape(y_true, (-1, labels))
    y_pred = ops.reshape(y_pred, (-1, labels))
    positive, negative = y_true, 1.0 - y_true
    if weights is not None:
        weights = ops.reshape(weights, (-1, labels))
        positive, negative = positive * weights, negative * weights
    above = _above_even if even else _above
    true_positives, false_positives = above(y_pred, thresholds, positive, negative)
    found = Counts(
        true_positives,
        false_positives,
        ops.sum(negative, axis=0) - false_positives,
        ops.sum(positive, axis=0) - true_positives,
    )
    return found if per_label else Counts(*(ops.squeeze(c, -1) for c in found))


def _above(y_pred: Any, thresholds: Sequence[float], *weights: Any) -> list[Any]:
    """The sums of weights where predictions exceed each threshold."""
    bounds = as_tensor(np.reshape(thresholds, (-1, 1, 1)), ops.dtype(y_pred))
    is_above = ops.cast(ops.greater(y_pred, bounds), ops.dtype(y_pred))
    return [ops.sum(is_above * w, axis=1) for w in weights]


def _above_even(y_pred: Any, thresholds: Sequence[float], *weights: Any) -> list[Any]:
    """The same for 0, ..., 1 in equal steps: a sum for each bucket, then over buckets.

    Nothing is below 0: a first threshold just under it is exceeded by all.
    """
    size, labels = len(thresholds), y_pred.shape[-1]
    bucket = ops.ceil(ops.clip(y_pred, 0.0, 1.0) * (size - 1))
    bucket = ops.cast(bucket, "int32") * labels + ops.arange(labels, dtype="int32")
    if thresholds[0] < 0:
        bucket = ops.maximum(bucket, labels + ops.arange(labels, dtype="int32"))
    bucket = ops.reshape(bucket, (-1,))
    found = []
    for weight in weights:
        sums = ops.segment_sum(ops.reshape(weight, (-1,)), bucket, size * labels)
        sums = ops.reshape(sums, (size, labels))
        # A prediction in bucket b exceeds the thresholds before b.
        exceeding = ops.flip(ops.cumsum(ops.flip(sums, axis=0), axis=0), axis=0)
        found.append(ops.concatenate([exceeding[1:], exceeding[:1] * 0.0], axis=0))
    return found
