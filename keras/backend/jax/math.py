"""Blocks, segments, Fourier transforms and special functions in JAX."""

from __future__ import annotations

import sys
from typing import Any

import jax
import jax.numpy as jnp
import jax.scipy.special
from jax import lax

from keras.backend.tables import functions_of


def _place(indices: Any) -> tuple[Any, ...]:
    """An index of an array for each indexed axis."""
    return tuple(jnp.moveaxis(indices, -1, 0))


def _scatter(indices: Any, values: Any, shape: tuple[int, ...]) -> Any:
    return jnp.zeros(shape, values.dtype).at[_place(indices)].add(values)


def _scatter_update(inputs: Any, indices: Any, updates: Any, how: str | None) -> Any:
    at = inputs.at[_place(indices)]
    put = {None: at.set, "add": at.add, "max": at.max, "min": at.min, "mul": at.mul}
    return put[how](updates)


def _segment(data: Any, ids: Any, num: int, how: str) -> Any:
    return getattr(jax.ops, f"segment_{how}")(data, ids, num)


def _starts(x: Any, starts: Any) -> list[Any]:
    """The start of a block along each axis."""
    return [starts[i] for i in range(x.ndim)]


def _top_k(x: Any, k: int, sorted: bool, is_stable: bool) -> tuple[Any, Any]:
    # Of equal elements, the first comes first in any case.
    values, indices = lax.top_k(x, k)
    return values, indices.astype("int32")


def _extract_sequences(x: Any, length: int, stride: int) -> Any:
    starts = jnp.arange(0, x.shape[-1] - length + 1, stride)
    return x[..., starts[:, None] + jnp.arange(length)]


TABLE: dict = {
    **functions_of(jax.scipy.special, "erf erfc erfinv gammainc gammaincc"),
    **functions_of(jnp.fft, "_irfft=irfft _rfft=rfft"),
    **functions_of(lax, "_complex=complex rsqrt"),
    **functions_of(
        sys.modules[__name__],
        "_extract_sequences _scatter _scatter_update _segment _top_k",
    ),
    "_fft": lambda z, axes: jnp.fft.fftn(z, axes=range(-axes, 0)),
    "_ifft": lambda z, axes: jnp.fft.ifftn(z, axes=range(-axes, 0)),
    "_jvp": lambda fun, primals, tangents, has_aux: jax.jvp(
        fun, primals, tangents, has_aux=has_aux
    ),
    "_slice": lambda x, starts, sizes: lax.dynamic_slice(x, _starts(x, starts), sizes),
    "_slice_update": lambda x, starts, updates: lax.dynamic_update_slice(
        x, updates, _starts(x, starts)
    ),
    "_unstack": lambda x, axis: list(jnp.unstack(x, axis=axis)),
    "logsumexp": lambda x, axis=None, keepdims=False: jax.scipy.special.logsumexp(
        x, axis=axis, keepdims=keepdims
    ),
}
