"""Weights in the safetensors format: a JSON header, then the arrays' bytes.

The format is eight bytes with the header's length, the header, and one block of data;
the header gives every tensor's type, shape and place. Reading maps the file into
memory: an array is a view of the file, and its bytes are read when it is used.
"""

from __future__ import annotations

import contextlib
import json
import math
import mmap
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import ml_dtypes
import numpy as np

from keras.core.config.limits import unique_keys
from keras.saving.atomic import atomic_file
from keras.saving.match import ArrayRecord
from keras.saving.seal import (
    CHANGED,
    DamagedFileError,
    byte_view,
    file_checksum,
    nbytes,
    shape_and_dtype,
)
from keras.saving.shards import read_index, save_shards, split

MAX_HEADER = 100_000_000  # as the reference implementation
INDEX = ".safetensors.index.json"

_TYPES = {
    "BOOL": np.dtype("bool"),
    **{f"{k}{bits}": np.dtype(f"{n}{bits}") for k, n in (("I", "int"), ("U", "uint"))
       for bits in (8, 16, 32, 64)},
    **{f"F{bits}": np.dtype(f"float{bits}") for bits in (16, 32, 64)},
    "C64": np.dtype("complex64"),
    "BF16": np.dtype(ml_dtypes.bfloat16),
    "F8_E4M3": np.dtype(ml_dtypes.float8_e4m3fn),
    "F8_E5M2": np.dtype(ml_dtypes.float8_e5m2),
}  # fmt: skip
_CRC = "keras_crc32"  # the key of the checksum in the metadata
_UNKNOWN = "--------"  # its placeholder while the data is written
_NAMES = {dtype: name for name, dtype in _TYPES.items()}


# Writing


def write_safetensors(
    path: str | os.PathLike,
    tensors: Mapping[str, Any],
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Write arrays or variables by name, one after another, never all copied at once.

    The file is written in place, not atomically; see `save_safetensors`.
    """
    header: dict[str, Any] = {"__metadata__": {**(metadata or {}), _CRC: _UNKNOWN}}

    # The widest types first, so that every array is aligned to its item size.
    kinds = {name: _kind(value, name) for name, value in tensors.items()}
    order = sorted(tensors, key=lambda name: -kinds[name][1].itemsize)
    place = 0
    for name in order:
        shape, dtype = kinds[name]
        end = place + math.prod(shape) * dtype.itemsize
        header[name] = {
            "dtype": _NAMES[dtype],
            "shape": list(shape),
            "data_offsets": [place, end],
        }
        place = end

    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)

    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)))
        out.write(text)
        crc = 0
        for name in order:
            array = np.asarray(tensors[name]).astype(kinds[name][1], copy=False)
            view = byte_view(array)
            crc = crc32(view, crc)
            out.write(view)
        out.seek(8 + text.index(_UNKNOWN.encode()))
        out.write(f"{crc:08x}".encode())


def save_safetensors(
    path: Path,
    tensors: Mapping[str, Any],
    max_shard_size: float | None = None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Save tensors to one file, or to shards with an index, whole or not at all.

    With shards of at most `max_shard_size` gibibytes, `model.safetensors` becomes
    `model-00001-of-00003.safetensors`, ..., and `model.safetensors.index.json` says
    which holds what.
    """
    if max_shard_size is None:
        with atomic_file(path) as temporary:
            write_safetensors(temporary, tensors, metadata)
        return
    stem = path.name.removesuffix(INDEX).removesuffix(".safetensors")
    sizes = {name: nbytes(value) for name, value in tensors.items()}
    shards = split(((n, size, n) for n, size in sizes.items()), max_shard_size)

    def name(tag: str, number: int) -> str:
        count = f"{number + 1:05d}-of-{len(shards):05d}"
        return f"{stem}{tag and f'-{tag}'}-{count}.safetensors"

    def write(file: Path, shard: list[str]) -> None:
        write_safetensors(file, {key: tensors[key] for key in shard}, metadata)

    def content(written: dict[str, None]) -> dict[str, Any]:
        places = {key: name for name, shard in zip(written, shards) for key in shard}
        total = sum(sizes.values())
        return {"metadata": {"total_size": total}, "weight_map": places}

    save_shards(path.with_name(stem + INDEX), shards, name, write, content)


def _kind(value: Any, name: str) -> tuple[tuple[int, ...], np.dtype]:
    """The shape and type to write."""
    shape, dtype = shape_and_dtype(value)
    if dtype.newbyteorder("=") not in _NAMES:
        raise TypeError(
            f"{name!r} has type {dtype}; a safetensors file holds {sorted(_NAMES)}."
        )
    return shape, dtype.newbyteorder("=")


# Reading


@contextlib.contextmanager
def open_safetensors(path: str | os.PathLike) -> Iterator[dict[str, ArrayRecord]]:
    """The arrays of a file (or of all shards of an index) by name, while it is open.

    The arrays are views of the mapped file: nothing is read until one is used. What is
    damaged, cut short, or not such a file is a ValueError.
    """
    path = Path(path)
    with contextlib.ExitStack() as stack:
        if not path.name.endswith(INDEX):
            yield stack.enter_context(_open_one(path))
            return
        shards, content = read_index(path)
        places = content["weight_map"]
        records: dict[str, ArrayRecord] = {}
        for shard in shards:
            held = stack.enter_context(_open_one(shard))
            named = {name for name, file in places.items() if file == shard.name}
            if named != set(held):
                raise ValueError(
                    f"{path.name!r} and {shard.name!r} disagree about "
                    f"{sorted(named ^ set(held))[:5]}: they are not from the same save."
                )
            records.update(held)
        yield records


@contextlib.contextmanager
def _open_one(path: Path) -> Iterator[dict[str, ArrayRecord]]:
    with open(path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        header, start, crc = _read_header(file, size, path.name)
        if crc is not None and crc != file_checksum(path, start):
            raise DamagedFileError(path, CHANGED)
        # Left to the garbage collector: it is closed when the last view is gone.
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        yield {name: _view(mapped, start, *x) for name, x in header.items()}


def _view(
    buffer: Any, start: int, dtype: np.dtype, shape: tuple[int, ...], place: int
) -> ArrayRecord:
    count = math.prod(shape)
    if not count:
        return ArrayRecord(np.zeros(shape, dtype))
    array = np.frombuffer(buffer, dtype, count, start + place)
    return ArrayRecord(array.reshape(shape))


def _read_header(
    file: Any, size: int, name: str
) -> tuple[dict[str, tuple[np.dtype, tuple[int, ...], int]], int, str | None]:
    """What the header claims, checked against the file's size; the data's checksum."""
    raw = file.read(8)
    length = struct.unpack("<Q", raw)[0] if len(raw) == 8 else 0
    if not 2 <= length <= min(MAX_HEADER, size - 8):
        raise ValueError(
            f"{name!r} is not a whole safetensors file: a header of {length} bytes "
            f"does not fit a file of {size}."
        )

    try:
        header = json.loads(file.read(length), object_pairs_hook=unique_keys)
        crc = header.pop("__metadata__", {}).get(_CRC)
        found = {key: _entry(value) for key, value in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(
            f"{name!r} is not a safetensors file: its header is damaged "
            f"({type(error).__name__}: {error})."
        ) from error

    start = 8 + length
    place = 0
    for key, (dtype, shape, begin, end) in sorted(
        found.items(), key=lambda item: item[1][2:]
    ):
        nbytes = math.prod(shape) * dtype.itemsize
        if begin != place or end - begin != nbytes or start + end > size:
            raise ValueError(
                f"{name!r}: {key!r} claims shape {shape} of {dtype} ({nbytes} bytes) "
                f"at {begin} to {end}, but the file does not hold them there: it is "
                "damaged or cut short."
            )
        place = end

    if start + place != size:
        raise ValueError(
            f"{name!r} has {size} bytes; its header accounts for {start + place}."
        )
    return {key: (d, s, b) for key, (d, s, b, _) in found.items()}, start, crc


def _entry(value: dict[str, Any]) -> tuple[np.dtype, tuple[int, ...], int, int]:
    shape, (begin, end) = value["shape"], value["data_offsets"]
    if not all(type(n) is int and 0 <= n < 1 << 62 for n in (*shape, begin, end)):
        raise ValueError(f"sizes are whole numbers, not {value}")
    if len(shape) > 32:
        raise ValueError(f"{len(shape)} axes are too many")
    return _TYPES[value["dtype"]], tuple(shape), begin, end
