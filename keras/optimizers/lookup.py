"""Optimizers by name and by config."""

from __future__ import annotations

from typing import Any

from keras.core.config.family import Family, table_of
from keras.optimizers.adam import Adam, Adamax, AdamW, Lamb, Lion, Nadam
from keras.optimizers.adaptive import Adadelta, Adafactor, Adagrad, Ftrl, RMSprop
from keras.optimizers.loss_scale import LossScaleOptimizer
from keras.optimizers.multi import MultiOptimizer
from keras.optimizers.muon import Muon
from keras.optimizers.optimizer import Optimizer
from keras.optimizers.schedule_free import ScheduleFreeAdamW
from keras.optimizers.sgd import SGD

_CLASSES = (
    *(Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion),
    *(LossScaleOptimizer, MultiOptimizer, Muon, Nadam, RMSprop, SGD),
    ScheduleFreeAdamW,
)
_LOWER = {cls.__name__.lower(): cls for cls in _CLASSES}
_FAMILY = Family("optimizer", {**table_of(_CLASSES), **_LOWER}, ignore_case=True)


def get(identifier: Any) -> Optimizer | None:
    """An optimizer from a name, a config, or itself.

    Args:
        identifier: `"adam"`, a config dict, an `Optimizer`, or None.

    Raises:
        ValueError: no optimizer has that name; near ones are named.
    """
    return _FAMILY.get(identifier)


def serialize(optimizer: Optimizer) -> dict[str, Any]:
    """The optimizer as a config, without its state."""
    return _FAMILY.serialize(optimizer)


def deserialize(config: dict[str, Any], custom_objects: Any = None) -> Optimizer:
    """The optimizer from its config."""
    return _FAMILY.deserialize(config, custom_objects)
