"""HDF5's heaps, walked before HDF5 walks them.

Texts of variable length are stored in "global heaps". The HDF5 library walks a heap by
the sizes stored in it and never ends where a size is 0; such a file is refused here. So
is one with an attribute that claims a text longer than the file: HDF5 would allocate
that much memory before looking for the text.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path

_MARK = b"GCOL\x01"
_SMALLEST = 4096  # a heap's size
_HEADER = 16  # of a heap, and of an object in it
_WORD = (1 << 64) - 1
_STEPS = 5_000_000
_VARIABLE = 9  # the class of types of any length
# The names of the attributes that are read, as bytes in a file.
_ATTRIBUTES = (
    b"keras_version\0",
    b"model_config\0",
    b"training_config\0",
    b"checkpoint\0",
    b"dtype\0",
    b"name\0",
)
# A file is searched up to this size; a larger one at both ends.
WHOLE = 256 << 20


def check_heaps(path: Path, start: int, size: int) -> None:
    """Raise ValueError for a heap without end, or a text longer than the file."""
    if not size:
        return
    end, left = start + size, _STEPS
    runs = [(start, end)]
    if size > WHOLE:
        runs = [(start, start + WHOLE // 2), (end - WHOLE // 2, end)]
    with (
        open(path, "rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data,
    ):
        for name in _ATTRIBUTES:
            for at in _places(data, name, runs):
                if (length := _claimed(data, at, len(name))) > size:
                    raise ValueError(
                        f"{path.name!r} is a damaged HDF5 file: the attribute "
                        f"{name[:-1].decode()!r} claims a text of {length} bytes."
                    )

        for at in _places(data, _MARK, runs):
            left = _walk(data, at, end, left)
            if left < 0:
                raise ValueError(
                    f"{path.name!r} is a damaged HDF5 file: its heap of texts has no "
                    "end."
                )


def _places(data: mmap.mmap, mark: bytes, runs: list[tuple[int, int]]) -> Iterator[int]:
    """The offsets of a mark within these ranges of bytes."""
    for first, last in runs:
        at = data.find(mark, first, last)
        while at >= 0:
            yield at
            at = data.find(mark, at + 1, last)


def _claimed(data: mmap.mmap, at: int, length: int) -> int:
    """The length that an attribute claims for its text; 0 if this is not an attribute.

    The name (at offset `at`) is preceded by a version and the sizes of name, type and
    shape, and followed by type and shape, then by the length and offset of the text.
    """
    for version, before, unit in ((1, 8, 8), (2, 8, 1), (3, 9, 1)):
        begin = at - before
        sizes = [
            int.from_bytes(data[place : place + 2], "little")
            for place in range(begin + 2, begin + 8, 2)
        ]
        if begin >= 0 and data[begin] == version and sizes[0] == length:
            steps = [-(-n // unit) * unit for n in sizes]
            kind, text = at + steps[0], at + sum(steps)
            if data[kind : kind + 1] and data[kind] & 15 == _VARIABLE:
                return int.from_bytes(data[text : text + 4], "little")
    return 0


def _walk(data: mmap.mmap, at: int, end: int, left: int) -> int:
    """How many steps are left after those through one heap; negative if it is bad."""
    size = int.from_bytes(data[at + 8 : at + _HEADER], "little")
    if not _SMALLEST <= size <= end - at:
        return left  # no heap: HDF5 refuses it
    place, stop = at + _HEADER, at + size
    while place + _HEADER <= stop and left >= 0:
        number = int.from_bytes(data[place : place + 2], "little")
        length = int.from_bytes(data[place + 8 : place + _HEADER], "little")
        if number:  # an object; number 0 is what is free, its header counted in
            length = (_HEADER + (length + 7 & ~7)) & _WORD
        if not length:
            return -1
        place += length
        left -= 1
    return left
