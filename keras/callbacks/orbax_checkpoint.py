"""Save the state of training with Orbax."""

from __future__ import annotations

import os
from typing import Any

from keras.callbacks.callback import Logs
from keras.callbacks.monitor import MonitorCallback
from keras.callbacks.save_every import SaveEvery
from keras.saving.orbax import checkpoint_of, orbax


class OrbaxCheckpoint(SaveEvery, MonitorCallback):
    """Saves the model and the state of its training as checkpoints of Orbax.

    A checkpoint is a folder in `directory` named by the step: by the epoch (from 0), or
    by the optimizer's number of updates if `save_freq` is a number. It appears whole or
    not at all, and any program can read it with Orbax. It works on every backend and
    needs the package `orbax-checkpoint` (`pip install "keras[orbax]"`), which imports
    JAX.

    `keras.saving.load_model(directory)` gives the model back with its optimizer,
    `model.load_weights(directory)` loads the values into a model: those of the last
    step, or of one step if its folder is given.

    Args:
        directory: where the checkpoints are.
        monitor: metric that says which model is best, for `save_best_only`.
        verbose: 1 to tell of each save.
        save_best_only: whether to save only if `monitor` has improved.
        mode: "min", "max" or "auto" (by the metric's name).
        save_freq: "epoch", or a number of batches, counted across epochs.
        initial_value_threshold: value that the first save has to improve on.
        max_to_keep: how many checkpoints to keep; None for all.
        save_on_background: whether to write while training goes on, from a copy.
        save_weights_only: whether to save the weights without the optimizer, the
            metrics and the model's config.

    Raises:
        ImportError: the package `orbax-checkpoint` is not installed.

    Example:
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile("sgd", "mse")
        >>> save = keras.callbacks.OrbaxCheckpoint("checkpoints")
        >>> history = model.fit(x, y, epochs=2, callbacks=[save], verbose=0)
        >>> again = keras.saving.load_model("checkpoints")
    """

    _memory = ("best", "_batches_since_save", "_last_batch")
    _purpose = "Saving the best model is"

    def __init__(
        self,
        directory: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
        max_to_keep: int | None = 1,
        save_on_background: bool = True,
        save_weights_only: bool = False,
    ):
        MonitorCallback.__init__(self, monitor, mode, best=initial_value_threshold)
        if max_to_keep is not None and (
            type(max_to_keep) is not int or max_to_keep < 1
        ):
            raise ValueError(
                "OrbaxCheckpoint: `max_to_keep` must be a positive integer or None; "
                f"received {max_to_keep!r}."
            )
        orbax()
        self._set_up(save_freq, asynchronous=False)  # Orbax has threads of its own
        self.directory = os.fspath(directory)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.max_to_keep = max_to_keep
        self.save_on_background = save_on_background
        self.save_weights_only = save_weights_only
        self._manager: Any = None

    def _opened(self) -> Any:
        """Orbax's manager of the directory."""
        if self._manager is None:
            options = orbax().CheckpointManagerOptions(
                max_to_keep=self.max_to_keep,
                enable_async_checkpointing=self.save_on_background,
            )
            path = os.path.abspath(self.directory)
            self._manager = orbax().CheckpointManager(path, options=options)
        return self._manager

    def _save(self, epoch: int, batch: int | None, logs: Logs | None) -> None:
        current = self.get_monitor_value(logs) if self.save_best_only else None
        what = "saving model"
        if current is not None:
            if not self._is_improvement(current, self.best):
                self._say(epoch, f"{self.monitor} did not improve from {self.best:.5f}")
                return
            what = f"{self._improvement(current)}, saving model"
            self.best = current

        step = epoch if batch is None else int(self.model.optimizer.iterations)
        self._say(epoch, f"{what} to {os.path.join(self.directory, str(step))}")
        manager = self._opened()
        if step in manager.all_steps():  # of a run before this one
            manager.delete(step)
        manager.save(
            step, args=checkpoint_of(self.model, self.save_weights_only), force=True
        )

    def wait_until_finished(self) -> None:
        """Wait until nothing is being written; raises what failed."""
        super().wait_until_finished()
        if self._manager is not None:
            self._manager.wait_until_finished()

    def on_train_end(self, logs: Logs | None = None) -> None:
        self.wait_until_finished()
        if self._manager is not None:
            self._manager.close()
            self._manager = None

    def is_multihost_enabled(self) -> bool:
        """Whether several processes of JAX train together."""
        return orbax().multihost.process_count() > 1

    def is_primary_host(self) -> bool:
        """Whether this process is the first of them, which writes what is common."""
        return orbax().multihost.process_index() == 0
