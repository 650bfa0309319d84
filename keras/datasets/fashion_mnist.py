"""Fashion-MNIST: pictures of clothes."""

from __future__ import annotations

import gzip
import os

import numpy as np

from keras.datasets.stored import fetch

# Where the Debian package `dataset-fashion-mnist` puts the files.
_MAX_BYTES = 64 << 20  # more than the largest of the files holds
_INSTALLED = "/usr/share/datasets/fashion-mnist"


def load_data() -> tuple[tuple, tuple]:
    """Load Fashion-MNIST: 60,000 and 10,000 images of 28x28 pixels of ten articles.

    The classes are T-shirt/top, trouser, pullover, dress, coat, sandal, shirt,
    sneaker, bag and ankle boot. By Zalando SE (Xiao, Rasul and Vollgraf, 2017), under
    the MIT licence. The four files are taken from the cache, from the Debian package
    `dataset-fashion-mnist` if it is installed, else they are downloaded.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all uint8: `x` of shape
        `(samples, 28, 28)` from 0 to 255, `y` of shape `(samples,)` from 0 to 9.

    Example:
        >>> (x_train, y_train), _ = keras.datasets.fashion_mnist.load_data()
    """
    train, test = [
        (_read(f"{part}-images-idx3-ubyte.gz"), _read(f"{part}-labels-idx1-ubyte.gz"))
        for part in ("train", "t10k")
    ]
    return train, test


def _read(name: str) -> np.ndarray:
    path = os.path.join(_INSTALLED, name)
    if not os.path.exists(path):
        path = fetch(name, cache_subdir=os.path.join("datasets", "fashion-mnist"))
    with gzip.open(path) as file:
        content = bytearray(file.read(_MAX_BYTES))
    # IDX: two zeros, a code for uint8, the rank; then the sizes, then the values.
    rank = content[3] if content[:3] == b"\x00\x00\x08" else 0
    start = 4 + 4 * rank
    shape = np.frombuffer(content[4:start], ">u4").tolist()
    if not rank or len(content) - start != np.prod(shape):
        raise ValueError(f"{path} is no IDX file of bytes, or it is not complete.")
    return np.frombuffer(content, "uint8", offset=start).reshape(shape)
