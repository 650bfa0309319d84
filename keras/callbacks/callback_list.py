"""Many callbacks called as one, and what the training loop asks of them."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterable
from typing import Any

from keras.callbacks.callback import Callback, Logs
from keras.callbacks.history import History
from keras.callbacks.progbar_logger import ProgbarLogger

_BATCH_HOOKS = tuple(
    f"on_{mode}_batch_{when}"
    for mode in ("train", "test", "predict")
    for when in ("begin", "end")
)


class CallbackList(Callback):
    """Calls a list of callbacks in order, as the training loop does.

    Useful in a training loop of your own. Batch hooks reach only the callbacks
    that override them, and cost nothing if none does.

    Args:
        callbacks: a callback or a list of callbacks.
        add_history: whether to append a `History`, if there is none, which also
            becomes `model.history`.
        add_progbar: whether to append a `ProgbarLogger`, if there is none.
        model: the model given to the callbacks.
        **params: parameters given to the callbacks: `verbose`, `epochs`, `steps`.

    Raises:
        TypeError: if something in the list is not an instance of `Callback`.

    Example:
        >>> stop = keras.callbacks.TerminateOnNaN()
        >>> callbacks = keras.callbacks.CallbackList([stop], add_history=True, epochs=1)
        >>> callbacks.on_train_begin()
        >>> callbacks.on_epoch_end(0, {"loss": 0.5})
        >>> callbacks.callbacks[-1].history
        {'loss': [0.5]}
    """

    def __init__(
        self,
        callbacks: Callback | Iterable[Callback] | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ):
        super().__init__()
        self.callbacks = _check(callbacks)
        for wanted, cls in ((add_history, History), (add_progbar, ProgbarLogger)):
            if wanted and not any(isinstance(c, cls) for c in self.callbacks):
                self.callbacks.append(cls())
        # A callback that saves the state of the others runs after them.
        self.callbacks.sort(key=lambda callback: callback._acts_last)
        self._hooks: dict[str, list[tuple[Callback, Any]]] = {}
        if model is not None:
            self.set_model(model)
        if params:
            self.set_params(params)
        self._find_hooks()

    def set_params(self, params: dict[str, Any]) -> None:
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        for callback in self.callbacks:
            if isinstance(callback, History):
                model.history = callback
            callback.set_model(model)

    # What the training loop asks

    def asks_each_batch(self, mode: str = "train") -> bool:
        """Whether some callback must be called at every batch of this mode.

        If not, several steps may run on the device before the host hears of them;
        `steps_until_batch_end` says how many.
        """
        plain = Callback.steps_until_batch_end
        return bool(self._hooks[f"on_{mode}_batch_begin"]) or any(
            type(callback).steps_until_batch_end is plain
            for callback, _ in self._hooks[f"on_{mode}_batch_end"]
        )

    def steps_until_batch_end(self, batch: int, mode: str = "train") -> int:
        """How many steps may run, from `batch` on, before `batch_end_due` is asked.

        It is `sys.maxsize` where there is no limit; `mode` is "train", "test" or
        "predict".
        """
        if self._hooks[f"on_{mode}_batch_begin"]:
            return 1
        hooks = self._hooks[f"on_{mode}_batch_end"]
        return min(
            (c.steps_until_batch_end(batch) for c, _ in hooks), default=sys.maxsize
        )

    def batch_end_due(self, batch: int, mode: str = "train") -> bool:
        """Whether the batch-end hook must be called, `batch` having just run.

        Call it after each dispatch: callbacks keep count by it. When it is false,
        the logs need not be made.
        """
        return any(
            [c.batch_end_due(batch) for c, _ in self._hooks[f"on_{mode}_batch_end"]]
        )

    def memory(self) -> dict[str, dict[str, Any]]:
        """The states of the callbacks by name: see `Callback.get_state`."""
        states = {key: callback.get_state() for key, callback in self._named()}
        return {key: state for key, state in states.items() if state}

    def load_memory(self, memory: dict[str, dict[str, Any]]) -> None:
        """Restore the states that `memory` returned, after `on_train_begin`.

        A state whose callback is not in the list is ignored, with a warning.
        """
        named = dict(self._named())
        for key, state in memory.items():
            if key in named:
                named[key].set_state(state)
            else:
                warnings.warn(
                    f"The saved run used callback {key}, which is missing here; its "
                    f"state is ignored. Callbacks of this run: {list(named)}."
                )

    def _named(self) -> list[tuple[str, Callback]]:
        counts: dict[str, int] = {}
        named = []
        for callback in self.callbacks:
            name = type(callback).__name__
            count = counts[name] = counts.get(name, 0) + 1
            named.append((name if count == 1 else f"{name}_{count}", callback))
        return named

    def _find_hooks(self) -> None:
        for name in _BATCH_HOOKS:
            self._hooks[name] = [
                (callback, getattr(callback, name))
                for callback in self.callbacks
                if _overrides(callback, name)
            ]

    # Hooks

    def _call(self, name: str, logs: Logs | None, *index: int) -> None:
        logs = _as_floats(logs)
        for callback in self.callbacks:
            getattr(callback, name)(*index, logs)

    def _call_batch(self, name: str, batch: int, logs: Logs | None) -> None:
        if hooks := self._hooks[name]:
            logs = _as_floats(logs)
            for _, hook in hooks:
                hook(batch, logs)

    def on_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call_batch("on_train_batch_begin", batch, logs)

    def on_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call_batch("on_train_batch_end", batch, logs)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        self._call("on_epoch_begin", logs, epoch)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        self._call("on_epoch_end", logs, epoch)

    def on_test_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call_batch("on_test_batch_begin", batch, logs)

    def on_test_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        self._call_batch("on_test_batch_end", batch, logs)

    def on_predict_batch_begin(self, batch: int, logs: Logs | None = None) -> None:
        self._call_batch("on_predict_batch_begin", batch, logs)

    def on_predict_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        # Outputs are arrays, however small: they must not become floats.
        for _, hook in self._hooks["on_predict_batch_end"]:
            hook(batch, logs)

    def on_train_begin(self, logs: Logs | None = None) -> None:
        self._find_hooks()
        self._call("on_train_begin", logs)

    def on_train_end(self, logs: Logs | None = None) -> None:
        self._call("on_train_end", logs)

    def on_test_begin(self, logs: Logs | None = None) -> None:
        self._find_hooks()
        self._call("on_test_begin", logs)

    def on_test_end(self, logs: Logs | None = None) -> None:
        self._call("on_test_end", logs)

    def on_predict_begin(self, logs: Logs | None = None) -> None:
        self._find_hooks()
        self._call("on_predict_begin", logs)

    def on_predict_end(self, logs: Logs | None = None) -> None:
        self._call("on_predict_end", logs)


def _check(callbacks: Any) -> list[Callback]:
    if callbacks is None:
        return []
    if isinstance(callbacks, Callback):
        return [callbacks]
    if not isinstance(callbacks, (list, tuple)):
        raise TypeError(
            "`callbacks` should be a Callback or a list of them. Received: "
            f"{callbacks!r} (of type {type(callbacks).__name__})"
        )

    for callback in callbacks:
        if isinstance(callback, type):
            hint = f" Did you mean `{callback.__name__}(...)`?"
        elif not isinstance(callback, Callback):
            hint = " To make one of functions, use keras.callbacks.LambdaCallback."
        else:
            continue
        raise TypeError(
            "`callbacks` should hold instances of keras.callbacks.Callback. Received: "
            f"{callback!r} (of type {type(callback).__name__}).{hint}"
        )

    return list(callbacks)


def _overrides(callback: Callback, name: str) -> bool:
    names = (name, name.replace("_train", "")) if "_train" in name else (name,)
    for name in names:
        hook = getattr(callback, name)
        # An instance attribute (a LambdaCallback's function) counts as well.
        if getattr(hook, "__func__", None) is not getattr(Callback, name):
            return True
    return False


def _as_floats(logs: Logs | None) -> Logs:
    """Logs as Python floats. Lazy mappings, which make floats themselves, pass."""
    if logs is None:
        return {}
    if type(logs) is not dict or all(type(v) is float for v in logs.values()):
        return logs
    floats: dict[str, Any] = {}
    for key, value in logs.items():
        if isinstance(value, dict):
            floats.update(_as_floats(value))
            continue
        try:
            floats[key] = float(value)
        except (TypeError, ValueError, RuntimeError):
            floats[key] = value  # an array of more than one element
    return floats
