"""Where a run of `fit` stands, so that another process can go on from there."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from keras.training.data.source import BatchSource, IndexedSource
from keras.training.loop import run_batches

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Position:
    """The epoch, the step in it, and what the data need to go on from there.

    Args:
        source: the batches.
        first: the epoch that `fit` was told to begin with.
        callbacks: the `CallbackList` of the run.

    Attributes:
        epoch: the epoch to begin with.
        step: the step of that epoch to begin with.
        logs: the results of the step before.
    """

    def __init__(self, source: BatchSource, first: int, callbacks: Any) -> None:
        self.callbacks = callbacks
        self.epoch, self.step = first, 0
        self.logs: dict[str, Any] = {}
        self._source, self._first = source, first
        self._state: dict[str, Any] = {}

    def state(self) -> dict[str, Any]:
        """What a later `restore` needs to know of the data."""
        source = self._source
        return {
            "first": self._first,
            "shape": [source.num_batches, source.batch_size, source.num_samples],
            "source": source.state_dict(),
        }

    def restore(self, epoch: int, step: int, logs: dict, state: dict) -> None:
        """Begin at a step of an epoch, with the data as `state` says.

        Raises:
            ValueError: the epoch was interrupted in the middle, and the data of this
                run are others.
        """
        source = self._source
        shape = [source.num_batches, source.batch_size, source.num_samples]
        if step and shape != state["shape"]:
            names = ("batches in an epoch", "samples in a batch", "samples")
            differ = ", ".join(
                f"{was} {name} (now {now})"
                for name, was, now in zip(names, state["shape"], shape)
                if was != now
            )
            raise ValueError(
                f"The run to be resumed stopped after {step} steps of epoch "
                f"{epoch + 1} and had {differ}. Give it the same data, or delete its "
                "backup to start again."
            )

        if caveat := source.caveat():
            warnings.warn(f"Resuming: {caveat}", stacklevel=2)

        self.epoch, self.step, self.logs = epoch, step, dict(logs)
        self._first = state["first"]
        self._state = state["source"]
        source.load_state_dict(self._state)

    def finish(self) -> None:
        """There is nothing more to do: the run had ended."""
        self.epoch = sys.maxsize

    def run_epoch(self, model: Any, epoch: int, steps: int | None) -> dict[str, Any]:
        """Run the steps of an epoch that are left; returns the last results."""
        start, logs = 0, {}
        if epoch == self.epoch and self.step:
            start, logs = self.step, self.logs
        else:
            model.reset_metrics()
        # Data read by index are shuffled by the epoch's own number, so that a run that
        # starts at a later epoch goes on as the whole run would have.
        by_index = isinstance(self._source, IndexedSource)
        index = epoch if by_index else epoch - self._first
        self._source.on_epoch_begin()
        if start:  # as it was after this epoch's own beginning
            self._source.load_state_dict(self._state)
        if steps is None or start < steps:
            found = run_batches(
                model, "train", self._source, self.callbacks, steps, index, start
            )
            logs = found or logs
        self._source.on_epoch_end()
        return logs


def waits_for_files(fit: Callable[_P, _R]) -> Callable[_P, _R]:
    """Let `fit` end, also by an error, only when nothing is being written any more."""

    @functools.wraps(fit)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        self: Any = args[0]
        outer, self._position = self._position, None
        try:
            return fit(*args, **kwargs)
        except BaseException as error:
            callbacks = getattr(self._position, "callbacks", None)
            for callback in getattr(callbacks, "callbacks", ()):
                try:
                    getattr(callback, "wait_until_finished", lambda: None)()
                except Exception as other:
                    error.add_note(f"Besides, saving failed: {other}")
            raise
        finally:
            self._position = outer

    return wrapped
