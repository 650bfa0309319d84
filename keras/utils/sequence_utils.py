"""`pad_sequences`: sequences of different lengths as one array."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from keras.core.errors import check_choice


def pad_sequences(
    sequences: Iterable[Any],
    maxlen: int | None = None,
    dtype: Any = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> np.ndarray:
    """Pad sequences to one length, and cut those that are longer.

    Args:
        sequences: An iterable of sequences; their items are numbers, strings, or
            arrays of one shape.
        maxlen: The length wanted; by default that of the longest sequence.
        dtype: Of the result; `object` or `str` for strings.
        padding: `"pre"` or `"post"`: pad before or after each sequence.
        truncating: `"pre"` or `"post"`: cut the beginning or the end of each.
        value: What to pad with.

    Returns:
        An array of shape `(len(sequences), maxlen)` plus the shape of the items.

    Raises:
        ValueError: an item of `sequences` is no sequence, or its items have another
            shape than the others', or an argument is none of the above.

    Example:
        >>> keras.utils.pad_sequences([[1], [2, 3]])
        array([[0, 1],
               [2, 3]], dtype=int32)
    """
    for name, side in (("padding", padding), ("truncating", truncating)):
        check_choice(side, ("pre", "post"), name, "pad_sequences")
    if not hasattr(sequences, "__iter__"):
        raise ValueError(
            "pad_sequences: `sequences` must be an iterable of sequences; received "
            f"{sequences!r}."
        )
    rows = list(sequences)
    for position, row in enumerate(rows):
        if not hasattr(row, "__len__"):
            raise ValueError(
                "pad_sequences: `sequences` must hold sequences; at position "
                f"{position} there is {row!r}."
            )
    is_text = np.issubdtype(dtype, np.str_)
    if isinstance(value, str) and dtype is not object and not is_text:
        raise ValueError(
            f"pad_sequences: `value={value!r}` does not fit `dtype={dtype!r}`. Pass "
            "`dtype=object` for strings."
        )
    if maxlen is None:
        maxlen = max(map(len, rows), default=0)
    shape = next((np.asarray(row).shape[1:] for row in rows if len(row)), ())
    # Strings get the width of the longest of them when all are in place.
    padded = np.full((len(rows), maxlen, *shape), value, object if is_text else dtype)
    for position, row in enumerate(rows):
        if not len(row):
            continue
        row = row[max(len(row) - maxlen, 0) :] if truncating == "pre" else row[:maxlen]
        items = np.asarray(row, dtype=padded.dtype)
        if items.shape[1:] != shape and len(row):
            raise ValueError(
                f"pad_sequences: the items of the sequence at position {position} have "
                f"shape {items.shape[1:]}; those of the first have {shape}."
            )
        where = slice(maxlen - len(row), None) if padding == "pre" else slice(len(row))
        padded[position, where] = items
    return padded.astype(dtype) if is_text else padded
