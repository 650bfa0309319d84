"""Optimizers and learning-rate schedules."""

from keras.optimizers import legacy, schedules
from keras.optimizers.adam import Adam, Adamax, AdamW, Lamb, Lion, Nadam
from keras.optimizers.adaptive import Adadelta, Adafactor, Adagrad, Ftrl, RMSprop
from keras.optimizers.lookup import deserialize, get, serialize
from keras.optimizers.loss_scale import LossScaleOptimizer
from keras.optimizers.multi import MultiOptimizer, OptimizerMap
from keras.optimizers.muon import Muon
from keras.optimizers.optimizer import Optimizer
from keras.optimizers.schedule_free import ScheduleFreeAdamW
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
    "MultiOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "OptimizerMap",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "legacy",
    "schedules",
    "serialize",
]
