"""Metrics by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras.core.family import Family, table_of
from keras.losses.lookup import FUNCTIONS as LOSS_FUNCTIONS
from keras.metrics import accuracy as acc
from keras.metrics import confusion, curves, fscore, iou
from keras.metrics import mean as means
from keras.metrics import probabilistic as prob
from keras.metrics import regression as reg
from keras.metrics.metric import Metric

CLASSES = (
    Metric,
    acc.Accuracy,
    acc.BinaryAccuracy,
    acc.CategoricalAccuracy,
    acc.SparseCategoricalAccuracy,
    acc.SparseTopKCategoricalAccuracy,
    acc.TopKCategoricalAccuracy,
    confusion.FalseNegatives,
    confusion.FalsePositives,
    confusion.Precision,
    confusion.Recall,
    confusion.TrueNegatives,
    confusion.TruePositives,
    curves.AUC,
    curves.PrecisionAtRecall,
    curves.RecallAtPrecision,
    curves.SensitivityAtSpecificity,
    curves.SpecificityAtSensitivity,
    fscore.F1Score,
    fscore.FBetaScore,
    iou.BinaryIoU,
    iou.IoU,
    iou.MeanIoU,
    iou.OneHotIoU,
    iou.OneHotMeanIoU,
    means.Mean,
    means.MeanMetricWrapper,
    means.Sum,
    prob.BinaryCrossentropy,
    prob.CategoricalCrossentropy,
    prob.CategoricalHinge,
    prob.Hinge,
    prob.KLDivergence,
    prob.Poisson,
    prob.SparseCategoricalCrossentropy,
    prob.SquaredHinge,
    reg.ConcordanceCorrelation,
    reg.CosineSimilarity,
    reg.LogCoshError,
    reg.MeanAbsoluteError,
    reg.MeanAbsolutePercentageError,
    reg.MeanSquaredError,
    reg.MeanSquaredLogarithmicError,
    reg.PearsonCorrelation,
    reg.R2Score,
    reg.RootMeanSquaredError,
)
_SHORT = {
    "bce": prob.BinaryCrossentropy,
    "kld": prob.KLDivergence,
    "mae": reg.MeanAbsoluteError,
    "mape": reg.MeanAbsolutePercentageError,
    "mse": reg.MeanSquaredError,
    "msle": reg.MeanSquaredLogarithmicError,
    "rmse": reg.RootMeanSquaredError,
}
_FAMILY = Family(
    "metric",
    {
        # Losses that are no metric class of their own are found as functions.
        **{fn.__name__: fn for fn in LOSS_FUNCTIONS},
        **table_of(CLASSES),
        **_SHORT,
        **{name.upper(): cls for name, cls in _SHORT.items()},
    },
)


def get(identifier: Any) -> Any:
    """The metric meant by a name, a config, a class, a function, or itself.

    Args:
        identifier: such as "mse", "auc" or "MeanSquaredError", a metric, a function
            `(y_true, y_pred)`, a config, or None.

    Raises:
        ValueError: no metric has that name; near ones are named.

    Example:
        >>> keras.metrics.get("mae").name
        'mean_absolute_error'
    """
    return _FAMILY.get(identifier)


def serialize(metric: Any) -> Any:
    """A metric as data."""
    return _FAMILY.serialize(metric)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A metric from the data `serialize` gives, or from a name.

    Args:
        config: the data or the name.
        custom_objects: names and the classes or functions they stand for.
    """
    return _FAMILY.deserialize(config, custom_objects)
