"""What callbacks share that save every epoch or every so many batches."""

from __future__ import annotations

import sys

from keras.callbacks.callback import Callback, Logs


class SaveEvery(Callback):
    """Base of the callbacks with a `save_freq`: counts batches across epochs.

    Args:
        save_freq: "epoch", or a number of batches.

    Raises:
        ValueError: if it is neither.
    """

    def _set_frequency(self, save_freq: str | int) -> None:
        is_count = type(save_freq) is int and save_freq > 0
        if save_freq != "epoch" and not is_count:
            raise ValueError(
                f"Unrecognized save_freq: {save_freq}. "
                "Expected save_freq are 'epoch' or positive integers."
            )
        self.save_freq = save_freq
        self._interval = sys.maxsize if isinstance(save_freq, str) else save_freq
        self._epoch = 0
        self._batches_since_save = 0
        self._last_batch = -1

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch
        self._last_batch = -1

    def batch_end_due(self, batch: int) -> bool:
        # Asked after several batches at once, and again by the hook.
        self._batches_since_save += max(batch - self._last_batch, 0)
        self._last_batch = batch
        return self._batches_left() <= 0

    def steps_until_batch_end(self, batch: int) -> int:
        return max(self._batches_left(), 1)

    def _batches_left(self) -> int:
        return self._interval - self._batches_since_save
