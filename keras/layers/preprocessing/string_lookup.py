"""Text as its number in a vocabulary, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras import ops
from keras.core.foreign import check_text, is_text, text_array
from keras.core.scope import current
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.counts import Counts
from keras.layers.preprocessing.lookup import Lookup, check_sequence
from keras.layers.preprocessing.text_layer import TextLayer, TextTable


class StringLookup(TextLayer, Lookup):
    """Gives each text of a vocabulary a number, or a vector; or the way back.

    Args:
        max_tokens: the most numbers there may be, with those of the mask and of text
            that is not in the vocabulary. `adapt` keeps the most frequent texts; None:
            all.
        num_oov_indices: how many numbers text that is not in the vocabulary has: with
            more than one, by its hash; with 0 such text is an error.
        mask_token: the text that has the number 0; None for none.
        oov_token: what stands for text that is not in the vocabulary, for
            `get_vocabulary` and `invert`.
        vocabulary: the texts in the order of their numbers, or the path of a file with
            one in each line; by default `adapt` finds them.
        idf_weights: for `"tf_idf"`: the inverse document frequency of each text.
        invert: whether numbers are turned into text.
        output_mode: `"int"` for numbers. For vectors of the length of the vocabulary:
            `"one_hot"` for each text; `"multi_hot"` for the texts of a sample;
            `"count"` for how often each occurs; `"tf_idf"` for counts times
            `idf_weights`.
        pad_to_max_tokens: whether vectors have the length `max_tokens`, however long
            the vocabulary is.
        sparse: whether vectors are returned as a sparse tensor, where the backend has
            them.
        encoding: the encoding of text given as bytes.
        salt: the key of the hash, if `num_oov_indices` is more than one.

    Input of text of any shape: arrays of NumPy, of text or of objects, lists, and
    TensorFlow's tensors. On other backends the layer runs on the host.

    Example:
        >>> layer = keras.layers.StringLookup()
        >>> layer.adapt(["b", "a", "b", "c", "b", "c"])
        >>> layer.get_vocabulary()
        ['[UNK]', 'b', 'c', 'a']
        >>> layer(np.array([["a", "b"], ["z", "c"]])).tolist()
        [[3, 1], [0, 2]]
        >>> back = keras.layers.StringLookup(vocabulary=["b", "c", "a"], invert=True)
        >>> back(np.array([3, 1])).tolist()
        ['a', 'b']
    """

    vocabulary_dtype = "string"
    _table: TextTable

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str | None = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("oov_method", None)  # files have that of integers here too
        self.encoding = encoding
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

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "oov_method": "floormod"}

    def _as_tokens(self, values: Any) -> list[str]:
        found = check_sequence(values, layer_label(self))
        return [self._as_text(value) for value in found]

    def _as_text(self, value: Any) -> str:
        if isinstance(value, bytes):
            return value.decode(self.encoding)
        if not isinstance(value, str):
            raise TypeError(
                f"{layer_label(self)}: a vocabulary of text is needed; it has "
                f"{value!r} of type {type(value).__name__}."
            )
        return value

    def _prepare_table(self) -> None:
        self._table = TextTable(*self._keys(), missing=self._missing)
        self._names: TextTable | None = None

    def _find(self, inputs: Any) -> Any:
        if not isinstance(inputs, list) and ops.dtype(inputs) != "string":
            raise TypeError(
                f"{layer_label(self)}: text is needed; received {ops.dtype(inputs)} of "
                f"shape {tuple(inputs.shape)}. For integers use IntegerLookup."
            )
        return self._table.find(inputs)

    def _oov_bins(self, inputs: Any) -> Any:
        text: Any = current().text
        key = None if self.salt is None else _pair(self.salt)
        return text.hash_bins(inputs, self.num_oov_indices, key)

    def _tokens_at(self, numbers: Any) -> Any:
        if self._names is None:
            self._names = TextTable([str(token) for token in self.get_vocabulary()])
        return self._names.tokens_at(numbers, str(self.oov_token))

    def _count(self, data: Any, counts: Counts) -> None:
        data = np.asarray(text_array(data))
        if data.size and not is_text(data):
            raise TypeError(
                f"{layer_label(self)}: `adapt` needs text; received an array of "
                f"{data.dtype}, shape {data.shape}. For integers use IntegerLookup."
            )
        values = data.ravel().tolist()
        check_text(values)
        counts.add(values)
        if self.output_mode == "tf_idf":
            size = len(values) // max(len(data), 1)
            counts.add_samples(values, [size] * len(data))

    def _finish_counting(self, counts: Counts) -> None:
        counts.decode(self.encoding)


def _pair(salt: Any) -> tuple[int, int]:
    return (salt, salt) if isinstance(salt, int) else (salt[0], salt[1])
