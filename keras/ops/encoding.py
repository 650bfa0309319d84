"""Class numbers as vectors."""

from __future__ import annotations

from typing import Any

from keras.core import config, dtypes
from keras.core.errors import check_positive_int
from keras.core.op import Tensor, op
from keras.ops import numpy as knp
from keras.ops.core import cast, refuse_sparse
from keras.ops.core import dtype as dtype_of


@op
def _one_hot(x: Tensor, num_classes: int, axis: int, dtype: str) -> Tensor:
    """1 at each number's place along a new axis, counted from the front."""
    beside = [1] * len(x.shape)
    classes = knp.arange(num_classes, dtype=dtype_of(x))
    classes = knp.reshape(classes, (*beside[:axis], num_classes, *beside[axis:]))
    return cast(knp.expand_dims(x, axis) == classes, dtype)


@op
def one_hot(
    x: Tensor, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False
) -> Tensor:
    """1 at each number's place along a new axis, 0 elsewhere.

    Args:
        x: integers; one outside 0 ... num_classes - 1 gives zeros only.
        axis: where the new axis goes.
        dtype: of the result; by default `floatx()`.
        sparse: only dense tensors exist here; True raises.
    """
    num_classes = _checked("one_hot", num_classes, sparse)
    rank = len(x.shape) + 1
    if not -rank <= axis < rank:
        raise ValueError(
            f"one_hot: axis {axis} does not exist in the result, of rank {rank}."
        )
    wanted = dtypes.standardize_dtype(dtype or config.floatx())
    x = x if dtype_of(x) in ("int32", "int64") else cast(x, "int32")
    return _one_hot(x, num_classes, axis % rank, wanted)


def multi_hot(
    inputs: Any,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Any:
    """1 at the place of every number that appears along the second axis.

    From integers `(batch, length)` or `(length,)` to `(batch, num_classes)` or
    `(num_classes,)`; the rest is as in `one_hot`.

    Example:
        >>> keras.ops.multi_hot([[0, 2, 2]], 4)
        array([[1., 0., 1., 0.]])
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs:
        raise TypeError(f"multi_hot: unknown arguments {sorted(kwargs)}.")
    if num_classes is None:
        raise ValueError("multi_hot: `num_classes` must be given.")
    return _multi_hot(inputs, _checked("multi_hot", num_classes, sparse), axis, dtype)


@op(name="multi_hot")
def _multi_hot(inputs: Tensor, num_classes: int, axis: int, dtype: Any) -> Tensor:
    hot = one_hot(inputs, num_classes, axis, "int32")
    hot = knp.max(hot, axis=1 if len(inputs.shape) > 1 else 0)
    return cast(hot, dtype or config.floatx())


def _checked(who: str, num_classes: int, sparse: bool) -> int:
    refuse_sparse(who, sparse)
    return check_positive_int(num_classes, "num_classes", who)
