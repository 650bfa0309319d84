"""Layers as data and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras.core.config.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from keras.layers.layer import Layer


def serialize(layer: Layer) -> dict[str, Any]:
    """A layer's class and config as data.

    Example:
        >>> keras.layers.serialize(keras.layers.Flatten())["class_name"]
        'Flatten'
    """
    return serialize_keras_object(layer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Layer:
    """The layer that `serialize` wrote, with new weights.

    Args:
        config: a dict with `class_name` and `config`.
        custom_objects: names and the classes or functions they stand for.

    Raises:
        ValueError: the config is not that of a layer.

    Example:
        >>> config = keras.layers.serialize(keras.layers.Flatten())
        >>> layer = keras.layers.deserialize(config)
    """
    made = deserialize_keras_object(config, custom_objects=custom_objects)
    if not isinstance(made, Layer):
        raise ValueError(
            "keras.layers.deserialize takes the config of a layer, as "
            f"keras.layers.serialize gives it; received {config!r}."
        )
    return made
