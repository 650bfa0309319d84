"""Save and load the weights of a model.

Three formats: HDF5 as Keras writes it (`.weights.h5`, or `.weights.json` with shards),
safetensors, and the old `.h5`. Weights go by their paths, never by their position.
"""

from __future__ import annotations

import contextlib
import json
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from keras.core.derived import Derived
from keras.core.state_paths import (
    Entry,
    copied,
    entries,
    groups_of,
    is_model,
    named_entries,
)
from keras.core.variable import Variable
from keras.saving.archive import METADATA, Archive
from keras.saving.atomic import atomic_file
from keras.saving.h5 import open_records, read_root_attribute, verify, write_groups
from keras.saving.match import Plan, Record, match
from keras.saving.orbax import assign_values, latest_checkpoint, read_values
from keras.saving.safetensors import INDEX, open_safetensors, save_safetensors
from keras.saving.seal import (
    DamagedFileError,
    check_json,
    json_checksum,
    nbytes,
    read_seal,
    seal,
)
from keras.saving.shards import read_index, save_shards, split

LEGACY = (".h5", ".hdf5")
SAFETENSORS = (".safetensors", INDEX)
# What an optimizer has before it is built.
_EARLY = ("iteration", "learning_rate", "step_counter", "dynamic_scale")
_OPTIMIZER = "optimizer/"
# A note's name in the metadata of a `.keras` file, and among a file's attributes.
NOTE = "checkpoint"


def save_weights(
    model: Any,
    filepath: str | os.PathLike,
    overwrite: bool = True,
    max_shard_size: float | None = None,
    **kwargs: Any,
) -> None:
    """Save the weights of a model, without its architecture.

    The file appears whole or not at all: a failure leaves an older one as it was. HDF5
    files hold the optimizer's state too. A safetensors file holds the weights only,
    under names such as `encoder.blocks.0.dense.kernel`, for other programs to read.

    Args:
        model: a built model or layer.
        filepath: a path ending in `.weights.h5` (`.weights.json` with shards) or
            `.safetensors`.
        overwrite: whether an existing file may be replaced.
        max_shard_size: split into files of at most this many gibibytes; an index then
            says which shard holds what: the file at `filepath`, or for `w.safetensors`
            the file `w.safetensors.index.json`.

    Raises:
        ValueError: another ending, or a model without weights yet.
        FileExistsError: the file exists and `overwrite` is False.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> keras.saving.save_weights(model, "model.weights.h5")
    """
    if kwargs:
        raise ValueError(f"save_weights: unknown arguments {sorted(kwargs)}.")
    path, sharded = Path(filepath), max_shard_size is not None
    named = path.name.endswith(SAFETENSORS)
    if named and sharded != path.name.endswith(INDEX):
        if not sharded:
            raise ValueError(
                f"save_weights: {str(filepath)!r} is the name of an index of shards: "
                "pass `max_shard_size`, or a name ending in .safetensors."
            )
        path = path.with_name(path.name.removesuffix(".safetensors") + INDEX)

    ending = ".weights.json" if sharded else ".weights.h5"
    endings = () if named else (ending, ".safetensors")
    check_target(path, endings, overwrite, "save_weights")
    require_built(model, "save_weights")
    if named:
        found = warn_lost(model, named_entries(model), "save_weights")
        tensors = {e.address(k): value for e in found for k, value in e.values.items()}
        save_safetensors(path, tensors, max_shard_size, {"format": "keras"})
        return
    if max_shard_size is not None:
        found = warn_lost(model, entries(model), "save_weights")
        _save_shards(found, path, max_shard_size)
    else:
        prepare_weights(model, path)()


def prepare_weights(
    model: Any, path: Path, note: Mapping[str, Any] | None = None, copy: bool = False
) -> Callable[[], None]:
    """Collect everything for a `.weights.h5` file; returns the function that writes it.

    `note` and `copy` are as for `prepare_model`.
    """
    require_built(model, "save_weights")
    found = warn_lost(model, entries(model), "save_weights")
    found = copied(found) if copy else found
    attributes = None if note is None else {NOTE: json.dumps(note_of(note))}

    def write() -> None:
        with atomic_file(path) as temporary:
            write_entries(temporary, found, attributes)

    return write


def note_of(values: Mapping[str, Any]) -> dict[str, Any]:
    """A note in plain numbers and texts, as JSON takes them."""
    return {
        key: value if isinstance(value, (str, int, type(None))) else float(value)
        for key, value in values.items()
    }


def read_note(path: str | os.PathLike) -> dict[str, Any] | None:
    """The note in a `.keras` or `.weights.h5` file; None where there is none."""
    path = Path(path)
    try:
        if path.name.endswith(".weights.h5"):
            text = read_root_attribute(path, NOTE)
            note = None if text is None else json.loads(text)
        else:
            with Archive(path) as archive:
                note = archive.read_json(METADATA).get(NOTE)
    except (OSError, ValueError, AttributeError):
        return None
    return note if isinstance(note, dict) else None


def load_weights(
    model: Any, filepath: str | os.PathLike, skip_mismatch: bool = False, **kwargs: Any
) -> None:
    """Load weights into a built model, all of them or none.

    Weights are matched by their paths; everything is checked before the first is
    assigned. The optimizer's state is loaded too where it fits the model's optimizer.

    Args:
        model: a built model or layer.
        filepath: a `.weights.h5`, `.weights.json`, `.safetensors`,
            `.safetensors.index.json` or `.keras` file, or an old `.h5`; or a
            directory of `OrbaxCheckpoint`, or of one of its steps.
        skip_mismatch: load the layers that fit, warn about the others.
        objects_to_skip: layers to leave as they are.
        by_name: for an old `.h5`: load those layers whose names the file has.

    Raises:
        ValueError: the file does not fit: one message lists what is missing, what the
            model does not have, and what has another shape.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> model.save_weights("model.weights.h5")
        >>> keras.saving.load_weights(model, "model.weights.h5")
    """
    skip = list(kwargs.pop("objects_to_skip", None) or ())
    by_name = kwargs.pop("by_name", False)
    if kwargs:
        raise ValueError(f"load_weights: unknown arguments {sorted(kwargs)}.")
    path = Path(filepath)
    old = path.name.endswith(LEGACY) and not path.name.endswith(".weights.h5")
    if by_name and not old:
        raise ValueError(
            "load_weights: `by_name` is for old `.h5` and `.hdf5` files; received "
            f"{str(filepath)!r}. Others are always matched by path: pass "
            "`skip_mismatch=True` to load the layers that fit."
        )
    require_built(model, "load_weights")
    if not path.exists():
        raise FileNotFoundError(f"load_weights: there is no file {str(filepath)!r}.")
    who = f"load_weights from {str(filepath)!r}"
    if (step := latest_checkpoint(path)) is not None:
        if skip_mismatch or skip:
            raise ValueError(
                f"{who}: a checkpoint of Orbax is loaded whole. `skip_mismatch` and "
                "`objects_to_skip` are for weights files."
            )
        assign_values(model, read_values(step), who)
    elif old:
        from keras.saving.legacy_h5 import load_legacy_weights

        load_legacy_weights(model, path, who, skip_mismatch, skip, by_name)
    elif path.name.endswith(SAFETENSORS):
        with open_safetensors(path) as named:
            restore(model, named, who, skip_mismatch, skip, named=True)
    else:
        with open_weights(path) as records:
            restore(model, records, who, skip_mismatch, skip)


def restore(
    model: Any,
    records: Mapping[str, Record],
    who: str,
    skip_mismatch: bool = False,
    skip: Iterable[Any] = (),
    named: bool = False,
) -> None:
    """Check all records against a model's state, then assign them.

    Records go by path, with `named` by dotted name; messages begin with `who`; the
    layers in `skip` are left as they are.
    """

    skip = list(skip)
    walk, end = (named_entries, ".") if named else (entries, "/")
    found, slots = walk(model, skip), []
    if is_model(model) and not named:
        slots = [e for e in found if (e.path + end).startswith(_OPTIMIZER)]
        found = [e for e in found if e not in slots]

    paths = [e.path + end for e in walk(model) if any(e.owner is s for s in skip)]
    plan = match(found, records, (*paths, _OPTIMIZER))
    saved = {p: r for p, r in records.items() if p.startswith(_OPTIMIZER)}
    slots_plan = plan_optimizer(slots, saved) if slots and saved else Plan()

    # A damaged file says so, rather than that it does not fit.
    verify(records.values(), chosen_records(plan, slots_plan))
    carry_out(plan, model, who, skip_mismatch)
    restore_optimizer(slots_plan, getattr(model, "optimizer", None), who)


def carry_out(plan: Plan, model: Any, who: str, skip_mismatch: bool) -> None:
    """Assign what was planned, if everything fits or what does not may be skipped."""
    if plan.problems and not skip_mismatch:
        raise ValueError(
            f"{who}: the file does not fit {type(model).__name__} {model.name!r}; "
            f"nothing was loaded.\n{plan.describe()}\nPass `skip_mismatch=True` to "
            "load the layers that fit and leave the others as they are."
        )
    if plan.problems:
        warnings.warn(
            f"{who}: not everything was loaded.\n{plan.describe()}", stacklevel=4
        )
    plan.assign(skip_mismatch)


def plan_optimizer(slots: list[Entry], saved: Mapping[str, Record]) -> Plan:
    """How the optimizer's state is to be loaded.

    One that was saved before it was built has no slots in the file. Those of an
    optimizer that has not trained either are as they would be.
    """
    plan = match(slots, saved)
    if plan.missing:
        bare = match([_without_slots(entry, saved) for entry in slots], saved)
        if not bare.problems and _untrained(bare.pairs):
            return bare
    return plan


def _without_slots(entry: Entry, saved: Mapping[str, Record]) -> Entry:
    early = {k: v for k, v in entry.values.items() if v.name in _EARLY}
    slots = entry.values.keys() - early.keys()
    if any(entry.address(key) in saved for key in slots):
        return entry
    return replace(entry, values=early)


def _untrained(pairs: Iterable[tuple[Variable, Record]]) -> bool:
    """Whether the optimizers of these variables and records took no step yet."""
    counts = [pair for pair in pairs if pair[0].name == _EARLY[0]]
    return not any(np.any(r.read()) or np.any(np.asarray(v)) for v, r in counts)


def restore_optimizer(plan: Plan, optimizer: Any, who: str) -> None:
    """Load the optimizer's state if all of it fits; else leave it as initialized."""
    if plan.problems:
        warnings.warn(
            f"{who}: the optimizer's state does not fit and was not loaded, so "
            "training continues with initial moments and the optimizer's own learning "
            f"rate.\n{plan.describe()}",
            stacklevel=4,
        )
        return
    plan.assign(skip_mismatch=False)
    loaded = {id(variable) for variable, _ in plan.pairs}
    averages = getattr(optimizer, "_averages", ())
    if loaded and not loaded.issuperset(map(id, averages)):  # they begin at the weights
        for average, weight in zip(averages, optimizer._trainable):
            average.assign(weight)


def chosen_records(*plans: Plan) -> list[Any]:
    """The records that plans will read, if nothing hinders them."""
    fitting = [plan for plan in plans if not plan.problems]
    return [record for plan in fitting for _, record in plan.pairs]


def warn_lost(model: Any, found: list[Entry], who: str) -> list[Entry]:
    """Warn of weights that are in none of the entries."""
    values = [value for entry in found for value in entry.values.values()]
    saved = {id(value) for value in values}
    # Of a derived weight that is saved whole, the variables are in its value.
    derived = [value for value in values if isinstance(value, Derived)]
    saved.update(id(v) for value in derived for v in value.variables)
    own = [e.owner for e in found if e.custom]
    saved.update(id(v) for owner in own for v in getattr(owner, "weights", ()))
    lost = [v.path for v in getattr(model, "weights", ()) if id(v) not in saved]
    if lost:
        warnings.warn(
            f"{who}: the weights {lost[:5]} ({len(lost)} in all) have no path and are "
            "not saved, because their layers are kept in a set or another object. "
            "Keep layers in attributes, lists or dicts.",
            stacklevel=5,
        )
    return found


def write_entries(
    path: Path, found: Iterable[Entry], attributes: Mapping[str, str] | None = None
) -> int:
    """Write the state of objects to an HDF5 file and seal it; its checksum."""
    return seal(path, write_groups(path, groups_of(found), attributes=attributes))


def check_target(
    filepath: str | os.PathLike, endings: tuple[str, ...], overwrite: bool, who: str
) -> Path:
    """The path to save to, after checking its ending and whether it may be replaced."""
    path = Path(filepath)
    if endings and not path.name.endswith(endings):
        raise ValueError(
            f"{who}: the filename must end in {' or '.join(endings)}; received "
            f"{str(filepath)!r}."
        )
    if path.exists() and not overwrite:
        raise FileExistsError(
            f"{who}: {str(filepath)!r} exists and `overwrite` is False. Choose another "
            "name or pass `overwrite=True`."
        )
    return path


def require_model(found: Any, who: str) -> Any:
    """What a file's config gave, if it is a model or layer."""
    if not hasattr(found, "load_own_variables") or not hasattr(found, "name"):
        raise ValueError(
            f"{who}: the file holds no model but an object of the type "
            f"{type(found).__name__}."
        )
    return found


def require_built(model: Any, who: str) -> None:
    """Raise unless the model has its weights."""
    if not getattr(model, "built", True):
        raise ValueError(
            f"{who}: {type(model).__name__} {model.name!r} is not built yet, so it has "
            "no weights. Call it on data first, or `model.build(input_shape)`."
        )


@contextlib.contextmanager
def open_weights(path: Path) -> Iterator[Mapping[str, Record]]:
    """The records of a file of weights, while it is open."""
    with contextlib.ExitStack() as stack:
        if path.name.endswith(".weights.h5"):
            yield stack.enter_context(open_records(path))
        elif path.name.endswith(".weights.json"):
            records: dict[str, Record] = {}
            for shard in _shards(path):
                records.update(stack.enter_context(open_records(shard)))
            yield records
        elif path.name.endswith(".keras"):
            archive = stack.enter_context(Archive(path))
            inner = stack.enter_context(archive.weights())
            yield stack.enter_context(open_records(inner))
        else:
            raise ValueError(
                "load_weights: a file ending in .weights.h5, .weights.json, "
                ".safetensors, .safetensors.index.json, .h5 or .keras is needed; "
                f"received {str(path)!r}."
            )


def _shards(path: Path) -> list[Path]:
    """The files a shard index names, each the one that it was saved with."""
    shards, content = read_index(path)
    metadata = content.get("metadata")
    saved = metadata.get("checksums") if isinstance(metadata, dict) else None
    check_json(path, content)
    for shard in shards:
        if isinstance(saved, dict) and shard.name in saved:
            found = read_seal(shard)
            if found is None or f"{found[1]:08x}" != saved[shard.name]:
                raise DamagedFileError(
                    shard, f"it is not the shard that {path.name!r} was saved with"
                )
    return shards


def _save_shards(found: list[Entry], path: Path, max_shard_size: float) -> None:
    sizes = [sum(map(nbytes, entry.values.values())) for entry in found]
    groups = (entry.group for entry in found)
    shards = split(zip(groups, sizes, found), max_shard_size)
    stem = path.name.removesuffix(".weights.json")

    def name(tag: str, number: int) -> str:
        return f"{stem}{tag and f'_{tag}'}_{number:05d}.weights.h5"

    def content(written: dict[str, int]) -> dict[str, Any]:
        checksums = {name: f"{crc:08x}" for name, crc in written.items()}
        index = {
            "metadata": {"total_size": float(sum(sizes)), "checksums": checksums},
            "weight_map": {
                f"/{entry.group}": [name]
                for name, shard in zip(written, shards)
                for entry in shard
                if entry.values
            },
        }
        return {**index, "checksum": json_checksum(index)}

    save_shards(path, shards, name, write_entries, content)
