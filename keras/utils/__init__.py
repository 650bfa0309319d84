"""Helpers that programs call by hand."""

from keras.core.config.registry import (
    CustomObjectScope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from keras.core.config.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from keras.core.dtypes import standardize_dtype
from keras.core.settings import (
    disable_interactive_logging,
    enable_interactive_logging,
    is_interactive_logging_enabled,
)
from keras.core.tensor import is_keras_tensor
from keras.utils import bounding_boxes, legacy
from keras.utils.audio_dataset import audio_dataset_from_directory
from keras.utils.compare import compare_backends
from keras.utils.config import Config
from keras.utils.feature_space import FeatureSpace
from keras.utils.file_utils import get_file
from keras.utils.image_dataset import image_dataset_from_directory
from keras.utils.image_utils import array_to_img, img_to_array, load_img, save_img
from keras.utils.native import torch_module
from keras.utils.numerical_utils import normalize, pad_sequences, to_categorical
from keras.utils.packing import pack_x_y_sample_weight, unpack_x_y_sample_weight
from keras.utils.plot import model_to_dot, plot_model
from keras.utils.progbar import Progbar
from keras.utils.py_dataset import PyDataset
from keras.utils.session import clear_session, get_source_inputs, set_random_seed
from keras.utils.split_dataset import split_dataset
from keras.utils.text_dataset import text_dataset_from_directory
from keras.utils.timeseries_dataset import timeseries_dataset_from_array

Sequence = PyDataset
custom_object_scope = CustomObjectScope

__all__ = [
    "Config",
    "CustomObjectScope",
    "FeatureSpace",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "audio_dataset_from_directory",
    "bounding_boxes",
    "clear_session",
    "compare_backends",
    "custom_object_scope",
    "deserialize_keras_object",
    "disable_interactive_logging",
    "enable_interactive_logging",
    "get_custom_objects",
    "get_file",
    "get_registered_name",
    "get_registered_object",
    "get_source_inputs",
    "image_dataset_from_directory",
    "img_to_array",
    "is_interactive_logging_enabled",
    "is_keras_tensor",
    "legacy",
    "load_img",
    "model_to_dot",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "standardize_dtype",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "torch_module",
    "unpack_x_y_sample_weight",
]
