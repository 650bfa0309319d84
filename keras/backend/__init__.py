"""The backends, and the old names of a few settings.

Importing a backend imports this package, so the names here are found when asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras.core.config import (
        epsilon,
        floatx,
        image_data_format,
        set_epsilon,
        set_floatx,
        set_image_data_format,
    )
    from keras.core.dtypes import (
        is_float_dtype,
        is_int_dtype,
        result_type,
        standardize_dtype,
    )
    from keras.core.naming import get_uid
    from keras.core.scope import backend
    from keras.core.tensor import is_keras_tensor
    from keras.utils.session import clear_session

_NAMES = {
    "backend": "keras.core.scope",
    "clear_session": "keras.utils.session",
    "epsilon": "keras.core.config",
    "floatx": "keras.core.config",
    "get_uid": "keras.core.naming",
    "image_data_format": "keras.core.config",
    "is_float_dtype": "keras.core.dtypes",
    "is_int_dtype": "keras.core.dtypes",
    "is_keras_tensor": "keras.core.tensor",
    "result_type": "keras.core.dtypes",
    "set_epsilon": "keras.core.config",
    "set_floatx": "keras.core.config",
    "set_image_data_format": "keras.core.config",
    "standardize_dtype": "keras.core.dtypes",
}

__all__ = [
    "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format",
    "is_float_dtype", "is_int_dtype", "is_keras_tensor", "result_type", "set_epsilon",
    "set_floatx", "set_image_data_format", "standardize_dtype",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(importlib.import_module(_NAMES[name]), name)
    raise AttributeError(f"module 'keras.backend' has no attribute {name!r}")
