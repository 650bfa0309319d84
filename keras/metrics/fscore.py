"""F-scores: one number for precision and recall."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.errors import check_choice, check_number
from keras.losses.shapes import as_tensor, prepare, weights_for
from keras.metrics.metric import Metric, need_a_batch, number_of_columns


class FBetaScore(Metric):
    """`(1 + beta**2) * precision * recall / (beta**2 * precision + recall)`.

    Args:
        average: how classes become one number: None (one for each class), "micro"
            (counted together), "macro" (their mean) or "weighted" (by how frequent).
        beta: how much more recall counts than precision.
        threshold: above it a prediction is 1; by default the highest of each row is.

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
        dtype: Any = None,
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

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
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

    def result(self) -> Any:
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
    """`2 * precision * recall / (precision + recall)`.

    Args:
        average: how classes become one number: None (one for each class), "micro"
            (counted together), "macro" (their mean) or "weighted" (by how frequent).
        threshold: above it a prediction is 1; by default the highest of each row is.

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
        dtype: Any = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
