"""Hashes of text that are the same in every process and on every machine.

FarmHash's `Fingerprint64` (G. Pike, 2014), SipHash-2-4 (J.-P. Aumasson and D. J.
Bernstein, 2012), and the way TensorFlow joins fingerprints: with them values fall into
the bins that they fall into with TensorFlow's ops. All strings are hashed at once, one
NumPy operation after the other, on `Packed` bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

U64 = np.uint64
_K0 = U64(0xC3A5C85C97CB3127)
_K1 = U64(0xB492B66FBE98F273)
_K2 = U64(0x9AE16A3B2F90404F)
_JOIN = U64(0xC6A4A7935BD1E995)
# Bytes behind the last string, so that a word may be read at each position.
_MARGIN = 16
# Strings are hashed in parts of so many, whose numbers stay in the cache.
_PART = 1 << 14


class Packed(NamedTuple):
    """The bytes of many strings, one after the other.

    Attributes:
        data: all bytes, with a margin at the end.
        starts: where each string begins.
        lengths: how many bytes each has.
    """

    data: np.ndarray
    starts: np.ndarray
    lengths: np.ndarray

    def words(self) -> np.ndarray:
        """The eight bytes at each position as a little-endian number: a view."""
        size = max(len(self.data) - 7, 0)
        return np.ndarray((size,), "<u8", self.data, strides=(1,))

    def at(self, chosen: np.ndarray) -> Packed:
        """Some of the strings."""
        return Packed(self.data, self.starts[chosen], self.lengths[chosen])


def pack(strings: list[bytes]) -> Packed:
    """The bytes of a list of strings."""
    lengths = np.fromiter(map(len, strings), np.int64, len(strings))
    starts = np.zeros(len(strings), np.int64)
    np.cumsum(lengths[:-1], out=starts[1:])
    data = b"".join(strings) + bytes(_MARGIN)
    return Packed(np.frombuffer(data, np.uint8), starts, lengths)


def pack_rows(rows: np.ndarray, lengths: np.ndarray) -> Packed:
    """The strings in the rows of a table of bytes, each from its row's beginning."""
    count, width = rows.shape
    data = np.zeros(count * width + _MARGIN, np.uint8)
    data[: count * width] = rows.reshape(-1)
    return Packed(data, np.arange(count, dtype=np.int64) * width, lengths)


def fingerprint64(strings: Packed) -> np.ndarray:
    """FarmHash's `Fingerprint64` of each string, as uint64."""
    return _in_parts(_fingerprint64, strings)


def siphash24(strings: Packed, key: tuple[int, int]) -> np.ndarray:
    """SipHash-2-4 of each string under a key of two 64-bit numbers, as uint64."""
    return _in_parts(lambda part: _siphash24(part, key), strings)


def join_fingerprints(first: Any, second: Any) -> np.ndarray:
    """One fingerprint of two, of uint64 numbers or arrays of them."""
    with np.errstate(over="ignore"):
        joined = first ^ _JOIN ^ (_mix(second * _JOIN) * _JOIN)
        return _mix(_mix(joined * _JOIN) * _JOIN)


def _in_parts(hashes: Any, strings: Packed) -> np.ndarray:
    out = np.empty(len(strings.starts), U64)
    with np.errstate(over="ignore"):
        for start in range(0, len(out), _PART):
            part = slice(start, start + _PART)
            out[part] = hashes(strings.at(part))  # type: ignore[arg-type]
    return out


# FarmHash


def _fingerprint64(strings: Packed) -> np.ndarray:
    """Each length has a way of its own."""
    out = np.empty(len(strings.starts), U64)
    left = np.ones(len(out), bool)
    ways = (
        (0, _empty),
        (3, _up_to_3),
        (7, _up_to_7),
        (16, _up_to_16),
        (32, _up_to_32),
        (64, _up_to_64),
        (None, _longer),
    )
    for most, way in ways:
        chosen = left if most is None else left & (strings.lengths <= most)
        where = np.flatnonzero(chosen)
        if len(where):
            out[where] = way(strings.at(where))
            left[where] = False
    return out


def _empty(strings: Packed) -> np.ndarray:
    return np.full(len(strings.starts), _K2)


def _up_to_3(strings: Packed) -> np.ndarray:
    data, starts, lengths = strings
    first = data[starts].astype(U64)
    middle = data[starts + (lengths >> 1)].astype(U64)
    last = data[starts + lengths - 1].astype(U64)

    y = first + (middle << U64(8))
    z = lengths.astype(U64) + (last << U64(2))
    return _mix(y * _K2 ^ z * _K0) * _K2


def _up_to_7(strings: Packed) -> np.ndarray:
    words, starts, lengths = strings.words(), strings.starts, strings.lengths
    low = U64(0xFFFFFFFF)
    size = lengths.astype(U64)
    mul = _K2 + size * U64(2)
    first = words[starts] & low
    last = words[starts + lengths - 4] & low
    return _hash_two(size + (first << U64(3)), last, mul)


def _up_to_16(strings: Packed) -> np.ndarray:
    words, starts, lengths = strings.words(), strings.starts, strings.lengths
    mul = _K2 + lengths.astype(U64) * U64(2)
    a = words[starts] + _K2
    b = words[starts + lengths - 8]
    c = _rotate(b, 37) * mul + a
    d = (_rotate(a, 25) + b) * mul
    return _hash_two(c, d, mul)


def _up_to_32(strings: Packed) -> np.ndarray:
    words, starts, lengths = strings.words(), strings.starts, strings.lengths
    ends = starts + lengths
    mul = _K2 + lengths.astype(U64) * U64(2)
    a = words[starts] * _K1
    b = words[starts + 8]
    c = words[ends - 8] * mul
    d = words[ends - 16] * _K2
    return _hash_two(
        _rotate(a + b, 43) + _rotate(c, 30) + d, a + _rotate(b + _K2, 18) + c, mul
    )


def _up_to_64(strings: Packed) -> np.ndarray:
    words, starts, lengths = strings.words(), strings.starts, strings.lengths
    ends = starts + lengths
    mul = _K2 + lengths.astype(U64) * U64(2)
    a = words[starts] * _K2
    b = words[starts + 8]
    c = words[ends - 8] * mul
    d = words[ends - 16] * _K2
    y = _rotate(a + b, 43) + _rotate(c, 30) + d
    z = _hash_two(y, a + _rotate(b + _K2, 18) + c, mul)

    e = words[starts + 16] * mul
    f = words[starts + 24]
    g = (y + words[ends - 32]) * mul
    h = (z + words[ends - 24]) * mul
    return _hash_two(
        _rotate(e + f, 43) + _rotate(g, 30) + h, e + _rotate(f + a, 18) + g, mul
    )


def _longer(strings: Packed) -> np.ndarray:
    """Strings of more than 64 bytes: blocks of 64, then the last 64 again."""
    words, starts, lengths = strings.words(), strings.starts, strings.lengths
    count = len(starts)
    seed = U64(81)
    x = seed * _K2 + words[starts]
    y = np.full(count, seed * _K1 + U64(113))
    z = np.full(count, _mix((seed * _K1 + U64(113)) * _K2 + U64(113)) * _K2)
    v1, v2, w1, w2 = (np.zeros(count, U64) for _ in range(4))

    # The longest first: at each step those that have a block left are at the front.
    blocks = (lengths - 1) // 64
    order = np.argsort(-blocks, kind="stable")
    starts, x, y, z = starts[order], x[order], y[order], z[order]
    lengths = lengths[order]
    still = np.searchsorted(-blocks[order], -np.arange(int(blocks.max())))
    for step, live in enumerate(still.tolist()):
        now = slice(0, live)
        at = starts[now] + 64 * step
        state = (x[now], y[now], z[now], v1[now], v2[now], w1[now], w2[now])
        new = _block(words, at, state, _K1, U64(1), U64(1))
        for array, value in zip((x, y, z, v1, v2, w1, w2), new):
            array[now] = value

    mul = _K1 + ((z & U64(0xFF)) << U64(1))
    w1 += ((lengths - 1) & 63).astype(U64)
    v1 += w1
    w1 += v1
    at = starts + lengths - 64
    x, y, z, v1, v2, w1, w2 = _block(
        words, at, (x, y, z, v1, v2, w1, w2), mul, U64(9), U64(9)
    )
    hashed = _hash_two(
        _hash_two(v1, w1, mul) + _mix(y) * _K0 + z, _hash_two(v2, w2, mul) + x, mul
    )

    out = np.empty(count, U64)
    out[order] = hashed
    return out


def _block(
    words: np.ndarray, at: np.ndarray, state: tuple, mul: Any, w_mul: U64, v_mul: U64
) -> tuple:
    """The state after 64 bytes."""
    x, y, z, v1, v2, w1, w2 = state
    x = _rotate(x + y + v1 + words[at + 8], 37) * mul
    y = _rotate(y + v2 + words[at + 48], 42) * mul
    x = x ^ (w2 * w_mul)
    y = y + v1 * v_mul + words[at + 40]
    z = _rotate(z + w1, 33) * mul
    v1, v2 = _weak(words, at, v2 * mul, x + w1)
    w1, w2 = _weak(words, at + 32, z + w2, y + words[at + 16])
    return z, y, x, v1, v2, w1, w2


def _weak(words: np.ndarray, at: np.ndarray, a: Any, b: Any) -> tuple:
    """32 bytes and two seeds as two numbers."""
    first, second, third, last = (words[at + 8 * i] for i in range(4))
    a = a + first
    b = _rotate(b + a + last, 21)
    c = a
    a = a + second + third
    b = b + _rotate(a, 44)
    return a + last, b + c


def _hash_two(u: Any, v: Any, mul: Any) -> Any:
    a = (u ^ v) * mul
    a = _mix(a)
    b = (v ^ a) * mul
    return _mix(b) * mul


def _mix(x: Any) -> Any:
    return x ^ (x >> U64(47))


def _rotate(x: Any, bits: int) -> Any:
    """To the right."""
    return (x >> U64(bits)) | (x << U64(64 - bits))


# SipHash


def _siphash24(strings: Packed, key: tuple[int, int]) -> np.ndarray:
    words, starts, lengths = strings.words(), strings.starts, strings.lengths
    first, second = (U64(int(k) % (1 << 64)) for k in key)
    constants = (
        0x736F6D6570736575,
        0x646F72616E646F6D,
        0x6C7967656E657261,
        0x7465646279746573,
    )
    state = [
        np.full(len(starts), (first, second)[i % 2] ^ U64(constant))
        for i, constant in enumerate(constants)
    ]

    # Whole words; then the rest of the string with its length in the last byte.
    whole = lengths // 8
    for step in range(int(whole.max(initial=0)) + 1):
        live = np.flatnonzero(whole >= step)
        rest = (lengths - 8 * step)[live]
        word = words[starts[live] + 8 * step]
        bits = (np.minimum(rest, 8) * 8).astype(U64)
        kept = np.where(rest >= 8, ~U64(0), (U64(1) << (bits % U64(64))) - U64(1))
        tail = (lengths[live].astype(U64) & U64(0xFF)) << U64(56)
        word = np.where(rest >= 8, word, (word & kept) | tail)
        _absorb(state, live, word)

    state[2] ^= U64(0xFF)
    for _ in range(4):
        _round(state)
    return state[0] ^ state[1] ^ state[2] ^ state[3]


def _absorb(state: list[np.ndarray], live: np.ndarray, word: np.ndarray) -> None:
    part = [v[live] for v in state]
    part[3] ^= word
    for _ in range(2):
        _round(part)
    part[0] ^= word
    for whole, new in zip(state, part):
        whole[live] = new


def _round(v: list[np.ndarray]) -> None:
    v[0] += v[1]
    v[2] += v[3]
    v[1] = _left(v[1], 13) ^ v[0]
    v[3] = _left(v[3], 16) ^ v[2]
    v[0] = _left(v[0], 32)
    v[2] += v[1]
    v[0] += v[3]
    v[1] = _left(v[1], 17) ^ v[2]
    v[3] = _left(v[3], 21) ^ v[0]
    v[2] = _left(v[2], 32)


def _left(x: Any, bits: int) -> Any:
    return (x << U64(bits)) | (x >> U64(64 - bits))
