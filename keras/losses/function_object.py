"""Losses and metrics made of a function: its arguments are the object's config."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.core.config.configurable import Configurable, written


class FunctionObject(Configurable):
    """Keeps a function and the arguments it is called with."""

    def keep_function(self, fn: Callable, kwargs: dict[str, Any]) -> None:
        """Keep `fn`, and its arguments as attributes, where the config finds them."""
        if not callable(fn):
            raise TypeError(
                f"{type(self).__name__}: `fn` must be a function of (y_true, y_pred); "
                f"received {fn!r}."
            )
        self.fn = fn
        self._fn_kwargs = kwargs
        for name, value in kwargs.items():
            setattr(self, name, value)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if "fn" in config:
            config.update({k: written(v) for k, v in self._fn_kwargs.items()})
        return config
