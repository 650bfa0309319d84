"""Reductions: many elements become one, along some axes or all.

`axis` is an int, a tuple of ints, or None for all axes; with `keepdims=True` the axes
stay, of size 1. `cumsum`, `argmax` and their kin take one axis, or None for all
elements in one row.
"""

from __future__ import annotations

from typing import Any

from keras.core.op import Mask, Tensor, kernel, op, primitive
from keras.core.scope import current
from keras.ops.casts import not_bool, widened
from keras.ops.core import cast

Axis = int | tuple[int, ...] | None

_prod = kernel("_prod")  # (x, axis, keepdims)


@primitive(cast=widened)
def sum(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum. Narrow integers and booleans are added up as 32-bit integers."""


@op
def prod(
    x: Tensor, axis: Axis = None, keepdims: bool = False, dtype: Any = None
) -> Tensor:
    """The product, in `dtype`; by default that of `x`, of at least 32 bits."""
    wanted = widened(current().dtype_of(x)) if dtype is None else dtype
    return _prod(cast(x, wanted), axis, keepdims)


@primitive(cast="float")
def mean(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean."""


@primitive(cast="float")
def var(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance: the mean squared distance from the mean."""


@primitive(cast="float")
def std(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation: the root of the variance."""


@primitive(cast="common")
def max(
    x: Tensor, axis: Axis = None, keepdims: bool = False, initial: Any = None
) -> Tensor:
    """The largest element; nan if one of them is nan.

    `initial` is one more value to compare with; without it, empty tensors raise.
    """


@primitive(cast="common")
def min(
    x: Tensor, axis: Axis = None, keepdims: bool = False, initial: Any = None
) -> Tensor:
    """The smallest element; nan if one of them is nan.

    `initial` is one more value to compare with; without it, empty tensors raise.
    """


def amax(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The same as `keras.ops.max`."""
    return max(x, axis, keepdims)


def amin(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The same as `keras.ops.min`."""
    return min(x, axis, keepdims)


@op(cast="common")
def ptp(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """From peak to peak: the largest element minus the smallest."""
    return max(x, axis, keepdims) - min(x, axis, keepdims)


@primitive
def all(x: Mask, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all elements are true, or not zero."""


@primitive
def any(x: Mask, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether at least one element is true, or not zero."""


@primitive(cast="common")
def argmax(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the largest element, the first of equals, as int32."""


@primitive(cast="common")
def argmin(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the smallest element, the first of equals, as int32."""


@op(cast="float")
def average(x: Tensor, axis: Axis = None, weights: Tensor | None = None) -> Tensor:
    """The mean in which some elements weigh more: sum(x * w) / sum(w).

    `weights` has `x`'s shape, or one axis for the one given.

    Example:
        >>> keras.ops.average([1.0, 2.0, 6.0], weights=[3.0, 2.0, 1.0])
        array(2.1667)
    """
    if weights is None:
        return mean(x, axis)
    if len(weights.shape) != len(x.shape):
        if not isinstance(axis, int) or len(weights.shape) != 1:
            raise ValueError(
                f"average: weights of shape {tuple(weights.shape)} do not fit x of "
                f"shape {tuple(x.shape)} with axis={axis}: give one weight for each "
                "element of x, or one for each place along a single axis."
            )
        shape = [1] * len(x.shape)
        shape[axis] = -1
        weights = current().TABLE["reshape"](weights, tuple(shape))
    weights = weights + x * 0
    return sum(x * weights, axis) / sum(weights, axis)


@primitive
def count_nonzero(x: Tensor, axis: Axis = None) -> Tensor:
    """How many elements are not zero, as int32."""


@primitive(name="cumsum", cast=not_bool)
def _cumsum(x: Tensor, axis: int | None = None) -> Tensor: ...


@primitive(name="cumprod", cast=not_bool)
def _cumprod(x: Tensor, axis: int | None = None) -> Tensor: ...


def cumsum(x: Tensor, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The sum up to each element, in `dtype` (by default that of `x`)."""
    return _cumsum(_in_type(x, dtype), axis)


def cumprod(x: Tensor, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The product up to each element, in `dtype` (by default that of `x`)."""
    return _cumprod(_in_type(x, dtype), axis)


def _in_type(x: Tensor, dtype: Any) -> Tensor:
    return x if dtype is None else cast(x, dtype)
