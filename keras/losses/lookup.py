"""Losses by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras.core.family import Family
from keras.losses import circle_loss, ctc_loss, focal, hinges, overlap
from keras.losses import crossentropy as ce
from keras.losses import probabilistic as prob
from keras.losses import regression as reg
from keras.losses.loss import Loss, LossFunctionWrapper

_CLASSES = (
    Loss,
    LossFunctionWrapper,
    ce.BinaryCrossentropy,
    ce.CategoricalCrossentropy,
    ce.CategoricalGeneralizedCrossEntropy,
    ce.SparseCategoricalCrossentropy,
    circle_loss.Circle,
    ctc_loss.CTC,
    focal.BinaryFocalCrossentropy,
    focal.CategoricalFocalCrossentropy,
    hinges.CategoricalHinge,
    hinges.Hinge,
    hinges.SquaredHinge,
    overlap.Dice,
    overlap.Tversky,
    prob.KLDivergence,
    prob.Poisson,
    reg.CosineSimilarity,
    reg.Huber,
    reg.LogCosh,
    reg.MeanAbsoluteError,
    reg.MeanAbsolutePercentageError,
    reg.MeanSquaredError,
    reg.MeanSquaredLogarithmicError,
)
FUNCTIONS = (
    ce.binary_crossentropy,
    ce.categorical_crossentropy,
    ce.categorical_generalized_cross_entropy,
    ce.sparse_categorical_crossentropy,
    circle_loss.circle,
    ctc_loss.ctc,
    focal.binary_focal_crossentropy,
    focal.categorical_focal_crossentropy,
    hinges.categorical_hinge,
    hinges.hinge,
    hinges.squared_hinge,
    overlap.dice,
    overlap.tversky,
    prob.kl_divergence,
    prob.poisson,
    reg.cosine_similarity,
    reg.huber,
    reg.log_cosh,
    reg.mean_absolute_error,
    reg.mean_absolute_percentage_error,
    reg.mean_squared_error,
    reg.mean_squared_logarithmic_error,
)
_SHORT = {
    "bce": ce.binary_crossentropy,
    "kld": prob.kl_divergence,
    "mae": reg.mean_absolute_error,
    "mape": reg.mean_absolute_percentage_error,
    "mse": reg.mean_squared_error,
    "msle": reg.mean_squared_logarithmic_error,
}
_FAMILY = Family(
    "loss",
    {
        **{cls.__name__: cls for cls in _CLASSES},
        **{fn.__name__: fn for fn in FUNCTIONS},
        **_SHORT,
        **{name.upper(): fn for name, fn in _SHORT.items()},
    },
)


def get(identifier: Any) -> Any:
    """The loss meant by a name, a config, a class, a function, or itself.

    Args:
        identifier: such as "mse" or "mean_squared_error" (the function),
            "MeanSquaredError" (an instance of the class), a loss, a function
            `(y_true, y_pred)`, a config, or None.

    Raises:
        ValueError: no loss has that name; near ones are named.

    Example:
        >>> keras.losses.get("mse").__name__
        'mean_squared_error'
    """
    return _FAMILY.get(identifier)


def serialize(loss: Any) -> Any:
    """A loss as data."""
    return _FAMILY.serialize(loss)


def deserialize(name: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A loss from the data `serialize` gives, or from a name.

    Args:
        name: the data or the name.
        custom_objects: names and the classes or functions they stand for.
    """
    return _FAMILY.deserialize(name, custom_objects)
