"""Optimizers and learning-rate schedules."""

from keras.optimizers import schedules
from keras.optimizers.adam import Adam, Adamax, AdamW, Lamb, Lion, Nadam
from keras.optimizers.adaptive import Adadelta, Adafactor, Adagrad, Ftrl, RMSprop
from keras.optimizers.lookup import deserialize, get, serialize
from keras.optimizers.loss_scale import LossScaleOptimizer
from keras.optimizers.muon import Muon
from keras.optimizers.optimizer import Optimizer
from keras.optimizers.sgd import SGD

__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
