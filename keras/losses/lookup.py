"""Losses by name."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

from keras.core.config.family import Family
from keras.losses.loss import LossFunctionWrapper

_SHORT = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
}


@functools.cache
def _family() -> Family:
    from keras import losses

    table = {name: getattr(losses, name) for name in losses.__all__}
    for name in ("get", "serialize", "deserialize"):
        del table[name]
    for short, name in _SHORT.items():
        table[short] = table[short.upper()] = table[name]
    return Family("loss", {**table, "LossFunctionWrapper": LossFunctionWrapper})


def get(identifier: Any) -> Any:
    """The loss for a name, a config, a class, a function, or a loss.

    Args:
        identifier: such as "mse" or "mean_squared_error" (the function),
            "MeanSquaredError" (an instance of the class), a loss, a function
            `(y_true, y_pred)`, a config, or None.

    Raises:
        ValueError: no loss has that name; the message suggests similar names.

    Example:
        >>> keras.losses.get("mse").__name__
        'mean_squared_error'
    """
    return _family().get(identifier)


def serialize(loss: Any) -> Any:
    """A loss as data."""
    return _family().serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A loss from a name or `serialize`'s data; `custom_objects` adds names."""
    return _family().deserialize(name, custom_objects)
