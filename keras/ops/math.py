"""Beyond NumPy: special functions, top-k, segments, distances, one-hot vectors."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.core import dtypes, settings
from keras.core.errors import check_positive_int, shape_error, shapes_fit
from keras.core.op import Index, Tensor, elementwise, kernel, op, primitive
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.ops import numpy as knp
from keras.ops.casts import not_bool
from keras.ops.core import cast, refuse_sparse, view_as_complex
from keras.ops.core import dtype as dtype_of

Size = int | None

_top_k = kernel("_top_k")  # (x, k, sorted)
_segment = kernel("_segment")  # (data, ids, num, how): "sum", "prod", "max" or "min"


@elementwise
def erf(x: Tensor) -> Tensor:
    """The error function 2 / sqrt(pi) * integral of exp(-t^2) from 0 to x."""


@elementwise
def erfc(x: Tensor) -> Tensor:
    """1 - erf(x), exact also where erf(x) is near 1."""


@elementwise
def erfinv(x: Tensor) -> Tensor:
    """The inverse of `erf`, on (-1, 1)."""


@elementwise
def rsqrt(x: Tensor) -> Tensor:
    """1 / sqrt(x)."""


@primitive(cast="float")
def logsumexp(
    x: Tensor, axis: int | tuple[int, ...] | None = None, keepdims: bool = False
) -> Tensor:
    """log(sum(exp(x))) along an axis, several, or all (None), without overflow."""


@op
def top_k(x: Tensor, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """The `k` largest values along the last axis, and where they stand.

    `sorted` puts the largest first; False leaves the order to the framework.

    Example:
        >>> keras.ops.top_k([1.0, 5.0, 3.0], 2)
        (array([5., 3.]), array([1, 2], dtype=int32))
    """
    check_positive_int(k, "k", "top_k")
    if not len(x.shape) or (x.shape[-1] is not None and k > x.shape[-1]):
        raise ValueError(
            f"top_k: k={k} values are asked of the last axis of shape {tuple(x.shape)}."
        )
    return _top_k(x, k, sorted)


@op(cast="float")
def in_top_k(targets: Index, predictions: Tensor, k: int) -> Tensor:
    """Whether the true class is among the `k` highest predictions; ties count.

    From `targets` `(batch,)` and `predictions` `(batch, classes)` to booleans
    `(batch,)`: False for a class that does not exist or whose prediction is not finite.
    """
    if len(predictions.shape) != len(targets.shape) + 1:
        raise ValueError(
            "in_top_k: `targets` has shape (batch,) and `predictions` (batch, "
            f"classes); received {tuple(targets.shape)} and {tuple(predictions.shape)}."
        )
    targets = cast(targets, "int32")
    classes = predictions.shape[-1]
    exists = knp.logical_and(targets >= 0, targets < classes)
    places = knp.expand_dims(knp.clip(targets, 0, classes - 1), -1)
    chosen = knp.take_along_axis(predictions, places, axis=-1)
    higher = knp.sum(cast(predictions > chosen, "int32"), axis=-1)
    finite = knp.isfinite(knp.squeeze(chosen, -1))
    return knp.logical_and(knp.logical_and(exists, finite), higher < k)


def _segment_spec(
    data: Any, segment_ids: Any, num_segments: Any, sorted: bool
) -> KerasTensor:
    _check_ids(data, segment_ids)
    return KerasTensor((num_segments, *data.shape[1:]), not_bool(dtype_of(data)))


def _check_ids(data: Any, ids: Any) -> None:
    given, wanted = tuple(ids.shape), tuple(data.shape)[:1]
    if not wanted or not shapes_fit(given, wanted):
        raise ValueError(
            "segment ops: `segment_ids` needs shape (n,) for data of shape (n, ...); "
            f"received {given} and {tuple(data.shape)}."
        )


def _by_segment(data: Any, ids: Any, num: int | None, how: str) -> Any:
    _check_ids(data, ids)
    num = _count(ids) if num is None else num
    check_positive_int(num, "num_segments", f"segment_{how}")
    data = cast(data, not_bool(dtype_of(data)))
    return _segment(data, cast(ids, "int32"), int(num), how)


def _count(ids: Any) -> int:
    """The largest id and one: a value, so nothing that is being traced has it."""
    try:
        values = np.asarray(current().convert_to_numpy(ids))
    except Exception as error:
        raise ValueError(
            "Segment ops need `num_segments` inside a compiled function; there it "
            "cannot depend on values."
        ) from error
    return int(values.max()) + 1 if values.size else 1


@op(infer=_segment_spec)
def segment_sum(
    data: Tensor, segment_ids: Index, num_segments: Size = None, sorted: bool = False
) -> Tensor:
    """Slices along the first axis, summed by segment.

    Args:
        data: `(n, ...)`.
        segment_ids: `(n,)`, which segment each slice belongs to; a slice whose id is
            not in 0 ... num_segments - 1 is left out.
        num_segments: how many there are; by default the largest id and one, which needs
            values, so give it inside a compiled function.
        sorted: whether the ids rise; the result is the same.

    Returns:
        `(num_segments, ...)`; a segment without slices gets 0.
    """
    return _by_segment(data, segment_ids, num_segments, "sum")


@op(infer=_segment_spec)
def segment_prod(
    data: Tensor, segment_ids: Index, num_segments: Size = None, sorted: bool = False
) -> Tensor:
    """Slices multiplied by segment, 1 for an empty one; see `segment_sum`."""
    return _by_segment(data, segment_ids, num_segments, "prod")


@op(infer=_segment_spec)
def segment_max(
    data: Tensor, segment_ids: Index, num_segments: Size = None, sorted: bool = False
) -> Tensor:
    """The largest by segment, the type's least value for none; see `segment_sum`."""
    return _by_segment(data, segment_ids, num_segments, "max")


@op(infer=_segment_spec)
def segment_min(
    data: Tensor, segment_ids: Index, num_segments: Size = None, sorted: bool = False
) -> Tensor:
    """The least by segment, the type's largest value for none; see `segment_sum`."""
    return _by_segment(data, segment_ids, num_segments, "min")


@op(cast="float")
def cdist(x: Tensor, y: Tensor) -> Tensor:
    """The Euclidean distance of every row of `x` to every row of `y`.

    From `(..., n, d)` and `(..., m, d)` to `(..., n, m)`.
    """
    if len(x.shape) < 2 or len(y.shape) < 2 or x.shape[-1] != y.shape[-1]:
        raise shape_error(
            "cdist: needs shapes (..., n, d) and (..., m, d) with the same d", x, y
        )
    gaps = knp.expand_dims(x, -2) - knp.expand_dims(y, -3)
    squares = knp.sum(knp.square(gaps), axis=-1)
    # The root has no gradient at 0: there it is taken of 1 instead.
    zero = squares == 0
    return knp.where(zero, squares, knp.sqrt(knp.where(zero, 1.0, squares)))


@op(cast="float")
def polar(abs_: Tensor, angle: Tensor) -> Tensor:
    """The complex numbers of given absolute value and angle (in radians)."""
    parts = [abs_ * knp.cos(angle), abs_ * knp.sin(angle)]
    return view_as_complex(knp.stack(parts, axis=-1))


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
    wanted = dtypes.standardize_dtype(dtype or settings.floatx())
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
    return cast(hot, dtype or settings.floatx())


def _checked(who: str, num_classes: int, sparse: bool) -> int:
    refuse_sparse(who, sparse)
    return check_positive_int(num_classes, "num_classes", who)
