"""Optimizers."""

from keras.optimizers.adam import Adam, AdamW
from keras.optimizers.optimizer import Optimizer
from keras.optimizers.sgd import SGD
from keras.optimizers.lookup import deserialize, get, serialize

__all__ = ["Adam", "AdamW", "Optimizer", "SGD", "deserialize", "get", "serialize"]
