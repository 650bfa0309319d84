"""The kind of a value, and its NumPy form, without importing any framework."""

from __future__ import annotations

import numbers
import sys
from collections.abc import Callable, Mapping
from typing import Any

import ml_dtypes
import numpy as np

from keras.core.backends import owner_of_package
from keras.core.scope import backend
from keras.core.settings import floatx

_SCALARS = (numbers.Number, np.generic, str, bytes)


def roots(value: Any) -> list[str]:
    """The packages that the classes of `value` come from, nearest first."""
    return [cls.__module__.partition(".")[0] for cls in type(value).__mro__]


def framework_of(value: Any) -> str | None:
    """The name of the backend whose tensor `value` is, or of a subclass of them."""
    if not (hasattr(value, "shape") and hasattr(value, "dtype")):
        return None
    owners = (owner_of_package(root) for root in roots(value))
    return next((owner for owner in owners if owner is not None), None)


def is_array(value: Any) -> bool:
    """Whether `value` is one array of samples, of whatever kind."""
    if isinstance(value, (list, tuple)):
        return is_scalars(value)
    if is_sparse(value):
        return True
    if not (hasattr(value, "shape") and hasattr(value, "__getitem__")):
        return False
    return hasattr(value, "dtype") or hasattr(value, "iloc")


def is_sparse(value: Any) -> bool:
    """Whether `value` is a sparse tensor of a framework."""
    if type(value).__name__ in ("SparseTensor", "BCOO"):
        return True
    return "sparse" in str(getattr(value, "layout", ""))


def is_scalars(value: Any) -> bool:
    """Whether a list (of lists) holds plain numbers or strings: it is an array."""
    if isinstance(value, (list, tuple)):
        # Only the first of each inner list is looked at: they may be very many.
        return len(value) > 0 and all(is_scalars(_first(item)) for item in value)
    return isinstance(value, _SCALARS)


def _first(value: Any) -> Any:
    while isinstance(value, (list, tuple)) and value:
        value = value[0]
    return value


def map_arrays(function: Callable[[str, Any], Any], name: str, value: Any) -> Any:
    """Apply `function(name, array)` to each array of a nested structure.

    Dicts keep their order, None stays None, and a list of numbers is an array.
    """
    if value is None:
        return None
    if isinstance(value, Mapping):
        return {
            key: map_arrays(function, f"{name}[{key!r}]", item)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)) and not is_scalars(value):
        items = [
            map_arrays(function, f"{name}[{index}]", item)
            for index, item in enumerate(value)
        ]
        if hasattr(value, "_fields"):  # a namedtuple
            return type(value)(*items)
        return items if isinstance(value, list) else tuple(items)
    return function(name, value)


def as_floatx(array: np.ndarray, narrow_only: bool = False) -> np.ndarray:
    """`array` in `floatx()` if it holds floats, else as it is.

    Args:
        narrow_only: Leave floats that are no wider than `floatx()` as they are.
    """
    kind = array.dtype.kind
    if kind != "f" and (kind != "V" or array.dtype.name != "bfloat16"):
        return array
    target = np.dtype(floatx())
    if narrow_only and array.dtype.itemsize <= target.itemsize:
        return array
    return array.astype(target, copy=False)


def to_numpy(tensor: Any) -> np.ndarray:
    """The NumPy form of a tensor or array-like, a view of it where that is possible."""
    if framework_of(tensor) == "torch":
        tensor = tensor.detach().cpu()
        if tensor.layout is not sys.modules["torch"].strided:
            tensor = tensor.to_dense()
        if str(tensor.dtype) == "torch.bfloat16":
            bits = tensor.contiguous().view(sys.modules["torch"].int16)
            return bits.numpy().view(ml_dtypes.bfloat16)
        return tensor.numpy()
    for densify in ("to_tensor", "todense"):  # tf.RaggedTensor; sparse JAX and SciPy
        if hasattr(tensor, densify):
            tensor = getattr(tensor, densify)()
    if type(tensor).__name__ == "SparseTensor":
        tensor = sys.modules["tensorflow"].sparse.to_dense(tensor)
    return np.asarray(tensor)


def to_host(name: str, value: Any) -> Any:
    """One leaf of a batch as the trainer takes it.

    A tensor of the backend in force stays as it is; anything else becomes a NumPy
    array, with floats wider than `floatx()` narrowed.
    """
    if isinstance(value, np.ndarray):
        return as_floatx(value, narrow_only=True)
    framework = framework_of(value)
    if framework is not None and framework == backend():
        return value
    if framework is None and not (is_array(value) or isinstance(value, _SCALARS)):
        raise TypeError(
            f"A batch must hold arrays, tensors or numbers; `{name}` is of type "
            f"{type(value).__module__}.{type(value).__qualname__}."
        )
    return as_floatx(to_numpy(value), narrow_only=True)
