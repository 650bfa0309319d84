"""Checkpoints of Orbax: what a model's is made of, and how it is read back.

A checkpoint of a step is a folder with two parts, in the layout of Keras 3.15:
`pytree`, the values of the variables in nested dicts by their paths, and
`model_config`, the model's config as JSON text. Orbax writes and reads them; it brings
JAX along, whatever the backend of the model is.
"""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from keras.core.config.serialization import serialize_keras_object
from keras.core.errors import optional_import
from keras.core.state_paths import renumbered
from keras.core.variable import Variable

_WEIGHTS = ("trainable_variables", "non_trainable_variables")
_OPTIMIZER = "optimizer_variables"
_CONFIG = "config"


def orbax() -> Any:
    """The package, or an error that says how to install it."""
    return optional_import("orbax.checkpoint", "orbax", "An Orbax checkpoint")


def state_groups(model: Any, weights_only: bool) -> dict[str, list[Variable]]:
    """The variables of a model in the groups of a checkpoint."""
    groups = {
        "trainable_variables": model.trainable_variables,
        "non_trainable_variables": model.non_trainable_variables,
    }
    if not weights_only:
        optimizer = getattr(model, "optimizer", None)
        groups[_OPTIMIZER] = [] if optimizer is None else optimizer.variables
        groups["metrics_variables"] = model.metrics_variables
    return {group: found for group, found in groups.items() if found}


def checkpoint_of(model: Any, weights_only: bool) -> Any:
    """What Orbax is to save: copies of all values, so that training may go on."""
    args = orbax().args
    tree = {
        group: _nested((v.path, np.array(v)) for v in variables)
        for group, variables in state_groups(model, weights_only).items()
    }
    parts = {"pytree": args.PyTreeSave(tree)}
    if not weights_only:
        config = json.dumps(serialize_keras_object(model))
        parts["model_config"] = args.PyTreeSave({_CONFIG: config})
    return args.Composite(**parts)


def latest_checkpoint(path: str | os.PathLike[str]) -> Path | None:
    """The folder of a step, or of the last step in a folder of Orbax; else None."""
    path = Path(path)
    if (path / "pytree").is_dir():
        return path
    if not path.is_dir():
        return None
    steps = [p for p in path.iterdir() if p.name.isdigit() and (p / "pytree").is_dir()]
    return max(steps, key=lambda p: int(p.name), default=None)


def read_checkpoint(step: Path, who: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The config of the model in a checkpoint, and the tree of its values.

    Raises:
        ValueError: the checkpoint holds only weights.
    """
    if not (step / "model_config").is_dir():
        raise ValueError(
            f"{who}: the checkpoint holds only weights. Build the model and call "
            "`model.load_weights` on it."
        )
    text = _read(step / "model_config", str)[_CONFIG]
    return json.loads(text), read_values(step)


def read_values(step: Path) -> dict[str, Any]:
    """The values in a checkpoint, as NumPy arrays in nested dicts."""
    return _read(step / "pytree", np.ndarray)


def bytes_of(tree: dict[str, Any]) -> int:
    """The memory that the values of a checkpoint take."""
    return sum(np.asarray(value).nbytes for _, value in _flat(tree))


def assign_values(model: Any, tree: dict[str, Any], who: str) -> None:
    """Assign the values of a checkpoint to a model: all that fit its state, or none.

    The optimizer's state and the metrics are loaded too where they fit.

    Raises:
        ValueError: a weight is missing, left over or of another shape.
    """
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None and _OPTIMIZER in tree:
        optimizer.build(model.trainable_variables)

    # A path begins with the model's name or not, by how its layers were built.
    weights = tree.get("trainable_variables") or tree.get("non_trainable_variables", {})
    roots = [(a, b) for a in (None, model.name) for b in (None, *weights)]
    plans = [_plan(model, tree, *pair) for pair in roots]
    planned, problems, ignored = min(plans, key=lambda plan: (plan[1] != [], plan[2]))
    if problems:
        problems = plans[0][1]
        raise ValueError(
            f"{who}: the checkpoint does not fit {type(model).__name__} "
            f"{model.name!r}; nothing was loaded.\n" + "\n".join(problems)
        )
    if ignored:
        warnings.warn(
            f"{who}: the optimizer's state does not fit and was not loaded, so "
            "training continues with initial moments.",
            stacklevel=4,
        )
    for variable, value in planned:
        variable.assign(value)


_Plan = tuple[list[tuple[Variable, np.ndarray]], list[str], list[str]]


def _plan(model: Any, tree: Any, own_root: str | None, root: str | None) -> _Plan:
    """What to assign, what does not fit, and the groups that are left out."""
    planned: list[tuple[Variable, np.ndarray]] = []
    problems: list[str] = []
    ignored = []

    flat_names: dict[str, str] = {}  # of the weights: as stored, and as they are now

    for group, variables in state_groups(model, weights_only=False).items():
        stored = tree.get(group, {})
        if group == _OPTIMIZER:  # a slot is named after its weight
            stored = _renamed(stored, flat_names)
        own = _nested((v.path, v) for v in variables)
        wanted = dict(_flat(_canonical(_without(own, own_root))))
        found = dict(_flat(_canonical(_without(stored, root))))
        misfits = _compare(wanted, found)
        if group in _WEIGHTS:
            problems += misfits
            paths = dict(zip(found, (path for path, _ in _flat(stored))))
            for path in wanted.keys() & found.keys():
                now = wanted[path].path.replace("/", "_")
                flat_names[paths[path].replace("/", "_")] = now
        elif misfits:
            # Metrics begin with zeros in the next epoch: nothing is lost with them.
            if found and group == _OPTIMIZER:
                ignored.append(group)
            continue
        planned += [(v, found[path]) for path, v in wanted.items() if path in found]
    return planned, problems, ignored


def _renamed(tree: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """The tree of an optimizer with its slots named after the weights as they are."""
    longest_first = sorted(names, key=len, reverse=True)

    def name_of(key: str) -> str:
        old = next((old for old in longest_first if key.startswith(f"{old}_")), None)
        return key if old is None else names[old] + key.removeprefix(old)

    return {
        key if isinstance(value, dict) else name_of(key): _renamed(value, names)
        if isinstance(value, dict)
        else value
        for key, value in tree.items()
    }


def _without(tree: dict[str, Any], root: str | None) -> dict[str, Any]:
    """The tree without the name of the model, if that is where all paths begin."""
    if root is not None and list(tree) == [root] and isinstance(tree[root], dict):
        return tree[root]
    return tree


def _compare(wanted: dict[str, Variable], found: dict[str, Any]) -> list[str]:
    problems = [f"missing: {path}" for path in wanted.keys() - found.keys()]
    problems += [f"not in the model: {path}" for path in found.keys() - wanted.keys()]
    for path in wanted.keys() & found.keys():
        shape, own = tuple(np.shape(found[path])), tuple(wanted[path].shape)
        if shape != own:
            problems.append(f"{path}: shape {shape}, {own} in the model")
    return sorted(problems)


def _read(folder: Path, kind: type) -> Any:
    """The tree that Orbax stored in a folder, with leaves of a type."""
    folder = folder.resolve()  # Orbax does not take a relative path
    handler = orbax().PyTreeCheckpointer()
    restore = orbax().RestoreArgs(restore_type=kind)
    tree = handler.metadata(folder).item_metadata.tree
    args = _map(lambda leaf: restore, tree)
    return handler.restore(folder, restore_args=args)


def _map(function: Any, tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _map(function, value) for key, value in tree.items()}
    return function(tree)


def _nested(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Values by paths as nested dicts."""
    tree: dict[str, Any] = {}
    for path, value in pairs:
        *folders, name = path.split("/")
        place = tree
        for folder in folders:
            place = place.setdefault(folder, {})
        place[name] = value
    return tree


def _flat(tree: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}/")
        else:
            yield f"{prefix}{key}", value


def _canonical(tree: Any) -> Any:
    """The tree with automatic numbers in its names counted from zero."""
    if not isinstance(tree, dict):
        return tree
    names = renumbered(tree)
    return {names[key]: _canonical(value) for key, value in tree.items()}
