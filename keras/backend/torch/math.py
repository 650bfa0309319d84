"""Indexing, segments, Fourier transforms and special functions in PyTorch."""

from __future__ import annotations

import math
from typing import Any

import torch


def _places(x: Any, starts: Any, sizes: tuple[int, ...]) -> list[Any]:
    """For each axis the indices of a block whose start is in a tensor."""
    out = []
    for axis, size in enumerate(sizes):
        start = starts[axis].clamp(0, x.shape[axis] - size)
        out.append(start + torch.arange(size, device=x.device))
    return out


def slice(inputs: Any, starts: Any, sizes: tuple[int, ...]) -> Any:
    if isinstance(starts, tuple):
        for axis, (start, size) in enumerate(zip(starts, sizes)):
            inputs = inputs.narrow(axis, start, size)
        return inputs
    for axis, places in enumerate(_places(inputs, starts, sizes)):
        inputs = inputs.index_select(axis, places)
    return inputs


def slice_update(inputs: Any, starts: Any, updates: Any) -> Any:
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
    return tuple(indices.long().unbind(-1))


def scatter(indices: Any, values: Any, shape: tuple[int, ...]) -> Any:
    zeros = torch.zeros(shape, dtype=values.dtype, device=values.device)
    return zeros.index_put(_place(indices), values, accumulate=True)


def scatter_update(inputs: Any, indices: Any, updates: Any, how: str | None) -> Any:
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


def segment(data: Any, ids: Any, num: int, how: str) -> Any:
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


def top_k(x: Any, k: int, sorted: bool) -> tuple[Any, Any]:
    if x.dtype in (torch.bool, torch.uint16, torch.uint32):
        values, indices = torch.topk(x.long(), k, sorted=sorted)
        return values.to(x.dtype), indices
    values, indices = torch.topk(x, k, sorted=sorted)
    return values, indices


def fft(real: Any, imag: Any, axes: int) -> tuple[Any, Any]:
    z = torch.fft.fftn(torch.complex(real, imag), dim=tuple(range(-axes, 0)))
    return z.real, z.imag


def ifft(real: Any, imag: Any, axes: int) -> tuple[Any, Any]:
    z = torch.fft.ifftn(torch.complex(real, imag), dim=tuple(range(-axes, 0)))
    return z.real, z.imag


def rfft(x: Any, n: int | None) -> tuple[Any, Any]:
    z = torch.fft.rfft(x, n)
    return z.real, z.imag


def irfft(real: Any, imag: Any, n: int | None) -> Any:
    return torch.fft.irfft(torch.complex(real, imag), n)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is None:
        axis = tuple(range(x.dim()))
    return torch.logsumexp(x, axis, keepdim=keepdims) if axis != () else x


def jvp(fun: Any, primals: tuple, tangents: tuple, has_aux: bool) -> Any:
    return torch.func.jvp(fun, primals, tangents, has_aux=has_aux)


def view_as_real(x: Any) -> Any:
    if not x.is_complex():
        return torch.stack([x, torch.zeros_like(x)], -1)
    return torch.view_as_real(x.resolve_conj())


TABLE: dict = {
    "_unstack": lambda x, axis: list(x.unbind(axis)),
    "_slice": slice,
    "_slice_update": slice_update,
    "_scatter": scatter,
    "_scatter_update": scatter_update,
    "_segment": segment,
    "_top_k": top_k,
    "_extract_sequences": lambda x, length, stride: x.unfold(-1, length, stride),
    "_fft": fft,
    "_ifft": ifft,
    "_rfft": rfft,
    "_irfft": irfft,
    "_jvp": jvp,
    "view_as_real": view_as_real,
    "_view_as_complex": lambda x: torch.complex(x[..., 0], x[..., 1]),
    "erf": torch.erf,
    "erfc": torch.erfc,
    "erfinv": torch.erfinv,
    "rsqrt": torch.rsqrt,
    "logsumexp": logsumexp,
}
