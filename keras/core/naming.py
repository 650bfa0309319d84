"""Names: automatic ones that count up, and scopes that make paths."""

from __future__ import annotations

import contextlib
import re
from collections import defaultdict
from collections.abc import Iterator
from contextvars import ContextVar

_counts: defaultdict[str, int] = defaultdict(int)
_scope: ContextVar[tuple[str, ...]] = ContextVar("keras_name_scope", default=())


def get_uid(prefix: str = "") -> int:
    """The next number for a prefix: 1, 2, ... until `clear_session`."""
    _counts[prefix] += 1
    return _counts[prefix]


def reset_uids() -> None:
    """Start all automatic names again."""
    _counts.clear()


def to_snake_case(name: str) -> str:
    """`"MaxPooling2D"` as `"max_pooling2d"`."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """`dense`, then `dense_1`, `dense_2`, ..."""
    number = get_uid(prefix) - 1
    return f"{prefix}_{number}" if number else prefix


def uniquify(names: list[str]) -> list[str]:
    """Make repeated names distinct by a counter: a, a_1, a_2."""
    seen: defaultdict[str, int] = defaultdict(int)
    out = []
    for name in names:
        out.append(f"{name}_{seen[name]}" if seen[name] else name)
        seen[name] += 1
    return out


class name_scope(contextlib.AbstractContextManager):  # noqa: N801 - the API's name
    """Put the names of variables created inside under `name/`.

    Args:
        name: the part of the path to add; it must not hold a slash.

    Example:
        >>> with keras.name_scope("encoder"):
        ...     v = keras.Variable(0.0, name="w")
        >>> v.path
        'encoder/w'
    """

    def __init__(self, name: str, **kwargs: object) -> None:
        if kwargs:
            raise TypeError(f"name_scope: unknown arguments {sorted(kwargs)}.")
        if not isinstance(name, str) or "/" in name:
            raise ValueError(
                f"name_scope: a name without '/' is needed; received {name!r}."
            )
        self.name = name

    def __enter__(self) -> name_scope:
        self._token = _scope.set((*_scope.get(), self.name))
        return self

    def __exit__(self, *exc: object) -> None:
        _scope.reset(self._token)


@contextlib.contextmanager
def path_scope(path: str) -> Iterator[None]:
    """Make `path` the whole current path, whatever scopes are around."""
    token = _scope.set(tuple(path.split("/")) if path else ())
    try:
        yield
    finally:
        _scope.reset(token)


def current_path() -> str:
    """The path of the scopes around, such as `"model/encoder"`."""
    return "/".join(_scope.get())
