"""Models: functional, sequential, and the base to subclass."""

from keras.models import functional  # noqa: F401 - the class that files name
from keras.models.cloning import clone_model, model_from_json
from keras.models.model import Model
from keras.models.sequential import Sequential
from keras.saving import load_model, save_model

__all__ = [
    "Model",
    "Sequential",
    "clone_model",
    "load_model",
    "model_from_json",
    "save_model",
]
