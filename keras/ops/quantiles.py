"""Medians, quantiles and percentiles, by sorting."""

from __future__ import annotations

import math
from typing import Any

from keras.core.errors import check_choice, shape_error
from keras.core.op import Index, Tensor, op
from keras.core.scope import current
from keras.ops import reductions
from keras.ops.core import cast, shape
from keras.ops.pairwise import divide
from keras.ops.reductions import Axis

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


@op(cast="float")
def median(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The middle element, or the mean of the two in the middle."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


@op(cast="float")
def nanmedian(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The median of the elements that are not nan."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


@op(cast="float")
def quantile(
    x: Tensor,
    q: Index,
    axis: Axis = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Tensor:
    """The value below which the fraction `q` of the elements lies.

    Args:
        q: fractions in [0, 1]: a number, or a tensor of one axis, along which the
            quantiles lie then as a new first axis.
        method: what to take between two elements: "linear", "lower", "higher",
            "midpoint" or "nearest".

    Example:
        >>> keras.ops.quantile([1.0, 2.0, 3.0, 4.0], 0.5)
        array(2.5)
    """
    found = _quantile(x, q, axis, method, keepdims, leave_out=False)
    spoiled = reductions.any(x != x, axis, keepdims)
    return current().TABLE["where"](spoiled, math.nan, found)


@op(cast="float")
def nanquantile(
    x: Tensor,
    q: Index,
    axis: Axis = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Tensor:
    """`keras.ops.quantile` of the elements that are not nan."""
    return _quantile(x, q, axis, method, keepdims, leave_out=True)


def percentile(
    x: Tensor,
    q: Tensor,
    axis: Axis = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Tensor:
    """`keras.ops.quantile` with `q` in percent, from 0 to 100."""
    return quantile(x, _fraction(q), axis, method, keepdims)


def nanpercentile(
    x: Tensor,
    q: Tensor,
    axis: Axis = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Tensor:
    """`keras.ops.nanquantile` with `q` in percent, from 0 to 100."""
    return nanquantile(x, _fraction(q), axis, method, keepdims)


def _fraction(q: Any) -> Any:
    return q / 100 if isinstance(q, (int, float)) else divide(q, 100)


def _last_axes(x: Any, axes: Axis) -> Any:
    """The given axes (all of them for None) moved to the end and made one."""
    table = current().TABLE
    if axes is None:
        return table["reshape"](x, (-1,))
    rank = len(x.shape)
    moved = [axes % rank] if isinstance(axes, int) else [a % rank for a in axes]
    kept = [n for a, n in enumerate(shape(x)) if a not in moved]
    x = table["moveaxis"](x, moved, list(range(rank - len(moved), rank)))
    return table["reshape"](x, (*kept, -1))


def _quantile(
    x: Any, q: Any, axis: Axis, method: str, keepdims: bool, leave_out: bool
) -> Any:
    check_choice(method, METHODS, "method", "quantile")
    q_rank = len(q.shape)
    if q_rank > 1:
        raise shape_error("quantile: `q` is a number or a tensor of one axis", q)
    table = current().TABLE
    dtype = current().dtype_of(x)
    if dtype in ("float16", "bfloat16"):  # too coarse to count places in
        x = cast(x, "float32")
    row = _last_axes(x, axis)
    q = cast(table["reshape"](q, (-1,)), current().dtype_of(x))
    if leave_out:
        count = reductions.sum(cast(row == row, "float32"), -1, keepdims=True)
        row = table["where"](row != row, math.inf, row)
    else:
        count = cast(shape(row)[-1], "float32")
    row = table["sort"](row, -1)
    place = q * (cast(count, current().dtype_of(q)) - 1)
    low, high = table["floor"](place), table["ceil"](place)
    if method == "nearest":
        low = high = table["round"](place, 0)
    elif method in ("lower", "higher"):
        low = high = low if method == "lower" else high
    first, second = _at(row, low), _at(row, high)
    share = 0.5 if method == "midpoint" else place - low
    found = first if low is high else first + (second - first) * share
    if leave_out:
        found = table["where"](count == 0, math.nan, found)
    return cast(_arranged(found, x, q_rank, axis, keepdims), dtype)


def _at(row: Any, place: Any) -> Any:
    """Elements at places along the last axis, given as floats."""
    table = current().TABLE
    place = cast(table["maximum"](place, place * 0), "int32")
    if len(place.shape) == 1:
        return table["take"](row, place, -1)
    return table["take_along_axis"](row, place, -1)


def _arranged(found: Any, x: Any, q_rank: int, axis: Axis, keepdims: bool) -> Any:
    """(..., quantile) as (quantile, ...), with the reduced axes back if they stay."""
    table = current().TABLE
    rank = len(x.shape)
    reduced = range(rank) if axis is None else [axis] if isinstance(axis, int) else axis
    reduced = sorted(a % rank for a in reduced)
    found = table["moveaxis"](found, -1, 0) if q_rank else found[..., 0]
    for a in reduced if keepdims else ():
        found = table["expand_dims"](found, a + q_rank)
    return found
