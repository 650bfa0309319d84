"""Elements by their place, by a condition, and on diagonals."""

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
    """`x[key]`, as NumPy has it.

    `key` is an int, slice, None, Ellipsis, or a tuple of them; arrays, lists or tensors
    of integers pick elements along their axis, those of booleans filter them.
    """


@primitive
def take(x: Tensor, indices: Index, axis: int | None = None) -> Tensor:
    """Elements, or slices along an axis (None: of all in one row), at the given places.

    The axes of `indices` stand for the axis. Negative places count from the end; one
    outside is an error where the backend can tell, and undefined where it cannot.
    """


@primitive
def take_along_axis(x: Tensor, indices: Index, axis: int | None = None) -> Tensor:
    """Elements at places that differ from row to row, as `argsort` gives them.

    `indices` has as many axes as `x`; the other axes broadcast. `axis=None` takes from
    all elements in one row.

    Example:
        >>> keras.ops.take_along_axis([[1, 2], [3, 4]], [[1], [0]], axis=1)
        array([[2], [3]])
    """


def _nonzero_spec(x: Any) -> Any:
    return tuple(KerasTensor((None,), "int32") for _ in x.shape)


@primitive(infer=_nonzero_spec)
def nonzero(x: Mask) -> tuple[Tensor, ...]:
    """The places of the elements that are not zero: one int32 tensor for each axis."""


@primitive(name="where", cast="common")
def _where(condition: Mask, x1: Tensor, x2: Tensor) -> Tensor: ...


def where(condition: Tensor, x1: Tensor | None = None, x2: Tensor | None = None) -> Any:
    """Elements of `x1` where the condition holds, of `x2` elsewhere; all broadcast.

    Without `x1` and `x2`, the places where the condition holds, as `keras.ops.nonzero`
    gives them.
    """
    if x1 is None and x2 is None:
        return nonzero(condition)
    if x1 is None or x2 is None:
        raise ValueError("where: give both `x1` and `x2`, or neither of them.")
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
    """For each element the first choice whose condition holds, else the default.

    Example:
        >>> keras.ops.select([[True, False], [True, True]], [[1, 2], [3, 4]])
        array([1, 4])
    """
    if len(condlist) != len(choicelist) or not condlist:
        raise ValueError(
            "select: there is one choice for each condition, and one of them at least; "
            f"received {len(condlist)} conditions and {len(choicelist)} choices."
        )
    return _select(condlist, choicelist, default)


def _diagonal_size(rows: int | None, columns: int | None, k: int) -> int | None:
    """How long a diagonal is; not known unless both sizes are."""
    if rows is None or columns is None:
        return None
    return max(0, min(rows + min(k, 0), columns - max(k, 0)))


def _diag_spec(x: Any, k: int) -> KerasTensor:
    if len(x.shape) not in (1, 2):
        raise shape_error("diag: `x` has one axis or two", x)
    if len(x.shape) == 2:
        return KerasTensor((_diagonal_size(x.shape[0], x.shape[1], k),), x.dtype)
    size = None if x.shape[0] is None else x.shape[0] + abs(k)
    return KerasTensor((size, size), x.dtype)


@primitive(infer=_diag_spec)
def diag(x: Tensor, k: int = 0) -> Tensor:
    """A matrix with the given diagonal, or the diagonal of a matrix.

    `k` says which: above the main one if positive, below if negative.
    """


@op
def diagflat(x: Tensor, k: int = 0) -> Tensor:
    """A matrix with all elements of `x`, in one row, on a diagonal."""
    return diag(ravel(x), k)


def _diagonal_spec(x: Any, offset: int, axis1: int, axis2: int) -> KerasTensor:
    rank = len(x.shape)
    axes = (axis1 % rank, axis2 % rank)
    size = _diagonal_size(x.shape[axes[0]], x.shape[axes[1]], offset)
    kept = tuple(n for i, n in enumerate(x.shape) if i not in axes)
    return KerasTensor((*kept, size), x.dtype)


@primitive(infer=_diagonal_spec)
def diagonal(x: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The diagonals of the matrices in two axes; they lie along the last axis.

    `offset` says which diagonal: above the main one if positive.
    """


@op
def trace(x: Tensor, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Tensor:
    """The sum along a diagonal, for the matrices in two axes."""
    return reductions.sum(diagonal(x, offset, axis1, axis2), -1)


@primitive
def tril(x: Tensor, k: int = 0) -> Tensor:
    """The matrices in the last two axes with zeros above a diagonal."""


@primitive
def triu(x: Tensor, k: int = 0) -> Tensor:
    """The matrices in the last two axes with zeros below a diagonal."""


@op
def unravel_index(indices: Tensor, shape: Sequence[int]) -> tuple[Tensor, ...]:
    """Places in one row of all elements as places along each axis, a tensor for each.

    Negative ones count from the end.

    Example:
        >>> [int(i) for i in keras.ops.unravel_index(5, (2, 3))]
        [1, 2]
    """
    found = []
    table = current().TABLE
    for size in reversed(shape):
        found.append(table["mod"](indices, indices * 0 + size))
        indices = table["floor_divide"](indices, indices * 0 + size)
    return tuple(reversed(found))
