"""Sorting, searching in sorted values, counting."""

from __future__ import annotations

from typing import Any

from keras.core.errors import check_choice, check_positive_int, shape_error
from keras.core.op import Index, Tensor, op, primitive
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.ops import reductions
from keras.ops.core import cast, shape
from keras.ops.elementwise import clip
from keras.ops.indexing import take, where
from keras.ops.shaping import concatenate, moveaxis, reshape


@primitive
def sort(x: Tensor, axis: int | None = -1) -> Tensor:
    """Sort in ascending order along an axis (None: flattened); nan comes last."""


@primitive
def argsort(x: Tensor, axis: int | None = -1) -> Tensor:
    """Indices that sort along an axis, as int32; equal elements keep their order."""


@op
def argpartition(x: Tensor, kth: int, axis: int = -1) -> Tensor:
    """Indices that bring the `kth` smallest element to place `kth`.

    The smaller elements come before it. Here the whole axis is sorted, which is more
    than what is asked.

    Args:
        x: a tensor.
        kth: the place; a negative one counts from the end.
        axis: the axis.

    Returns:
        int32 indices of the shape of `x`.

    Raises:
        ValueError: the axis has no place `kth`.
    """
    size = x.shape[axis]
    if size is not None and not -size <= kth < size:
        raise ValueError(
            f"argpartition: `kth` must be from {-size} to {size - 1} for axis {axis} "
            f"of shape {tuple(x.shape)}; received {kth}."
        )
    return argsort(x, axis)


@primitive(name="searchsorted", cast="common")
def _searchsorted(sorted_sequence: Tensor, values: Tensor, side: str) -> Tensor: ...


def searchsorted(sorted_sequence: Tensor, values: Tensor, side: str = "left") -> Tensor:
    """Indices at which values would be inserted to keep a sequence sorted, as int32.

    Args:
        sorted_sequence: a tensor of rank 1, in ascending order.
        values: a tensor.
        side: "left" inserts a value before its equals, "right" after them.

    Returns:
        Indices of the shape of `values`.

    Raises:
        ValueError: `sorted_sequence` does not have rank 1, or `side` is not known.

    Example:
        >>> keras.ops.searchsorted([1, 3, 5], [0, 3, 9], side="right")
        array([0, 2, 3])
    """
    check_choice(side, ("left", "right"), "side", "searchsorted")
    rank = len(getattr(sorted_sequence, "shape", (None,)))
    if rank != 1:
        raise shape_error(
            "searchsorted: `sorted_sequence` must have rank 1", sorted_sequence
        )
    return _searchsorted(sorted_sequence, values, side)


@op(cast="common")
def digitize(x: Tensor, bins: Tensor) -> Tensor:
    """The number of the bin of each element, as int32.

    Args:
        x: a tensor.
        bins: the edges of the bins, in ascending order. Bin 0 is below the first one;
            an element equal to an edge is in the bin above it.

    Example:
        >>> keras.ops.digitize([0.5, 1.0, 7.0], [1.0, 5.0])
        array([0, 1, 2])
    """
    return current().TABLE["searchsorted"](bins, x, "right")


def _unique_spec(
    x: Any,
    sorted: bool,
    return_index: bool,
    return_inverse: bool,
    return_counts: bool,
    axis: int | None,
    size: int | None,
    fill_value: Any,
) -> Any:
    """The number of values depends on the values, unless `size` gives it."""
    values_shape = [size]
    inverse_shape = x.shape
    if axis is not None:
        values_shape = list(x.shape)
        values_shape[axis] = size
        inverse_shape = (x.shape[axis],)

    out = [KerasTensor(values_shape, x.dtype)]
    if return_index:
        out.append(KerasTensor((size,), "int32"))
    if return_inverse:
        out.append(KerasTensor(inverse_shape, "int32"))
    if return_counts:
        out.append(KerasTensor((size,), "int32"))
    return tuple(out) if len(out) > 1 else out[0]


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
    """Unique values, in ascending order.

    Args:
        x: a tensor.
        sorted: accepted for compatibility; the result is always sorted.
        return_index: whether to return the index of the first occurrence of each value.
        return_inverse: whether to return, for each element, the index of its value.
        return_counts: whether to return the number of occurrences of each value.
        axis: the axis whose slices are compared as a whole; None compares elements.
        size: a fixed length for the result, which compiled functions need. Values that
            are too many are left out, missing ones are filled in.
        fill_value: the value to fill in; by default the smallest value.

    Returns:
        The values, or a tuple of the values and what else is asked for (int32), in the
        order of the arguments.

    Example:
        >>> keras.ops.unique([3, 1, 3])
        array([1, 3])
    """
    # What is compared, elements or slices, as the rows of a matrix.
    slice_shape: tuple = ()
    if axis is None:
        rows = reshape(x, (-1, 1))
    else:
        slices = moveaxis(x, axis, 0)
        slice_shape = shape(slices)[1:]
        rows = reshape(slices, (shape(slices)[0], -1))

    # In sorted order equal rows form a group; its bounds tell the rest.
    order, group = _sort_rows(rows)
    count = shape(order)[0]
    last = reductions.max(group, initial=-1) if size is None else size - 1
    bounds = searchsorted(group, _count_up(last + 2))
    starts = bounds[:-1]
    ends = bounds[1:]
    index = take(order, clip(starts, None, count - 1), 0)
    values = take(rows, index, 0)

    if size is not None:
        is_absent = starts >= count
        fill = values[:1] if fill_value is None else fill_value
        fill = current().convert_to_tensor(fill, current().dtype_of(values))
        values = where(is_absent[:, None], fill, values)
        index = where(is_absent, index[:1], index)

    values = reshape(values, (-1, *slice_shape))
    out = [values if axis is None else moveaxis(values, 0, axis)]
    if return_index:
        out.append(index)
    if return_inverse:
        inverse = take(group, argsort(order), 0)
        out.append(reshape(inverse, shape(x)) if axis is None else inverse)
    if return_counts:
        out.append(ends - starts)
    return tuple(out) if len(out) > 1 else out[0]


def _count_up(n: Any) -> Any:
    return current().TABLE["arange"](0, n, 1, "int32")


def _sort_rows(rows: Any) -> tuple[Any, Any]:
    """The order that sorts the rows, and in that order the number of each row's group.

    Rows are in one group if they are equal.
    """
    # By the last column first: stable sorts then leave the first column in charge.
    order = _count_up(shape(rows)[0])
    for column in reversed(range(rows.shape[1])):
        order = take(order, argsort(take(rows[:, column], order, 0)), 0)

    # A group begins where a row differs from the one before; nan equals nan.
    rows = take(rows, order, 0)
    after = rows[1:]
    before = rows[:-1]
    differs = (after != before) & ((after == after) | (before == before))
    begins = concatenate([order[:1] < 0, reductions.any(differs, -1)], 0)
    return order, reductions.cumsum(begins, 0)


def _bincount_spec(x: Any, weights: Any, minlength: int) -> KerasTensor:
    return KerasTensor(
        (*x.shape[:-1], None),
        "int32" if weights is None else weights.dtype,
        sparse=getattr(x, "sparse", False),
    )


@primitive(name="bincount", infer=_bincount_spec)
def _bincount(x: Index, weights: Tensor | None, minlength: int) -> Tensor: ...


def bincount(
    x: Tensor, weights: Tensor | None = None, minlength: int = 0, sparse: bool = False
) -> Tensor:
    """Number of occurrences of each of the integers 0, 1, 2, ... up to the largest.

    Args:
        x: integers of at least 0, of rank 1, or 2 for a count per row.
        weights: numbers of the shape of `x` to add up instead of counting.
        minlength: the least length of the result. In a compiled function on JAX it is
            the length, and must be given.
        sparse: whether a sparse tensor is returned. In a compiled function `minlength`
            is then its length on every backend.

    Returns:
        int32 counts, or sums in the type of `weights`.

    Example:
        >>> keras.ops.bincount([0, 2, 2])
        array([1, 0, 2])
    """
    if sparse:
        return _sparse_bincount(x, weights, minlength)
    return _bincount(x, weights, minlength)


@op(name="_sparse_bincount")
def _sparse_bincount(x: Index, weights: Tensor | None, minlength: int) -> Tensor:
    """The counts, of which only those of the integers that appear are stored."""
    from keras.ops.encoding import counted, places_of

    sizes = shape(x)
    flat = reshape(x, (-1,))
    rows = places_of(flat, sizes)[:-1]
    flat_weights = None if weights is None else reshape(weights, (-1,))
    return counted(rows, flat, flat_weights, sizes[:-1], minlength)


@op(cast="float")
def histogram(
    x: Tensor, bins: int = 10, range: tuple[float, float] | None = None
) -> tuple[Tensor, Tensor]:
    """Histogram: the number of elements in each of several bins of equal width.

    Args:
        x: a tensor.
        bins: the number of bins.
        range: the lowest and the highest edge; by default the smallest and the largest
            element. Elements outside are not counted; an element at the highest edge is
            in the last bin.

    Returns:
        `(counts, edges)`, both floats; there are `bins + 1` edges.

    Raises:
        ValueError: `range` does not ascend.

    Example:
        >>> keras.ops.histogram([0.0, 1.0, 1.5, 4.0], bins=2)[0]
        array([3., 1.])
    """
    bins = check_positive_int(bins, "bins", "histogram")
    if range is not None and not range[0] < range[1]:
        raise ValueError(
            f"histogram: `range` must go from low to high; received {range!r}."
        )

    table = current().TABLE
    dtype = current().dtype_of(x)
    values = sort(x, None)
    if range is None:
        low = values[0]
        high = values[-1]
    else:  # as tensors, wherever `x` is stored
        low = values[0] * 0 + range[0]
        high = values[0] * 0 + range[1]

    # If all elements are equal, the bins are around them.
    margin = cast(low == high, dtype) * 0.5
    low = low - margin
    high = high + margin
    steps = table["arange"](0, bins + 1, 1, dtype) / bins
    edges = low * (1 - steps) + high * steps

    # In sorted order a bin is what is between two bounds.
    starts = searchsorted(values, edges[:-1], "left")
    end = searchsorted(values, edges[-1:], "right")
    bounds = table["concatenate"]([starts, end], 0)
    return cast(bounds[1:] - bounds[:-1], dtype), edges
