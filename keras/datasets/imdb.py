"""IMDB: film reviews and whether they are positive."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.datasets.stored import fetch_json, fetch_npz
from keras.datasets.words import drop_long, drop_rare, mark


def load_data(
    path: str = "imdb.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
    **kwargs: Any,
) -> tuple[tuple, tuple]:
    """Load 25,000 and 25,000 film reviews, each a list of word indices.

    Words are numbered by how frequent they are. By Maas et al., "Learning Word
    Vectors for Sentiment Analysis", 2011.

    Args:
        path: The file's name in the cache.
        num_words: Keep only indices below it; None: all.
        skip_top: Keep only indices from it on.
        maxlen: Keep only reviews shorter than it.
        seed: Determines the order of the reviews.
        start_char: What each review begins with, or None.
        oov_char: What takes the place of a word not kept; None: nothing.
        index_from: The index of the most frequent word is this plus 1.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: `x` arrays of lists of integers, `y`
        arrays of 0 (negative) and 1 (positive).

    Raises:
        ValueError: no review is shorter than `maxlen`.

    Example:
        >>> (x_train, y_train), _ = keras.datasets.imdb.load_data(num_words=10_000)
    """
    if kwargs:
        raise TypeError(
            f"imdb.load_data: unknown arguments {sorted(kwargs)}"
            + (" (`nb_words` is now `num_words`)." if "nb_words" in kwargs else ".")
        )

    data = fetch_npz("imdb.npz", path)
    texts, labels = [], []
    draw = np.random.RandomState(seed)
    for part in ("train", "test"):
        x, y = data[f"x_{part}"], data[f"y_{part}"]
        order = np.arange(len(x))
        draw.shuffle(order)
        kept, kept_labels = drop_long(
            mark(x[order], start_char, index_from), y[order], maxlen
        )
        texts += kept
        labels.append(kept_labels)

    y_train, y_test = labels
    x = drop_rare(texts, num_words, skip_top, oov_char)
    return (x[: len(y_train)], y_train), (x[len(y_train) :], y_test)


def get_word_index(path: str = "imdb_word_index.json") -> dict[str, int]:
    """The index of each word, 1 for the most frequent.

    In the reviews, indices are higher by `index_from`.

    Args:
        path: The file's name in the cache.

    Example:
        >>> index = keras.datasets.imdb.get_word_index()
        >>> words = {number + 3: word for word, number in index.items()}
    """
    return fetch_json("imdb_word_index.json", path)
