"""The curves of a training run, and their picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

from keras.callbacks.callback import Callback, Logs
from keras.core.errors import optional_import
from keras.saving.atomic import atomic_file


class History(Callback):
    """Records the metrics of each epoch; `fit` returns it.

    Attributes:
        history: dict from metric names to lists of values, one per epoch in which
            the metric was measured.
        epoch: list of the epochs that ran, from 0.

    Example:
        >>> dense = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([dense])
        >>> model.compile("sgd", "mse")
        >>> history = model.fit(np.ones((8, 3)), np.ones(8), epochs=3, verbose=0)
        >>> history.history["loss"]
        [1.0, 0.8464, 0.71639293]
        >>> figure = history.plot("curves.png")
    """

    _memory = ("history", "epoch", "_epochs")

    def __init__(self) -> None:
        super().__init__()
        self.history: dict[str, list[Any]] = {}
        self.epoch: list[int] = []
        # Validation may run every few epochs: when each value was measured.
        self._epochs: dict[str, list[int]] = {}

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self.epoch = []

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self._epochs.setdefault(name, []).append(epoch)

    def plot(
        self,
        path: str | os.PathLike[str] | None = None,
        metrics: Sequence[str] | None = None,
    ) -> Any:
        """Draw each metric, training and validation in one panel, over the epochs.

        Args:
            path: file to save the picture to; its ending says the format.
            metrics: names of the metrics to draw, without `val_`; default all.

        Returns:
            A `matplotlib.figure.Figure`.

        Raises:
            ImportError: if matplotlib is not installed.
            ValueError: if there is nothing to draw, or a metric was not recorded.

        Example:
            >>> model = keras.Sequential([keras.layers.Dense(1)])
            >>> model.compile("sgd", "mse")
            >>> history = model.fit(np.ones((8, 3)), np.ones(8), epochs=3, verbose=0)
            >>> figure = history.plot(metrics=["loss"])
        """
        names = self._panels(metrics)
        plt = optional_import("matplotlib.pyplot", "plot", "History.plot")
        from matplotlib.ticker import MaxNLocator

        columns = min(len(names), 3)
        rows = -(-len(names) // columns)
        size = (4.8 * columns, 3.6 * rows)
        figure, axes = plt.subplots(
            rows, columns, figsize=size, squeeze=False, layout="constrained"
        )

        panels = list(axes.flat)
        for axis, name in zip(panels, names):
            for key, label, color in (
                (name, "training", "tab:blue"),
                (f"val_{name}", "validation", "tab:orange"),
            ):
                if key in self.history:
                    values = self.history[key]
                    measured = self._epochs.get(key, range(len(values)))
                    epochs = [epoch + 1 for epoch in measured]
                    # A single point makes no line.
                    marker = "o" if len(epochs) < 30 else None
                    style = {"label": label, "color": color, "markersize": 4}
                    axis.plot(epochs, values, marker=marker, **style)

            axis.set_title(name)
            axis.set_xlabel("epoch")
            axis.xaxis.set_major_locator(MaxNLocator(integer=True))
            axis.grid(alpha=0.3)
            if f"val_{name}" in self.history:
                axis.legend()

        for axis in panels[len(names) :]:
            axis.set_visible(False)

        if path is not None:
            ending = os.path.splitext(os.fspath(path))[1].lstrip(".")
            with atomic_file(path) as temporary:
                figure.savefig(temporary, dpi=150, format=ending or None)
        if path is not None or "inline" in plt.get_backend():
            # Saved, or about to be shown as a notebook cell's value: pyplot must
            # not keep it, nor show it a second time.
            plt.close(figure)
        return figure

    def _panels(self, metrics: Sequence[str] | None) -> list[str]:
        recorded = list(dict.fromkeys(k.removeprefix("val_") for k in self.history))
        if not recorded:
            raise ValueError(
                "There is nothing to plot: no epoch has been recorded. Call fit first."
            )
        if metrics is None:
            return recorded
        names = [metrics] if isinstance(metrics, str) else list(metrics)
        unknown = [name for name in names if name not in recorded]
        if unknown or not names:
            raise ValueError(
                f"History.plot cannot draw metrics={names}: it has recorded {recorded}."
            )
        return names
