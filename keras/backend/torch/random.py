"""Random draws on PyTorch. A seed is a pair of integers on the host.

A draw seeds a generator that is kept for the purpose, so that PyTorch's global one is
left alone and no draw waits for the device.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import torch

from keras.backend import portable_random
from keras.backend.defaults import is_traced as is_traced
from keras.backend.portable_random import Draws, threefry2x32
from keras.backend.torch.capture import is_recording, opaque
from keras.backend.torch.tensor import device_scope, get_device, to_torch_dtype
from keras.core import seeds

_kept = threading.local()
_MASK = 2**64 - 1


def seed_of(seed: int) -> tuple[int, int]:
    """The seed of a draw from an integer."""
    return seed, 0


def advance(state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The seed of a draw, and the state after it."""
    step = torch.tensor([0, 1], device=state.device)
    return state.clone(), (state + step).to(state.dtype)


def next_on_host(kept: torch.Tensor) -> tuple[int, int] | None:
    """The seed of a draw, counted in the state's memory: that costs no operation.

    The array that shares the memory is remembered with the tensor, as long as the
    tensor's memory does not move.
    """
    if is_recording() or kept.device.type != "cpu":
        return None

    place = kept.data_ptr()
    known = getattr(kept, "_keras_words", None)
    if known is None or known[0] != place:
        known = place, kept.detach().numpy()
        kept._keras_words = known  # type: ignore[attr-defined]

    words = known[1]
    seed = int(words[0]), int(words[1])
    words[1] += 1
    return seed


def state_scope() -> Any:
    """Where states are kept: on the host, so that no draw waits for a device."""
    return device_scope("cpu")


def seed_framework(seed: int) -> None:
    """Seed PyTorch's global generators."""
    torch.manual_seed(seed)


if seeds.value is not None:
    seed_framework(seeds.value)


def _pair(seed: Any) -> tuple[int, int]:
    """A seed as two Python ints; drawn from a state it is a tensor."""
    return seed if isinstance(seed, tuple) else tuple(seed.tolist())


def generator_for(seed: Any, device: Any) -> torch.Generator | None:
    """A generator on a device, seeded; None for the global one.

    Under torch.compile the global one is used, which is the one it can follow.
    """
    if torch.compiler.is_compiling():
        return None
    try:
        generator = _kept.generators[device]
    except (AttributeError, KeyError):
        generators = _kept.__dict__.setdefault("generators", {})
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


@opaque
def _draw(
    fn: Callable, shape: Sequence[int], dtype: torch.dtype, seed: Any, *first: Any
) -> torch.Tensor:
    """Call one of torch's functions that fill a shape."""
    device = get_device()
    if device == "meta":
        return torch.empty(tuple(shape), dtype=dtype, device=device)
    generator = generator_for(seed, device)
    return fn(*first, tuple(shape), generator=generator, dtype=dtype, device=device)


def random_bits(shape: Sequence[int], seed: Any) -> torch.Tensor:
    """Words of 32 random bits, as integers from 0."""
    return _draw(torch.randint, shape, torch.int64, seed, 0, 2**32)


def random_uniform(shape: Sequence[int], dtype: str, seed: Any) -> torch.Tensor:
    """Uniform values in [0, 1)."""
    return _draw(torch.rand, shape, to_torch_dtype(dtype), seed)


def random_normal(shape: Sequence[int], dtype: str, seed: Any) -> torch.Tensor:
    """Standard normal values."""
    return _draw(torch.randn, shape, to_torch_dtype(dtype), seed)


def random_randint(
    shape: Sequence[int], minval: Any, maxval: Any, dtype: str, seed: Any
) -> torch.Tensor:
    """Integers in [minval, maxval)."""
    if isinstance(minval, int) and isinstance(maxval, int):
        out = _draw(torch.randint, shape, torch.int64, seed, minval, maxval)
        return out.to(to_torch_dtype(dtype))
    return _draws.randint(shape, minval, maxval, dtype, seed, random_bits)


@opaque
def random_gamma(
    shape: Sequence[int], alpha: Any, dtype: str, seed: Any
) -> torch.Tensor:
    """Gamma values of scale 1; `alpha` broadcasts to the shape."""
    alpha = alpha.to(to_torch_dtype(dtype)).expand(tuple(shape)).contiguous()
    if alpha.is_meta:
        return torch.empty_like(alpha)
    return torch._standard_gamma(alpha, generator=generator_for(seed, alpha.device))


@opaque
def random_binomial(
    shape: Sequence[int], counts: Any, probabilities: Any, dtype: str, seed: Any
) -> torch.Tensor:
    """How many of `counts` trials succeed."""
    counts, probabilities = (
        x.to(to_torch_dtype(dtype)).expand(tuple(shape)).contiguous()
        for x in (counts, probabilities)
    )
    if counts.is_meta:
        return torch.empty_like(counts)
    generator = generator_for(seed, counts.device)
    return torch.binomial(counts, probabilities, generator=generator)


@opaque
def dropout(
    x: torch.Tensor, rate: float, shape: Sequence[int] | None, seed: Any
) -> torch.Tensor:
    """`x` with a part `rate` of its elements 0 and the others scaled up."""
    if x.is_meta:
        return x.clone()
    generator, scale = generator_for(seed, x.device), 1 / (1 - rate)
    if x.is_cuda and shape is None:
        kept = torch.empty(x.shape, dtype=torch.bool, device=x.device)
        kept.bernoulli_(1 - rate, generator=generator)
        return torch.ops.aten.native_dropout_backward(x, kept, scale)
    # On a CPU this is three times as fast as torch's own, which draws by bernoulli_.
    shape = x.shape if shape is None else tuple(shape)
    noise = torch.rand(shape, generator=generator, device=x.device)
    noise = noise.ge_(rate).mul_(scale)
    return x * (noise if x.dtype == torch.float32 else noise.to(x.dtype))


# The portable generator: words are int32, which wrap around, and int64 afterwards.


def _word(value: int) -> int:
    """A word of 32 bits as an int32."""
    return value - 2**32 if value >= 2**31 else value


def _rotate(x: torch.Tensor, distance: int) -> torch.Tensor:
    """Words of 32 bits rotated left."""
    return (x << distance) | ((x >> 32 - distance) & ((1 << distance) - 1))


@opaque
def _words(shape: Sequence[int], seed: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """The upper and the lower words, as int64 from 0; see `threefry2x32`."""
    device = get_device()
    if device == "meta":
        empty = torch.empty(tuple(shape), dtype=torch.int64, device=device)
        return empty, empty
    low = torch.arange(math.prod(shape), dtype=torch.int32, device=device)
    key: Any = tuple(
        torch.tensor(_word(k), dtype=torch.int32, device=device) for k in _pair(seed)
    )
    high, low = (
        words.reshape(tuple(shape)).to(torch.int64) & 0xFFFFFFFF
        for words in threefry2x32(key, low, torch.bitwise_xor, _rotate, _word)
    )
    return high, low


def normal_at(place: torch.Tensor) -> torch.Tensor:
    """The normal value below which the mass is `place / 2**25`."""
    return portable_random.normal_at(
        place,
        torch.where,
        torch.Tensor.float,
        lambda x: x.view(torch.int32),
        lambda table, index: torch.as_tensor(table, device=index.device)[index],
    )


def split(seed: Any, number: int) -> list[Any]:
    """Independent seeds made of one."""
    if get_device() == "meta":
        return [seed] * number
    with device_scope("cpu"):
        high, low = _words((number,), seed)
    return list(zip(high.tolist(), low.tolist()))


def _cast(x: Any, dtype: str) -> torch.Tensor:
    return torch.as_tensor(x, dtype=to_torch_dtype(dtype), device=get_device())


_draws = Draws(_words, split, _cast, normal_at)
portable_bits = _draws.bits
portable_uniform = _draws.uniform
portable_normal = _draws.normal
portable_randint = _draws.randint
