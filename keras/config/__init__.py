"""Settings: the backend, number types, data formats."""

from keras.core.config.limits import enable_unsafe_deserialization
from keras.core.scope import backend, backend_scope, set_backend
from keras.core.settings import (
    disable_flash_attention,
    disable_traceback_filtering,
    enable_flash_attention,
    enable_traceback_filtering,
    epsilon,
    floatx,
    image_data_format,
    is_flash_attention_enabled,
    is_traceback_filtering_enabled,
    max_epochs,
    max_steps_per_epoch,
    portable_random,
    set_epsilon,
    set_floatx,
    set_image_data_format,
    set_max_epochs,
    set_max_steps_per_epoch,
    set_portable_random,
)
from keras.dtype_policies.policy import dtype_policy, set_dtype_policy

__all__ = [
    "backend",
    "backend_scope",
    "disable_flash_attention",
    "disable_traceback_filtering",
    "dtype_policy",
    "enable_flash_attention",
    "enable_traceback_filtering",
    "enable_unsafe_deserialization",
    "epsilon",
    "floatx",
    "image_data_format",
    "is_flash_attention_enabled",
    "is_traceback_filtering_enabled",
    "max_epochs",
    "max_steps_per_epoch",
    "portable_random",
    "set_backend",
    "set_dtype_policy",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
    "set_max_epochs",
    "set_max_steps_per_epoch",
    "set_portable_random",
]
