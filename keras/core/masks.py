"""Masks that travel beside tensors, without touching the tensors' class.

A mask says which steps of a sequence are real. It is kept as an attribute of the
tensor where the framework allows one, else in a table that lets go with the tensor.
"""

from __future__ import annotations

import weakref
from typing import Any

_table: dict[int, tuple[weakref.ref, Any]] = {}
# Nothing is looked up until the first mask of the process exists: most programs have
# none, and the look-up sits on the path of every layer call.
_any = False


def get_mask(x: Any) -> Any:
    """The mask that travels with `x`, or None."""
    if not _any:
        return None
    mask = getattr(x, "_keras_mask", None)
    if mask is None and _table:
        entry = _table.get(id(x))
        if entry is not None and entry[0]() is x:
            return entry[1]
    return mask


def set_mask(x: Any, mask: Any) -> None:
    """Let `mask` travel with `x`; None takes it off."""
    global _any
    if mask is None and get_mask(x) is None:
        return
    _any = True
    try:
        x._keras_mask = mask
    except AttributeError:
        key = id(x)
        _table[key] = (weakref.ref(x, lambda _: _table.pop(key, None)), mask)
