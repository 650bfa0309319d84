"""Sequence preprocessing of Keras 2.

New programs use `keras.utils.timeseries_dataset_from_array`.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.utils import pad_sequences
from keras.utils.py_dataset import PyDataset

__all__ = ["TimeseriesGenerator", "make_sampling_table", "pad_sequences", "skipgrams"]


class TimeseriesGenerator(PyDataset):
    """Batches of windows of a time series, with the target behind each window.

    Args:
        data: an array or list, one step a row.
        targets: the targets of the steps, as many.
        length: the number of steps of a window, before sampling.
        sampling_rate: take each so many-th step of a window.
        stride: the number of steps between windows.
        start_index, end_index: the first and the last step to use.
        shuffle: draw windows at random instead of in order.
        reverse: the steps of a window from last to first.
        batch_size: the number of windows in a batch.

    Example:
        >>> from keras._tf_keras.keras.preprocessing.sequence import TimeseriesGenerator
        >>> x, y = TimeseriesGenerator(list(range(6)), list(range(6)), length=3)[0]
        >>> x.tolist(), y.tolist()
        ([[0, 1, 2], [1, 2, 3], [2, 3, 4]], [3, 4, 5])
    """

    def __init__(
        self,
        data: Any,
        targets: Any,
        length: int,
        sampling_rate: int = 1,
        stride: int = 1,
        start_index: int = 0,
        end_index: int | None = None,
        shuffle: bool = False,
        reverse: bool = False,
        batch_size: int = 128,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if len(data) != len(targets):
            raise ValueError(
                "TimeseriesGenerator: `data` and `targets` must be of one length; "
                f"received {len(data)} and {len(targets)} steps."
            )
        self.data = data
        self.targets = targets
        self.length = length
        self.sampling_rate = sampling_rate
        self.stride = stride
        self.start_index = start_index + length
        self.end_index = len(data) - 1 if end_index is None else end_index
        self.shuffle = shuffle
        self.reverse = reverse
        self.batch_size = batch_size

        if self.start_index > self.end_index:
            raise ValueError(
                f"TimeseriesGenerator: no window of {length} steps fits between "
                f"start_index={start_index} and end_index={self.end_index}; it needs a "
                "step behind it for the target."
            )

    def __len__(self) -> int:
        steps = self.batch_size * self.stride
        return (self.end_index - self.start_index + steps) // steps

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        if self.shuffle:
            rows = np.random.randint(
                self.start_index, self.end_index + 1, size=self.batch_size
            )
        else:
            first = self.start_index + self.batch_size * self.stride * index
            end = min(first + self.batch_size * self.stride, self.end_index + 1)
            rows = np.arange(first, end, self.stride)

        windows = [
            self.data[row - self.length : row : self.sampling_rate] for row in rows
        ]
        samples = np.array(windows)
        targets = np.array([self.targets[row] for row in rows])
        return (samples[:, ::-1] if self.reverse else samples), targets

    def get_config(self) -> dict[str, Any]:
        """The arguments and the data, as JSON can hold it."""
        return {
            "data": json.dumps(np.asarray(self.data).tolist()),
            "targets": json.dumps(np.asarray(self.targets).tolist()),
            "length": self.length,
            "sampling_rate": self.sampling_rate,
            "stride": self.stride,
            "start_index": self.start_index,
            "end_index": self.end_index,
            "shuffle": self.shuffle,
            "reverse": self.reverse,
            "batch_size": self.batch_size,
        }

    def to_json(self, **kwargs: Any) -> str:
        """The generator as JSON text.

        Args:
            **kwargs: arguments of `json.dumps`.
        """
        config = {"class_name": type(self).__name__, "config": self.get_config()}
        return json.dumps(config, **kwargs)


def make_sampling_table(size: int, sampling_factor: float = 1e-5) -> np.ndarray:
    """The probability to keep the word of each rank (Mikolov et al., 2013).

    Frequent words are kept less often. Their frequencies are taken to follow Zipf's
    law: that of rank `i` is about `1 / (i * (log(i) + 0.577) + 1/2 - 1/(12 * i))`.

    Args:
        size: the number of words; rank 0 is treated as rank 1.
        sampling_factor: the frequency above which words are left out.

    Returns:
        An array of shape (size,).
    """
    rank = np.maximum(np.arange(size), 1)
    inverse_frequency = rank * (np.log(rank) + 0.577) + 0.5 - 1.0 / (12.0 * rank)
    return np.minimum(1.0, np.sqrt(sampling_factor * inverse_frequency))


def skipgrams(
    sequence: Sequence[int],
    vocabulary_size: int,
    window_size: int = 4,
    negative_samples: float = 1.0,
    shuffle: bool = True,
    categorical: bool = False,
    sampling_table: Any = None,
    seed: int | None = None,
) -> tuple[list[list[int]], list[Any]]:
    """Pairs of words that are near each other, and pairs drawn at random.

    Args:
        sequence: word indices; 0 is no word.
        vocabulary_size: the highest index, plus one.
        window_size: how far apart words of a pair may be.
        negative_samples: how many random pairs for each real one.
        shuffle: whether to shuffle the pairs.
        categorical: labels `[0, 1]` and `[1, 0]` instead of 1 and 0.
        sampling_table: the probability to keep each word; see `make_sampling_table`.
        seed: a number for the same pairs each time.

    Returns:
        `(pairs, labels)`.

    Reference:
        Mikolov et al., "Efficient Estimation of Word Representations in Vector Space",
        2013.
    """
    rng = random.Random(seed)
    near, far = ([0, 1], [1, 0]) if categorical else (1, 0)

    pairs = []
    for i, word in enumerate(sequence):
        if not word:
            continue
        if sampling_table is not None and sampling_table[word] < rng.random():
            continue
        start = max(0, i - window_size)
        for j, other in enumerate(sequence[start : i + window_size + 1], start):
            if j != i and other:
                pairs.append([word, other])
    labels: list[Any] = [near] * len(pairs)

    words = [word for word, _ in pairs]
    rng.shuffle(words)
    for i in range(int(len(pairs) * negative_samples)):
        pairs.append([words[i % len(words)], rng.randint(1, vocabulary_size - 1)])
        labels.append(far)

    if shuffle:
        order = list(range(len(pairs)))
        rng.shuffle(order)
        pairs, labels = [pairs[i] for i in order], [labels[i] for i in order]
    return pairs, labels
