"""`Config`: the settings of an experiment, as named values that JSON can hold."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from keras.core.errors import near_matches


class Config:
    """The settings of an experiment: named values, read as attributes or by key.

    `freeze` ends the time in which they may change. A value may be a `Config` itself,
    with a freeze of its own. As long as all values are those of JSON, `to_json` makes
    text of them to be stored beside the results.

    Args:
        **kwargs: the values by name.

    Example:
        >>> config = keras.utils.Config(rate=0.1, layers=[64, 32])
        >>> config.rate = 0.01
        >>> config["epochs"] = 3
        >>> config.freeze()
        >>> config.as_dict()
        {'rate': 0.01, 'layers': [64, 32], 'epochs': 3}
    """

    _values: dict[str, Any]
    _frozen: bool

    def __init__(self, **kwargs: Any) -> None:
        vars(self)["_values"] = {}
        vars(self)["_frozen"] = False
        self.update(kwargs)

    # Reading

    def __getattr__(self, name: str) -> Any:
        if name[:1] == "_":  # asked for while a copy is being made
            raise AttributeError(name)
        if name in self._values:
            return self._values[name]
        known = list(self._values)
        raise AttributeError(
            f"Config has no value {name!r}; it has {known}.{near_matches(name, known)}"
        )

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def get(self, keyname: str, value: Any = None) -> Any:
        """The value of that name, or `value` if there is none."""
        return self._values.get(keyname, value)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._values.keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        return self._values.values()

    def items(self) -> ItemsView[str, Any]:
        """Pairs of a name and its value."""
        return self._values.items()

    def __len__(self) -> int:
        return len(self._values)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self._values]

    # Changing

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(getattr(type(self), name, None), property):
            raise AttributeError(f"Config: `{name}` cannot be set.")
        self[name] = value

    def __setitem__(self, name: str, value: Any) -> None:
        self._check_changeable()
        self._values[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self._values:
            raise AttributeError(f"Config has no value {name!r}.")
        del self[name]

    def __delitem__(self, name: str) -> None:
        self._check_changeable()
        del self._values[name]

    def pop(self, *args: Any) -> Any:
        """Remove a value by its name and return it, or a default given after it."""
        self._check_changeable()
        return self._values.pop(*args)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Set several values, from a dict, a Config, pairs, or keywords."""
        self._check_changeable()
        for name, value in dict(*args, **kwargs).items():
            self[name] = value

    def freeze(self) -> None:
        """Let nothing be changed any more."""
        vars(self)["_frozen"] = True

    def unfreeze(self) -> None:
        """Let values be changed again."""
        vars(self)["_frozen"] = False

    @property
    def frozen(self) -> bool:
        """Whether nothing may be changed."""
        return self._frozen

    def _check_changeable(self) -> None:
        if self._frozen:
            raise ValueError("The Config is frozen: call unfreeze() to change it.")

    def __copy__(self) -> Config:
        return type(self)(**self._values)

    # Forms

    def as_dict(self) -> dict[str, Any]:
        """The values as a dict, which changes apart from this object."""
        return dict(self._values)

    def to_json(self) -> str:
        """The values as JSON; those of a `Config` inside as an object of their own."""

        def written(value: Any) -> Any:
            if isinstance(value, Config):
                return value.as_dict()
            raise TypeError(f"{value!r} of type {type(value).__name__} is not JSON.")

        return json.dumps(self._values, default=written)

    def __repr__(self) -> str:
        return f"<Config {self._values}>"
