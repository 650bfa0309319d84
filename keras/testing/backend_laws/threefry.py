"""Threefry-2x32 in NumPy: what the portable draws of every backend must equal."""

from __future__ import annotations

import math

import numpy as np

Key = tuple[int, int]
_MASK = 0xFFFFFFFF
_ROTATIONS = (13, 15, 26, 6, 17, 29, 16, 24)


def threefry2x32(key: Key, counters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two words for each 64-bit counter below 2**32 (Salmon et al., 2011, 20 rounds).

    Args:
        key: two words.
        counters: the lower words of the counters, as uint64.

    Returns:
        The upper and the lower words, as uint64 below 2**32.
    """
    keys = [np.uint64(k) for k in (*key, key[0] ^ key[1] ^ 0x1BD11BDA)]
    mask = np.uint64(_MASK)
    high = np.full_like(counters, keys[0])
    low = (counters + keys[1]) & mask

    for step in range(20):
        distance = _ROTATIONS[step % 8]
        high = (high + low) & mask
        low = (low << np.uint64(distance) | low >> np.uint64(32 - distance)) & mask
        low ^= high
        if step % 4 == 3:  # a key is added after each four rounds
            turn = step // 4 + 1
            high = (high + keys[turn % 3]) & mask
            low = (low + keys[(turn + 1) % 3] + np.uint64(turn)) & mask
    return high, low


def words(key: Key, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The words of a draw of that shape: the counters are the flat positions."""
    counters = np.arange(math.prod(shape), dtype="uint64").reshape(shape)
    return threefry2x32(key, counters)


def bits(key: Key, shape: tuple[int, ...]) -> np.ndarray:
    """32 random bits for each element, as int64."""
    high, low = words(key, shape)
    return (high ^ low).astype("int64")


def split(key: Key, number: int) -> list[Key]:
    """Independent keys made of one."""
    high, low = words(key, (number,))
    return list(zip(high.tolist(), low.tolist()))


def uniform(key: Key, shape: tuple[int, ...]) -> np.ndarray:
    """float32 values in [0, 1): the upper 23 bits."""
    return ((bits(key, shape) >> 9) * 2.0**-23).astype("float32")


def randint(key: Key, shape: tuple[int, ...], minval: int, maxval: int) -> np.ndarray:
    """Integers in [minval, maxval): `(2**32 * high + low) % span`, in 32 bits."""
    high, low = (bits(part, shape) for part in split(key, 2))
    span = maxval - minval
    factor = (2**16 % span) ** 2 % 2**32 % span
    offset = ((high % span) * factor + low % span) % 2**32
    return minval + offset % span
