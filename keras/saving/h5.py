"""The HDF5 files that hold weights: a writer, and a reader that trusts nothing.

The reader accepts a plain tree of groups and datasets and nothing else that HDF5 can
express: no links to other names or files, no external data, no compression, no Python
objects. The bytes of a dataset are read only after its shape has been checked.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import ml_dtypes
import numpy as np

from keras.saving.heaps import check_heaps
from keras.saving.seal import (
    LARGE,
    Part,
    Span,
    Window,
    nbytes,
    read_arrays,
    shape_and_dtype,
    write_arrays,
)

MAX_DEPTH = 64
MAX_OBJECTS = 500_000
MAX_ATTRIBUTE_BYTES = 256
MAX_NOTE_BYTES = 4096

# Types HDF5 does not know are stored as bytes, with the type's name beside them.
_OPAQUE = {
    name: np.dtype(getattr(ml_dtypes, name))
    for name in ("bfloat16", "float8_e4m3fn", "float8_e5m2")
}


@dataclass(eq=False)
class Record:
    """One dataset of a file: what it claims to be, before its bytes are read."""

    dataset: h5py.Dataset
    shape: tuple[int, ...]
    dtype: np.dtype
    part: Part
    # The values, between the moment they were read and checked and their use.
    values: np.ndarray | None = None

    @property
    def nbytes(self) -> int:
        """The size of the values."""
        return int(np.prod(self.shape, dtype=object)) * self.dtype.itemsize

    @property
    def owner(self) -> str:
        """The name of the layer that saved this; empty if the file does not say."""
        return read_attribute(self.dataset.parent, "name", MAX_ATTRIBUTE_BYTES) or ""

    def read(self) -> np.ndarray:
        """The values."""
        if self.values is not None:
            values, self.values = self.values, None
            return values
        array = self.dataset[()]
        if self.dataset.dtype.kind == "V":
            array = np.frombuffer(array.tobytes(), self.dtype).reshape(self.shape)
        return np.asarray(array)

    def place(self) -> int | None:
        """The offset of the values in the file; None if they are small or converted."""
        plain = self.dataset.dtype.kind == "V" or self.dataset.dtype == self.dtype
        if self.nbytes < LARGE or not plain or not self.dtype.isnative:
            return None
        if h5py.h5t.check_enum_dtype(self.dataset.dtype) is not None:
            return None
        offset = self.dataset.id.get_offset()
        return None if offset is None else self.part.start + offset


def verify(records: Iterable[Any], chosen: Iterable[Any] = ()) -> None:
    """Raise DamagedFileError if a file of these records has changed since it was saved.

    The values of the `chosen` will be asked for next: they are read meanwhile.
    """
    wanted: dict[Part, list[tuple[int, Record]]] = {}
    for record in records:
        if isinstance(record, Record):
            wanted.setdefault(record.part, [])
    for record in chosen:
        place = record.place() if isinstance(record, Record) else None
        if place is not None and record.part.checkable:
            wanted[record.part].append((place, record))

    for part, found in wanted.items():
        if not part.checkable:
            continue
        buffers = [np.empty(record.shape, record.dtype) for _, record in found]
        places = [place for place, _ in found]
        part.verify(read_arrays(part.path, zip(places, buffers)))
        for (_, record), values in zip(found, buffers):
            record.values = values


def write_groups(
    path: str | os.PathLike,
    groups: Iterable[tuple[str, str | None, Mapping[str, Any]]],
    start: int = 0,
    attributes: Mapping[str, str] | None = None,
) -> list[Span]:
    """Write groups of arrays as an HDF5 file.

    HDF5 lays the file out; large arrays are then written into their places by
    several threads, straight from where they are.

    Args:
        groups: triples (path, name kept as the group's attribute, arrays by key).
        start: where in an existing file to begin.
        attributes: texts kept at the root of the file.

    Returns:
        The spans of the large arrays, with their checksums.
    """
    large: list[tuple[int, Callable[[], np.ndarray]]] = []
    with open(path, "r+b" if start else "w+b", buffering=0) as file:
        window = Window(file, start)
        try:
            with h5py.File(window, "w") as out:
                for key, text in (attributes or {}).items():
                    out.attrs[key] = text
                for group_path, name, arrays in groups:
                    group = out.require_group(group_path)
                    if name is not None:
                        group.attrs["name"] = name
                    for key, value in arrays.items():
                        place = _put(group, key, value)
                        if place is not None:
                            large.append((start + place, partial(np.asarray, value)))
        except Exception as error:
            # HDF5 hides why a write failed.
            raise window.error or error from None
        if window.error is not None:
            raise window.error

    return write_arrays(Path(path), large)


def _put(group: h5py.Group, key: str, value: Any) -> int | None:
    """Write an array; one that is large only gets its place, which is returned."""
    shape, dtype = shape_and_dtype(value)
    opaque = next((name for name, known in _OPAQUE.items() if dtype == known), None)
    if opaque is None and dtype.kind not in "biufc":
        raise TypeError(
            f"{group.name}/{key}: an array of numbers is needed; received one of type "
            f"{dtype}."
        )

    stored = dtype if opaque is None else np.dtype(f"V{dtype.itemsize}")

    place = None
    # HDF5 keeps truth values as an enumeration, written by itself.
    if nbytes(value) >= LARGE and dtype.kind != "b" and dtype.isnative:
        plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
        plist.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
        plist.set_fill_time(h5py.h5d.FILL_TIME_NEVER)
        kind, space = h5py.h5t.py_create(stored), h5py.h5s.create_simple(shape)
        kept = h5py.h5d.create(group.id, key.encode(), kind, space, plist)
        place = kept.get_offset()
    else:
        array = np.asarray(value)
        if opaque is not None:
            array = np.ascontiguousarray(array).view(stored).reshape(shape)
        group.create_dataset(key, data=array)
    if opaque is not None:
        group[key].attrs["dtype"] = opaque
    return place


@contextlib.contextmanager
def open_records(source: str | os.PathLike | Part) -> Iterator[dict[str, Record]]:
    """The datasets of a file by their paths (`layers/dense/vars/0`), while it is open.

    Nothing of their values is read. A file that is not HDF5, is damaged, or uses what
    is not allowed is a ValueError.
    """
    part = source if isinstance(source, Part) else Part.whole(source)
    check_heaps(part.path, part.start, part.size)
    with open(part.path, "rb") as file:
        try:
            window = Window(file, part.start, part.size)
            opened = h5py.File(part.path if not part.start else window, "r")
        except OSError as error:
            part.verify()
            raise ValueError(
                f"{part.path.name!r} is not a readable HDF5 file: {error}."
            ) from error

        with opened:
            records: dict[str, Record] = {}
            try:
                _scan(opened, part, records)
            except (KeyError, OSError, RuntimeError, ValueError) as error:
                part.verify()
                if isinstance(error, ValueError):
                    raise
                raise ValueError(
                    f"{part.path.name!r} is a damaged HDF5 file: {error}."
                ) from error

            if not records:  # nobody will ask for a check of what is read
                part.verify()
            yield records


def read_root_attribute(path: Path, name: str) -> str | None:
    """A text kept at the root of a file; None if it isn't there."""
    part = Part.whole(path)
    check_heaps(part.path, part.start, part.size)
    with (
        open(part.path, "rb") as file,
        h5py.File(Window(file, part.start, part.size), "r") as opened,
    ):
        return read_attribute(opened, name, MAX_NOTE_BYTES)


def _scan(file: h5py.File, part: Part, records: dict[str, Record]) -> None:
    pending: list[tuple[h5py.Group, str, int]] = [(file, "", 0)]
    seen = {h5py.h5o.get_info(file.id).addr}
    while pending:
        group, prefix, depth = pending.pop()
        if len(group) > MAX_OBJECTS - len(seen) or depth > MAX_DEPTH:
            raise ValueError(
                f"The weights file nests deeper than {MAX_DEPTH} groups or holds "
                f"more than {MAX_OBJECTS} objects (at {prefix!r})."
            )

        for name in group:
            path = f"{prefix}{name}"
            kind = _link(group, name, path, seen)
            if kind == h5py.h5o.TYPE_GROUP:
                pending.append((group[name], path + "/", depth + 1))
            elif kind == h5py.h5o.TYPE_DATASET:
                records[path] = _record(group[name], path, part)
            else:
                raise ValueError(
                    f"{path!r} in the weights file is neither a group nor a dataset."
                )


def _link(group: h5py.Group, name: Any, path: str, seen: set[int]) -> int:
    """The type of the object behind a link, after checking the link."""
    if not isinstance(name, str) or "/" in name or name in ("", ".", ".."):
        raise ValueError(f"The weights file has an object of the name {path!r}.")
    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise ValueError(
            f"{path!r} in the weights file is a {type(link).__name__}; only data in "
            "the file itself is read."
        )
    info = h5py.h5o.get_info(group.id, name.encode("utf-8", "surrogateescape"))
    if info.addr in seen:
        raise ValueError(
            f"{path!r} in the weights file is another object under a second name."
        )
    seen.add(info.addr)
    return info.type


def _record(dataset: h5py.Dataset, path: str, part: Part) -> Record:
    """Check that a dataset is a plain array stored inside the file."""
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

    record = Record(dataset, tuple(shape), _dtype(dataset, path), part)
    if record.nbytes and layout == h5py.h5d.CONTIGUOUS:
        offset = dataset.id.get_offset()
        stored = dataset.id.get_storage_size()
        if offset is None or stored != record.nbytes or offset + stored > part.size:
            raise ValueError(
                f"{path!r} in the weights file claims shape {record.shape} of "
                f"{record.dtype} ({record.nbytes} bytes), but the file does not hold "
                "them: it is damaged or cut short."
            )
    return record


def _dtype(dataset: h5py.Dataset, path: str) -> np.dtype:
    dtype = dataset.dtype
    if dtype.kind == "V" and dtype.names is None and dtype.subdtype is None:
        name = read_attribute(dataset, "dtype", MAX_ATTRIBUTE_BYTES)
        found = _OPAQUE.get(name or "")
        if found is not None and found.itemsize == dtype.itemsize:
            return found
    if dtype.kind not in "biufc" or dtype.hasobject:
        raise ValueError(
            f"{path!r} in the weights file holds {dtype}; only numbers are read."
        )
    return dtype


def read_attribute(owner: Any, name: str, limit: int) -> str | None:
    """A text that is an attribute of a group or dataset; None if it isn't there.

    Its name is one of those that `check_heaps` looks at. Anything else than a text of
    at most `limit` bytes is a ValueError.
    """
    try:
        if name not in owner.attrs:
            return None
        found = h5py.h5a.open(owner.id, name.encode())
        kind = h5py.check_string_dtype(found.dtype)
        if kind is None or found.shape != ():
            raise ValueError(f"The attribute {name!r} in the file is not a text.")

        # A text whose length is not in its type was bounded by `check_heaps`.
        size = kind.length or 0
        if size <= limit:
            value = owner.attrs[name]
            text = value.decode() if isinstance(value, bytes) else str(value)
            size = len(text)

    except (KeyError, OSError, RuntimeError, TypeError, MemoryError) as error:
        raise ValueError(
            f"The attribute {name!r} in the file is damaged: {error}."
        ) from error

    if size > limit:
        raise ValueError(
            f"The attribute {name!r} in the file is larger than {limit} bytes."
        )
    return text


def read_texts(owner: Any, name: str, limit: int) -> list[str]:
    """The texts of an attribute that is a list of them; [] if it isn't there.

    Only texts of one length are read, whose size is known beforehand; of others, or of
    more than `limit` bytes in all, a ValueError.
    """
    try:
        if name not in owner.attrs:
            return []
        found = h5py.h5a.open(owner.id, name.encode())
        if found.dtype.kind != "S" or len(found.shape) != 1:
            raise ValueError(f"The attribute {name!r} in the file is no list of texts.")
        if found.dtype.itemsize * found.shape[0] > limit:
            raise ValueError(
                f"The attribute {name!r} in the file is larger than {limit} bytes."
            )
        return [bytes(text).decode() for text in owner.attrs[name]]
    except (KeyError, OSError, RuntimeError, TypeError, MemoryError) as error:
        raise ValueError(
            f"The attribute {name!r} in the file is damaged: {error}."
        ) from error
