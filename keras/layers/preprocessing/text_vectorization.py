"""Texts as the numbers of their words: raw text to what a model computes with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras import ops
from keras.backend.text import Rows
from keras.core import backends
from keras.core.errors import check_choice, check_positive_int
from keras.core.foreign import framework_of, text_array, to_host
from keras.core.scope import backend_scope, current
from keras.core.tensor import KerasTensor
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.adapted import AdaptedLayer
from keras.layers.preprocessing.counts import Counts
from keras.layers.preprocessing.lookup import here_is_host
from keras.layers.preprocessing.string_lookup import StringLookup
from keras.layers.preprocessing.text_layer import TextLayer

_STANDARDS = (None, "lower_and_strip_punctuation", "lower", "strip_punctuation")
_SPLITS = (None, "whitespace", "character")
# What a user's function is given at once, as NumPy's text of 4 bytes a letter.
_PART_BYTES = 64 << 20


class TextVectorization(TextLayer, AdaptedLayer):
    """Texts as numbers: standardized, split into words, and each looked up.

    The words are found by `adapt`, the most frequent first, or given. Number 0 is for
    padding, 1 for words that are not in the vocabulary.

    Args:
        max_tokens: the most numbers there may be, those for padding and unknown words
            included; None: as many as there are words.
        standardize: `"lower_and_strip_punctuation"`, `"lower"`, `"strip_punctuation"`
            (of ASCII letters and signs), None, or a function of an array of texts.
        split: `"whitespace"`, `"character"`, None (each text is one word), or a
            function of an array of texts that returns lists of words.
        ngrams: n, for runs of up to n words as words too, joined by spaces; or the
            lengths of the runs.
        output_mode: `"int"`: the numbers of the words in their order. For a vector with
            an element for each word of the vocabulary: `"multi_hot"` (1 where it
            occurs), `"count"` (how often), `"tf_idf"` (how often, times the inverse
            document frequency that `adapt` has found).
        output_sequence_length: for `"int"`: the length to which all rows are cut or
            filled up; by default that of the longest text of the batch.
        pad_to_max_tokens: whether vectors have the length `max_tokens`, however many
            words there are.
        vocabulary: the words in the order of their numbers, or the path of a file with
            one in each line; by default `adapt` finds them.
        idf_weights: for `"tf_idf"` with a `vocabulary`: the weight of each word.
        sparse: whether vectors are returned as a sparse tensor, where the backend has
            them.
        ragged: whether rows of numbers keep their length, in a ragged tensor; only
            TensorFlow has them.
        encoding: the encoding of text given as bytes.

    Input of texts `(samples,)` or `(samples, 1)`: arrays of NumPy, lists, and
    TensorFlow's tensors. On other backends the layer runs on the host; as the first
    layer of a model it does so by itself.

    A function given for `standardize` or `split` gets an array of text of NumPy on the
    host, and TensorFlow's tensor inside `dataset.map`.

    Example:
        >>> layer = keras.layers.TextVectorization(output_sequence_length=4)
        >>> layer.adapt(["the cat sat", "the dog."])
        >>> layer.get_vocabulary()
        ['', '[UNK]', 'the', 'sat', 'dog', 'cat']
        >>> layer(["The dog sat!", "a cat"])
        array([[2, 4, 3, 0],
               [1, 5, 0, 0]])
    """

    _lookup_layer: StringLookup
    _summary: Counts | None

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: str | Callable | None = "lower_and_strip_punctuation",
        split: str | Callable | None = "whitespace",
        ngrams: int | Sequence[int] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        size = kwargs.pop("vocabulary_size", None)
        super().__init__(name=name, **kwargs)
        who = "TextVectorization"
        check_choice(
            output_mode, ("int", "multi_hot", "count", "tf_idf"), "output_mode", who
        )
        if not callable(standardize):
            check_choice(standardize, _STANDARDS, "standardize", who)
        if not callable(split):
            check_choice(split, _SPLITS, "split", who)
        if output_sequence_length is not None:
            check_positive_int(output_sequence_length, "output_sequence_length", who)
            if output_mode != "int":
                raise ValueError(
                    f"{who}: `output_sequence_length` is for `output_mode='int'`; "
                    f"received {output_mode!r}."
                )
        if ragged and (output_mode != "int" or output_sequence_length is not None):
            raise ValueError(
                f"{who}: `ragged=True` needs `output_mode='int'` and no "
                f"`output_sequence_length`; received {output_mode!r} and "
                f"{output_sequence_length!r}."
            )

        self.max_tokens = max_tokens
        self.standardize = standardize
        self.split = split
        self.ngrams = ngrams
        self._widths = _widths(ngrams)
        self.output_mode = output_mode
        self.output_sequence_length = output_sequence_length
        self.pad_to_max_tokens = bool(pad_to_max_tokens)
        self.sparse = bool(sparse)
        self.ragged = bool(ragged)
        self.encoding = encoding
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            encoding=encoding,
            vocabulary_size=size,
        )

    # The vocabulary

    @property
    def compute_dtype(self) -> str:
        """The type of the input."""
        return "string"

    @property
    def variable_dtype(self) -> str:
        """The type of the input."""
        return "string"

    @property
    def dtype(self) -> str:
        """The type of the input."""
        return "string"

    @property
    def vocabulary(self) -> Any:
        """The `vocabulary` that the layer was made with."""
        return self._lookup_layer.input_vocabulary

    @property
    def idf_weights(self) -> Any:
        """The `idf_weights` that the layer was made with."""
        return self._lookup_layer.input_idf_weights

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The words in the order of their numbers.

        Args:
            include_special_tokens: whether the list begins with what stands for padding
                and for unknown words, so that a word's place in it is its number.
        """
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """The number of words, with those for padding and for unknown words."""
        return self._lookup_layer.vocabulary_size()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the words, instead of `adapt`.

        Args:
            vocabulary: the words, each once: a list or array, or the path of a text
                file with one in each line.
            idf_weights: for `output_mode="tf_idf"`: the weight of each word.
        """
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)

    # Adapting

    def adapt(  # type: ignore[override]  # the order is that of the API
        self,
        data: Any,
        batch_size: int | None = None,
        steps: int | None = None,
        verbose: int | str = "auto",
    ) -> None:
        """Find the words of texts; what was found before is forgotten.

        Args:
            data: texts: a list or array, or batches of them: a tf.data.Dataset, a
                generator, ... Of batches `(x, y)` only x counts.
            batch_size: how many texts of a list or array are taken at a time.
            steps: the number of batches to read; by default all.
            verbose: 0 for silence, 1 for a progress bar; "auto" draws the bar on a
                terminal, when it takes longer than a second.
        """
        self._adapt(data, steps=steps, verbose=verbose, batch_size=batch_size)

    @property
    def adapts(self) -> bool:
        return self._lookup_layer.adapts

    def reset_state(self) -> None:
        super().reset_state()
        self._lookup_layer.reset_state()

    def finalize_state(self) -> None:
        self._lookup_layer._summary = self._summary
        self._lookup_layer.finalize_state()

    def _observe(self, data: Any) -> None:
        if self._summary is None:
            self._summary = Counts()
        with backend_scope(backends.load(backends.HOST)):
            words = self._words(np.asarray(text_array(data)))
        if isinstance(words, Rows):
            values, lengths = words.values, words.lengths.tolist()
        else:
            values = np.asarray(words).ravel().tolist()
            lengths = [len(values) // max(len(words), 1)] * len(words)

        self._summary.add(values)
        if self.output_mode == "tf_idf":
            self._summary.add_samples(values, lengths)

    # Calling

    def call(self, inputs: Any) -> Any:
        lookup = self._lookup_layer
        lookup._check_ready()
        text: Any = current().text
        words = self._words(inputs)

        if not isinstance(words, Rows):  # each text is a word
            if self.output_mode != "int":
                return lookup._output(lookup._numbers(words))
            return self._cut(ops.cast(lookup._numbers(words), lookup._number_dtype))

        rows = Rows(lookup._numbers(words.values), words.lengths)
        if self.ragged:
            return self._ragged(rows)
        if self.sparse:
            filled = text.pad(Rows(rows.values + 1, rows.lengths), None) - 1
            return lookup._output(filled if len(inputs.shape) else filled[0])
        if self.output_mode == "int":
            table = text.pad(rows, self.output_sequence_length)
        else:
            table = text.count(rows, lookup._depth)
        if len(inputs.shape) == 0:
            table = table[0]
        if self.output_mode == "int":
            return ops.cast(table, lookup._number_dtype)
        if self.output_mode == "multi_hot":
            table = table > 0
        vectors = ops.cast(table, lookup._vector_dtype)
        return lookup._weighted(vectors) if self.output_mode == "tf_idf" else vectors

    def _ragged(self, rows: Rows) -> Any:
        """Rows of numbers as a ragged tensor of the backend that has them."""
        text: Any = current().text
        if here_is_host():
            text = self._backend.text
        make = getattr(text, "ragged", None)
        if make is None:
            raise ValueError(
                f"{layer_label(self)}: with `ragged=True` a ragged tensor is returned, "
                f"and the backend {self._backend.name!r} has none; only TensorFlow "
                "has. Leave it out: rows are filled up with zeros then."
            )
        return make(rows)

    def _words(self, x: Any) -> Any:
        """The words of texts as `Rows`; as a tensor where texts are not split."""
        text: Any = current().text
        if callable(self.standardize):
            x = self._by_user(self.standardize, x)
        elif self.standardize is not None:
            lower, strip = "lower" in self.standardize, "strip" in self.standardize
            x = text.standardize(x, lower, strip)
        if self.split is None and self._widths is None:
            return x

        if self.split is None:
            rows = text.rows_of(x)
        else:
            self._check_shape(x)
            x = ops.reshape(x, (-1,))
            if callable(self.split):
                rows = text.rows_of(self._by_user(self.split, x))
            else:
                rows = text.split(x, self.split)
        return rows if self._widths is None else text.ngrams(rows, self._widths)

    def _check_shape(self, x: Any) -> None:
        shape = tuple(x.shape)
        if len(shape) > 2 or (len(shape) == 2 and shape[1] not in (1, None)):
            raise ValueError(
                f"{layer_label(self)}: texts to be split must have shape (samples,) or "
                f"(samples, 1); received shape {shape}. With `split=None` each element "
                "is a word."
            )

    def _by_user(self, function: Callable, x: Any) -> Any:
        """What a user's function makes of texts.

        On the host it gets plain arrays of text, and not too much at a time: NumPy
        gives each text the room of the longest.
        """
        if not isinstance(x, np.ndarray):
            return function(x)
        values = [
            v.decode(self.encoding) if isinstance(v, bytes) else v
            for v in np.asarray(x).ravel().tolist()
        ]
        longest = max(map(len, values), default=0)
        size = max(_PART_BYTES // (4 * max(longest, 1)), 1)
        if len(values) <= size or x.ndim != 1:
            return _on_host(function(np.array(values, str).reshape(x.shape)))
        parts = [
            _on_host(function(np.array(values[s : s + size], str)))
            for s in range(0, len(values), size)
        ]
        if isinstance(parts[0], np.ndarray):
            return np.concatenate(parts)
        return [row for part in parts for row in part]

    def _cut(self, numbers: Any) -> Any:
        """Numbers cut and filled up to the length of the output."""
        length = self.output_sequence_length
        if length is None or len(numbers.shape) < 2:
            return numbers
        missing = length - int(numbers.shape[-1])
        if missing > 0:
            return ops.pad(numbers, ((0, 0), (0, missing)))
        return numbers[:, :length]

    def compute_output_spec(self, inputs: Any) -> Any:
        """Numbers of shape `(samples, length)`, or vectors."""
        lookup = self._lookup_layer
        if self.split is not None:
            self._check_shape(inputs)
        if self.output_mode != "int":
            depth = lookup._depth
            shape = (*inputs.shape[:1], depth)
            return KerasTensor(shape, lookup._vector_dtype, sparse=self.sparse)
        if self.split is None and self._widths is None:
            shape = tuple(inputs.shape)
            if self.output_sequence_length is not None and len(shape) > 1:
                shape = (*shape[:-1], self.output_sequence_length)
        else:
            shape = (*inputs.shape[:1], self.output_sequence_length)
        return KerasTensor(shape, lookup._number_dtype)

    # Saving

    def get_config(self) -> dict[str, Any]:
        size = self._lookup_layer.get_config()["vocabulary_size"]
        return {**super().get_config(), "vocabulary_size": size}

    def config_value(self, name: str, value: Any) -> Any:
        if name in ("vocabulary", "idf_weights"):
            return self._lookup_layer.config_value(name, value)
        return super().config_value(name, value)

    def save_own_variables(self, store: Any) -> None:
        """Put the inverse document frequencies in `store`, if there are any."""
        self._lookup_layer.save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Take the inverse document frequencies from `store`, if there are any."""
        self._lookup_layer.load_own_variables(store)

    def save_assets(self, dir_path: str) -> None:
        """Write the vocabulary to a folder, one word in a line."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Read the vocabulary from a folder."""
        self._lookup_layer.load_assets(dir_path)


def _widths(ngrams: Any) -> tuple[int, ...] | None:
    """The lengths of the runs of words."""
    if ngrams is None:
        return None
    if isinstance(ngrams, int) and ngrams > 0:
        return tuple(range(1, ngrams + 1))
    widths = tuple(ngrams) if isinstance(ngrams, (list, tuple)) else ()
    if not widths or not all(isinstance(w, int) and w > 0 for w in widths):
        raise ValueError(
            "TextVectorization: `ngrams` must be a positive integer, or a tuple of "
            f"them; received {ngrams!r}."
        )
    return widths


def _on_host(result: Any) -> Any:
    """What a user's function returned: a framework's dense tensor as an array."""
    if framework_of(result) is not None and not hasattr(result, "row_lengths"):
        return to_host(result)
    return result
