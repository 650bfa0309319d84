"""Pipelines of data for every backend: lazy, exact, in threads or processes."""

from keras.data.dataset import AUTOTUNE, Dataset, DatasetIterator
from keras.data.workers import WorkerDied

__all__ = ["AUTOTUNE", "Dataset", "DatasetIterator", "WorkerDied"]
