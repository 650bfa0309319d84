"""Config by convention: an object's config is the arguments of its constructor.

A class keeps each argument of `__init__` under its own name (`self.rate = rate`) and
is done: `Configurable.get_config` reads the signature, along `**kwargs` into the base
classes, takes the attributes of these names and serializes objects among them.
`from_config` is the way back.

A class outside this package may also keep its arguments elsewhere: what it was called
with is remembered, and that is its config. Or it overrides `get_config` as usual; then
it answers for the arguments of its own `__init__`, and `super().get_config()` gives
those of the classes above it.

For authors of a family: override `config_value(name, value)` to write one argument in
another way (a layer's `dtype`, say); everything else follows.
"""

from __future__ import annotations

import functools
import inspect
import weakref
from collections.abc import Callable
from typing import Any, NamedTuple, Self

from keras.core.config import serialization
from keras.core.inspection import is_builtin, is_setting, touch
from keras.core.state import Stateful
from keras.core.variable import Variable

# What may hold weights or layers, also under a private name.
_HOLDERS = (Stateful, Variable, list, tuple, dict, set)
_PLAIN = (type(None), bool, int, float, str)
_MISSING = object()


# How arguments whose name ends with a word are written: {"activation": serialize}.
_serializers: dict[str, Callable[[Any], Any]] = {}


def register_serializer(ending: str, serialize: Callable[[Any], Any]) -> None:
    """Write every constructor argument whose name ends so by this function."""
    _serializers[ending] = serialize


class _Argument(NamedTuple):
    """An argument of a constructor: its name, and whose it is."""

    name: str
    owner: type
    default: Any


_signatures: weakref.WeakKeyDictionary[type, list[_Argument]] = (
    weakref.WeakKeyDictionary()
)


class Configurable:
    """Gives a class `get_config` and `from_config`, read off its constructor.

    Example:
        >>> class Scale(Configurable):
        ...     def __init__(self, factor=2.0):
        ...         self.factor = factor
        >>> Scale(3.0).get_config()
        {'factor': 3.0}
    """

    _called_with: tuple[tuple, dict[str, Any]] | None = None
    _not_copied: tuple[str, ...] = ()
    # Whether the code of the class itself, not of a subclass, may be recorded once and
    # repeated; see `keras.layers.Layer`.
    repeatable: bool = False
    # How often a setting was set; what was compiled from it is out of date then.
    _stamp = 0

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, value)
        if is_setting(name) or (
            isinstance(value, _HOLDERS) and name not in self._not_copied
        ):
            touch(self)

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        touch(self)

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        self = super().__new__(cls)
        if not is_builtin(cls):
            object.__setattr__(self, "_called_with", (args, kwargs))
        return self

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor by name, ready to be saved.

        Returns:
            A dict from which `from_config` makes an equal object.

        Raises:
            NotImplementedError: an argument is kept nowhere, or cannot be written;
                the message names it.
        """
        cls = type(self)
        given = self._given()

        values: dict[str, Any] = {}
        for argument in _arguments(cls):
            if _answers_itself(argument.owner):
                continue
            value = self._value_of(argument, given)
            if value is not _MISSING:
                values[argument.name] = value
            elif not any(_answers_itself(c) for c in cls.__mro__):
                raise NotImplementedError(_advice(cls, argument.name, "is not kept"))

        # Arguments that the constructor took by **kwargs.
        known = {argument.name for argument in _arguments(cls)}
        values.update((k, v) for k, v in (given or {}).items() if k not in known)

        config = {}
        for name, value in values.items():
            try:
                config[name] = self.config_value(name, value)
            except TypeError as error:
                text = f"cannot be written: {error}"
                raise NotImplementedError(_advice(cls, name, text)) from error
        return config

    def config_value(self, name: str, value: Any) -> Any:
        """How the argument `name` is written; a family may override this."""
        for ending, serialize in _serializers.items():
            if name.endswith(ending) and value is not None:
                return serialize(value)
        return written(value)

    def _given(self) -> dict[str, Any] | None:
        """What the constructor was called with, where that is its config."""
        owner = _constructor_owner(type(self))
        if self._called_with is None or is_builtin(owner) or _answers_itself(owner):
            return None
        args, kwargs = self._called_with
        return _bound(type(self), args, kwargs)

    def _value_of(self, argument: _Argument, given: dict[str, Any] | None) -> Any:
        """What was given for an argument: as the constructor was called, or as kept."""
        if given is not None and not is_builtin(argument.owner):
            if argument.name in given:
                return given[argument.name]
            if argument.owner is _constructor_owner(type(self)):
                return argument.default
        return getattr(self, argument.name, _MISSING)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """An object like the one `config` was taken from.

        Args:
            config: what `get_config` gave. Objects in it may be in serialized form.
        """
        as_it_is = {a.name for a in _arguments(cls) if _answers_itself(a.owner)}
        with serialization.reading_config(config, cls):
            return cls(
                **{
                    name: value if name in as_it_is else serialization.revive(value)
                    for name, value in config.items()
                }
            )


def arguments(given: dict[str, Any]) -> dict[str, Any]:
    """What a constructor was called with, of its `locals()`: `**kwargs` spread out."""
    own = ("self", "__class__", "kwargs")
    named = {name: value for name, value in given.items() if name not in own}
    return {**named, **given.get("kwargs", {})}


def argument_names(cls: type) -> frozenset[str]:
    """The names of all arguments of a class's constructor."""
    return frozenset(argument.name for argument in _arguments(cls))


def inherited(cls: type, given: dict[str, Any]) -> dict[str, Any]:
    """Of what the constructor of `cls` was called with, what the classes above take.

    A class whose signature repeats arguments of its bases, so that everybody sees them,
    hands them on in its first line:

        super().__init__(**inherited(Dense, locals()))
    """
    names = _names_above(cls)
    named = {name: value for name, value in given.items() if name in names}
    return {**named, **given.get("kwargs", {})}


@functools.cache
def _names_above(cls: type) -> frozenset[str]:
    return frozenset().union(*map(argument_names, cls.__mro__[1:]))


def written(value: Any) -> Any:
    """A value as a config holds it: plain values stay, objects are serialized.

    A function without a name stays a function: it serves `from_config` in the same
    program, and cannot be saved.
    """
    if type(value) in _PLAIN:
        return value
    if isinstance(value, (list, tuple)) and all(type(v) in _PLAIN for v in value):
        return value
    if inspect.isfunction(value) and value.__name__ == "<lambda>":
        return value
    if hasattr(value, "assign") and not value.shape:  # a Variable: the number it holds
        return value.numpy().item()
    return serialization.serialize_keras_object(value)


def _answers_itself(cls: type) -> bool:
    """Whether a class outside this package has its own `get_config`."""
    return "get_config" in vars(cls) and not is_builtin(cls)


def _constructor_owner(cls: type) -> type:
    return next(c for c in cls.__mro__ if "__init__" in vars(c))


def _arguments(cls: type) -> list[_Argument]:
    """The constructor's arguments, those of the base classes first."""
    found = _signatures.get(cls)
    if found is None:
        found = _signatures[cls] = _read_arguments(cls)
    return found


def _read_arguments(cls: type) -> list[_Argument]:
    groups: list[list[_Argument]] = []
    seen: set[str] = set()
    for owner in cls.__mro__:
        if owner is object or "__init__" not in vars(owner):
            continue
        parameters = list(
            inspect.signature(vars(owner)["__init__"]).parameters.values()
        )[1:]
        named = [
            p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)
        ]
        groups.append(
            [_Argument(p.name, owner, p.default) for p in named if p.name not in seen]
        )
        seen.update(p.name for p in named)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return [argument for group in reversed(groups) for argument in group]


def _bound(cls: type, args: tuple, kwargs: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a constructor call by name."""
    signature = inspect.signature(cls.__init__)  # type: ignore[misc]
    bound = signature.bind(None, *args, **kwargs).arguments
    del bound[next(iter(bound))]  # self
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL and bound.get(name):
            raise NotImplementedError(_advice(cls, f"*{name}", "has no names"))
        if parameter.kind is parameter.VAR_KEYWORD:
            bound.update(bound.pop(name, {}))
    return bound


def _advice(cls: type, name: str, what: str) -> str:
    return (
        f"{cls.__name__}.get_config: the constructor's argument `{name}` {what}. Keep "
        f"it in the constructor as `self.{name.lstrip('*')}`, or override `get_config`:"
        "\n\n    def get_config(self):\n        return {**super().get_config(), "
        f'"{name.lstrip("*")}": ...}}'
    )
