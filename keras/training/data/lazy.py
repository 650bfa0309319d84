"""Batches of a `keras.data.Dataset`, which knows its epochs by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from keras.data.dataset import Dataset
from keras.data.workers import read_here
from keras.training.data.source import IndexedSource

_Place = tuple[int, int]


class LazySource(IndexedSource):
    """The batches of a dataset, by epoch and index: resuming reads nothing twice."""

    def __init__(self, dataset: Dataset, **options: Any) -> None:
        super().__init__(shuffle=False, seed=None, **options)
        self._dataset = dataset
        self._size = dataset.stage.size
        if self._size == 0:
            raise ValueError("The Dataset has no batches.")
        if self.num_batches is None:
            raise ValueError(
                "The Dataset is infinite: pass the number of steps in an epoch."
            )
        layout = dataset.stage.layout()
        if layout is not None:
            self.batch_size, self.num_samples = layout

    def _total(self) -> int | None:
        return self._size

    def _plan(self, cycle: int | None) -> Callable[[int], _Place]:
        return lambda batch: (cycle or 0, batch)

    def _read(self, items: Iterable[_Place]) -> Iterator[tuple]:
        for _, batch in self._dataset.read(items):
            yield self._standardize(batch)

    def peek(self) -> tuple:
        places = ((0, batch) for batch in range(self._size or 1))
        for _, batch in read_here(self._dataset.stage, places):
            return self._standardize(batch)
        raise ValueError("The Dataset has no batch that can be read.")

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "dataset": self._dataset.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self._dataset.load_state_dict(state["dataset"])
