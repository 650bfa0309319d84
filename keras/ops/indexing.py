"""Indexing: elements by index, by a condition, and on diagonals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.core.errors import shape_error
from keras.core.op import Index, Mask, Tensor, Tensors, op, primitive
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.ops import reductions
from keras.ops.shaping import ravel


@primitive
def get_item(x: Tensor, key: Any) -> Tensor:
    """Index: `x[key]`, as in NumPy.

    Args:
        x: a tensor.
        key: an int, slice, None, Ellipsis, or a tuple of them. Arrays, lists or tensors
            of integers select elements along their axis, those of booleans filter them.
    """


@primitive
def take(x: Tensor, indices: Index, axis: int | None = None) -> Tensor:
    """Take elements, or slices along an axis, by index.

    Args:
        x: a tensor.
        indices: integers; negative ones count from the end. One that is out of range is
            an error where the backend can tell, and undefined where it cannot.
        axis: the axis, which the axes of `indices` replace; None flattens `x` first.
    """


@primitive
def take_along_axis(x: Tensor, indices: Index, axis: int | None = None) -> Tensor:
    """Take elements by indices that differ from row to row, as those of `argsort`.

    Args:
        x: a tensor.
        indices: integers, of the rank of `x`; the other axes broadcast.
        axis: the axis; None flattens `x` first.

    Example:
        >>> keras.ops.take_along_axis([[1, 2], [3, 4]], [[1], [0]], axis=1)
        array([[2], [3]])
    """


def _nonzero_spec(x: Any) -> Any:
    return tuple(KerasTensor((None,), "int32") for _ in x.shape)


@primitive(infer=_nonzero_spec)
def nonzero(x: Mask) -> tuple[Tensor, ...]:
    """Indices of the elements that are not zero: an int32 tensor for each axis."""


@primitive(name="where", cast="common")
def _where(condition: Mask, x1: Tensor, x2: Tensor) -> Tensor: ...


def where(condition: Tensor, x1: Tensor | None = None, x2: Tensor | None = None) -> Any:
    """Choose elements of `x1` where the condition is true, of `x2` elsewhere.

    The three broadcast. Without `x1` and `x2` the result is `nonzero(condition)`.

    Raises:
        ValueError: only one of `x1` and `x2` is given.

    Example:
        >>> keras.ops.where([True, False], [1, 2], 0)
        array([1, 0])
    """
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("where: both `x1` and `x2` must be given, or neither.")
    return _where(condition, x1, x2)


@op(name="select", cast="common")
def _select(conditions: Any, choices: Tensors, default: Tensor) -> Tensor:
    out = default
    for condition, choice in zip(reversed(conditions), reversed(choices)):
        out = _where(condition, choice, out)
    return out


def select(
    condlist: Sequence[Tensor], choicelist: Sequence[Tensor], default: Tensor = 0
) -> Tensor:
    """Choose for each element the first choice whose condition is true.

    Args:
        condlist: boolean tensors.
        choicelist: tensors, one for each condition.
        default: the value where no condition is true.

    Raises:
        ValueError: the numbers of conditions and choices differ, or there are none.

    Example:
        >>> keras.ops.select([[True, False], [True, True]], [[1, 2], [3, 4]])
        array([1, 4])
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(
            "select: `condlist` and `choicelist` must have the same length of at least "
            f"1; received {len(condlist)} conditions and {len(choicelist)} choices."
        )
    return _select(condlist, choicelist, default)


def _diagonal_size(rows: int | None, columns: int | None, k: int) -> int | None:
    """The length of a diagonal; None unless both sizes are known."""
    if rows is None or columns is None:
        return None
    return max(0, min(rows + min(k, 0), columns - max(k, 0)))


def _diag_spec(x: Any, k: int) -> KerasTensor:
    if len(x.shape) not in (1, 2):
        raise shape_error("diag: `x` must have rank 1 or 2", x)
    if len(x.shape) == 2:
        return KerasTensor((_diagonal_size(x.shape[0], x.shape[1], k),), x.dtype)
    size = None if x.shape[0] is None else x.shape[0] + abs(k)
    return KerasTensor((size, size), x.dtype)


@primitive(infer=_diag_spec)
def diag(x: Tensor, k: int = 0) -> Tensor:
    """Matrix with the given diagonal, or the diagonal of a matrix.

    Args:
        x: a vector or a matrix.
        k: the diagonal: above the main one if positive, below if negative.

    Example:
        >>> keras.ops.diag([1, 2])
        array([[1, 0], [0, 2]])
    """


@op
def diagflat(x: Tensor, k: int = 0) -> Tensor:
    """Matrix with the elements of `x`, flattened, on a diagonal."""
    return diag(ravel(x), k)


def _diagonal_spec(x: Any, offset: int, axis1: int, axis2: int) -> KerasTensor:
    rank = len(x.shape)
    axes = (axis1 % rank, axis2 % rank)
    size = _diagonal_size(x.shape[axes[0]], x.shape[axes[1]], offset)
    kept = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    return KerasTensor((*kept, size), x.dtype)


@primitive(infer=_diagonal_spec)
def diagonal(x: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Diagonals of the matrices in two axes.

    Args:
        x: a tensor of rank 2 or more.
        offset: the diagonal: above the main one if positive, below if negative.
        axis1, axis2: the axes of the matrices.

    Returns:
        A tensor without these axes, with the diagonals along a new last one.
    """


@op
def trace(x: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """Trace: the sum of a diagonal of the matrices in two axes; see `diagonal`."""
    return reductions.sum(diagonal(x, offset, axis1, axis2), -1)


@primitive
def tril(x: Tensor, k: int = 0) -> Tensor:
    """Lower triangle of matrices: zeros above diagonal `k`."""


@primitive
def triu(x: Tensor, k: int = 0) -> Tensor:
    """Upper triangle of matrices: zeros below diagonal `k`."""


@op
def unravel_index(indices: Tensor, shape: Sequence[int]) -> tuple[Tensor, ...]:
    """Convert flat indices to indices along each axis.

    Args:
        indices: integers; negative ones count from the end.
        shape: the shape of the tensor that is indexed.

    Returns:
        A tensor for each axis.

    Example:
        >>> [int(i) for i in keras.ops.unravel_index(5, (2, 3))]
        [1, 2]
    """
    table = current().TABLE
    out = []
    for size in reversed(shape):
        divisor = indices * 0 + size
        out.append(table["mod"](indices, divisor))
        indices = table["floor_divide"](indices, divisor)
    return tuple(reversed(out))
