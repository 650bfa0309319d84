"""Integers as their numbers in a vocabulary, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras import ops
from keras.core.errors import check_choice
from keras.core.scope import current
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.counts import Counts
from keras.layers.preprocessing.lookup import Lookup, check_sequence

# The values of a vocabulary that lie this close are found in a plain table.
_SPAN = 1 << 22


class IntegerLookup(Lookup):
    """Gives each integer of a vocabulary a number, or a vector; or the way back.

    Args:
        max_tokens: the most numbers there may be, with those of the mask and of
            integers that are not in the vocabulary. `adapt` keeps the most frequent
            ones; None: all.
        num_oov_indices: how many numbers integers that are not in the vocabulary have:
            with more than one, by `oov_method`; with 0 such an integer is an error.
        mask_token: the integer that has the number 0; None for none.
        oov_token: what stands for integers that are not in the vocabulary, for
            `get_vocabulary` and `invert`.
        vocabulary: the integers in the order of their numbers, or the path of a file
            with one in each line; by default `adapt` finds them.
        vocabulary_dtype: the type of the vocabulary, `"int64"` or `"int32"`.
        idf_weights: for `"tf_idf"`: the inverse document frequency of each integer.
        invert: whether numbers are turned into the integers of the vocabulary.
        output_mode, pad_to_max_tokens, sparse: as for `StringLookup`.
        oov_method: `"floormod"`: the remainder of a division by `num_oov_indices`.
            `"farmhash"`: the hash of the digits.
        salt: the key of a hash for `"farmhash"`.

    Input of integers of any shape.

    Example:
        >>> layer = keras.layers.IntegerLookup()
        >>> layer.adapt(np.array([12, 1138, 42, 42]))
        >>> layer.get_vocabulary()
        [-1, 42, 1138, 12]
        >>> layer(np.array([[42, 7]])).tolist()
        [[1, 0]]
    """

    _sorted: np.ndarray
    _found: np.ndarray

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.vocabulary_dtype = check_choice(
            vocabulary_dtype, ("int64", "int32"), "vocabulary_dtype", "IntegerLookup"
        )
        self.oov_method = check_choice(
            oov_method, ("floormod", "farmhash"), "oov_method", "IntegerLookup"
        )
        self.salt = salt

        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            sparse=sparse,
            pad_to_max_tokens=pad_to_max_tokens,
            name=name,
            **kwargs,
        )

    def _as_tokens(self, values: Any) -> list[int]:
        found = check_sequence(values, layer_label(self))
        try:
            tokens = [int(value) for value in found]
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"{layer_label(self)}: a vocabulary of integers is needed: {error}."
            ) from None
        if any(isinstance(v, float) and v != t for v, t in zip(found, tokens)):
            raise TypeError(
                f"{layer_label(self)}: a vocabulary of integers is needed; received "
                f"{found[:10]}."
            )
        return tokens

    @property
    def prefers_host(self) -> bool:
        """Whether the backend would cut an integer of 64 bits down to 32."""
        zero = self._backend.convert_to_tensor(np.zeros((), np.int64))
        return self._backend.dtype_of(zero) != "int64"

    # Looking up

    def _prepare_table(self) -> None:
        keys, numbers = (np.array(values, np.int64) for values in self._keys())
        order = np.argsort(keys)
        self._sorted, self._found = keys[order], numbers[order]

        # Keys close to each other are found in a plain table, whose ends stand for all
        # that is outside.
        self._direct: np.ndarray | None = None
        span = int(keys.max() - keys.min()) if len(keys) else _SPAN
        if span < _SPAN:
            self._direct = np.full(span + 3, self._missing, np.int64)
            self._direct[keys - keys.min() + 1] = numbers

    def _find(self, inputs: Any) -> Any:
        if "int" not in ops.dtype(inputs):
            raise TypeError(
                f"{layer_label(self)}: integers are needed; received "
                f"{ops.dtype(inputs)} of shape {tuple(inputs.shape)}. For text use "
                "StringLookup."
            )
        if self._direct is not None and isinstance(inputs, np.ndarray):
            low, high = self._sorted[0] - 1, self._sorted[-1] + 1
            places = np.clip(np.asarray(inputs), low, high) - low
            return current().convert_to_tensor(self._direct[places])

        keys = self._constant(self._sorted, inputs)
        places = ops.minimum(ops.searchsorted(keys, inputs), len(self._sorted) - 1)
        known = ops.take(keys, places) == inputs
        numbers = ops.take(self.convert_weight(self._found), places)
        return ops.where(known, numbers, self._missing)

    def _constant(self, values: np.ndarray, like: Any) -> Any:
        """An array of the vocabulary, in the type of the input."""
        dtype = ops.dtype(like)
        narrow = dtype in ("int8", "int16", "int32", "uint8", "uint16")
        info = np.iinfo("int32")
        if narrow and len(values) and values.max() <= info.max:
            if values.min() >= info.min:
                return ops.cast(self.convert_weight(values.astype("int32")), dtype)
        return self.convert_weight(values)

    def _oov_bins(self, inputs: Any) -> Any:
        if self.oov_method == "floormod":
            return ops.mod(inputs, self.num_oov_indices)
        text: Any = current().text
        salt = self.salt
        key = (salt, salt) if isinstance(salt, int) else salt
        return text.hash_bins(inputs, self.num_oov_indices, key)

    def _tokens_at(self, numbers: Any) -> Any:
        whole = np.array([*self.get_vocabulary(), self.oov_token], np.int64)
        last = len(whole) - 1
        inside = (numbers >= 0) & (numbers < last)
        tokens = ops.take(self.convert_weight(whole), ops.where(inside, numbers, last))
        return ops.cast(tokens, self.vocabulary_dtype)

    def _count(self, data: Any, counts: Counts) -> None:
        data = np.asarray(data)
        if data.dtype.kind not in "iub":
            raise TypeError(
                f"{layer_label(self)}: `adapt` needs integers; received an array of "
                f"{data.dtype}, shape {data.shape}. For text use StringLookup."
            )
        counts.add_counted(*_counted(data))
        if self.output_mode == "tf_idf":
            size = data.size // max(len(data), 1)
            counts.add_samples(data.ravel().tolist(), [size] * len(data))


def _counted(data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The integers in an array, and how often each occurs."""
    low = int(data.min()) if data.size else 0
    span = int(data.max()) - low if data.size else _SPAN
    if span >= _SPAN or data.dtype.kind != "i":
        return np.unique(data, return_counts=True)

    # Close to each other, they are counted without being sorted.
    found = np.bincount(data.ravel().astype(np.int64) - low)
    places = np.flatnonzero(found)
    return places + low, found[places]
