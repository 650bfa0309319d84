"""Looking through an object: the settings it computes with, and whose code it runs.

What was compiled or written down from a model holds the settings of that time, and
only the code of this package is known to do the same each time it runs.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from keras.core.foreign import framework_of
from keras.core.tensor import KerasTensor
from keras.core.variable import Variable

# How often a setting of anything was set: while it stays, nothing changed.
changes = 0

_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_SETTINGS = (*_PLAIN, tuple)
# What an attribute of that name holds does not take part in a step.
_ASIDE = ("stop_training", "built")


class Examined(NamedTuple):
    """What `inspect_model` found.

    Attributes:
        settings: all plain values by owner and name; equal if none changed.
        is_builtin: whether only code of this package runs inside.
    """

    settings: tuple
    is_builtin: bool


def inspect_model(owner: Any) -> Examined:
    """Walk through the attributes of an object and of all that it holds."""
    settings: list[Any] = []
    known = True
    seen: set[int] = set()
    left = [owner]
    while left:
        value = left.pop()
        if isinstance(value, _PLAIN) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, (list, tuple, set, frozenset)):
            left.extend(value)
        elif isinstance(value, dict):
            left.extend(value.values())
        elif isinstance(value, functools.partial):
            left.extend((value.func, *value.args, *value.keywords.values()))
        elif isinstance(value, (FunctionType, BuiltinFunctionType, MethodType)):
            known = known and is_builtin(value)
        elif isinstance(value, Variable):
            left.extend((value.regularizer, value.constraint))
        elif isinstance(value, (type, ModuleType)) or framework_of(value):
            continue
        elif is_builtin(type(value)) and not isinstance(value, KerasTensor):
            known = known and "call" not in vars(value)
            for name, item in _attributes(value):
                left.append(item)
                if is_setting(name) and (isinstance(item, _SETTINGS) or callable(item)):
                    settings.append((id(value), name, _key(item)))
        elif callable(value):
            known = False
    return Examined(tuple(settings), known)


def is_setting(name: str) -> bool:
    """Whether what an attribute of that name holds may change what is computed."""
    return not name.startswith("_") or name == "_trainable"


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    aside = (*_ASIDE, *getattr(value, "_not_copied", ()))  # what is made anew in a copy
    for name, item in getattr(value, "__dict__", {}).items():
        if name not in aside and not name.endswith("initializer"):
            yield name, item


def _key(value: Any) -> Any:
    """What tells whether a setting is the same: plain values as they are."""
    return repr(value) if isinstance(value, _SETTINGS) else id(value)


def is_builtin(code: Any) -> bool:
    """Whether a class or function is of this package."""
    module = getattr(code, "__module__", None) or ""
    return module == "keras" or module.startswith("keras.")
