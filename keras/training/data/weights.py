"""`class_weight`: a weight for each class becomes a weight for each sample."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras.core.settings import floatx
from keras.data.host import is_array, to_numpy


class ClassWeights:
    """The `class_weight` argument of `fit`, as a table.

    Args:
        class_weight: A dict from class index to weight. Classes not in it weigh 1.

    Raises:
        TypeError: it is not a dict from integers to numbers.
    """

    def __init__(self, class_weight: Mapping[int, float]) -> None:
        if not isinstance(class_weight, Mapping):
            raise TypeError(
                "`class_weight` must be a dict from class index to weight, such as "
                f"{{0: 1.0, 1: 5.0}}; received {class_weight!r}."
            )

        try:
            table = {operator.index(k): float(w) for k, w in class_weight.items()}
        except (TypeError, ValueError):
            raise TypeError(
                "`class_weight` must map integers to numbers, such as "
                f"{{0: 1.0, 1: 5.0}}; received {dict(class_weight)!r}."
            ) from None
        if min(table, default=0) < 0:
            raise ValueError(
                f"`class_weight` has a negative class index: {dict(class_weight)!r}."
            )

        # One entry more than the highest class: the default for all above it.
        self._table = np.ones(max(table, default=-1) + 2)
        for index, weight in table.items():
            self._table[index] = weight

    def check(self, y: Any) -> None:
        """Raise a ValueError unless `y` is one array."""
        if y is None:
            raise ValueError("`class_weight` needs targets, and there is no `y`.")
        if not is_array(y):
            raise ValueError(
                "`class_weight` is only for models of one output; `y` is a "
                f"{type(y).__name__}. Use a `sample_weight` for each output."
            )

    def apply(self, batch: tuple) -> tuple:
        """`(x, y)` or `(x, y, sample_weight)` with the class weights multiplied in.

        Raises:
            ValueError: the batch has no `y`, several, or one of three dimensions.
        """
        x, y, sample_weight = (*batch, None, None)[:3]
        weights = self._of(y)
        if sample_weight is not None:
            given = to_numpy(sample_weight)
            tail = (1,) * (given.ndim - 1)
            weights = (given * weights.reshape(-1, *tail)).astype(weights.dtype)
        return x, y, weights

    def _of(self, y: Any) -> np.ndarray:
        self.check(y)
        labels = to_numpy(y)
        if labels.ndim > 2:
            raise ValueError(
                "`class_weight` needs `y` of shape (batch,), (batch, 1) or "
                f"(batch, classes); received {labels.shape}. Use `sample_weight`."
            )
        if labels.ndim == 2:
            one_hot = labels.shape[1] > 1
            labels = labels.argmax(axis=1) if one_hot else labels[:, 0]
        labels = np.rint(labels).astype(np.int64)
        default = len(self._table) - 1
        known = (labels >= 0) & (labels < default)
        return self._table[np.where(known, labels, default)].astype(floatx())
