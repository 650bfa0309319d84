"""The base class of losses: values per sample, weighted and reduced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from keras import ops
from keras.core import dtypes, masks, tree
from keras.core.config.configurable import Configurable
from keras.core.errors import check_choice
from keras.core.naming import auto_name, to_snake_case
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, DTypeLike
from keras.losses.function_object import FunctionObject
from keras.losses.shapes import (
    apply_mask,
    as_tensor,
    map_tensors,
    same_rank,
    weights_for,
)

REDUCTIONS = (
    "sum_over_batch_size",
    "sum",
    "mean",
    "mean_with_sample_weight",
    "none",
    None,
)


class Loss(Configurable):
    """Base class of losses: a scalar computed from labels and predictions.

    A subclass defines `call(y_true, y_pred)`, which returns one value per sample.

    Args:
        name: the loss's name; by default made from the class's.
        reduction: how the values are reduced: `"sum_over_batch_size"` or `"mean"`
            (sum over the number of values), `"sum"`, `"mean_with_sample_weight"`
            (weighted sum over the sum of weights), or `"none"` to keep them all.
        dtype: the type to compute in; by default `keras.config.floatx()`.

    Example:
        >>> class Absolute(keras.losses.Loss):
        ...     def call(self, y_true, y_pred):
        ...         return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)
        >>> Absolute()([[1.0]], [[3.0]]).numpy()
        2.0
    """

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: DTypeLike = None,
    ) -> None:
        who = type(self).__name__
        self.name = name or auto_name(to_snake_case(who))
        self.reduction = check_choice(reduction, REDUCTIONS, "reduction", who)
        self._dtype = compute_dtype(dtype)
        self._given_dtype = dtype is not None

    @property
    def dtype(self) -> str:
        """The type the loss is computed in."""
        return self._dtype

    def __call__(
        self,
        y_true: ArrayLike,
        y_pred: ArrayLike,
        sample_weight: ArrayLike | None = None,
    ) -> Any:
        """The loss, reduced.

        Args:
            y_true: labels, shape (batch_size, ...).
            y_pred: predictions, usually of the same shape.
            sample_weight: weights: a scalar, or of the shape of the values' first axes;
                (batch_size,) weights samples.
        """
        in_mask = masks.get_mask(y_pred)
        y_true = map_tensors(self._convert_labels, y_true)
        y_pred = map_tensors(self._convert, y_pred)
        values = self.call(y_true, y_pred)
        mask = masks.get_mask(values)
        if in_mask is not None and mask is not None and mask is not in_mask:
            in_mask, mask = weights_for(mask, in_mask)
            mask = ops.logical_and(in_mask, mask)
        elif mask is None:
            mask = in_mask
        return reduce_weighted(values, sample_weight, mask, self.reduction, self._dtype)

    def _convert(self, x: Any) -> Any:
        return as_tensor(x, self._dtype)

    _convert_labels = _convert

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
        """One value per sample; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} must define `call`.")

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; `dtype` where one was given."""
        config = super().get_config()
        if not self._given_dtype:
            config.pop("dtype", None)
        return config

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r}>"


class LossFunctionWrapper(FunctionObject, Loss):
    """Wraps a function `fn(y_true, y_pred, **kwargs)` as a loss.

    Args:
        fn: returns one value per sample.
        reduction, name, dtype: as for `keras.losses.Loss`.
        **kwargs: passed on to `fn`.

    Example:
        >>> loss = LossFunctionWrapper(keras.losses.huber, delta=2.0)
    """

    def __init__(
        self,
        fn: Callable,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.keep_function(fn, kwargs)

    def call(self, y_true: ArrayLike, y_pred: ArrayLike) -> Tensor:
        """The values of `fn`, after making the ranks equal."""
        if not tree.is_nested(y_true) and not tree.is_nested(y_pred):
            y_true, y_pred = same_rank(y_true, y_pred)
        return self.fn(y_true, y_pred, **self._fn_kwargs)


class FunctionLoss(LossFunctionWrapper):
    """A loss that is a built-in function without further arguments."""

    function: ClassVar[Callable]

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: DTypeLike = None,
    ) -> None:
        fn = type(self).function
        super().__init__(fn, reduction, name or fn.__name__, dtype)


def compute_dtype(dtype: DTypeLike) -> str:
    """The dtype to compute in, from a dtype, a dtype policy, its name, or None."""
    dtype = getattr(dtype, "compute_dtype", dtype)
    if isinstance(dtype, str):
        dtype = dtype.removeprefix("mixed_")
    return dtypes.standardize_dtype(dtype)


def reduce_weighted(
    values: Any,
    sample_weight: ArrayLike | None = None,
    mask: Any = None,
    reduction: str | None = "sum_over_batch_size",
    dtype: str | None = None,
) -> Tensor:
    """The values multiplied by weights and mask, and reduced."""
    dtype = dtypes.standardize_dtype(dtype)
    values = as_tensor(values, dtype)
    if sample_weight is not None:
        sample_weight = as_tensor(sample_weight, dtype)
    sample_weight = apply_mask(sample_weight, mask, dtype, reduction)
    if sample_weight is not None:
        values, sample_weight = weights_for(sample_weight, values)
        values = values * sample_weight
    if reduction in (None, "none") or len(values.shape) == 0:
        return values
    if reduction == "sum":
        return ops.sum(values)
    if reduction == "mean_with_sample_weight" and sample_weight is not None:
        return ops.divide_no_nan(ops.sum(values), ops.sum(sample_weight))
    return ops.mean(values) if 0 not in tuple(values.shape) else ops.sum(values)
