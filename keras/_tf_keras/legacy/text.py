"""Text preprocessing of Keras 2: words to indices on the host.

New programs use `keras.layers.TextVectorization`.
"""

from __future__ import annotations

import collections
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

__all__ = [
    "Tokenizer",
    "hashing_trick",
    "one_hot",
    "text_to_word_sequence",
    "tokenizer_from_json",
]

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'


def text_to_word_sequence(
    input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " "
) -> list[str]:
    """The words of a text.

    Args:
        input_text: the text.
        filters: characters that part words, as `split` does.
        lower: whether to make letters small first.
        split: what is between words.

    Example:
        >>> from keras._tf_keras.keras.preprocessing.text import text_to_word_sequence
        >>> text_to_word_sequence("Hello, world")
        ['hello', 'world']
    """
    text = input_text.lower() if lower else input_text
    text = text.translate({ord(c): split for c in filters})
    return [word for word in text.split(split) if word]


def hashing_trick(
    text: str,
    n: int,
    hash_function: str | Callable[[str], int] | None = None,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """The words of a text as hashes from 1 to `n - 1`; different words may share one.

    Args:
        text: the text.
        n: the size of the space; 0 is left free for padding.
        hash_function: `"md5"`, which is the same in every process, a function, or None
            for Python's `hash`.
        filters, lower, split: as for `text_to_word_sequence`.
        analyzer: a function that splits the text instead.
    """
    hashed: Callable[[str], int]
    if hash_function == "md5":
        hashed = _md5
    elif callable(hash_function):
        hashed = hash_function
    elif hash_function is None:
        hashed = hash
    else:
        raise ValueError(
            '`hash_function` must be "md5", a function or None; received '
            f"{hash_function!r}."
        )

    words = _words(text, filters, lower, split, analyzer)
    return [hashed(word) % (n - 1) + 1 for word in words]


def _md5(word: str) -> int:
    return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)


def one_hot(
    input_text: str,
    n: int,
    filters: str = FILTERS,
    lower: bool = True,
    split: str = " ",
    analyzer: Callable[[str], Iterable[str]] | None = None,
) -> list[int]:
    """`hashing_trick` with Python's `hash`, which differs from process to process."""
    return hashing_trick(input_text, n, None, filters, lower, split, analyzer)


def _words(
    text: Any,
    filters: str,
    lower: bool,
    split: str,
    analyzer: Callable[[str], Iterable[str]] | None,
) -> list[str]:
    """The words of a text that may be split already."""
    if analyzer is not None:
        return list(analyzer(text))
    if isinstance(text, (list, tuple)):
        return [word.lower() if lower else word for word in text]
    return text_to_word_sequence(text, filters, lower, split)


class Tokenizer:
    """Turns texts into lists of word indices, or into matrices.

    The index 1 is that of the most frequent word (or of `oov_token`); 0 stays free for
    padding.

    Args:
        num_words: how many words to keep, the most frequent ones, counted from index 0.
        filters: characters that part words.
        lower: whether to make letters small.
        split: what is between words.
        char_level: whether each character is a token.
        oov_token: a word that stands for those that are not known.
        analyzer: a function that splits a text.

    Example:
        >>> from keras._tf_keras.keras.preprocessing.text import Tokenizer
        >>> tokenizer = Tokenizer()
        >>> tokenizer.fit_on_texts(["the cat sat", "the dog"])
        >>> tokenizer.texts_to_sequences(["the dog sat"])
        [[1, 4, 3]]
    """

    def __init__(
        self,
        num_words: int | None = None,
        filters: str = FILTERS,
        lower: bool = True,
        split: str = " ",
        char_level: bool = False,
        oov_token: str | None = None,
        analyzer: Callable[[str], Iterable[str]] | None = None,
        document_count: int = 0,
    ) -> None:
        self.num_words = num_words
        self.filters = filters
        self.lower = lower
        self.split = split
        self.char_level = char_level
        self.oov_token = oov_token
        self.analyzer = analyzer
        self.document_count = document_count
        self.word_counts: dict[str, int] = collections.OrderedDict()
        self.word_docs: dict[str, int] = collections.defaultdict(int)
        self.index_docs: dict[int, int] = collections.defaultdict(int)
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Count the words of texts, and number them by how often they were met."""
        for text in texts:
            words = self._tokens(text)
            self.document_count += 1
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in sorted(set(words)):
                self.word_docs[word] += 1

        known = sorted(self.word_counts, key=self.word_counts.__getitem__, reverse=True)
        if self.oov_token is not None:
            known.insert(0, self.oov_token)
        self.word_index = {word: i for i, word in enumerate(known, 1)}
        self.index_word = {i: word for word, i in self.word_index.items()}
        for word, count in self.word_docs.items():
            self.index_docs[self.word_index[word]] = count

    def fit_on_sequences(self, sequences: Iterable[Sequence[int]]) -> None:
        """Count in how many lists each index is, for `"tfidf"`."""
        for sequence in sequences:
            self.document_count += 1
            for i in set(sequence):
                self.index_docs[i] += 1

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """The indices of each text's words; unknown words are left out."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """As `texts_to_sequences`, one text at a time."""
        unknown = self.word_index.get(self.oov_token) if self.oov_token else None
        for text in texts:
            found = []
            for word in self._tokens(text):
                i = self.word_index.get(word)
                if i is None or (self.num_words and i >= self.num_words):
                    i = unknown
                if i is not None:
                    found.append(i)
            yield found

    def sequences_to_texts(self, sequences: Iterable[Sequence[int]]) -> list[str]:
        """Texts of the words with these indices."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(
        self, sequences: Iterable[Sequence[int]]
    ) -> Iterator[str]:
        """As `sequences_to_texts`, one at a time."""
        for sequence in sequences:
            words = []
            for i in sequence:
                word = self.index_word.get(i)
                if word is None or (self.num_words and i >= self.num_words):
                    word = self.oov_token
                if word is not None:
                    words.append(word)
            yield " ".join(words)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """A row for each text and a column for each word; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(
        self, sequences: Sequence[Sequence[int]], mode: str = "binary"
    ) -> np.ndarray:
        """A row for each list and a column for each word.

        Args:
            sequences: lists of indices.
            mode: what the matrix holds: `"binary"` (1 where a word is there),
                `"count"`, `"freq"` (the count over the length) or `"tfidf"`
                (`(1 + log(count)) * log(1 + documents / (1 + documents_with_word))`).

        Returns:
            An array of shape (sequences, `num_words`).

        Raises:
            ValueError: the mode is unknown, or there is nothing to count by yet.
        """
        modes = ("binary", "count", "freq", "tfidf")
        if mode not in modes:
            raise ValueError(f"`mode` must be one of {modes}; received {mode!r}.")
        if not self.num_words and not self.word_index:
            raise ValueError(
                "Tokenizer: give `num_words`, or call `fit_on_texts` first, so that "
                "the number of columns is known."
            )
        if mode == "tfidf" and not self.document_count:
            raise ValueError('Tokenizer: call `fit_on_texts` before mode="tfidf".')

        width = self.num_words or len(self.word_index) + 1
        matrix = np.zeros((len(sequences), width))
        for row, sequence in zip(matrix, sequences):
            for i, count in collections.Counter(sequence).items():
                if i < width:
                    row[i] = self._entry(i, count, len(sequence), mode)
        return matrix

    def _entry(self, index: int, count: int, length: int, mode: str) -> float:
        if mode == "binary":
            return 1.0
        if mode == "count":
            return float(count)
        if mode == "freq":
            return count / length
        documents = self.document_count / (1 + self.index_docs.get(index, 0))
        return float((1 + np.log(count)) * np.log(1 + documents))

    def _tokens(self, text: Any) -> list[str]:
        if self.char_level:
            return [t.lower() for t in text] if self.lower else list(text)
        return _words(text, self.filters, self.lower, self.split, self.analyzer)

    def get_config(self) -> dict[str, Any]:
        """The arguments and what was counted, as JSON can hold it."""
        return {
            "num_words": self.num_words,
            "filters": self.filters,
            "lower": self.lower,
            "split": self.split,
            "char_level": self.char_level,
            "oov_token": self.oov_token,
            "document_count": self.document_count,
            "word_counts": json.dumps(self.word_counts),
            "word_docs": json.dumps(self.word_docs),
            "index_docs": json.dumps(self.index_docs),
            "index_word": json.dumps(self.index_word),
            "word_index": json.dumps(self.word_index),
        }

    def to_json(self, **kwargs: Any) -> str:
        """The tokenizer as JSON text; see `tokenizer_from_json`.

        Args:
            **kwargs: arguments of `json.dumps`.
        """
        config = {"class_name": type(self).__name__, "config": self.get_config()}
        return json.dumps(config, **kwargs)


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The tokenizer that `Tokenizer.to_json` wrote."""
    config = json.loads(json_string)["config"]
    names = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")
    counted = {name: json.loads(config.pop(name)) for name in names}
    tokenizer = Tokenizer(**config)
    tokenizer.word_counts = collections.OrderedDict(counted["word_counts"])
    tokenizer.word_docs.update(counted["word_docs"])
    tokenizer.index_docs.update({int(i): n for i, n in counted["index_docs"].items()})
    tokenizer.index_word = {int(i): word for i, word in counted["index_word"].items()}
    tokenizer.word_index = counted["word_index"]
    return tokenizer
