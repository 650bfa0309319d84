"""Fields: what the instances of a class hold, declared and described at the class."""

from __future__ import annotations

from typing import Any


class Field:
    """An attribute that each instance sets for itself, declared at its class.

    `help`, editors and `hasattr(cls, name)` then know of it, and an instance that does
    not have it yet says why. Reading it costs what a plain attribute costs: the value
    of the instance hides the declaration.

    Args:
        text: what the attribute is.
        missing: when an instance does not have it, and what to do.
    """

    def __init__(self, text: str, missing: str = "") -> None:
        self.__doc__ = text
        self._missing = missing
        self._name = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        if instance is None:
            return self
        raise AttributeError(
            f"{type(instance).__name__!r} object has no attribute {self._name!r}"
            + (f": {self._missing}" if self._missing else ""),
            name=self._name,
            obj=instance,
        )

    def __repr__(self) -> str:
        return f"<Field {self._name}: {self.__doc__}>"


def field(text: str, missing: str = "") -> Any:
    """Declare an attribute of the instances: `kernel: Weight = field("...")`."""
    return Field(text, missing)
