"""Batches of what can only be iterated: tf.data, DataLoader, generators, Grain."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from typing import Any

from keras.training.data.source import RAN_OUT, BatchSource
from keras.training.data.weights import ClassWeights


class IterableSource(BatchSource):
    """Batches of a dataset, or of an iterator that can be read once.

    To resume it asks the data for what it can: a state to restore (Grain,
    StatefulDataLoader), `skip` (tf.data), else the batches are read and dropped.

    Args:
        dataset: What `iter()` accepts.
        kind: What messages call it.
        steps: Batches in an epoch; None: one pass.
        class_weights: As given to `fit`.
    """

    def __init__(
        self,
        dataset: Any,
        kind: str,
        steps: int | None,
        class_weights: ClassWeights | None,
    ) -> None:
        super().__init__(steps, class_weights)
        if hasattr(dataset, "to_iter_dataset"):  # Grain's indexed datasets
            dataset = dataset.to_iter_dataset()
        self._dataset = dataset
        self._kind = kind
        self.restarts = iter(dataset) is not dataset if _is_iterator(dataset) else True
        self.batch_size = getattr(dataset, "batch_size", None)
        self._length, endless = _length(dataset)
        if self._length == 0:
            raise ValueError(f"The {kind} has no batches.")
        if endless and steps is None:
            raise ValueError(f"The {kind} has no end: say how many steps an epoch has.")
        self._stream: Iterator[Any] | None = None
        self._peeked: list[Any] = []
        self._position = 0  # batches delivered since the beginning
        self._state: Any = None  # to be restored before the next batch

    @property
    def num_batches(self) -> int | None:
        if self.steps is None or self._length is None:
            return self.steps or self._length
        return min(self.steps, self._length)

    def peek(self) -> tuple:
        if not self._peeked:
            self._stream = self._stream or self._open(0)
            try:
                self._peeked.append(next(self._stream))
            except StopIteration:
                raise ValueError(f"The {self._kind} has no batches.") from None
        return self._standardize(self._peeked[0])

    def epoch(self, index: int = 0, start: int = 0) -> Iterator[tuple]:
        self._seek(index, start)
        given, pass_began_here = start, index == 0 or self.steps is None
        while self.steps is None or given < self.steps:
            try:
                batch = self._next()
            except StopIteration:
                self._stream = None
                if self.restarts and not pass_began_here:
                    pass_began_here = True
                    continue
                break
            given += 1
            yield self._standardize(batch)
        if given == 0 and index == 0:
            raise ValueError(f"The {self._kind} has no batches.")
        if given < (self.steps or 1):
            warnings.warn(RAN_OUT.format(given=given, steps=self.steps or "more"))

    def _next(self) -> Any:
        if self._stream is None:
            self._stream = self._open(0)
        batch = self._peeked.pop() if self._peeked else next(self._stream)
        self._position += 1
        return batch

    def _seek(self, index: int, start: int) -> None:
        """Bring the stream to batch `start` of epoch `index`."""
        if self._state is not None:
            self._stream = self._open(0)
            return
        wanted = start if self.steps is None else index * self.steps + start
        if not self.restarts:
            for _ in range(wanted - self._position):
                self._next()
        elif self.steps is None or index == 0 or wanted != self._position:
            if self._length:
                wanted %= self._length
            if wanted or self._position:
                self._stream, self._peeked = self._open(wanted), []
        if self.steps is None:
            self._position = start
        else:
            self._position = index * self.steps + start

    def _open(self, skip: int) -> Iterator[Any]:
        """A new iterator, `skip` batches in, or in the state to be restored."""
        state, self._state = self._state, None
        if not self.restarts:
            return self._dataset
        if state is not None and hasattr(self._dataset, "load_state_dict"):
            self._dataset.load_state_dict(state)
            return iter(self._dataset)
        if state is not None:
            stream = iter(self._dataset)
            stream.set_state(state)  # type: ignore[attr-defined]
            return stream
        if skip and hasattr(self._dataset, "skip"):
            return iter(self._dataset.skip(skip))
        return itertools.islice(iter(self._dataset), skip, None) if skip else iter(
            self._dataset
        )
