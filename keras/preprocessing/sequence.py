"""Sequences brought to one length."""

from keras.utils.numerical_utils import pad_sequences

__all__ = ["pad_sequences"]
