"""New tensors: filled, counted up, spaced evenly, windows for signals.

Without a `dtype` they are of `floatx()`, except where the arguments are integers that
the result repeats.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.core import dtypes
from keras.core.errors import check_choice, check_number, shape_error
from keras.core.op import Tensor, Tensors, kernel, op, primitive
from keras.core.scope import current
from keras.core.tensor import any_symbolic
from keras.ops.casts import not_bool
from keras.ops.core import cast, shape
from keras.ops.elementwise import floor
from keras.ops.pairwise import divide, power, subtract
from keras.ops.shaping import broadcast_to, reshape

_full = kernel("full")  # (shape, number, dtype)


def array(x: Any, dtype: Any = None) -> Tensor:
    """A tensor of what is given; see `keras.ops.convert_to_tensor`."""
    if any_symbolic([x]):
        return x if dtype is None else cast(x, dtype)
    return current().convert_to_tensor(x, dtype)


def _sizes(shape: Any) -> tuple[Any, ...]:
    """A shape as a tuple; one size stands for a shape of one axis."""
    if isinstance(shape, int):
        return (shape,)
    if isinstance(shape, (list, tuple)):
        return tuple(shape)
    return tuple(np.atleast_1d(current().convert_to_numpy(shape)).tolist())


def empty(shape: int | Sequence[int], dtype: Any = None) -> Tensor:
    """A tensor whose elements nobody has chosen yet; here they are zeros."""
    return full(shape, 0, dtype)


def zeros(shape: int | Sequence[int], dtype: Any = None) -> Tensor:
    """A tensor of zeros."""
    return full(shape, 0, dtype)


def ones(shape: int | Sequence[int], dtype: Any = None) -> Tensor:
    """A tensor of ones."""
    return full(shape, 1, dtype)


def full(shape: int | Sequence[int], fill_value: Tensor, dtype: Any = None) -> Tensor:
    """A tensor of one value throughout, which may be a tensor that broadcasts."""
    name = dtypes.standardize_dtype(dtype)
    if isinstance(fill_value, (bool, int, float)):
        return _full(_sizes(shape), fill_value, name)
    return broadcast_to(cast(fill_value, name), _sizes(shape))


@primitive(name="full_like")
def _full_like(x: Tensor, fill_value: Any, dtype: str | None) -> Tensor: ...


def full_like(x: Tensor, fill_value: Tensor, dtype: Any = None) -> Tensor:
    """`keras.ops.full` in the shape and, without a `dtype`, the type of `x`."""
    name = None if dtype is None else dtypes.standardize_dtype(dtype)
    if isinstance(fill_value, (bool, int, float)):
        return _full_like(x, fill_value, name)
    return _filled_like(x, fill_value, name)


@op
def _filled_like(x: Tensor, fill_value: Tensor, dtype: str | None) -> Tensor:
    fill_value = cast(fill_value, dtype or current().dtype_of(x))
    return broadcast_to(fill_value, shape(x))


def empty_like(x: Tensor, dtype: Any = None) -> Tensor:
    """A tensor of the shape of `x` whose elements nobody has chosen yet: zeros here."""
    return full_like(x, 0, dtype)


def zeros_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Zeros in the shape and, without a `dtype`, the type of `x`."""
    return full_like(x, 0, dtype)


def ones_like(x: Tensor, dtype: Any = None) -> Tensor:
    """Ones in the shape and, without a `dtype`, the type of `x`."""
    return full_like(x, 1, dtype)


@primitive(name="arange")
def _arange(start: Any, stop: Any, step: Any, dtype: str) -> Tensor: ...


def arange(start: Any, stop: Any = None, step: Any = None, dtype: Any = None) -> Tensor:
    """Numbers counted up from `start` to below `stop`, `step` apart.

    With one argument it is `stop`, and `start` is 0. By default the type is int32 if
    all are integers, else `floatx()`.
    """
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if dtype is None:
        kinds = [getattr(v, "dtype", type(v)) for v in (start, stop, step)]
        dtype = dtypes.result_type(*kinds)
        dtype = "int32" if dtype == "int64" else dtype
    return _arange(start, stop, step, dtypes.standardize_dtype(dtype))


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """A matrix of ones up to a diagonal, and zeros above it; see `eye`."""
    return _triangle(N, M, k, dtype, "<=")


def eye(N: int, M: int | None = None, k: int = 0, dtype: Any = None) -> Tensor:
    """A matrix of zeros with ones on a diagonal.

    `M` is `N` by default; `k` says which diagonal: above the main one if positive.

    Example:
        >>> keras.ops.eye(2, 3, k=1)
        array([[0., 1., 0.], [0., 0., 1.]])
    """
    return _triangle(N, M, k, dtype, "==")


def _triangle(n: Any, m: Any, k: int, dtype: Any, where: str) -> Tensor:
    m = n if m is None else m
    for name, value in (("N", n), ("M", m)):
        if isinstance(value, float) or (isinstance(value, int) and value < 0):
            raise ValueError(
                f"`{name}` is a number of rows or columns: an integer of at least 0; "
                f"received {value!r}."
            )
    rows, columns = arange(n, dtype="int32"), arange(m, dtype="int32")
    distance = columns[None, :] - rows[:, None]
    found = distance <= k if where == "<=" else distance == k
    return cast(found, dtypes.standardize_dtype(dtype))


def identity(n: int, dtype: Any = None) -> Tensor:
    """A square matrix of zeros with ones on its diagonal."""
    return eye(n, dtype=dtype)


@op(cast="float")
def _spaced(start: Tensor, stop: Tensor, num: int, endpoint: bool, axis: int) -> Tensor:
    """`num` values from start to stop, in even steps."""
    table = current().TABLE
    dtype = current().dtype_of(start)
    gaps = num - 1 if endpoint else num
    steps = table["arange"](0, num, 1, "float32") / max(gaps, 1)
    start, stop = start + stop * 0, stop + start * 0
    rank = len(start.shape)
    steps = cast(table["reshape"](steps, (num,) + (1,) * rank), dtype)
    out = start + (stop - start) * steps
    if endpoint and num > 1:  # the end exactly, whatever the steps round to
        out = table["concatenate"]([out[:-1], stop[None]], 0)
    return out if axis == 0 else table["moveaxis"](out, 0, axis)


def linspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    """`num` numbers at equal distances from `start` to `stop`, which may be tensors.

    Args:
        endpoint: whether `stop` is the last of them.
        retstep: also return the distance.
        dtype: the type; by default a float type.
        axis: where the numbers lie in the result.
    """
    check_number(num, "num", "linspace", least=0)
    out = _spaced(start, stop, num, endpoint, axis)
    if dtype is not None:
        name = dtypes.standardize_dtype(dtype)
        out = cast(floor(out) if dtypes.is_int_dtype(name) else out, name)
    if not retstep:
        return out
    gaps = num - 1 if endpoint else num
    return out, divide(subtract(stop, start), gaps if gaps > 0 else math.nan)


def logspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """Numbers from base ** start to base ** stop; the rest is as for `linspace`."""
    out = power(base, linspace(start, stop, num, endpoint, axis=axis))
    return out if dtype is None else cast(out, dtype)


@op(cast="float")
def _geometric(
    start: Tensor, stop: Tensor, num: int, endpoint: bool, axis: int
) -> Tensor:
    log, exp = current().TABLE["log"], current().TABLE["exp"]
    ratio = log(stop / start)
    # Negative ends are as good as positive ones: the sign is the start's.
    return exp(_spaced(ratio * 0, ratio, num, endpoint, 0)) * start


def geomspace(
    start: Tensor,
    stop: Tensor,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Tensor:
    """Numbers from `start` to `stop`, each the same factor above the last.

    Both are of one sign; the rest is as for `linspace`.
    """
    out = _geometric(start, stop, num, endpoint, axis)
    return out if dtype is None else cast(out, dtype)


@op(name="meshgrid")
def _meshgrid(xs: Tensors, indexing: str) -> list[Tensor]:
    xs = [reshape(x, (-1,)) for x in xs]
    sizes = [shape(x)[0] for x in xs]
    order = list(range(len(xs)))
    if indexing == "xy" and len(xs) > 1:
        order[:2] = [1, 0]
    full = tuple(sizes[i] for i in order)
    alone = [[n if j == i else 1 for j in order] for i, n in enumerate(sizes)]
    return [broadcast_to(reshape(x, dims), full) for x, dims in zip(xs, alone)]


def meshgrid(*x: Tensor, indexing: str = "xy") -> list[Tensor]:
    """The coordinates of the points of a grid, from those along each axis, as a list.

    `indexing="xy"` puts the first along the second axis of the result, as in a picture;
    "ij" along the first, as in a matrix.

    Example:
        >>> keras.ops.meshgrid([1, 2, 3], [4, 5])[1]
        array([[4, 4, 4], [5, 5, 5]])
    """
    check_choice(indexing, ("xy", "ij"), "indexing", "meshgrid")
    return _meshgrid(list(x), indexing)


@op
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of the elements, from the highest down, as the rows of a matrix.

    There are `N` of them, by default as many as elements; `increasing` goes up from 0.

    Example:
        >>> keras.ops.vander([1, 2, 3])
        array([[1, 1, 1], [4, 2, 1], [9, 3, 1]])
    """
    if len(x.shape) != 1:
        raise shape_error("vander: `x` has one axis", x)
    number = shape(x)[0] if N is None else N
    if isinstance(number, int):
        check_number(number, "N", "vander", least=0)
    table = current().TABLE
    dtype = current().dtype_of(x)
    powers = table["arange"](0, number, 1, "int32")
    if not increasing:
        powers = table["flip"](powers, 0)
    base = cast(x, not_bool(dtype))[:, None]
    powers = cast(powers, current().dtype_of(base))[None, :]
    # x ** 0 is 1 for all x, also in the gradient: no 0 ** -1 there.
    base = table["where"](powers == 0, powers * 0 + 1, base)
    return cast(table["power"](base, powers), dtype)


def _host(values: np.ndarray) -> Tensor:
    """Values that depend on no tensor are computed on the host."""
    return current().convert_to_tensor(values, dtypes.floatx())


def bartlett(x: int) -> Tensor:
    """Bartlett's window of `x` points: a triangle from 0 to 1 and back."""
    return _host(np.bartlett(int(x)))


def blackman(x: int) -> Tensor:
    """Blackman's window of `x` points: 0.42 - 0.5 cos(a) + 0.08 cos(2 a)."""
    return _host(np.blackman(int(x)))


def hamming(x: int) -> Tensor:
    """Hamming's window of `x` points: 0.54 - 0.46 cos."""
    return _host(np.hamming(int(x)))


def hanning(x: int) -> Tensor:
    """Hann's window of `x` points: 0.5 - 0.5 cos."""
    return _host(np.hanning(int(x)))


def kaiser(x: int, beta: float) -> Tensor:
    """Kaiser's window of `x` points, the narrower the larger `beta`; see `i0`."""
    return _host(np.kaiser(int(x), float(beta)))
