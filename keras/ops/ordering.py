"""Sorting, searching in sorted values, counting."""

from __future__ import annotations

from typing import Any

from keras.core.errors import check_choice, check_positive_int, shape_error
from keras.core.op import Index, Tensor, op, primitive
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.ops import reductions
from keras.ops.core import cast, refuse_sparse, shape
from keras.ops.elementwise import clip
from keras.ops.indexing import take, where
from keras.ops.shaping import concatenate, moveaxis, reshape


@primitive
def sort(x: Tensor, axis: int | None = -1) -> Tensor:
    """The elements in ascending order along an axis (None: in one row); nan last."""


@primitive
def argsort(x: Tensor, axis: int | None = -1) -> Tensor:
    """The places that would sort `x`, as int32; equal elements keep their order."""


@op
def argpartition(x: Tensor, kth: int, axis: int = -1) -> Tensor:
    """Places that bring the `kth` smallest to place `kth`, the smaller ones before it.

    Here they are int32 places in fully sorted order. A negative `kth` counts from the
    end.
    """
    size = x.shape[axis]
    if size is not None and not -size <= kth < size:
        raise ValueError(
            f"argpartition: kth={kth} lies outside axis {axis} of shape "
            f"{tuple(x.shape)}."
        )
    return argsort(x, axis)


@primitive(name="searchsorted", cast="common")
def _searchsorted(sorted_sequence: Tensor, values: Tensor, side: str) -> Tensor: ...


def searchsorted(sorted_sequence: Tensor, values: Tensor, side: str = "left") -> Tensor:
    """Where each value would be put in so that the sequence stays sorted, as int32.

    The sequence has one axis, the values any. `side="left"` puts a value before its
    equals, "right" after them.

    Example:
        >>> keras.ops.searchsorted([1, 3, 5], [0, 3, 9], side="right")
        array([0, 2, 3])
    """
    check_choice(side, ("left", "right"), "side", "searchsorted")
    rank = len(getattr(sorted_sequence, "shape", (None,)))
    if rank != 1:
        raise shape_error(
            "searchsorted: `sorted_sequence` has one axis", sorted_sequence
        )
    return _searchsorted(sorted_sequence, values, side)


@op(cast="common")
def digitize(x: Tensor, bins: Tensor) -> Tensor:
    """The number of the bin each element falls in, as int32: 0 below the first edge.

    `bins` are ascending edges; an element equal to an edge lies above it.
    """
    return current().TABLE["searchsorted"](bins, x, "right")


def _unique_spec(
    x: Any, axis: Any, size: Any, return_index: bool, return_inverse: bool, **rest: Any
) -> Any:
    """The number of values is not known before the values are, unless it is given."""
    whole, values = x.shape, [size]
    if axis is not None:
        values = list(x.shape)
        whole, values[axis] = (x.shape[axis],), size
    found = [KerasTensor(values, x.dtype)]
    places = [(size,)] * return_index + [whole] * return_inverse
    places += [(size,)] * rest["return_counts"]
    found += [KerasTensor(dims, "int32") for dims in places]
    return tuple(found) if len(found) > 1 else found[0]


@op(infer=_unique_spec)
def unique(
    x: Tensor,
    sorted: bool = True,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    size: int | None = None,
    fill_value: Any = None,
) -> Any:
    """The values that occur, each once; with what else was asked for, a tuple.

    Args:
        sorted: kept for compatibility: the result is always in ascending order.
        return_index: also return the first place of each value, as int32.
        return_inverse: also return, for each element, the place of its value.
        return_counts: also return how often each value occurs.
        axis: compare whole slices along this axis; None compares elements.
        size: a fixed length for the result, which compiled functions need: longer ones
            are cut, shorter ones filled.
        fill_value: what fills up; by default the smallest value.

    Example:
        >>> keras.ops.unique([3, 1, 3])
        array([1, 3])
    """
    rows = x if axis is None else moveaxis(x, axis, 0)
    rest = () if axis is None else shape(rows)[1:]
    rows = reshape(rows, (-1, 1) if axis is None else (shape(rows)[0], -1))
    order, group = _grouped(rows)
    n = shape(order)[0]
    last = reductions.max(group, initial=-1) if size is None else size - 1
    # The places in sorted order where groups begin, and where the last one ends.
    bounds = searchsorted(group, _count_up(last + 2))
    starts, ends = bounds[:-1], bounds[1:]
    index = take(order, clip(starts, None, n - 1), 0)
    values = take(rows, index, 0)
    if size is not None:
        absent = starts >= n
        fill = values[:1] if fill_value is None else fill_value
        fill = current().convert_to_tensor(fill, current().dtype_of(values))
        values = where(absent[:, None], fill, values)
        index = where(absent, index[:1], index)
    values = reshape(values, (-1, *rest))
    found = [values if axis is None else moveaxis(values, 0, axis)]
    if return_index:
        found.append(index)
    if return_inverse:
        inverse = take(group, argsort(order), 0)
        found.append(reshape(inverse, shape(x)) if axis is None else inverse)
    if return_counts:
        found.append(ends - starts)
    return tuple(found) if len(found) > 1 else found[0]


def _count_up(n: Any) -> Any:
    return current().TABLE["arange"](0, n, 1, "int32")


def _grouped(rows: Any) -> tuple[Any, Any]:
    """The order that sorts the rows, and in that order the number of each's group."""
    order = _count_up(shape(rows)[0])
    for column in reversed(range(rows.shape[1])):
        order = take(order, argsort(take(rows[:, column], order, 0)), 0)
    rows = take(rows, order, 0)
    after, before = rows[1:], rows[:-1]
    differs = (after != before) & ((after == after) | (before == before))
    begins = concatenate([order[:1] < 0, reductions.any(differs, -1)], 0)
    return order, reductions.cumsum(begins, 0)


def _bincount_spec(x: Any, weights: Any, minlength: int) -> KerasTensor:
    return KerasTensor(
        (*x.shape[:-1], None), "int32" if weights is None else weights.dtype
    )


@primitive(name="bincount", infer=_bincount_spec)
def _bincount(x: Index, weights: Tensor | None, minlength: int) -> Tensor: ...


def bincount(
    x: Tensor, weights: Tensor | None = None, minlength: int = 0, sparse: bool = False
) -> Tensor:
    """How often each of the integers 0, 1, 2, ... occurs, as int32, up to the largest.

    Args:
        x: integers of at least 0, of one axis, or two for a count per row.
        weights: of `x`'s shape: add these up instead of counting.
        minlength: the least length of the result. In a compiled function on JAX it is
            the length, and must be given.
        sparse: only dense results exist here; True raises.
    """
    refuse_sparse("bincount", sparse)
    return _bincount(x, weights, minlength)


@op(cast="float")
def histogram(
    x: Tensor, bins: int = 10, range: tuple[float, float] | None = None
) -> tuple[Tensor, Tensor]:
    """How many elements fall in each of `bins` bins of equal width, and the edges.

    `range` gives the lowest and the highest edge, by default those of the elements, and
    what lies outside is not counted. The highest edge belongs to the last bin. Both
    results are floats; there are `bins + 1` edges.

    Example:
        >>> keras.ops.histogram([0.0, 1.0, 1.5, 4.0], bins=2)[0]
        array([3., 1.])
    """
    bins = check_positive_int(bins, "bins", "histogram")
    table = current().TABLE
    row = sort(x, None)
    if range is None:
        low, high = row[0], row[-1]
    elif range[0] < range[1]:
        low, high = row[0] * 0 + range[0], row[0] * 0 + range[1]
    else:
        raise ValueError(
            f"histogram: `range` goes from low to high; received {range!r}."
        )
    flat = cast(low == high, current().dtype_of(x)) * 0.5
    low, high = low - flat, high + flat
    steps = table["arange"](0, bins + 1, 1, current().dtype_of(x)) / bins
    edges = low * (1 - steps) + high * steps
    below = searchsorted(row, edges[:-1], "left")
    bounds = table["concatenate"]([below, searchsorted(row, edges[-1:], "right")], 0)
    return cast(bounds[1:] - bounds[:-1], current().dtype_of(x)), edges
