"""`keras.ops.numpy` in TensorFlow."""

from __future__ import annotations

import math
import string
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from keras.backend.tables import check_elements, functions_of, in_wider
from keras.backend.tensorflow import indexing, shaping
from keras.backend.tensorflow.tensor import convert_to_tensor
from keras.core import dtypes

# Types that some functions lack, and the wider ones that stand in for them.
_BYTES = (tf.int8, tf.int16, tf.uint8, tf.uint16)
_BOOL = {tf.bool: tf.int32}
_NARROW = {**dict.fromkeys((tf.bool, *_BYTES), tf.int32), tf.uint32: tf.int64}
_RARE = dict.fromkeys((*_BYTES, tf.uint32, tf.uint64), tf.int64)
_HALF = dict.fromkeys((tf.float16, tf.bfloat16), tf.float32)


def _is_real(x: Any) -> bool:
    return x.dtype.is_floating


def _is_bool(x: Any) -> bool:
    return x.dtype == tf.bool


# --- one tensor -------------------------------------------------------------------


def absolute(x: Any) -> Any:
    return x if _is_bool(x) or x.dtype.is_unsigned else tf.abs(x)


def clip(x: Any, x_min: Any = None, x_max: Any = None) -> Any:
    if x_min is not None:
        x = tf.maximum(x, x_min)
    return x if x_max is None else tf.minimum(x, x_max)


def _is(fn: Callable) -> Callable:
    def test(x: Any) -> Any:
        if x.dtype.is_complex:
            raise TypeError("isnan, isinf and isfinite take real numbers.")
        return fn(x)

    return test


def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
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


def _rounded(x: Any, decimals: int = 0) -> Any:
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


def sign(x: Any) -> Any:
    if _is_bool(x):
        return x
    if x.dtype.is_unsigned:
        return tf.cast(x > 0, x.dtype)
    return tf.sign(x)


_BITS = {1: tf.int8, 2: tf.int16, 4: tf.int32, 8: tf.int64}


def signbit(x: Any) -> Any:
    if not _is_real(x):
        return tf.zeros_like(x, tf.bool) if _is_bool(x) else x < 0
    return tf.bitcast(x, _BITS[x.dtype.size]) < 0


# --- two tensors ------------------------------------------------------------------


def _or_logical(fn: Callable, logical: Callable) -> Callable:
    """Arithmetic that TensorFlow has for numbers alone, with its form for booleans."""

    def compute(x: Any, *others: Any) -> Any:
        return (logical if _is_bool(x) else fn)(x, *others)

    return compute


def nextafter(x1: Any, x2: Any) -> Any:
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


def gcd(x1: Any, x2: Any) -> Any:
    if not x1.dtype.is_integer:
        raise TypeError(f"gcd: integers are needed; received dtype {x1.dtype.name}.")
    full = tf.broadcast_dynamic_shape(tf.shape(x1), tf.shape(x2))
    a, b = (tf.broadcast_to(absolute(x), full) for x in (x1, x2))
    shape = tf.broadcast_static_shape(x1.shape, x2.shape)

    def step(a: Any, b: Any) -> Any:
        safe = tf.where(b == 0, tf.ones_like(b), b)
        return tf.where(b == 0, a, b), tf.where(b == 0, b, tf.math.floormod(a, safe))

    found, _ = tf.while_loop(lambda a, b: tf.reduce_any(b != 0), step, (a, b))
    return tf.ensure_shape(found, shape)


def lcm(x1: Any, x2: Any) -> Any:
    common = gcd(x1, x2)
    safe = tf.where(common == 0, tf.ones_like(common), common)
    return absolute(x1) // safe * absolute(x2)


# --- reductions -------------------------------------------------------------------


def _axes(axis: Any) -> Any:
    return list(axis) if isinstance(axis, tuple) else axis


def _reduction(fn: Callable) -> Callable:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return fn(x, _axes(axis), keepdims)

    return reduce


def _extreme(fn: Callable, pair: Callable, of_bools: Callable) -> Callable:
    def reduce(
        x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Any:
        if _is_bool(x):
            return of_bools(x, _axes(axis), keepdims)
        if initial is None:
            check_elements(x.shape, axis)
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
        rank = x.shape.rank
        found = fn(*shaping.as_row(x, axis), output_type=tf.int32)
        if not keepdims:
            return found
        if axis is None:
            return tf.reshape(found, (1,) * rank)
        return tf.expand_dims(found, axis)

    return in_wider(reduce, _BOOL, tf.cast, back=False)


def _running(fn: Callable) -> Callable:
    def run(x: Any, axis: Any = None) -> Any:
        return fn(*shaping.as_row(x, axis))

    return run


def _fmod(x1: Any, x2: Any) -> Any:
    """`tf.truncatemod` has no gradient: for floats, the same by `floormod`."""
    if not x1.dtype.is_floating:
        return tf.truncatemod(x1, x2)
    rest = tf.math.floormod(tf.abs(x1), tf.abs(x2))
    return tf.where(x1 < 0, -rest, rest)


# --- order ------------------------------------------------------------------------


def sort(x: Any, axis: Any = -1) -> Any:
    x, axis = shaping.as_row(x, axis)
    if _is_real(x):
        return indexing.take_along_axis(x, argsort(x, axis), axis)
    return tf.sort(x, axis)


def argsort(x: Any, axis: Any = -1) -> Any:
    x, axis = shaping.as_row(x, axis)
    if not _is_real(x):
        return tf.argsort(x, axis, stable=True)
    missing = tf.math.is_nan(x)
    order = tf.argsort(
        tf.where(missing, tf.constant(math.inf, x.dtype), x), axis, stable=True
    )

    def missing_last() -> Any:
        late = tf.cast(indexing.take_along_axis(missing, order, axis), tf.int32)
        last = tf.argsort(late, axis, stable=True)
        return indexing.take_along_axis(order, last, axis)

    # nan goes last, after infinity, which it stood in for.
    return tf.cond(tf.reduce_any(missing), missing_last, lambda: order)


def searchsorted(sorted_sequence: Any, values: Any, side: str) -> Any:
    found = tf.searchsorted(sorted_sequence, tf.reshape(values, (-1,)), side)
    return tf.reshape(found, shaping.sizes(values))


def bincount(x: Any, weights: Any, minlength: int) -> Any:
    return tf.math.bincount(
        tf.cast(x, tf.int32),
        weights=weights,
        minlength=minlength,
        axis=-1 if x.shape.rank == 2 else 0,
        dtype=tf.int32 if weights is None else weights.dtype,
    )


# --- new tensors ------------------------------------------------------------------


def _scalar(value: Any, dtype: str) -> Any:
    return tf.constant(np.asarray(value).astype(dtypes.numpy_dtype(dtype)))


def arange(start: Any, stop: Any, step: Any, dtype: str) -> Any:
    if dtype in ("int32", "int64", "float32", "float64"):
        return tf.range(start, stop, step, dtype=dtype)
    wide = "float32" if dtypes.is_float_dtype(dtype) else "int64"
    return tf.cast(tf.range(start, stop, step, dtype=wide), dtype)


# --- products ---------------------------------------------------------------------


def _matmul(x1: Any, x2: Any) -> Any:
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


def _einsum(xs: list[Any], subscripts: str) -> tf.Tensor:
    """tf.einsum; one "..." is spelt out, since its gradient takes 80 times as long."""
    terms, _, out = subscripts.replace(" ", "").partition("->")
    left_out = [(x, t) for x, t in zip(xs, terms.split(",")) if "..." in t]
    if len(left_out) == 1 and "..." in out:
        x, term = left_out[0]
        free = [c for c in string.ascii_letters if c not in subscripts]
        axes = "".join(free[: x.shape.rank - len(term) + 3])
        subscripts = subscripts.replace("...", axes)
    return tf.einsum(subscripts, *xs)


TABLE: dict[str, Callable] = {
    **functions_of(
        tf,
        """
        arccos=acos arccosh=acosh arcsin=asin arcsinh=asinh arctan=atan arctanh=atanh
        ceil=math.ceil copy=identity cos cosh exp expm1=math.expm1 floor log=math.log
        log1p=math.log1p logical_not negative real=math.real reciprocal=math.reciprocal
        sin sinh sqrt square tan tanh

        arctan2=atan2 divide divide_no_nan=math.divide_no_nan equal
        floor_divide=math.floordiv left_shift=bitwise.left_shift logical_and logical_or
        logical_xor=math.logical_xor mod=math.floormod not_equal
        right_shift=bitwise.right_shift slogdet=linalg.slogdet stack subtract
        """,
    ),
    **functions_of(
        shaping,
        """
        _pad=pad _repeat=repeat _split=split _view=view broadcast_to concatenate
        expand_dims flip moveaxis reshape roll squeeze swapaxes tile transpose
        """,
    ),
    **functions_of(
        indexing, "diag diagonal get_item nonzero take take_along_axis where"
    ),
    **functions_of(
        sys.modules[__name__],
        """
        absolute arange bincount clip gcd lcm nan_to_num nextafter round=_rounded sign
        signbit
        """,
    ),
    **functions_of(
        tf, "isfinite=math.is_finite isinf=math.is_inf isnan=math.is_nan", _is
    ),
    **functions_of(
        tf,
        """
        all=reduce_all any=reduce_any mean=reduce_mean std=math.reduce_std
        sum=reduce_sum var=math.reduce_variance
        """,
        _reduction,
    ),
    **functions_of(tf, "argmax argmin", _place),
    **functions_of(tf, "cumprod=math.cumprod cumsum", _running),
    **functions_of(
        tf,
        "greater greater_equal less less_equal",
        lambda fn: in_wider(fn, _BOOL, tf.cast, back=False),
    ),
    "_prod": _or_logical(_reduction(tf.reduce_prod), _reduction(tf.reduce_all)),
    "add": _or_logical(tf.add, tf.logical_or),
    "angle": lambda x: (
        tf.math.angle(x)
        if x.dtype.is_complex
        else tf.where(x < 0, tf.constant(math.pi, x.dtype), x * 0)
    ),
    "argsort": in_wider(argsort, _BOOL, tf.cast, back=False),
    "bitwise_and": _or_logical(tf.bitwise.bitwise_and, tf.logical_and),
    "bitwise_not": _or_logical(tf.bitwise.invert, tf.logical_not),
    "bitwise_or": _or_logical(tf.bitwise.bitwise_or, tf.logical_or),
    "bitwise_xor": _or_logical(tf.bitwise.bitwise_xor, tf.math.logical_xor),
    "cbrt": lambda x: tf.sign(x) * tf.abs(x) ** (1.0 / 3.0),
    "conjugate": lambda x: tf.math.conj(x) if x.dtype.is_complex else x,
    "count_nonzero": lambda x, axis=None: tf.math.count_nonzero(
        x, _axes(axis), dtype=tf.int32
    ),
    "einsum": in_wider(_einsum, _NARROW, tf.cast),
    "fmod": in_wider(_fmod, {**_RARE, **_HALF}, tf.cast),
    "full": lambda shape, value, dtype: tf.fill(shape, _scalar(value, dtype)),
    "full_like": lambda x, value, dtype: tf.fill(
        shaping.sizes(x), _scalar(value, dtype or x.dtype.name)
    ),
    "i0": in_wider(tf.math.bessel_i0, _HALF, tf.cast),
    "imag": lambda x: tf.math.imag(x) if x.dtype.is_complex else tf.zeros_like(x),
    "isreal": lambda x: (
        tf.math.imag(x) == 0 if x.dtype.is_complex else tf.ones_like(x, tf.bool)
    ),
    "matmul": in_wider(_matmul, _NARROW, tf.cast),
    "max": _extreme(tf.reduce_max, tf.maximum, tf.reduce_any),
    "maximum": _or_logical(tf.maximum, tf.logical_or),
    "min": _extreme(tf.reduce_min, tf.minimum, tf.reduce_all),
    "minimum": _or_logical(tf.minimum, tf.logical_and),
    "multiply": _or_logical(tf.multiply, tf.logical_and),
    "power": in_wider(tf.pow, _RARE, tf.cast),
    "searchsorted": in_wider(searchsorted, _NARROW, tf.cast, back=False),
    "sort": in_wider(sort, _BOOL, tf.cast),
    "tensordot": in_wider(
        lambda x1, x2, axes=2: tf.tensordot(x1, x2, axes), _NARROW, tf.cast
    ),
    "tril": indexing.triangle(lower=True),
    "triu": indexing.triangle(lower=False),
    "trunc": lambda x: (
        tf.where(x < 0, tf.math.ceil(x), tf.floor(x)) if _is_real(x) else x
    ),
}

# Ops whose function takes a Python scalar beside a tensor as it is.
WEAK = frozenset(("where",))
