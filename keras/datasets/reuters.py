"""Reuters: newswires and their topics."""

from __future__ import annotations

from keras.datasets.stored import (
    check_test_split,
    fetch_json,
    fetch_npz,
    shuffle,
    split,
)
from keras.datasets.words import drop_long, drop_rare, mark


def load_data(
    path: str = "reuters.npz",
    num_words: int | None = None,
    skip_top: int = 0,
    maxlen: int | None = None,
    test_split: float = 0.2,
    seed: int = 113,
    start_char: int | None = 1,
    oov_char: int | None = 2,
    index_from: int | None = 3,
) -> tuple[tuple, tuple]:
    """Load 11,228 newswires of 46 topics, each a list of word indices.

    Words are numbered by how frequent they are. From Reuters-21578, by D. D. Lewis.

    Args:
        path: The file's name in the cache.
        num_words: Keep only indices below it; None: all.
        skip_top: Keep only indices from it on.
        maxlen: Keep only newswires shorter than it.
        test_split: The fraction kept for the test.
        seed: Determines the order of the newswires.
        start_char: What each newswire begins with, or None.
        oov_char: What takes the place of a word not kept; None: nothing.
        index_from: The index of the most frequent word is this plus 1.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: `x` arrays of lists of integers, `y`
        arrays of topics from 0 to 45.

    Raises:
        ValueError: no newswire is shorter than `maxlen`, or `test_split` is not in
            [0, 1).

    Example:
        >>> (x_train, y_train), _ = keras.datasets.reuters.load_data(num_words=10_000)
    """
    check_test_split(test_split)
    data = fetch_npz("reuters.npz", path)
    x, y = shuffle((data["x"], data["y"]), seed)
    texts, y = drop_long(mark(x, start_char, index_from), y, maxlen)
    return split((drop_rare(texts, num_words, skip_top, oov_char), y), test_split)


def get_word_index(path: str = "reuters_word_index.json") -> dict[str, int]:
    """The index of each word, 1 for the most frequent.

    In the newswires, indices are higher by `index_from`.

    Args:
        path: The file's name in the cache.

    Example:
        >>> index = keras.datasets.reuters.get_word_index()
    """
    return fetch_json("reuters_word_index.json", path)


def get_label_names() -> tuple[str, ...]:
    """The names of the 46 topics, in the order of their labels.

    Example:
        >>> keras.datasets.reuters.get_label_names()[:2]
        ('cocoa', 'grain')
    """
    return (
        *("cocoa", "grain", "veg-oil", "earn", "acq", "wheat", "copper", "housing"),
        *("money-supply", "coffee", "sugar", "trade", "reserves", "ship", "cotton"),
        *("carcass", "crude", "nat-gas", "cpi", "money-fx", "interest", "gnp"),
        *("meal-feed", "alum", "oilseed", "gold", "tin", "strategic-metal"),
        *("livestock", "retail", "ipi", "iron-steel", "rubber", "heat", "jobs", "lei"),
        *("bop", "zinc", "orange", "pet-chem", "dlr", "gas", "silver", "wpi", "hog"),
        "lead",
    )
