"""Weighted means and sums, and metrics that are the mean of a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from keras import ops
from keras.core import masks
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, DTypeLike
from keras.losses.function_object import FunctionObject
from keras.losses.shapes import apply_mask, as_tensor, weights_for
from keras.metrics.metric import Metric


class Sum(Metric):
    """The weighted sum of all values.

    Example:
        >>> metric = keras.metrics.Sum()
        >>> metric([1.0, 3.0, 5.0], sample_weight=[1.0, 1.0, 0.0]).numpy()
        4.0
    """

    def __init__(self, name: str | None = "sum", dtype: DTypeLike = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable((), "zeros", name="total")

    def update_state(self, values: Any, sample_weight: ArrayLike | None = None) -> None:
        """Add values, each times its weight.

        Args:
            values: of any shape.
            sample_weight: a scalar, or of the shape of the values' first axes.
        """
        values, sample_weight = _weighted(values, sample_weight, self.dtype)
        if sample_weight is not None:
            values = values * sample_weight
        self.total.assign_add(ops.sum(values))

    def result(self) -> Tensor:
        """The sum so far."""
        return self.total.value


class Mean(Metric):
    """The weighted mean of all values; axes after the first are averaged.

    Example:
        >>> metric = keras.metrics.Mean()
        >>> metric.update_state([1.0, 3.0], sample_weight=[3.0, 1.0])
        >>> metric.result().numpy()
        1.5
    """

    def __init__(self, name: str | None = "mean", dtype: DTypeLike = None) -> None:
        super().__init__(dtype=dtype, name=name)
        self.total = self.add_variable((), "zeros", name="total")
        self.count = self.add_variable((), "zeros", name="count")

    def update_state(self, values: Any, sample_weight: ArrayLike | None = None) -> None:
        """Add values, each with its weight.

        Args:
            values: of any shape.
            sample_weight: of the shape of the values' first axes; a scalar weights the
                mean of these values as one value.
        """
        values, sample_weight = _weighted(values, sample_weight, self.dtype)
        if sample_weight is None:
            count = ops.shape(values)[0] if len(values.shape) else 1
        elif len(sample_weight.shape) == 0:
            values = ops.mean(values) * sample_weight
            count = sample_weight
        else:
            if tuple(sample_weight.shape)[:1] != tuple(values.shape)[:1]:
                sample_weight = sample_weight * ops.ones_like(values)
            values = values * sample_weight
            count = _sum_of_means(sample_weight)
        self.total.assign_add(_sum_of_means(values))
        self.count.assign_add(count)

    def result(self) -> Tensor:
        """The mean so far; 0 before the first value."""
        return ops.divide_no_nan(self.total, self.count)


def _weighted(values: Any, sample_weight: ArrayLike, dtype: str) -> tuple[Any, Any]:
    """Values and weights as tensors of matching ranks; a mask multiplies weights."""
    mask = masks.get_mask(values)
    values = as_tensor(values, dtype)
    if sample_weight is None:
        return values, None
    weights = apply_mask(as_tensor(sample_weight, dtype), mask, dtype, "sum")
    return weights_for(weights, values)


def _sum_of_means(x: Any) -> Any:
    """The sum over the first axis of the means over the others."""
    if len(x.shape) > 1:
        x = ops.mean(x, axis=tuple(range(1, len(x.shape))))
    return ops.sum(x) if len(x.shape) else x


class MeanMetricWrapper(FunctionObject, Mean):
    """The mean of a function of labels and predictions.

    Args:
        fn: `fn(y_true, y_pred, **kwargs)`, which returns one value per sample.
        name, dtype: as for `keras.metrics.Metric`.
        **kwargs: passed on to `fn`.

    Example:
        >>> metric = keras.metrics.MeanMetricWrapper(keras.losses.huber, delta=2.0)
        >>> metric([[0.0]], [[1.0]]).numpy()
        0.5
    """

    def __init__(
        self,
        fn: Callable,
        name: str | None = None,
        dtype: DTypeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.keep_function(fn, kwargs)
        is_loss = getattr(fn, "__module__", "").startswith("keras.losses.")
        if is_loss and self._direction is None:
            self._direction = "down"

    def update_state(  # type: ignore[override]
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> None:
        """Add a batch.

        Args:
            y_true: labels, shape (batch_size, ...).
            y_pred: predictions. A mask attached to them acts as weights.
            sample_weight: a scalar, or of the shape of the values' first axes;
                (batch_size,) weights samples.
        """
        mask = masks.get_mask(y_pred)
        values = self.fn(y_true, y_pred, **self._fn_kwargs)
        if mask is not None:
            if sample_weight is not None:
                sample_weight = as_tensor(sample_weight, self.dtype)
            sample_weight = apply_mask(sample_weight, mask, self.dtype, "sum")
        super().update_state(values, sample_weight=sample_weight)


class FunctionMean(MeanMetricWrapper):
    """The mean of a built-in function without further arguments."""

    function: ClassVar[Callable]

    def __init__(self, name: str | None = None, dtype: DTypeLike = None) -> None:
        fn = type(self).function
        super().__init__(fn, name or fn.__name__, dtype)
