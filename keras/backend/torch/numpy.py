"""`keras.ops.numpy` in PyTorch."""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Callable
from typing import Any

import torch

from keras.backend.tables import as_tuple, check_elements, functions_of, in_wider
from keras.backend.torch.tensor import convert_to_tensor, get_device, to_torch_dtype

# --- one tensor -------------------------------------------------------------------


def absolute(x: Any) -> Any:
    return x if x.dtype == torch.bool else torch.abs(x)


def cbrt(x: Any) -> Any:
    return torch.copysign(torch.abs(x) ** (1.0 / 3.0), x)


def clip(x: Any, x_min: Any, x_max: Any) -> Any:
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


def _rounded(x: Any, decimals: int = 0) -> Any:
    if x.dtype == torch.bool:
        raise TypeError("round: booleans cannot be rounded.")
    if x.is_floating_point() or x.is_complex():
        return torch.round(x, decimals=decimals)
    if decimals >= 0:
        return x
    return torch.round(x.double(), decimals=decimals).to(x.dtype)


def sign(x: Any) -> Any:
    if x.is_complex():
        return torch.sgn(x)
    found = torch.sign(x)
    # PyTorch gives nan the sign 0.
    return torch.where(x != x, x, found) if x.is_floating_point() else found


# --- reductions -------------------------------------------------------------------


def _axes(x: Any, axis: Any) -> tuple[int, ...]:
    """The axes to reduce, as a tuple; all of them for None."""
    return tuple(range(x.ndim)) if axis is None else as_tuple(axis)


def _row(x: Any, axis: Any) -> tuple[Any, int]:
    """The tensor and axis to work along; None flattens the tensor."""
    return (x.reshape(-1), 0) if axis is None else (x, axis)


def over_axes(fn: Callable, **options: Any) -> Callable:
    """A reduction of PyTorch with the arguments of the op: axes, or None for all."""

    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return fn(x, _axes(x, axis), keepdim=keepdims, **options)

    return reduce


def _sum(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is None and not keepdims:
        return torch.sum(x, dtype=x.dtype)
    return torch.sum(x, _axes(x, axis), keepdim=keepdims, dtype=x.dtype)


def _mean(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    axes = _axes(x, axis)
    if all(x.shape[a] == 1 for a in axes):  # nothing to add up
        return x if keepdims or not axes else x.squeeze(axes)
    return torch.mean(x, axes, keepdim=keepdims)


def _prod(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is None and not keepdims:
        return torch.prod(x, dtype=x.dtype)
    for a in sorted((a % x.ndim for a in _axes(x, axis)), reverse=True):
        x = torch.prod(x, a, keepdims, dtype=x.dtype)
    return x


def _extreme(fn: Callable, pair: Callable) -> Callable:
    """`max` or `min`; `pair` combines the result with `initial`."""

    def reduce(
        x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
    ) -> Any:
        axes = _axes(x, axis)
        if initial is None:
            check_elements(x.shape, axis)
        elif not x.numel():
            sizes = [
                1 if i in {a % x.ndim for a in axes} else n
                for i, n in enumerate(x.shape)
            ]
            out = torch.full(sizes, initial, dtype=x.dtype, device=x.device)
            return out if keepdims else torch.squeeze(out, axes)
        out = fn(x, axes, keepdim=keepdims) if axes else x
        if initial is None:
            return out
        return pair(out, torch.as_tensor(initial, dtype=x.dtype, device=x.device))

    return reduce


def _place(fn: Callable) -> Callable:
    """`argmax` or `argmin`, as int32."""

    def reduce(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if x.dtype == torch.bool:
            x = x.to(torch.uint8)
        if axis is None and keepdims:
            return fn(x).reshape((1,) * x.ndim).to(torch.int32)
        return fn(x, axis, keepdims).to(torch.int32)

    return reduce


def floor_divide(x1: Any, x2: Any) -> Any:
    """PyTorch lacks the derivative, which is 0."""
    x1, x2 = (x.detach() if isinstance(x, torch.Tensor) else x for x in (x1, x2))
    return x1 // x2


def count_nonzero(x: Any, axis: Any = None) -> Any:
    axis = tuple(axis) if isinstance(axis, list) else axis
    return torch.count_nonzero(x, axis).to(torch.int32)


def _running(fn: Callable) -> Callable:
    """A cumulative function; axis None flattens the tensor."""

    def run(x: Any, axis: Any = None) -> Any:
        x, axis = _row(x, axis)
        return fn(x, axis, dtype=x.dtype)

    return run


# --- order ------------------------------------------------------------------------


def sort(x: Any, axis: Any = -1) -> Any:
    x, axis = _row(x, axis)
    return torch.sort(x, dim=axis, stable=True).values


def argsort(x: Any, axis: Any = -1) -> Any:
    x, axis = _row(x, axis)
    return torch.argsort(x, dim=axis, stable=True).to(torch.int32)


def bincount(x: Any, weights: Any, minlength: int) -> Any:
    dtype = torch.int32 if weights is None else weights.dtype
    x = x.long()
    if x.ndim == 2:
        length = max(minlength, int(x.max()) + 1 if x.numel() else 0)
        rows = torch.arange(x.shape[0], device=x.device)[:, None]
        flat = None if weights is None else weights.reshape(-1)
        out = bincount((x + rows * length).reshape(-1), flat, x.shape[0] * length)
        return out.reshape(x.shape[0], length)
    return torch.bincount(x, weights, minlength).to(dtype)


# --- shapes -----------------------------------------------------------------------


def expand_dims(x: Any, axis: Any) -> Any:
    if isinstance(axis, int):
        return torch.unsqueeze(x, axis)
    rank = x.ndim + len(axis)
    for a in sorted(a % rank for a in axis):
        x = torch.unsqueeze(x, a)
    return x


def squeeze(x: Any, axis: Any = None) -> Any:
    if axis is None:
        return torch.squeeze(x)
    axes = _axes(x, axis)
    if any(x.shape[a] != 1 for a in axes):
        raise ValueError(
            f"squeeze: the axes {axes} of shape {tuple(x.shape)} are not all of size 1."
        )
    return torch.squeeze(x, axes)


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
    """A NumPy scalar as a Python number."""
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


# --- places -----------------------------------------------------------------------


def get_item(x: Any, key: Any) -> Any:
    if not isinstance(key, tuple):
        key = (key,)
    if any(isinstance(k, slice) and k.step is not None and k.step < 0 for k in key):
        x, key = _without_backward_slices(x, key)
    return x[tuple(_as_index(x, k) for k in key)]


def _as_index(x: Any, k: Any) -> Any:
    """A part of an index as PyTorch takes it: arrays as tensors of int64."""
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


def _from_start(indices: Any, size: int) -> Any:
    """Places counted from the start."""
    return torch.add(indices, indices < 0, alpha=size)


def take(x: Any, indices: Any, axis: Any = None) -> Any:
    x, axis = _row(x, axis)
    axis %= x.ndim
    if indices.dtype != torch.int32:
        indices = indices.long()
    flat = _from_start(indices, x.shape[axis]).reshape(-1)
    out = torch.index_select(x, axis, flat)
    return out.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def take_along_axis(x: Any, indices: Any, axis: Any = None) -> Any:
    if axis is None:
        x, indices, axis = x.reshape(-1), indices.reshape(-1), 0
    indices = indices.long()
    indices = _from_start(indices, x.shape[axis])
    return torch.take_along_dim(x, indices, axis)


def diag(x: Any, k: int = 0) -> Any:
    if x.ndim not in (1, 2):
        raise ValueError(f"diag: `x` has 1 or 2 axes; received shape {tuple(x.shape)}.")
    return torch.diag(x, k)


# --- products ---------------------------------------------------------------------


def tensordot(x1: Any, x2: Any, axes: Any = 2) -> Any:
    if not isinstance(axes, int):
        axes = [[a] if isinstance(a, int) else list(a) for a in axes]
    return torch.tensordot(x1, x2, axes)


_FROM_BOOL = {torch.bool: torch.int32}


def _in_int32(fn: Callable) -> Callable:
    """Products of booleans, which PyTorch has for numbers only."""
    return in_wider(fn, _FROM_BOOL, torch.Tensor.to)


def _linear(x: Any, kernel: Any, bias: Any = None) -> torch.Tensor:
    """`x @ kernel + bias` in one call."""
    if not kernel.is_floating_point():
        product = torch.matmul(x, kernel)
        return product if bias is None else product + bias
    if bias is not None and x.dim() == 2:
        return torch.addmm(bias, x, kernel)
    return torch.nn.functional.linear(x, kernel.t(), bias)


def mod(x1: Any, x2: Any) -> Any:
    """The remainder with the sign of `x2`."""
    if not isinstance(x1, torch.Tensor) and x2.requires_grad:
        x1 = x2.new_tensor(x1)  # of a number, PyTorch has no gradient by `x2`
    return x1 % x2


TABLE: dict[str, Callable] = {
    **functions_of(
        torch,
        """
        angle arccos arccosh arcsin arcsinh arctan arctanh bitwise_not ceil
        conjugate=conj_physical copy=clone cos cosh deg2rad exp exp2 expm1 floor
        i0=special.i0 isfinite isinf isnan isneginf isposinf isreal log log10 log1p log2
        logical_not nan_to_num negative rad2deg real reciprocal signbit sin sinc sinh
        sqrt square tan tanh

        arctan2 bitwise_and bitwise_or bitwise_xor fmax fmin fmod gcd hypot lcm
        left_shift=bitwise_left_shift logaddexp logaddexp2 logical_and logical_or
        logical_xor maximum minimum nextafter right_shift=bitwise_right_shift

        _split=split concatenate diagonal moveaxis roll slogdet=linalg.slogdet stack
        swapaxes tril triu where
        """,
    ),
    # Python's operators take scalars on either side.
    **functions_of(
        operator,
        """
        add divide=truediv equal=eq greater=gt greater_equal=ge
        less=lt less_equal=le multiply=mul not_equal=ne power=pow subtract=sub
        """,
    ),
    **functions_of(torch, "all any", over_axes),
    **functions_of(torch, "std var", functools.partial(over_axes, correction=0)),
    **functions_of(torch, "argmax argmin", _place),
    **functions_of(torch, "cumprod cumsum", _running),
    **functions_of(
        sys.modules[__name__],
        """
        _pad _prod _repeat absolute argsort bincount cbrt clip count_nonzero diag
        expand_dims floor_divide get_item mean=_mean mod round=_rounded sign sort
        squeeze sum=_sum take take_along_axis
        """,
    ),
    "_linear": _linear,
    "_view": lambda x, dtype: x.contiguous().view(getattr(torch, dtype)),
    "arange": lambda start, stop, step, dtype: torch.arange(
        start, stop, step, dtype=to_torch_dtype(dtype), device=get_device()
    ),
    "broadcast_to": lambda x, shape: torch.broadcast_to(x, as_tuple(shape)),
    "einsum": _in_int32(lambda xs, subscripts: torch.einsum(subscripts, *xs)),
    "flip": lambda x, axis=None: torch.flip(x, _axes(x, axis)),
    "full": lambda shape, value, dtype: torch.full(
        shape, value, dtype=to_torch_dtype(dtype), device=get_device()
    ),
    "full_like": lambda x, value, dtype: torch.full_like(
        x, value, dtype=None if dtype is None else to_torch_dtype(dtype)
    ),
    "imag": lambda x: x.imag if x.is_complex() else torch.zeros_like(x),
    "matmul": _in_int32(torch.matmul),
    "max": _extreme(torch.amax, torch.maximum),
    "min": _extreme(torch.amin, torch.minimum),
    "nonzero": lambda x: tuple(p.int() for p in torch.nonzero(x, as_tuple=True)),
    "reshape": lambda x, newshape: torch.reshape(
        x, tuple(-1 if n is None else int(n) for n in as_tuple(newshape))
    ),
    "searchsorted": in_wider(
        lambda xs, values, side: torch.searchsorted(
            xs, values.contiguous(), side=side, out_int32=True
        ),
        _FROM_BOOL,
        torch.Tensor.to,
        back=False,
    ),
    "tensordot": _in_int32(tensordot),
    "tile": lambda x, repeats: torch.tile(x, as_tuple(repeats)),
    "transpose": lambda x, axes=None: torch.permute(
        x, tuple(range(x.ndim))[::-1] if axes is None else tuple(axes)
    ),
    "trunc": lambda x: torch.trunc(x) if x.is_floating_point() else x,
}

# Ops whose function takes a Python scalar beside a tensor as it is.
WEAK = frozenset(
    """
    add subtract multiply divide floor_divide mod power equal not_equal greater
    greater_equal less less_equal where clip
    """.split()
)
