"""Regression metrics: errors, R2 score, correlations."""

from __future__ import annotations

from typing import Any

from keras import losses, ops
from keras.core.errors import check_choice, check_number
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, Axis, DTypeLike
from keras.losses.shapes import as_tensor, prepare, weights_for
from keras.metrics.mean import FunctionMean, Mean, MeanMetricWrapper
from keras.metrics.metric import Metric, need_a_batch, number_of_columns


class MeanSquaredError(FunctionMean):
    """The mean of `(y_true - y_pred) ** 2`.

    Example:
        >>> keras.metrics.MeanSquaredError()([[0.0, 1.0]], [[1.0, 3.0]]).numpy()
        2.5
    """

    function = staticmethod(losses.mean_squared_error)


class MeanAbsoluteError(FunctionMean):
    """The mean of `|y_true - y_pred|`."""

    function = staticmethod(losses.mean_absolute_error)


class MeanAbsolutePercentageError(FunctionMean):
    """The mean of `100 * |y_true - y_pred| / |y_true|`, in percent."""

    function = staticmethod(losses.mean_absolute_percentage_error)


class MeanSquaredLogarithmicError(FunctionMean):
    """The mean of `(log(y_true + 1) - log(y_pred + 1)) ** 2`."""

    function = staticmethod(losses.mean_squared_logarithmic_error)


class LogCoshError(MeanMetricWrapper):
    """The mean of `log(cosh(y_pred - y_true))`."""

    def __init__(self, name: str | None = "logcosh", dtype: DTypeLike = None) -> None:
        super().__init__(losses.log_cosh, name, dtype)


class RootMeanSquaredError(Mean):
    """The root of the mean of `(y_true - y_pred) ** 2`.

    Example:
        >>> keras.metrics.RootMeanSquaredError()([[0.0]], [[3.0]]).numpy()
        3.0
    """

    _direction = "down"

    def __init__(
        self, name: str | None = "root_mean_squared_error", dtype: DTypeLike = None
    ) -> None:
        super().__init__(name=name, dtype=dtype)

    def update_state(  # type: ignore[override]
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        y_true, y_pred = prepare(
            as_tensor(y_true), as_tensor(y_pred, self.dtype), self.name
        )
        super().update_state(ops.square(y_true - y_pred), sample_weight=sample_weight)

    def result(self) -> Tensor:
        """The root so far."""
        return ops.sqrt(super().result())


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: Axis = -1) -> Tensor:
    """Cosine similarity: 1 for vectors of equal direction."""
    return -losses.cosine_similarity(y_true, y_pred, axis)


class CosineSimilarity(MeanMetricWrapper):
    """The mean cosine similarity: 1 for vectors of equal direction.

    Args:
        axis: the axis of the vectors.

    Example:
        >>> keras.metrics.CosineSimilarity()([[0.0, 1.0]], [[0.0, 2.0]]).numpy()
        1.0
    """

    _direction = "up"

    def __init__(
        self,
        name: str | None = "cosine_similarity",
        dtype: DTypeLike = None,
        axis: Axis = -1,
    ) -> None:
        super().__init__(cosine_similarity, name, dtype, axis=axis)


def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Tensor:
    """Pearson's correlation, from -1 to 1: `cov(t, p) / (std(t) * std(p))`.

    Args:
        y_true: targets, not constant along `axis`.
        y_pred: predictions of the same shape.
        axis: the axis along which to correlate.

    Returns values of the shape without `axis`; nan where targets or predictions are
    constant.

    Example:
        >>> keras.metrics.pearson_correlation([[0.0, 1.0]], [[1.0, 3.0]]).numpy()
        array([1.], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "pearson_correlation")
    _, covariance, var_true, var_pred = _moments(y_true, y_pred, axis)
    return covariance / (ops.sqrt(var_true) * ops.sqrt(var_pred))


def concordance_correlation(
    y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1
) -> Tensor:
    """Concordance correlation: agreement of targets and predictions.

    `2 * cov(t, p) / (var(t) + var(p) + (mean(t) - mean(p)) ** 2)`; Lin, "A Concordance
    Correlation Coefficient to Evaluate Reproducibility", 1989.

    Args:
        y_true: targets.
        y_pred: predictions of the same shape.
        axis: the axis along which to correlate.

    Returns values from -1 to 1 of the shape without `axis`.

    Example:
        >>> keras.metrics.concordance_correlation([[0.0, 1.0]], [[1.0, 2.0]]).numpy()
        array([0.3333333], dtype=float32)
    """
    y_true, y_pred = prepare(y_true, y_pred, "concordance_correlation")
    shift, covariance, var_true, var_pred = _moments(y_true, y_pred, axis)
    return 2.0 * covariance / (var_true + var_pred + ops.square(shift) + 1e-7)


def _moments(
    y_true: ArrayLike, y_pred: ArrayLike, axis: int
) -> tuple[Any, Any, Any, Any]:
    """The difference of the means, the covariance and both variances."""
    mean_true = ops.mean(y_true, axis=axis, keepdims=True)
    mean_pred = ops.mean(y_pred, axis=axis, keepdims=True)
    d_true = y_true - mean_true
    d_pred = y_pred - mean_pred
    return (
        ops.squeeze(mean_true - mean_pred, axis),
        ops.mean(d_true * d_pred, axis=axis),
        ops.mean(ops.square(d_true), axis=axis),
        ops.mean(ops.square(d_pred), axis=axis),
    )


class PearsonCorrelation(MeanMetricWrapper):
    """The mean of `keras.metrics.pearson_correlation`.

    Args:
        axis: the axis along which to correlate.
    """

    _direction = "up"

    def __init__(
        self,
        name: str | None = "pearson_correlation",
        dtype: DTypeLike = None,
        axis: int = -1,
    ) -> None:
        super().__init__(pearson_correlation, name, dtype, axis=axis)


class ConcordanceCorrelation(MeanMetricWrapper):
    """The mean of `keras.metrics.concordance_correlation`.

    Args:
        axis: the axis along which to correlate.
    """

    _direction = "up"

    def __init__(
        self,
        name: str | None = "concordance_correlation",
        dtype: DTypeLike = None,
        axis: int = -1,
    ) -> None:
        super().__init__(concordance_correlation, name, dtype, axis=axis)


class R2Score(Metric):
    """R2 score: the fraction of the targets' variance that is explained; at most 1.

    Args:
        class_aggregation: how columns are averaged: "uniform_average",
            "variance_weighted_average", or None for a score per column.
        num_regressors: number of independent variables, for the adjusted score; 0 for
            the plain score.

    Example:
        >>> metric = keras.metrics.R2Score()
        >>> metric([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]).numpy()
        0.57142854
    """

    _direction = "up"

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = "r2_score",
        dtype: DTypeLike = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        known = (None, "uniform_average", "variance_weighted_average")
        check_choice(class_aggregation, known, "class_aggregation", "R2Score")
        check_number(num_regressors, "num_regressors", "R2Score", least=0)
        self.class_aggregation = class_aggregation
        self.num_regressors = num_regressors
        self.num_samples = self.add_variable((), "zeros", name="num_samples")
        self._built = False

    def _build(self, y_true_shape: Any, y_pred_shape: Any) -> None:
        if self._built:
            return
        columns = number_of_columns(self, y_true_shape, y_pred_shape)

        def zeros(name: str) -> Any:
            return self.add_variable((columns,), "zeros", name=name)

        self.squared_sum = zeros("squared_sum")
        self.sum = zeros("sum")
        self.total_mse = zeros("residual")
        self.count = zeros("count")
        self._built = True

    def update_state(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        """Add a batch.

        Args:
            y_true, y_pred: targets and predictions, shape (batch_size, columns).
            sample_weight: weights, shape (batch_size,).
        """
        y_true, y_pred = prepare(
            as_tensor(y_true), as_tensor(y_pred, self.dtype), self.name
        )
        self._build(y_true.shape, y_pred.shape)

        weights = ops.ones_like(y_true)
        if sample_weight is not None:
            _, given = weights_for(as_tensor(sample_weight, self.dtype), y_true)
            weights = weights * given
        weighted = y_true * weights
        self.sum.assign_add(ops.sum(weighted, axis=0))
        self.squared_sum.assign_add(ops.sum(y_true * weighted, axis=0))

        residual = ops.square(y_true - y_pred) * weights
        self.total_mse.assign_add(ops.sum(residual, axis=0))
        self.count.assign_add(ops.sum(weights, axis=0))
        rows, columns = ops.shape(y_true)
        self.num_samples.assign_add(rows * columns)

    def result(self) -> Tensor:
        """The score so far: a number, or one for each column."""
        need_a_batch(self)
        mean = self.sum.value / self.count.value
        total = self.squared_sum.value - self.sum.value * mean
        score = 1.0 - self.total_mse.value / total
        # A constant column scores 0; one without error or data is undefined.
        score = ops.where(ops.isinf(score), 0.0, score)
        if self.class_aggregation == "uniform_average":
            score = ops.mean(score)
        elif self.class_aggregation == "variance_weighted_average":
            score = ops.sum(score * total) / ops.sum(total)
        return self._adjusted(score) if self.num_regressors else score

    def _adjusted(self, score: Any) -> Any:
        """The score corrected for the number of regressors, where samples suffice."""
        samples = self.num_samples.value
        spare = samples - self.num_regressors - 1.0
        adjusted = 1.0 - (1.0 - score) * (samples - 1.0) / ops.where(
            spare > 0, spare, 1.0
        )
        return ops.where(spare > 0, adjusted, score)
