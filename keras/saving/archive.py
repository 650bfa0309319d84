"""The `.keras` file: a zip archive of known members, or a directory of the same."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from keras.core.config.limits import MAX_JSON_BYTES, parse_json
from keras.saving.seal import (
    CHANGED,
    SEAL_SIZE,
    DamagedFileError,
    Part,
    Span,
    check_json,
    checksum,
    file_checksum,
    json_checksum,
    read_seal,
    seal,
)

METADATA = "metadata.json"
CONFIG = "config.json"
WEIGHTS = "model.weights.h5"
ASSETS = "assets/"

# More than any honest file holds; less than what would exhaust a machine.
MAX_ASSET_BYTES = 1 << 30
MAX_ASSET_DEPTH = 32
MAX_MEMBERS = 10_000
MAX_INFLATION = 100
_COPY = 1 << 20
# What Python's zipfile raises on bytes that are not an archive.
_DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, struct.error)


def write_zip(
    path: Path, files: Path, weights: Callable[[Path, int], list[Span]]
) -> None:
    """Pack the files below a directory and weights, uncompressed, and seal it.

    `weights` writes the weights into the archive itself, from the byte it is told to
    the end, and returns the checksums it knows.
    """
    rest = sorted(
        p.relative_to(files).as_posix() for p in files.rglob("*") if p.is_file()
    )

    # The weights' size and checksum are known at the end: its header is written twice.
    member = zipfile.ZipInfo(WEIGHTS, datetime.datetime.now().timetuple()[:6])
    member.external_attr = 0o600 << 16
    member.CRC = member.file_size = member.compress_size = 0

    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as out:
        for name in (METADATA, CONFIG):
            out.write(files / name, name)

        file: Any = out.fp
        member.header_offset = file.tell()
        file.write(member.FileHeader(zip64=True))
        file.flush()
        start = file.tell()
        spans = weights(path, start)

        out.start_dir = path.stat().st_size
        size = member.file_size = member.compress_size = out.start_dir - start
        member.CRC = checksum(path, start, out.start_dir, spans)
        file.seek(member.header_offset)
        file.write(member.FileHeader(zip64=True))

        out.filelist.append(member)
        out.NameToInfo[WEIGHTS] = member
        for name in rest:
            if name not in (METADATA, CONFIG, WEIGHTS):
                out.write(files / name, name)
        out.comment = bytes(SEAL_SIZE)

    seal(path, [Span(start, size, member.CRC)], replace=True)


def write_checksums(files: Path, metadata: Mapping[str, Any]) -> None:
    """Write the metadata of a model's directory, with every file's checksum."""
    content: dict[str, Any] = dict(metadata, checksums={})
    for path in sorted(files.rglob("*")):
        name = path.relative_to(files).as_posix()
        # The weights' file has a seal of its own.
        if path.is_file() and name not in (METADATA, WEIGHTS):
            content["checksums"][name] = file_checksum(path)
    content["checksum"] = json_checksum(content)
    write_json(files / METADATA, content)


class Archive:
    """The contents of a `.keras` file or directory, checked before anything is used.

    Other files, members that do not belong there, and sizes beyond what a saved model
    has are a ValueError.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        self._zip: zipfile.ZipFile | None = None
        self._sizes: dict[str, int] = {}
        self._checksums: dict[str, Any] = {}

    def __enter__(self) -> Archive:
        if self.path.is_dir():
            for file in sorted(self.path.rglob("*")):
                if file.is_file() and not file.is_symlink():
                    name = file.relative_to(self.path).as_posix()
                    self._sizes[name] = file.stat().st_size
            self._read_checksums()
        else:
            self._open_zip()

        needed = (METADATA, CONFIG, WEIGHTS)
        missing = [name for name in needed if name not in self._sizes]
        if missing:
            raise ValueError(
                f"{self.path.name!r} is not a saved model: {missing} missing; it holds "
                f"{sorted(self._sizes)[:10]}."
            )
        return self

    def __exit__(self, *exc: object) -> None:
        if self._zip is not None:
            self._zip.close()

    def _open_zip(self) -> None:
        try:
            self._zip = zipfile.ZipFile(self.path)
        except (*_DAMAGE, OSError) as error:
            read_seal(self.path)  # may know that it is cut short
            raise ValueError(
                f"{self.path.name!r} is not a `.keras` file (a zip archive): {error}."
            ) from error

        infos = self._zip.infolist()
        if len(infos) > MAX_MEMBERS:
            raise ValueError(f"{self.path.name!r} has {len(infos)} members.")
        end = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < end:
                raise ValueError(
                    f"{self.path.name!r}: the member {info.filename!r} shares its "
                    "bytes with another."
                )
            end = info.header_offset + info.compress_size
            if info.filename.endswith("/"):  # is_dir() fails on an empty name
                continue
            self._check(info)
            self._sizes[info.filename] = info.file_size

    def _check(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        wrong = None
        if name not in (METADATA, CONFIG, WEIGHTS) and not name.startswith(ASSETS):
            wrong = "does not belong in a `.keras` file"
        elif name in self._sizes:
            wrong = "is present twice"
        elif (info.external_attr >> 28) not in (0, 8):
            wrong = "is not a plain file"
        elif info.flag_bits & 1:
            wrong = "is encrypted"
        elif info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            wrong = "is compressed in an unknown way"
        elif info.file_size > max(info.compress_size * MAX_INFLATION, _COPY):
            wrong = f"would grow from {info.compress_size} to {info.file_size} bytes"
        if wrong:
            raise ValueError(f"{self.path.name!r}: the member {name!r} {wrong}.")

    def read_json(self, name: str) -> Any:
        """A JSON member."""
        with self._damage_explained(name), self._open(name) as source:
            text = source.read(MAX_JSON_BYTES + 1)
        return parse_json(text, f"{self.path.name!r}: {name!r}")

    @contextlib.contextmanager
    def weights(self) -> Iterator[Part]:
        """The weights as a file of their own."""
        if self._zip is None:
            yield Part.whole(self.path / WEIGHTS)
            return

        sealed = read_seal(self.path)
        info = self._zip.getinfo(WEIGHTS)
        if info.compress_type == zipfile.ZIP_STORED:
            yield Part(
                self.path, self._data_offset(info), info.file_size, info.CRC, sealed
            )
            return

        # Compressed: HDF5 needs the bytes in a file of their own.
        Part(self.path, 0, 0, None, sealed).verify()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / WEIGHTS
            self._extract(WEIGHTS, path)
            yield Part.whole(path)

    @contextlib.contextmanager
    def assets(self, owner: str) -> Iterator[Path | None]:
        """The assets a layer saved, in a directory; None when there are none."""
        prefix = f"{ASSETS}{owner}/" if owner else ASSETS
        names = [name for name in self._sizes if name.startswith(prefix)]
        if not names:
            yield None
            return

        total = sum(self._sizes[name] for name in names)
        if total > MAX_ASSET_BYTES:
            raise ValueError(
                f"{self.path.name!r}: the assets of {owner!r} have {total} bytes; at "
                f"most {MAX_ASSET_BYTES} are read."
            )
        with tempfile.TemporaryDirectory() as folder:
            for name in names:
                inner = PurePosixPath(name[len(prefix) :])

                leaves = inner.is_absolute() or ".." in inner.parts or "\\" in name
                if leaves or ":" in name or "\0" in name:
                    raise ValueError(
                        f"{self.path.name!r}: the member {name!r} leaves its directory."
                    )

                if len(inner.parts) > MAX_ASSET_DEPTH:
                    raise ValueError(
                        f"{self.path.name!r}: the member {name!r} is nested deeper "
                        f"than {MAX_ASSET_DEPTH} folders."
                    )

                path = Path(folder) / inner
                path.parent.mkdir(parents=True, exist_ok=True)
                self._extract(name, path)
            yield Path(folder)

    def _data_offset(self, info: zipfile.ZipInfo) -> int:
        """Where the bytes of a member begin, which its own header says."""
        with open(self.path, "rb") as file:
            file.seek(info.header_offset)
            header = file.read(30)
        if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
            raise DamagedFileError(self.path, f"{info.filename!r} has no header")
        names = int.from_bytes(header[26:28], "little")
        extra = int.from_bytes(header[28:30], "little")
        start = info.header_offset + 30 + names + extra
        if start + info.file_size > self.path.stat().st_size:
            raise DamagedFileError(self.path, f"{info.filename!r} is cut short")
        return start

    def _read_checksums(self) -> None:
        """Read the checksums that a directory keeps of its files."""
        if METADATA in self._sizes:
            metadata = self.read_json(METADATA)
            check_json(self.path / METADATA, metadata)
            kept = metadata.get("checksums") if isinstance(metadata, dict) else None
            self._checksums = kept if isinstance(kept, dict) else {}

    def _open(self, name: str) -> Any:
        if self._zip is not None:
            return self._zip.open(name)
        path = self.path / name
        if name in self._checksums and file_checksum(path) != self._checksums[name]:
            raise DamagedFileError(path, CHANGED)
        return open(path, "rb")

    def _extract(self, name: str, path: Path) -> None:
        """Copy a member out; zip checks its checksum on the way."""
        with (
            self._damage_explained(name),
            self._open(name) as source,
            open(path, "xb") as out,
        ):
            shutil.copyfileobj(source, out, _COPY)

    @contextlib.contextmanager
    def _damage_explained(self, name: str) -> Iterator[None]:
        try:
            yield
        except (*_DAMAGE, EOFError) as error:
            raise ValueError(
                f"{self.path.name!r}: {name!r} is damaged and cannot be read: {error}."
            ) from error


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a JSON member."""
    path.write_text(json.dumps(content), encoding="utf-8")
