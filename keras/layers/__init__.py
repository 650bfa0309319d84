"""Layers."""

from keras.layers.dense import Dense
from keras.layers.input_layer import Input, InputLayer
from keras.layers.input_spec import InputSpec
from keras.layers.layer import Layer

__all__ = ["Dense", "Input", "InputLayer", "InputSpec", "Layer"]
