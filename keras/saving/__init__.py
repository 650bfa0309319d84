"""Save models and weights, load them, and let your own classes be found by name."""

from keras.core.config.registry import (
    CustomObjectScope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from keras.core.config.registry import CustomObjectScope as custom_object_scope
from keras.core.config.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from keras.saving.file_editor import KerasFileEditor
from keras.saving.model import load_model, load_trusted_model, save_model
from keras.saving.state_dict import WeightMap, load_state_dict, to_state_dict
from keras.saving.weights import load_weights, save_weights

__all__ = [
    "CustomObjectScope",
    "KerasFileEditor",
    "WeightMap",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_state_dict",
    "load_trusted_model",
    "load_weights",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
    "to_state_dict",
]
