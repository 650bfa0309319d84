"""The whole state of training in one file: the model and everything around it.

The model's weights and its optimizer's state are stored under the same paths as in any
weights file. Variables those do not hold (metrics, seeds, what a layer keeps to
itself) follow under `training`, and so do other values, as JSON text and arrays.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from keras.core.state import Stateful, parts, unique
from keras.core.state_paths import Entry, copied, entries
from keras.core.variable import Variable
from keras.saving.atomic import atomic_file
from keras.saving.h5 import open_records, verify
from keras.saving.match import match
from keras.saving.packing import pack, unpack
from keras.saving.seal import DamagedFileError, Part
from keras.saving.weights import chosen_records, write_entries

_OTHERS = "training/others"
_VALUES = "training/values"
_TEXT = "json"
_FORMAT = 1


def prepare_state(
    model: Any, path: str | os.PathLike, values: dict[str, Any], copy: bool = False
) -> Callable[[], None]:
    """Collect the state of training; returns the function that writes it to a file.

    The file appears whole or not at all. `values`, which `pack` takes, are kept beside;
    `copy` is as for `prepare_model`.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> prepare_state(model, "state.h5", {"epoch": 3})()
        >>> load_state(model, "state.h5")
        {'epoch': 3}
    """
    arrays: dict[str, np.ndarray] = {}
    content = {"format": _FORMAT, "values": pack(values, arrays)}

    arrays[_TEXT] = np.frombuffer(json.dumps(content).encode(), np.uint8)
    found = _state(model)
    found = copied(found) if copy else found
    found.append(Entry(_VALUES, None, arrays, custom=False))

    def write() -> None:
        with atomic_file(path) as temporary:
            write_entries(temporary, found)

    return write


def load_state(model: Any, path: str | os.PathLike) -> dict[str, Any]:
    """Load into a model the state that `prepare_state` wrote, on any backend.

    All of it, or nothing: a file that is damaged, or of another model, is a ValueError.
    Returns the values that were stored with it.
    """
    group = f"{_VALUES}/vars/"
    part = Part.whole(path)
    if part.seal is None:  # we never wrote it so
        raise DamagedFileError(path, "the checksum at its end is missing")

    with open_records(part) as records:
        aside = {p[len(group) :]: r for p, r in records.items() if p.startswith(group)}
        saved = {p: r for p, r in records.items() if not p.startswith(group)}
        plan = match(_state(model), saved)
        verify(records.values(), chosen_records(plan))

        if _TEXT not in aside:
            raise ValueError(f"{str(path)!r} does not contain the state of training.")
        if plan.problems:
            raise ValueError(
                f"The state of training in {str(path)!r} is not that of "
                f"{type(model).__name__} {model.name!r}; nothing was loaded.\n"
                f"{plan.describe()}"
            )

        arrays = {key: record.read() for key, record in aside.items()}
        content = json.loads(arrays.pop(_TEXT).tobytes())
        if content["format"] != _FORMAT:
            raise ValueError(
                f"{str(path)!r} was written by another version of this package "
                f"(format {content['format']}, {_FORMAT} is read)."
            )
        values = unpack(content["values"], arrays)

        plan.assign(skip_mismatch=False)

    return values


def _state(model: Any) -> list[Entry]:
    """The state of a model, its optimizer and its metrics, every variable once."""
    found = entries(model)
    held = {id(v) for e in found if not e.custom for v in e.values.values()}
    rest = [v for v in unique(_all_variables(model)) if id(v) not in held]
    others = {str(number): variable for number, variable in enumerate(rest)}
    return [*found, Entry(_OTHERS, None, others, custom=False)]


def _all_variables(model: Any) -> Iterator[Variable]:
    pending: list[Any] = [model, *model.metrics]
    seen: set[int] = set()
    while pending:
        item = pending.pop()
        if isinstance(item, Variable):
            yield item
        elif id(item) not in seen:
            seen.add(id(item))
            pending.extend(part for _, part in reversed(list(parts(item))))
            if isinstance(item, Stateful):
                yield from item.variables
