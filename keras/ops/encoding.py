"""Numbers as vectors of zeros and ones: one-hot and multi-hot encodings."""

from __future__ import annotations

from typing import Any

from keras.core import dtypes, settings
from keras.core.errors import check_positive_int
from keras.core.op import Tensor, op
from keras.core.typing import DTypeLike
from keras.ops import numpy as knp
from keras.ops.core import cast, refuse_sparse
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
        sparse: only dense tensors are supported; True raises.

    Raises:
        ValueError: the axis does not exist, or `sparse` is True.

    Example:
        >>> keras.ops.one_hot([0, 2], 3)
        array([[1., 0., 0.], [0., 0., 1.]])
    """
    num_classes = _check_classes("one_hot", num_classes, sparse)
    rank = len(x.shape) + 1
    if not -rank <= axis < rank:
        raise ValueError(
            f"one_hot: `axis` must be from {-rank} to {rank - 1} for a result of rank "
            f"{rank}; received {axis}."
        )

    name = dtypes.standardize_dtype(dtype or settings.floatx())
    if dtype_of(x) not in ("int32", "int64"):
        x = cast(x, "int32")
    return _one_hot(x, num_classes, axis % rank, name)


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

    num_classes = _check_classes("multi_hot", num_classes, sparse)
    return _multi_hot(inputs, num_classes, axis, dtype)


@op(name="multi_hot")
def _multi_hot(
    inputs: Tensor, num_classes: int, axis: int, dtype: DTypeLike | None
) -> Tensor:
    encoded = one_hot(inputs, num_classes, axis, "int32")
    encoded = knp.max(encoded, axis=1 if len(inputs.shape) > 1 else 0)
    return cast(encoded, dtype or settings.floatx())


def _check_classes(who: str, num_classes: int, sparse: bool) -> int:
    refuse_sparse(who, sparse)
    return check_positive_int(num_classes, "num_classes", who)
