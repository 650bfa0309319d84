"""`get_file`: download a file once, check it, and unpack it safely."""

from __future__ import annotations

import functools
import hashlib
import lzma
import os
import pathlib
import struct
import tarfile
import tempfile
import urllib.error
import urllib.parse
import urllib.request
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import IO, Any

from keras.core.config.limits import refuse_path
from keras.core.errors import check_choice
from keras.core.settings import keras_home
from keras.utils import io_utils
from keras.utils.progbar import Progbar

_BLOCK = 1 << 20
# What an archive may grow to: more than any dataset, less than would fill a disk.
_UNPACKED_FILES = 1_000_000
_UNPACKED_BYTES = 4 << 30
_UNPACKED_RATIO = 100
# What Python's readers raise on bytes that are not an archive, or on a locked one.
DAMAGE: tuple[type[Exception], ...] = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    EOFError,
    struct.error,
    NotImplementedError,
    RuntimeError,
    OverflowError,
    IndexError,
)
_DIGEST_BY_LENGTH = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}


def get_file(
    fname: str | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | Iterable[str] | None = "auto",
    cache_dir: str | os.PathLike | None = None,
    force_download: bool = False,
) -> str:
    """Download a file, unless it is in the cache already.

    The file appears in the cache only when it is complete and its hash is right. Of
    an archive only plain files and folders below the target are accepted: one that
    holds a link, a device or a path that leads out is refused whole.

    Args:
        fname: Name in the cache; by default that of `origin`. With `extract` it is
            the folder, as it is for "x.tar.gz" the folder "x_extracted".
        origin: The URL.
        untar: Old name of `extract`.
        md5_hash: Old name of `file_hash`.
        file_hash: The hash the file must have, in hexadecimal.
        cache_subdir: Folder below `cache_dir`.
        hash_algorithm: `"auto"` (by the length of the hash), `"sha256"`, `"md5"`, or
            another name that `hashlib` knows.
        extract: Unpack the file, a tar or zip archive.
        archive_format: `"auto"`, `"tar"`, `"zip"`, a list of these to try, or None to
            unpack nothing.
        cache_dir: By default `KERAS_HOME`, or `~/.keras`.
        force_download: Download it even if it is there.

    Returns:
        The path of the file, or of the folder it was unpacked to.

    Raises:
        ValueError: no name, a wrong hash, an archive that is not safe.
        OSError: the download failed.

    Example:
        >>> path = keras.utils.get_file(origin="https://example.org/flowers.csv")
    """
    if not origin:
        raise ValueError("get_file: `origin`, the URL of the file, is needed.")
    refuse_path("get_file", origin)
    fname = _file_name(fname, origin)
    if md5_hash is not None and file_hash is None:
        file_hash = md5_hash
        hash_algorithm = "md5"

    folder = _cache_folder(cache_dir, os.path.join(cache_subdir, fname)) / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    if not (extract or untar):
        path = target = folder / fname
    elif fname.endswith(".tar.gz"):
        path = folder / fname
        target = folder / f"{fname[:-7]}_extracted"
    else:
        path = folder / f"{fname}_archive"
        target = folder / fname

    fresh = not path.exists() or force_download
    if not fresh and file_hash and not validate_file(path, file_hash, hash_algorithm):
        io_utils.print_msg(
            f"{path} does not have the hash {file_hash}; downloading it again."
        )
        fresh = True
    if fresh:
        _download(origin, path, file_hash, hash_algorithm)

    if path is not target and (fresh or not target.exists()):
        if not extract_archive(path, target, archive_format):
            raise ValueError(
                f"get_file: {origin} is not an archive of the format "
                f"{archive_format!r}."
            )
    return str(target)


def _file_name(fname: str | None, origin: str) -> str:
    if fname is None:
        fname = os.path.basename(urllib.parse.urlsplit(origin).path)
        if not fname:
            raise ValueError(
                f"get_file: {origin!r} ends in no file name. Pass `fname`."
            )
    fname = os.fspath(fname)
    if os.path.basename(fname) != fname or fname in (".", "..") or "\\" in fname:
        raise ValueError(
            f"get_file: `fname` must be a name without a folder; received {fname!r}. "
            "Pass `cache_dir` and `cache_subdir` for the folder."
        )
    return fname


def _cache_folder(cache_dir: str | os.PathLike | None, wanted: str) -> pathlib.Path:
    folder = keras_home() if cache_dir is None else pathlib.Path(cache_dir)
    folder = folder.expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        pass
    if os.access(folder, os.W_OK) or (folder / wanted).exists():
        return folder
    if cache_dir is not None:
        raise ValueError(f"get_file: `cache_dir` {str(folder)!r} can't be written to.")

    # Other users share the folder for temporary files: use a private one inside it.
    user = os.getuid() if hasattr(os, "getuid") else None
    name = f"keras-{'cache' if user is None else user}"
    private = pathlib.Path(tempfile.gettempdir()) / name
    private.mkdir(mode=0o700, exist_ok=True)
    if user is not None and private.stat().st_uid != user:
        raise PermissionError(f"{private} belongs to another user; set KERAS_HOME.")
    return private


def _download(
    origin: str, path: pathlib.Path, file_hash: str | None, algorithm: str
) -> None:
    """Download `origin` to `path`, which changes only when the download is complete."""
    io_utils.print_msg(f"Downloading data from {origin}")
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as sink:
            try:
                with urllib.request.urlopen(origin) as source:
                    _copy(source, sink, origin)
            except urllib.error.URLError as error:
                code = getattr(error, "code", "")  # of an HTTPError
                what = f"{code} {error.reason}".strip()
                raise OSError(f"Downloading {origin} failed: {what}") from error

        if file_hash and not validate_file(temporary, file_hash, algorithm):
            raise ValueError(
                f"get_file: what {origin} gave does not have the "
                f"{_digest_name(file_hash, algorithm)} hash {file_hash}. It is "
                "incomplete, or not the file that is meant."
            )

        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    finally:
        pathlib.Path(temporary).unlink(missing_ok=True)


def _copy(source: Any, sink: IO[bytes], origin: str) -> None:
    length = source.headers.get("Content-Length")
    total = int(length) if length and length.isdigit() else None
    progress = Progbar(total, unit_name="byte")
    done = 0
    while block := source.read(_BLOCK):
        sink.write(block)
        done += len(block)
        progress.update(done, finalize=total is not None and done >= total)
    if total is not None and done < total:
        raise OSError(f"Downloading {origin} failed: {done} of {total} bytes came.")


def _digest_name(file_hash: str, algorithm: str) -> str:
    if algorithm == "auto":
        algorithm = _DIGEST_BY_LENGTH.get(len(file_hash), "")
    if algorithm not in hashlib.algorithms_available:
        raise ValueError(
            f"get_file: unknown `hash_algorithm` {algorithm or 'auto'!r} for a hash of "
            f"{len(file_hash)} digits. Use 'auto', 'sha256' or 'md5'."
        )
    return algorithm


def validate_file(
    path: str | os.PathLike, file_hash: str, algorithm: str = "auto"
) -> bool:
    """Whether a file has a hash, given in hexadecimal."""
    with open(path, "rb") as source:
        digest = hashlib.file_digest(source, _digest_name(file_hash, algorithm))
    return digest.hexdigest() == file_hash.lower()


def extract_archive(
    path: str | os.PathLike,
    target: str | os.PathLike,
    archive_format: str | Iterable[str] | None = "auto",
) -> bool:
    """Unpack a tar or zip archive into the folder `target`, in place of what is there.

    Returns False if it is of none of the formats. It is a ValueError, and nothing is
    unpacked, if it holds a link, a device, a path that leads out of `target`, or more
    than 4 GiB and 100 times its own size.
    """
    if archive_format is None:
        return False
    if archive_format == "auto":
        archive_format = ("tar", "zip")

    formats = [archive_format] if isinstance(archive_format, str) else archive_format
    limit = max(_UNPACKED_BYTES, _UNPACKED_RATIO * os.path.getsize(path))

    for name in formats:
        check_choice(name, ("tar", "zip"), "archive_format", "get_file")
        try:
            tar = _opened_tar(path) if name == "tar" else None
            if tar is not None:
                with tar:
                    _unpack(pathlib.Path(target), _tar_files(tar), limit)
                return True
            if name == "zip" and zipfile.is_zipfile(path):
                with zipfile.ZipFile(path) as archive:
                    _unpack(pathlib.Path(target), _zip_files(archive), limit)
                return True
        except DAMAGE as error:
            raise ValueError(
                f"The archive {os.fspath(path)!r} is damaged, or not one that is read "
                f"here: {error}. Nothing was unpacked."
            ) from error
    return False


def _opened_tar(path: str | os.PathLike) -> tarfile.TarFile | None:
    try:
        return tarfile.open(path, tarinfo=_ShortHeader)
    except tarfile.TarError:
        return None


class _ShortHeader(tarfile.TarInfo):
    """A member of a tar file; those that only lengthen names are no longer than so."""

    def _proc_member(self, tar: tarfile.TarFile) -> Any:
        extends = self.type not in (*tarfile.SUPPORTED_TYPES[:8], tarfile.CONTTYPE)
        if extends and self.size > _BLOCK:
            raise tarfile.ReadError(f"a header of {self.size} bytes")
        return super()._proc_member(tar)  # type: ignore[misc]


def _tar_files(tar: tarfile.TarFile) -> Iterator[tuple[str, bool, int, Any]]:
    """Each member's name, whether it is a plain file, its size, and what opens it."""
    for member in tar:
        if not member.isdir():
            plain = member.isreg() and not member.issparse()
            opened = functools.partial(tar.extractfile, member)
            yield member.name, plain, member.size, opened


def _zip_files(archive: zipfile.ZipFile) -> Iterator[tuple[str, bool, int, Any]]:
    for member in archive.infolist():
        kind = (member.external_attr >> 16) & 0o170000  # of a Unix file, else 0
        if not member.filename.endswith("/"):  # is_dir() fails on an empty name
            plain = kind in (0, 0o100000) and not member.flag_bits & 1
            opened = functools.partial(archive.open, member)
            yield member.filename, plain, member.file_size, opened


def _unpack(
    target: pathlib.Path, files: Iterator[tuple[str, bool, int, Any]], limit: int
) -> None:
    """Check all members, write them beside `target`, then move them into place.

    The limit counts the bytes written, so an archive cannot claim less than it holds.
    """

    checked: dict[tuple[str, ...], tuple[int, Any]] = {}
    folders: set[tuple[str, ...]] = set()
    total = 0
    for name, is_plain, size, open_member in files:
        parts = tuple(name.replace("\\", "/").split("/"))
        leads_out = ".." in parts or not parts[0] or ":" in name or "\0" in name
        parts = tuple(part for part in parts if part not in ("", "."))
        total += size
        wrong = None
        if not is_plain or leads_out or not parts:
            wrong = "it may hold only plain files, below the folder it is unpacked to"
        elif parts in checked or parts in folders:
            wrong = "it is present twice"
        elif total > limit or len(checked) >= _UNPACKED_FILES:
            wrong = (
                f"up to there it has {total} bytes in {len(checked) + 1} files; at "
                f"most {limit} and {_UNPACKED_FILES} are unpacked"
            )

        if wrong:
            raise ValueError(
                f"The archive for {target.name!r} was refused, because of "
                f"{name[:200]!r}: {wrong}."
            )
        checked[parts] = size, open_member
        folders.update(parts[:i] for i in range(1, len(parts)))

    both = folders & checked.keys()
    if both:
        raise ValueError(
            f"The archive for {target.name!r} was refused: {'/'.join(min(both))!r} is "
            "a file and a folder in it."
        )

    with tempfile.TemporaryDirectory(
        dir=target.parent, prefix=f".{target.name}."
    ) as temporary:
        new = pathlib.Path(temporary, "new")
        new.mkdir()
        for parts, (size, open_member) in checked.items():
            path = new.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with open_member() as source, open(path, "xb") as sink:
                _copy_member(source, sink, size, parts)
        if target.exists():
            os.replace(target, pathlib.Path(temporary, "old"))
        os.replace(new, target)


def _copy_member(source: IO[bytes], sink: IO[bytes], size: int, parts: Any) -> None:
    left = size
    while block := source.read(min(_BLOCK, left + 1)):
        left -= len(block)
        if left < 0:
            raise ValueError(f"{'/'.join(parts)!r} has more than its {size} bytes.")
        sink.write(block)
