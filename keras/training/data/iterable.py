"""Batches of what can only be iterated: tf.data, DataLoader, generators, Grain."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from keras.random.streams import set_streams, streams
from keras.training.data.source import BatchSource, warn_ran_out
from keras.training.data.weights import ClassWeights


class IterableSource(BatchSource):
    """Batches of a dataset, or of an iterator, which can be read only once.

    To resume, it uses what the data offer: a state to restore (Grain, torchdata's
    StatefulDataLoader) or `skip` (tf.data); else batches are read and dropped.

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
        self._kind = kind
        self._length, endless = _length(dataset)
        if self._length == 0:
            raise self._nothing()
        if endless and steps is None:
            raise ValueError(
                f"The {kind} is infinite: pass the number of steps in an epoch."
            )

        if hasattr(dataset, "to_iter_dataset"):  # one of Grain that goes by index
            dataset = dataset.to_iter_dataset()
        self._dataset = dataset
        self.restarts = not hasattr(dataset, "__next__")
        size = getattr(dataset, "batch_size", None)
        self.batch_size = size if isinstance(size, int) else None

        self._stream: Iterator[Any] | None = None
        self._peeked: list[Any] = []
        self._position = 0  # batches handed out, counted from the beginning
        self._untouched = True  # no batch of the stream has been handed out
        self._ran_out = False  # the last epoch ended early
        self._state_at_peek: Any = None
        self._state_to_restore: Any = None

    @property
    def num_batches(self) -> int | None:
        if self.steps is None or self._length is None:
            return self.steps or self._length
        return min(self.steps, self._length)

    def peek(self) -> tuple:
        if not self._peeked:
            if self._stream is None:
                self._open(0)
            self._state_at_peek = self._state()
            try:
                self._peeked.append(self._next())
            except StopIteration:
                raise self._nothing() from None
        return self._standardize(self._peeked[0])

    def epoch(self, index: int = 0, start: int = 0) -> Iterator[tuple]:
        # Whether this epoch starts a pass over the data, or continues the last one.
        new_pass = index == 0 or self.steps is None or self._ran_out
        per_epoch = 0 if self.steps is None else self.num_batches or 0
        self._seek(new_pass, index * per_epoch + start, start)
        self._ran_out = False

        given = start
        while self.steps is None or given < self.steps:
            try:
                batch = self._next()
            except StopIteration:
                if new_pass or not self.restarts:
                    break
                new_pass = True
                self._open(0)
                continue
            given += 1
            self._position += 1
            self._untouched = False
            yield self._standardize(batch)

        if given == 0 and self._position == 0:
            raise self._nothing()
        if given < (self.steps or 1):
            self._ran_out = True
            warn_ran_out(given, self.steps)

    def state_dict(self) -> dict[str, Any]:
        state = self._state_at_peek if self._peeked else self._state()
        return {} if state is None else {"iterator": state}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._state_to_restore = state.get("iterator")

    def caveat(self) -> str | None:
        if hasattr(self._dataset, "load_state_dict"):
            return None
        if self._stream is None:
            self._open(0)
        if hasattr(self._stream, "set_state"):
            return None
        how = "each time it is iterated" if self.restarts else "in each process"
        other = (
            "one whose iterator has `get_state` and `set_state`, or that has "
            "`state_dict` and `load_state_dict` (torchdata's StatefulDataLoader)"
        )
        return (
            f"a {self._kind} keeps no position. The batches that were used are read "
            "again and dropped, which costs time, and the run goes on exactly only if "
            f"it gives the same batches in the same order {how}. Arrays, a PyDataset, "
            f"or {other}, have no such limits."
        )

    def _seek(self, new_pass: bool, position: int, start: int) -> None:
        """Bring the stream to the batch `position`, which is `start` in its epoch."""
        if self._state_to_restore is not None:
            self._restore(in_pass=start > 0 or self.steps is not None)
        elif not self.restarts:
            self._skip(position - self._position)
        elif new_pass and not (self._untouched and self._stream and not start):
            self._open(start)
        elif not new_pass and (self._stream is None or position != self._position):
            self._open(position % self._length if self._length else 0)
            if not self._length:
                self._skip(position)
        # An iterator read further than that can't go back.
        self._position = position if self.restarts else max(position, self._position)

    def _open(self, skip: int) -> None:
        """Begin a pass, `skip` batches in."""
        self._peeked = []
        self._untouched = True
        if skip and hasattr(self._dataset, "skip"):
            self._stream = iter(self._dataset.skip(skip))
        else:
            self._stream = iter(self._dataset)
            self._skip(skip)

    def _skip(self, count: int) -> None:
        """Read `count` batches and drop them, beginning again where data end."""
        for _ in range(count):
            try:
                self._next()
            except StopIteration:
                if not self.restarts:
                    return
                self._stream = iter(self._dataset)
                next(self._stream, None)
        self._untouched = self._untouched and count <= 0

    def _next(self) -> Any:
        if self._peeked:
            return self._peeked.pop()
        if self._stream is None:
            self._stream = iter(self._dataset)
        return next(self._stream)

    def _state(self) -> Any:
        if hasattr(self._dataset, "load_state_dict"):
            return self._dataset.state_dict()
        if hasattr(self._stream, "set_state"):
            return self._stream.get_state()  # type: ignore[union-attr]
        return None

    def _restore(self, in_pass: bool) -> None:
        state = self._state_to_restore
        self._state_to_restore = None

        if hasattr(self._dataset, "load_state_dict"):
            drawn = streams()
            self._dataset.load_state_dict(state)
            self._stream = iter(self._dataset)
            self._peeked = []
            try:
                if not in_pass:
                    self._peeked.append(next(self._stream))
            except StopIteration:  # the state is of the end of the pass before
                in_pass = True
                self._stream = None
            if in_pass:  # a pass goes on: it had drawn its seeds when it began
                set_streams(drawn)
        else:
            self._open(0)
            if in_pass:  # else it is the state at the end of the pass before
                self._stream.set_state(state)  # type: ignore[union-attr]

        self._untouched = False

    def _nothing(self) -> ValueError:
        return ValueError(f"The {self._kind} has no batches.")


def _length(dataset: Any) -> tuple[int | None, bool]:
    """The number of batches, None where unknown, and whether they have no end."""
    if hasattr(dataset, "cardinality"):  # tf.data: -1 is endless, -2 unknown
        count = int(dataset.cardinality())
    else:
        try:
            count = len(dataset)
        except TypeError:
            return None, False
    endless = count == -1 or count >= sys.maxsize
    return (None if endless or count < 0 else count), endless
