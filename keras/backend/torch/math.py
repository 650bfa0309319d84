"""Blocks, segments, Fourier transforms and special functions in PyTorch."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import torch

from keras.backend.tables import functions_of, in_wider
from keras.backend.torch.numpy import over_axes


def _places(x: Any, starts: Any, sizes: tuple[int, ...]) -> list[Any]:
    """For each axis the indices of a block whose start is in a tensor."""
    out = []
    for axis, size in enumerate(sizes):
        start = starts[axis].clamp(0, x.shape[axis] - size)
        out.append(start + torch.arange(size, device=x.device))
    return out


def _slice(inputs: Any, starts: Any, sizes: tuple[int, ...]) -> Any:
    if isinstance(starts, tuple):
        for axis, (start, size) in enumerate(zip(starts, sizes)):
            inputs = inputs.narrow(axis, start, size)
        return inputs
    for axis, places in enumerate(_places(inputs, starts, sizes)):
        inputs = inputs.index_select(axis, places)
    return inputs


def _slice_update(inputs: Any, starts: Any, updates: Any) -> Any:
    if isinstance(starts, tuple):
        out = inputs.clone()
        view = out
        for axis, (start, size) in enumerate(zip(starts, updates.shape)):
            view = view.narrow(axis, start, size)
        view.copy_(updates)
        return out
    grid = torch.meshgrid(_places(inputs, starts, tuple(updates.shape)), indexing="ij")
    return inputs.index_put(tuple(grid), updates)


def _place(indices: Any) -> tuple[Any, ...]:
    """An index of a tensor for each indexed axis."""
    return tuple(indices.long().unbind(-1))


def _scatter(indices: Any, values: Any, shape: tuple[int, ...]) -> Any:
    zeros = torch.zeros(shape, dtype=values.dtype, device=values.device)
    return zeros.index_put(_place(indices), values, accumulate=True)


def _scatter_update(inputs: Any, indices: Any, updates: Any, how: str | None) -> Any:
    if how in (None, "add"):
        return inputs.index_put(_place(indices), updates, accumulate=how == "add")
    # The indexed axes as one, the others as another: rows combined by number.
    lead = indices.shape[-1]
    dims = inputs.shape[:lead]
    rows = torch.zeros_like(indices[..., 0], dtype=torch.int64)
    for axis, size in enumerate(dims):
        place = indices[..., axis].long()
        rows = rows * size + torch.where(place < 0, place + size, place)
    flat = inputs.reshape(math.prod(dims), -1)
    values = updates.reshape(rows.numel(), -1)
    rows = rows.reshape(-1, 1).expand_as(values)
    reduce = {"max": "amax", "min": "amin", "mul": "prod"}[how]  # type: ignore[index]
    return flat.scatter_reduce(0, rows, values, reduce).reshape(inputs.shape)


def _segment(data: Any, ids: Any, num: int, how: str) -> Any:
    floating = data.is_floating_point()
    limits = torch.finfo(data.dtype) if floating else torch.iinfo(data.dtype)
    empty: dict[str, Any] = {
        "sum": 0,
        "prod": 1,
        "max": -math.inf if floating else limits.min,
        "min": math.inf if floating else limits.max,
    }
    # One segment more takes the slices whose id is out of range.
    ids = torch.where((ids >= 0) & (ids < num), ids, num).long()
    out = data.new_full((num + 1, *data.shape[1:]), empty[how])
    rows = ids.view(-1, *[1] * (data.dim() - 1)).expand_as(data)
    reduce = {"sum": "sum", "prod": "prod", "max": "amax", "min": "amin"}[how]
    return out.scatter_reduce(0, rows, data, reduce)[:num]


def _top_k(x: Any, k: int, sorted: bool, is_stable: bool) -> tuple[Any, Any]:
    if is_stable:
        values, indices = torch.sort(x, dim=-1, descending=True, stable=True)
        return values[..., :k], indices[..., :k].int()
    values, indices = torch.topk(x, k, sorted=sorted)
    return values, indices


def differentiable_shape(fn: Callable) -> Callable:
    """An incomplete gamma function with a derivative by its shape, which PyTorch lacks.

    It is the difference quotient of fourth order in float64, with an error below 1e-9.
    """

    def slope(a: Any, x: Any) -> Any:
        a, x = a.double(), x.double()
        h = 2e-3 * torch.minimum(a, a.sqrt())
        near = fn(a + h, x) - fn(a - h, x)
        far = fn(a + 2 * h, x) - fn(a - 2 * h, x)
        return (8 * near - far) / (12 * h)

    def compute(a: Any, x: Any) -> Any:
        if not (a.requires_grad and torch.is_grad_enabled()):
            return fn(a, x)
        with torch.no_grad():
            by_shape = slope(a, x).to(a.dtype)
        return fn(a.detach(), x) + by_shape * (a - a.detach())

    return compute


_HALF = dict.fromkeys((torch.float16, torch.bfloat16), torch.float32)

TABLE: dict = {
    **functions_of(
        torch,
        """
        _complex=complex _irfft=fft.irfft _rfft=fft.rfft erf erfc erfinv rsqrt
        """,
    ),
    **functions_of(
        sys.modules[__name__], "_scatter _scatter_update _segment _slice _slice_update"
    ),
    "_extract_sequences": lambda x, length, stride: x.unfold(-1, length, stride),
    "_fft": lambda z, axes: torch.fft.fftn(z, dim=tuple(range(-axes, 0))),
    "_ifft": lambda z, axes: torch.fft.ifftn(z, dim=tuple(range(-axes, 0))),
    "_jvp": lambda fun, primals, tangents, has_aux: torch.func.jvp(
        fun, primals, tangents, has_aux=has_aux
    ),
    "_top_k": in_wider(_top_k, {torch.bool: torch.uint8}, torch.Tensor.to),
    "_unstack": lambda x, axis: list(x.unbind(axis)),
    "gammainc": in_wider(
        differentiable_shape(torch.special.gammainc), _HALF, torch.Tensor.to
    ),
    "gammaincc": in_wider(
        differentiable_shape(torch.special.gammaincc), _HALF, torch.Tensor.to
    ),
    "logsumexp": over_axes(torch.logsumexp),
}
