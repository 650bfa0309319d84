"""Tensors themselves: making, casting, slicing, scattering."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.core import dtypes
from keras.core.errors import check_choice, shapes_fit
from keras.core.op import OPS, Tensor, Tensors, kernel, op
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.core.weight import Weight

REDUCTIONS = (None, "add", "max", "min", "mul")

_scatter = kernel("_scatter")  # (indices, values, shape): zeros with values added
_scatter_update = kernel("_scatter_update")  # (inputs, indices, updates, reduction)
_slice = kernel("_slice")  # (inputs, starts, sizes); starts: ints or one tensor
_slice_update = kernel("_slice_update")  # (inputs, starts, updates)
_unstack = kernel("_unstack")  # (x, axis)


def convert_to_tensor(
    x: Any, dtype: Any = None, sparse: bool | None = None, ragged: bool | None = None
) -> Any:
    """A tensor of the backend in force; a symbolic tensor stays symbolic.

    Args:
        x: a tensor, array, variable, number, or nested list of them.
        dtype: the type; by default that of `x` (Python floats become `floatx()`).
        sparse, ragged: only dense tensors exist here; True raises.
    """
    refuse_sparse("convert_to_tensor", sparse or ragged)
    if isinstance(x, KerasTensor):
        same = dtype is None or dtypes.standardize_dtype(dtype) == x.dtype
        return x if same else cast(x, dtype)
    return current().convert_to_tensor(x, dtype)


def refuse_sparse(who: str, sparse: bool | None) -> None:
    """Raise if a sparse or ragged tensor is asked for."""
    if sparse:
        raise ValueError(
            f"{who}: sparse and ragged tensors do not exist here; leave `sparse` False "
            "and give dense values."
        )


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values as a NumPy array on the host, cut off from gradients."""
    if isinstance(x, KerasTensor):
        return x.__array__()
    return np.asarray(current().convert_to_numpy(x))


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor of the backend in force (symbolic tensors are not)."""
    return current().is_tensor(x)


def shape(x: Any) -> tuple[Any, ...]:
    """The shape as a tuple.

    Axes whose size is known are ints. In a TensorFlow graph an unknown one is a scalar
    tensor; a symbolic tensor has None there.
    """
    if isinstance(x, (KerasTensor, Weight)):
        return x.shape
    return current().shape_of(current().convert_to_tensor(x))


def dtype(x: Any) -> str:
    """The name of the type of the elements, such as "float32"."""
    found = getattr(x, "dtype", None)
    if found is None:
        return current().dtype_of(current().convert_to_tensor(x))
    return dtypes.standardize_dtype(found)


@op(elementwise=True)
def cast(x: Tensor, dtype: Any) -> Tensor:
    """`x` with its elements in another type."""
    backend = current()
    wanted = dtypes.standardize_dtype(dtype)
    return x if backend.dtype_of(x) == wanted else backend.cast(x, wanted)


@op(elementwise=True)
def saturate_cast(x: Tensor, dtype: Any) -> Tensor:
    """`x` in another type; what is out of the type's range takes its nearest end.

    Example:
        >>> keras.ops.saturate_cast([-5.0, 3.0, 300.0], "uint8")
        array([  0,   3, 255], dtype=uint8)
    """
    source, wanted = current().dtype_of(x), dtypes.standardize_dtype(dtype)
    if source == wanted or source == "bool" or wanted in dtypes.COMPLEX:
        return cast(x, wanted)
    (low, high), (least, most) = _range(source), _range(wanted)
    low, high = max(low, least), min(high, most)
    if source in dtypes.FLOATS and wanted in dtypes.INTEGERS:
        # The nearest float may lie outside the integers' range.
        kind = dtypes.numpy_dtype(source).type
        low, bound = kind(low), kind(high)
        high = bound if int(bound) <= high else np.nextafter(bound, kind(0))
    return cast(OPS["clip"].public(x, low, high), wanted)


def _range(name: str) -> tuple[Any, Any]:
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
    """The same values, a constant to gradients."""
    return current().stop_gradient(variable)


@op
def view_as_complex(x: Tensor) -> Tensor:
    """Complex numbers from pairs of real and imaginary part: `(..., 2)` to `(...)`."""
    if not len(x.shape) or x.shape[-1] != 2:
        raise ValueError(
            "view_as_complex: the last axis must have size 2 (real and imaginary "
            f"part); received shape {tuple(x.shape)}."
        )
    x = cast(x, "float32")
    return current().TABLE["_complex"](x[..., 0], x[..., 1])


@op
def view_as_real(x: Tensor) -> Tensor:
    """Pairs of real and imaginary part from complex numbers: `(...)` to `(..., 2)`."""
    table = current().TABLE
    return table["stack"]([table["real"](x), table["imag"](x)], -1)


@op
def unstack(x: Tensor, num: int | None = None, axis: int = 0) -> Tensors:
    """The slices along an axis, as a list; `num` is needed where no size is known."""
    axis = check_axis(axis, len(x.shape), "unstack")
    size = x.shape[axis]
    if num is not None and size is not None and num != size:
        raise ValueError(
            f"unstack: axis {axis} of shape {tuple(x.shape)} has {size} slices, but "
            f"num={num}."
        )
    return _unstack(x, axis)


def check_axis(axis: int, rank: int, who: str) -> int:
    """`axis` counted from the front, or a ValueError."""
    if not -rank <= axis < rank:
        raise ValueError(
            f"{who}: axis {axis} does not exist in a tensor of rank {rank}."
        )
    return axis % rank


@op
def slice(inputs: Tensor, start_indices: Any, shape: Any) -> Tensor:
    """The block of the given shape that begins at the given place.

    Args:
        start_indices: one integer per axis, or an integer tensor of that length. A
        block that would reach over the end begins earlier. shape: the block's shape.
    """
    sizes = tuple(int(d) for d in shape)
    starts = _block(inputs, start_indices, sizes, "slice")
    return _slice(inputs, starts, sizes)


@op
def slice_update(inputs: Tensor, start_indices: Any, updates: Tensor) -> Tensor:
    """A copy of `inputs` in which the block at `start_indices` is `updates`.

    Both are as in `keras.ops.slice`; `updates` has the rank of `inputs`.

    Example:
        >>> keras.ops.slice_update(keras.ops.zeros(4), [1], [5.0, 6.0])
        array([0., 5., 6., 0.])
    """
    starts = _block(inputs, start_indices, tuple(updates.shape), "slice_update")
    return _slice_update(inputs, starts, cast(updates, dtype(inputs)))


def _block(inputs: Any, starts: Any, sizes: tuple, who: str) -> Any:
    """The block's start, inside the bounds where both are known."""
    full = tuple(inputs.shape)
    rank = len(full)
    if len(sizes) != rank or any(
        None not in (size, dim) and size > dim for size, dim in zip(sizes, full)
    ):
        raise ValueError(
            f"{who}: a block of shape {sizes} does not fit in an input of shape {full}."
        )
    if not isinstance(starts, (list, tuple, np.ndarray)) or not all(
        isinstance(s, (int, np.integer)) for s in starts
    ):
        starts = convert_to_tensor(starts, "int32")
    length = starts.shape[0] if hasattr(starts, "shape") else len(starts)
    if length != rank or len(getattr(starts, "shape", (rank,))) != 1:
        raise ValueError(
            f"{who}: `start_indices` needs one index for each of the {rank} axes of "
            f"the input; received {starts!r}."
        )
    if current().is_tensor(starts):
        return starts
    return tuple(
        int(s) if None in (dim, size) else max(0, min(int(s), dim - size))
        for s, dim, size in zip(starts, full, sizes)
    )


@op
def scatter(indices: Tensor, values: Tensor, shape: Any) -> Tensor:
    """Zeros of the given shape with `values` at `indices`; what meets is added.

    See `scatter_update`.
    """
    shape = tuple(int(d) for d in shape)
    _check_places("scatter", indices, values, shape, "values")
    return _scatter(indices, values, shape)


@op
def scatter_update(
    inputs: Tensor, indices: Tensor, updates: Tensor, reduction: str | None = None
) -> Tensor:
    """A copy of `inputs` with `updates` put in at `indices`.

    Args:
        inputs: a tensor.
        indices: `(..., k)`, integers: places along the first k axes of `inputs`.
        updates: `indices.shape[:-1] + inputs.shape[k:]`.
        reduction: None replaces; "add", "max", "min" and "mul" combine with what is
            there, once for each time an index appears.

    Example:
        >>> keras.ops.scatter_update([1.0, 2.0, 3.0], [[0], [2]], [9.0, 8.0])
        array([9., 2., 8.])
    """
    check_choice(reduction, REDUCTIONS, "reduction", "scatter_update")
    _check_places("scatter_update", indices, updates, tuple(inputs.shape), "updates")
    return _scatter_update(inputs, indices, cast(updates, dtype(inputs)), reduction)


def _check_places(who: str, indices: Any, values: Any, full: tuple, what: str) -> None:
    found, given = tuple(indices.shape), tuple(values.shape)
    if not found or found[-1] is None or found[-1] > len(full):
        raise ValueError(
            f"{who}: the last axis of `indices` holds one index for each of the first "
            f"axes of shape {full}; received indices of shape {found}."
        )
    wanted = found[:-1] + full[found[-1] :]
    if not shapes_fit(given, wanted):
        raise ValueError(
            f"{who}: with indices of shape {found} into shape {full}, `{what}` must "
            f"have shape {wanted}; received {given}."
        )
