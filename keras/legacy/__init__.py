"""What programs written for Keras 2 import."""

from keras.legacy import saving

__all__ = ["saving"]
