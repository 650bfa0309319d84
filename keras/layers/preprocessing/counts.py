"""How often values occur in data that come in parts: what vocabularies are made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np


class Counts:
    """How often each value occurred, and in how many samples.

    Attributes:
        values: the number of occurrences of each value.
        samples: the number of samples that each value occurred in; empty if nobody
            asked.
        number: the number of samples.
    """

    def __init__(self) -> None:
        self.values: Counter = Counter()
        self.samples: Counter = Counter()
        self.number = 0

    def add(self, values: Iterable[Any]) -> None:
        """Count values."""
        self.values.update(values)

    def add_counted(self, values: np.ndarray, counts: np.ndarray) -> None:
        """Add what was counted already."""
        old = self.values
        for value, count in zip(values.tolist(), counts.tolist()):
            old[value] = old.get(value, 0) + count

    def add_samples(self, values: list[Any], lengths: list[int]) -> None:
        """Count in how many samples each value occurs: so many values each."""
        start = 0
        for length in lengths:
            self.samples.update(set(values[start : start + length]))
            start += length
        self.number += len(lengths)

    def merge(self, other: Counts) -> None:
        """Add what another one has seen."""
        self.values.update(other.values)
        self.samples.update(other.samples)
        self.number += other.number

    def decode(self, encoding: str) -> None:
        """Text that was counted as bytes."""
        for name in ("values", "samples"):
            found: Counter = Counter()
            for value, count in getattr(self, name).items():
                text = value.decode(encoding) if isinstance(value, bytes) else value
                found[text] += count
            setattr(self, name, found)

    def ordered(self) -> list[Any]:
        """The values, the most frequent first; of equally frequent the larger first."""
        counts = self.values
        return sorted(counts, key=lambda value: (counts[value], value), reverse=True)

    def idf(self, values: Iterable[Any]) -> np.ndarray:
        """The inverse document frequency of values.

        log(1 + samples / (1 + samples with the value)).
        """
        found = np.array([self.samples.get(v, 0) for v in values], np.float64)
        return np.log(1 + self.number / (1 + found)).astype(np.float32)
