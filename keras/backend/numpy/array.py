"""What the NumPy backend computes with: `Array`, an `np.ndarray` that stays one.

NumPy gives scalars for results without axes, and takes a float32 and an int32 to
float64. An `Array` does neither, so that code written for any backend runs on it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras.core import dtypes
from keras.core.scalars import readable

_KINDS = {bool: "b", int: "iu", float: "f", complex: "c"}
# NumPy would warn of infinities and nan, which are values like all others here.
quiet = np.errstate(all="ignore")


def _operator(symbol: str, divides: bool = False) -> Callable:
    """One of Python's operators, by the rules of the ops for types that differ.

    NumPy's own takes a float32 and an int32 to float64.
    """
    compute = getattr(np.ndarray, symbol)
    quietly = quiet(compute)

    def operator(self: Array, other: Any) -> Any:
        kind = self.dtype.kind
        if not divides or kind in "fcV":
            weak = _KINDS.get(type(other))
            if weak is not None:
                if kind in weak or kind in "fcV" and weak in ("b", "iu", "f"):
                    return quietly(self, other)
            elif isinstance(other, np.ndarray) and other.dtype == self.dtype:
                return quietly(self, other)
        if type(other) not in _KINDS and not isinstance(other, (np.ndarray, np.number)):
            return quietly(self, other)

        self, other = _met(self, other, divides)
        return quietly(self, other)

    return operator


def _met(x: Array, other: Any, divides: bool) -> tuple[Array, Array]:
    """Two operands in the type in which they meet."""
    kind = type(other) if type(other) in _KINDS else other.dtype
    found = dtypes.result_type(x.dtype, kind)
    if divides and found not in dtypes.FLOATS + dtypes.COMPLEX:
        found = dtypes.result_type(found, float)
    wanted = dtypes.numpy_dtype(found)
    return as_array(x.astype(wanted)), as_array(np.asarray(other, wanted))


class Array(np.ndarray):
    """A tensor of the NumPy backend.

    Its elements are as those of any `np.ndarray`, and NumPy's functions take it. What
    differs: results without axes are arrays too, types meet as `keras.ops` has it, and
    `x += y` makes a new array, as elsewhere `x` may be held by somebody else.
    """

    def numpy(self) -> Any:
        """The values as a plain NumPy array; a NumPy scalar when it has no axes."""
        return readable(self.view(np.ndarray))

    def __getitem__(self, key: Any) -> Any:
        out = super().__getitem__(key)
        return out if isinstance(out, np.ndarray) else as_array(out)

    __add__ = __iadd__ = _operator("__add__")
    __sub__ = __isub__ = _operator("__sub__")
    __mul__ = __imul__ = _operator("__mul__")
    __truediv__ = __itruediv__ = _operator("__truediv__", divides=True)
    __floordiv__ = __ifloordiv__ = _operator("__floordiv__")
    __mod__ = __imod__ = _operator("__mod__")
    __pow__ = __ipow__ = _operator("__pow__")
    __and__ = __iand__ = _operator("__and__")
    __or__ = __ior__ = _operator("__or__")
    __xor__ = __ixor__ = _operator("__xor__")
    __radd__ = _operator("__radd__")
    __rsub__ = _operator("__rsub__")
    __rmul__ = _operator("__rmul__")
    __rtruediv__ = _operator("__rtruediv__", divides=True)
    __rfloordiv__ = _operator("__rfloordiv__")
    __rmod__ = _operator("__rmod__")
    __rpow__ = _operator("__rpow__")

    def __matmul__(self, other: Any) -> Any:
        out = quiet(np.ndarray.__matmul__)(self, other)
        return out if isinstance(out, np.ndarray) else as_array(out)

    __imatmul__ = __matmul__


def as_array(x: Any) -> Array:
    """A NumPy array or scalar as a tensor, without a copy."""
    return np.asarray(x).view(Array)
