"""What this backend changes about JAX: `jax.Array` gets a method `numpy`.

On every backend `.numpy()` gives the values of what this package returns; JAX's arrays
have no such method. Nothing else of JAX is changed.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from keras.core.scalars import readable


def _numpy(self: Any) -> Any:
    """The array's values on the host; a NumPy scalar when it has no axes."""
    return readable(np.asarray(self))


if not hasattr(jax.Array, "numpy"):
    jax.Array.numpy = _numpy  # type: ignore[attr-defined]
