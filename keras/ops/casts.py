"""Functions for `cast=` of an op: the type in which it computes.

Each takes the common type of the arguments and returns the one to bring them to. The
usual rules, "common" and "float", are `keras.core.op`'s.
"""

from __future__ import annotations

from keras.core.scope import current

_WIDE = {
    "bool": "int32",
    "int8": "int32",
    "int16": "int32",
    "uint8": "uint32",
    "uint16": "uint32",
}


def not_bool(dtype: str) -> str:
    """Booleans count as 0 and 1."""
    return "int32" if dtype == "bool" else dtype


def widened(dtype: str) -> str:
    """Sums and products of narrow integers need room."""
    wide = _WIDE.get(dtype, dtype)
    # PyTorch knows uint32 but cannot add it.
    return "int32" if wide == "uint32" and wide in current().STORED_ONLY else wide


def multiplied(dtype: str) -> str:
    """Products of matrices of bytes are added up in 32 bits."""
    return "int32" if dtype == "int8" else dtype
