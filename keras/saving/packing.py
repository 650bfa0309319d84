"""Nested Python values as JSON text and arrays: data only, nothing that runs."""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras.core.foreign import framework_of, to_host

# A dict with this single key represents a value that JSON has no type for.
_KINDS = frozenset(
    f"__{kind}__" for kind in "array scalar tensor bytes tuple items".split()
)


def pack(value: Any, arrays: dict[str, np.ndarray], where: str = "state") -> Any:
    """A value as JSON takes it; arrays in it are put into `arrays`, as copies.

    It may be None, numbers, texts, bytes, arrays, and lists, tuples and dicts of them;
    anything else is a TypeError, which calls the place `where`.
    """
    if value is None:
        return None
    for kind in (bool, int, float, str):
        if isinstance(value, kind):  # of a subclass too, such as np.float64
            return kind(value)

    if isinstance(value, bytes):
        return {"__bytes__": base64.b64encode(value).decode()}
    if isinstance(value, list):
        return [pack(v, arrays, f"{where}[{i}]") for i, v in enumerate(value)]
    if isinstance(value, tuple):
        return {"__tuple__": pack(list(value), arrays, where)}
    if isinstance(value, Mapping):
        if all(isinstance(k, str) and k not in _KINDS for k in value):
            return {k: pack(v, arrays, f"{where}[{k!r}]") for k, v in value.items()}
        return {"__items__": [pack(list(i), arrays, where) for i in value.items()]}

    framework = framework_of(value)
    if framework is not None or isinstance(value, (np.ndarray, np.generic)):
        array = np.array(value if framework is None else to_host(value))
        if array.dtype.kind in "biufcV":
            key = str(len(arrays))
            arrays[key] = array
            if isinstance(value, np.generic):
                return {"__scalar__": key}
            return {"__tensor__" if framework == "torch" else "__array__": key}

    raise TypeError(
        f"{where} is of type {type(value).__module__}.{type(value).__qualname__}; only "
        "numbers, texts, bytes, arrays, and lists, tuples and dicts of these are saved."
    )


def unpack(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    """The value that `pack` was given."""
    if isinstance(value, list):
        return [unpack(v, arrays) for v in value]
    if not isinstance(value, dict):
        return value

    if len(value) == 1:
        kind, content = next(iter(value.items()))
        if kind == "__bytes__":
            return base64.b64decode(content)
        if kind == "__tuple__":
            return tuple(unpack(content, arrays))
        if kind == "__items__":
            return {unpack(k, arrays): unpack(v, arrays) for k, v in content}
        if kind == "__array__":
            return arrays[content]
        if kind == "__scalar__":
            return arrays[content][()]
        if kind == "__tensor__":
            torch = sys.modules.get("torch")
            return torch.from_numpy(arrays[content]) if torch else arrays[content]
    return {k: unpack(v, arrays) for k, v in value.items()}
