"""Names of dtypes and the one place where types are promoted.

The rules are JAX's lattice, with Python scalars weak, and `floatx()` where an
integer meets a weak float.
"""

from __future__ import annotations

import functools
from typing import Any

import ml_dtypes
import numpy as np

from keras.core.settings import floatx

BOOL = ("bool",)
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
SIGNED = ("int4", "int8", "int16", "int32", "int64")
INTEGERS = UNSIGNED + SIGNED
FLOAT8 = ("float8_e4m3fn", "float8_e5m2")
FLOATS = FLOAT8 + ("bfloat16", "float16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
OTHERS = ("string",)
ALLOWED = frozenset(BOOL + INTEGERS + FLOATS + COMPLEX + OTHERS)

# From each type to the next wider ones; `int` and `float` are the weak types of
# Python scalars.
_WIDER: dict[str, tuple[str, ...]] = {
    "bool": ("int",),
    "int": ("uint8", "int8"),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16", "complex"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex": ("complex64",),
    "complex64": ("complex128",),
    "complex128": (),
}


def _closure(name: str) -> frozenset[str]:
    found = {name}
    for wider in _WIDER[name]:
        found |= _closure(wider)
    return frozenset(found)


_ABOVE = {name: _closure(name) for name in _WIDER}
_PYTHON = {bool: "bool", int: "int", float: "float", complex: "complex"}
_STANDARD: dict[Any, str] = {
    None: "",
    bool: "bool",
    int: "int32",
    float: "",
    str: "string",
    "int": "int32",
    "float": "",
}


def standardize_dtype(dtype: Any) -> str:
    """The name of a dtype given as a string, a type, or any framework's dtype.

    Args:
        dtype: `"float32"`, `np.float32`, `torch.float32`, `tf.float32`, `float`, or
            None for `floatx()`.

    Returns:
        The name, such as `"float32"`.

    Raises:
        ValueError: it is not a dtype.
    """
    try:
        return _standardize(dtype)
    except TypeError:  # not hashable
        raise ValueError(f"Not a dtype: {dtype!r}.") from None


def _standardize(dtype: Any) -> str:
    if isinstance(dtype, str) and dtype in ALLOWED:
        return dtype
    if dtype in _STANDARD:
        return _STANDARD[dtype] or floatx()

    name = getattr(dtype, "name", None)
    if not isinstance(name, str):
        text = str(dtype)
        if text.startswith("torch."):
            name = text.removeprefix("torch.")
        elif isinstance(dtype, type) and issubclass(dtype, np.generic):
            name = np.dtype(dtype).name
        elif hasattr(dtype, "dtype"):  # jax.numpy.float32 and the like
            name = np.dtype(dtype.dtype).name
        else:
            name = text

    is_objects = name == "object" and not isinstance(dtype, str)
    if name.startswith(("str", "bytes", "StringDType")) or is_objects:
        name = "string"  # NumPy's arrays of text, also in objects
    if name not in ALLOWED:
        raise ValueError(f"Not a dtype: {dtype!r}. Known names: {sorted(ALLOWED)}.")
    return name


def is_float_dtype(dtype: Any) -> bool:
    """Whether the dtype is a floating point type."""
    return standardize_dtype(dtype) in FLOATS


def is_int_dtype(dtype: Any) -> bool:
    """Whether the dtype is a (signed or unsigned) integer type."""
    return standardize_dtype(dtype) in INTEGERS


@functools.cache
def numpy_dtype(name: str) -> np.dtype:
    """The NumPy dtype of that name, with the narrow floats of ml_dtypes."""
    if name in FLOAT8 or name in ("bfloat16", "int4"):
        return np.dtype(getattr(ml_dtypes, name))
    return np.dtype(np.str_ if name == "string" else name)


def array_of(numbers: Any) -> np.ndarray:
    """A nest of Python numbers as an array: floats are `floatx()`, integers int32.

    Integers that do not fit in int32 stay int64.
    """
    array = np.asarray(numbers)
    narrow = {"float64": floatx(), "int64": "int32"}.get(array.dtype.name)
    if narrow == "int32" and not fits_int32(array):
        return array
    return array if narrow is None else array.astype(numpy_dtype(narrow))


def fits_int32(numbers: np.ndarray) -> bool:
    """Whether an array of integers keeps its values in int32."""
    if not numbers.size:
        return True
    limits = np.iinfo(np.int32)
    return bool(limits.min <= numbers.min() and numbers.max() <= limits.max)


def result_type(*dtypes: Any) -> str:
    """The type in which values of the given types meet.

    Args:
        *dtypes: dtypes, or the Python types `bool`, `int`, `float`, which are weak:
            they give way to any array's type of their kind.

    Returns:
        The name of the common type.

    Example:
        >>> keras.backend.result_type("bfloat16", "int32")
        'bfloat16'
    """
    if not dtypes:
        return floatx()
    names = frozenset(
        _PYTHON[d]
        if isinstance(d, type) and d in _PYTHON
        else ("float" if d is None else standardize_dtype(d))
        for d in dtypes
    )
    found = _join(names)
    return {"int": "int32", "float": floatx(), "complex": "complex64"}.get(found, found)


@functools.cache
def _join(names: frozenset[str]) -> str:
    if len(names) == 1:
        return next(iter(names))
    unknown = [n for n in names if n not in _ABOVE]
    if unknown:
        raise ValueError(
            f"There is no implicit promotion for {sorted(unknown)}; received types "
            f"{sorted(names)}. Cast with `keras.ops.cast` first."
        )
    common = frozenset.intersection(*(_ABOVE[n] for n in names))
    # The least upper bound is the candidate that reaches all the others.
    return next(c for c in common if common <= _ABOVE[c])
