"""Tensors themselves: conversion, types, slices, scatters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.core import dtypes
from keras.core.errors import check_choice, shape_error, shapes_fit
from keras.core.op import OPS, Tensor, Tensors, kernel, op
from keras.core.scope import current
from keras.core.sparse import rule, to_dense
from keras.core.tensor import KerasTensor
from keras.core.typing import ArrayLike, DTypeLike
from keras.core.weight import Weight

REDUCTIONS = (None, "add", "max", "min", "mul")

_scatter = kernel("_scatter")  # (indices, values, shape): zeros with values added
_scatter_update = kernel("_scatter_update")  # (inputs, indices, updates, reduction)
_slice = kernel("_slice")  # (inputs, starts, sizes); starts: ints or one tensor
_slice_update = kernel("_slice_update")  # (inputs, starts, updates)
_unstack = kernel("_unstack")  # (x, axis)


def convert_to_tensor(
    x: ArrayLike,
    dtype: DTypeLike | None = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
) -> Tensor:
    """Convert to a tensor of the current backend; a symbolic tensor stays symbolic.

    Args:
        x: a tensor, array, variable, number, or nested list of them.
        dtype: the type; by default that of `x` (Python floats become `floatx()`).
        sparse: False makes a sparse tensor dense. By default (and with True) tensors
            that are sparse stay so, and SciPy's sparse matrices become sparse tensors
            where the backend has them.
        ragged: likewise for ragged tensors, whose rows then end in zeros.

    Example:
        >>> import scipy.sparse
        >>> matrix = scipy.sparse.csr_matrix([[0.0, 2.0], [0.0, 0.0]])
        >>> keras.ops.convert_to_tensor(matrix, sparse=False)
        array([[0., 2.], [0., 0.]])
    """
    if isinstance(x, KerasTensor):
        is_same = dtype is None or dtypes.standardize_dtype(dtype) == x.dtype
        x = x if is_same else cast(x, dtype)
        refused = {"sparse": sparse, "ragged": ragged}
        return _densify(x) if refused.get(x.kind or "", None) is False else x
    x = current().convert_to_tensor(x, dtype)
    if sparse is False or ragged is False:
        kind = current().sparse.kind_of(x)
        if (kind == "sparse" and sparse is False) or (
            kind == "ragged" and ragged is False
        ):
            x = current().sparse.to_dense(x)
    return x


@op(name="convert_to_tensor")
def _densify(x: Tensor) -> Tensor:
    """A sparse or ragged tensor as a dense one."""
    return to_dense(x)


@rule("convert_to_tensor")
def _densified(op: Any, x: Any) -> Any:
    return to_dense(x)


def convert_to_numpy(x: Tensor) -> np.ndarray:
    """Convert to a NumPy array on the host; gradients do not go through it."""
    if isinstance(x, KerasTensor):
        return x.__array__()
    return np.asarray(current().convert_to_numpy(x))


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor of the current backend (symbolic tensors are not)."""
    return current().is_tensor(x)


def shape(x: Tensor) -> tuple[Any, ...]:
    """The shape as a tuple of ints.

    Where a size is not known, it is a scalar tensor in a TensorFlow graph, and None in
    a symbolic tensor.
    """
    if isinstance(x, (KerasTensor, Weight)):
        return x.shape
    return current().shape_of(current().convert_to_tensor(x))


def dtype(x: Tensor) -> str:
    """The name of the type of the elements, such as "float32"."""
    own = getattr(x, "dtype", None)
    if own is None:
        return current().dtype_of(current().convert_to_tensor(x))
    return dtypes.standardize_dtype(own)


@op(elementwise=True)
def cast(x: Tensor, dtype: DTypeLike) -> Tensor:
    """Cast the elements to another type."""
    backend = current()
    name = dtypes.standardize_dtype(dtype)
    return x if backend.dtype_of(x) == name else backend.cast(x, name)


@op(elementwise=True)
def saturate_cast(x: Tensor, dtype: DTypeLike) -> Tensor:
    """Cast to another type; values out of its range become its nearest limit.

    Example:
        >>> keras.ops.saturate_cast([-5.0, 3.0, 300.0], "uint8")
        array([  0,   3, 255], dtype=uint8)
    """
    source = current().dtype_of(x)
    target = dtypes.standardize_dtype(dtype)
    if source == target or source == "bool" or target in dtypes.COMPLEX:
        return cast(x, target)

    source_low, source_high = _range(source)
    target_low, target_high = _range(target)
    low = max(source_low, target_low)
    high = min(source_high, target_high)

    # The float nearest to the largest integer may be larger than it.
    if source in dtypes.FLOATS and target in dtypes.INTEGERS:
        number = dtypes.numpy_dtype(source).type
        low = number(low)
        nearest = number(high)
        is_inside = int(nearest) <= high
        high = nearest if is_inside else np.nextafter(nearest, number(0))
    return cast(OPS["clip"].public(x, low, high), target)


def _range(name: str) -> tuple[Any, Any]:
    """The smallest and the largest number of a type."""
    if name == "bool":
        return 0, 1
    if name in dtypes.INTEGERS:
        info = np.iinfo(dtypes.numpy_dtype(name))
        return int(info.min), int(info.max)
    import ml_dtypes

    limits = ml_dtypes.finfo(dtypes.numpy_dtype(name))
    return float(limits.min), float(limits.max)


@op(elementwise=True)
def stop_gradient(variable: Tensor) -> Tensor:
    """The same values, which gradients treat as a constant."""
    return current().stop_gradient(variable)


@op
def view_as_complex(x: Tensor) -> Tensor:
    """Pairs of real and imaginary part as complex numbers: `(..., 2)` to `(...)`."""
    if not len(x.shape) or x.shape[-1] != 2:
        raise ValueError(
            "view_as_complex: the last axis must have size 2 (real and imaginary "
            f"part); received shape {tuple(x.shape)}."
        )
    x = cast(x, "float32")
    return current().TABLE["_complex"](x[..., 0], x[..., 1])


@op
def view_as_real(x: Tensor) -> Tensor:
    """Complex numbers as pairs of real and imaginary part: `(...)` to `(..., 2)`."""
    table = current().TABLE
    return table["stack"]([table["real"](x), table["imag"](x)], -1)


def _unstack_spec(x: Any, num: int | None = None, axis: int = 0) -> list[KerasTensor]:
    axis = check_axis(axis, len(x.shape), "unstack")
    count = _slice_count(x.shape, num, axis)
    shape = x.shape[:axis] + x.shape[axis + 1 :]
    return [KerasTensor(shape, x.dtype) for _ in range(count)]


def _slice_count(shape: Any, num: int | None, axis: int) -> int:
    """How many slices `unstack` gives."""
    size = shape[axis]
    if size is None and num is None:
        raise ValueError(
            f"unstack: the size of axis {axis} in shape {tuple(shape)} is unknown, so "
            "the number of slices is too. Give it as `num`."
        )
    if num is not None and size is not None and num != size:
        raise ValueError(
            f"unstack: `num` must be {size}, the size of axis {axis} of shape "
            f"{tuple(shape)}; received {num}."
        )
    return size if num is None else num


@op(infer=_unstack_spec)
def unstack(x: Tensor, num: int | None = None, axis: int = 0) -> Tensors:
    """The slices along an axis, as a list.

    Args:
        x: a tensor.
        num: the number of slices. It is needed for an axis of unknown size, else
            checked against the size of the axis.
        axis: the axis.

    Raises:
        ValueError: the axis does not exist, or does not have `num` slices.
    """
    axis = check_axis(axis, len(x.shape), "unstack")
    _slice_count(x.shape, num, axis)
    return _unstack(x, axis)


def check_axis(axis: int, rank: int, who: str) -> int:
    """`axis` as a non-negative number, or a ValueError if it does not exist."""
    if not -rank <= axis < rank:
        raise ValueError(
            f"{who}: axis {axis} does not exist in a tensor of rank {rank}."
        )
    return axis % rank


@op
def slice(inputs: Tensor, start_indices: Any, shape: Sequence[int]) -> Tensor:
    """The block of a given shape that starts at given indices.

    Args:
        inputs: a tensor.
        start_indices: an integer per axis, or an integer tensor of that length. A block
            that would reach beyond the end starts earlier.
        shape: the shape of the block.

    Raises:
        ValueError: the block is larger than `inputs`, or an index is missing.

    Example:
        >>> keras.ops.slice([1, 2, 3, 4], [1], [2])
        array([2, 3])
    """
    sizes = tuple(int(d) for d in shape)
    starts = _block(inputs, start_indices, sizes, "slice")
    return _slice(inputs, starts, sizes)


@op
def slice_update(inputs: Tensor, start_indices: Any, updates: Tensor) -> Tensor:
    """A copy of `inputs` in which a block is replaced.

    Args:
        inputs: a tensor.
        start_indices: the start of the block, as in `keras.ops.slice`.
        updates: the block, of the rank of `inputs`.

    Raises:
        ValueError: the block is larger than `inputs`, or an index is missing.

    Example:
        >>> keras.ops.slice_update(keras.ops.zeros(4), [1], [5.0, 6.0])
        array([0., 5., 6., 0.])
    """
    starts = _block(inputs, start_indices, tuple(updates.shape), "slice_update")
    return _slice_update(inputs, starts, cast(updates, dtype(inputs)))


def _block(inputs: Any, starts: Any, sizes: tuple, who: str) -> Any:
    """The checked start of a block: a tensor, or ints moved inside known bounds."""
    dims = tuple(inputs.shape)
    rank = len(dims)
    exceeds = [size > dim for size, dim in zip(sizes, dims) if None not in (size, dim)]
    if len(sizes) != rank or any(exceeds):
        raise ValueError(
            f"{who}: the block must fit in the input; received a block of shape "
            f"{sizes} and an input of shape {dims}."
        )

    is_list = isinstance(starts, (list, tuple, np.ndarray))
    if not is_list or not all(isinstance(s, (int, np.integer)) for s in starts):
        starts = convert_to_tensor(starts, "int32")
    length = starts.shape[0] if hasattr(starts, "shape") else len(starts)
    if length != rank or len(getattr(starts, "shape", (rank,))) != 1:
        raise ValueError(
            f"{who}: `start_indices` must have one index for each of the {rank} axes "
            f"of the input; received {starts!r}."
        )
    if current().is_tensor(starts):
        return starts

    return tuple(
        int(start) if None in (dim, size) else max(0, min(int(start), dim - size))
        for start, dim, size in zip(starts, dims, sizes)
    )


@op
def scatter(indices: Tensor, values: Tensor, shape: Sequence[int]) -> Tensor:
    """A tensor of zeros with `values` added at `indices`.

    Args:
        indices: `(..., k)`, integers: places along the first k axes.
        values: `indices.shape[:-1] + shape[k:]`; those at the same place are summed.
        shape: the shape of the result.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> keras.ops.scatter([[0], [2], [2]], [1.0, 2.0, 3.0], (4,))
        array([1., 0., 5., 0.])
    """
    shape = tuple(int(d) for d in shape)
    _check_scatter("scatter", indices, values, shape, "values")
    return _scatter(indices, values, shape)


@op
def scatter_update(
    inputs: Tensor, indices: Tensor, updates: Tensor, reduction: str | None = None
) -> Tensor:
    """A copy of `inputs` with `updates` at `indices`.

    Args:
        inputs: a tensor.
        indices: `(..., k)`, integers: places along the first k axes of `inputs`.
        updates: `indices.shape[:-1] + inputs.shape[k:]`.
        reduction: None replaces the elements; "add", "max", "min" and "mul" combine
            them with the updates, as often as an index appears.

    Raises:
        ValueError: the shapes do not fit, or `reduction` is not known.

    Example:
        >>> keras.ops.scatter_update([1.0, 2.0, 3.0], [[0], [2]], [9.0, 8.0])
        array([9., 2., 8.])
    """
    check_choice(reduction, REDUCTIONS, "reduction", "scatter_update")
    _check_scatter("scatter_update", indices, updates, tuple(inputs.shape), "updates")
    return _scatter_update(inputs, indices, cast(updates, dtype(inputs)), reduction)


def _check_scatter(
    who: str, indices: Any, values: Any, dims: tuple, argument: str
) -> None:
    """Raise unless the values can be put at the indices in a tensor of that shape."""
    places = tuple(indices.shape)
    if not places or places[-1] is None or places[-1] > len(dims):
        raise ValueError(
            f"{who}: the last axis of `indices` must have one index for each of the "
            f"first axes of a tensor of shape {dims}; received indices of shape "
            f"{places}."
        )

    expected = places[:-1] + dims[places[-1] :]
    if not shapes_fit(values.shape, expected):
        raise shape_error(
            f"{who}: for indices of shape {places} into a tensor of shape {dims}, "
            f"`{argument}` must have shape {expected}",
            values,
        )
