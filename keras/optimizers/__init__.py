"""Optimizers and learning-rate schedules."""

from keras.optimizers import schedules
from keras.optimizers.adam import Adam, AdamW
from keras.optimizers.lookup import deserialize, get, serialize
from keras.optimizers.loss_scale import LossScaleOptimizer
from keras.optimizers.optimizer import Optimizer
from keras.optimizers.rmsprop import RMSprop
from keras.optimizers.sgd import SGD

__all__ = [
    "SGD", "Adam", "AdamW", "LossScaleOptimizer", "Optimizer", "RMSprop", "deserialize",
    "get", "schedules", "serialize",
]
