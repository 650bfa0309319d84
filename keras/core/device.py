"""Where tensors are made."""

from __future__ import annotations

from typing import Any

from keras.core.scope import current


def device(device_name: str) -> Any:
    """A context in which tensors are made on a device.

    Args:
        device_name: `"cpu"`, `"gpu"` or with a number, such as `"gpu:1"`.

    Example:
        >>> with keras.device("cpu:0"):
        ...     x = keras.ops.ones((2, 2))
    """
    return current().device_scope(device_name)
