"""Reductions: many elements become one, along some axes or all.

`axis` is an int, a tuple of ints, or None for all axes; with `keepdims=True` the axes
stay, of size 1. The ops whose names begin with `nan` leave out elements that are nan.
"""

from __future__ import annotations

from typing import Any

from keras.core.op import Mask, Tensor, op, primitive
from keras.core.scope import current
from keras.ops.casts import not_bool, widened
from keras.ops.core import cast

Axis = int | tuple[int, ...] | None


@primitive(cast=widened)
def sum(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum. Narrow integers and booleans are added up as 32-bit integers.

    Example:
        >>> keras.ops.sum([[1, 2], [3, 4]], axis=1)
        array([3, 7])
    """


@primitive
def _prod(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor: ...


@op
def prod(
    x: Tensor, axis: Axis = None, keepdims: bool = False, dtype: Any = None
) -> Tensor:
    """The product. Narrow integers and booleans are multiplied as 32-bit integers.

    Args:
        x: tensor.
        axis, keepdims: which axes, and whether they stay.
        dtype: the type to compute in and to return.

    Example:
        >>> keras.ops.prod([[1, 2], [3, 4]], axis=1)
        array([2, 12])
    """
    wanted = widened(current().dtype_of(x)) if dtype is None else dtype
    return current().TABLE["_prod"](cast(x, wanted), axis, keepdims)


@primitive(cast="float")
def mean(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean.

    Example:
        >>> keras.ops.mean([[1, 2], [3, 4]], axis=1)
        array([1.5, 3.5])
    """


@primitive(cast="float")
def var(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance: the mean squared distance from the mean.

    Example:
        >>> keras.ops.var([[1, 2], [3, 4]], axis=1)
        array([0.25, 0.25])
    """


@primitive(cast="float")
def std(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation: the root of the variance.

    Example:
        >>> keras.ops.std([[1, 2], [3, 4]], axis=1)
        array([0.5, 0.5])
    """


@primitive(cast="common")
def max(
    x: Tensor, axis: Axis = None, keepdims: bool = False, initial: Any = None
) -> Tensor:
    """The largest element; nan if one of them is nan.

    Args:
        x: tensor.
        axis, keepdims: which axes, and whether they stay.
        initial: one more value to compare with, which also serves empty tensors.

    Raises:
        ValueError: there are no elements, and no `initial`.

    Example:
        >>> keras.ops.max([[1, 2], [3, 4]], axis=1)
        array([2, 4])
    """


@primitive(cast="common")
def min(
    x: Tensor, axis: Axis = None, keepdims: bool = False, initial: Any = None
) -> Tensor:
    """The smallest element; nan if one of them is nan.

    Args:
        x: tensor.
        axis, keepdims: which axes, and whether they stay.
        initial: one more value to compare with, which also serves empty tensors.

    Raises:
        ValueError: there are no elements, and no `initial`.

    Example:
        >>> keras.ops.min([[1, 2], [3, 4]], axis=1)
        array([1, 3])
    """


def amax(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The same as `keras.ops.max`.

    Example:
        >>> keras.ops.amax([[1, 2], [3, 4]], axis=1)
        array([2, 4])
    """
    return max(x, axis, keepdims)


def amin(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The same as `keras.ops.min`.

    Example:
        >>> keras.ops.amin([[1, 2], [3, 4]], axis=1)
        array([1, 3])
    """
    return min(x, axis, keepdims)


@op(cast="common")
def ptp(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """From peak to peak: the largest element minus the smallest.

    Example:
        >>> keras.ops.ptp([[1, 2], [3, 9]], axis=1)
        array([1, 6])
    """
    return max(x, axis, keepdims) - min(x, axis, keepdims)


@primitive
def all(x: Mask, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all elements are true, or not zero.

    Example:
        >>> keras.ops.all([[True, False], [True, True]], axis=1)
        array([False, True])
    """


@primitive
def any(x: Mask, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether at least one element is true, or not zero.

    Example:
        >>> keras.ops.any([[True, False], [False, False]], axis=1)
        array([True, False])
    """


@primitive(cast="common")
def argmax(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the largest element, the first of equals, as int32.

    Args:
        x: tensor.
        axis: along which axis; by default all elements in one row.
        keepdims: whether the axis stays, of size 1.

    Example:
        >>> keras.ops.argmax([[1, 2], [4, 3]], axis=1)
        array([1, 0])
    """


@primitive(cast="common")
def argmin(x: Tensor, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The place of the smallest element, the first of equals, as int32.

    Args:
        x: tensor.
        axis: along which axis; by default all elements in one row.
        keepdims: whether the axis stays, of size 1.

    Example:
        >>> keras.ops.argmin([[1, 2], [4, 3]], axis=1)
        array([0, 1])
    """


@op(cast="float")
def average(x: Tensor, axis: Axis = None, weights: Tensor | None = None) -> Tensor:
    """The mean in which some elements weigh more: sum(x * w) / sum(w).

    Args:
        x: tensor.
        axis: which axes.
        weights: of `x`'s shape, or of one axis for the axis given; by default all
            elements weigh the same.

    Raises:
        ValueError: the weights' shape is another one.

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
    """How many elements are not zero, as int32.

    Example:
        >>> keras.ops.count_nonzero([[0, 1], [2, 3]], axis=1)
        array([1, 2])
    """


@primitive(name="cumsum", cast=not_bool)
def _cumsum(x: Tensor, axis: int | None = None) -> Tensor: ...


@primitive(name="cumprod", cast=not_bool)
def _cumprod(x: Tensor, axis: int | None = None) -> Tensor: ...


def cumsum(x: Tensor, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The sum of all elements up to each one.

    Args:
        x: tensor.
        axis: along which axis; by default all elements in one row.
        dtype: the type to compute in and to return.

    Example:
        >>> keras.ops.cumsum([1, 2, 3])
        array([1, 3, 6])
    """
    return _cumsum(_in_type(x, dtype), axis)


def cumprod(x: Tensor, axis: int | None = None, dtype: Any = None) -> Tensor:
    """The product of all elements up to each one.

    Args:
        x: tensor.
        axis: along which axis; by default all elements in one row.
        dtype: the type to compute in and to return.

    Example:
        >>> keras.ops.cumprod([1, 2, 3])
        array([1, 2, 6])
    """
    return _cumprod(_in_type(x, dtype), axis)


def _in_type(x: Tensor, dtype: Any) -> Tensor:
    return x if dtype is None else cast(x, dtype)
