"""Files that Keras publishes for its applications: downloaded once, and checked."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable
from dataclasses import dataclass

from keras.core.settings import keras_home
from keras.utils.file_utils import get_file

GOOGLE = "https://storage.googleapis.com/"
STORAGE = f"{GOOGLE}tensorflow/keras-applications/"
# In the names of the older files.
KERNELS = "_weights_tf_dim_ordering_tf_kernels"


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


def published(
    folder: str, name: str, origin: str | None = None, storage: str = STORAGE
) -> PublishedFile:
    """A file of weights in one of the folders of Keras's server.

    `origin` is its name there, where that is another than in the cache.
    """
    url = f"{storage}{folder}/{origin or name}"
    return PublishedFile(name, url, _hashes().get(name))


def pair(
    folder: str, stem: str, ending: str = "_notop", storage: str = STORAGE
) -> Callable[..., PublishedFile]:
    """A function of `include_top` that gives one of two files of weights.

    Args:
        folder: where they are on Keras's server.
        stem: the beginning of their names.
        ending: what follows it in the name of the file without a classifier.
        storage: the server.
    """

    def files(include_top: bool) -> PublishedFile:
        name = stem if include_top else stem + ending
        return published(folder, f"{name}.h5", storage=storage)

    return files


@functools.cache
def _hashes() -> dict[str, str]:
    """The published hashes by the names of the files."""
    text = pathlib.Path(__file__).with_name("hashes.txt").read_text()
    return {name: file_hash for file_hash, name in map(str.split, text.splitlines())}
