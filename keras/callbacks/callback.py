"""The base class of callbacks: hooks that do nothing, and memory; one of functions."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

Logs = dict[str, Any]


class Callback:
    """Base class of callbacks: override the hooks you need.

    Pass instances to `fit`, `evaluate` or `predict` as `callbacks=[...]`. `logs` maps
    metric names to Python floats; batch hooks get the means of the epoch so far.
    Reading `logs` in a batch hook waits for the device; a hook that does not read
    it does not wait. `self.model.stop_training = True` ends training.

    Attributes:
        params: dict with `verbose`, `epochs` and `steps`.
        model: the model, set when training starts.

    Example:
        >>> class Print(keras.callbacks.Callback):
        ...     def on_epoch_end(self, epoch, logs=None):
        ...         print(epoch, logs["loss"])
        >>> dense = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([dense])
        >>> model.compile("sgd", "mse")
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> history = model.fit(x, y, epochs=2, callbacks=[Print()], verbose=0)
        0 1.0
        1 0.8464
    """

    params: dict[str, Any] | None = None
    _model: Any = None
    # Names of the attributes that an exact resume needs.
    _memory: tuple[str, ...] = ()
    _acts_last: bool = False

    def __init__(self) -> None:
        self.params = None
        self._model = None

    @property
    def model(self) -> Any:
        """The model this callback works on, or `None` before it is set."""
        return self._model

    def set_params(self, params: dict[str, Any]) -> None:
        """Receive the parameters of the run: `verbose`, `epochs`, `steps`."""
        self.params = params

    def set_model(self, model: Any) -> None:
        """Receive the model."""
        self._model = model

    def get_state(self) -> dict[str, Any]:
        """The state of this callback: counters, best values, curves.

        Returns:
            A dict of JSON-able values and NumPy arrays, which does not change as
            training goes on. A callback with memory of its own overrides this and
            `set_state`, so that a resumed run continues as if it had never stopped.
        """
        return {name: copy.deepcopy(getattr(self, name)) for name in self._memory}

    def set_state(self, state: dict[str, Any]) -> None:
        """Take over what `get_state` returned, after `on_train_begin`.

        Args:
            state: what `get_state` returned, in this process or in one before. When a
                run goes on in the middle of an epoch this is called a second time,
                after `on_epoch_begin`, whose effects it must undo.
        """
        if set(state) != set(self._memory):
            raise ValueError(
                f"{type(self).__name__} cannot load this state: it has the entries "
                f"{sorted(state)}, expected {sorted(self._memory)}."
            )
        for name, value in state.items():
            setattr(self, name, copy.deepcopy(value))

    def batch_end_due(self, batch: int) -> bool:
        """Whether the batch-end hook must be called, `batch` having just run.

        Asked after every dispatch of steps. A callback that can do without some
        batches overrides this and `steps_until_batch_end`.
        """
        return True

    def steps_until_batch_end(self, batch: int) -> int:
        """How many steps, from `batch` on, may run before `batch_end_due` is asked."""
        return 1

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Another name for `on_train_batch_begin`."""

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Another name for `on_train_batch_end`."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Called before an epoch of training; `epoch` counts from 0."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Called after an epoch; `logs` has validation metrics as `val_...`."""

    def on_train_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a training batch; `batch` counts from 0 in each epoch."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a training batch."""
        self.on_batch_end(batch, logs)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of `evaluate` or of the validation in `fit`."""

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of `evaluate` or of the validation in `fit`."""

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        """Called before a batch of `predict`."""

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Called after a batch of `predict`; `logs["outputs"]` are its outputs."""

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Called at the beginning of `fit`."""

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Called at the end of `fit`, with the logs of the last epoch."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Called at the beginning of `evaluate` or of the validation in `fit`."""

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Called at the end of `evaluate` or of the validation in `fit`."""

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        """Called at the beginning of `predict`."""

    def on_predict_end(self, logs: Logs | None = None) -> None:
        """Called at the end of `predict`."""


_HOOKS = frozenset(name for name in vars(Callback) if name.startswith("on_"))


class LambdaCallback(Callback):
    """A callback made of functions.

    Args:
        on_epoch_begin: function of `(epoch, logs)`; `on_epoch_end` likewise.
        on_train_begin: function of `(logs)`; `on_train_end` likewise.
        on_train_batch_begin: function of `(batch, logs)`; `on_train_batch_end`
            likewise.
        **kwargs: functions for any other hook of `Callback`, by its name.

    Raises:
        TypeError: if a keyword is not the name of a hook, or not given a function.

    Example:
        >>> dense = keras.layers.Dense(1, kernel_initializer="zeros")
        >>> model = keras.Sequential([dense])
        >>> model.compile("sgd", "mse")
        >>> show = keras.callbacks.LambdaCallback(
        ...     on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> history = model.fit(x, y, epochs=2, callbacks=[show], verbose=0)
        0 1.0
        1 0.8464
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any] | None,
    ):
        super().__init__()
        unknown = sorted(set(kwargs) - _HOOKS)
        if unknown:
            raise TypeError(
                f"LambdaCallback has no hook {', '.join(unknown)}. "
                f"Hooks: {', '.join(sorted(_HOOKS))}"
            )

        functions = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
            **kwargs,
        }

        for name, function in functions.items():
            if function is None:
                continue
            if not callable(function):
                raise TypeError(
                    f"LambdaCallback: {name} should be a function. Received: "
                    f"{function!r} (of type {type(function).__name__})"
                )
            setattr(self, name, function)
