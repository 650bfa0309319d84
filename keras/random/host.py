"""Numbers drawn on the host: initial weights, shuffles, splits, default seeds.

All come from NumPy's Philox (Salmon et al., 2011), so they are the same whatever the
backend, and nothing is compiled to draw them.
"""

from __future__ import annotations

import numpy as np

_state = {"generator": np.random.Generator(np.random.Philox())}


def host_generator() -> np.random.Generator:
    """The process-wide generator, which `keras.utils.set_random_seed` seeds."""
    return _state["generator"]


def seed_host(seed: int) -> None:
    """Start the process-wide generator afresh."""
    _state["generator"] = np.random.Generator(np.random.Philox(seed))


def draw_seed() -> int:
    """A seed for something that was given none, from 0 to 2**31 - 1."""
    return int(_state["generator"].integers(2**31))


def generator_of(seed: int) -> np.random.Generator:
    """A generator of its own for a seed."""
    return np.random.Generator(np.random.Philox(seed))
