"""The names of Keras 2's older optimizers, which say that Keras 3 has none of them.

Their files and configs are read all the same: `keras.saving` makes the optimizers of
today of them.
"""

from __future__ import annotations

from typing import Any

_MESSAGE = (
    "keras.optimizers.legacy: Keras 3 does not have the older optimizers of Keras 2. "
    "Use the optimizer of the same name in `keras.optimizers`; with `tf.keras`, "
    "install the package `tf_keras` (Keras 2) and set TF_USE_LEGACY_KERAS=True."
)


class Adagrad:
    """An optimizer of Keras 2.

    Raises:
        ImportError: always; the message says what to use instead.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        raise ImportError(_MESSAGE)


Adam = Ftrl = Optimizer = RMSprop = SGD = Adagrad

__all__ = ["SGD", "Adagrad", "Adam", "Ftrl", "Optimizer", "RMSprop"]
