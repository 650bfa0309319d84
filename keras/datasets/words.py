"""What the datasets of word indices share: which words and texts are kept."""

from __future__ import annotations

import numpy as np


def mark(
    texts: np.ndarray, start_char: int | None, index_from: int | None
) -> list[list[int]]:
    """Move all indices up by `index_from`, and begin each text with `start_char`."""
    shift = index_from or 0
    start = [] if start_char is None else [start_char]
    return [start + [word + shift for word in text] for text in texts]


def drop_long(
    texts: list[list[int]], labels: np.ndarray, maxlen: int | None
) -> tuple[list[list[int]], np.ndarray]:
    """Keep the texts that are shorter than `maxlen`, and their labels."""
    if not maxlen:
        return texts, labels
    kept = [position for position, text in enumerate(texts) if len(text) < maxlen]
    if not kept:
        raise ValueError(f"No text is shorter than `maxlen={maxlen}`. Increase it.")
    return [texts[position] for position in kept], labels[kept]


def drop_rare(
    texts: list[list[int]], num_words: int | None, skip_top: int, oov_char: int | None
) -> np.ndarray:
    """Replace the words below `skip_top` and from `num_words` on by `oov_char`.

    If that is None they are left out. Returns an array of lists.
    """
    top = num_words or max(map(max, filter(None, texts)), default=0) + 1
    result = np.empty(len(texts), object)
    for position, text in enumerate(texts):
        words = [word if skip_top <= word < top else oov_char for word in text]
        result[position] = [word for word in words if word is not None]
    return result
