"""Stop when a metric no longer improves, or the loss is no number any more."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from keras.callbacks.callback import Callback, Logs
from keras.callbacks.monitor import MonitorCallback
from keras.utils import io_utils


class EarlyStopping(MonitorCallback):
    """Stops training when a metric has stopped improving.

    Args:
        monitor: name of the metric to watch.
        min_delta: least change that counts as an improvement.
        patience: number of epochs without improvement after which to stop.
        verbose: 1 to tell of each improvement, of the stop and of restored weights.
        mode: "min", "max" or "auto" (by the metric's name).
        baseline: patience runs out unless the metric is better than this value.
        restore_best_weights: whether to end, stopped early or not, with the
            weights of the best epoch instead of the last.
        start_from_epoch: epochs before this one are not looked at.

    Example:
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> stop = keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)
        >>> history = model.fit(
        ...     x, y, epochs=100, validation_split=0.25, callbacks=[stop], verbose=0)
    """

    _memory = ("best", "best_epoch", "best_weights", "wait", "stopped_epoch")
    _purpose = "Early stopping"

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        self.patience = patience
        self.verbose = verbose
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self._forget()

    def _forget(self) -> None:
        self.best = None
        self.best_epoch = 0
        self.best_weights: list[Any] | None = None
        self.wait = 0
        self.stopped_epoch = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._forget()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        current = self.get_monitor_value(logs)
        if current is None or epoch < self.start_from_epoch:
            return

        improved = self._is_improvement(current, self.best)
        if self.restore_best_weights and (improved or self.best_weights is None):
            # Copies: a framework may update in place the memory it handed out.
            self.best_weights = [np.array(w) for w in self.model.get_weights()]
            self.best_epoch = epoch

        self.wait += 1
        if improved:
            self._say(epoch, self._improvement(current))
            self.best = current
            self.best_epoch = epoch
            if self.baseline is None or self._is_improvement(current, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: Logs | None = None) -> None:
        if self.stopped_epoch > 0:
            self._say(self.stopped_epoch, "early stopping")
        if self.restore_best_weights and self.best_weights is not None:
            if self.verbose > 0:
                io_utils.print_msg(
                    "Restoring model weights from the end of the best epoch: "
                    f"{self.best_epoch + 1}."
                )
            self.model.set_weights(self.best_weights)


class TerminateOnNaN(Callback):
    """Stops training at the first batch after which the loss is NaN or infinite.

    It looks at the loss after every batch, which makes the host wait for each step.

    Args:
        raise_error: whether to raise an error instead of ending `fit` normally.

    Raises:
        RuntimeError: during training, if `raise_error` is true and the loss is
            NaN or infinite.

    Example:
        >>> x, y = np.ones((8, 3)), np.full(8, np.nan)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> stop = keras.callbacks.TerminateOnNaN()
        >>> history = model.fit(x, y, epochs=9, callbacks=[stop], verbose=0)
        >>> history.epoch
        [0]
    """

    def __init__(self, raise_error: bool = False):
        super().__init__()
        self.raise_error = raise_error

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        loss = (logs or {}).get("loss")
        if loss is None or math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(
                f"NaN or Inf loss encountered at batch {batch}. "
                f"Loss value: {loss}. Terminating training immediately."
            )
        io_utils.print_msg(f"Batch {batch}: Invalid loss, terminating training")
        self.model.stop_training = True
