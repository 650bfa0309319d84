"""The metric that "accuracy" or "crossentropy" means for an output's shape."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import losses
from keras.metrics import accuracy as acc
from keras.metrics import probabilistic as prob
from keras.metrics.mean import MeanMetricWrapper

ACCURACY = ("accuracy", "acc")
CROSSENTROPY = ("crossentropy", "ce")
# By kind: for a binary output, for one-hot labels, for class indices.
_CLASSES: dict[str, tuple[type[MeanMetricWrapper], ...]] = {
    "accuracy": (
        acc.BinaryAccuracy,
        acc.CategoricalAccuracy,
        acc.SparseCategoricalAccuracy,
    ),
    "crossentropy": (
        prob.BinaryCrossentropy,
        prob.CategoricalCrossentropy,
        prob.SparseCategoricalCrossentropy,
    ),
}
_FUNCTIONS: dict[str, tuple[Callable, ...]] = {
    "accuracy": (
        acc.binary_accuracy,
        acc.categorical_accuracy,
        acc.sparse_categorical_accuracy,
    ),
    "crossentropy": (
        losses.binary_crossentropy,
        losses.categorical_crossentropy,
        losses.sparse_categorical_crossentropy,
    ),
}


def resolve_accuracy(
    kind: str, y_true_shape: Sequence, y_pred_shape: Sequence
) -> type[MeanMetricWrapper]:
    """The class of the metric that "accuracy" or "crossentropy" means.

    Args:
        kind: "accuracy" or "acc", "crossentropy" or "ce".
        y_true_shape: the labels' shape, with the batch.
        y_pred_shape: the output's shape, with the batch.

    Example:
        >>> resolve_accuracy("acc", (None, 1), (None, 10)).__name__
        'SparseCategoricalAccuracy'
    """
    return _CLASSES[_kind(kind)][_case(y_true_shape, y_pred_shape)]


def resolve_function(
    kind: str, y_true_shape: Sequence, y_pred_shape: Sequence
) -> Callable[..., Any]:
    """Like `resolve_accuracy`, but the function that the metric averages."""
    return _FUNCTIONS[_kind(kind)][_case(y_true_shape, y_pred_shape)]


def _kind(kind: str) -> str:
    if kind.lower() in ACCURACY:
        return "accuracy"
    if kind.lower() in CROSSENTROPY:
        return "crossentropy"
    raise ValueError(
        f"`kind` must be one of {[*ACCURACY, *CROSSENTROPY]}; received {kind!r}."
    )


def _case(y_true_shape: Sequence, y_pred_shape: Sequence) -> int:
    """0 for a binary output, 1 for one-hot labels, 2 for class indices."""
    if len(y_pred_shape) < 2 or y_pred_shape[-1] == 1:
        return 0
    if len(y_true_shape) < len(y_pred_shape) or y_true_shape[-1] == 1:
        return 2
    return 1
