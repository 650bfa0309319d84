"""Compare what a file holds with what a model has, before anything is assigned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from keras.core import dtypes
from keras.core.errors import near_matches
from keras.core.state_paths import Entry
from keras.core.weight import Weight

_SHOWN = 20
_COMPARED = 1000  # names looked through for a near match


class Record(Protocol):
    """One array of a file: what it claims to be, before its bytes are read."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def read(self) -> np.ndarray:
        """The values."""


class ArrayRecord:
    """An array in memory, as a record."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.shape = array.shape
        self.dtype = array.dtype

    def read(self) -> np.ndarray:
        """The values."""
        return self.array


@dataclass
class Plan:
    """Which records will be assigned to which variables, and what does not fit."""

    pairs: list[tuple[Any, Record]] = field(default_factory=list)
    custom: list[tuple[Entry, dict[str, Record]]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def problems(self) -> bool:
        """Whether anything does not fit."""
        return bool(self.missing or self.unexpected or self.wrong)

    def describe(self) -> str:
        """The lists of what does not fit, one item a line."""
        lists = (
            ("Missing in the file", self.missing),
            ("In the file, but not in the model", self.unexpected),
            ("Different", self.wrong),
        )
        lines = []
        for title, items in lists:
            if items:
                lines.append(f"{title} ({len(items)}):")
                lines.extend(f"  {item}" for item in items[:_SHOWN])
                if len(items) > _SHOWN:
                    lines.append(f"  ... and {len(items) - _SHOWN} more")
        return "\n".join(lines)

    def assign(self, skip_mismatch: bool) -> None:
        """Give the variables their values.

        Objects that load in their own way may fail, so they go first; what they had
        changed is put back.
        """
        for entry, records in self.custom:
            before = [
                (variable, np.asarray(variable).copy())
                for variable in entry.values.values()
                if isinstance(variable, Weight)
            ]
            try:
                entry.owner.load_own_variables(
                    {k: r.read() for k, r in records.items()}
                )
            except Exception as error:
                for variable, value in before:
                    variable.assign(value)
                if not skip_mismatch:
                    raise ValueError(
                        f"{entry.group!r}: {entry.name!r} could not load its "
                        f"own state: {error}. The model's other weights are unchanged."
                    ) from error

        for variable, record in self.pairs:
            _assign(variable, record)


def match(
    found: Iterable[Entry], records: Mapping[str, Record], ignored: tuple[str, ...] = ()
) -> Plan:
    """Find each value's record by its path; objects that fit wholly are in the plan.

    `ignored` are beginnings of paths that may be in the file without an owner.
    """
    found = list(found)
    separator = "." if found and found[0].keys is not None else "/"

    owned: dict[str, dict[str, Record]] = {entry.group: {} for entry in found}
    plan = Plan()
    strays = []
    for path, record in records.items():
        group = _group_of(path, owned, separator)
        if group is None:
            strays.append(path)
        else:
            owned[group][path[len(group) + 1 if group else 0 :]] = record
    for entry in found:
        if entry.custom:
            known = entry.keys or {}
            own = {known.get(k, k): r for k, r in owned[entry.group].items()}
            plan.custom.append((entry, own))
        else:
            strays.extend(_match_entry(entry, owned[entry.group], plan))

    strays = [path for path in strays if not path.startswith(ignored)]
    plan.missing[:_SHOWN] = [
        f"{item}{near_matches(item.split(' ')[0], strays[:_COMPARED])}"
        for item in plan.missing[:_SHOWN]
    ]

    for number, path in enumerate(strays):
        owner = getattr(records[path], "owner", "") if number < _SHOWN else ""
        told = f"of {owner!r}, " if owner else ""
        plan.unexpected.append(f"{path} ({told}shape {records[path].shape})")
    return plan


def _match_entry(entry: Entry, records: dict[str, Record], plan: Plan) -> list[str]:
    """Add an object to the plan; returns the paths it has no variable for."""
    pairs = []
    for key, variable in entry.values.items():
        record = records.get(key)
        label = f"{entry.address(key)} ({variable.name} of {entry.name!r}"
        if record is None:
            plan.missing.append(f"{label}, shape {variable.shape})")
        elif (wrong := difference(variable, record)) is not None:
            plan.wrong.append(f"{label}): {wrong}")
        else:
            pairs.append((variable, record))
    strays = [entry.address(key) for key in records if key not in entry.values]
    if len(pairs) == len(entry.values) and not strays:
        plan.pairs += pairs
    return strays


def difference(variable: Weight, record: Record) -> str | None:
    """How a record's shape or type differs from what a variable takes, or None."""
    if record.shape == variable.shape and _fits(record.dtype, variable.dtype):
        return None
    return (
        f"{variable.shape} {variable.dtype} in the model, "
        f"{record.shape} {record.dtype} in the file"
    )


def _group_of(path: str, owned: Mapping[str, Any], separator: str) -> str | None:
    """The innermost known group that contains a dataset."""
    group = path
    while separator in group:
        group = group.rpartition(separator)[0]
        if group in owned:
            return group
    return "" if "" in owned and separator not in path else None


def _fits(saved: np.dtype, wanted: str) -> bool:
    """Whether values may change type: within floats and integers, or to floats."""
    if dtypes.is_float_dtype(wanted):
        return saved.kind in "biuf" or saved.kind == "V"
    if wanted == "bool":
        return saved.kind == "b"
    if "complex" in wanted:
        return saved.kind == "c"
    return saved.kind in "iu"


def _assign(variable: Weight, record: Record) -> None:
    value = record.read()
    if value.dtype.kind == "V":  # ml_dtypes types: no framework is asked to know them
        value = value.astype(np.float32)
    variable.assign(value)
