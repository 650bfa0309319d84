"""Mean and variance of data that come in parts, at the speed of the memory."""

from __future__ import annotations

from typing import Any

import numpy as np

# A block is read from memory once and stays in the cache for the rest.
_BLOCK = 1 << 16
# NumPy adds rows up fast if they are long: short ones are taken several at a time.
_ROW = 512


class Moments:
    """Count, mean and variance of columns, of all rows seen.

    Parts are joined by the formulas of Chan, Golub and LeVeque (1983), in float64, so
    that neither their order nor their number matters.

    Args:
        rows: `(samples, columns)`, numbers.

    Attributes:
        count: the number of rows.
        mean: the mean of each column.
        deviations: the sum of the squared deviations from it.

    Example:
        >>> moments = Moments(np.array([[0.0], [2.0]]))
        >>> moments.merge(Moments(np.array([[4.0], [6.0]])))
        >>> moments.mean, moments.variance
        (array([3.]), array([5.]))
    """

    count: float
    mean: np.ndarray
    deviations: np.ndarray

    def __init__(self, rows: np.ndarray) -> None:
        count, columns = rows.shape
        together = max(_ROW // max(columns, 1), 1)
        size = together * max(_BLOCK // (together * max(columns, 1)), 1)

        # The rows that do not fill a group of `together` are a block of their own.
        whole = count - count % together
        starts = [*range(0, whole, size), *([whole] if whole < count else [])]
        parts = [
            _of_block(rows[s : min(s + size, whole) if s < whole else count], together)
            for s in starts
        ]
        counts = np.array([part[0] for part in parts], np.float64)[:, None]
        means = np.array([part[1] for part in parts]).reshape(-1, columns)
        deviations = np.array([part[2] for part in parts]).reshape(-1, columns)

        self.count = float(counts.sum())
        self.mean = (means * counts).sum(0) / max(self.count, 1.0)
        apart = (np.square(means - self.mean) * counts).sum(0)
        self.deviations = deviations.sum(0) + apart

    @property
    def variance(self) -> np.ndarray:
        """The mean squared deviation of each column."""
        return self.deviations / max(self.count, 1.0)

    def merge(self, other: Moments) -> None:
        """Add what another one has seen."""
        count = self.count + other.count
        if not other.count:
            return
        apart = other.mean - self.mean
        self.mean = self.mean + apart * (other.count / count)
        shared = self.count * other.count / count
        self.deviations = self.deviations + other.deviations + apart**2 * shared
        self.count = count


def _of_block(rows: np.ndarray, together: int) -> tuple[int, Any, Any]:
    """Count, mean and squared deviations of rows that fit into the cache."""
    count, columns = rows.shape
    if count % together:
        together = 1
    narrow = rows.dtype.kind == "f" and rows.dtype.itemsize <= 4
    rows = rows.astype(np.float32 if narrow else np.float64, copy=False)
    wide = np.ascontiguousarray(rows).reshape(-1, together * columns)

    def column_sums(x: np.ndarray) -> np.ndarray:
        sums = np.add.reduce(x, axis=0)
        return sums.reshape(together, columns).sum(0, dtype=np.float64)

    mean = column_sums(wide) / count
    shift = mean.astype(wide.dtype)
    apart = wide - np.tile(shift, together)
    rest = column_sums(apart) / count  # what rounding the mean has left
    np.multiply(apart, apart, out=apart)
    return count, shift + rest, column_sums(apart) - count * rest**2
