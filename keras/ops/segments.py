"""Reductions of slices that belong together: sums, products and extremes by segment."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.core.errors import check_positive_int, shape_error, shapes_fit
from keras.core.op import Index, Tensor, kernel, op
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.ops.casts import not_bool
from keras.ops.core import cast, dtype

_segment = kernel("_segment")  # (data, ids, num, how): "sum", "prod", "max" or "min"


def _segment_spec(
    data: Any, segment_ids: Any, num_segments: int | None, sorted: bool
) -> KerasTensor:
    """Without `num_segments` the first size depends on values."""
    _check_ids(data, segment_ids)
    return KerasTensor((num_segments, *data.shape[1:]), not_bool(dtype(data)))


@op(infer=_segment_spec)
def segment_sum(
    data: Tensor,
    segment_ids: Index,
    num_segments: int | None = None,
    sorted: bool = False,
) -> Tensor:
    """Sum of slices along the first axis, by segment.

    Args:
        data: `(n, ...)`.
        segment_ids: `(n,)`, the segment of each slice; a slice whose id is not in
            0 ... num_segments - 1 is left out.
        num_segments: the number of segments; by default the largest id plus one. This
            needs values, so it must be given inside a compiled function.
        sorted: whether the ids are ascending; the result is the same.

    Returns:
        `(num_segments, ...)`; a segment without slices gets 0.

    Raises:
        ValueError: the shapes do not fit, or `num_segments` is needed.

    Example:
        >>> keras.ops.segment_sum([1.0, 2.0, 4.0], [0, 2, 0])
        array([5., 0., 2.])
    """
    return _by_segment(data, segment_ids, num_segments, "sum")


@op(infer=_segment_spec)
def segment_prod(
    data: Tensor,
    segment_ids: Index,
    num_segments: int | None = None,
    sorted: bool = False,
) -> Tensor:
    """Product of slices by segment, 1 for an empty segment; see `segment_sum`."""
    return _by_segment(data, segment_ids, num_segments, "prod")


@op(infer=_segment_spec)
def segment_max(
    data: Tensor,
    segment_ids: Index,
    num_segments: int | None = None,
    sorted: bool = False,
) -> Tensor:
    """Maximum by segment; see `segment_sum`.

    An empty segment gets the least value of the type.
    """
    return _by_segment(data, segment_ids, num_segments, "max")


@op(infer=_segment_spec)
def segment_min(
    data: Tensor,
    segment_ids: Index,
    num_segments: int | None = None,
    sorted: bool = False,
) -> Tensor:
    """Minimum by segment; see `segment_sum`.

    An empty segment gets the largest value of the type.
    """
    return _by_segment(data, segment_ids, num_segments, "min")


def _by_segment(data: Any, ids: Any, num_segments: int | None, how: str) -> Any:
    _check_ids(data, ids)
    if num_segments is None:
        num_segments = _largest_id(ids) + 1
    check_positive_int(num_segments, "num_segments", f"segment_{how}")

    data = cast(data, not_bool(dtype(data)))
    return _segment(data, cast(ids, "int32"), int(num_segments), how)


def _check_ids(data: Any, ids: Any) -> None:
    first_axis = tuple(data.shape)[:1]
    if not first_axis or not shapes_fit(ids.shape, first_axis):
        raise shape_error(
            "segment ops: `data` must have shape (n, ...) and `segment_ids` (n,)",
            data,
            ids,
        )


def _largest_id(ids: Any) -> int:
    """The largest id: a value, which does not exist while a function is traced."""
    try:
        values = np.asarray(current().convert_to_numpy(ids))
    except Exception as error:
        raise ValueError(
            "segment ops: `num_segments` must be given inside a compiled function, "
            "where the shape of the result cannot depend on values."
        ) from error
    return int(values.max()) if values.size else 0
