"""Save the model as it trains."""

from __future__ import annotations

import os
import sys

from keras.callbacks.callback import Logs
from keras.callbacks.monitor import MonitorCallback
from keras.utils import io_utils


class ModelCheckpoint(MonitorCallback):
    """Saves the model, or its weights, every epoch or every so many batches.

    Args:
        filepath: where to save: `.keras`, or `.weights.h5` for weights. May hold
            `{epoch}` (from 1), `{batch}` (from 1, if `save_freq` is a number) and
            metrics, with formats: `"{epoch:02d}-{val_loss:.2f}.keras"`.
        monitor: metric that says which model is best, for `save_best_only`.
        verbose: 1 to tell of each save.
        save_best_only: whether to save only if `monitor` has improved.
        save_weights_only: whether to save only the weights.
        mode: "min", "max" or "auto" (by the metric's name).
        save_freq: "epoch", or a number of batches, counted across epochs.
        initial_value_threshold: value that the first save has to improve on.

    Raises:
        ValueError: if the ending of `filepath`, or `save_freq`, is none of the above.
        KeyError: on saving, if `filepath` names something that is not in the logs.

    Example:

    >>> save = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
    >>> model.fit(x, y, epochs=9, validation_split=0.2, callbacks=[save])
    """

    _memory = ("best", "_batches_since_save", "_last_batch")
    _purpose = "Saving the best model is"

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ):
        super().__init__(monitor, mode, best=initial_value_threshold)
        filepath = os.fspath(filepath)
        if save_weights_only and not filepath.endswith(".weights.h5"):
            raise ValueError(
                "When using `save_weights_only=True` in `ModelCheckpoint`, the "
                "filepath provided must end in `.weights.h5` (Keras weights format). "
                f"Received: filepath={filepath}"
            )
        if not save_weights_only and not filepath.endswith((".keras", ".h5")):
            raise ValueError(
                "The filepath provided must end in `.keras` (Keras model format). "
                f"Received: filepath={filepath}"
            )
        is_count = type(save_freq) is int and save_freq > 0
        if save_freq != "epoch" and not is_count:
            raise ValueError(
                f"Unrecognized save_freq: {save_freq}. "
                "Expected save_freq are 'epoch' or positive integers."
            )
        self.filepath = filepath
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._epoch = 0
        self._batches_since_save = 0
        self._last_batch = -1

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._epoch = epoch
        self._last_batch = -1

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        if self.batch_end_due(batch):
            self._batches_since_save = 0
            self._save(self._epoch, batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.save_freq == "epoch":
            self._save(epoch, None, logs)

    def batch_end_due(self, batch: int) -> bool:
        # Asked after several batches at once, and again by the hook.
        self._batches_since_save += max(batch - self._last_batch, 0)
        self._last_batch = batch
        return self._batches_left() <= 0

    def steps_until_batch_end(self, batch: int) -> int:
        return max(self._batches_left(), 1)

    def _batches_left(self) -> int:
        if isinstance(self.save_freq, str):
            return sys.maxsize
        return self.save_freq - self._batches_since_save

    def _save(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        what = "saving model to"
        current = None
        if self.save_best_only:
            current = self.get_monitor_value(logs)
            # Without the metric every model is saved: better too many than none.
            if current is not None:
                if not self._is_improvement(current, self.best):
                    self._say(
                        epoch,
                        f"{self.monitor} did not improve from {self.best:.5f}",
                    )
                    return
                what = f"{self._improvement(current)}, saving model to"
        path = self._path(epoch, batch, logs)
        self._say(epoch, f"{what} {path}")
        if folder := os.path.dirname(path):
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(path, overwrite=True)
        else:
            self.model.save(path, overwrite=True)
        if current is not None:
            self.best = current
        self._say(epoch, f"finished saving model to {path}")

    def _path(self, epoch: int, batch: int | None, logs: Logs | None) -> str:
        fields = {**(logs or {}), "epoch": epoch + 1}
        if batch is not None:
            fields["batch"] = batch + 1
        try:
            return self.filepath.format(**fields)
        except KeyError as error:
            raise KeyError(
                f'Failed to format this callback filepath: "{self.filepath}". '
                f"Reason: {error} is not among {', '.join(fields)}."
            ) from None

    def _say(self, epoch: int, message: str) -> None:
        if self.verbose > 0:
            io_utils.print_msg(f"Epoch {epoch + 1}: {message}")
