"""Metrics of true and false positives and negatives at thresholds."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.errors import check_positive_int
from keras.metrics.counts import CountsMetric, check_thresholds


class _Count(CountsMetric):
    """One of the four counts."""

    counted: str

    def __init__(
        self, thresholds: Any = None, name: str | None = None, dtype: Any = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self._given_thresholds = thresholds
        self._thresholds = check_thresholds(thresholds, 0.5, type(self).__name__)
        shape = (len(self.thresholds),)
        self.accumulator = self.add_variable(shape, "zeros", name="accumulator")
        self._kept = {self.counted: self.accumulator}

    def result(self) -> Any:
        """The count so far: a number, or one for each threshold."""
        return _first_if_one(self.accumulator.value)


def _first_if_one(values: Any) -> Any:
    return values[0] if values.shape[0] == 1 else values


class TruePositives(_Count):
    """How many labels 1 are predicted as 1.

    Args:
        thresholds: a number or a list; above it a prediction is 1. By default 0.5.

    Example:
        >>> keras.metrics.TruePositives()([0, 1, 1], [0.9, 0.8, 0.1]).numpy()
        1.0
    """

    counted = "true_positives"


class FalsePositives(_Count):
    """How many labels 0 are predicted as 1; see `TruePositives`."""

    counted = "false_positives"


class TrueNegatives(_Count):
    """How many labels 0 are predicted as 0; see `TruePositives`."""

    counted = "true_negatives"


class FalseNegatives(_Count):
    """How many labels 1 are predicted as 0; see `TruePositives`."""

    counted = "false_negatives"


class _Ratio(CountsMetric):
    """True positives over those and another count."""

    _direction = "up"
    other: str

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        who = type(self).__name__
        if top_k is not None:
            top_k = check_positive_int(top_k, "top_k", who)
        self._given_thresholds = thresholds
        # Among the `top_k` all are positive; the others lie at -1e10.
        default = 0.5 if top_k is None else -1e9
        self._thresholds = check_thresholds(thresholds, default, who)
        self.top_k = top_k
        self.class_id = class_id
        self._keep("true_positives", self.other)

    def result(self) -> Any:
        """The ratio so far: a number, or one for each threshold."""
        right, other = (variable.value for variable in self._kept.values())
        return _first_if_one(ops.divide_no_nan(right, right + other))


class Precision(_Ratio):
    """How many of what is predicted as 1 is labelled 1: `tp / (tp + fp)`.

    Args:
        thresholds: a number or a list; above it a prediction is 1. By default 0.5, or
            none with `top_k`.
        top_k: only the `top_k` highest predictions of each row can be 1.
        class_id: only this class counts.

    Example:
        >>> keras.metrics.Precision()([0, 1, 1], [0.9, 0.8, 0.1]).numpy()
        0.5
    """

    other = "false_positives"


class Recall(_Ratio):
    """How many of what is labelled 1 is predicted as 1: `tp / (tp + fn)`.

    Args:
        thresholds, top_k, class_id: as for `keras.metrics.Precision`.

    Example:
        >>> keras.metrics.Recall()([1, 1, 1], [0.9, 0.8, 0.1]).numpy()
        0.6666667
    """

    other = "false_negatives"
