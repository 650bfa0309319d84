"""A table whose keys are regular expressions for paths, with a default."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class PatternMap(MutableMapping[str, T], Generic[T]):
    """Values by path: a key is a path or a regular expression.

    A path that is itself a key gets its value; else the one key that matches the whole
    path decides; and where none does, the default.

    Args:
        default: the value for all other paths.
        entries: the first entries.
    """

    kind = "value"  # what a value is called in messages

    def __init__(self, default: Any, entries: Mapping[str, Any] | None) -> None:
        if entries is not None and not isinstance(entries, Mapping):
            raise TypeError(
                f"{type(self).__name__}: the entries must be a dict from regular "
                f"expressions to {self.kind}s; received {entries!r}."
            )
        self._default = default
        self._entries: dict[str, T] = {}
        for pattern, value in (entries or {}).items():
            self[pattern] = value

    def convert(self, value: Any) -> T:
        """A value as it is kept; a subclass checks it here."""
        return value

    def __getitem__(self, key: str) -> T:
        if key in self._entries:
            return self._entries[key]
        matching = [p for p in self._entries if re.fullmatch(p, key)]
        if len(matching) > 1:
            raise ValueError(
                f"{type(self).__name__}: the path {key!r} matches several patterns: "
                f"{matching}. Make them exclude one another."
            )
        return self._entries[matching[0]] if matching else self.default()

    def default(self) -> T:
        """The value of paths that no pattern matches."""
        return self._default

    def __setitem__(self, key: str, value: Any) -> None:
        who = type(self).__name__
        if not isinstance(key, str):
            raise TypeError(f"{who}: a key must be a string; received {key!r}.")
        try:
            re.compile(key)
        except re.error as error:
            raise ValueError(
                f"{who}: the key {key!r} is not a regular expression: {error}."
            ) from None
        if key in self._entries:
            raise ValueError(
                f"{who}: {key!r} has the {self.kind} {self._entries[key]!r} already. "
                "Delete it first."
            )
        self._entries[key] = self.convert(value)

    def __delitem__(self, key: str) -> None:
        del self._entries[key]

    def __contains__(self, key: object) -> bool:
        return key in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PatternMap)
            and type(self) is type(other)
            and self._default == other._default
            and self._entries == other._entries
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._entries} default={self._default!r}>"
