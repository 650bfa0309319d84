"""The data pipeline of `fit`, `evaluate` and `predict`, for every backend."""

from keras.training.data.make import make_batches, split_validation
from keras.training.data.source import BatchSource

__all__ = ["BatchSource", "make_batches", "split_validation"]
