"""The HDF5 files that hold weights: a writer, and a reader that trusts nothing.

The reader takes a plain tree of groups and datasets and nothing else HDF5 can do: no
links to other names or files, no data kept elsewhere, no compression, no Python
objects. A dataset's bytes are read only after its shape was found to be right.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import ml_dtypes
import numpy as np

MAX_DEPTH = 64
MAX_OBJECTS = 2_000_000

# Types HDF5 does not know are stored as bytes, with the type's name beside them.
_OPAQUE = {
    name: np.dtype(getattr(ml_dtypes, name))
    for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2")
}


@dataclass(frozen=True)
class Record:
    """One dataset of a file: what it claims to be, before its bytes are read."""

    dataset: h5py.Dataset
    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def nbytes(self) -> int:
        """The size of the values."""
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize

    def read(self) -> np.ndarray:
        """The values."""
        array = self.dataset[()]
        if self.dataset.dtype.kind == "V":
            array = np.frombuffer(array.tobytes(), self.dtype).reshape(self.shape)
        return np.asarray(array)


def write_groups(
    file: BinaryIO | os.PathLike,
    groups: Iterable[tuple[str, str | None, Mapping[str, Any]]],
) -> None:
    """Write groups of arrays.

    Args:
        file: a path, or a binary file open for reading and writing.
        groups: triples (path, name kept as the group's attribute, arrays by key).
    """
    with h5py.File(file, "w") as out:
        for path, name, arrays in groups:
            group = out.require_group(path)
            if name is not None:
                group.attrs["name"] = name
            for key, value in arrays.items():
                _put(group, key, np.asarray(value))


def _put(group: h5py.Group, key: str, array: np.ndarray) -> None:
    for name, dtype in _OPAQUE.items():
        if array.dtype == dtype:
            raw = np.ascontiguousarray(array).view(f"V{dtype.itemsize}")
            group.create_dataset(key, data=raw.reshape(array.shape))
            group[key].attrs["dtype"] = name
            return
    if array.dtype.kind not in "biufc":
        raise TypeError(
            f"{group.name}/{key}: an array of numbers is needed; received one of type "
            f"{array.dtype}."
        )
    group.create_dataset(key, data=array)


@contextlib.contextmanager
def open_records(path: str | os.PathLike) -> Iterator[dict[str, Record]]:
    """The datasets of a file by their paths, while the file is open.

    Args:
        path: an HDF5 file.

    Returns:
        Records by path (`"layers/dense/vars/0"`); nothing of their values is read.

    Raises:
        ValueError: the file is not HDF5, is damaged, or uses what is not allowed.
    """
    size = os.stat(path).st_size
    try:
        file = h5py.File(path, "r")
    except OSError as error:
        raise ValueError(
            f"{Path(path).name!r} is not a readable HDF5 file: {error}."
        ) from error
    with file:
        records: dict[str, Record] = {}
        try:
            _scan(file, size, records)
        except (KeyError, OSError, RuntimeError) as error:
            raise ValueError(
                f"{Path(path).name!r} is a damaged HDF5 file: {error}."
            ) from error
        yield records


def _scan(file: h5py.File, size: int, records: dict[str, Record]) -> None:
    pending: list[tuple[h5py.Group, str, int]] = [(file, "", 0)]
    seen = 0
    while pending:
        group, prefix, depth = pending.pop()
        for name in group:
            path = f"{prefix}{name}"
            seen += 1
            if seen > MAX_OBJECTS or depth > MAX_DEPTH:
                raise ValueError(
                    f"The weights file nests deeper than {MAX_DEPTH} groups or holds "
                    f"more than {MAX_OBJECTS} objects (at {path!r})."
                )
            link = group.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                raise ValueError(
                    f"{path!r} in the weights file is a {type(link).__name__}; only "
                    "data in the file itself is read."
                )
            kind = group.get(name, getclass=True)
            if kind is h5py.Group:
                pending.append((group[name], path + "/", depth + 1))
            elif kind is h5py.Dataset:
                records[path] = _record(group[name], path, size)
            else:
                raise ValueError(
                    f"{path!r} in the weights file is neither a group nor a dataset."
                )


def _record(dataset: h5py.Dataset, path: str, size: int) -> Record:
    """Check that a dataset is a plain array that lies inside the file."""
    plist = dataset.id.get_create_plist()
    layout = plist.get_layout()
    plain = layout in (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)
    if not plain or plist.get_nfilters() or plist.get_external_count():
        raise ValueError(
            f"{path!r} in the weights file is stored in chunks, compressed, or outside "
            "of the file; weights are stored as one plain block."
        )
    shape = dataset.shape
    if shape is None:
        raise ValueError(f"{path!r} in the weights file has no values.")
    record = Record(dataset, tuple(shape), _dtype(dataset, path))
    if record.nbytes and layout == h5py.h5d.CONTIGUOUS:
        offset = dataset.id.get_offset()
        stored = dataset.id.get_storage_size()
        if offset is None or stored != record.nbytes or offset + stored > size:
            raise ValueError(
                f"{path!r} in the weights file claims shape {record.shape} of "
                f"{record.dtype} ({record.nbytes} bytes), but the file does not hold "
                "them: it is damaged or cut short."
            )
    return record


def _dtype(dataset: h5py.Dataset, path: str) -> np.dtype:
    dtype = dataset.dtype
    if dtype.kind == "V" and dtype.names is None and dtype.subdtype is None:
        name = dataset.attrs.get("dtype")
        found = _OPAQUE.get(name) if isinstance(name, str) else None
        if found is not None and found.itemsize == dtype.itemsize:
            return found
    if dtype.kind not in "biufc" or dtype.hasobject:
        raise ValueError(
            f"{path!r} in the weights file holds {dtype}; only numbers are read."
        )
    return dtype
