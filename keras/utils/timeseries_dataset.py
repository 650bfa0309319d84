"""`timeseries_dataset_from_array`: windows that slide over a series."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from keras.core.errors import check_choice, check_positive_int
from keras.core.typing import ArrayLike
from keras.data.dataset import Dataset
from keras.data.formats import FORMATS
from keras.data.rows import Rows, rows_of
from keras.data.stages import Allocate, Stage


def timeseries_dataset_from_array(
    data: ArrayLike,
    targets: ArrayLike | None,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str | None = None,
) -> Any:
    """Make a dataset of the windows of a time series.

    A window is `data[i], data[i + r], …` with the sampling rate r, and its target is
    `targets[i]`, also with `start_index`. To predict the value that follows a window of
    `n` steps, pass `data[:-n]` and `data[n:]`.

    Args:
        data: an array whose first axis is time. It may be stored (memmap, HDF5): only
            the windows that are needed are read.
        targets: one target for each start of a window, or None.
        sequence_length: steps in a window.
        sequence_stride: steps from the start of a window to that of the next.
        sampling_rate: steps from one value of a window to the next.
        batch_size: windows in a batch; None for single windows.
        shuffle: whether the windows come in a random order, a new one in each epoch.
        seed: determines the order.
        start_index: the first step that is used.
        end_index: the step to stop before.
        format: None for a `keras.data.Dataset`, or `"tf"`, `"torch"`, `"grain"`.

    Returns:
        A dataset of `(windows, targets)`, or of windows without targets; windows have
        the shape `(batch, sequence_length, ...)`.

    Raises:
        ValueError: no window fits, or an argument is out of range.

    Example:
        >>> series = np.arange(8)
        >>> windows = keras.utils.timeseries_dataset_from_array(
        ...     series, series[3:], sequence_length=3, sequence_stride=2
        ... )
        >>> x, y = windows[0]
        >>> x.tolist(), y.tolist()
        ([[0, 1, 2], [2, 3, 4], [4, 5, 6]], [3, 5, 7])
    """
    who = "timeseries_dataset_from_array"
    for name, value in (
        ("sequence_length", sequence_length),
        ("sequence_stride", sequence_stride),
        ("sampling_rate", sampling_rate),
    ):
        check_positive_int(value, name, who)
    if format is not None:
        check_choice(format, FORMATS, "format", who)

    rows = rows_of("data", data)
    start, end = _range(who, rows.length, start_index, end_index)
    starts = end - start - (sequence_length - 1) * sampling_rate
    target_rows = None
    if targets is not None:
        target_rows = rows_of("targets", targets)
        starts = min(starts, target_rows.length - start)
    if starts < 1:
        raise ValueError(
            f"{who}: a window takes {(sequence_length - 1) * sampling_rate + 1} steps "
            f"(`sequence_length={sequence_length}`, `sampling_rate={sampling_rate}`), "
            f"and there are {end - start}."
        )

    positions = np.arange(start, start + starts, sequence_stride)
    stage = Windows(rows, target_rows, positions, sequence_length, sampling_rate)
    dataset = Dataset(stage)
    if shuffle:
        dataset = dataset.shuffle(seed=seed)
    if batch_size is not None:
        dataset = dataset.batch(batch_size)
    return dataset if format is None else dataset.to(format)


def _range(who: str, length: int, start: int | None, end: int | None) -> Any:
    """The steps that are used, from `start` to before `end`."""
    first, last = 0, length
    for name, value in (("start_index", start), ("end_index", end)):
        if value is None:
            continue
        index = operator.index(value)
        if not 0 <= index <= length:
            raise ValueError(
                f"{who}: `{name}` must be from 0 to {length}, the number of steps; "
                f"received {value}."
            )
        first, last = (index, last) if name == "start_index" else (first, index)
    if first >= last:
        raise ValueError(
            f"{who}: `start_index` ({first}) must be smaller than `end_index` ({last})."
        )
    return first, last


class Windows(Stage):
    """The windows of a series that start at some positions.

    Args:
        data: the series.
        targets: the target of each position, or None.
        positions: where windows start.
        length: values in a window.
        rate: steps from one to the next.
    """

    def __init__(
        self,
        data: Rows,
        targets: Rows | None,
        positions: np.ndarray,
        length: int,
        rate: int,
    ) -> None:
        self._data, self._targets = data, targets
        self._positions, self._length, self._rate = positions, length, rate

    @property
    def size(self) -> int:
        return len(self._positions)

    def at(self, epoch: int, index: int) -> Any:
        first = int(self._positions[index])
        steps = slice(first, first + (self._length - 1) * self._rate + 1)
        window = self._data.take(steps)[:: self._rate]
        if self._targets is None:
            return window
        return window, self._targets.take(slice(first, first + 1))[0]

    def stacked(
        self, epoch: int, indices: np.ndarray, allocate: Allocate = np.empty
    ) -> Any:
        if not isinstance(self._data.data, np.ndarray):
            return super().stacked(epoch, indices, allocate)
        positions = self._positions[indices]
        steps = np.arange(self._length) * self._rate
        windows = self._data.take(positions[:, None] + steps)
        if self._targets is None:
            return windows
        return windows, self._targets.take(positions)
