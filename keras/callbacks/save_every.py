"""What callbacks share that save every epoch or every so many batches."""

from __future__ import annotations

import sys
from collections.abc import Callable

from keras.callbacks.callback import Callback, Logs
from keras.saving.background import BackgroundWriter


class SaveEvery(Callback):
    """Base of the callbacks with a `save_freq`: counts batches across epochs.

    A subclass supplies `_save(epoch, batch, logs)`; `batch` is None after an epoch.
    """

    def _set_up(self, save_freq: str | int, asynchronous: bool) -> None:
        is_count = type(save_freq) is int and save_freq > 0
        if save_freq != "epoch" and not is_count:
            raise ValueError(
                f"Unrecognized save_freq: {save_freq}. "
                "Expected save_freq are 'epoch' or positive integers."
            )
        self.save_freq = save_freq
        self._interval = sys.maxsize if isinstance(save_freq, str) else save_freq
        self.asynchronous = asynchronous
        self._writer = BackgroundWriter()
        self._epoch = 0
        self._batches_since_save = 0
        self._last_batch = -1

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch
        self._last_batch = -1

    def batch_end_due(self, batch: int) -> bool:
        self._writer.check()
        # Asked after several batches at once, and again by the hook.
        self._batches_since_save += max(batch - self._last_batch, 0)
        self._last_batch = batch
        return self._batches_left() <= 0

    def steps_until_batch_end(self, batch: int) -> int:
        return max(self._batches_left(), 1)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.batch_end_due(batch):
            self._batches_since_save = 0
            self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._writer.check()
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.wait_until_finished()

    def wait_until_finished(self) -> None:
        """Wait until nothing is being written; raises what failed."""
        self._writer.close()

    def _save(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        raise NotImplementedError

    def _have_written(self, write: Callable[[], None]) -> None:
        """Have a file written, now or beside training."""
        if self.asynchronous:
            self._writer.submit(write)
        else:
            write()

    def _batches_left(self) -> int:
        return self._interval - self._batches_since_save
