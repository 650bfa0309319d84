"""Metrics by name."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Mapping
from typing import Any

from keras.core.config.family import Family, table_of

_SHORT = {
    "bce": "BinaryCrossentropy",
    "kld": "KLDivergence",
    "mae": "MeanAbsoluteError",
    "mape": "MeanAbsolutePercentageError",
    "mse": "MeanSquaredError",
    "msle": "MeanSquaredLogarithmicError",
    "rmse": "RootMeanSquaredError",
}


@functools.cache
def _family() -> Family:
    from keras import metrics

    public = {name: getattr(metrics, name) for name in metrics.__all__}
    for name in ("get", "serialize", "deserialize"):
        del public[name]
    # A name that a class and a function share, such as "hinge", means the class.
    table = {**public, **table_of(filter(inspect.isclass, public.values()))}
    for short, name in _SHORT.items():
        table[short] = table[short.upper()] = table[name]
    return Family("metric", table)


def get(identifier: Any) -> Any:
    """The metric meant by a name, a config, a class, a function, or itself.

    Args:
        identifier: such as "mse", "auc" or "MeanSquaredError", a metric, a function
            `(y_true, y_pred)`, a config, or None.

    Raises:
        ValueError: no metric has that name; near ones are named.

    Example:
        >>> keras.metrics.get("mae").name
        'mean_absolute_error'
    """
    return _family().get(identifier)


def serialize(metric: Any) -> Any:
    """A metric as data."""
    return _family().serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A metric from a name or `serialize`'s data; `custom_objects` adds names."""
    return _family().deserialize(config, custom_objects)
