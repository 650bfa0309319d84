"""NumPy tensors: making them, reading them, their types, as `contract.py` says.

A tensor is an `Array` (`array.py`), or while shapes are found out a `Hollow`: a shape
and a type without memory (`hollow.py`).
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np

from keras.backend.defaults import dtype_name, dtype_of
from keras.backend.numpy.array import Array, as_array, quiet
from keras.backend.numpy.hollow import Hollow, hollow_scope, is_hollow
from keras.backend.scipy_matrices import is_matrix
from keras.core import dtypes
from keras.core.foreign import is_text, refuse_foreign, refuse_text
from keras.core.variable import Variable

name = "numpy"
NATIVE: set[type] = {Array, Hollow}


@contextlib.contextmanager
def outside_trace() -> Any:
    """A context in which values are computed, also while shapes are found out."""
    with hollow_scope(False):
        yield


def is_tensor(x: Any) -> bool:
    """Whether `x` is this backend's tensor; the user's own NumPy arrays are not."""
    return type(x) in NATIVE or isinstance(x, Array)


def convert_to_tensor(x: Any, dtype: Any = None) -> Any:
    """A tensor of numbers, of arrays, or of nests of them.

    The user's array is copied, so that the tensor does not change with it; one that
    nobody can write to is shared.
    """
    out = _converted(x, dtype)
    if is_hollow() and isinstance(out, Array):
        return Hollow(out.shape, out.dtype)
    return out


def _converted(x: Any, dtype: Any) -> Any:
    kind = type(x)
    if kind in NATIVE or is_tensor(x):
        if dtype is None or dtype_of(x) == dtype:
            return x
        return cast(x, dtypes.standardize_dtype(dtype))
    if isinstance(x, Variable):
        return _converted(x.value, dtype)
    refuse_foreign(x, name)
    if dtype in (None, "string") and is_text(x):
        return as_array(x)
    if is_matrix(x):
        x = x.toarray()
    refuse_text(x, name)

    wanted = None if dtype is None else _own_dtype(dtypes.standardize_dtype(dtype))
    if kind is float or kind is int or kind is bool:
        return as_array(np.asarray(x, wanted or _own_dtype(dtypes.result_type(kind))))
    if isinstance(x, float) and wanted is None:  # NumPy's float64 is a Python float
        wanted = dtypes.numpy_dtype(dtypes.floatx())
    if isinstance(x, (list, tuple)):
        return _from_nest(x, wanted)

    array = np.asarray(x)
    if array.dtype.kind == "O" and is_text(array):
        return as_array(array)
    refuse_text(array, name)  # an object that NumPy cannot read is one in an array
    if array is x and array.flags.writeable:
        return as_array(array.astype(wanted or array.dtype, order="K"))
    return as_array(array if wanted is None else array.astype(wanted, copy=False))


def _from_nest(x: Any, wanted: Any) -> Any:
    """A tensor of a nested list, which may hold tensors and variables."""
    if not _holds_tensors(x):
        if wanted is None:
            return as_array(dtypes.array_of(x))
        return as_array(np.asarray(x, wanted))
    parts = [_converted(v, None) for v in x]
    if is_hollow():
        out: Any = Hollow((len(parts), *parts[0].shape), parts[0].dtype)
    else:
        out = as_array(np.stack(parts))
    return out if wanted is None else cast(out, dtype_name(wanted))


def _holds_tensors(x: Any) -> bool:
    if isinstance(x, (list, tuple)):
        return any(_holds_tensors(v) for v in x)
    return is_tensor(x) or isinstance(x, Variable)


def _own_dtype(name: str) -> np.dtype:
    """The NumPy dtype of that name, if there are tensors of it."""
    if name == "string":
        raise ValueError("The NumPy backend has no string tensors.")
    return dtypes.numpy_dtype(name)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values as a plain array, which shares the tensor's memory."""
    if isinstance(x, Variable):
        x = x.value
    if isinstance(x, (list, tuple)) and _holds_tensors(x):
        return np.stack([convert_to_numpy(v) for v in x])
    return np.asarray(x)


@quiet
def cast(x: Any, dtype: str) -> Any:
    """A tensor with its elements in another type; of complex ones the real part."""
    if dtype == "string" and is_text(x):
        return x
    wanted = _own_dtype(dtype)
    if x.dtype.kind == "c" and wanted.kind != "c":
        x = x.real
    return x.astype(wanted)


def make_variable(value: Any, trainable: bool, name: str) -> Any:
    """What a variable keeps: an array of its own, which nobody can write to."""
    return _kept(value)


def assign(kept: Any, value: Any) -> Any:
    """The new value as a variable keeps it; those who hold the old one still do."""
    return _kept(value)


def _kept(value: Array) -> Array:
    """The array itself where nobody can write to it, else a copy."""
    if value.flags.writeable or value.base is not None:
        value = value.copy()
        value.flags.writeable = False
    return value


def device_scope(device_name: str) -> Any:
    """A context in which tensors are made on a device, of which there is the CPU."""
    if not device_name.lower().startswith("cpu"):
        raise ValueError(
            f"The NumPy backend computes on the CPU; received device {device_name!r}."
        )
    return contextlib.nullcontext()


def list_devices(device_type: str | None = None) -> list[str]:
    """The names of the devices of a kind: the CPU is all there is."""
    return ["cpu:0"] if device_type in (None, "cpu") else []
