"""`keras.ops.numpy` in JAX."""

from __future__ import annotations

import sys
from itertools import accumulate
from typing import Any

import jax
import jax.numpy as jnp

from keras.backend.tables import check_elements, functions_of
from keras.core.dtypes import numpy_dtype


def angle(x: Any) -> Any:
    found = jnp.angle(x)
    return found if jnp.iscomplexobj(x) else jnp.where(x != x, x, found)


def nan_to_num(x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    return jnp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def _rounded(x: Any, decimals: int = 0) -> Any:
    if x.dtype == bool:
        raise TypeError("round: booleans cannot be rounded.")
    if decimals < 0 and jnp.issubdtype(x.dtype, jnp.integer):
        unit = 10**-decimals
        rest = jnp.mod(x, unit)
        half = 2 * rest - unit
        odd = jnp.mod(x // unit, 2) == 1
        return x - rest + unit * ((half > 0) | ((half == 0) & odd))
    return jnp.round(x, decimals)


def sign(x: Any) -> Any:
    return x if x.dtype == bool else jnp.sign(x)


def _reduction(fn: Any) -> Any:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return fn(x, axis=_axes(axis), keepdims=keepdims)

    return reduce


def _prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return jnp.prod(x, axis=_axes(axis), keepdims=keepdims, dtype=x.dtype)


def _axes(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _extreme(fn: Any) -> Any:
    def reduce(
        x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Any:
        if initial is None:
            check_elements(x.shape, axis)
        return fn(x, axis=_axes(axis), keepdims=keepdims, initial=initial)

    return reduce


def count_nonzero(x: Any, axis: Any = None) -> Any:
    return jnp.count_nonzero(x, axis=_axes(axis)).astype("int32")


def bincount(x: Any, weights: Any, minlength: int) -> Any:
    x = x.astype("int32")
    if isinstance(x, jax.core.Tracer):
        if not minlength:
            raise ValueError(
                "bincount in a compiled function on JAX needs `minlength`, which is "
                "then the length of the result."
            )
        length = minlength
    else:
        length = max(minlength, int(x.max()) + 1 if x.size else 0)
    if x.ndim == 1:
        return jnp.bincount(x, weights, length=length)
    rows = jnp.arange(x.shape[0])[:, None]
    values = jnp.ones((), "int32") if weights is None else weights
    return jnp.zeros((x.shape[0], length), values.dtype).at[rows, x].add(values)


def reshape(x: Any, newshape: Any) -> Any:
    if not isinstance(newshape, int):
        newshape = tuple(-1 if n is None else n for n in newshape)
    return jnp.reshape(x, newshape)


def _repeat(x: Any, repeats: Any, axis: Any) -> Any:
    if isinstance(repeats, int):
        return jnp.repeat(x, repeats, axis)
    return jnp.repeat(x, jnp.asarray(repeats), axis, total_repeat_length=sum(repeats))


def _pad(x: Any, width: Any, mode: str, value: Any) -> Any:
    if mode == "constant":
        return jnp.pad(x, width, mode, constant_values=value)
    return jnp.pad(x, width, mode)


def get_item(x: Any, key: Any) -> Any:
    if isinstance(key, list):
        key = jnp.asarray(key)
    elif isinstance(key, tuple):
        key = tuple(jnp.asarray(k) if isinstance(k, list) else k for k in key)
    return x[key]


def full(shape: Any, fill_value: Any, dtype: str) -> Any:
    return jnp.full(shape, fill_value, numpy_dtype(dtype))


def full_like(x: Any, fill_value: Any, dtype: Any) -> Any:
    return jnp.full_like(x, fill_value, None if dtype is None else numpy_dtype(dtype))


TABLE = {
    **functions_of(
        jnp,
        """
        absolute arccos arccosh arcsin arcsinh arctan arctanh bitwise_not cbrt ceil clip
        conjugate copy cos cosh deg2rad exp exp2 expm1 floor i0 imag isfinite isinf
        isnan isreal log log10 log1p log2 logical_not negative rad2deg real reciprocal
        signbit sin sinc sinh sqrt square tan tanh trunc

        add arctan2 bitwise_and bitwise_or bitwise_xor divide equal floor_divide fmax
        fmin fmod gcd greater greater_equal heaviside hypot lcm left_shift less
        less_equal logaddexp logaddexp2 logical_and logical_or logical_xor maximum
        minimum mod multiply nextafter not_equal power right_shift subtract

        argsort cumprod cumsum searchsorted sort

        broadcast_to concatenate diag diagonal expand_dims flip moveaxis nonzero ravel
        roll squeeze stack swapaxes take tile transpose tril triu where

        dot inner matmul outer slogdet=linalg.slogdet tensordot vdot
        """,
    ),
    **functions_of(jnp, "all any argmax argmin mean ptp std sum var", _reduction),
    **functions_of(jnp, "max min", _extreme),
    **functions_of(
        sys.modules[__name__],
        """
        _pad _prod _repeat angle bincount count_nonzero full full_like
        get_item nan_to_num reshape round=_rounded sign
        """,
    ),
    "_split": lambda x, sizes, axis: jnp.split(x, [*accumulate(sizes[:-1])], axis),
    "_view": lambda x, dtype: x.view(numpy_dtype(dtype)),
    "arange": lambda start, stop, step, dtype: jnp.arange(
        start, stop, step, numpy_dtype(dtype)
    ),
    "einsum": lambda operands, subscripts: jnp.einsum(subscripts, *operands),
    "take_along_axis": lambda x, indices, axis=None: jnp.take_along_axis(
        x, indices, axis
    ),
}

# Ops whose function takes a Python scalar beside a tensor as it is.
WEAK = frozenset(
    """
    add subtract multiply divide floor_divide mod fmod power maximum minimum fmax fmin
    arctan2 hypot clip equal not_equal greater greater_equal less less_equal logaddexp
    logaddexp2 heaviside where bitwise_and bitwise_or bitwise_xor left_shift right_shift
    """.split()
)
