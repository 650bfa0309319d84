"""Numbers as vectors of zeros and ones: one-hot and multi-hot encodings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.core import dtypes, settings
from keras.core.errors import check_positive_int
from keras.core.op import Tensor, op
from keras.core.scope import current
from keras.core.typing import DTypeLike
from keras.ops import numpy as knp
from keras.ops.core import cast, shape
from keras.ops.core import dtype as dtype_of


@op
def one_hot(
    x: Tensor,
    num_classes: int,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    sparse: bool = False,
) -> Tensor:
    """One-hot encoding: 1 at each number's place along a new axis, 0 elsewhere.

    Args:
        x: integers; one outside 0 ... num_classes - 1 gives zeros only.
        num_classes: the size of the new axis.
        axis: the place of the new axis in the result.
        dtype: the type of the result; by default `floatx()`.
        sparse: whether a sparse tensor is returned.

    Raises:
        ValueError: the axis does not exist, or the backend has no sparse tensors.

    Example:
        >>> keras.ops.one_hot([0, 2], 3)
        array([[1., 0., 0.], [0., 0., 1.]])
    """
    num_classes = check_positive_int(num_classes, "num_classes", "one_hot")
    rank = len(x.shape) + 1
    if not -rank <= axis < rank:
        raise ValueError(
            f"one_hot: `axis` must be from {-rank} to {rank - 1} for a result of rank "
            f"{rank}; received {axis}."
        )

    name = dtypes.standardize_dtype(dtype or settings.floatx())
    if dtype_of(x) not in ("int32", "int64"):
        x = cast(x, "int32")
    if sparse:
        return _sparse_one_hot(x, num_classes, axis % rank, name)
    return _one_hot(x, num_classes, axis % rank, name)


def _sparse_one_hot(x: Any, num_classes: int, axis: int, dtype: str) -> Any:
    """A stored element for each number; a 0 at class 0 for one that is no class."""
    sizes = shape(x)
    numbers = knp.reshape(x, (-1,))
    is_class = knp.logical_and(numbers >= 0, numbers < num_classes)
    columns = places_of(numbers, sizes)
    columns.insert(axis, numbers * cast(is_class, dtype_of(x)))
    return current().sparse.put_together(
        knp.stack(columns, 1),
        cast(is_class, dtype),
        (*sizes[:axis], num_classes, *sizes[axis:]),
        axis == len(sizes),
        True,
    )


def places_of(flat: Any, sizes: Sequence[Any]) -> list[Any]:
    """For each axis the index of every element of a flattened tensor."""
    number = knp.cumsum(knp.ones_like(flat)) - 1
    columns = []
    for size in sizes[::-1]:
        columns.append(number % size)
        number = number // size
    return columns[::-1]


@op
def _one_hot(x: Tensor, num_classes: int, axis: int, dtype: str) -> Tensor:
    """`one_hot` with checked arguments; `axis` is not negative."""
    other_axes = [1] * len(x.shape)
    class_shape = (*other_axes[:axis], num_classes, *other_axes[axis:])
    classes = knp.reshape(knp.arange(num_classes, dtype=dtype_of(x)), class_shape)
    return cast(knp.expand_dims(x, axis) == classes, dtype)


def multi_hot(
    inputs: Tensor,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: DTypeLike | None = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Tensor:
    """Multi-hot encoding: 1 at the place of every number that appears in a row.

    Args:
        inputs: integers, `(batch, length)` or `(length,)`.
        num_classes: the size of the new axis.
        axis, dtype, sparse: as in `one_hot`.

    Returns:
        `(batch, num_classes)` or `(num_classes,)`.

    Example:
        >>> keras.ops.multi_hot([[0, 2, 2]], 4)
        array([[1., 0., 1., 0.]])
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs:
        raise TypeError(f"multi_hot: unknown arguments {sorted(kwargs)}.")
    if num_classes is None:
        raise ValueError("multi_hot: `num_classes` must be given.")

    num_classes = check_positive_int(num_classes, "num_classes", "multi_hot")
    return _multi_hot(inputs, num_classes, axis, dtype, sparse)


@op(name="multi_hot")
def _multi_hot(
    inputs: Tensor,
    num_classes: int,
    axis: int,
    dtype: DTypeLike | None,
    sparse: bool,
) -> Tensor:
    if sparse:
        encoded = one_hot(inputs, num_classes, axis, "int32", sparse=True)
        counts = summed_over(encoded, 1 if len(inputs.shape) > 1 else 0)
        ones = knp.minimum(current().sparse.values_of(counts), 1)
        name = dtypes.standardize_dtype(dtype or settings.floatx())
        return current().sparse.with_values(counts, cast(ones, name))

    encoded = one_hot(inputs, num_classes, axis, "int32")
    encoded = knp.max(encoded, axis=1 if len(inputs.shape) > 1 else 0)
    return cast(encoded, dtype or settings.floatx())


def counted(
    rows: Sequence[Any],
    numbers: Any,
    weights: Any,
    sizes: Sequence[Any],
    length: int,
) -> Any:
    """How often integers appear in each row, as a sparse tensor.

    Args:
        rows: for each axis of the rows, the index of every integer.
        numbers: the integers, flattened.
        weights: what each counts, flattened; None for 1.
        sizes: the sizes of the axes of the rows.
        length: how many integers to count; more if there are larger ones and values
            can be read.
    """
    if current().runs_eagerly(numbers):
        length = max(length, int(knp.max(numbers, initial=-1)) + 1)
    is_counted = knp.logical_and(numbers >= 0, numbers < length)
    ones = cast(is_counted, "int32" if weights is None else dtype_of(weights))
    columns = [*rows, numbers * cast(is_counted, dtype_of(numbers))]
    columns = [cast(column, dtype_of(numbers)) for column in columns]
    return current().sparse.put_together(
        *current().sparse.sum_duplicates(
            knp.stack(columns, 1),
            ones if weights is None else ones * weights,
            (*sizes, length),
        ),
        (*sizes, length),
        True,
        True,
    )


def summed_over(x: Any, axis: int) -> Any:
    """The sum of a sparse tensor along an axis, as a sparse tensor."""
    sparse = current().sparse
    a = sparse.take_apart(x)
    kept = [n for n in range(len(a.shape)) if n != axis]
    indices, sums = sparse.sum_duplicates(
        knp.stack([a.indices[:, n] for n in kept], 1),
        a.values,
        tuple(a.shape[n] for n in kept),
    )
    return sparse.put_together(
        indices, sums, tuple(a.shape[n] for n in kept), True, True
    )
