"""HDF5's heaps, walked before HDF5 walks them.

Texts of any length lie in "global heaps". The HDF5 library goes through one by the
sizes in it, and goes on for ever where a size is 0; such a file is refused here.
"""

from __future__ import annotations

import mmap
from pathlib import Path

_MARK = b"GCOL\x01"
_SMALLEST = 4096  # a heap's size
_HEADER = 16  # of a heap, and of an object in it
_WORD = (1 << 64) - 1
_STEPS = 5_000_000
# A file is searched up to this size; a larger one at both ends.
WHOLE = 256 << 20


def check_heaps(path: Path, start: int, size: int) -> None:
    """Refuse a file with a heap that HDF5 would not come to the end of.

    Args:
        path: the file.
        start, size: the part of it that is HDF5.

    Raises:
        ValueError: there is such a heap.
    """
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
        for first, last in runs:
            at = data.find(_MARK, first, last)
            while at >= 0:
                left = _walk(data, at, end, left)
                at = data.find(_MARK, at + 1, last)
                if left < 0:
                    raise ValueError(
                        f"{path.name!r} is a damaged HDF5 file: its heap of texts has "
                        "no end."
                    )


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
