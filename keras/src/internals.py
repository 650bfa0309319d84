"""Functions of Keras's inside that libraries import, written with what is here."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from keras.training.data.weights import ClassWeights

_F = TypeVar("_F", bound=Callable[..., Any])


def class_weight_to_sample_weights(y: Any, class_weight: Mapping[int, float]) -> Any:
    """The weight of each target's class, as an array of the shape of the class indices.

    Args:
        y: class indices, or one-hot targets of shape (batch_size, classes).
        class_weight: a weight for each class; classes that are not in it weigh 1.
    """
    return ClassWeights(class_weight).of(np.asarray(y))


def no_automatic_dependency_tracking(method: _F) -> _F:
    """The method as it is: nothing is tracked when an attribute is set."""
    return method


def in_tf_graph() -> bool:
    """Whether a TensorFlow graph is being built here."""
    tensorflow = sys.modules.get("tensorflow")
    return tensorflow is not None and not tensorflow.executing_eagerly()


def in_grain_data_pipeline() -> bool:
    """False: a data layer computes with the framework of its argument anyway."""
    return False
