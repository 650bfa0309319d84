"""Reductions that ignore the elements that are nan.

Where every element is nan, the sum is 0 and the product 1; the mean, the variance, the
maximum and the minimum are nan, and the index of the maximum is -1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras.core import dtypes
from keras.core.op import Tensor, op
from keras.core.scope import current
from keras.core.typing import Axis, DTypeLike
from keras.ops import reductions
from keras.ops.core import cast


def _replace(x: Tensor, value: float) -> Tensor:
    """`x` with `value` in place of nan; integers have no nan."""
    if not _may_be_nan(x):
        return x
    return current().TABLE["where"](x != x, value, x)


def _may_be_nan(x: Tensor) -> bool:
    dtype = current().dtype_of(x)
    return dtype != "bool" and not dtypes.is_int_dtype(dtype)


@op(cast="common")
def nansum(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Sum of the elements that are not nan."""
    return reductions.sum(_replace(x, 0.0), axis, keepdims)


@op(cast="common")
def nanprod(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Product of the elements that are not nan."""
    return reductions.prod(_replace(x, 1.0), axis, keepdims)


@op(cast="float")
def nanmean(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Mean of the elements that are not nan."""
    return nansum(x, axis, keepdims) / _count(x, axis, keepdims)


def _count(x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    """Number of elements that are not nan."""
    return reductions.sum(cast(x == x, current().dtype_of(x)), axis, keepdims)


@op(cast="float")
def nanvar(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Variance of the elements that are not nan."""
    distance = x - nanmean(x, axis, keepdims=True)
    return nanmean(distance * distance, axis, keepdims)


@op(cast="float")
def nanstd(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Standard deviation of the elements that are not nan."""
    return current().TABLE["sqrt"](nanvar(x, axis, keepdims))


def _extreme(
    reduce: Callable, x: Tensor, axis: Axis, keepdims: bool, fill: float
) -> Any:
    """`reduce` with `fill` in place of nan, and nan (or index -1) where all are nan."""
    if not _may_be_nan(x):
        return reduce(x, axis, keepdims)

    out = reduce(_replace(x, fill), axis, keepdims)
    is_all_nan = reductions.all(x != x, axis, keepdims)
    gives_index = reduce in (reductions.argmax, reductions.argmin)
    return current().TABLE["where"](is_all_nan, -1 if gives_index else math.nan, out)


@op(cast="common")
def nanmax(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Maximum of the elements that are not nan."""
    return _extreme(reductions.max, x, axis, keepdims, -math.inf)


@op(cast="common")
def nanmin(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Minimum of the elements that are not nan."""
    return _extreme(reductions.min, x, axis, keepdims, math.inf)


@op(cast="common")
def nanargmax(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the largest element that is not nan, as int32."""
    return _extreme(reductions.argmax, x, axis, keepdims, -math.inf)


@op(cast="common")
def nanargmin(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the smallest element that is not nan, as int32."""
    return _extreme(reductions.argmin, x, axis, keepdims, math.inf)


@op(cast="common")
def nancumsum(
    x: Tensor, axis: int | None = None, dtype: DTypeLike | None = None
) -> Tensor:
    """Cumulative sum, in which nan counts as 0."""
    return reductions.cumsum(_replace(x, 0.0), axis, dtype)


@op(cast="common")
def nancumprod(
    x: Tensor, axis: int | None = None, dtype: DTypeLike | None = None
) -> Tensor:
    """Cumulative product, in which nan counts as 1."""
    return reductions.cumprod(_replace(x, 1.0), axis, dtype)
