"""`keras.ops.numpy` in TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from keras.backend.tensorflow import indexing, shaping
from keras.backend.tensorflow.tensor import convert_to_tensor
from keras.core import dtypes


def _is_real(x: Any) -> bool:
    return x.dtype.is_floating


def _is_bool(x: Any) -> bool:
    return x.dtype == tf.bool


# --- one tensor -------------------------------------------------------------------


def _absolute(x: Any) -> Any:
    return x if _is_bool(x) or x.dtype.is_unsigned else tf.abs(x)


def _angle(x: Any) -> Any:
    if x.dtype.is_complex:
        return tf.math.angle(x)
    return tf.where(x < 0, tf.constant(math.pi, x.dtype), x * 0)


def _cbrt(x: Any) -> Any:
    return tf.sign(x) * tf.abs(x) ** (1.0 / 3.0)


def _clip(x: Any, x_min: Any = None, x_max: Any = None) -> Any:
    if x_min is not None:
        x = tf.maximum(x, x_min)
    return x if x_max is None else tf.minimum(x, x_max)


def _conjugate(x: Any) -> Any:
    return tf.math.conj(x) if x.dtype.is_complex else x


def _i0(x: Any) -> Any:
    if x.dtype == tf.bfloat16:
        return tf.cast(tf.math.bessel_i0(tf.cast(x, tf.float32)), x.dtype)
    return tf.math.bessel_i0(x)


def _imag(x: Any) -> Any:
    return tf.math.imag(x) if x.dtype.is_complex else tf.zeros_like(x)


def _isreal(x: Any) -> Any:
    return tf.math.imag(x) == 0 if x.dtype.is_complex else tf.ones_like(x, tf.bool)


def _is(fn: Callable) -> Callable:
    def test(x: Any) -> Any:
        if x.dtype.is_complex:
            raise TypeError("isnan, isinf and isfinite take real numbers.")
        return fn(x)

    return test


def _nan_to_num(
    x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    if not _is_real(x):
        return x
    high = x.dtype.max if posinf is None else posinf
    low = x.dtype.min if neginf is None else neginf
    for test, value in (
        (tf.math.is_nan(x), nan),
        (x == math.inf, high),
        (x == -math.inf, low),
    ):
        x = tf.where(test, tf.constant(value, x.dtype), x)
    return x


def _round(x: Any, decimals: int = 0) -> Any:
    if _is_bool(x):
        raise TypeError("round: booleans cannot be rounded.")
    real = _is_real(x)
    if not decimals or (decimals > 0 and not real):
        return tf.round(x) if real else x
    factor = 10.0 ** abs(decimals)
    wide = x if real else tf.cast(x, tf.float64)
    if decimals > 0:
        return tf.round(wide * factor) / factor
    return tf.cast(tf.round(wide / factor) * factor, x.dtype)


def _sign(x: Any) -> Any:
    if _is_bool(x):
        return x
    if x.dtype.is_unsigned:
        return tf.cast(x > 0, x.dtype)
    return tf.sign(x)


_BITS = {1: tf.int8, 2: tf.int16, 4: tf.int32, 8: tf.int64}


def _signbit(x: Any) -> Any:
    if not _is_real(x):
        return tf.zeros_like(x, tf.bool) if _is_bool(x) else x < 0
    return tf.bitcast(x, _BITS[x.dtype.size]) < 0


def _trunc(x: Any) -> Any:
    return tf.where(x < 0, tf.math.ceil(x), tf.floor(x)) if _is_real(x) else x


def _bitwise_not(x: Any) -> Any:
    return tf.logical_not(x) if _is_bool(x) else tf.bitwise.invert(x)


# --- two tensors ------------------------------------------------------------------


def _or_logical(fn: Callable, logical: Callable) -> Callable:
    """Arithmetic that TensorFlow has for numbers alone, with its form for booleans."""

    def compute(x1: Any, x2: Any) -> Any:
        return logical(x1, x2) if x1.dtype == tf.bool else fn(x1, x2)

    return compute


def _compared(fn: Callable) -> Callable:
    def compare(x1: Any, x2: Any) -> Any:
        if x1.dtype == tf.bool:
            x1, x2 = tf.cast(x1, tf.int32), tf.cast(x2, tf.int32)
        return fn(x1, x2)

    return compare


def _power(x1: Any, x2: Any) -> Any:
    if x1.dtype.is_integer and x1.dtype not in (tf.int8, tf.int16, tf.int32, tf.int64):
        return tf.cast(tf.pow(tf.cast(x1, tf.int64), tf.cast(x2, tf.int64)), x1.dtype)
    return tf.pow(x1, x2)


def _fmod(x1: Any, x2: Any) -> Any:
    dtype = x1.dtype
    if dtype in (tf.int32, tf.int64, tf.float32, tf.float64):
        return tf.truncatemod(x1, x2)
    wide = tf.float32 if _is_real(x1) else tf.int64
    return tf.cast(tf.truncatemod(tf.cast(x1, wide), tf.cast(x2, wide)), dtype)


def _nextafter(x1: Any, x2: Any) -> Any:
    if x1.dtype in (tf.float32, tf.float64):
        return tf.math.nextafter(x1, x2)
    # TensorFlow steps through the 32-bit numbers only.
    bits = tf.int16
    ordered = tf.bitcast(x1, bits)
    away = (x1 > 0) == (x2 > x1)
    step = tf.where(away, tf.ones_like(ordered), -tf.ones_like(ordered))
    moved = tf.bitcast(ordered + step, x1.dtype)
    least = tf.bitcast(tf.ones_like(ordered), x1.dtype)
    moved = tf.where(x1 == 0, tf.where(x2 > 0, least, -least), moved)
    moved = tf.where(x1 == x2, x2, moved)
    return tf.where((x1 != x1) | (x2 != x2), x1 + x2, moved)


def _gcd(x1: Any, x2: Any) -> Any:
    if not x1.dtype.is_integer:
        raise TypeError(f"gcd: integers are needed; received dtype {x1.dtype.name}.")
    full = tf.broadcast_dynamic_shape(tf.shape(x1), tf.shape(x2))
    a, b = (tf.broadcast_to(_absolute(x), full) for x in (x1, x2))
    shape = tf.broadcast_static_shape(x1.shape, x2.shape)

    def step(a: Any, b: Any) -> Any:
        safe = tf.where(b == 0, tf.ones_like(b), b)
        return tf.where(b == 0, a, b), tf.where(b == 0, b, tf.math.floormod(a, safe))

    found, _ = tf.while_loop(lambda a, b: tf.reduce_any(b != 0), step, (a, b))
    return tf.ensure_shape(found, shape)


def _lcm(x1: Any, x2: Any) -> Any:
    common = _gcd(x1, x2)
    safe = tf.where(common == 0, tf.ones_like(common), common)
    return _absolute(x1) // safe * _absolute(x2)


# --- reductions -------------------------------------------------------------------


def _axes(axis: Any) -> Any:
    return list(axis) if isinstance(axis, tuple) else axis


def _reduction(fn: Callable) -> Callable:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return fn(x, _axes(axis), keepdims)

    return reduce


def _prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    fn = tf.reduce_all if _is_bool(x) else tf.reduce_prod
    return fn(x, _axes(axis), keepdims)


def _extreme(fn: Callable, pair: Callable, of_bools: Callable) -> Callable:
    def reduce(
        x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Any:
        if _is_bool(x):
            return of_bools(x, _axes(axis), keepdims)
        if initial is None and 0 in x.shape:
            raise ValueError(
                f"No elements in a tensor of shape {x.shape}: give `initial`."
            )
        out = fn(x, _axes(axis), keepdims)
        if _is_real(x):
            # TensorFlow's own drops nan where vectors are compared.
            spoiled = tf.reduce_any(tf.math.is_nan(x), _axes(axis), keepdims)
            out = tf.where(spoiled, tf.constant(math.nan, x.dtype), out)
        if initial is None:
            return out
        return pair(
            out, convert_to_tensor(initial, dtypes.standardize_dtype(x.dtype.name))
        )

    return reduce


def _place(fn: Callable) -> Callable:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if _is_bool(x):
            x = tf.cast(x, tf.int32)
        rank = x.shape.rank
        row = tf.reshape(x, (-1,)) if axis is None else x
        found = fn(row, 0 if axis is None else axis, output_type=tf.int32)
        if not keepdims:
            return found
        if axis is None:
            return tf.reshape(found, (1,) * rank)
        return tf.expand_dims(found, axis)

    return reduce


def _count_nonzero(x: Any, axis: Any = None) -> Any:
    return tf.math.count_nonzero(x, _axes(axis), dtype=tf.int32)


def _running(fn: Callable) -> Callable:
    def run(x: Any, axis: Any = None) -> Any:
        return fn(tf.reshape(x, (-1,)), 0) if axis is None else fn(x, axis)

    return run


# --- order ------------------------------------------------------------------------


def _sort(x: Any, axis: Any = -1) -> Any:
    x, axis = shaping.as_row(x, axis)
    if _is_bool(x):
        return tf.cast(tf.sort(tf.cast(x, tf.int32), axis), tf.bool)
    if _is_real(x):
        return indexing.take_along_axis(x, _argsort(x, axis), axis)
    return tf.sort(x, axis)


def _argsort(x: Any, axis: Any = -1) -> Any:
    x, axis = shaping.as_row(x, axis)
    if _is_bool(x):
        x = tf.cast(x, tf.int32)
    if _is_real(x):
        # nan goes last; the largest number stands for infinity, nan for what follows.
        x = tf.where(tf.math.is_nan(x), tf.constant(math.inf, x.dtype), x)
    return tf.argsort(x, axis, stable=True)


def _searchsorted(sorted_sequence: Any, values: Any, side: str) -> Any:
    if sorted_sequence.dtype in (tf.bool, tf.int8, tf.int16, tf.uint16):
        sorted_sequence = tf.cast(sorted_sequence, tf.int32)
        values = tf.cast(values, tf.int32)
    elif sorted_sequence.dtype in (tf.uint8, tf.uint32):
        sorted_sequence = tf.cast(sorted_sequence, tf.int64)
        values = tf.cast(values, tf.int64)
    found = tf.searchsorted(sorted_sequence, tf.reshape(values, (-1,)), side)
    return tf.reshape(found, shaping.sizes(values))


def _bincount(x: Any, weights: Any, minlength: int) -> Any:
    return tf.math.bincount(
        tf.cast(x, tf.int32),
        weights=weights,
        minlength=minlength,
        axis=-1 if x.shape.rank == 2 else 0,
        dtype=tf.int32 if weights is None else weights.dtype,
    )


# --- new tensors ------------------------------------------------------------------


def _full(shape: Any, fill_value: Any, dtype: str) -> Any:
    return tf.fill(shape, _scalar(fill_value, dtype))


def _scalar(value: Any, dtype: str) -> Any:
    return tf.constant(np.asarray(value).astype(dtypes.numpy_dtype(dtype)))


def _full_like(x: Any, fill_value: Any, dtype: Any) -> Any:
    return tf.fill(shaping.sizes(x), _scalar(fill_value, dtype or x.dtype.name))


def _arange(start: Any, stop: Any, step: Any, dtype: str) -> Any:
    if dtype in ("int32", "int64", "float32", "float64"):
        return tf.range(start, stop, step, dtype=dtype)
    wide = "float32" if dtypes.is_float_dtype(dtype) else "int64"
    return tf.cast(tf.range(start, stop, step, dtype=wide), dtype)


# --- products ---------------------------------------------------------------------

_NO_PRODUCT = (tf.bool, tf.int8, tf.int16, tf.uint8, tf.uint16, tf.uint32)


def _by_wide(fn: Callable) -> Callable:
    """Products of types for which TensorFlow has none, in a wider one."""

    def compute(xs: Any, *static: Any) -> Any:
        dtype = xs[0].dtype
        if dtype not in _NO_PRODUCT:
            return fn(xs, *static)
        wide = tf.int64 if dtype == tf.uint32 else tf.int32
        return tf.cast(fn([tf.cast(x, wide) for x in xs], *static), dtype)

    return compute


@_by_wide
def _matmul_of(xs: Any) -> Any:
    x1, x2 = xs
    rank1, rank2 = x1.shape.rank, x2.shape.rank
    if not rank1 or not rank2:
        raise ValueError(
            f"matmul: a tensor without axes has no matrix; received shapes {x1.shape} "
            f"and {x2.shape}."
        )
    if rank1 == 1 and rank2 == 1:
        return tf.reduce_sum(x1 * x2)
    if rank2 == 1:
        return tf.linalg.matvec(x1, x2)
    if rank1 == 1:
        return tf.linalg.matvec(x2, x1, transpose_a=True)
    if rank1 > 2 and rank2 == 2:
        return tf.tensordot(x1, x2, 1)
    return tf.matmul(x1, x2)


def _matmul(x1: Any, x2: Any) -> Any:
    return _matmul_of([x1, x2])


@_by_wide
def _tensordot_of(xs: Any, axes: Any) -> Any:
    return tf.tensordot(*xs, axes)


def _tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    return _tensordot_of([x1, x2], axes)


@_by_wide
def _einsum(operands: Any, subscripts: str) -> Any:
    return tf.einsum(subscripts, *operands)


TABLE: dict[str, Callable] = {
    # One tensor
    "absolute": _absolute,
    "angle": _angle,
    "arccos": tf.acos,
    "arccosh": tf.acosh,
    "arcsin": tf.asin,
    "arcsinh": tf.asinh,
    "arctan": tf.atan,
    "arctanh": tf.atanh,
    "bitwise_not": _bitwise_not,
    "cbrt": _cbrt,
    "ceil": tf.math.ceil,
    "clip": _clip,
    "conjugate": _conjugate,
    "copy": tf.identity,
    "cos": tf.cos,
    "cosh": tf.cosh,
    "exp": tf.exp,
    "expm1": tf.math.expm1,
    "floor": tf.floor,
    "i0": _i0,
    "imag": _imag,
    "isfinite": _is(tf.math.is_finite),
    "isinf": _is(tf.math.is_inf),
    "isnan": _is(tf.math.is_nan),
    "isreal": _isreal,
    "log": tf.math.log,
    "log1p": tf.math.log1p,
    "logical_not": tf.logical_not,
    "nan_to_num": _nan_to_num,
    "negative": tf.negative,
    "real": tf.math.real,
    "reciprocal": tf.math.reciprocal,
    "round": _round,
    "sign": _sign,
    "signbit": _signbit,
    "sin": tf.sin,
    "sinh": tf.sinh,
    "sqrt": tf.sqrt,
    "square": tf.square,
    "tan": tf.tan,
    "tanh": tf.tanh,
    "trunc": _trunc,
    # Two tensors
    "add": _or_logical(tf.add, tf.logical_or),
    "arctan2": tf.atan2,
    "bitwise_and": _or_logical(tf.bitwise.bitwise_and, tf.logical_and),
    "bitwise_or": _or_logical(tf.bitwise.bitwise_or, tf.logical_or),
    "bitwise_xor": _or_logical(tf.bitwise.bitwise_xor, tf.math.logical_xor),
    "divide": tf.divide,
    "divide_no_nan": tf.math.divide_no_nan,
    "equal": tf.equal,
    "floor_divide": tf.math.floordiv,
    "fmod": _fmod,
    "gcd": _gcd,
    "greater": _compared(tf.greater),
    "greater_equal": _compared(tf.greater_equal),
    "lcm": _lcm,
    "left_shift": tf.bitwise.left_shift,
    "less": _compared(tf.less),
    "less_equal": _compared(tf.less_equal),
    "logical_and": tf.logical_and,
    "logical_or": tf.logical_or,
    "logical_xor": tf.math.logical_xor,
    "maximum": _or_logical(tf.maximum, tf.logical_or),
    "minimum": _or_logical(tf.minimum, tf.logical_and),
    "mod": tf.math.floormod,
    "multiply": _or_logical(tf.multiply, tf.logical_and),
    "nextafter": _nextafter,
    "not_equal": tf.not_equal,
    "power": _power,
    "right_shift": tf.bitwise.right_shift,
    "subtract": tf.subtract,
    # Reductions
    "all": _reduction(tf.reduce_all),
    "any": _reduction(tf.reduce_any),
    "argmax": _place(tf.argmax),
    "argmin": _place(tf.argmin),
    "count_nonzero": _count_nonzero,
    "cumprod": _running(tf.math.cumprod),
    "cumsum": _running(tf.cumsum),
    "max": _extreme(tf.reduce_max, tf.maximum, tf.reduce_any),
    "mean": _reduction(tf.reduce_mean),
    "min": _extreme(tf.reduce_min, tf.minimum, tf.reduce_all),
    "_prod": _prod,
    "std": _reduction(tf.math.reduce_std),
    "sum": _reduction(tf.reduce_sum),
    "var": _reduction(tf.math.reduce_variance),
    # Order
    "argsort": _argsort,
    "bincount": _bincount,
    "searchsorted": _searchsorted,
    "sort": _sort,
    # Shapes
    "_last_axes": shaping.last_axes,
    "_pad": shaping.pad,
    "_repeat": shaping.repeat,
    "_split": shaping.split,
    "_view": shaping.view,
    "broadcast_to": shaping.broadcast_to,
    "concatenate": shaping.concatenate,
    "expand_dims": shaping.expand_dims,
    "flip": shaping.flip,
    "moveaxis": shaping.moveaxis,
    "reshape": shaping.reshape,
    "roll": shaping.roll,
    "squeeze": shaping.squeeze,
    "stack": tf.stack,
    "swapaxes": shaping.swapaxes,
    "tile": shaping.tile,
    "transpose": shaping.transpose,
    # Places
    "diag": indexing.diag,
    "diagonal": indexing.diagonal,
    "get_item": indexing.get_item,
    "nonzero": indexing.nonzero,
    "take": indexing.take,
    "take_along_axis": indexing.take_along_axis,
    "tril": indexing.triangle(lower=True),
    "triu": indexing.triangle(lower=False),
    "where": indexing.where,
    # New tensors
    "arange": _arange,
    "full": _full,
    "full_like": _full_like,
    # Products
    "einsum": _einsum,
    "matmul": _matmul,
    "slogdet": tf.linalg.slogdet,
    "tensordot": _tensordot,
}

# Ops whose function takes a Python scalar beside a tensor as it is.
WEAK: frozenset[str] = frozenset(("where", "full_like"))
