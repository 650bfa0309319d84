"""Files that tell whether they are whole: a checksum in their last bytes.

A seal stands after the end of an HDF5 file and is the comment of a zip archive, so
other readers pass over it. It holds the length and the CRC-32 of all before it. Large
arrays are written and read by several threads, each of which computes the checksum of
a piece while it is at hand; the pieces' checksums are then put together.
"""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np

from keras.core.dtypes import numpy_dtype
from keras.core.weight import Weight

# Arrays from this size on are worth a thread's while.
LARGE = 1 << 20
_CHUNK = 1 << 19
_PIECE = 16 << 20
_BATCH = 64 << 20
_WORKERS = min(4, os.cpu_count() or 1)

_BEGIN, _END = b"\nkeras-crc32 ", b" sealed\n"
SEAL_SIZE = len(_BEGIN) + 16 + 1 + 8 + len(_END)


CHANGED = "its bytes are not those that were saved"


class DamagedFileError(ValueError):
    """A file is not what was saved; the message says what is wrong with it."""

    def __init__(self, path: str | os.PathLike, what: str) -> None:
        super().__init__(
            f"{Path(path).name!r} is damaged: {what}. Nothing was loaded. Take another "
            "copy of the file, or save it again."
        )


@dataclass(frozen=True)
class Span:
    """A run of bytes in a file whose checksum is known."""

    start: int
    length: int
    crc: int


@dataclass(frozen=True)
class Part:
    """A run of bytes in a file, read as a file of its own.

    Attributes:
        path: the file.
        start: where the bytes begin.
        size: how many there are.
        crc: their CRC-32, if an archive's directory says so.
        seal: length and CRC-32 of the whole file, if it is sealed.
    """

    path: Path
    start: int
    size: int
    crc: int | None = None
    seal: tuple[int, int] | None = None

    @classmethod
    def whole(cls, path: str | os.PathLike) -> Part:
        """All of a file, without its seal."""
        path = Path(path)
        seal = read_seal(path)
        return cls(path, 0, seal[0] if seal else path.stat().st_size, None, seal)

    @property
    def checkable(self) -> bool:
        """Whether something says what the bytes should be."""
        return self.seal is not None or self.crc is not None

    def verify(self, spans: Iterable[Span] = ()) -> None:
        """Raise DamagedFileError if they differ; `spans` need not be read again."""
        if self.seal is not None:
            start, (end, wanted) = 0, self.seal
        elif self.crc is not None:
            start, end, wanted = self.start, self.start + self.size, self.crc
        else:
            return
        found = checksum(self.path, start, end, spans)
        if found != wanted:
            raise DamagedFileError(
                self.path,
                f"the CRC-32 of its bytes is {found:08x}, and {wanted:08x} was saved",
            )


def seal(path: Path, spans: Iterable[Span] = (), replace: bool = False) -> int:
    """Write the seal at the end of a file; returns the checksum.

    `spans` are parts whose checksums are known; with `replace` the last bytes are a
    place kept for the seal.
    """
    end = path.stat().st_size - (SEAL_SIZE if replace else 0)
    crc = checksum(path, 0, end, spans)
    with open(path, "r+b") as file:
        file.seek(end)
        file.write(_text(end, crc))
    return crc


def _text(end: int, crc: int) -> bytes:
    return b"%s%016x %08x%s" % (_BEGIN, end, crc, _END)


def read_seal(path: Path) -> tuple[int, int] | None:
    """The length and the CRC-32 a file's seal promises; None when it has no seal.

    Raises:
        DamagedFileError: the seal itself is damaged or cut.
    """
    size = path.stat().st_size
    with open(path, "rb") as file:
        file.seek(max(size - SEAL_SIZE, 0))
        tail = file.read(SEAL_SIZE)
    begins, ends = tail.startswith(_BEGIN), tail.endswith(_END)
    # Either half tells that there was a seal: one flipped byte cannot hide it.
    if not (begins or ends or _BEGIN in tail):
        _check_end(path, size)
        return None
    try:
        end, crc = (int(n, 16) for n in tail[len(_BEGIN) : -len(_END)].split(b" "))
    except ValueError:
        end, crc = -1, 0
    if end != size - SEAL_SIZE or tail != _text(end, crc):
        raise DamagedFileError(path, "its last bytes, which hold its checksum, changed")
    return end, crc


def _check_end(path: Path, size: int) -> None:
    """Refuse a file without a seal that had more bytes, by its format's own words.

    HDF5 says where its data end; where the beginning of a seal follows, there was all
    of it. A zip archive has a directory at its end, which says how long a comment is.
    """
    with open(path, "rb") as file:
        head = file.read(52)
        if head.startswith(b"\x89HDF\r\n\x1a\n"):
            # The address of the end, by the version of the superblock.
            place = {0: 40, 1: 44, 2: 28, 3: 28}.get(head[8], 40)
            end = int.from_bytes(head[place : place + 8], "little")
            file.seek(min(end, size))
            rest = file.read(len(_BEGIN))
            cut = bool(rest) and _BEGIN.startswith(rest) or size < end < 1 << 62
        elif head.startswith(b"PK"):
            file.seek(max(size - (1 << 16) - 22, 0))
            tail = file.read()
            place = tail.rfind(b"PK\x05\x06")
            comment = int.from_bytes(tail[place + 20 : place + 22], "little")
            cut = place < 0 or len(tail) - place - 22 < comment
        else:
            return
    if cut:
        raise DamagedFileError(path, f"it is cut short, at {size} bytes")


def json_checksum(content: Mapping[str, Any]) -> str:
    """The checksum that JSON content keeps of itself, as its `checksum`."""
    bare = {key: value for key, value in content.items() if key != "checksum"}
    return f"{crc32(json.dumps(bare, sort_keys=True).encode()):08x}"


def check_json(path: Path, content: Any) -> None:
    """Raise DamagedFileError if JSON content differs from the checksum in it."""
    if not isinstance(content, dict):
        return
    # Those of other files stand beside: one flipped byte cannot hide both.
    metadata = content.get("metadata")
    beside = content if metadata is None else metadata
    others = isinstance(beside, dict) and "checksums" in beside
    if others or "checksum" in content:
        if content.get("checksum") != json_checksum(content):
            raise DamagedFileError(path, "its text is not what was saved")


def write_arrays(
    path: Path, jobs: Iterable[tuple[int, Callable[[], np.ndarray]]]
) -> list[Span]:
    """Write arrays at places in a file that exists.

    `jobs` are places, and functions that return what goes there: few of the arrays
    are held at a time.
    """
    spans: list[Span] = []
    pieces: list[tuple[Path, int, memoryview]] = []
    waiting = 0
    for offset, make in jobs:
        view = byte_view(make())
        pieces.extend(_pieces(path, offset, view))
        waiting += len(view)
        if waiting >= _BATCH:
            spans.extend(_by_threads(_write, pieces))
            pieces, waiting = [], 0
    return spans + _by_threads(_write, pieces)


def read_arrays(path: Path, jobs: Iterable[tuple[int, np.ndarray]]) -> list[Span]:
    """Fill arrays with the bytes at places in a file."""
    found = (_pieces(path, offset, byte_view(array)) for offset, array in jobs)
    return _by_threads(_read, list(chain.from_iterable(found)))


def checksum(path: Path, start: int, end: int, spans: Iterable[Span] = ()) -> int:
    """The CRC-32 of the bytes from `start` to `end`, reading what is not known."""
    known = sorted((s for s in spans if s.length), key=lambda span: span.start)
    gaps: list[tuple[Path, int, int]] = []
    at = start
    for stop in [*(span.start for span in known), end]:
        gaps.extend(
            (path, first, min(_PIECE, stop - first))
            for first in range(at, stop, _PIECE)
        )
        at = next((s.start + s.length for s in known if s.start == stop), stop)
    known += _by_threads(_checked, gaps)
    crc = 0
    for span in sorted(known, key=lambda span: span.start):
        crc = combine(crc, span.crc, span.length)
    return crc


def file_checksum(path: Path, start: int = 0) -> str:
    """The CRC-32 of a file's bytes from `start` on, as it is written in texts."""
    return f"{checksum(path, start, path.stat().st_size):08x}"


class Window(io.RawIOBase):
    """A file from some byte on, as a file of its own, for HDF5 to read or write.

    Attributes:
        error: why a write failed, which HDF5 does not say.
    """

    def __init__(self, file: Any, start: int, size: int | None = None) -> None:
        super().__init__()
        self._file, self._start, self._size = file, start, size
        self._at = 0
        self.error: OSError | None = None

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a byte."""
        if whence == os.SEEK_CUR:
            offset += self._at
        elif whence == os.SEEK_END:
            end = self._file.seek(0, os.SEEK_END) - self._start
            offset += end if self._size is None else self._size
        self._at = offset
        return offset

    def readinto(self, buffer: Any) -> int:
        """Read as much as there is."""
        view = memoryview(buffer).cast("B")
        if self._size is not None:
            view = view[: max(self._size - self._at, 0)]
        self._file.seek(self._start + self._at)
        done = 0
        while done < len(view):
            count = self._file.readinto(view[done:])
            if not count:
                break
            done += count
        self._at += done
        return done

    def write(self, buffer: Any) -> int:
        """Write all of it."""
        view = memoryview(buffer).cast("B")
        try:
            self._file.seek(self._start + self._at)
            rest = view
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self.error = self.error or error
            raise
        self._at += len(view)
        return len(view)

    def truncate(self, size: int | None = None) -> int:
        """Cut or extend."""
        size = self._at if size is None else size
        try:
            self._file.truncate(self._start + size)
        except OSError as error:
            self.error = self.error or error
            raise
        return size


def shape_and_dtype(value: Any) -> tuple[tuple[int, ...], np.dtype]:
    """Those of a variable (its value is not looked at) or array."""
    if isinstance(value, Weight):
        return tuple(value.shape), np.dtype(numpy_dtype(value.dtype))
    array = np.asarray(value)
    return array.shape, array.dtype


def nbytes(value: Any) -> int:
    """The size of a variable or array."""
    shape, dtype = shape_and_dtype(value)
    return math.prod(shape) * dtype.itemsize


def byte_view(array: np.ndarray) -> memoryview:
    """The bytes of an array, of whatever type; not copied if they lie in order."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data


def _by_threads(function: Callable[[Any], Span], pieces: list[Any]) -> list[Span]:
    """What becomes of the pieces, in order; one alone needs no threads."""
    if len(pieces) < 2:
        return [function(piece) for piece in pieces]
    with ThreadPoolExecutor(_WORKERS, "keras-files") as threads:
        return list(threads.map(function, pieces))


def _pieces(
    path: Path, offset: int, view: memoryview
) -> Iterator[tuple[Path, int, memoryview]]:
    for at in range(0, len(view), _PIECE):
        yield path, offset + at, view[at : at + _PIECE]


def _write(piece: tuple[Path, int, memoryview]) -> Span:
    path, offset, view = piece
    crc = 0
    with open(path, "r+b", buffering=0) as file:
        file.seek(offset)
        for at in range(0, len(view), _CHUNK):
            part = view[at : at + _CHUNK]
            crc = crc32(part, crc)
            while part:
                part = part[file.write(part) or 0 :]
    return Span(offset, len(view), crc)


def _read(piece: tuple[Path, int, memoryview]) -> Span:
    path, offset, view = piece
    chunks = (view[at : at + _CHUNK] for at in range(0, len(view), _CHUNK))
    return _filled(path, offset, chunks)


def _checked(gap: tuple[Path, int, int]) -> Span:
    path, start, length = gap
    buffer = memoryview(bytearray(min(length, _CHUNK)))
    chunks = (buffer[: length - at] for at in range(0, length, _CHUNK))
    return _filled(path, start, chunks)


def _filled(path: Path, start: int, chunks: Iterable[memoryview]) -> Span:
    """Fill chunks with the bytes from a place on; each is done with before the next."""
    crc = length = 0
    with open(path, "rb", buffering=0) as file:
        file.seek(start)
        for chunk in chunks:
            rest = chunk
            while rest:
                count = file.readinto(rest)  # type: ignore[arg-type]
                if not count:
                    raise DamagedFileError(path, "it is cut short")
                rest = rest[count:]
            crc = crc32(chunk, crc)
            length += len(chunk)
    return Span(start, length, crc)


# CRC-32 of joined bytes, after Mark Adler's arithmetic in zlib: appending n bytes
# multiplies the first checksum by x^(8n) modulo the polynomial.

_POLYNOMIAL = 0xEDB88320


def combine(first: int, second: int, length: int) -> int:
    """The CRC-32 of two runs of bytes from that of each; the second's `length`."""
    power, exponent, square = 1 << 31, length, 3
    while exponent:
        if exponent & 1:
            power = _product(_SQUARES[square & 31], power)
        exponent >>= 1
        square += 1
    return _product(power, first) ^ second


def _product(a: int, b: int) -> int:
    """The product of two polynomials over GF(2), bits reflected."""
    result = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            result ^= b
        b = b >> 1 ^ _POLYNOMIAL if b & 1 else b >> 1
    return result


_SQUARES = [1 << 30]
for _ in range(31):
    _SQUARES.append(_product(_SQUARES[-1], _SQUARES[-1]))
