"""Data made ready for a model, under the names of Keras 2."""

from keras.preprocessing import image, sequence
from keras.utils.image_dataset import image_dataset_from_directory
from keras.utils.text_dataset import text_dataset_from_directory
from keras.utils.timeseries_dataset import timeseries_dataset_from_array

__all__ = [
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
