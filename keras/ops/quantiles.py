"""Medians, quantiles and percentiles, computed by sorting."""

from __future__ import annotations

import math
from typing import Any

from keras.core.errors import check_choice, shape_error
from keras.core.op import Index, Tensor, op
from keras.core.scope import current
from keras.core.typing import Axis
from keras.ops import reductions
from keras.ops.core import cast, shape
from keras.ops.pairwise import divide

METHODS = ("linear", "lower", "higher", "midpoint", "nearest")


@op(cast="float")
def median(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Median: the middle element, or the mean of the two in the middle."""
    return quantile(x, 0.5, axis, keepdims=keepdims)


@op(cast="float")
def nanmedian(x: Tensor, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Median of the elements that are not nan."""
    return nanquantile(x, 0.5, axis, keepdims=keepdims)


@op(cast="float")
def quantile(
    x: Tensor,
    q: Index,
    axis: Axis = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Tensor:
    """Quantile: the value below which the fraction `q` of the elements lies.

    Args:
        x: a tensor.
        q: fractions in [0, 1]: a number, or a tensor of rank 1, whose quantiles are
            along a new first axis of the result.
        axis: the axis or axes to reduce; None for all.
        method: the value between two elements: "linear", "lower", "higher", "midpoint"
            or "nearest".
        keepdims: whether the reduced axes stay, with size 1.

    Returns:
        A float tensor; nan where one of the elements is nan.

    Raises:
        ValueError: `method` is not known, or `q` has more than one axis.

    Example:
        >>> keras.ops.quantile([1.0, 2.0, 3.0, 4.0], 0.5)
        array(2.5)
    """
    out = _quantile(x, q, axis, method, keepdims, skip_nan=False)
    has_nan = reductions.any(x != x, axis, keepdims)
    return current().TABLE["where"](has_nan, math.nan, out)


@op(cast="float")
def nanquantile(
    x: Tensor,
    q: Index,
    axis: Axis = None,
    method: str = "linear",
    keepdims: bool = False,
) -> Tensor:
    """`keras.ops.quantile` of the elements that are not nan."""
    return _quantile(x, q, axis, method, keepdims, skip_nan=True)


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


def _quantile(
    x: Any, q: Any, axis: Axis, method: str, keepdims: bool, skip_nan: bool
) -> Any:
    """`quantile`, with or without the elements that are nan."""
    check_choice(method, METHODS, "method", "quantile")
    q_rank = len(q.shape)
    if q_rank > 1:
        raise shape_error("quantile: `q` must be a number or a tensor of rank 1", q)

    table = current().TABLE
    dtype = current().dtype_of(x)
    if dtype in ("float16", "bfloat16"):  # too coarse to hold an index
        x = cast(x, "float32")
    axes = _axes(axis, len(x.shape))
    rows = _merge_axes(x, axes)
    q = cast(table["reshape"](q, (-1,)), current().dtype_of(x))

    # Skipped elements become the largest ones and do not count.
    if skip_nan:
        count = reductions.sum(cast(rows == rows, "float32"), -1, keepdims=True)
        rows = table["where"](rows != rows, math.inf, rows)
    else:
        count = cast(shape(rows)[-1], "float32")
    rows = table["sort"](rows, -1)

    # The index of a quantile is seldom whole: it lies between two elements.
    index = q * (cast(count, current().dtype_of(q)) - 1)
    below = table["floor"](index)
    above = table["ceil"](index)
    if method == "lower":
        out = _take_last(rows, below)
    elif method == "higher":
        out = _take_last(rows, above)
    elif method == "nearest":
        out = _take_last(rows, table["round"](index, 0))
    else:
        first = _take_last(rows, below)
        second = _take_last(rows, above)
        weight = 0.5 if method == "midpoint" else index - below
        out = first + (second - first) * weight

    if skip_nan:
        out = table["where"](count == 0, math.nan, out)
    out = table["moveaxis"](out, -1, 0) if q_rank else out[..., 0]
    if keepdims:
        for a in axes:
            out = table["expand_dims"](out, a + q_rank)
    return cast(out, dtype)


def _axes(axis: Axis, rank: int) -> list[int]:
    """The axes to reduce, in ascending order."""
    if axis is None:
        return list(range(rank))
    return sorted(a % rank for a in ([axis] if isinstance(axis, int) else axis))


def _merge_axes(x: Any, axes: list[int]) -> Any:
    """`x` with these axes merged into one, which comes last."""
    table = current().TABLE
    rank = len(x.shape)
    kept = [size for a, size in enumerate(shape(x)) if a not in axes]
    if kept:
        x = table["moveaxis"](x, axes, list(range(rank - len(axes), rank)))
    return table["reshape"](x, (*kept, -1))


def _take_last(rows: Any, index: Any) -> Any:
    """Elements at whole indices along the last axis, which are given as floats."""
    table = current().TABLE
    index = cast(table["maximum"](index, index * 0), "int32")
    if len(index.shape) == 1:
        return table["take"](rows, index, -1)
    return table["take_along_axis"](rows, index, -1)
