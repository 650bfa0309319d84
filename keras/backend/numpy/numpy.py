"""`keras.ops.numpy` in NumPy."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from itertools import accumulate
from typing import Any

import ml_dtypes
import numpy as np

from keras.backend.tables import as_tuple, check_elements, functions_of, in_wider
from keras.core.dtypes import numpy_dtype

# NumPy adds and multiplies these one by one, and rounds each time.
NARROW = dict.fromkeys(
    (np.dtype("float16"), np.dtype(ml_dtypes.bfloat16)), np.dtype("float32")
)


def cast_array(x: Any, dtype: Any) -> Any:
    """`x` in another type."""
    return x.astype(dtype, copy=False)


def in_float32(fn: Callable) -> Callable:
    """`fn`, which computes in float32 what has fewer bits."""
    return in_wider(fn, NARROW, cast_array)


# --- one tensor -------------------------------------------------------------------


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
    """The elements, no smaller than `x_min` and no larger than `x_max`."""
    if x_min is not None:
        x = np.maximum(x, x_min)
    return x if x_max is None else np.minimum(x, x_max)


def conjugate(x: Any) -> Any:
    """The elements with the sign of the imaginary part turned."""
    return np.conjugate(x) if x.dtype.kind == "c" else x


def i0(x: Any) -> Any:
    """The modified Bessel function of order 0."""
    return np.i0(np.asarray(x, "float64")).astype(x.dtype)


def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """The elements, with numbers for nan and the infinities."""
    if x.dtype.kind == "V":  # NumPy does not know the largest number of these
        limits = ml_dtypes.finfo(x.dtype)
        posinf = float(limits.max) if posinf is None else posinf
        neginf = float(limits.min) if neginf is None else neginf
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def round(x: Any, decimals: int = 0) -> Any:
    """The elements rounded to so many decimals, halves to even."""
    if x.dtype == bool:
        raise TypeError("round: booleans cannot be rounded.")
    return np.round(x, decimals)


def sign(x: Any) -> Any:
    """-1, 0 or 1; nan for nan."""
    return x if x.dtype == bool else np.sign(x)


def where(condition: Any, x1: Any, x2: Any) -> Any:
    """Elements of `x1` where the condition holds, of `x2` elsewhere."""
    dtype = getattr(x1, "dtype", None) or x2.dtype
    return np.where(condition, np.asarray(x1, dtype), np.asarray(x2, dtype))


# --- reductions -------------------------------------------------------------------


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _reduction(fn: Callable) -> Callable:
    """A reduction of NumPy's with the op's arguments; narrow floats by float32."""

    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return fn(x, axis=_axes(axis), keepdims=keepdims)

    return in_float32(reduce)


def sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum, in the type of the elements."""
    return np.sum(x, _axes(axis), x.dtype, keepdims=keepdims)


def _prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return np.prod(x, axis=_axes(axis), dtype=x.dtype, keepdims=keepdims)


def _extreme(fn: Callable) -> Callable:
    def reduce(
        x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Any:
        if initial is None:
            check_elements(x.shape, axis)
            return fn(x, axis=_axes(axis), keepdims=keepdims)
        first = np.asarray(initial, x.dtype)
        return fn(x, axis=_axes(axis), keepdims=keepdims, initial=first)

    return reduce


def _place(fn: Callable) -> Callable:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return np.asarray(fn(x, axis=axis, keepdims=keepdims)).astype("int32")

    return reduce


def count_nonzero(x: Any, axis: Any = None) -> Any:
    """How many elements are not zero, as int32."""
    return np.asarray(np.count_nonzero(x, axis=_axes(axis))).astype("int32")


def _running(fn: Callable) -> Callable:
    def run(x: Any, axis: Any = None) -> Any:
        return fn(x, axis=axis, dtype=x.dtype)

    return in_float32(run)


# --- order ------------------------------------------------------------------------


def sort(x: Any, axis: Any = -1) -> Any:
    """The elements in ascending order."""
    return np.sort(x, axis=axis, kind="stable")


def argsort(x: Any, axis: Any = -1) -> Any:
    """The places that would sort the elements, as int32."""
    return np.argsort(x, axis=axis, kind="stable").astype("int32")


def bincount(x: Any, weights: Any, minlength: int) -> Any:
    """How often each number occurs, or its weights' sum: of a row, or of each row."""
    dtype = np.dtype("int32") if weights is None else weights.dtype
    length = max(minlength, int(x.max()) + 1 if x.size else 0)
    if x.ndim == 1:
        return np.bincount(x, weights, length).astype(dtype)

    places = (x + np.arange(len(x))[:, None] * length).ravel()
    flat = None if weights is None else weights.ravel()
    found = np.bincount(places, flat, len(x) * length)
    return found.astype(dtype).reshape(len(x), length)


# --- shapes -----------------------------------------------------------------------


def reshape(x: Any, newshape: Any) -> Any:
    """The elements in another shape, in which -1 or None is what is left over."""
    return np.reshape(x, [-1 if n is None else int(n) for n in as_tuple(newshape)])


def _pad(x: Any, width: Any, mode: Any, value: Any) -> Any:
    if mode != "constant":
        return np.pad(x, width, mode)
    sizes = [before + n + after for n, (before, after) in zip(x.shape, width)]
    # As large as the values where cutting is meant by a negative width.
    out = np.full(sizes, value, x.dtype)
    out[tuple(slice(low, low + n) for n, (low, _) in zip(x.shape, width))] = x
    return out


def _split(x: Any, sizes: Any, axis: int) -> list[Any]:
    return np.split(x, [*accumulate(sizes[:-1])], axis)


def _unstack(x: Any, axis: int) -> list[Any]:
    return list(np.moveaxis(x, axis, 0))


def diag(x: Any, k: int = 0) -> Any:
    """A matrix with this diagonal, or the diagonal of a matrix."""
    if x.ndim not in (1, 2):
        raise ValueError(f"diag: `x` has 1 or 2 axes; received shape {tuple(x.shape)}.")
    return np.diag(x, k)


def tril(x: Any, k: int = 0) -> Any:
    """The matrices with zeros above a diagonal."""
    rows, columns = x.shape[-2:]
    return np.where(np.tri(rows, columns, k, bool), x, np.zeros((), x.dtype))


def triu(x: Any, k: int = 0) -> Any:
    """The matrices with zeros below a diagonal."""
    rows, columns = x.shape[-2:]
    return np.where(np.tri(rows, columns, k - 1, bool), np.zeros((), x.dtype), x)


# --- products ---------------------------------------------------------------------


@in_float32
def matmul(x1: Any, x2: Any) -> Any:
    """The product of matrices."""
    if x2.ndim == 2 and x1.ndim > 2:  # one product instead of one for each matrix
        rows = np.reshape(x1, (-1, x1.shape[-1]))
        return (rows @ x2).reshape(*x1.shape[:-1], x2.shape[-1])
    return np.matmul(x1, x2)


@in_float32
def _linear(x: Any, kernel: Any, bias: Any = None) -> Any:
    out = matmul(x, kernel)
    return out if bias is None else np.add(out, bias, out=out)


@in_float32
def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    """The sum of products over several axes."""
    if x1.dtype == bool:
        return np.tensordot(x1.astype("int32"), x2.astype("int32"), axes) != 0
    return np.tensordot(x1, x2, axes)


@in_float32
def einsum(operands: list, subscripts: str) -> Any:
    """Sums of products over named axes."""
    if len(operands) == 2 and operands[0].dtype.kind in "fc":
        plan = _matrix_plan(subscripts.replace(" ", ""))
        if plan is not None:
            return _as_matrices(operands[0], operands[1], plan)
    return np.einsum(subscripts, *operands, optimize=True)


Plan = tuple[list[int], list[int], tuple[int, int, int], list[int]]


@functools.cache
def _matrix_plan(subscripts: str) -> Plan | None:
    """How an einsum of two tensors is one product of matrices, or None.

    Returns:
        The axes of each tensor in the order for the product, how many of the first's
        are for the batch, for the rows and for the sum, and the result's order.
    """
    inputs, arrow, output = subscripts.partition("->")
    left, comma, right = inputs.partition(",")
    letters = left + right + output
    once = all(len(set(part)) == len(part) for part in (left, right, output))
    if not arrow or not comma or "." in letters or not once:
        return None

    batch = [a for a in left if a in right and a in output]
    summed = [a for a in left if a in right and a not in output]
    rows = [a for a in left if a not in right]
    columns = [a for a in right if a not in left]
    if set(rows + columns) - set(output):
        return None

    found = batch + rows + columns
    return (
        [left.index(a) for a in batch + rows + summed],
        [right.index(a) for a in batch + summed + columns],
        (len(batch), len(rows), len(summed)),
        [found.index(a) for a in output],
    )


def _as_matrices(x1: Any, x2: Any, plan: Plan) -> Any:
    """An einsum by `np.matmul`, which is several times as fast as `np.einsum`."""
    order1, order2, (batch, rows, summed), order = plan
    x1, x2 = x1.transpose(order1), x2.transpose(order2)
    lead = tuple(map(max, x1.shape[:batch], x2.shape[:batch]))
    outer1 = x1.shape[batch : batch + rows]
    outer2 = x2.shape[batch + summed :]
    inner = x1.shape[batch + rows :]

    if inner != x2.shape[batch : batch + summed] or x1.shape[:batch] != lead:
        raise ValueError(
            f"einsum: sizes differ along an axis of the same letter; the shapes are "
            f"{tuple(x1.shape)} and {tuple(x2.shape)}."
        )
    size = int(np.prod(inner))
    product = matmul(
        x1.reshape(*x1.shape[:batch], int(np.prod(outer1)), size),
        x2.reshape(*x2.shape[:batch], size, int(np.prod(outer2))),
    )
    return product.reshape(*lead, *outer1, *outer2).transpose(order)


# --- values -----------------------------------------------------------------------


def arange(start: Any, stop: Any, step: Any, dtype: str) -> Any:
    """Numbers counted up."""
    return np.arange(start, stop, step, dtype=numpy_dtype(dtype))


def full(shape: Any, fill_value: Any, dtype: str) -> Any:
    """One value throughout."""
    return np.full(shape, fill_value, numpy_dtype(dtype))


def full_like(x: Any, fill_value: Any, dtype: Any) -> Any:
    """One value throughout, in the shape of `x`."""
    wanted = x.dtype if dtype is None else numpy_dtype(dtype)
    return np.full(x.shape, fill_value, wanted)


def searchsorted(sorted_sequence: Any, values: Any, side: Any) -> Any:
    """Where each value would be put in, as int32."""
    return np.asarray(np.searchsorted(sorted_sequence, values, side)).astype("int32")


def slogdet(x: Any) -> tuple[Any, Any]:
    """The sign of the determinant, and the logarithm of its absolute value."""
    return tuple(np.linalg.slogdet(x))


TABLE: dict[str, Callable] = {
    **functions_of(
        np,
        """
        absolute angle arccos arccosh arcsin arcsinh arctan arctanh bitwise_not cbrt
        ceil copy cos cosh deg2rad exp exp2 expm1 floor imag isfinite isinf
        isnan isreal log log10 log1p log2 logical_not negative rad2deg real reciprocal
        signbit sin sinc sinh sqrt square tan tanh trunc

        add arctan2 bitwise_and bitwise_or bitwise_xor divide equal floor_divide fmax
        fmin fmod gcd greater greater_equal heaviside hypot lcm left_shift less
        less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum
        minimum mod multiply nextafter not_equal power right_shift subtract

        broadcast_to concatenate diagonal expand_dims flip moveaxis ravel
        roll squeeze stack swapaxes take take_along_axis tile transpose
        """,
    ),
    **functions_of(np, "mean std var", _reduction),
    **functions_of(np, "max min", _extreme),
    **functions_of(np, "argmax argmin", _place),
    **functions_of(np, "cumprod cumsum", _running),
    **functions_of(
        sys.modules[__name__],
        """
        _linear _pad _split _unstack arange argsort bincount clip conjugate
        count_nonzero diag einsum full full_like i0 matmul nan_to_num reshape round
        searchsorted sign slogdet sort tensordot tril triu where
        """,
    ),
    "_prod": in_float32(_prod),
    "_repeat": lambda x, repeats, axis: np.repeat(x, repeats, axis),
    "_view": lambda x, dtype: np.ascontiguousarray(x).view(numpy_dtype(dtype)),
    "all": lambda x, axis=None, keepdims=False: np.all(x, _axes(axis), None, keepdims),
    "any": lambda x, axis=None, keepdims=False: np.any(x, _axes(axis), None, keepdims),
    "get_item": lambda x, key: x[key],
    "nonzero": lambda x: tuple(p.astype("int32") for p in np.nonzero(x)),
    "sum": in_float32(sum),
}

# Ops whose function takes a Python scalar beside a tensor as it is.
WEAK = frozenset(
    """
    add subtract multiply divide floor_divide mod fmod power maximum minimum fmax fmin
    arctan2 hypot clip equal not_equal greater greater_equal less less_equal logaddexp
    logaddexp2 heaviside where bitwise_and bitwise_or bitwise_xor left_shift right_shift
    """.split()
)
