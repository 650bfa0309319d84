"""Objects with state, and the one walk that finds it.

A layer, metric, optimizer or seed generator keeps its variables and parts in plain
attributes, lists and dicts. Nothing is wrapped or replaced: the walk looks when asked.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Self

from keras.core import backends, scope
from keras.core.derived import Derived
from keras.core.variable import Variable

if TYPE_CHECKING:
    from keras.backend.contract import Backend

_CONTAINERS = (list, tuple, dict, set)


class Stateful:
    """Something that keeps variables and belongs to one backend.

    A deep copy belongs to the backend in force where it is made: that is how a model
    moves. Attributes named in `_not_copied` are not copied; the copy starts with None.
    """

    _backend: Backend
    _not_copied: tuple[str, ...] = ()

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        self.__dict__["_backend"] = scope.current()
        return self

    @property
    def variables(self) -> list[Variable]:
        """The variables kept in attributes, also in those of its parts."""
        found: list[Variable] = []
        for _, part in parts(self):
            found.extend([part] if isinstance(part, Variable) else part.variables)
        return unique(found)

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        new = Stateful.__new__(type(self))
        memo[id(self)] = new
        for key, value in self.__dict__.items():
            if key == "_backend":
                continue
            new.__dict__[key] = (
                None if key in self._not_copied else _copied(value, memo)
            )
        return new

    def __getstate__(self) -> dict[str, Any]:
        state = {
            k: (None if k in self._not_copied else v) for k, v in self.__dict__.items()
        }
        state["_backend"] = self._backend.name
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self.__dict__["_backend"] = backends.load(state["_backend"])


def _copied(value: Any, memo: dict[int, Any]) -> Any:
    """A deep copy in the backend in force, of a framework's tensor too."""
    from keras.core.foreign import framework_of, to_host

    if framework_of(value) is not None:
        return scope.current().convert_to_tensor(to_host(value))
    return copy.deepcopy(value, memo)


def parts(owner: Any, skip: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """The variables and stateful objects kept in attributes: (path, object).

    Containers are entered; derived weights and stateful objects found are not. An
    object met twice comes once. Attributes named in `skip` are left out.
    """
    seen: set[int] = set()
    for name, value in list(owner.__dict__.items()):
        if isinstance(value, _LOOKED_AT) and name not in skip:
            yield from _parts(name, value, seen)


def _parts(path: str, value: Any, seen: set[int]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (Variable, Derived, Stateful)):
        if id(value) not in seen:
            seen.add(id(value))
            yield path, value
    elif value:
        if id(value) in seen:
            return
        seen.add(id(value))
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in list(items):
            if isinstance(item, _LOOKED_AT):
                yield from _parts(f"{path}/{key}", item, seen)


_LOOKED_AT = (Variable, Derived, Stateful, *_CONTAINERS)


def unique(items: Any) -> list[Any]:
    """The items, each object once, in order."""
    return list({id(item): item for item in items}.values())
