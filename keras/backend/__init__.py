"""The backends, and the old names of a few settings.

Importing a backend imports this package, so the names here are found when asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras.core.backends import BackendInfo, register
    from keras.core.dtypes import (
        is_float_dtype,
        is_int_dtype,
        result_type,
        standardize_dtype,
    )
    from keras.core.naming import get_uid
    from keras.core.scope import backend
    from keras.core.settings import (
        epsilon,
        floatx,
        image_data_format,
        set_epsilon,
        set_floatx,
        set_image_data_format,
    )
    from keras.core.tensor import is_keras_tensor
    from keras.utils.session import clear_session

_NAMES = {
    "keras.core.settings": "epsilon floatx image_data_format set_epsilon set_floatx "
    "set_image_data_format",
    "keras.core.dtypes": "is_float_dtype is_int_dtype result_type standardize_dtype",
    "keras.core.naming": "get_uid",
    "keras.core.backends": "BackendInfo register",
    "keras.core.scope": "backend",
    "keras.core.tensor": "is_keras_tensor",
    "keras.utils.session": "clear_session",
}

__all__ = [
    "BackendInfo",
    "backend",
    "clear_session",
    "epsilon",
    "floatx",
    "get_uid",
    "image_data_format",
    "is_float_dtype",
    "is_int_dtype",
    "is_keras_tensor",
    "register",
    "result_type",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "standardize_dtype",
]


def __getattr__(name: str) -> Any:
    for module, names in _NAMES.items():
        if name in names.split():
            return getattr(importlib.import_module(module), name)
    raise AttributeError(f"module 'keras.backend' has no attribute {name!r}")
