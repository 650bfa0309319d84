"""Indexing, segments, Fourier transforms and special functions in JAX."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax import lax


def unstack(x: Any, axis: int) -> list[Any]:
    return list(jnp.unstack(x, axis=axis))


def slice_update(inputs: Any, starts: Any, updates: Any) -> Any:
    return lax.dynamic_update_slice(inputs, updates, [starts[i] for i in _axes(inputs)])


def _axes(x: Any) -> range:
    return range(x.ndim)


def _place(indices: Any) -> tuple[Any, ...]:
    return tuple(jnp.moveaxis(indices, -1, 0))


def scatter(indices: Any, values: Any, shape: tuple[int, ...]) -> Any:
    return jnp.zeros(shape, values.dtype).at[_place(indices)].add(values)


def scatter_update(inputs: Any, indices: Any, updates: Any, how: str | None) -> Any:
    at = inputs.at[_place(indices)]
    put = {None: at.set, "add": at.add, "max": at.max, "min": at.min, "mul": at.mul}
    return put[how](updates)


def segment(data: Any, ids: Any, num: int, how: str) -> Any:
    return getattr(jax.ops, f"segment_{how}")(data, ids, num)


def top_k(x: Any, k: int, sorted: bool) -> tuple[Any, Any]:
    values, indices = lax.top_k(x, k)
    return values, indices.astype("int32")


def extract_sequences(x: Any, length: int, stride: int) -> Any:
    starts = jnp.arange(0, x.shape[-1] - length + 1, stride)
    return x[..., starts[:, None] + jnp.arange(length)]


def _parts(z: Any) -> tuple[Any, Any]:
    return jnp.real(z), jnp.imag(z)


def _last(count: int) -> tuple[int, ...]:
    return tuple(range(-count, 0))


def fft(real: Any, imag: Any, axes: int) -> tuple[Any, Any]:
    return _parts(jnp.fft.fftn(lax.complex(real, imag), axes=_last(axes)))


def ifft(real: Any, imag: Any, axes: int) -> tuple[Any, Any]:
    return _parts(jnp.fft.ifftn(lax.complex(real, imag), axes=_last(axes)))


def rfft(x: Any, n: int | None) -> tuple[Any, Any]:
    return _parts(jnp.fft.rfft(x, n))


def irfft(real: Any, imag: Any, n: int | None) -> Any:
    return jnp.fft.irfft(lax.complex(real, imag), n)


def logsumexp(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return jax.scipy.special.logsumexp(x, axis=axis, keepdims=keepdims)


def jvp(fun: Any, primals: tuple, tangents: tuple, has_aux: bool) -> Any:
    return jax.jvp(fun, primals, tangents, has_aux=has_aux)


TABLE: dict = {
    "_unstack": unstack,
    "_slice": lambda x, starts, sizes: lax.dynamic_slice(
        x, [starts[i] for i in _axes(x)], sizes
    ),
    "_slice_update": slice_update,
    "_scatter": scatter,
    "_scatter_update": scatter_update,
    "_segment": segment,
    "_top_k": top_k,
    "_extract_sequences": extract_sequences,
    "_fft": fft,
    "_ifft": ifft,
    "_rfft": rfft,
    "_irfft": irfft,
    "_jvp": jvp,
    "view_as_real": lambda x: jnp.stack(_parts(x), -1),
    "_view_as_complex": lambda x: lax.complex(x[..., 0], x[..., 1]),
    "erf": jax.scipy.special.erf,
    "erfc": jax.scipy.special.erfc,
    "erfinv": jax.scipy.special.erfinv,
    "rsqrt": lax.rsqrt,
    "logsumexp": logsumexp,
}
