"""Random draws on JAX. A seed is the pair of words of a Threefry key.

JAX's own generator is the portable one, so most draws have one form only.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from keras.backend import portable_random
from keras.backend.defaults import next_on_host as next_on_host
from keras.backend.defaults import seed_framework as seed_framework
from keras.backend.defaults import state_scope as state_scope
from keras.core.dtypes import numpy_dtype

_STEP = np.array([0, 1], "uint32")


def seed_of(seed: int) -> Any:
    """The seed of a draw from an integer."""
    return jnp.asarray(np.array([seed, 0], "uint32"))


def advance(state: Any) -> tuple[Any, Any]:
    """The seed of a draw, and the state after it."""
    return state, state + _STEP


def is_traced(x: Any) -> bool:
    """Whether `x` is part of a function being traced, so that it has no value."""
    return isinstance(x, jax.core.Tracer)


def _key(seed: Any) -> Any:
    return jax.random.wrap_key_data(seed, impl="threefry2x32")


def split(seed: Any, number: int) -> list[Any]:
    """Independent seeds made of one."""
    return list(jax.random.key_data(jax.random.split(_key(seed), number)))


def random_bits(shape: Sequence[int], seed: Any) -> Any:
    """Words of 32 random bits."""
    return jax.random.bits(_key(seed), shape, "uint32")


def random_uniform(shape: Sequence[int], dtype: str, seed: Any) -> Any:
    """Uniform values in [0, 1)."""
    return jax.random.uniform(_key(seed), shape, _dtype(dtype))


def random_normal(shape: Sequence[int], dtype: str, seed: Any) -> Any:
    """Standard normal values."""
    return jax.random.normal(_key(seed), shape, _dtype(dtype))


def random_randint(
    shape: Sequence[int], minval: Any, maxval: Any, dtype: str, seed: Any
) -> Any:
    """Integers in [minval, maxval)."""
    return jax.random.randint(_key(seed), shape, minval, maxval, _dtype(dtype))


portable_bits = random_bits
portable_uniform = random_uniform
portable_randint = random_randint


@functools.partial(jax.jit, static_argnums=(0, 1))
def portable_normal(shape: Sequence[int], dtype: str, seed: Any) -> Any:
    """Standard normal values."""
    words = (random_bits(shape, seed) >> 9).astype("int32")
    return normal_at(words * 4 + 1).astype(_dtype(dtype))


def normal_at(place: Any) -> Any:
    """The normal value below which the mass is `place / 2**25`."""
    return portable_random.normal_at(
        place,
        jnp.where,
        lambda x: x.astype("float32"),
        lambda x: jax.lax.bitcast_convert_type(x, "int32"),
        lambda table, index: jnp.asarray(table)[index],
    )


def random_gamma(shape: Sequence[int], alpha: Any, dtype: str, seed: Any) -> Any:
    """Gamma values of scale 1; `alpha` broadcasts to the shape."""
    return jax.random.gamma(_key(seed), alpha, shape, _dtype(dtype))


def random_binomial(
    shape: Sequence[int], counts: Any, probabilities: Any, dtype: str, seed: Any
) -> Any:
    """How many of `counts` trials succeed."""
    key, dtype = _key(seed), _dtype(dtype)
    return jax.random.binomial(key, counts, probabilities, shape, dtype)


@functools.partial(jax.jit, static_argnums=2)
def dropout(x: Any, rate: float, shape: tuple[int, ...] | None, seed: Any) -> Any:
    """`x` with a part `rate` of its elements 0 and the others scaled up."""
    kept = jax.random.uniform(_key(seed), x.shape if shape is None else shape) >= rate
    return jnp.where(kept, x / jnp.asarray(1 - rate, x.dtype), jnp.zeros((), x.dtype))


def _dtype(dtype: str) -> Any:
    return jax.dtypes.canonicalize_dtype(numpy_dtype(dtype))
