"""Look at a file of weights, change what is in it, and save it as another."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from keras.core.errors import near_matches
from keras.core.state_paths import entries
from keras.core.weight import Weight
from keras.saving.archive import CONFIG, METADATA, Archive
from keras.saving.atomic import atomic_file
from keras.saving.h5 import verify, write_groups
from keras.saving.match import ArrayRecord, match
from keras.saving.seal import seal
from keras.saving.weights import check_target, open_weights

_VARS = "vars"


class KerasFileEditor:
    """The weights of a file, to inspect, rename, replace and save again.

    Objects (layers, an optimizer) are named by their path, `"layers/dense"`, or by its
    last part where only one object has it. The file is read as `load_weights` reads
    it: it may come from anybody.

    Args:
        filepath: a `.weights.h5`, `.weights.json` or `.keras` file.

    Attributes:
        weights_dict: arrays by key, by object path.
        metadata, config: what a `.keras` file says of itself, else None.

    Raises:
        ValueError: another ending, or a file that cannot be read.

    Example:
        >>> dense = keras.layers.Dense(2, name="dense")
        >>> model = keras.Sequential([keras.Input((3,)), dense])
        >>> model.save_weights("model.weights.h5")
        >>> editor = keras.saving.KerasFileEditor("model.weights.h5")
        >>> editor.rename_object("dense", "head")
        >>> editor.save("renamed.weights.h5")
    """

    def __init__(self, filepath: str | os.PathLike) -> None:
        path = Path(filepath)
        if not path.name.endswith((".keras", ".weights.h5", ".weights.json")):
            raise ValueError(
                "KerasFileEditor: a file ending in .keras, .weights.h5 or "
                f".weights.json is needed; received {str(filepath)!r}."
            )
        if not path.exists():
            raise FileNotFoundError(f"KerasFileEditor: no file {str(filepath)!r}.")

        self.filepath = filepath
        self.metadata: Any = None
        self.config: Any = None

        if path.name.endswith(".keras"):
            with Archive(path) as archive:
                self.metadata = archive.read_json(METADATA)
                self.config = archive.read_json(CONFIG)

        self.weights_dict: dict[str, dict[str, np.ndarray]] = {}
        with open_weights(path) as records:
            verify(records.values())
            for place, record in records.items():
                group, _, key = place.rpartition("/")
                name = group.removesuffix(_VARS).rstrip("/")
                self.weights_dict.setdefault(name, {})[key] = record.read()

        print(f"Keras model file {str(filepath)!r}")
        if isinstance(self.metadata, dict):
            version = self.metadata.get("keras_version")
            date = self.metadata.get("date_saved")
            print(f"Saved with Keras {version} - date: {date}")

    # Looking

    def summary(self) -> None:
        """Print the objects as a tree, with their weights' shapes and types."""
        print("Weights structure")
        shown: set[str] = set()
        for name in sorted(self.weights_dict):
            parts = name.split("/") if name else []
            for depth in range(len(parts)):
                here = "/".join(parts[: depth + 1])
                if here not in shown:
                    shown.add(here)
                    print(f"{'    ' * depth}  > {parts[depth]}")
            indent = "    " * len(parts)
            for key, array in sorted(self.weights_dict[name].items(), key=_by_number):
                print(f"{indent}  - {key}: shape={array.shape}, dtype={array.dtype}")

    def compare(self, reference_model: Any) -> dict[str, Any]:
        """Compare the file with a model: what is missing, left over, or of other shape.

        Args:
            reference_model: a built model.

        Returns:
            `status` ("success" or "error"), `error_count` and `match_count`, counting
            weights. The differences are printed.
        """
        if not hasattr(reference_model, "save_own_variables"):
            raise ValueError(
                "KerasFileEditor.compare: a model or layer is needed; received "
                f"{reference_model!r}."
            )

        found = [
            replace(e, custom=not all(isinstance(v, Weight) for v in e.values.values()))
            for e in entries(reference_model)
        ]
        plan = match(found, self._records())

        problems = len(plan.missing) + len(plan.unexpected) + len(plan.wrong)
        weights = sum(len(entry.values) for entry in found if not entry.custom)
        matches = weights - len(plan.missing) - len(plan.wrong)
        print(plan.describe() or f"No differences: {matches} weights fit.")
        return {
            "status": "error" if problems else "success",
            "error_count": problems,
            "match_count": matches,
        }

    def _records(self) -> dict[str, ArrayRecord]:
        return {
            f"{name}/{_VARS}/{key}" if name else f"{_VARS}/{key}": ArrayRecord(array)
            for name, arrays in self.weights_dict.items()
            for key, array in arrays.items()
        }

    # Changing

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Rename an object; its parent stays the same.

        Args:
            object_name: its path, or the last part of it.
            new_name: the new last part.
        """
        if not isinstance(new_name, str) or "/" in new_name or not new_name:
            raise ValueError(
                "KerasFileEditor.rename_object: `new_name` is a name, not a path; "
                f"received {new_name!r}."
            )
        old = self._find(object_name, groups=True)
        parent, _, _ = old.rpartition("/")
        new = f"{parent}/{new_name}" if parent else new_name
        if new in self._paths() and new != old:
            raise ValueError(
                f"KerasFileEditor.rename_object: there is an object {new!r} already."
            )
        self.weights_dict = {
            new + name[len(old) :] if _below(name, old) else name: arrays
            for name, arrays in self.weights_dict.items()
        }

    def delete_object(self, object_name: str) -> None:
        """Delete an object and everything below it."""
        gone = self._find(object_name, groups=True)
        self.weights_dict = {
            name: arrays
            for name, arrays in self.weights_dict.items()
            if not _below(name, gone)
        }

    def add_object(self, object_path: str, weights: Mapping[str, Any]) -> None:
        """Add an object, or replace the weights of one.

        Args:
            object_path: its full path; the object above it must exist.
            weights: arrays by key, usually "0", "1", ...
        """
        arrays = _arrays(weights, "add_object")
        parts = object_path.split("/")
        parent = "/".join(parts[:-1])
        if not all(parts) or _VARS in parts or "." in parts or ".." in parts:
            raise ValueError(
                f"KerasFileEditor.add_object: {object_path!r} is not the path of an "
                "object."
            )
        if parent and parent not in self._paths():
            raise ValueError(
                f"KerasFileEditor.add_object: there is no {parent!r} to add to."
                + near_matches(parent, self._paths())
            )
        self.weights_dict[object_path] = arrays

    def add_weights(self, object_name: str, weights: Mapping[str, Any]) -> None:
        """Add weights to an object; those of the same keys are replaced."""
        arrays = _arrays(weights, "add_weights")
        self.weights_dict[self._find(object_name)].update(arrays)

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Delete one weight of an object."""
        name = self._find(object_name)
        if weight_name not in self.weights_dict[name]:
            raise ValueError(
                f"KerasFileEditor.delete_weight: {name!r} has no weight "
                f"{weight_name!r}; it has {sorted(self.weights_dict[name])}."
            )
        del self.weights_dict[name][weight_name]

    def save(self, filepath: str | os.PathLike) -> None:
        """Save the weights as they are now.

        Args:
            filepath: a path ending in `.weights.h5`.
        """
        path = check_target(filepath, (".weights.h5",), True, "KerasFileEditor.save")
        groups = (
            (f"{name}/{_VARS}" if name else _VARS, None, arrays)
            for name, arrays in sorted(self.weights_dict.items())
        )
        with atomic_file(path) as temporary:
            seal(temporary, write_groups(temporary, groups))

    resave_weights = save

    def _paths(self) -> set[str]:
        """The paths of all objects and of the groups above them."""
        return {
            "/".join(parts[: i + 1])
            for parts in (name.split("/") for name in self.weights_dict if name)
            for i in range(len(parts))
        }

    def _find(self, name: str, groups: bool = False) -> str:
        """The full path of an object; with `groups`, one without weights too."""
        known: Iterable[str] = self._paths() if groups else self.weights_dict
        if name in known:
            return name
        found = sorted(path for path in known if path.rpartition("/")[2] == name)
        if len(found) == 1:
            return found[0]
        if found:
            raise ValueError(
                f"KerasFileEditor: {name!r} may be one of {found}: give the path."
            )
        raise ValueError(
            f"KerasFileEditor: there is no object {name!r} in the file."
            f"{near_matches(name, known)} `summary()` shows all."
        )


def _below(name: str, path: str) -> bool:
    return name == path or name.startswith(f"{path}/")


def _by_number(item: tuple[str, Any]) -> tuple[int, str]:
    return (int(item[0]) if item[0].isdecimal() else -1, item[0])


def _arrays(weights: Any, who: str) -> dict[str, np.ndarray]:
    if not isinstance(weights, Mapping):
        raise ValueError(
            f"KerasFileEditor.{who}: `weights` is a dict of arrays by key, usually "
            f"'0', '1', ...; received {type(weights).__name__}."
        )
    found = {str(key): np.asarray(value) for key, value in weights.items()}
    for key, array in found.items():
        if "/" in key or array.dtype.kind not in "biufcV":
            raise ValueError(
                f"KerasFileEditor.{who}: {key!r} must be the key of an array of "
                f"numbers; received one of type {array.dtype}."
            )
    return found
