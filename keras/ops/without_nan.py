"""Reductions that leave out the elements that are nan.

Where every element is nan, the sum is 0 and the product 1; the mean, the variance,
the largest and the smallest are nan, and the place of the largest is -1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras.core import dtypes
from keras.core.op import Tensor, op
from keras.core.scope import current
from keras.ops import reductions
from keras.ops.core import cast
from keras.ops.reductions import Axis


def _replace(x: Tensor, value: float) -> Tensor:
    """`x` with `value` for nan; there is no nan among integers."""
    if not _may_be_nan(x):
        return x
    return current().TABLE["where"](x != x, value, x)


def _may_be_nan(x: Tensor) -> bool:
    dtype = current().dtype_of(x)
    return dtype != "bool" and not dtypes.is_int_dtype(dtype)


@op(cast="common")
def nansum(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum of the elements that are not nan."""
    return reductions.sum(_replace(x, 0.0), axis, keepdims)


@op(cast="common")
def nanprod(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The product of the elements that are not nan."""
    return reductions.prod(_replace(x, 1.0), axis, keepdims)


@op(cast="float")
def nanmean(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean of the elements that are not nan."""
    return nansum(x, axis, keepdims) / _count(x, axis, keepdims)


def _count(x: Tensor, axis: Axis, keepdims: bool) -> Tensor:
    return reductions.sum(cast(x == x, current().dtype_of(x)), axis, keepdims)


@op(cast="float")
def nanvar(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance of the elements that are not nan."""
    distance = x - nanmean(x, axis, keepdims=True)
    return nanmean(distance * distance, axis, keepdims)


@op(cast="float")
def nanstd(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation of the elements that are not nan."""
    return current().TABLE["sqrt"](nanvar(x, axis, keepdims))


def _extreme(
    reduce: Callable, x: Tensor, axis: Axis, keepdims: bool, fill: float
) -> Any:
    """The extreme of the elements, with `fill` where there is none."""
    if not _may_be_nan(x):
        return reduce(x, axis, keepdims)
    found = reduce(_replace(x, fill), axis, keepdims)
    nothing = reductions.all(x != x, axis, keepdims)
    is_place = reduce in (reductions.argmax, reductions.argmin)
    return current().TABLE["where"](nothing, -1 if is_place else math.nan, found)


@op(cast="common")
def nanmax(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The largest of the elements that are not nan."""
    return _extreme(reductions.max, x, axis, keepdims, -math.inf)


@op(cast="common")
def nanmin(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest of the elements that are not nan."""
    return _extreme(reductions.min, x, axis, keepdims, math.inf)


@op(cast="common")
def nanargmax(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the largest of the elements that are not nan, as int32."""
    return _extreme(reductions.argmax, x, axis, keepdims, -math.inf)


@op(cast="common")
def nanargmin(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the smallest of the elements that are not nan, as int32."""
    return _extreme(reductions.argmin, x, axis, keepdims, math.inf)


@op(cast="common")
def nancumsum(x: Tensor, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The sum up to each element, leaving out those that are nan."""
    return reductions.cumsum(_replace(x, 0.0), axis, dtype)


@op(cast="common")
def nancumprod(x: Tensor, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The product up to each element, leaving out those that are nan."""
    return reductions.cumprod(_replace(x, 1.0), axis, dtype)
