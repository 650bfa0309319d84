"""Random numbers on the host: initial weights, shuffles, splits, default seeds.

All come from NumPy's Philox (Salmon et al., 2011), so they are the same on every
backend, and nothing is compiled for them.
"""

from __future__ import annotations

import numpy as np

_state = {"generator": np.random.Generator(np.random.Philox())}


def host_generator() -> np.random.Generator:
    """The process-wide generator, which `keras.utils.set_random_seed` seeds."""
    return _state["generator"]


def seed_host(seed: int) -> None:
    """Seed the process-wide generator."""
    _state["generator"] = np.random.Generator(np.random.Philox(seed))


def draw_seed() -> int:
    """A random seed for something that has none, from 0 to 2**31 - 1."""
    return int(_state["generator"].integers(2**31))


def generator_of(seed: int) -> np.random.Generator:
    """A new generator with this seed."""
    return np.random.Generator(np.random.Philox(seed))
