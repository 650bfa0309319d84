"""What the laws share: the groups, the comparisons, and one array."""

from __future__ import annotations

from typing import Any

import ml_dtypes
import numpy as np

from keras import ops
from keras.backend.contract import Backend
from keras.core import tree
from keras.testing.backend_laws.report import Laws, Skip

LAWS = Laws(
    "members",
    "tensors",
    "ops",
    "shapes",
    "variables",
    "random",
    "control",
    "gradients",
    "steps",
    "devices",
    "models",
)

X = np.arange(12, dtype="float32").reshape(3, 4) / 10 - 0.55


def require(holds: Any, message: str) -> None:
    if not holds:
        raise AssertionError(message)


def require_equal(found: Any, expected: Any, what: str) -> None:
    require(found == expected, f"{what}: expected {expected!r}, found {found!r}.")


def to_host(x: Any) -> np.ndarray:
    """A tensor's values; narrow floats as float32."""
    array = np.asarray(ops.convert_to_numpy(x))
    if array.dtype.kind == "V" or array.dtype in (np.float16, ml_dtypes.bfloat16):
        return array.astype("float32")
    return array


def require_close(
    found: Any, expected: Any, what: str = "the value", tolerance: float = 1e-5
) -> None:
    """Raise unless both nests hold the same arrays, up to a tolerance."""
    arrays = [to_host(x) for x in tree.flatten(found)]
    wanted = [np.asarray(x) for x in tree.flatten(expected)]
    shapes = [x.shape for x in arrays]
    require_equal(shapes, [x.shape for x in wanted], f"the shapes of {what}")

    for array, want in zip(arrays, wanted):
        close = np.isclose(array, want, tolerance, tolerance, equal_nan=True)
        if not close.all():
            place = tuple(int(i) for i in np.argwhere(~close)[0])
            raise AssertionError(
                f"{what}: at {place} expected {want[place]}, found {array[place]}; "
                f"{(~close).sum()} of {close.size} elements differ by more than "
                f"{tolerance}."
            )


def to_tensors(nest: Any) -> Any:
    return tree.map_structure(
        lambda x: ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x, nest
    )


def need_gradients(backend: Backend) -> None:
    if not backend.HAS_GRADIENTS:
        raise Skip("the backend has no gradients")
