"""Files that appear whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def atomic_file(target: str | os.PathLike) -> Iterator[Path]:
    """Write a temporary file beside `target` and rename it to `target` at the end.

    The body of the `with` writes to the path it is given. If it succeeds, the bytes are
    forced to disk and the file takes the target's name in one step (a link is
    followed). A kill or an OSError at any moment leaves either the old file or the new
    one.

    Example:
        >>> with atomic_file("model.keras") as path:
        ...     path.write_bytes(b"...")
    """
    final = Path(os.path.realpath(target))
    temporary = _beside(final)
    with _explained(target, final):
        try:
            # Made here, so that the user's umask decides who may read it.
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            yield temporary
            _sync(temporary)
            if final.exists():
                shutil.copymode(final, temporary)
            os.replace(temporary, final)
            _sync(final.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_directory(target: str | os.PathLike) -> Iterator[Path]:
    """Like `atomic_file`, for a directory of files.

    A directory cannot be replaced in one step: the old one is moved aside first, and
    moved back if the new one cannot take its place.
    """
    final = Path(os.path.realpath(target))
    temporary, old = _beside(final), _beside(final)
    with _explained(target, final):
        try:
            temporary.mkdir()
            yield temporary

            for path in [*temporary.rglob("*"), temporary]:
                _sync(path)
            if final.exists():
                os.rename(final, old)
            try:
                os.rename(temporary, final)
            except BaseException:
                if old.exists():
                    os.rename(old, final)
                raise
            _sync(final.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name[:100]}.{secrets.token_hex(6)}.tmp")


@contextlib.contextmanager
def _explained(target: str | os.PathLike, final: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        if not final.parent.is_dir():
            reason = f"there is no directory {str(final.parent)!r}"
        kept = " The existing file is unchanged." if final.exists() else ""
        raise type(error)(
            error.errno, f"Could not save to {str(target)!r}: {reason}.{kept}"
        ) from error


def _sync(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:  # some systems do not open directories
        return
    try:
        os.fsync(handle)
    except OSError:
        if not path.is_dir():
            raise
    finally:
        os.close(handle)
