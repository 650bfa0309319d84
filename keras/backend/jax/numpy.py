"""`keras.ops.numpy` in JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from keras.core.dtypes import numpy_dtype


def _angle(x: Any) -> Any:
    found = jnp.angle(x)
    return found if jnp.iscomplexobj(x) else jnp.where(x != x, x, found)


def _nan_to_num(
    x: Any, nan: float = 0.0, posinf: Any = None, neginf: Any = None
) -> Any:
    return jnp.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)


def _round(x: Any, decimals: int = 0) -> Any:
    if x.dtype == bool:
        raise TypeError("round: booleans cannot be rounded.")
    if decimals < 0 and jnp.issubdtype(x.dtype, jnp.integer):
        unit = 10**-decimals
        rest = jnp.mod(x, unit)
        half = 2 * rest - unit
        odd = jnp.mod(x // unit, 2) == 1
        return x - rest + unit * ((half > 0) | ((half == 0) & odd))
    return jnp.round(x, decimals)


def _sign(x: Any) -> Any:
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
        if initial is None and not x.size:
            raise ValueError(
                f"No elements in a tensor of shape {x.shape}: give `initial`."
            )
        return fn(x, axis=_axes(axis), keepdims=keepdims, initial=initial)

    return reduce


def _count_nonzero(x: Any, axis: Any = None) -> Any:
    return jnp.count_nonzero(x, axis=_axes(axis)).astype("int32")


def _bincount(x: Any, weights: Any, minlength: int) -> Any:
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


def _last_axes(x: Any, axes: Any) -> Any:
    if axes is None:
        return x.reshape(-1)
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    last = tuple(range(x.ndim - len(axes), x.ndim))
    return jnp.moveaxis(x, axes, last).reshape((*_kept(x, axes), -1))


def _kept(x: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    gone = {a % x.ndim for a in axes}
    return tuple(n for i, n in enumerate(x.shape) if i not in gone)


def _reshape(x: Any, newshape: Any) -> Any:
    if not isinstance(newshape, int):
        newshape = tuple(-1 if n is None else n for n in newshape)
    return jnp.reshape(x, newshape)


def _split(x: Any, sizes: Any, axis: int) -> Any:
    places, total = [], 0
    for size in sizes[:-1]:
        total += size
        places.append(total)
    return jnp.split(x, places, axis)


def _repeat(x: Any, repeats: Any, axis: Any) -> Any:
    if isinstance(repeats, int):
        return jnp.repeat(x, repeats, axis)
    return jnp.repeat(x, jnp.asarray(repeats), axis, total_repeat_length=sum(repeats))


def _pad(x: Any, width: Any, mode: str, value: Any) -> Any:
    if mode == "constant":
        return jnp.pad(x, width, mode, constant_values=value)
    return jnp.pad(x, width, mode)


def _view(x: Any, dtype: str) -> Any:
    return x.view(numpy_dtype(dtype))


def _get_item(x: Any, key: Any) -> Any:
    if isinstance(key, list):
        key = jnp.asarray(key)
    elif isinstance(key, tuple):
        key = tuple(jnp.asarray(k) if isinstance(k, list) else k for k in key)
    return x[key]


def _take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    return jnp.take_along_axis(x, indices, axis)


def _full(shape: Any, fill_value: Any, dtype: str) -> Any:
    return jnp.full(shape, fill_value, numpy_dtype(dtype))


def _full_like(x: Any, fill_value: Any, dtype: Any) -> Any:
    return jnp.full_like(x, fill_value, None if dtype is None else numpy_dtype(dtype))


def _arange(start: Any, stop: Any, step: Any, dtype: str) -> Any:
    return jnp.arange(start, stop, step, numpy_dtype(dtype))


def _einsum(operands: Any, subscripts: str) -> Any:
    return jnp.einsum(subscripts, *operands)


TABLE = {
    # One tensor
    "absolute": jnp.abs,
    "angle": _angle,
    "arccos": jnp.arccos,
    "arccosh": jnp.arccosh,
    "arcsin": jnp.arcsin,
    "arcsinh": jnp.arcsinh,
    "arctan": jnp.arctan,
    "arctanh": jnp.arctanh,
    "bitwise_not": jnp.bitwise_not,
    "cbrt": jnp.cbrt,
    "ceil": jnp.ceil,
    "clip": jnp.clip,
    "conjugate": jnp.conjugate,
    "copy": jnp.copy,
    "cos": jnp.cos,
    "cosh": jnp.cosh,
    "deg2rad": jnp.deg2rad,
    "exp": jnp.exp,
    "exp2": jnp.exp2,
    "expm1": jnp.expm1,
    "floor": jnp.floor,
    "i0": jnp.i0,
    "imag": jnp.imag,
    "isfinite": jnp.isfinite,
    "isinf": jnp.isinf,
    "isnan": jnp.isnan,
    "isreal": jnp.isreal,
    "log": jnp.log,
    "log10": jnp.log10,
    "log1p": jnp.log1p,
    "log2": jnp.log2,
    "logical_not": jnp.logical_not,
    "nan_to_num": _nan_to_num,
    "negative": jnp.negative,
    "rad2deg": jnp.rad2deg,
    "real": jnp.real,
    "reciprocal": jnp.reciprocal,
    "round": _round,
    "sign": _sign,
    "signbit": jnp.signbit,
    "sin": jnp.sin,
    "sinc": jnp.sinc,
    "sinh": jnp.sinh,
    "sqrt": jnp.sqrt,
    "square": jnp.square,
    "tan": jnp.tan,
    "tanh": jnp.tanh,
    "trunc": jnp.trunc,
    # Two tensors
    "add": jnp.add,
    "arctan2": jnp.arctan2,
    "bitwise_and": jnp.bitwise_and,
    "bitwise_or": jnp.bitwise_or,
    "bitwise_xor": jnp.bitwise_xor,
    "divide": jnp.divide,
    "equal": jnp.equal,
    "floor_divide": jnp.floor_divide,
    "fmax": jnp.fmax,
    "fmin": jnp.fmin,
    "fmod": jnp.fmod,
    "gcd": jnp.gcd,
    "greater": jnp.greater,
    "greater_equal": jnp.greater_equal,
    "heaviside": jnp.heaviside,
    "hypot": jnp.hypot,
    "lcm": jnp.lcm,
    "left_shift": jnp.left_shift,
    "less": jnp.less,
    "less_equal": jnp.less_equal,
    "logaddexp": jnp.logaddexp,
    "logaddexp2": jnp.logaddexp2,
    "logical_and": jnp.logical_and,
    "logical_or": jnp.logical_or,
    "logical_xor": jnp.logical_xor,
    "maximum": jnp.maximum,
    "minimum": jnp.minimum,
    "mod": jnp.mod,
    "multiply": jnp.multiply,
    "nextafter": jnp.nextafter,
    "not_equal": jnp.not_equal,
    "power": jnp.power,
    "right_shift": jnp.right_shift,
    "subtract": jnp.subtract,
    # Reductions
    "all": _reduction(jnp.all),
    "any": _reduction(jnp.any),
    "argmax": _reduction(jnp.argmax),
    "argmin": _reduction(jnp.argmin),
    "count_nonzero": _count_nonzero,
    "cumprod": jnp.cumprod,
    "cumsum": jnp.cumsum,
    "max": _extreme(jnp.max),
    "mean": _reduction(jnp.mean),
    "min": _extreme(jnp.min),
    "_prod": _prod,
    "ptp": _reduction(jnp.ptp),
    "std": _reduction(jnp.std),
    "sum": _reduction(jnp.sum),
    "var": _reduction(jnp.var),
    # Order
    "argsort": jnp.argsort,
    "bincount": _bincount,
    "searchsorted": jnp.searchsorted,
    "sort": jnp.sort,
    # Shapes
    "_last_axes": _last_axes,
    "_pad": _pad,
    "_repeat": _repeat,
    "_split": _split,
    "_view": _view,
    "broadcast_to": jnp.broadcast_to,
    "concatenate": jnp.concatenate,
    "expand_dims": jnp.expand_dims,
    "flip": jnp.flip,
    "moveaxis": jnp.moveaxis,
    "ravel": jnp.ravel,
    "reshape": _reshape,
    "roll": jnp.roll,
    "squeeze": jnp.squeeze,
    "stack": jnp.stack,
    "swapaxes": jnp.swapaxes,
    "tile": jnp.tile,
    "transpose": jnp.transpose,
    # Places
    "diag": jnp.diag,
    "diagonal": jnp.diagonal,
    "get_item": _get_item,
    "nonzero": jnp.nonzero,
    "take": jnp.take,
    "take_along_axis": _take_along_axis,
    "tril": jnp.tril,
    "triu": jnp.triu,
    "where": jnp.where,
    # New tensors
    "arange": _arange,
    "full": _full,
    "full_like": _full_like,
    # Products
    "einsum": _einsum,
    "inner": jnp.inner,
    "dot": jnp.dot,
    "matmul": jnp.matmul,
    "outer": jnp.outer,
    "slogdet": jnp.linalg.slogdet,
    "tensordot": jnp.tensordot,
    "vdot": jnp.vdot,
}

# Ops whose function takes a Python scalar beside a tensor as it is.
WEAK = frozenset(
    (
        *("add", "subtract", "multiply", "divide", "floor_divide", "mod", "fmod"),
        *("power", "maximum", "minimum", "fmax", "fmin", "arctan2", "hypot", "clip"),
        *("equal", "not_equal", "greater", "greater_equal", "less", "less_equal"),
        *("logaddexp", "logaddexp2", "heaviside", "where", "bitwise_and"),
        *("bitwise_or", "bitwise_xor", "left_shift", "right_shift", "full_like"),
    )
)
