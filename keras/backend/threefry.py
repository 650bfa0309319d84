"""Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers", 2011).

Written over 32-bit integers that wrap around, whatever the framework. The counters
are the flat positions of the elements, as in `jax.random` ("partitionable"), so the
bits are those of `jax.random.bits` for the same key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PARITY = 0x1BD11BDA
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))


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
    for i in range(5):
        for distance in _ROTATIONS[i % 2]:
            x0 = x0 + x1
            x1 = xor(x0, rotate(x1, distance))
        x0 = x0 + keys[(i + 1) % 3]
        x1 = x1 + (keys[(i + 2) % 3] + constant(i + 1))
    return x0, x1
