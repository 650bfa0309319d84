"""What callbacks share that watch one metric: its value, and what is better."""

from __future__ import annotations

import math
import re
import warnings
from typing import Any

from keras.callbacks.callback import Callback, Logs
from keras.utils import io_utils

_HIGHER = frozenset(
    "acc accuracy auc ap map precision recall sensitivity specificity f1 fbeta dice "
    "iou r2 similarity correlation bleu rouge psnr ssim ndcg mrr true".split()
)
_LOWER = frozenset(
    "loss error err mse mae mape msle rmse crossentropy entropy nll bce hinge "
    "divergence poisson logcosh cosh perplexity wer cer brier distance false".split()
)


class MonitorCallback(Callback):
    """Base of the callbacks that watch whether a metric improves.

    Args:
        monitor: name of the metric, as it is in `logs`.
        mode: "min", "max", or "auto": judge by the compiled metric or by the name.
        best: a value to improve on from the beginning.
        min_delta: least change that counts.
    """

    # What a warning says is not done while the metric is missing.
    _purpose = "This callback is"
    verbose = 0

    def __init__(
        self,
        monitor: str = "val_loss",
        mode: str = "auto",
        best: float | None = None,
        min_delta: float = 0,
    ):
        super().__init__()
        if mode not in ("auto", "min", "max"):
            warnings.warn(
                f"{type(self).__name__} mode '{mode}' is unknown, "
                "fallback to auto mode. Known modes are 'auto', 'min' and 'max'.",
                stacklevel=3,
            )
            mode = "auto"
        self.monitor = monitor
        self.mode = mode
        self.best = best
        self.min_delta = abs(min_delta)
        self._warned = False

    def get_monitor_value(self, logs: Logs | None) -> float | None:
        """The watched metric; a warning, once, and `None` where it is missing."""
        value = (logs or {}).get(self.monitor)
        if value is None and not self._warned:
            hint = ""
            if self.monitor.startswith("val_"):
                hint = " Validation needs `validation_data` or `validation_split`."
            warnings.warn(
                f"{self._purpose} conditioned on metric `{self.monitor}` which is not "
                f"available. Available metrics are: {','.join(logs or {})}.{hint}"
            )
            self._warned = True
        return value

    def _say(self, epoch: int, message: str) -> None:
        if self.verbose > 0:
            io_utils.print_msg(f"Epoch {epoch + 1}: {message}")

    def _is_improvement(self, value: float, best: float | None) -> bool:
        maximize = self._maximize()
        if math.isnan(value):
            return False
        if best is None:
            return True
        if maximize:
            return value - self.min_delta > best
        return value + self.min_delta < best

    def _improvement(self, value: float) -> str:
        """Words that tell of an improvement over `self.best`."""
        best = self.best
        if best is None:
            best = -math.inf if self._maximize() else math.inf
        return f"{self.monitor} improved from {_digits(best)} to {_digits(value)}"

    def _maximize(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        direction = _compiled_direction(self.model, self.monitor)
        direction = direction or direction_of(self.monitor)
        if direction is None:
            raise ValueError(
                f"{type(self).__name__} callback received monitor={self.monitor}, but "
                "Keras isn't able to automatically determine whether that metric "
                "should be maximized or minimized. Pass `mode='max'` in order to "
                "monitor based on the highest metric value, or pass `mode='min'` in "
                "order to use the lowest value."
            )
        return direction == "up"


def direction_of(name: str) -> str | None:
    """ "up" or "down", the better direction of a metric by its name, or `None`."""
    name = name.lower().replace("io_u", "iou")
    # Metric names end in what they measure; the output's name comes first.
    for word in reversed(re.split(r"[^a-z0-9]+", name)):
        if word in _HIGHER:
            return "up"
        if word in _LOWER:
            return "down"
    return None


def _compiled_direction(model: Any, monitor: str) -> str | None:
    """The direction that the compiled metric of this name declares."""
    name = monitor.removeprefix("val_")
    for metric in getattr(model, "metrics", None) or ():
        known = getattr(metric, "name", None)
        if known and (name == known or name.endswith(f"_{known}")):
            direction = getattr(metric, "_direction", None)
            if direction in ("up", "down"):
                return direction
    return None


def _digits(value: float) -> str:
    return f"{value:.5f}" if math.isfinite(value) else str(value)
