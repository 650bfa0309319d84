"""Save the model as it trains."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras.callbacks.callback import Logs
from keras.callbacks.monitor import MonitorCallback
from keras.callbacks.save_every import SaveEvery
from keras.core.inspection import is_builtin
from keras.saving.model import prepare_model
from keras.saving.weights import prepare_weights, read_note


class ModelCheckpoint(SaveEvery, MonitorCallback):
    """Saves the model, or its weights, every epoch or every so many batches.

    With `BackupAndRestore` a resumed run goes on with this callback's memory. Without
    it, a model that has trained before goes on with the best value, and the list of
    files, noted in the files that are there.

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
        keep_last: how many of its files to keep; older ones are deleted.
        keep_best: whether `keep_last` spares the best file by `monitor`.
        asynchronous: whether to write while training goes on, from a copy of the
            weights. An error is raised as soon as it is seen, in `fit` in any case.

    Raises:
        ValueError: if the ending of `filepath`, or `save_freq`, is none of the above,
            or `keep_last` is given and `filepath` always names the same file.
        KeyError: on saving, if `filepath` names something that is not in the logs.

    Example:
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> save = keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)
        >>> history = model.fit(
        ...     x, y, epochs=9, validation_split=0.25, callbacks=[save], verbose=0)
        >>> best = keras.saving.load_model("best.keras")
    """

    _memory = ("best", "_batches_since_save", "_last_batch", "_kept")
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
        *,
        keep_last: int | None = None,
        keep_best: bool = False,
        asynchronous: bool = False,
    ):
        MonitorCallback.__init__(self, monitor, mode, best=initial_value_threshold)
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

        self._set_up(save_freq, asynchronous)

        if keep_last is not None and (type(keep_last) is not int or keep_last < 1):
            raise ValueError(
                "ModelCheckpoint: `keep_last` must be a positive integer. Received: "
                f"keep_last={keep_last!r}"
            )
        if keep_last is not None and "{" not in filepath:
            raise ValueError(
                "ModelCheckpoint: `keep_last` needs a filepath that differs from save "
                'to save, such as "{epoch:03d}.keras". Received: '
                f"filepath={filepath}"
            )
        if keep_best and keep_last is None:
            raise ValueError(
                "ModelCheckpoint: `keep_best` spares the best file from `keep_last`, "
                "which is not given."
            )

        self.filepath = filepath
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.keep_last = keep_last
        self.keep_best = keep_best
        self._kept: list[list[Any]] = []  # paths and monitored values, oldest first

    def on_train_begin(self, logs: Logs | None = None) -> None:
        optimizer = getattr(self.model, "optimizer", None)
        iterations = getattr(optimizer, "iterations", None)
        trained = iterations is not None and int(iterations) > 0
        if trained and (self.save_best_only or self.keep_last) and not self._kept:
            self._recall()

    def _save(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        what = "saving model to"
        current = None
        if self.save_best_only or self.keep_best:
            current = self.get_monitor_value(logs)
        if self.save_best_only and current is not None:
            # Without the metric every model is saved: better too many than none.
            if not self._is_improvement(current, self.best):
                self._say(epoch, f"{self.monitor} did not improve from {self.best:.5f}")
                return
            what = f"{self._improvement(current)}, saving model to"

        path = self._path(epoch, batch, logs)
        self._say(epoch, f"{what} {path}")
        if folder := os.path.dirname(path):
            os.makedirs(folder, exist_ok=True)
        self._writer.wait()  # before the copy: never two of them

        value = (logs or {}).get(self.monitor) if current is None else current
        note = {"monitor": self.monitor, "value": value, "epoch": epoch, "batch": batch}
        write = self._prepare(path, note)
        improved = current is not None and self._is_improvement(current, self.best)
        kept = [item for item in self._kept if item[0] != path] + [[path, current]]
        old = self._too_many(kept, current if improved else self.best)

        def write_and_delete() -> None:
            write()
            for item in old:
                Path(item[0]).unlink(missing_ok=True)

        self._have_written(write_and_delete)
        if self.keep_last is not None:
            self._kept = [item for item in kept if item not in old]
        if improved:
            self.best = current
        done = "started" if self.asynchronous else "finished"
        self._say(epoch, f"{done} saving model to {path}")

    def _too_many(self, kept: list[list[Any]], best: float | None) -> list[list[Any]]:
        if self.keep_last is None:
            return []
        old = kept[: -self.keep_last]
        if self.keep_best:
            spared = [item for item in kept if item[1] is not None and item[1] == best]
            old = [item for item in old if item not in spared[:1]]
        return old

    def _prepare(self, path: str, note: dict[str, Any]) -> Callable[[], None]:
        """The function that writes the file."""
        model, copy = self.model, self.asynchronous
        kind = type(model)
        if self.save_weights_only:
            if is_builtin(getattr(kind, "save_weights", None)):
                return prepare_weights(model, Path(path), note, copy)
            save = model.save_weights
        else:
            if is_builtin(getattr(kind, "save", None)) and path.endswith(".keras"):
                return prepare_model(model, Path(path), note=note, copy=copy)
            save = model.save
        if copy:
            raise ValueError(
                "ModelCheckpoint: `asynchronous=True` needs a filepath in `.keras` or "
                f"`.weights.h5` and a model whose saving is Keras's own; {path!r} is "
                f"saved by a method of {kind.__name__}."
            )
        return lambda: save(path, overwrite=True)

    def _recall(self) -> None:
        """Go on with what files of a run before say of themselves."""
        pattern = re.sub(r"\{[^{}]*\}", "*", glob.escape(self.filepath))
        found = []
        for path in glob.glob(pattern):
            note = read_note(path)
            if note is not None and note.get("monitor") == self.monitor:
                order = (note.get("epoch") or 0, note.get("batch") or 0)
                found.append((order, [path, note.get("value")]))

        found.sort(key=lambda item: item[0])

        values = [item[1] for _, item in found if isinstance(item[1], float)]
        if self.best is None:
            for value in values:
                if self._is_improvement(value, self.best):
                    self.best = value
        if self.keep_last is not None:
            self._kept = [item for _, item in found]

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
