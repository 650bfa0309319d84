"""New tensors: constants, ranges, grids, and windows for signals.

The default `dtype` is `floatx()`, except where the result repeats integers that are
given.
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
from keras.core.typing import DTypeLike
from keras.ops.casts import not_bool
from keras.ops.core import cast, shape
from keras.ops.elementwise import floor
from keras.ops.pairwise import divide, power, subtract
from keras.ops.shaping import broadcast_to, reshape

_full = kernel("full")  # (shape, number, dtype)


def array(x: Any, dtype: DTypeLike | None = None) -> Tensor:
    """Convert to a tensor; see `keras.ops.convert_to_tensor`."""
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


def empty(shape: int | Sequence[int], dtype: DTypeLike | None = None) -> Tensor:
    """Tensor of unspecified elements; here they are zeros."""
    return full(shape, 0, dtype)


def zeros(shape: int | Sequence[int], dtype: DTypeLike | None = None) -> Tensor:
    """Tensor of zeros."""
    return full(shape, 0, dtype)


def ones(shape: int | Sequence[int], dtype: DTypeLike | None = None) -> Tensor:
    """Tensor of ones."""
    return full(shape, 1, dtype)


def full(
    shape: int | Sequence[int], fill_value: Tensor, dtype: DTypeLike | None = None
) -> Tensor:
    """Tensor filled with one value, or with a tensor that broadcasts to the shape."""
    name = dtypes.standardize_dtype(dtype)
    if isinstance(fill_value, (bool, int, float)):
        return _full(_sizes(shape), fill_value, name)
    return broadcast_to(cast(fill_value, name), _sizes(shape))


@primitive(name="full_like")
def _full_like(x: Tensor, fill_value: Any, dtype: str | None) -> Tensor: ...


def full_like(x: Tensor, fill_value: Tensor, dtype: DTypeLike | None = None) -> Tensor:
    """Tensor of the shape of `x` filled with one value; `dtype` is by default `x`'s."""
    name = None if dtype is None else dtypes.standardize_dtype(dtype)
    if isinstance(fill_value, (bool, int, float)):
        return _full_like(x, fill_value, name)
    return _filled_like(x, fill_value, name)


@op
def _filled_like(x: Tensor, fill_value: Tensor, dtype: str | None) -> Tensor:
    fill_value = cast(fill_value, dtype or current().dtype_of(x))
    return broadcast_to(fill_value, shape(x))


def empty_like(x: Tensor, dtype: DTypeLike | None = None) -> Tensor:
    """Tensor of unspecified elements (here zeros), of the shape and type of `x`."""
    return full_like(x, 0, dtype)


def zeros_like(x: Tensor, dtype: DTypeLike | None = None) -> Tensor:
    """Zeros of the shape of `x`; `dtype` is by default that of `x`."""
    return full_like(x, 0, dtype)


def ones_like(x: Tensor, dtype: DTypeLike | None = None) -> Tensor:
    """Ones of the shape of `x`; `dtype` is by default that of `x`."""
    return full_like(x, 1, dtype)


@primitive(name="arange")
def _arange(start: Any, stop: Any, step: Any, dtype: str) -> Tensor: ...


def arange(
    start: Any, stop: Any = None, step: Any = None, dtype: DTypeLike | None = None
) -> Tensor:
    """Evenly spaced numbers from `start` up to `stop`, exclusive, by steps of `step`.

    Args:
        start: the first number; a single argument is `stop`, and `start` is 0.
        stop: the bound, which is not included.
        step: the step, 1 by default.
        dtype: by default int32 if all arguments are integers, else `floatx()`.

    Example:
        >>> keras.ops.arange(1, 7, 2)
        array([1, 3, 5])
    """
    if stop is None:
        start, stop = 0, start
    step = 1 if step is None else step
    if dtype is None:
        kinds = [getattr(v, "dtype", type(v)) for v in (start, stop, step)]
        dtype = dtypes.result_type(*kinds)
        dtype = "int32" if dtype == "int64" else dtype
    return _arange(start, stop, step, dtypes.standardize_dtype(dtype))


def tri(
    N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None
) -> Tensor:
    """Matrix with ones up to diagonal `k` and zeros above it; see `eye`."""
    return _triangle(N, M, k, dtype, "<=")


def eye(
    N: int, M: int | None = None, k: int = 0, dtype: DTypeLike | None = None
) -> Tensor:
    """Matrix of zeros with ones on a diagonal.

    Args:
        N: the number of rows.
        M: the number of columns, by default `N`.
        k: the diagonal: above the main one if positive, below if negative.
        dtype: the type, by default `floatx()`.

    Raises:
        ValueError: `N` or `M` is not an integer of at least 0.

    Example:
        >>> keras.ops.eye(2, 3, k=1)
        array([[0., 1., 0.], [0., 0., 1.]])
    """
    return _triangle(N, M, k, dtype, "==")


def _triangle(n: Any, m: Any, k: int, dtype: Any, where: str) -> Tensor:
    """Ones where column - row is `<=` or `==` k, as `where` says."""
    m = n if m is None else m
    for name, value in (("N", n), ("M", m)):
        if isinstance(value, float) or (isinstance(value, int) and value < 0):
            raise ValueError(
                f"`{name}`, a number of rows or columns, must be an integer of at "
                f"least 0; received {value!r}."
            )

    rows = arange(n, dtype="int32")
    columns = arange(m, dtype="int32")
    distance = columns[None, :] - rows[:, None]
    is_one = distance <= k if where == "<=" else distance == k
    return cast(is_one, dtypes.standardize_dtype(dtype))


def identity(n: int, dtype: DTypeLike | None = None) -> Tensor:
    """Identity matrix of `n` rows."""
    return eye(n, dtype=dtype)


@op(cast="float")
def _spaced(start: Tensor, stop: Tensor, num: int, endpoint: bool, axis: int) -> Tensor:
    """`num` evenly spaced values from start to stop, along `axis` of the result."""
    table = current().TABLE
    dtype = current().dtype_of(start)
    gaps = num - 1 if endpoint else num
    steps = table["arange"](0, num, 1, "float32") / max(gaps, 1)

    # Broadcast both ends, so that `stop` can be put in below.
    start = start + stop * 0
    stop = stop + start * 0
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
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Any:
    """Evenly spaced numbers from `start` to `stop`.

    Args:
        start, stop: the ends, numbers or tensors.
        num: the number of values.
        endpoint: whether `stop` is the last of them.
        retstep: whether to return the distance between the numbers too.
        dtype: the type; by default a float type. Integers are rounded down.
        axis: the axis of the numbers in the result.

    Returns:
        A tensor, or `(tensor, distance)` with `retstep`.

    Example:
        >>> keras.ops.linspace(0.0, 1.0, 3)
        array([0., 0.5, 1.])
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
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Tensor:
    """Numbers from base ** start to base ** stop, evenly spaced in logarithms.

    See `linspace` for the arguments.
    """
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
    dtype: DTypeLike | None = None,
    axis: int = 0,
) -> Tensor:
    """Geometric sequence from `start` to `stop`, which must have the same sign.

    See `linspace` for the arguments.
    """
    out = _geometric(start, stop, num, endpoint, axis)
    return out if dtype is None else cast(out, dtype)


@op(name="meshgrid")
def _meshgrid(xs: Tensors, indexing: str) -> list[Tensor]:
    xs = [reshape(x, (-1,)) for x in xs]
    sizes = [shape(x)[0] for x in xs]
    order = list(range(len(xs)))  # the vector that varies along each axis
    if indexing == "xy" and len(xs) > 1:
        order[:2] = [1, 0]

    grid_shape = tuple(sizes[i] for i in order)
    out = []
    for i, x in enumerate(xs):
        along_own_axis = [sizes[i] if j == i else 1 for j in order]
        out.append(broadcast_to(reshape(x, along_own_axis), grid_shape))
    return out


def meshgrid(*x: Tensor, indexing: str = "xy") -> list[Tensor]:
    """Coordinates of the points of a grid.

    Args:
        *x: the coordinates along each axis, tensors that are flattened.
        indexing: "xy" puts the first along the second axis of the results, as in an
            image; "ij" along the first, as in a matrix.

    Returns:
        A list of tensors of the shape of the grid, one for each `x`.

    Example:
        >>> keras.ops.meshgrid([1, 2, 3], [4, 5])[1]
        array([[4, 4, 4], [5, 5, 5]])
    """
    check_choice(indexing, ("xy", "ij"), "indexing", "meshgrid")
    return _meshgrid(list(x), indexing)


@op
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Vandermonde matrix: the powers of each element as a row.

    Args:
        x: a tensor of rank 1.
        N: the number of powers, by default that of the elements.
        increasing: whether the powers ascend from 0; else they descend to 0.

    Raises:
        ValueError: `x` does not have rank 1, or `N` is negative.

    Example:
        >>> keras.ops.vander([1, 2, 3])
        array([[1, 1, 1], [4, 2, 1], [9, 3, 1]])
    """
    if len(x.shape) != 1:
        raise shape_error("vander: `x` must have rank 1", x)
    count = shape(x)[0] if N is None else N
    if isinstance(count, int):
        check_number(count, "N", "vander", least=0)

    table = current().TABLE
    dtype = current().dtype_of(x)
    powers = table["arange"](0, count, 1, "int32")
    if not increasing:
        powers = table["flip"](powers, 0)
    base = cast(x, not_bool(dtype))[:, None]
    powers = cast(powers, current().dtype_of(base))[None, :]

    # x ** 0 is 1 for all x, also in the gradient: no 0 ** -1 there.
    base = table["where"](powers == 0, powers * 0 + 1, base)
    return cast(table["power"](base, powers), dtype)


def _host(values: np.ndarray) -> Tensor:
    """A tensor of values computed on the host, as they depend on no tensor."""
    return current().convert_to_tensor(values, dtypes.floatx())


def bartlett(x: int) -> Tensor:
    """Bartlett window of `x` points: a triangle from 0 to 1 and back."""
    return _host(np.bartlett(int(x)))


def blackman(x: int) -> Tensor:
    """Blackman window of `x` points: 0.42 - 0.5 cos(a) + 0.08 cos(2 a)."""
    return _host(np.blackman(int(x)))


def hamming(x: int) -> Tensor:
    """Hamming window of `x` points: 0.54 - 0.46 cos(a)."""
    return _host(np.hamming(int(x)))


def hanning(x: int) -> Tensor:
    """Hann window of `x` points: 0.5 - 0.5 cos(a)."""
    return _host(np.hanning(int(x)))


def kaiser(x: int, beta: float) -> Tensor:
    """Kaiser window of `x` points; a larger `beta` makes it narrower. See `i0`."""
    return _host(np.kaiser(int(x), float(beta)))
