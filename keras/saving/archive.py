"""The `.keras` file: a zip archive of known members, or a directory of the same."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from keras.core.reading import MAX_JSON_BYTES, parse_json

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
# What Python's zipfile raises on bytes that are no archive.
_DAMAGE = (zipfile.BadZipFile, zlib.error, NotImplementedError, struct.error)


def write_zip(path: Path, files: Path) -> None:
    """Pack the files below a directory, uncompressed, known members first."""
    first = [METADATA, CONFIG, WEIGHTS]
    rest = sorted(
        p.relative_to(files).as_posix() for p in files.rglob("*") if p.is_file()
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as out:
        for name in [*first, *(name for name in rest if name not in first)]:
            out.write(files / name, name)


class Archive:
    """What a saved model's file holds, checked before anything is used.

    Args:
        path: a `.keras` file or a directory with the same members.

    Raises:
        ValueError: not such a file, members that do not belong there, or sizes beyond
            what a saved model has.
    """

    def __init__(self, path: str | os.PathLike) -> None:
        self.path = Path(path)
        self._zip: zipfile.ZipFile | None = None
        self._sizes: dict[str, int] = {}

    def __enter__(self) -> Archive:
        if self.path.is_dir():
            for file in sorted(self.path.rglob("*")):
                if file.is_file() and not file.is_symlink():
                    name = file.relative_to(self.path).as_posix()
                    self._sizes[name] = file.stat().st_size
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
            if info.is_dir():
                continue
            self._check(info)
            self._sizes[info.filename] = info.file_size

    def _check(self, info: zipfile.ZipInfo) -> None:
        name = info.filename
        wrong = None
        if name not in (METADATA, CONFIG, WEIGHTS) and not name.startswith(ASSETS):
            wrong = "does not belong into a `.keras` file"
        elif name in self._sizes:
            wrong = "is there twice"
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
        what = f"{self.path.name!r}: {name!r}"
        if self._sizes[name] > MAX_JSON_BYTES:
            raise ValueError(
                f"{what} has {self._sizes[name]} bytes; at most {MAX_JSON_BYTES} are "
                "read."
            )
        with self._damage_explained(name), self._open(name) as source:
            text = source.read(MAX_JSON_BYTES + 1)
        return parse_json(text, what)

    @contextlib.contextmanager
    def weights(self) -> Iterator[Path]:
        """The weights as a file of their own."""
        if self._zip is None:
            yield self.path / WEIGHTS
            return
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / WEIGHTS
            self._extract(WEIGHTS, path)
            yield path

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
                        f"{self.path.name!r}: the member {name!r} lies deeper than "
                        f"{MAX_ASSET_DEPTH} folders."
                    )
                path = Path(folder) / inner
                path.parent.mkdir(parents=True, exist_ok=True)
                self._extract(name, path)
            yield Path(folder)

    def _open(self, name: str) -> Any:
        if self._zip is not None:
            return self._zip.open(name)
        return open(self.path / name, "rb")

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
