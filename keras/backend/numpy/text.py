"""Text on the host: NumPy arrays of text, as `contract.TextBackend` says.

Text is worked on as bytes of UTF-8, as TensorFlow does it: only ASCII letters have a
lower case, and only ASCII spaces part words. Python's own functions of `bytes` and
`dict` do the work; they are faster than NumPy's functions of strings.
"""

from __future__ import annotations

import functools
import itertools
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.backend.numpy.array import Array, as_array
from keras.backend.numpy.fingerprints import (
    Packed,
    fingerprint64,
    join_fingerprints,
    pack,
    pack_rows,
    siphash24,
)
from keras.backend.text import Rows
from keras.core.foreign import check_text

_LOWER = bytes.maketrans(
    string.ascii_uppercase.encode(), string.ascii_lowercase.encode()
)
_PUNCTUATION = string.punctuation.encode()
# The seed of TensorFlow's crosses.
_CROSS_SEED = 0xDECAFCAFFE
_MAX_DIGITS = 20


def as_bytes(x: Any) -> list[bytes]:
    """The elements of an array of text, or of a list, as UTF-8."""
    values = x if isinstance(x, list) else np.asarray(x).ravel().tolist()
    if not values or type(values[0]) is bytes and set(map(type, values)) == {bytes}:
        return values
    check_text(values)
    return [
        v if isinstance(v, bytes) else v.encode("utf-8", "surrogateescape")
        for v in values
    ]


def _array(values: Sequence[Any], shape: tuple[int, ...]) -> Array:
    out = np.empty(len(values), object)
    out[:] = values
    return as_array(out.reshape(shape))


# Words


def standardize(x: Any, lower: bool, strip: bool) -> Any:
    """Text with ASCII letters in lower case, and without ASCII punctuation."""
    table = _LOWER if lower else None
    delete = _PUNCTUATION if strip else b""
    return _array([t.translate(table, delete) for t in as_bytes(x)], np.shape(x))


def split(x: Any, by: str) -> Rows:
    """The words, or the characters, of each text of a vector."""
    if by == "whitespace":
        parts: list[Any] = [t.split() for t in as_bytes(x)]
    else:
        parts = [list(t.decode("utf-8", "replace")) for t in as_bytes(x)]
    return _rows(parts)


def _rows(parts: Sequence[Sequence[Any]]) -> Rows:
    lengths = np.fromiter(map(len, parts), np.int64, len(parts))
    return Rows(list(itertools.chain.from_iterable(parts)), lengths)


def rows_of(parts: Any) -> Rows:
    """What a user's function that splits returned: lists, or a ragged tensor."""
    if isinstance(parts, Rows):
        return parts
    if hasattr(parts, "row_lengths"):  # TensorFlow's
        return Rows(
            np.asarray(parts.flat_values).tolist(), np.asarray(parts.row_lengths())
        )
    if not isinstance(parts, (list, tuple)):
        parts = np.asarray(parts)
    return _rows([list(row) for row in parts])


def ngrams(rows: Rows, widths: Sequence[int]) -> Rows:
    """Neighbouring words joined by a space, for each width the whole row."""
    words = as_bytes(rows.values)
    parts = []
    start = 0
    for length in rows.lengths.tolist():
        row = words[start : start + length]
        start += length
        parts.append(
            [
                b" ".join(row[i : i + width])
                for width in widths
                for i in range(length - width + 1)
            ]
        )
    return _rows(parts)


def pad(rows: Rows, length: int | None) -> Any:
    """Rows of numbers as a table: as long as the longest, or cut and filled by 0."""
    longest = int(rows.lengths.max(initial=0))
    width = longest if length is None else length
    values = np.asarray(rows.values)
    out = np.zeros((len(rows.lengths), width), values.dtype)
    columns = np.arange(width)
    filled = columns < rows.lengths[:, None]
    if longest > width:
        starts = np.cumsum(rows.lengths) - rows.lengths
        places = starts[:, None] + columns
        out[filled] = values[places[filled]]
    else:
        out[filled] = values
    return as_array(out)


def count(rows: Rows, depth: int) -> Any:
    """How often each of the numbers 0 ... depth - 1 occurs in a row, as int64."""
    owners = np.repeat(np.arange(len(rows.lengths)), rows.lengths)
    values = np.asarray(rows.values)
    inside = values < depth
    if not inside.all():
        owners, values = owners[inside], values[inside]
    found = np.bincount(owners * depth + values, minlength=len(rows.lengths) * depth)
    return as_array(found.reshape(len(rows.lengths), depth))


# Tables


class Table:
    """Texts, and the number of each."""

    def __init__(
        self, tokens: Sequence[str], numbers: Sequence[int], missing: int
    ) -> None:
        self.tokens = list(tokens)
        self.numbers = numbers
        self.missing = missing

    @functools.cached_property
    def by_text(self) -> dict[str, int]:
        """The number of each text."""
        return dict(zip(self.tokens, self.numbers))

    @functools.cached_property
    def by_bytes(self) -> dict[bytes, int]:
        """The number of each text in UTF-8."""
        return dict(zip(as_bytes(self.tokens), self.numbers))


make_table = Table


def find(table: Table, x: Any) -> Any:
    """The number of each text of an array or list, as int64."""
    values = x if isinstance(x, list) else np.asarray(x).ravel().tolist()
    kinds = set(map(type, values))
    if kinds <= {str}:
        numbers: Any = table.by_text
    else:
        numbers, values = table.by_bytes, as_bytes(values)
    found = np.fromiter(
        map(numbers.get, values, itertools.repeat(table.missing)),
        np.int64,
        len(values),
    )
    return as_array(found if isinstance(x, list) else found.reshape(np.shape(x)))


def tokens_at(table: Table, positions: Any, default: str) -> Any:
    """The text at each position, `default` where there is none."""
    tokens = np.array([*table.tokens, default])
    places = np.asarray(positions)
    outside = (places < 0) | (places >= len(table.tokens))
    return as_array(tokens[np.where(outside, len(table.tokens), places)])


# Hashes


def hash_bins(x: Any, bins: int, key: tuple[int, int] | None) -> Any:
    """The bin of each text or integer, by its hash, as int64.

    An integer is hashed as its decimal digits.
    """
    packed = _packed(x)
    hashes = fingerprint64(packed) if key is None else siphash24(packed, key)
    found = (hashes % np.uint64(bins)).astype(np.int64)
    return as_array(found if isinstance(x, list) else found.reshape(np.shape(x)))


def cross_bins(columns: Sequence[Any], bins: int) -> Any:
    """The bin of each combination of texts or integers, by its hash, as int64."""
    joined: Any = np.uint64(_CROSS_SEED)
    for column in columns:
        x = np.asarray(column)
        if x.dtype.kind in "iub":
            hashes = x.ravel().astype(np.int64).view(np.uint64)
        else:
            hashes = fingerprint64(_packed(x))
        joined = join_fingerprints(joined, hashes)
    found = (joined % np.uint64(bins)).astype(np.int64)
    return as_array(found.reshape(np.shape(columns[0])))


def _packed(x: Any) -> Packed:
    """The bytes of an array of text or integers."""
    if isinstance(x, list):
        return pack(as_bytes(x))
    x = np.ascontiguousarray(np.asarray(x).ravel())
    kind = x.dtype.kind
    if kind in "iub":
        return _digits(x)

    width = x.dtype.itemsize // (4 if kind == "U" else 1)
    if kind in "US" and 0 < width <= 64:
        rows = x.view(np.uint32 if kind == "U" else np.uint8).reshape(len(x), width)
        if kind == "S" or not len(rows) or rows.max() < 128:
            rows = rows.astype(np.uint8)
            filled = rows[:, ::-1] != 0
            lengths = np.where(filled.any(1), width - filled.argmax(1), 0)
            return pack_rows(rows, lengths)
    return pack(as_bytes(x))


def _digits(x: np.ndarray) -> Packed:
    """Integers as decimal digits, from the right."""
    negative = x < 0
    left = x.astype(np.int64).view(np.uint64) if x.dtype.kind != "u" else x
    left = left.astype(np.uint64)
    left = np.where(negative, ~left + np.uint64(1), left)

    width = _MAX_DIGITS + 1
    rows = np.zeros((len(x), width), np.uint8)
    lengths = np.zeros(len(x), np.int64)
    for place in range(_MAX_DIGITS):
        live = (left > 0) | (place == 0)
        if not live.any():
            break
        left, digit = np.divmod(left, np.uint64(10))
        rows[:, width - 1 - place] = digit.astype(np.uint8) + ord("0")
        lengths += live
    rows[np.flatnonzero(negative), width - 1 - lengths[negative]] = ord("-")
    lengths += negative
    packed = pack_rows(rows, lengths)
    return packed._replace(starts=packed.starts + width - lengths)
