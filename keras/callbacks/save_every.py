"""What callbacks share that save every epoch or so many batches, maybe in a thread."""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from keras.callbacks.callback import Callback, Logs


class BackgroundWriter:
    """One thread that writes one file at a time; its errors come back.

    Example:
        >>> writer = BackgroundWriter()
        >>> writer.wait()  # the file before
        >>> writer.submit(lambda: np.save("weights.npy", np.ones(3)))  # returns at once
        >>> writer.wait()  # raises what the function raised
    """

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._running: Future | None = None

    def submit(self, write: Callable[[], None]) -> None:
        """Have a file written; first waits for the one before, and raises its error."""
        self.wait()
        if self._threads is None:
            self._threads = ThreadPoolExecutor(1, "keras-saving")
        self._running = self._threads.submit(write)

    def check(self) -> None:
        """Raise the error of a file that failed meanwhile; does not wait."""
        if self._running is not None and self._running.done():
            self.wait()

    def wait(self) -> None:
        """Wait until nothing is being written; raises what failed."""
        running, self._running = self._running, None
        if running is not None:
            running.result()

    def close(self) -> None:
        """Wait, and let the thread end."""
        try:
            self.wait()
        finally:
            if self._threads is not None:
                self._threads.shutdown()
                self._threads = None

    def __deepcopy__(self, memo: dict) -> BackgroundWriter:
        return BackgroundWriter()

    def __reduce__(self) -> tuple:
        return BackgroundWriter, ()


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
