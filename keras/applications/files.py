"""Files that Keras publishes for its applications: downloaded once, and checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from keras.core.settings import keras_home
from keras.utils.file_utils import get_file

STORAGE = "https://storage.googleapis.com/tensorflow/keras-applications/"


@dataclass(frozen=True)
class PublishedFile:
    """A file on a server.

    Attributes:
        name: its name in the cache, below `models/`.
        origin: its URL.
        file_hash: its hash, in hexadecimal; None where none is published.
    """

    name: str
    origin: str
    file_hash: str | None = None

    def fetch(self, who: str) -> str:
        """The path of the file in the cache, downloaded if it isn't there.

        Raises:
            OSError: it cannot be downloaded; the message says where to put it.
            ValueError: what was downloaded is not that file.
        """
        try:
            return get_file(
                self.name, self.origin, cache_subdir="models", file_hash=self.file_hash
            )
        except OSError as error:
            place = keras_home().expanduser() / "models" / self.name
            raise OSError(
                f"{who}: {error} Without a network, copy {self.origin} to {place}."
            ) from error


def official(
    folder: str, stem: str, top: str | None, no_top: str | None
) -> Callable[..., PublishedFile]:
    """A function of `include_top` that gives one of a pair of files.

    Args:
        folder: where they are on Keras's server.
        stem: the beginning of their names; that without a classifier ends in `_notop`.
        top, no_top: their hashes.
    """

    def files(include_top: bool) -> PublishedFile:
        name = f"{stem}.h5" if include_top else f"{stem}_notop.h5"
        file_hash = top if include_top else no_top
        return PublishedFile(name, f"{STORAGE}{folder}/{name}", file_hash)

    return files
