"""Reductions along some axes or all.

`axis` is an int, a tuple of ints, or None for all axes; with `keepdims=True` the axes
stay, of size 1. `cumsum`, `argmax` and the like take one axis, or None for all
elements, flattened.
"""

from __future__ import annotations

from typing import Any

from keras.core.op import Mask, Tensor, kernel, op, primitive
from keras.core.scope import current
from keras.core.typing import Axis, DTypeLike
from keras.ops.casts import not_bool, widened
from keras.ops.core import cast

_prod = kernel("_prod")  # (x, axis, keepdims)


@primitive(cast=widened)
def sum(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Sum; integers of fewer than 32 bits and booleans are summed in 32 bits."""


@op
def prod(
    x: Tensor, axis: Axis = None, keepdims: bool = False, dtype: DTypeLike | None = None
) -> Tensor:
    """Product, in `dtype`; by default that of `x`, of at least 32 bits."""
    wanted = widened(current().dtype_of(x)) if dtype is None else dtype
    return _prod(cast(x, wanted), axis, keepdims)


@primitive(cast="float")
def mean(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Mean."""


@primitive(cast="float")
def var(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Variance: the mean squared distance from the mean."""


@primitive(cast="float")
def std(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Standard deviation: the root of the variance."""


@primitive(cast="common")
def max(
    x: Tensor, axis: Axis = None, keepdims: bool = False, initial: Any = None
) -> Tensor:
    """Maximum; nan if one of the elements is nan.

    `initial` is another value to compare with; without it, empty tensors raise.
    """


@primitive(cast="common")
def min(
    x: Tensor, axis: Axis = None, keepdims: bool = False, initial: Any = None
) -> Tensor:
    """Minimum; nan if one of the elements is nan.

    `initial` is another value to compare with; without it, empty tensors raise.
    """


def amax(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The same as `keras.ops.max`."""
    return max(x, axis, keepdims)


def amin(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The same as `keras.ops.min`."""
    return min(x, axis, keepdims)


@op(cast="common")
def ptp(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Peak to peak: the largest element minus the smallest."""
    return max(x, axis, keepdims) - min(x, axis, keepdims)


@primitive
def all(x: Mask, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all elements are true, or not zero."""


@primitive
def any(x: Mask, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether at least one element is true, or not zero."""


@primitive(cast="common")
def argmax(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the largest element, the first of equals, as int32."""


@primitive(cast="common")
def argmin(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """Index of the smallest element, the first of equals, as int32."""


@op(cast="float")
def average(x: Tensor, axis: Axis = None, weights: Tensor | None = None) -> Tensor:
    """Weighted mean: sum(x * w) / sum(w).

    Args:
        x: a tensor.
        axis: the axis or axes to reduce; None for all.
        weights: numbers of the shape of `x`, or one for each place along `axis`; None
            for equal weights.

    Raises:
        ValueError: the weights do not fit `x` and `axis`.

    Example:
        >>> keras.ops.average([1.0, 2.0, 6.0], weights=[3.0, 2.0, 1.0])
        array(2.1667)
    """
    if weights is None:
        return mean(x, axis)
    if len(weights.shape) != len(x.shape):
        if not isinstance(axis, int) or len(weights.shape) != 1:
            raise ValueError(
                "average: `weights` must have one number for each element of `x`, or "
                "one for each place along a single axis; received weights of shape "
                f"{tuple(weights.shape)}, `x` of shape {tuple(x.shape)} and "
                f"axis={axis}."
            )
        shape = [1] * len(x.shape)
        shape[axis] = -1
        weights = current().TABLE["reshape"](weights, tuple(shape))

    weights = weights + x * 0  # broadcast, so that both sums run over all elements
    return sum(x * weights, axis) / sum(weights, axis)


@primitive
def count_nonzero(x: Tensor, axis: Axis = None) -> Tensor:
    """Number of elements that are not zero, as int32."""


@primitive(name="cumsum", cast=not_bool)
def _cumsum(x: Tensor, axis: int | None = None) -> Tensor: ...


@primitive(name="cumprod", cast=not_bool)
def _cumprod(x: Tensor, axis: int | None = None) -> Tensor: ...


def cumsum(
    x: Tensor, axis: int | None = None, dtype: DTypeLike | None = None
) -> Tensor:
    """Cumulative sum, in `dtype` (by default that of `x`)."""
    return _cumsum(_in_type(x, dtype), axis)


def cumprod(
    x: Tensor, axis: int | None = None, dtype: DTypeLike | None = None
) -> Tensor:
    """Cumulative product, in `dtype` (by default that of `x`)."""
    return _cumprod(_in_type(x, dtype), axis)


def _in_type(x: Tensor, dtype: DTypeLike | None) -> Tensor:
    return x if dtype is None else cast(x, dtype)
