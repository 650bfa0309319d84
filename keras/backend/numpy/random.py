"""Random draws on NumPy, by its Philox generator. A seed is a pair of integers.

Philox is keyed by the pair, so a draw depends on nothing else, and NumPy's global
generator is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.backend import portable_random
from keras.backend.defaults import is_traced, next_on_host, state_scope  # noqa: F401
from keras.backend.numpy.array import Array, as_array, quiet
from keras.backend.numpy.hollow import Hollow, is_hollow
from keras.backend.portable_random import Draws, threefry2x32
from keras.core.dtypes import numpy_dtype

_STEP = np.array([0, 1], "uint32")


def seed_of(seed: int) -> Any:
    """The seed of a draw from an integer."""
    return as_array(np.array([seed, 0], "uint32"))


def advance(state: Any) -> tuple[Any, Any]:
    """The seed of a draw, and the state after it."""
    return state, state + _STEP


def seed_framework(seed: int) -> None:
    """Seed NumPy's global generator; this package's draws do not use it."""
    np.random.seed(seed % 2**32)


def _generator(seed: Any) -> np.random.Generator:
    return np.random.Generator(np.random.Philox(key=np.asarray(seed, "uint64")))


def _float_draw(method: str, shape: Any, dtype: str, seed: Any) -> Any:
    """Values of one of the generator's methods that draw floats."""
    wanted = numpy_dtype(dtype)
    if is_hollow():
        return Hollow(shape, wanted)
    wide = np.dtype("float64" if dtype == "float64" else "float32")
    drawn = getattr(_generator(seed), method)(tuple(shape), wide)
    return as_array(drawn.astype(wanted, copy=False))


def random_bits(shape: Sequence[int], seed: Any) -> Any:
    """Words of 32 random bits."""
    if is_hollow():
        return Hollow(shape, "uint32")
    return as_array(_generator(seed).integers(0, 2**32, tuple(shape), "uint32"))


def random_uniform(shape: Sequence[int], dtype: str, seed: Any) -> Any:
    """Uniform values in [0, 1)."""
    drawn = _float_draw("random", shape, dtype, seed)
    if dtype in ("float16", "bfloat16") and isinstance(drawn, Array):
        below = np.nextafter(np.ones((), drawn.dtype), np.zeros((), drawn.dtype))
        return np.minimum(drawn, below)  # rounding may have made it 1
    return drawn


def random_normal(shape: Sequence[int], dtype: str, seed: Any) -> Any:
    """Standard normal values."""
    return _float_draw("standard_normal", shape, dtype, seed)


def random_randint(
    shape: Sequence[int], minval: Any, maxval: Any, dtype: str, seed: Any
) -> Any:
    """Integers in [minval, maxval)."""
    wanted = numpy_dtype(dtype)
    if is_hollow():
        return Hollow(shape, wanted)
    kind = "uint64" if dtype == "uint64" else "int64"
    drawn = _generator(seed).integers(minval, maxval, tuple(shape), kind)
    return as_array(drawn.astype(wanted))


def random_gamma(shape: Sequence[int], alpha: Any, dtype: str, seed: Any) -> Any:
    """Gamma values of scale 1; `alpha` broadcasts to the shape."""
    wanted = numpy_dtype(dtype)
    if is_hollow():
        return Hollow(shape, wanted)
    drawn = _generator(seed).standard_gamma(np.asarray(alpha, "float64"), tuple(shape))
    return as_array(drawn.astype(wanted))


def random_binomial(
    shape: Sequence[int], counts: Any, probabilities: Any, dtype: str, seed: Any
) -> Any:
    """How many of `counts` trials succeed."""
    wanted = numpy_dtype(dtype)
    if is_hollow():
        return Hollow(shape, wanted)
    trials = np.asarray(counts, "int64")
    chances = np.asarray(probabilities, "float64")
    drawn = _generator(seed).binomial(trials, chances, tuple(shape))
    return as_array(drawn.astype(wanted))


def dropout(x: Any, rate: float, shape: Sequence[int] | None, seed: Any) -> Any:
    """`x` with a part `rate` of its elements 0 and the others scaled up."""
    if is_hollow():
        return x
    drawn = _generator(seed).random(x.shape if shape is None else tuple(shape), "f4")
    scale = np.asarray(1 / (1 - rate), x.dtype)
    return as_array(np.where(drawn >= rate, x * scale, np.zeros((), x.dtype)))


# The portable generator: words are uint32, which wrap around, and int64 afterwards.


def _rotate(x: Any, distance: int) -> Any:
    return x << np.uint32(distance) | x >> np.uint32(32 - distance)


@quiet
def _words(shape: Sequence[int], seed: Any) -> tuple[Any, Any]:
    if is_hollow():
        return Hollow(shape, "int64"), Hollow(shape, "int64")
    low = np.arange(int(np.prod(shape)), dtype="uint32")
    key = tuple(np.asarray(seed, "uint32"))
    high, low = (
        as_array(words.astype("int64").reshape(tuple(shape)))
        for words in threefry2x32(key, low, np.bitwise_xor, _rotate, np.uint32)
    )
    return high, low


def split(seed: Any, number: int) -> list[Any]:
    """Independent seeds made of one."""
    if is_hollow():
        return [seed] * number
    high, low = _words((number,), seed)
    return [as_array(np.array(pair, "uint32")) for pair in zip(high, low)]


def normal_at(place: Any) -> Any:
    """The normal value below which the mass is `place / 2**25`."""
    if is_hollow():
        return Hollow(place.shape, "float32")
    return as_array(
        portable_random.normal_at(
            np.asarray(place),
            np.where,
            lambda x: x.astype("float32"),
            lambda x: x.view("int32"),
            lambda table, index: table[index],
        )
    )


def _cast(x: Any, dtype: str) -> Any:
    if isinstance(x, Hollow):
        return x.astype(numpy_dtype(dtype))
    return as_array(np.asarray(x).astype(numpy_dtype(dtype)))


_draws = Draws(_words, split, _cast, normal_at)
portable_bits = _draws.bits
portable_uniform = _draws.uniform
portable_normal = _draws.normal
portable_randint = _draws.randint
