"""Shapes of tensors: reshaping, reordering, joining, splitting, repeating, padding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

from keras.core import dtypes
from keras.core.errors import check_choice
from keras.core.op import Tensor, Tensors, kernel, op, primitive
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.core.weight import Weight
from keras.ops.core import shape

PAD_MODES = ("constant", "edge", "reflect", "symmetric", "wrap")
# A number of equal pieces, or the indices to split at.
Sections: TypeAlias = int | Sequence[int]

_pad = kernel("_pad")  # (x, width, mode, value)
_repeat = kernel("_repeat")  # (x, repeats, axis)
_split = kernel("_split")  # (x, sizes, axis)
_view = kernel("_view")  # (x, dtype)


def ndim(x: Tensor) -> int:
    """The number of axes (the rank), a Python int."""
    return len(_shape_of(x))


def size(x: Tensor) -> Any:
    """The number of elements: an int, or a scalar tensor when a size is not known."""
    dims = _shape_of(x)
    return _size(x) if None in dims else math.prod(dims)


@op
def _size(x: Tensor) -> Tensor:
    return current().convert_to_tensor(math.prod(shape(x)), "int32")


def _shape_of(x: Any) -> tuple[int | None, ...]:
    if not isinstance(x, (KerasTensor, Weight)):
        x = current().convert_to_tensor(x)
    return tuple(x.shape)


def _reshape_spec(x: Any, newshape: Any) -> KerasTensor:
    """The size for -1 is unknown if an axis is; the sizes given hold in any case."""
    given = [newshape] if isinstance(newshape, int) else list(newshape)
    given = [-1 if n is None else n for n in given]
    if given.count(-1) > 1:
        raise ValueError(f"reshape: only one size may be -1; received {newshape!r}.")

    rest = math.prod(n for n in given if n != -1)
    inferred: int | None = None
    if None not in x.shape:
        total = math.prod(x.shape)
        is_multiple = total % rest == 0 if rest else total == 0
        if not is_multiple or (-1 not in given and total != rest):
            raise ValueError(
                f"reshape: a tensor of shape {x.shape} with {total} elements cannot be "
                f"reshaped to {newshape!r}."
            )
        inferred = total // rest if rest else 0
    shape = tuple(inferred if n == -1 else n for n in given)
    return KerasTensor(shape, x.dtype, sparse=x.sparse)


@primitive(infer=_reshape_spec)
def reshape(x: Tensor, newshape: int | Sequence[int]) -> Tensor:
    """Reshape: the same elements in another shape.

    Args:
        x: a tensor.
        newshape: the shape. One size may be -1, which is inferred from the others. None
            means the same, so that the shape of a symbolic tensor can be passed.

    Raises:
        ValueError: the shape does not have the same number of elements (for symbolic
            tensors; the framework raises its own error for others).

    Example:
        >>> keras.ops.reshape([1, 2, 3, 4], (2, -1))
        array([[1, 2], [3, 4]])
    """


@op
def ravel(x: Tensor) -> Tensor:
    """Flatten to one axis."""
    return current().TABLE["reshape"](x, (-1,))


@primitive
def transpose(x: Tensor, axes: Sequence[int] | None = None) -> Tensor:
    """Permute the axes: axis i of the result is axis `axes[i]` of `x`.

    By default the order is reversed.
    """


@primitive
def expand_dims(x: Tensor, axis: int | Sequence[int]) -> Tensor:
    """Add axes of size 1; `axis` is the place of the new axis or axes in the result."""


@primitive
def squeeze(x: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    """Remove axes of size 1: the given axis or axes, by default all of size 1."""


@primitive
def swapaxes(x: Tensor, axis1: int, axis2: int) -> Tensor:
    """Exchange two axes."""


@primitive
def moveaxis(
    x: Tensor, source: int | Sequence[int], destination: int | Sequence[int]
) -> Tensor:
    """Move the axes at `source` to `destination`; the others keep their order.

    Example:
        >>> keras.ops.moveaxis(keras.ops.ones((2, 3, 4)), 0, -1).shape
        (3, 4, 2)
    """


@primitive
def broadcast_to(x: Tensor, shape: Sequence[int]) -> Tensor:
    """Broadcast: repeat along axes of size 1, and along new ones in front.

    Example:
        >>> keras.ops.broadcast_to([1, 2], (2, 2))
        array([[1, 2], [1, 2]])
    """


@primitive(cast="common")
def concatenate(xs: Tensors, axis: int = 0) -> Tensor:
    """Join tensors along an existing axis; their other sizes must be the same."""


@primitive(cast="common")
def stack(x: Tensors, axis: int = 0) -> Tensor:
    """Join tensors of one shape (or the slices of a tensor) along a new axis."""


@op(cast="common")
def hstack(xs: Tensors) -> Tensor:
    """Join tensors along the second axis, vectors along their only one."""
    xs = [_with_axes(x, 1) for x in xs]
    return current().TABLE["concatenate"](xs, 0 if len(xs[0].shape) == 1 else 1)


@op(cast="common")
def vstack(xs: Tensors) -> Tensor:
    """Join tensors along the first axis, vectors as rows of a matrix."""
    return current().TABLE["concatenate"]([_with_axes(x, 2) for x in xs], 0)


@op(cast="common")
def dstack(xs: Tensors) -> Tensor:
    """Join tensors along the third axis.

    Example:
        >>> keras.ops.dstack([[1, 2], [3, 4]])
        array([[[1, 3], [2, 4]]])
    """
    return current().TABLE["concatenate"]([_with_axes(x, 3) for x in xs], 2)


def _with_axes(x: Any, rank: int) -> Any:
    """`x` with at least `rank` axes: new ones go in front, a third one at the end."""
    expand = current().TABLE["expand_dims"]
    while len(x.shape) < rank:
        x = expand(x, -1 if len(x.shape) == 2 else 0)
    return x


@op(cast="common")
def append(x1: Tensor, x2: Tensor, axis: int | None = None) -> Tensor:
    """Append `x2` to `x1` along an axis; None flattens both first."""
    if axis is None:
        return current().TABLE["concatenate"]([ravel(x1), ravel(x2)], 0)
    return current().TABLE["concatenate"]([x1, x2], axis)


@op
def split(x: Tensor, indices_or_sections: Sections, axis: int = 0) -> list[Tensor]:
    """Split a tensor along an axis.

    Args:
        x: a tensor.
        indices_or_sections: a number of equal pieces, or the ascending indices to split
            at.
        axis: the axis.

    Returns:
        A list of tensors.

    Raises:
        ValueError: the size of the axis is not a multiple of the number of pieces, or
            the indices do not ascend.

    Example:
        >>> [p.shape for p in keras.ops.split(keras.ops.ones((2, 6)), [1, 4], axis=1)]
        [(2, 1), (2, 3), (2, 2)]
    """
    whole = x.shape[axis]
    sections = _sections(indices_or_sections)
    if isinstance(sections, int) and whole is not None and whole % sections:
        raise ValueError(
            f"split: axis {axis} of shape {tuple(x.shape)} cannot be divided into "
            f"{sections} equal pieces. Use keras.ops.array_split for unequal ones."
        )
    return _pieces(x, sections, axis)


@op
def array_split(
    x: Tensor, indices_or_sections: Sections, axis: int = 0
) -> list[Tensor]:
    """Like `keras.ops.split`, but pieces may be unequal: the first ones are longer.

    Example:
        >>> [p.shape for p in keras.ops.array_split(keras.ops.ones((5,)), 3)]
        [(2,), (2,), (1,)]
    """
    return _pieces(x, _sections(indices_or_sections), axis)


def hsplit(x: Tensor, indices_or_sections: Sections) -> list[Tensor]:
    """`keras.ops.split` along the second axis, along the first for a vector."""
    return split(x, indices_or_sections, 0 if ndim(x) == 1 else 1)


def vsplit(x: Tensor, indices_or_sections: Sections) -> list[Tensor]:
    """`keras.ops.split` along the first axis."""
    return split(x, indices_or_sections, 0)


def dsplit(x: Tensor, indices_or_sections: Sections) -> list[Tensor]:
    """`keras.ops.split` along the third axis."""
    return split(x, indices_or_sections, 2)


def _sections(given: Any) -> int | list[int]:
    """A number of pieces, or the indices to split at, as Python ints."""
    if not isinstance(given, int):
        given = current().convert_to_numpy(given)
        if given.ndim:
            return [int(index) for index in given]
        given = int(given)
    if given < 1:
        raise ValueError(
            f"split: the number of pieces must be at least 1; received {given}."
        )
    return given


def _pieces(x: Any, sections: int | list[int], axis: int) -> list[Any]:
    size = shape(x)[axis]
    if isinstance(sections, int):  # the first pieces take the remainder
        sizes = [(size + sections - 1 - i) // sections for i in range(sections)]
        return list(_split(x, sizes, axis))

    # Indices are those of a slice: negative ones count from the end, all are clipped.
    if isinstance(size, int):
        sections = [slice(index).indices(size)[1] for index in sections]
        if sections != sorted(sections):
            raise ValueError(
                f"split: the indices to split at must ascend; received {sections} for "
                f"an axis of size {size}."
            )
    sizes = [end - start for start, end in zip([0, *sections], [*sections, size])]
    return list(_split(x, sizes, axis))


@primitive
def tile(x: Tensor, repeats: int | Sequence[int]) -> Tensor:
    """Repeat the whole tensor along its axes; `repeats` are those of the last axes."""


@op
def repeat(x: Tensor, repeats: Any, axis: int | None = None) -> Tensor:
    """Repeat each element.

    Args:
        x: a tensor.
        repeats: how often: an integer, or one for each place along the axis.
        axis: the axis; None flattens first.

    Example:
        >>> keras.ops.repeat([1, 2], 2)
        array([1, 1, 2, 2])
    """
    if not isinstance(repeats, int):
        with current().outside_trace():
            counts = current().convert_to_numpy(repeats).reshape(-1)
        repeats = int(counts[0]) if len(counts) == 1 else [int(c) for c in counts]
    return _repeat(x, repeats, axis)


@op
def pad(
    x: Tensor, pad_width: Any, mode: str = "constant", constant_values: Any = None
) -> Tensor:
    """Pad: add elements at the ends of the axes.

    Args:
        x: a tensor.
        pad_width: the numbers of elements: `((before, after), ...)` with a pair for
            every axis, or `(before, after)` or an int for all of them.
        mode: "constant" adds one value; "edge" repeats the last element; "reflect"
            mirrors about it and "symmetric" includes it; "wrap" continues from the
            other end.
        constant_values: the value that "constant" adds, 0 by default.

    Raises:
        ValueError: `mode` is not known, `pad_width` does not fit the axes, or
            `constant_values` is given for another mode.

    Example:
        >>> keras.ops.pad([1, 2], (1, 2))
        array([0, 1, 2, 0, 0])
    """
    check_choice(mode, PAD_MODES, "mode", "pad")
    if mode != "constant" and constant_values is not None:
        raise ValueError(
            "pad: `constant_values` is only for mode='constant'; received "
            f"mode={mode!r} and constant_values={constant_values!r}."
        )

    width = _pad_width(pad_width, len(x.shape))
    if not any(before or after for before, after in width):
        return x

    if mode in ("constant", "reflect", "symmetric"):
        return _pad(x, width, mode, 0 if constant_values is None else constant_values)
    for axis, (before, after) in enumerate(width):
        if before or after:
            x = _extend(x, axis, before, after, mode)
    return x


def _pad_width(given: Any, rank: int) -> tuple[tuple[int, int], ...]:
    """A pair for every axis; `[n]` stands for `[n, n]`, as in NumPy."""
    if isinstance(given, int):
        given = ((given, given),)
    elif isinstance(given[0], int):
        given = (tuple(given) * (2 // len(given)),)

    width = tuple((int(pair[0]), int(pair[-1])) for pair in given)
    if len(width) == 1:
        width = width * rank
    if len(width) != rank:
        raise ValueError(
            f"pad: `pad_width` must have one pair for each of {rank} axes; received "
            f"{given!r}."
        )
    return width


def _extend(x: Any, axis: int, before: int, after: int, mode: str) -> Any:
    """Pad one axis with elements of its own, for the modes "edge" and "wrap"."""
    table = current().TABLE
    size = shape(x)[axis]
    indices = table["arange"](-before, size + after, 1, "int32")
    if mode == "wrap":
        indices = table["mod"](indices, indices * 0 + size)
    else:
        indices = table["clip"](indices, 0, size - 1)
    return table["take"](x, indices, axis)


@primitive
def flip(x: Tensor, axis: int | Sequence[int] | None = None) -> Tensor:
    """Reverse the order of the elements along an axis, several, or all (None)."""


def fliplr(x: Tensor) -> Tensor:
    """Reverse the order along the second axis: left and right are exchanged."""
    return flip(x, 1)


def flipud(x: Tensor) -> Tensor:
    """Reverse the order along the first axis: up and down are exchanged."""
    return flip(x, 0)


@primitive
def roll(
    x: Tensor, shift: int | Sequence[int], axis: int | Sequence[int] | None = None
) -> Tensor:
    """Roll: shift the elements; those that leave at the end come in at the front.

    Args:
        x: a tensor.
        shift: by how many places, a number for each axis.
        axis: the axis or axes; None flattens, shifts, and restores the shape.

    Example:
        >>> keras.ops.roll([1, 2, 3], 1)
        array([3, 1, 2])
    """


@op
def rot90(array: Tensor, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Tensor:
    """Rotate by `k` quarter turns in the plane of two axes, the first to the second.

    Raises:
        ValueError: `axes` are not two different axes.

    Example:
        >>> keras.ops.rot90([[1, 2], [3, 4]])
        array([[2, 4], [1, 3]])
    """
    rank = len(array.shape)
    if len(axes) != 2 or rank < 2 or axes[0] % rank == axes[1] % rank:
        raise ValueError(
            "rot90: `axes` must be two different axes of a tensor of rank 2 or more; "
            f"received axes={axes!r} and shape {tuple(array.shape)}."
        )

    first, second = axes
    turns = k % 4
    if turns == 1:
        return swapaxes(flip(array, second), first, second)
    if turns == 2:
        return flip(array, axes)
    if turns == 3:
        return flip(swapaxes(array, first, second), second)
    return array


@op
def view(x: Tensor, dtype: Any = None) -> Tensor:
    """Reinterpret the bytes as another type, without converting the values.

    If the types have different widths, the size of the last axis changes.

    Raises:
        ValueError: the bytes of the last axis do not divide into the new type.

    Example:
        >>> keras.ops.view(keras.ops.array([1.0]), "int32")
        array([1065353216])
    """
    if dtype is None:
        return x
    name = dtypes.standardize_dtype(dtype)
    old_width = dtypes.numpy_dtype(current().dtype_of(x)).itemsize
    new_width = dtypes.numpy_dtype(name).itemsize
    last = x.shape[-1] if len(x.shape) else 1
    if new_width > old_width and last is not None and last * old_width % new_width:
        raise ValueError(
            f"view: the bytes of the last axis must be a multiple of {new_width}, the "
            f"width of {name}; received shape {tuple(x.shape)} with elements of "
            f"{old_width} bytes."
        )
    return _view(x, name)
