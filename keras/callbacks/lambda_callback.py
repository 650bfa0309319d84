"""A callback made of functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.callbacks.callback import Callback

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
        >>> show = keras.callbacks.LambdaCallback(
        ...     on_epoch_end=lambda epoch, logs: print(epoch, logs["loss"]))
        >>> model.fit(x, y, callbacks=[show])
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
