"""Initializers by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras.core.config.family import Family, table_of
from keras.core.foreign import framework_of
from keras.core.variable import register_initializers
from keras.initializers import constant_initializers as fixed
from keras.initializers import random_initializers as drawn

_FAMILY = Family(
    "initializer",
    table_of(
        [
            *(fixed.Zeros, fixed.Ones, fixed.Constant, fixed.Identity),
            *(drawn.RandomNormal, drawn.RandomUniform, drawn.TruncatedNormal),
            *(drawn.VarianceScaling, drawn.GlorotNormal, drawn.GlorotUniform),
            *(drawn.HeNormal, drawn.HeUniform, drawn.LecunNormal, drawn.LecunUniform),
            drawn.Orthogonal,
        ],
        STFT=fixed.STFT,
        stft=fixed.STFT,
        zero=fixed.Zeros,
        one=fixed.Ones,
        normal=drawn.RandomNormal,
        uniform=drawn.RandomUniform,
        IdentityInitializer=fixed.Identity,
        OrthogonalInitializer=drawn.Orthogonal,
        STFTInitializer=fixed.STFT,
    ),
)


def get(identifier: Any) -> Any:
    """The initializer meant by a name, a class, a config, an array or a callable.

    Args:
        identifier: "he_normal", "HeNormal", `HeNormal`, an instance, a function
            `(shape, dtype) -> value`, a config, an array of the value, or None.

    Returns:
        An initializer, a callable, or None.

    Raises:
        ValueError: no initializer has that name.

    Example:
        >>> keras.initializers.get("ones")((2,)).numpy()
        array([1., 1.], dtype=float32)
    """
    if isinstance(identifier, np.ndarray) or framework_of(identifier) is not None:
        return fixed.Constant(identifier)
    return _FAMILY.get(identifier)


def serialize(initializer: Any) -> Any:
    """An initializer as data."""
    return _FAMILY.serialize(initializer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """An initializer from a name or `serialize`'s data; `custom_objects` adds names."""
    return _FAMILY.deserialize(config, custom_objects)


register_initializers(get)
