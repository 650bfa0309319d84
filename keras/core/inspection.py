"""What a model computes with: its settings, and whose code runs in it.

Compiled and recorded code holds the settings of the time it was made, and only code
that promises to do the same each time may be recorded at all. `inspect_model` walks
through a model and answers both questions for the engine (`training/engine.py`).

The walk is not repeated at each step. Every configurable object and variable carries a
stamp, a counter that moves when one of its settings is set; an `Inspection` keeps the
stamps it met and is current while they stay. Nothing here is shared between models:
setting an attribute moves the stamp of its own object only.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any

from keras.core.derived import Derived
from keras.core.foreign import framework_of_class
from keras.core.tensor import KerasTensor
from keras.core.variable import Variable

_PLAIN = (type(None), bool, int, float, complex, str, bytes)
_SETTINGS = (*_PLAIN, tuple)
_CONTAINERS = (list, tuple, set, frozenset, dict)
# Attributes that take no part in a computation.
_ASIDE = frozenset(
    {"stop_training", "stop_evaluating", "stop_predicting", "built", "history"}
)
# Containers that calls fill and clear.
_BOOKKEEPING = frozenset({"_losses", "_with_losses", "_own_variables", "_graph_layers"})
_stamp_of = operator.attrgetter("_stamp")


def touch(owner: Any) -> None:
    """Move an object's stamp: one of its settings changed."""
    owner.__dict__["_stamp"] = owner._stamp + 1


def is_setting(name: str) -> bool:
    """Whether an attribute of that name may change what is computed."""
    if name[:1] == "_":
        return name == "_trainable"
    return name not in _ASIDE


def is_builtin(code: Any) -> bool:
    """Whether a class or function belongs to this package."""
    module = getattr(code, "__module__", None) or ""
    return module == "keras" or module.startswith("keras.")


def is_repeatable(code: Any) -> bool:
    """Whether a class or function may be recorded once and repeated.

    That is so for this package's own, and for one that says `repeatable = True` of
    itself. The promise is not inherited: a subclass may do anything.
    """
    declared = getattr(code, "__dict__", {}).get("repeatable")
    return is_builtin(code) or declared is True


class Inspection:
    """What `inspect_model` found, and whether it still holds.

    Attributes:
        settings: the key of every setting, by owner and name.
        not_repeatable: the objects whose code must run each time, by description.
    """

    settings: dict[tuple[int, str], tuple]
    not_repeatable: list[str]

    def __init__(self) -> None:
        self.settings = {}
        self.not_repeatable = []
        # Held, so that no other object gets the identity of one that was met.
        self._owners: dict[int, Any] = {}
        self._stamped: list[Any] = []
        self._stamps: list[int] = []
        self._containers: list[tuple[Any, list[Any]]] = []

    @property
    def is_repeatable(self) -> bool:
        """Whether all code in the model may be recorded once and repeated."""
        return not self.not_repeatable

    def is_current(self) -> bool:
        """Whether no setting was set, and no container changed, since the walk."""
        if list(map(_stamp_of, self._stamped)) != self._stamps:
            return False
        return all(_holds(container, items) for container, items in self._containers)

    def difference(self, later: Inspection) -> str | None:
        """The first setting that a later inspection found changed, in words."""
        if self.settings == later.settings:
            return None
        for key, new in later.settings.items():
            old = self.settings.get(key)
            if old is not None and old != new:
                owner = describe(later._owners[key[0]])
                return f"{owner}: `{key[1]}` changed{_from_to(old, new)}"
        for key in later.settings:
            if key not in self.settings:
                return f"{describe(later._owners[key[0]])} was added"
        gone = next(key for key in self.settings if key not in later.settings)
        return f"{describe(self._owners[gone[0]])} was removed"

    def _watch(self, owner: Any) -> None:
        self._stamped.append(owner)
        self._stamps.append(owner._stamp)

    def _watch_container(self, name: str, container: Any, owner: Any) -> None:
        """Notice layers and functions put into a list, dict or set later on."""
        if isinstance(container, (tuple, frozenset)) or name in _BOOKKEEPING:
            return
        if name[:1] == "_" and is_builtin(type(owner)):
            return  # the class moves its own stamp
        items = _items(container)
        if not items or any(_kind(type(item)) in _PARTS for item in items):
            self._containers.append((container, items))


def inspect_model(owner: Any) -> Inspection:
    """Walk through the attributes of an object and of all that it holds."""
    found = Inspection()
    seen: set[int] = set()
    left = [owner]
    while left:
        value = left.pop()
        kind = _kind(type(value))
        if kind == "leaf" or id(value) in seen:
            continue
        seen.add(id(value))

        if kind == "container":
            left.extend(_items(value))
        elif kind == "partial":
            left.extend((value.func, *value.args, *value.keywords.values()))
        elif kind == "variable":
            found._watch(value)
            left.extend((value.regularizer, value.constraint))
        elif kind == "function":
            if not is_repeatable(value):
                found.not_repeatable.append(describe(value))
        elif kind == "object":
            _inspect_object(value, found, left)
        else:
            found.not_repeatable.append(describe(value))
    return found


def _inspect_object(value: Any, found: Inspection, left: list[Any]) -> None:
    cls = type(value)
    may_repeat = is_repeatable(cls)
    has_stamp = hasattr(cls, "_stamp")
    if has_stamp:
        found._watch(value)  # before its attributes are read
    if not may_repeat or "call" in vars(value):  # a hook stands in for `call`
        found.not_repeatable.append(describe(value))
    found._owners[id(value)] = value

    for name, item in _attributes(value):
        if may_repeat and is_setting(name):
            if isinstance(item, _SETTINGS) or callable(item):
                found.settings[id(value), name] = _key(item)
        if not isinstance(item, _PLAIN):
            left.append(item)
            if has_stamp and isinstance(item, _CONTAINERS):
                found._watch_container(name, item, value)


# What a class is to the walk. Those of `_PARTS` compute, or hold what does.
_PARTS = frozenset({"object", "variable", "function", "partial", "container", "other"})


def _kind_of(cls: type) -> str:
    if issubclass(cls, (*_PLAIN, type, ModuleType, KerasTensor)):
        return "leaf"
    if issubclass(cls, _CONTAINERS):
        return "container"
    if issubclass(cls, functools.partial):
        return "partial"
    if issubclass(cls, (FunctionType, BuiltinFunctionType, MethodType)):
        return "function"
    if issubclass(cls, Variable):
        return "variable"
    if framework_of_class(cls):
        return "leaf"
    # A user's own class is walked through if it is a layer, a loss, a metric, ..., or
    # says how a weight is computed.
    if is_builtin(cls) or hasattr(cls, "_stamp") or issubclass(cls, Derived):
        return "object"
    is_callable = any("__call__" in vars(base) for base in cls.__mro__)
    return "other" if is_callable else "leaf"


_kind: Callable[[type], str] = functools.cache(_kind_of)


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    not_copied = getattr(value, "_not_copied", ())
    for name, item in list(getattr(value, "__dict__", {}).items()):
        if name in _ASIDE or name in not_copied or name.endswith("initializer"):
            continue
        yield name, item


def _key(value: Any) -> tuple:
    """What tells whether a setting is the same: plain values as they are."""
    if isinstance(value, tuple):
        return tuple, repr(value)
    if isinstance(value, _PLAIN):
        return type(value), value
    return object, id(value)


def _from_to(old: tuple, new: tuple) -> str:
    shown = ["another object" if k is object else str(v) for k, v in (old, new)]
    return "" if object in (old[0], new[0]) else f" from {shown[0]} to {shown[1]}"


def _items(container: Iterable[Any]) -> list[Any]:
    if isinstance(container, dict):
        return list(container.values())
    return list(container)


def _holds(container: Any, items: list[Any]) -> bool:
    return len(container) == len(items) and all(
        map(operator.is_, _items(container), items)
    )


def describe(value: Any) -> str:
    """An object in a sentence: its class and its name, if it has one."""
    if isinstance(value, (FunctionType, BuiltinFunctionType, MethodType)):
        return f"the function {getattr(value, '__qualname__', value.__name__)!r}"
    name = vars(value).get("name") if hasattr(value, "__dict__") else None
    return f"{type(value).__name__} {name!r}" if name else type(value).__name__
