"""`to_categorical`, `normalize` and `pad_sequences`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from keras.core.errors import check_choice


def _is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor of the backend in force, which is loaded only then."""
    if type(x) is np.ndarray or isinstance(x, (np.generic, list, tuple, int, float)):
        return False
    from keras.core.scope import current

    return bool(current().is_tensor(x))


def to_categorical(x: Any, num_classes: int | None = None) -> Any:
    """Turn class indices into one-hot rows, as `categorical_crossentropy` wants them.

    Args:
        x: Class indices from 0, an array-like of integers of any shape. An axis of
            size 1 at the end is dropped.
        num_classes: How many classes there are; by default the highest index + 1.

    Returns:
        A float64 array of shape `x.shape + (num_classes,)`; for a tensor a tensor in
        `floatx()`.

    Raises:
        ValueError: an index is negative, not whole, or not below `num_classes`.

    Example:
        >>> keras.utils.to_categorical([0, 2], num_classes=3)
        array([[1., 0., 0.],
               [0., 0., 1.]])
    """
    if _is_tensor(x):
        from keras import ops

        if len(x.shape) > 1 and x.shape[-1] == 1:
            x = ops.squeeze(x, axis=-1)
        count = int(ops.max(x)) + 1 if num_classes is None else num_classes
        return ops.one_hot(ops.cast(x, "int32"), count)

    given = np.asarray(x)
    if given.size == 0 and num_classes is None:
        raise ValueError("to_categorical: `x` is empty, so `num_classes` is needed.")

    labels = given.astype("int64")
    if (labels != given).any():
        raise ValueError("to_categorical: `x` must hold whole numbers.")
    if labels.ndim > 1 and labels.shape[-1] == 1:
        labels = labels[..., 0]

    count = int(labels.max()) + 1 if num_classes is None else num_classes
    if labels.size and not 0 <= labels.min() <= labels.max() < count:
        raise ValueError(
            f"to_categorical: class indices must be from 0 to {count - 1} for "
            f"`num_classes={count}`; `x` goes from {labels.min()} to {labels.max()}."
        )

    one_hot = np.zeros((labels.size, count))
    one_hot[np.arange(labels.size), labels.ravel()] = 1
    return one_hot.reshape(*labels.shape, count)


def normalize(x: Any, axis: int = -1, order: int = 2) -> Any:
    """Divide an array by its norms along an axis, so that each norm becomes 1.

    Args:
        x: Array-like. Integers are taken as `floatx()`.
        axis: The axis along which norms are computed.
        order: Which norm: `sum(abs(x) ** order) ** (1 / order)`.

    Returns:
        An array of the shape of `x`, with one axis if `x` has none; for a tensor a
        tensor. Where the norm is 0, `x` stays 0.

    Raises:
        ValueError: `order` is not an integer of at least 1.

    Example:
        >>> keras.utils.normalize(np.array([[3.0, 4.0]]))
        array([[0.6, 0.8]])
    """
    if not isinstance(order, (int, np.integer)) or order < 1:
        raise ValueError(
            f"normalize: `order` must be an integer >= 1; received {order!r}."
        )
    from keras.core.settings import floatx

    lib: Any = np
    if _is_tensor(x):
        from keras import ops as lib
        from keras.core.dtypes import standardize_dtype

        if not standardize_dtype(x.dtype).startswith(("float", "bfloat")):
            x = lib.cast(x, floatx())
        x = lib.reshape(x, (1,)) if not x.shape else x
    else:
        x = np.atleast_1d(x)
        x = x if x.dtype.kind in "fc" else x.astype(floatx())

    # Divided by the largest first: powers of large numbers overflow.
    top = lib.max(lib.abs(x), axis=axis, keepdims=True)
    x = x / lib.where(top == 0, lib.ones_like(top), top)
    norm = lib.sum(lib.abs(x) ** order, axis=axis, keepdims=True) ** (1.0 / order)
    return x / lib.where(norm == 0, lib.ones_like(norm), norm)


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
        maxlen: The length of the result; by default that of the longest sequence.
        dtype: Of the result; `object` or `str` for strings.
        padding: `"pre"` or `"post"`: pad before or after each sequence.
        truncating: `"pre"` or `"post"`: cut the beginning or the end of each.
        value: What to pad with.

    Returns:
        An array of shape `(len(sequences), maxlen)` plus the shape of the items.

    Raises:
        ValueError: an item of `sequences` is not a sequence, its items differ in shape
            from the others, or an argument has another value than those above.

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
