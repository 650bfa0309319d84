"""The public API as `tf.keras` had it: that of `keras`, and names of Keras 2.

TensorFlow loads this file as `keras._tf_keras.keras` for `tf.keras`, and as
`tensorflow.keras` for `from tensorflow.keras import layers`. A program that comes in by
this door computes with TensorFlow, unless a backend was chosen.
"""

from __future__ import annotations

from typing import Any

from keras._tf_keras.table import ADVICE, resolve
from keras.core.alias_modules import install
from keras.core.scope import prefer_backend

prefer_backend("tensorflow", "the import of tensorflow.keras")
_alias = install(__name__, resolve, ADVICE)


def __getattr__(name: str) -> Any:
    return getattr(_alias, name)


def __dir__() -> list[str]:
    return dir(_alias)
