"""Use the moving averages of the weights wherever the model is not being trained."""

from __future__ import annotations

import warnings
from typing import Any

from keras.callbacks.callback import Callback, Logs


class SwapEMAWeights(Callback):
    """Puts the moving averages into the weights for evaluation and prediction.

    Averaged weights often do better than those of the last step (Polyak and Juditsky,
    1992). The optimizer keeps the averages if it is made with `use_ema=True`; this
    callback exchanges them with the weights before `evaluate`, `predict` and the
    validation in `fit`, and exchanges them back afterwards. At the end of `fit` the
    weights are the averages in any case.

    Args:
        swap_on_epoch: whether to exchange them at the end of each epoch too, until the
            next one begins, so that a `ModelCheckpoint` after this callback in the list
            saves the averages.

    Example:
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.Adam(use_ema=True), "mse")
        >>> swap = keras.callbacks.SwapEMAWeights()
        >>> history = model.fit(
        ...     x, y, validation_data=(x, y), callbacks=[swap], verbose=0)
    """

    _memory = ("_is_swapped",)

    def __init__(self, swap_on_epoch: bool = False):
        super().__init__()
        self.swap_on_epoch = swap_on_epoch
        self._is_swapped = False
        self._warned = False

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._is_swapped = False

    def set_state(self, state: dict[str, Any]) -> None:
        # The state of training holds the weights and averages as they were.
        was_swapped = self._is_swapped
        super().set_state(state)
        if self._is_swapped != was_swapped:
            self._optimizer()._note_swapped(self._is_swapped)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._set(False)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if self.swap_on_epoch:
            self._set(True)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._is_swapped = False  # the optimizer has finished: both are the averages

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._set(True)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._set(False)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._set(True)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._set(False)

    def _optimizer(self) -> Any:
        return getattr(self.model, "optimizer", None)

    def _set(self, swapped: bool) -> None:
        """Have the averages in the weights, or not."""
        if swapped == self._is_swapped:
            return
        optimizer = self._optimizer()
        if optimizer is not None and optimizer._swap_averages():
            self._is_swapped = swapped
        elif not self._warned:
            self._warned = True
            warnings.warn(
                "SwapEMAWeights: the optimizer keeps no moving averages, so nothing is "
                "exchanged. Make it with `use_ema=True`, and train it first."
            )
