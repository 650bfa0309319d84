"""The files of both CIFAR datasets."""

from __future__ import annotations

import os

import numpy as np

from keras.datasets.stored import fetch, read_pickle

_ORIGIN = "https://www.cs.toronto.edu/~kriz/"


def read_batches(
    name: str, file_hash: str, folder: str, files: list[str], label: bytes
) -> tuple[np.ndarray, np.ndarray]:
    """The images and labels of some files in a folder of the archive `name`.tar.gz.

    They are uint8 of shape `(samples, 32, 32, 3)`, and int64 of shape `(samples, 1)`;
    `label` is the key of the labels.
    """
    path = fetch(
        f"{folder}-target",
        origin=f"{_ORIGIN}{name}.tar.gz",
        file_hash=file_hash,
        extract=True,
    )
    images, labels = [], []
    for file in files:
        with open(os.path.join(path, folder, file), "rb") as stream:
            batch = read_pickle(stream)
        images.append(batch[b"data"].reshape(-1, 3, 32, 32))
        labels.extend(batch[label])
    x = np.ascontiguousarray(np.concatenate(images).transpose(0, 2, 3, 1))
    return x, np.array(labels, "int64")[:, np.newaxis]
