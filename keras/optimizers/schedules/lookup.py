"""Schedules by config."""

from __future__ import annotations

from typing import Any

from keras.core.config.family import Family, table_of
from keras.optimizers.schedules import decays
from keras.optimizers.schedules.decays import LearningRateSchedule

_FAMILY = Family(
    "learning rate schedule",
    table_of(
        (
            decays.CosineDecay,
            decays.CosineDecayRestarts,
            decays.ExponentialDecay,
            decays.InverseTimeDecay,
            decays.PiecewiseConstantDecay,
            decays.PolynomialDecay,
        )
    ),
)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """The schedule as a config."""
    return _FAMILY.serialize(learning_rate_schedule)


def deserialize(
    config: dict[str, Any], custom_objects: Any = None
) -> LearningRateSchedule:
    """The schedule from its config."""
    return _FAMILY.deserialize(config, custom_objects)
