"""Learning rates that depend on the step."""

from keras.optimizers.schedules.decays import (
    CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay,
    PiecewiseConstantDecay, PolynomialDecay,
)
from keras.optimizers.schedules.lookup import deserialize, serialize
from keras.optimizers.schedules.schedule import LearningRateSchedule

__all__ = [
    "CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay",
    "LearningRateSchedule", "PiecewiseConstantDecay", "PolynomialDecay", "deserialize",
    "serialize",
]
