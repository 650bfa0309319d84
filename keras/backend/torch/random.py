"""Random draws on PyTorch. A seed is a pair of integers on the host.

A draw seeds a generator that is kept for the purpose, so that PyTorch's global one is
left alone and no draw waits for the device.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from keras.backend.threefry import threefry2x32
from keras.backend.torch.tensor import get_device, to_torch_dtype
from keras.core import seeds

_kept = threading.local()
_MASK = 2**64 - 1


def seed_of(seed: int) -> tuple[int, int]:
    """The seed of a draw from an integer."""
    return seed, 0


def advance(state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The seed of a draw, and the state after it."""
    step = torch.tensor([0, 1], device=state.device)
    return state.clone(), (state.to(torch.int64) + step).to(torch.uint32)


def memory_of(kept: torch.Tensor) -> np.ndarray:
    """A NumPy array that shares the memory of a state on the host."""
    return kept.detach().numpy()


def seed_framework(seed: int) -> None:
    """Seed PyTorch's global generators."""
    torch.manual_seed(seed)


if seeds.value is not None:
    seed_framework(seeds.value)


def _pair(seed: Any) -> tuple[int, int]:
    return seed if isinstance(seed, tuple) else tuple(seed.tolist())


def generator_for(seed: Any) -> torch.Generator | None:
    """A generator on the device in force, seeded; None for the global one.

    Under torch.compile the global one is used, which is the one it can follow.
    """
    if torch.compiler.is_compiling():
        return None
    device = get_device()
    generators = _kept.__dict__
    generator = generators.get(device)
    if generator is None:
        generator = generators[device] = torch.Generator(device)
    return generator.manual_seed(_mixed(*_pair(seed)))


def _mixed(seed: int, counter: int) -> int:
    """All bits of both in the lower 32, which are all that the CPU generator takes.

    The finalizer of SplitMix64 (Steele et al., 2014).
    """
    z = (seed << 32 | counter) + 0x9E3779B97F4A7C15 & _MASK
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & _MASK
    z = (z ^ z >> 27) * 0x94D049BB133111EB & _MASK
    return z ^ z >> 31


def random_uniform(shape: Sequence[int], dtype: str, seed: Any) -> torch.Tensor:
    """Uniform values in [0, 1)."""
    return _draw(torch.rand, shape, dtype, seed)


def random_normal(shape: Sequence[int], dtype: str, seed: Any) -> torch.Tensor:
    """Standard normal values."""
    return _draw(torch.randn, shape, dtype, seed)


def _draw(fn: Any, shape: Sequence[int], dtype: str, seed: Any) -> torch.Tensor:
    device, kind = get_device(), to_torch_dtype(dtype)
    if device == "meta":
        return torch.empty(tuple(shape), dtype=kind, device=device)
    return fn(tuple(shape), generator=generator_for(seed), dtype=kind, device=device)


# The portable generator: words are int32, which wrap around.


def _word(value: int) -> int:
    return value - 2**32 if value >= 2**31 else value


def _rotate(x: torch.Tensor, distance: int) -> torch.Tensor:
    return (x << distance) | ((x >> 32 - distance) & ((1 << distance) - 1))


def _words(shape: Sequence[int], seed: Any) -> tuple[torch.Tensor, torch.Tensor]:
    device = get_device()
    if device == "meta":
        empty = torch.empty(tuple(shape), dtype=torch.int32, device=device)
        return empty, empty
    size = math.prod(shape)
    low = torch.arange(size, dtype=torch.int32, device=device).reshape(tuple(shape))
    key = tuple(
        torch.tensor(_word(k), dtype=torch.int32, device=device) for k in _pair(seed)
    )
    return threefry2x32(key, low, torch.bitwise_xor, _rotate, _word)


def portable_bits(shape: Sequence[int], seed: Any) -> torch.Tensor:
    """Words of 32 random bits, as integers from 0."""
    high, low = _words(shape, seed)
    return (high ^ low).to(torch.int64) & 0xFFFFFFFF


def split(seed: Any, number: int) -> list[Any]:
    """Independent seeds made of one."""
    high, low = _words((number,), seed)
    return [(h % 2**32, w % 2**32) for h, w in zip(high.tolist(), low.tolist())]
