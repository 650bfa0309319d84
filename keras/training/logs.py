"""Results of steps: they stay on the device until somebody reads them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from keras.core import tree


def to_float(value: Any, to_numpy: Callable[[Any], Any]) -> Any:
    """A device scalar as a Python float; anything larger as an array."""
    if isinstance(value, (float, int)):
        return value
    array = to_numpy(value)
    return float(array) if array.ndim == 0 else array


class LazyLogs(dict):
    """A dict of device scalars that turns into floats when something is read."""

    def __init__(self, values: dict[str, Any], to_numpy: Callable[[Any], Any]) -> None:
        super().__init__(values)
        self._to_numpy = to_numpy
        self._pending = True

    def _read(self) -> None:
        if self._pending:
            self._pending = False
            for key, value in list(super().items()):
                super().__setitem__(
                    key,
                    tree.map_structure(lambda v: to_float(v, self._to_numpy), value),
                )

    def __getitem__(self, key: str) -> Any:
        self._read()
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[str]:  # `dict(logs)` and `{**logs}` come here
        self._read()
        return super().__iter__()

    def get(self, key: str, default: Any = None) -> Any:
        """The value as a float."""
        self._read()
        return super().get(key, default)

    def items(self) -> Any:
        """Keys and floats."""
        self._read()
        return super().items()

    def values(self) -> Any:
        """Floats."""
        self._read()
        return super().values()

    def copy(self) -> dict[str, Any]:
        """A plain dict of floats."""
        self._read()
        return dict(self)
