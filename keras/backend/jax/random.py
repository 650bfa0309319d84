"""Random draws on JAX. A seed is the pair of words of a Threefry key.

JAX's own generator is the portable one, so there is one way only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from keras.core.dtypes import numpy_dtype

_STEP = np.array([0, 1], "uint32")


def seed_of(seed: int) -> Any:
    """The seed of a draw from an integer."""
    return jnp.asarray(np.array([seed, 0], "uint32"))


def advance(state: Any) -> tuple[Any, Any]:
    """The seed of a draw, and the state after it."""
    return state, state + _STEP


def seed_framework(seed: int) -> None:
    """JAX has no generator of its own."""


def _key(seed: Any) -> Any:
    return jax.random.wrap_key_data(seed, impl="threefry2x32")


def split(seed: Any, number: int) -> list[Any]:
    """Independent seeds made of one."""
    return list(jax.random.key_data(jax.random.split(_key(seed), number)))


def random_uniform(shape: Sequence[int], dtype: str, seed: Any) -> Any:
    """Uniform values in [0, 1)."""
    return jax.random.uniform(_key(seed), shape, numpy_dtype(dtype))


def random_normal(shape: Sequence[int], dtype: str, seed: Any) -> Any:
    """Standard normal values."""
    return jax.random.normal(_key(seed), shape, numpy_dtype(dtype))


portable_uniform = random_uniform
portable_normal = random_normal


def portable_bits(shape: Sequence[int], seed: Any) -> Any:
    """Words of 32 random bits."""
    return jax.random.bits(_key(seed), shape, "uint32")
