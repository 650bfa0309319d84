"""Random numbers that are the same, bit for bit, on every framework and device.

Bits come from Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers",
2011), written over words of 32 bits that wrap around. The counters are the flat
positions of the elements, as in `jax.random` ("partitionable"), and words become
uniform numbers and integers as they do there.

Normal values are the inverse of the distribution function at the same place as in
`jax.random`, but read off a table: logarithms differ in the last bits from one
framework to the next, and so does whether a product and a sum are rounded once or
twice. Here the product is exact, so it does not matter.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

PARITY = 0x1BD11BDA
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
# For each float type: how many bits of a word are used, and how many of them stay.
_MANTISSAS = {"float32": (32, 23), "float16": (16, 10), "bfloat16": (8, 7)}
# A normal value's table: 24 powers of two, each in 2**10 pieces of 2**13 steps.
_PIECE_BITS, _STEP_BITS = 10, 13
HALF = 2**24  # places in half of the distribution


def threefry2x32(
    key: tuple[Any, Any], low: Any, xor: Callable, rotate: Callable, constant: Callable
) -> tuple[Any, Any]:
    """Two words of 32 random bits for each counter.

    Args:
        key: two words.
        low: the counters' lower words; the upper ones are zero.
        xor: `(a, b) -> a ^ b`.
        rotate: `(a, n) ->` a rotated left by n bits.
        constant: `int -> word`.

    Returns:
        The upper and the lower words.
    """
    keys = (key[0], key[1], xor(xor(key[0], key[1]), constant(PARITY)))
    x0, x1 = keys[0], low + keys[1]

    # Five groups of four rounds; after each the key is mixed in again.
    for i in range(5):
        for distance in _ROTATIONS[i % 2]:
            x0 = x0 + x1
            x1 = xor(x0, rotate(x1, distance))
        x0 = x0 + keys[(i + 1) % 3]
        x1 = x1 + (keys[(i + 2) % 3] + constant(i + 1))

    return x0, x1


class Draws:
    """Draws made of pairs of words, for a framework without Threefry of its own.

    Args:
        words: `(shape, seed) ->` the upper and the lower words, as int64 from 0.
        split: `(seed, number) ->` independent seeds.
        cast: `(number or tensor, dtype) -> tensor`.
        normal_at: see the function of that name.
    """

    def __init__(
        self, words: Callable, split: Callable, cast: Callable, normal_at: Callable
    ) -> None:
        self.words, self.split, self.cast = words, split, cast
        self.normal_at = normal_at

    def bits(self, shape: Any, seed: Any) -> Any:
        """Words of 32 random bits, as integers from 0."""
        high, low = self.words(shape, seed)
        return high ^ low

    def uniform(self, shape: Any, dtype: str, seed: Any) -> Any:
        """Uniform values in [0, 1)."""
        high, low = self.words(shape, seed)
        if dtype == "float64":
            upper, lower = self.cast(high, dtype), self.cast(low // 2**12, dtype)
            return upper * 2**-32 + lower * 2**-52
        bits, mantissa = _MANTISSAS[dtype]
        kept = (high ^ low) // 2 ** (bits - mantissa) % 2**mantissa
        return self.cast(kept, dtype) * 2**-mantissa

    def normal(self, shape: Any, dtype: str, seed: Any) -> Any:
        """Standard normal values."""
        place = self.bits(shape, seed) // 2**9 * 4 + 1
        return self.cast(self.normal_at(self.cast(place, "int32")), dtype)

    def randint(
        self,
        shape: Any,
        minval: Any,
        maxval: Any,
        dtype: str,
        seed: Any,
        bits: Callable | None = None,
    ) -> Any:
        """Integers in [minval, maxval) of these bits, or of another source's."""
        draw = bits or self.bits
        high, low = (draw(shape, s) for s in self.split(seed, 2))
        minval, maxval = self.cast(minval, "int64"), self.cast(maxval, "int64")
        return self.cast(_randint_of_bits(high, low, minval, maxval), dtype)


def _randint_of_bits(high: Any, low: Any, minval: Any, maxval: Any) -> Any:
    """Integers in [minval, maxval) of two words each, as `jax.random.randint` has them.

    All are int64 tensors; a range is at most 2**32 long. Two words are used so that the
    remainder is nearly uniform: (2**32 * high + low) % span, in 32 bits.
    """
    mask = 0xFFFFFFFF
    span = maxval - minval
    factor = (2**16 % span) ** 2 & mask
    offset = (high % span) * (factor % span) + low % span & mask
    return minval + offset % span


@functools.cache
def normal_table() -> tuple[np.ndarray, np.ndarray]:
    """|z| where the lower tail has the mass t / 2**25, for t from 1 to 2**24.

    Returns:
        The value at the start of each piece, and the slope within it, of so few bits
        (11) that its product with a step (13 bits) is exact.
    """
    bits = np.arange((24 << _PIECE_BITS) + 2) << _STEP_BITS
    starts = (bits + (127 << 23)).astype("int32").view("float32")
    inverse = NormalDist().inv_cdf
    values = np.array([-inverse(t / 2**25) for t in starts.tolist()])
    fraction, exponent = np.frexp(np.diff(values) / 2**_STEP_BITS)
    slopes = np.ldexp(np.round(fraction * 2**11) / 2**11, exponent)
    return values[:-1].astype("float32"), slopes.astype("float32")


def normal_at(
    place: Any, where: Callable, to_float: Callable, bits_of: Callable, take: Callable
) -> Any:
    """The normal value below which the mass is `place / 2**25`.

    Args:
        place: int32, from 1 to 2**25 - 1.
        where: `(condition, x, y)`.
        to_float: int32 to float32.
        bits_of: a float32's bits as an int32.
        take: `(NumPy array, int32 indices) -> float32`.
    """
    upper = place >= HALF
    bits = bits_of(to_float(where(upper, 2 * HALF - place, place)))
    piece = bits // (1 << _STEP_BITS) - (127 << _PIECE_BITS)
    starts, slopes = normal_table()
    step = to_float(bits & ((1 << _STEP_BITS) - 1))
    z = take(starts, piece) + take(slopes, piece) * step
    return where(upper, z, -z)
