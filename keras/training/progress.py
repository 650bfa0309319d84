"""The progress bar, for the training loop.

It lives in `keras.utils`, where callbacks, which come before training, find it.
"""

from __future__ import annotations

from keras.utils.progbar import Progbar

__all__ = ["Progbar"]
