"""Go on exactly where a killed run stopped."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from keras.callbacks.callback import Logs
from keras.callbacks.save_every import SaveEvery
from keras.random.streams import set_streams, streams
from keras.saving.state import load_state, prepare_state

_LATEST = "latest.state.h5"
_PREVIOUS = "previous.state.h5"


class BackupAndRestore(SaveEvery):
    """Keeps a backup of the whole state of training, and resumes from it.

    Run the same program again after it was killed: `fit` goes on from the last backup
    and ends with the weights, history and logs of a run that was never killed, bit for
    bit on the same machine and backend. A backup holds weights, optimizer, metrics so
    far, random seeds, the place in the data and the memory of the other callbacks
    (`Callback.get_state`). It appears whole or not at all.

    Args:
        backup_dir: directory for the backup of this one run.
        save_freq: "epoch", or a number of batches: at most so many are done again.
        double_checkpoint: whether to keep the backup before the last one too, which
            takes its place should the last one be damaged.
        delete_checkpoint: whether to delete the backup at the end of `fit`.
        asynchronous: whether to write while training goes on, from a copy of the
            state. A backup is then begun every `save_freq // 2` batches, so that
            no more than `save_freq` are done again if the run dies while one is
            being written; with "epoch", up to two epochs are.

    Raises:
        ValueError: if `backup_dir` is empty or `save_freq` is none of the above; when
            training begins, if the backup is damaged or of another model.

    Example:
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> backup = keras.callbacks.BackupAndRestore("backup", save_freq=100)
        >>> history = model.fit(x, y, epochs=20, callbacks=[backup], verbose=0)
    """

    _acts_last = True

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
        *,
        asynchronous: bool = False,
    ):
        super().__init__()
        if not os.fspath(backup_dir):
            raise ValueError("BackupAndRestore: `backup_dir` must not be empty.")

        # With no batch between two backups there is nothing to write beside.
        self._set_up(save_freq, asynchronous and save_freq != 1)

        self.backup_dir = os.fspath(backup_dir)
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        if self.asynchronous and isinstance(save_freq, int):
            self._interval = save_freq // 2

        # The file to take the state from once more, after the epoch's beginning.
        self._again: Path | None = None

    # All other callbacks have done their part when these are called.

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._batches_since_save = 0
        self._again = None
        position = getattr(self.model, "_position", None)
        if position is None:
            raise RuntimeError(
                "BackupAndRestore works in `fit` only, which keeps the place in the "
                "data. In a loop of your own, save the model and your own counters."
            )

        # Files that a kill while writing left behind.
        for left in Path(self.backup_dir).glob(".*.tmp"):
            left.unlink(missing_ok=True)

        path, values = self._load()
        if values is None:
            return

        epoch, step = values["epoch"], values["step"]
        position.restore(epoch, step, values["logs"], values["data"])
        self._give(values)

        if self.model.stop_training:
            position.finish()
        elif step:
            self._again = path

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        super().on_epoch_begin(epoch)
        if self._again is not None:
            # The epoch had begun before the backup: undo what beginning it again did.
            values = load_state(self.model, self._again)
            self._give(values)
            self._last_batch = values["step"] - 1
            self._again = None

    def on_train_end(self, logs: Logs | None = None) -> None:
        super().on_train_end()
        if self.delete_checkpoint:
            for name in (_LATEST, _PREVIOUS):
                Path(self.backup_dir, name).unlink(missing_ok=True)
            try:
                os.rmdir(self.backup_dir)
            except OSError:  # never made, or something else is in it
                pass

    def _save(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        if batch is not None and self.model.stop_training:
            return  # a run about to stop goes to the end of its epoch, also resumed

        position = self.model._position
        self._writer.wait()  # before the copy: never two of them
        values = {
            "epoch": epoch if batch is not None else epoch + 1,
            "step": 0 if batch is None else batch + 1,
            "logs": dict(logs or {}),
            "data": position.state(),
            "callbacks": position.callbacks.memory(),
            "random": streams(),
            "stop": bool(self.model.stop_training),
        }
        latest = Path(self.backup_dir, _LATEST)
        os.makedirs(self.backup_dir, exist_ok=True)
        write = prepare_state(self.model, latest, values, copy=self.asynchronous)
        self._have_written(lambda: self._write(write))

    def _write(self, write: Callable[[], None]) -> None:
        latest = Path(self.backup_dir, _LATEST)
        if self.double_checkpoint and latest.exists():
            os.replace(latest, latest.with_name(_PREVIOUS))
        write()

    def _load(self) -> tuple[Path | None, dict[str, Any] | None]:
        """The newest backup that can be read; the model has its state then."""
        paths = [Path(self.backup_dir, name) for name in (_LATEST, _PREVIOUS)]
        found = [path for path in paths if path.exists()]
        for path in found:
            try:
                return path, load_state(self.model, path)
            except (ValueError, OSError) as error:
                if path is found[-1]:
                    raise ValueError(
                        f"BackupAndRestore cannot resume from {str(path)!r}: {error} "
                        "Delete the directory to start again."
                    ) from error
                warnings.warn(f"{error} The backup before it is taken instead.")
        return None, None

    def _give(self, values: dict[str, Any]) -> None:
        self.model.stop_training = values["stop"]
        self.model._position.callbacks.load_memory(values["callbacks"])
        set_streams(values["random"])
