"""The callback that draws the progress bar."""

from __future__ import annotations

import sys
from typing import Any

from keras.callbacks.callback import Callback, Logs
from keras.utils.progbar import Progbar, check_verbose


class ProgbarLogger(Callback):
    """Shows the progress and the metrics of `fit`, `evaluate` and `predict`.

    `fit` adds it unless `verbose=0`. With `verbose=1` (or "auto") it draws a bar on a
    terminal and in a notebook, at most ten times a second, and prints one line per
    epoch elsewhere; with `verbose=2` it prints one line per epoch everywhere.
    Metrics are shown as they are, the means of the epoch so far.

    Example:
        >>> dense = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([dense])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(np.ones((8, 3)), np.ones(8), epochs=2, verbose=2)
        Epoch 1/2 - 1/1 - ...s - ...s/step - loss: 1.0000
        Epoch 2/2 - 1/1 - ...s - ...s/step - loss: 0.8464
    """

    def __init__(self) -> None:
        super().__init__()
        self.verbose = 1
        self.epochs = 1
        self.target: int | None = None
        self.seen = 0
        self.progbar: Progbar | None = None
        self._in_fit = False
        self._validating = False

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        self.verbose = check_verbose(params.get("verbose", 1))
        self.epochs = params.get("epochs", 1)
        self.target = params.get("steps")

    def batch_end_due(self, batch: int) -> bool:
        if self.progbar is None or self._validating:
            return False
        self.seen = batch + 1
        return self.progbar.due(self.seen)

    def steps_until_batch_end(self, batch: int) -> int:
        if self.progbar is None or self._validating:
            return sys.maxsize
        return self.progbar.steps_until_due(batch)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._in_fit = True
        self._validating = False

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._begin()
        if self.progbar is not None:
            self.progbar.start(f"Epoch {epoch + 1}/{self.epochs}")

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._update(batch, logs)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._finish(logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._in_fit = False

    def on_test_begin(self, logs: Logs | None = None) -> None:
        if self._in_fit:
            self._validating = True
        else:
            self._begin()

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._update(batch, logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        if self._validating:
            self._validating = False
        else:
            self._finish(logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._begin()

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._update(batch, None)  # the outputs are not for showing

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._finish(None)

    def _begin(self) -> None:
        self.seen = 0
        if self.verbose:
            self.progbar = Progbar(
                self.target, verbose=self.verbose, interval=0.1, stateless_metrics=()
            )

    def _update(self, batch: int, logs: Logs | None) -> None:
        # Logs are read, which waits for the device, only when something is drawn.
        if self.progbar is not None and self.batch_end_due(batch):
            self.progbar.update(self.seen, (logs or {}).items(), finalize=False)

    def _finish(self, logs: Logs | None) -> None:
        if self.progbar is None:
            return
        if self.target is None:  # known from now on
            self.target = self.progbar.target = self.seen
        self.progbar.update(self.seen, (logs or {}).items(), finalize=True)
        self.progbar = None
