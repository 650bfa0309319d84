"""The base of layers around what is written in a framework.

Such a layer works on the backend of its framework alone. Its weights are objects of the
framework, not copies of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.core import scope
from keras.core.config.configurable import written
from keras.core.variable import Variable
from keras.layers.layer import Layer


class NativeLayer(Layer):
    """The base of layers that belong to one framework."""

    _framework = ""  # the name of the backend that it needs

    _calls_user_code = True

    def __init__(self, **kwargs: Any) -> None:
        check_backend(type(self), self._backend.name)
        super().__init__(**kwargs)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        check_backend(type(self), scope.current().name)
        return super().__deepcopy__(memo)

    def config_value(self, name: str, value: Any) -> Any:
        """The framework's own object stays as it is, unless its class says how."""
        if name != "module":
            return super().config_value(name, value)
        try:
            return written(value)
        except TypeError:  # it serves `from_config` here; saving it says so
            return value

    def _adopt(self, kept: Any, trainable: bool, name: str) -> Variable:
        """A Variable over the framework's own object, not a copy of it."""
        variable = self.add_weight(
            tuple(kept.shape),
            lambda shape, dtype: np.zeros(shape),
            self._backend.dtype_of(kept),
            trainable,
            name=name.replace("/", "_"),
        )
        variable._value = kept
        return variable


def check_backend(cls: type[NativeLayer], backend: str) -> None:
    """Raise if `backend` is not the one that the layer needs."""
    needed = cls._framework
    if backend != needed:
        raise ValueError(
            f"{cls.__name__} runs what is written in {needed}, and this is the backend "
            f"{backend!r}. Make the layer, and the model around it, inside `with "
            f"keras.config.backend_scope({needed!r}):`, or set KERAS_BACKEND={needed}."
        )
