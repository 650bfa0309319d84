"""Change the learning rate as training goes on."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.callbacks.callback import Callback, Logs
from keras.callbacks.monitor import MonitorCallback
from keras.utils import io_utils


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of each epoch.

    Args:
        schedule: function of the epoch (from 0) and, if it takes a second argument,
            of the current learning rate, which returns the new one.
        verbose: 1 to tell of each setting.

    Raises:
        ValueError: if the schedule does not return a number.
        TypeError: if the optimizer's learning rate is a schedule itself.

    Example:
        >>> halve = keras.callbacks.LearningRateScheduler(lambda epoch, lr: lr / 2)
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(x, y, epochs=3, callbacks=[halve], verbose=0)
        >>> history.history["learning_rate"]
        [0.005, 0.0025, 0.00125]
    """

    def __init__(self, schedule: Callable[..., Any], verbose: int = 0):
        super().__init__()
        self.schedule = schedule
        self.verbose = verbose
        self._takes_rate = _takes_two(schedule)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        if self._takes_rate:
            result = self.schedule(epoch, get_learning_rate(self.model, self))
        else:
            result = self.schedule(epoch)
        try:
            if isinstance(result, (str, bool)):
                raise TypeError
            rate = float(result)
        except (TypeError, ValueError):
            raise ValueError(
                "The output of the `schedule` function should be a float. "
                f"Got: {result!r} (of type {type(result).__name__})"
            ) from None
        set_learning_rate(self.model, rate, self)
        if self.verbose > 0:
            io_utils.print_msg(
                f"Epoch {epoch + 1}: LearningRateScheduler setting learning rate to "
                f"{rate}."
            )

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        if logs is not None:
            logs["learning_rate"] = get_learning_rate(self.model, self)


class ReduceLROnPlateau(MonitorCallback):
    """Multiplies the learning rate by a factor when a metric stops improving.

    Args:
        monitor: name of the metric to watch.
        factor: what to multiply the learning rate by, below 1.
        patience: number of epochs without improvement after which to do so.
        verbose: 1 to tell of each reduction.
        mode: "min", "max" or "auto" (by the metric's name).
        min_delta: least change that counts as an improvement.
        cooldown: number of epochs after a reduction that are not counted.
        min_lr: the learning rate does not fall below this.

    Raises:
        ValueError: if `factor` is 1 or more.

    Example:
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> reduce = keras.callbacks.ReduceLROnPlateau("loss", factor=0.2, patience=5)
        >>> history = model.fit(x, y, epochs=20, callbacks=[reduce], verbose=0)
    """

    _memory = ("best", "wait", "cooldown_counter")
    _purpose = "Learning rate reduction is"

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ):
        super().__init__(monitor, mode, min_delta=min_delta)
        if factor >= 1.0:
            raise ValueError(
                "ReduceLROnPlateau does not support a factor >= 1.0. "
                f"Received factor={factor}"
            )
        self.factor = factor
        self.patience = patience
        self.verbose = verbose
        self.cooldown = cooldown
        self.min_lr = min_lr
        self.cooldown_counter = 0
        self.wait = 0

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.best = None
        self.cooldown_counter = 0
        self.wait = 0

    def in_cooldown(self) -> bool:
        """Whether a reduction was so recent that epochs do not count yet."""
        return self.cooldown_counter > 0

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        rate = get_learning_rate(self.model, self)
        if logs is not None:
            logs["learning_rate"] = rate

        current = self.get_monitor_value(logs)
        if current is None:
            return

        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0

        if self._is_improvement(current, self.best):
            self.best = current
            self.wait = 0
        elif not self.in_cooldown():
            self.wait += 1
            # The rate is a float32: compare with what min_lr becomes there.
            if self.wait >= self.patience and rate > np.float32(self.min_lr):
                rate = max(rate * self.factor, self.min_lr)
                set_learning_rate(self.model, rate, self)
                what = f"ReduceLROnPlateau reducing learning rate to {rate}."
                self._say(epoch, what)
                self.cooldown_counter = self.cooldown
                self.wait = 0


def get_learning_rate(model: Any, who: Callback) -> float:
    """The learning rate of the model's optimizer as a float."""
    rate = _optimizer(model, who).learning_rate
    return float(rate.numpy() if hasattr(rate, "numpy") else rate)


def set_learning_rate(model: Any, rate: float, who: Callback) -> None:
    """Assign the learning rate of the model's optimizer."""
    optimizer = _optimizer(model, who)
    if not hasattr(optimizer.learning_rate, "assign"):
        raise TypeError(
            f"{type(who).__name__} cannot set the learning rate: the optimizer "
            f"{type(optimizer).__name__} was created with a `LearningRateSchedule` "
            "object as its `learning_rate`. Create it with a float instead."
        )
    optimizer.learning_rate.assign(rate)


def _optimizer(model: Any, who: Callback) -> Any:
    optimizer = getattr(model, "optimizer", None)
    if optimizer is None:
        raise ValueError(
            f"{type(who).__name__} needs an optimizer, but the model has none. "
            "Call `model.compile(optimizer=...)` first."
        )
    return optimizer


def _takes_two(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(0, 0.0)
    except TypeError:
        return False
    except ValueError:  # a builtin without a signature
        pass
    return True
