"""Areas under ROC and precision-recall curves, and points on these curves."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.config.configurable import arguments
from keras.core.errors import (
    check_choice,
    check_fraction,
    check_number,
    check_positive_int,
)
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, DTypeLike
from keras.losses.shapes import as_tensor
from keras.metrics.counts import (
    COUNTS,
    CountsMetric,
    are_even,
    check_thresholds,
    even_thresholds,
)

_EPSILON = 1e-7


class AUC(CountsMetric):
    """The area under the ROC or the precision-recall curve, by thresholds.

    Args:
        num_thresholds: number of thresholds that approximate the curve.
        curve: "ROC", "PR" (precision and recall) or "PRGAIN" (their gains; Flach &
            Kull, 2015).
        summation_method: "interpolation" (trapezoids; for "PR" as in Davis &
            Goadrich, 2006), "minoring" or "majoring" (sums below or above).
        thresholds: explicit thresholds between 0 and 1.
        multi_label: whether areas are computed per label, then averaged.
        num_labels: number of labels; by default inferred from the first batch.
        label_weights: weights of the labels: in the mean with `multi_label`, else of
            single predictions.
        from_logits: whether predictions are logits.

    Example:
        >>> keras.metrics.AUC(num_thresholds=5)([0, 1, 1], [0.6, 0.3, 0.9]).numpy()
        0.5
    """

    _direction = "up"

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: DTypeLike = None,
        thresholds: Any = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: Any = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        check_choice(curve, ("ROC", "PR", "PRGAIN"), "curve", "AUC")
        methods = ("interpolation", "minoring", "majoring")
        check_choice(summation_method, methods, "summation_method", "AUC")
        if num_labels is not None and not multi_label:
            raise ValueError("AUC: `num_labels` is for `multi_label=True` only.")

        self._given_thresholds = thresholds
        if thresholds is None:
            check_number(num_thresholds, "num_thresholds", "AUC", least=2)
            points = even_thresholds(num_thresholds)
        else:
            points = [0.0, *sorted(check_thresholds(thresholds, 0.5, "AUC")), 1.0]
        self.num_thresholds = len(points)
        self._even = are_even(points)

        # Just outside [0, 1], so that the curve has both its ends.
        self._thresholds = [-_EPSILON, *points[1:-1], 1.0 + _EPSILON]
        self.curve = curve
        self.summation_method = summation_method
        self.multi_label = multi_label
        self.num_labels = num_labels
        self.label_weights = label_weights
        self.from_logits = from_logits

        self._built = not multi_label or num_labels is not None
        if self._built:
            self._keep(*COUNTS, labels=num_labels)

    def _build(self, y_true_shape: Any, y_pred_shape: Any) -> None:
        if self._built:
            return
        if len(y_pred_shape) != 2:
            raise ValueError(
                "AUC: with `multi_label=True` predictions have the shape (batch_size, "
                f"num_labels); received y_pred.shape={tuple(y_pred_shape)}."
            )
        self._keep(*COUNTS, labels=y_pred_shape[-1])
        self._built = True

    def update_state(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        """Add a batch; its shape is (batch_size, num_labels) with `multi_label`."""
        y_pred = as_tensor(y_pred, self.dtype)
        if self.from_logits:
            y_pred = ops.sigmoid(y_pred)
        y_true, y_pred, weights = self._select(y_true, y_pred, sample_weight)
        self._build(y_true.shape, y_pred.shape)

        labels = y_pred.shape[-1]
        kept = self._kept["true_positives"].shape[-1]
        if self.multi_label and labels != kept:
            raise ValueError(
                f"AUC: the metric is for {kept} labels; received y_pred.shape="
                f"{tuple(y_pred.shape)}."
            )

        if self.label_weights is not None:
            factor = as_tensor(self.label_weights, self.dtype)
            if tuple(factor.shape) != (labels,):
                raise ValueError(
                    f"AUC: `label_weights` must be {labels} numbers, one for each "
                    f"label of y_pred.shape={tuple(y_pred.shape)}; received "
                    f"{self.label_weights!r}."
                )
            if not self.multi_label:
                weights = ops.ones_like(y_pred) if weights is None else weights
                weights = weights * factor
        self._add(y_true, y_pred, weights, self.multi_label)

    def interpolate_pr_auc(self) -> Tensor:
        """The area under the precision-recall curve, interpolated between thresholds.

        Between two thresholds true positives are taken to grow linearly with all
        positives; Davis & Goadrich, "The Relationship Between Precision-Recall and
        ROC Curves", 2006.
        """
        tp, fp, _, fn = (v.value for v in self._kept.values())
        positives = tp + fp
        d_tp = tp[:-1] - tp[1:]
        slope = ops.divide_no_nan(
            d_tp, ops.maximum(positives[:-1] - positives[1:], 0.0)
        )
        intercept = tp[1:] - slope * positives[1:]
        both = ops.logical_and(positives[:-1] > 0, positives[1:] > 0)
        ratio = ops.divide_no_nan(positives[:-1], positives[1:])
        ratio = ops.where(both, ratio, 1.0)
        area = slope * (d_tp + intercept * ops.log(ratio))
        return self._total(ops.divide_no_nan(area, tp[1:] + fn[1:]))

    def result(self) -> Tensor:
        """The area so far."""
        if not self._built:
            raise ValueError(
                f"AUC {self.name!r}: the number of labels is not known before the "
                "first batch. Give `num_labels` to ask for the result without one."
            )
        if self.curve == "PR" and self.summation_method == "interpolation":
            return self.interpolate_pr_auc()

        tp, fp, tn, fn = (v.value for v in self._kept.values())
        if self.curve == "ROC":
            x = ops.divide_no_nan(fp, fp + tn)
            y = ops.divide_no_nan(tp, tp + fn)
        elif self.curve == "PR":
            x = ops.divide_no_nan(tp, tp + fn)
            y = ops.divide_no_nan(tp, tp + fp)
        else:
            odds = ops.divide_no_nan(tp + fn, fp + tn)
            x = ops.maximum(1.0 - ops.divide_no_nan(fn, tp) * odds, 0.0)
            x = ops.where(tp > 0, x, 0.0)
            y = 1.0 - ops.divide_no_nan(fp, tp) * odds

        if self.summation_method == "interpolation":
            heights = (y[:-1] + y[1:]) / 2.0
        elif self.summation_method == "minoring":
            heights = ops.minimum(y[:-1], y[1:])
        else:
            heights = ops.maximum(y[:-1], y[1:])
        return self._total((x[:-1] - x[1:]) * heights)

    def _total(self, areas: Any) -> Any:
        """The sum over thresholds; over labels the weighted mean."""
        areas = ops.sum(areas, axis=0)
        if not self.multi_label:
            return areas
        if self.label_weights is None:
            return ops.mean(areas)
        weights = as_tensor(self.label_weights, self.dtype)
        return ops.divide_no_nan(ops.sum(areas * weights), ops.sum(weights))


class _Point(CountsMetric):
    """The best value of one rate among thresholds at which another is high enough."""

    _direction = "up"
    # Each rate is the first count over the sum of both.
    best: tuple[str, str]
    constrained: tuple[str, str]

    def __init__(
        self,
        num_thresholds: int,
        class_id: int | None,
        name: str | None,
        dtype: DTypeLike,
        **constraint: float,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        who = type(self).__name__
        ((argument, least),) = constraint.items()
        self._least = check_fraction(least, argument, who)
        setattr(self, argument, least)
        self.num_thresholds = check_positive_int(num_thresholds, "num_thresholds", who)
        self.class_id = class_id
        self._thresholds = even_thresholds(num_thresholds)
        self._even = are_even(self.thresholds)
        self._keep(*COUNTS)

    def result(self) -> Tensor:
        """The best rate so far; 0 where no threshold is good enough."""
        good_enough = self._rate(*self.constrained) >= self._least
        return ops.max(ops.where(good_enough, self._rate(*self.best), 0.0))

    def _rate(self, count: str, other: str) -> Any:
        value = getattr(self, count).value
        return ops.divide_no_nan(value, value + getattr(self, other).value)


_PRECISION = ("true_positives", "false_positives")
_SENSITIVITY = _RECALL = ("true_positives", "false_negatives")
_SPECIFICITY = ("true_negatives", "false_positives")


class SensitivityAtSpecificity(_Point):
    """The best sensitivity, `tp / (tp + fn)`, at a given specificity.

    Args:
        specificity: the least `tn / (tn + fp)`, from 0 to 1.
        num_thresholds: number of thresholds to search.
        class_id: the only class to count.
    """

    best = _SENSITIVITY
    constrained = _SPECIFICITY

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(**arguments(locals()))


class SpecificityAtSensitivity(_Point):
    """The best specificity, `tn / (tn + fp)`, at a given sensitivity.

    Args:
        sensitivity: the least `tp / (tp + fn)`, from 0 to 1.
        num_thresholds: number of thresholds to search.
        class_id: the only class to count.
    """

    best = _SPECIFICITY
    constrained = _SENSITIVITY

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(**arguments(locals()))


class PrecisionAtRecall(_Point):
    """The best precision, `tp / (tp + fp)`, at a given recall.

    Args:
        recall: the least `tp / (tp + fn)`, from 0 to 1.
        num_thresholds: number of thresholds to search.
        class_id: the only class to count.
    """

    best = _PRECISION
    constrained = _RECALL

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(**arguments(locals()))


class RecallAtPrecision(_Point):
    """The best recall, `tp / (tp + fn)`, at a given precision.

    Args:
        precision: the least `tp / (tp + fp)`, from 0 to 1.
        num_thresholds: number of thresholds to search.
        class_id: the only class to count.
    """

    best = _RECALL
    constrained = _PRECISION

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(**arguments(locals()))
