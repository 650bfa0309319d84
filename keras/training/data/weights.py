"""`class_weight`: a weight for each class becomes a weight for each sample."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras.core.settings import floatx
from keras.data.host import is_array, to_numpy
from keras.data.rows import Rows


class ClassWeights:
    """The `class_weight` argument of `fit`, as a table.

    Args:
        class_weight: A dict from class index to weight. Classes not in it weigh 1. An
            index may be written as 1.0 or "1", as NumPy and JSON do.

    Raises:
        TypeError: it is not a dict from integers to numbers.
        ValueError: an index is negative or there twice, or a weight is not finite.
    """

    def __init__(self, class_weight: Mapping[int, float]) -> None:
        if not isinstance(class_weight, Mapping):
            raise TypeError(
                "`class_weight` must be a dict from class index to weight, such as "
                f"{{0: 1.0, 1: 5.0}}; received {class_weight!r}."
            )

        table: dict[int, float] = {}
        for key, weight in class_weight.items():
            index, number = _entry(key, weight)
            if index < 0 or index in table or not math.isfinite(number):
                problem = (
                    "a negative class index"
                    if index < 0
                    else f"the class {index} twice"
                    if index in table
                    else f"the weight {weight!r}, which is not finite"
                )
                raise ValueError(f"`class_weight` has {problem}: {dict(class_weight)}.")
            table[index] = number
        self._given = table

        # One entry more than the highest class: the default for all above it.
        self._table = np.ones(max(table, default=-1) + 2)
        for index, weight in table.items():
            self._table[index] = weight

    def check(self, y: Any) -> None:
        """Raise a ValueError unless `y` is one array."""
        if y is None:
            raise ValueError("`class_weight` needs targets, and there is no `y`.")
        if not isinstance(y, Rows) and not is_array(y):
            raise ValueError(
                "`class_weight` is only for models of one output; `y` is a "
                f"{type(y).__name__}. Use a `sample_weight` for each output."
            )

    def check_classes(self, y: Any, size: int | None) -> None:
        """Compare the classes that have a weight with those that there are.

        Args:
            y: targets; only what is in memory is looked at.
            size: the size of the last axis of the output, where it is known.

        Raises:
            ValueError: a weight is given for a class that cannot occur.
        """
        if isinstance(y, (list, tuple)) or hasattr(y, "iloc"):
            y = to_numpy(y)
        if type(y) is not np.ndarray or not y.size or y.ndim > 2:
            return
        is_one_hot = y.ndim == 2 and y.shape[1] > 1
        count = y.shape[1] if is_one_hot else size
        if count is not None and count > 1:
            if unknown := [index for index in self._given if index >= count]:
                raise ValueError(
                    f"`class_weight` has weights for the classes {sorted(unknown)}, "
                    f"but there are {count} classes, from 0 to {count - 1}."
                )

        present = np.unique(_labels(y)).tolist()
        if missing := [label for label in present if label not in self._given]:
            shown = ", ".join(map(str, missing[:10])) + ", ..." * (len(missing) > 10)
            warnings.warn(
                f"`class_weight` has no weight for these classes in `y`: {shown}. They "
                f"weigh 1. It has weights for {sorted(self._given)}.",
                stacklevel=4,
            )

    def apply(self, batch: tuple) -> tuple:
        """`(x, y)` or `(x, y, sample_weight)` with the class weights multiplied in.

        Raises:
            ValueError: the batch has no `y`, several, or one of three dimensions.
        """
        x, y, sample_weight = (*batch, None, None)[:3]
        weights = self.of(y)
        if sample_weight is not None:
            given = to_numpy(sample_weight)
            tail = (1,) * (given.ndim - 1)
            weights = (given * weights.reshape(-1, *tail)).astype(weights.dtype)
        return x, y, weights

    def of(self, y: Any) -> np.ndarray:
        """The weight of each target's class, shape (batch_size,).

        Raises:
            ValueError: `y` is not one array, or one of three dimensions.
        """
        self.check(y)
        labels = to_numpy(y)
        if labels.ndim > 2:
            raise ValueError(
                "`class_weight` needs `y` of shape (batch,), (batch, 1) or "
                f"(batch, classes); received {labels.shape}. Use `sample_weight`."
            )
        labels = _labels(labels)
        default = len(self._table) - 1
        known = (labels >= 0) & (labels < default)
        return self._table[np.where(known, labels, default)].astype(floatx())


def _entry(key: Any, weight: Any) -> tuple[int, float]:
    """One entry of `class_weight`: an integer and a number."""
    try:
        if isinstance(key, (str, float, np.floating)):
            index = int(key)
            if not isinstance(key, str) and index != key:
                raise ValueError
        else:
            index = operator.index(key)
        return index, float(weight)
    except (TypeError, ValueError, OverflowError):
        raise TypeError(
            "`class_weight` must map integers (class indices) to numbers, such as "
            f"{{0: 1.0, 1: 5.0}}; received the entry {key!r}: {weight!r}."
        ) from None


def _labels(y: np.ndarray) -> np.ndarray:
    """The class index of each sample, of targets of one or two dimensions."""
    if y.ndim == 2:
        y = y.argmax(axis=1) if y.shape[1] > 1 else y[:, 0]
    return np.rint(y).astype(np.int64)
