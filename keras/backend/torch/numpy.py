"""`keras.ops.numpy` in PyTorch."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import torch

from keras.backend.torch.tensor import convert_to_tensor, get_device, to_torch_dtype

# --- one tensor -------------------------------------------------------------------


def _absolute(x: Any) -> Any:
    return x if x.dtype == torch.bool else torch.abs(x)


def _cbrt(x: Any) -> Any:
    return torch.copysign(torch.abs(x) ** (1.0 / 3.0), x)


def _clip(x: Any, x_min: Any, x_max: Any) -> Any:
    tensors = [t for t in (x, x_min, x_max) if isinstance(t, torch.Tensor)]
    if len(tensors) == 1 and tensors[0] is x:
        return torch.clip(x, x_min, x_max)
    x, x_min, x_max = (
        torch.as_tensor(t, dtype=tensors[0].dtype, device=tensors[0].device)
        if isinstance(t, (bool, int, float))
        else t
        for t in (x, x_min, x_max)
    )
    return torch.clip(x, x_min, x_max)


def _imag(x: Any) -> Any:
    return x.imag if x.is_complex() else torch.zeros_like(x)


def _round(x: Any, decimals: int = 0) -> Any:
    if x.dtype == torch.bool:
        raise TypeError("round: booleans cannot be rounded.")
    if x.is_floating_point() or x.is_complex():
        return torch.round(x, decimals=decimals)
    if decimals >= 0:
        return x
    return torch.round(x.double(), decimals=decimals).to(x.dtype)


def _sign(x: Any) -> Any:
    return torch.sgn(x) if x.is_complex() else _sign_of_real(x)


def _sign_of_real(x: Any) -> Any:
    """PyTorch gives nan the sign 0."""
    sign = torch.sign(x)
    return torch.where(x != x, x, sign) if x.is_floating_point() else sign


def _trunc(x: Any) -> Any:
    return torch.trunc(x) if x.is_floating_point() else x


# --- reductions -------------------------------------------------------------------


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(x.ndim))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def _sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is None and not keepdims:
        return torch.sum(x, dtype=x.dtype)
    return torch.sum(x, _axes(x, axis), keepdim=keepdims, dtype=x.dtype)


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.mean(x, _axes(x, axis), keepdim=keepdims)


def _one_by_one(fn: Callable) -> Callable:
    """A reduction along several axes of a function that takes one."""

    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if axis is None and not keepdims:
            return fn(x.reshape(-1), 0, False)
        for a in sorted((a % x.ndim for a in _axes(x, axis)), reverse=True):
            x = fn(x, a, keepdims)
        return x

    return reduce


def _var(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.var(x, _axes(x, axis), correction=0, keepdim=keepdims)


def _std(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return torch.std(x, _axes(x, axis), correction=0, keepdim=keepdims)


def _extreme(fn: Callable, pair: Callable) -> Callable:
    def reduce(
        x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Any:
        axes = _axes(x, axis)
        if not x.numel() and initial is not None:
            sizes = [
                1 if i in {a % x.ndim for a in axes} else n
                for i, n in enumerate(x.shape)
            ]
            out = torch.full(sizes, initial, dtype=x.dtype, device=x.device)
            return out if keepdims else torch.squeeze(out, axes)
        if not x.numel():
            raise ValueError(
                f"No elements in a tensor of shape {tuple(x.shape)}: give `initial`."
            )
        out = fn(x, axes, keepdim=keepdims) if axes else x
        if initial is None:
            return out
        return pair(out, torch.as_tensor(initial, dtype=x.dtype, device=x.device))

    return reduce


def _place(fn: Callable) -> Callable:
    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if x.dtype == torch.bool:
            x = x.to(torch.uint8)
        if axis is None and keepdims:
            return fn(x).reshape((1,) * x.ndim).to(torch.int32)
        return fn(x, axis, keepdims).to(torch.int32)

    return reduce


def _count_nonzero(x: Any, axis: Any = None) -> Any:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return torch.count_nonzero(x, axis).to(torch.int32)


def _running(fn: Callable) -> Callable:
    def run(x: Any, axis: Any = None) -> Any:
        if axis is None:
            x, axis = x.reshape(-1), 0
        return fn(x, axis, dtype=x.dtype)

    return run


# --- order ------------------------------------------------------------------------


def _sort(x: Any, axis: Any = -1) -> Any:
    if axis is None:
        x, axis = x.reshape(-1), 0
    return torch.sort(x, dim=axis, stable=True).values


def _argsort(x: Any, axis: Any = -1) -> Any:
    if axis is None:
        x, axis = x.reshape(-1), 0
    return torch.argsort(x, dim=axis, stable=True).to(torch.int32)


def _searchsorted(sorted_sequence: Any, values: Any, side: str) -> Any:
    if sorted_sequence.dtype == torch.bool:
        sorted_sequence, values = sorted_sequence.int(), values.int()
    return torch.searchsorted(
        sorted_sequence, values.contiguous(), side=side, out_int32=True
    )


def _bincount(x: Any, weights: Any, minlength: int) -> Any:
    dtype = torch.int32 if weights is None else weights.dtype
    x = x.long()
    if x.ndim == 2:
        length = max(minlength, int(x.max()) + 1 if x.numel() else 0)
        rows = torch.arange(x.shape[0], device=x.device)[:, None]
        flat = None if weights is None else weights.reshape(-1)
        out = _bincount((x + rows * length).reshape(-1), flat, x.shape[0] * length)
        return out.reshape(x.shape[0], length)
    return torch.bincount(x, weights, minlength).to(dtype)


# --- shapes -----------------------------------------------------------------------


def _last_axes(x: Any, axes: Any) -> Any:
    if axes is None:
        return x.reshape(-1)
    axes = _axes(x, axes)
    gone = {a % x.ndim for a in axes}
    kept = [n for i, n in enumerate(x.shape) if i not in gone]
    last = tuple(range(x.ndim - len(axes), x.ndim))
    return torch.movedim(x, axes, last).reshape((*kept, -1))


def _reshape(x: Any, newshape: Any) -> Any:
    if isinstance(newshape, int):
        newshape = (newshape,)
    return torch.reshape(x, tuple(-1 if n is None else int(n) for n in newshape))


def _transpose(x: Any, axes: Any = None) -> Any:
    return torch.permute(x, tuple(range(x.ndim))[::-1] if axes is None else tuple(axes))


def _expand_dims(x: Any, axis: Any) -> Any:
    if isinstance(axis, int):
        return torch.unsqueeze(x, axis)
    rank = x.ndim + len(axis)
    for a in sorted(a % rank for a in axis):
        x = torch.unsqueeze(x, a)
    return x


def _squeeze(x: Any, axis: Any = None) -> Any:
    if axis is None:
        return torch.squeeze(x)
    axes = _axes(x, axis)
    if any(x.shape[a] != 1 for a in axes):
        raise ValueError(
            f"squeeze: the axes {axes} of shape {tuple(x.shape)} are not all of size 1."
        )
    return torch.squeeze(x, axes)


def _moveaxis(x: Any, source: Any, destination: Any) -> Any:
    if isinstance(source, int):
        return torch.movedim(x, source, destination)
    return torch.movedim(x, tuple(source), tuple(destination))


def _broadcast_to(x: Any, shape: Any) -> Any:
    return torch.broadcast_to(x, (shape,) if isinstance(shape, int) else tuple(shape))


def _concatenate(xs: Any, axis: int = 0) -> Any:
    return torch.cat(xs, axis)


def _tile(x: Any, repeats: Any) -> Any:
    return torch.tile(x, (repeats,) if isinstance(repeats, int) else tuple(repeats))


def _repeat(x: Any, repeats: Any, axis: Any) -> Any:
    if not isinstance(repeats, int):
        total = sum(repeats)
        counts = torch.tensor(repeats, device=x.device)
        return torch.repeat_interleave(x, counts, axis, output_size=total)
    return torch.repeat_interleave(x, repeats, axis)


def _pad(x: Any, width: Any, mode: str, value: Any) -> Any:
    if mode == "constant":
        flat = [n for pair in reversed(width) for n in pair]
        return torch.nn.functional.pad(x, flat, value=_plain(value))
    for axis, (before, after) in enumerate(width):
        if before or after:
            x = _mirror(x, axis, before, after, 1 if mode == "reflect" else 0)
    return x


def _plain(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _mirror(x: Any, axis: int, before: int, after: int, skip: int) -> Any:
    """Grow by mirror images, as often as the width needs."""
    n = x.shape[axis]
    period = max(2 * (n - skip), 1)
    places = torch.arange(-before, n + after, device=x.device) % period
    places = (
        torch.minimum(places, period - (1 - skip) - places) if n > 1 else places * 0
    )
    return torch.index_select(x, axis, places)


def _flip(x: Any, axis: Any = None) -> Any:
    return torch.flip(x, _axes(x, axis))


def _roll(x: Any, shift: Any, axis: Any = None) -> Any:
    return torch.roll(x, shift, axis)


def _view(x: Any, dtype: str) -> Any:
    return x.contiguous().view(getattr(torch, dtype))


# --- places -----------------------------------------------------------------------


def _get_item(x: Any, key: Any) -> Any:
    if not isinstance(key, tuple):
        key = (key,)
    if any(isinstance(k, slice) and k.step is not None and k.step < 0 for k in key):
        x, key = _without_backward_slices(x, key)
    return x[tuple(_as_index(x, k) for k in key)]


def _as_index(x: Any, k: Any) -> Any:
    if k is None or k is Ellipsis or isinstance(k, (int, slice)):
        return k
    k = convert_to_tensor(k)
    return k if k.dtype == torch.bool else k.long()


def _without_backward_slices(x: Any, key: tuple) -> tuple[Any, tuple]:
    """PyTorch slices forward only: turn the axis over first."""
    named = sum(k is not None and k is not Ellipsis for k in key)
    out, axis = [], 0
    for k in key:
        if k is Ellipsis:
            axis += x.ndim - named
        elif isinstance(k, slice) and k.step is not None and k.step < 0:
            n = x.shape[axis]
            places = range(n)[k]
            x = torch.flip(x, (axis,))
            k = slice(n - 1 - places.start, n - places.stop, -k.step)
            if not len(places):
                k = slice(0, 0)
            axis += 1
        elif k is not None:
            axis += 1
        out.append(k)
    return x, tuple(out)


def _take(x: Any, indices: Any, axis: Any = None) -> Any:
    if axis is None:
        x, axis = x.reshape(-1), 0
    axis %= x.ndim
    indices = indices.long()
    flat = torch.where(indices < 0, indices + x.shape[axis], indices).reshape(-1)
    out = torch.index_select(x, axis, flat)
    return out.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def _take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    if axis is None:
        x, indices, axis = x.reshape(-1), indices.reshape(-1), 0
    indices = indices.long()
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    return torch.take_along_dim(x, indices, axis)


def _nonzero(x: Any) -> Any:
    return tuple(p.to(torch.int32) for p in torch.nonzero(x, as_tuple=True))


def _diag(x: Any, k: int = 0) -> Any:
    if x.ndim not in (1, 2):
        raise ValueError(f"diag: `x` has 1 or 2 axes; received shape {tuple(x.shape)}.")
    return torch.diag(x, k)


# --- new tensors ------------------------------------------------------------------


def _full(shape: Any, fill_value: Any, dtype: str) -> Any:
    return torch.full(
        shape, fill_value, dtype=to_torch_dtype(dtype), device=get_device()
    )


def _full_like(x: Any, fill_value: Any, dtype: Any) -> Any:
    wanted = None if dtype is None else to_torch_dtype(dtype)
    return torch.full_like(x, fill_value, dtype=wanted)


def _arange(start: Any, stop: Any, step: Any, dtype: str) -> Any:
    return torch.arange(
        start, stop, step, dtype=to_torch_dtype(dtype), device=get_device()
    )


# --- products ---------------------------------------------------------------------


def _matmul(x1: Any, x2: Any) -> Any:
    if x1.dtype == torch.bool:
        return torch.matmul(x1.int(), x2.int()) != 0
    return torch.matmul(x1, x2)


def _einsum(operands: Any, subscripts: str) -> Any:
    if operands[0].dtype == torch.bool:
        return torch.einsum(subscripts, *(x.int() for x in operands)) != 0
    return torch.einsum(subscripts, *operands)


def _tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    if not isinstance(axes, int):
        axes = [[a] if isinstance(a, int) else list(a) for a in axes]
    if x1.dtype == torch.bool:
        return torch.tensordot(x1.int(), x2.int(), axes) != 0
    return torch.tensordot(x1, x2, axes)


TABLE: dict[str, Callable] = {
    # One tensor
    "absolute": _absolute,
    "angle": torch.angle,
    "arccos": torch.arccos,
    "arccosh": torch.arccosh,
    "arcsin": torch.arcsin,
    "arcsinh": torch.arcsinh,
    "arctan": torch.arctan,
    "arctanh": torch.arctanh,
    "bitwise_not": torch.bitwise_not,
    "cbrt": _cbrt,
    "ceil": torch.ceil,
    "clip": _clip,
    "conjugate": torch.conj_physical,
    "copy": torch.clone,
    "cos": torch.cos,
    "cosh": torch.cosh,
    "deg2rad": torch.deg2rad,
    "exp": torch.exp,
    "exp2": torch.exp2,
    "expm1": torch.expm1,
    "floor": torch.floor,
    "i0": torch.special.i0,
    "imag": _imag,
    "isfinite": torch.isfinite,
    "isinf": torch.isinf,
    "isnan": torch.isnan,
    "isneginf": torch.isneginf,
    "isposinf": torch.isposinf,
    "isreal": torch.isreal,
    "log": torch.log,
    "log10": torch.log10,
    "log1p": torch.log1p,
    "log2": torch.log2,
    "logical_not": torch.logical_not,
    "nan_to_num": torch.nan_to_num,
    "negative": torch.negative,
    "rad2deg": torch.rad2deg,
    "real": torch.real,
    "reciprocal": torch.reciprocal,
    "round": _round,
    "sign": _sign,
    "signbit": torch.signbit,
    "sin": torch.sin,
    "sinc": torch.sinc,
    "sinh": torch.sinh,
    "sqrt": torch.sqrt,
    "square": torch.square,
    "tan": torch.tan,
    "tanh": torch.tanh,
    "trunc": _trunc,
    # Two tensors: Python's operators take scalars on either side
    "add": operator.add,
    "arctan2": torch.arctan2,
    "bitwise_and": torch.bitwise_and,
    "bitwise_or": torch.bitwise_or,
    "bitwise_xor": torch.bitwise_xor,
    "divide": operator.truediv,
    "equal": operator.eq,
    "floor_divide": operator.floordiv,
    "fmax": torch.fmax,
    "fmin": torch.fmin,
    "fmod": torch.fmod,
    "gcd": torch.gcd,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "hypot": torch.hypot,
    "lcm": torch.lcm,
    "left_shift": torch.bitwise_left_shift,
    "less": operator.lt,
    "less_equal": operator.le,
    "logaddexp": torch.logaddexp,
    "logaddexp2": torch.logaddexp2,
    "logical_and": torch.logical_and,
    "logical_or": torch.logical_or,
    "logical_xor": torch.logical_xor,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "mod": operator.mod,
    "multiply": operator.mul,
    "nextafter": torch.nextafter,
    "not_equal": operator.ne,
    "power": operator.pow,
    "right_shift": torch.bitwise_right_shift,
    "subtract": operator.sub,
    # Reductions
    "all": _one_by_one(torch.all),
    "any": _one_by_one(torch.any),
    "argmax": _place(torch.argmax),
    "argmin": _place(torch.argmin),
    "count_nonzero": _count_nonzero,
    "cumprod": _running(torch.cumprod),
    "cumsum": _running(torch.cumsum),
    "max": _extreme(torch.amax, torch.maximum),
    "mean": _mean,
    "min": _extreme(torch.amin, torch.minimum),
    "_prod": _one_by_one(lambda x, a, keep: torch.prod(x, a, keep, dtype=x.dtype)),
    "std": _std,
    "sum": _sum,
    "var": _var,
    # Order
    "argsort": _argsort,
    "bincount": _bincount,
    "searchsorted": _searchsorted,
    "sort": _sort,
    # Shapes
    "_last_axes": _last_axes,
    "_pad": _pad,
    "_repeat": _repeat,
    "_split": torch.split,
    "_view": _view,
    "broadcast_to": _broadcast_to,
    "concatenate": _concatenate,
    "expand_dims": _expand_dims,
    "flip": _flip,
    "moveaxis": _moveaxis,
    "reshape": _reshape,
    "roll": _roll,
    "squeeze": _squeeze,
    "stack": torch.stack,
    "swapaxes": torch.swapaxes,
    "tile": _tile,
    "transpose": _transpose,
    # Places
    "diag": _diag,
    "diagonal": torch.diagonal,
    "get_item": _get_item,
    "nonzero": _nonzero,
    "take": _take,
    "take_along_axis": _take_along_axis,
    "tril": torch.tril,
    "triu": torch.triu,
    "where": torch.where,
    # New tensors
    "arange": _arange,
    "full": _full,
    "full_like": _full_like,
    # Products
    "einsum": _einsum,
    "matmul": _matmul,
    "slogdet": torch.linalg.slogdet,
    "tensordot": _tensordot,
}

# Ops whose function takes a Python scalar beside a tensor as it is.
WEAK = frozenset(
    (
        *("add", "subtract", "multiply", "divide", "floor_divide", "mod", "power"),
        *("equal", "not_equal", "greater", "greater_equal", "less", "less_equal"),
        "where",
        "clip",
    )
)
