"""The old `.h5` files: a whole model, or weights, as Keras 2 and Keras 3 write them.

A layer's weights are in a group of its name, under the names of the variables
(`dense/dense/kernel:0`). They are matched by these names. Names that were counted up
automatically are counted again where the exact ones do not fit, so that `dense_3` of
one program finds `dense_1` of another. Where layers have other names altogether, as in
files of the first versions of Keras's applications, they are matched by their order, if
every weight of every layer then has the shape that it has in the file.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from keras.core.config.limits import MAX_JSON_BYTES, parse_json, reading
from keras.core.config.registry import maybe_scope
from keras.core.config.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from keras.core.naming import uniquify
from keras.core.state_paths import Entry, listed_layers, renumbered
from keras.core.variable import Variable
from keras.ops.wire_names import find_op
from keras.saving.atomic import atomic_file
from keras.saving.h5 import Record as H5Record
from keras.saving.h5 import open_records, read_attribute, read_texts, verify
from keras.saving.keras2 import is_old, translate, translate_compile
from keras.saving.match import ArrayRecord, Plan, Record, difference, match
from keras.saving.seal import seal
from keras.saving.weights import (
    carry_out,
    plan_optimizer,
    require_built,
    require_model,
    restore_optimizer,
)

_TOP = "top_level_model_weights"

# How Keras 2 calls an optimizer's slots, and what ours are called.
_SLOTS = {
    "m": "momentum",
    "v": "velocity",
    "vhat": "velocity_hat",
    "u": "norm",
    "momentum": "momentum",
    "velocity": "velocity",
    "average_gradient": "average_gradient",
    "rms": "velocity",
    "mg": "average_gradient",
    "accumulator": "accumulator",
    "accumulated_grad": "accumulated_grad",
    "accumulated_delta_var": "accumulated_delta_var",
    "linear": "linear",
}


# Writing


def save_legacy_model(
    model: Any, path: Path, include_optimizer: bool, version: str
) -> None:
    """Write a whole model to an `.h5` file, whole or not at all.

    `include_optimizer` is for the compile settings too; `version` is that of Keras
    whose files these are.
    """
    require_built(model, "save_model")
    config = _plain(serialize_keras_object(model))
    training = config.pop("compile_config", None) if include_optimizer else None
    config.pop("compile_config", None)
    origin = {"backend": model._backend.name, "keras_version": version}
    with atomic_file(path) as temporary:
        with h5py.File(temporary, "w") as file:
            file.attrs.update(origin)
            _put_text(file, "model_config", json.dumps(config))
            if training is not None:
                _put_text(file, "training_config", json.dumps(_plain_compile(training)))
            weights = file.create_group("model_weights")
            weights.attrs.update(origin)
            _put_layers(weights, model)
            optimizer = getattr(model, "optimizer", None)
            if include_optimizer and optimizer is not None:
                group = file.create_group("optimizer_weights")
                _put_weights(group, [(v.path, v) for v in optimizer.variables])
        seal(temporary)


def _put_layers(group: h5py.Group, model: Any) -> None:
    layers = listed_layers(model)
    group.attrs["layer_names"] = [layer.name.encode() for layer in layers]
    for layer in layers:
        _put_weights(group.create_group(layer.name), _saved_names(layer))
    _put_weights(group.create_group(_TOP), _top_weights(model, layers))


def _put_weights(group: h5py.Group, named: list[tuple[str, Variable]]) -> None:
    names = [name for name, _ in named]
    if len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(
            f"save_model: an `.h5` file cannot hold {twice[:5]} of {group.name!r} "
            "twice: these weights have equal names. Save to a path ending in `.keras`."
        )
    group.attrs["weight_names"] = [name.encode() for name in names]
    for name, variable in named:
        array = np.asarray(variable)
        if array.dtype.kind == "V":  # a float type that HDF5 does not know
            array = array.astype("float32")
        group.create_dataset(name, data=array)


def _put_text(file: h5py.File, name: str, text: str) -> None:
    """An attribute of any length: HDF5 keeps a string of variable length aside."""
    file.attrs.create(name, text, dtype=h5py.string_dtype())


def _saved_names(layer: Any) -> list[tuple[str, Variable]]:
    """A layer's weights by path, those that train first: the order of these files."""
    ordered = {id(v): v for v in (*layer.trainable_weights, *layer.weights)}
    return [(variable.path, variable) for variable in ordered.values()]


def _top_weights(model: Any, layers: list[Any]) -> list[tuple[str, Variable]]:
    """The weights of a model by path that none of its layers has."""
    of_layers = {id(v) for layer in layers for v in layer.weights}
    return [(v.path, v) for v in model.weights if id(v) not in of_layers]


def _plain(node: Any) -> Any:
    """A serialized model as these files have it: layers by class name alone."""
    config = node["config"]
    if isinstance(config, dict) and isinstance(config.get("layers"), list):
        config = {**config, "layers": [_plain(x) for x in config["layers"]]}
    kept = ("name", "inbound_nodes", "compile_config")
    return {
        "class_name": node.get("registered_name") or node["class_name"],
        "config": config,
        **{key: node[key] for key in kept if key in node},
    }


def _plain_compile(config: Mapping[str, Any]) -> dict[str, Any]:
    out = {k: v for k, v in config.items() if k not in ("optimizer", "auto_scale_loss")}
    optimizer = config.get("optimizer")
    if isinstance(optimizer, dict):
        optimizer = {k: optimizer[k] for k in ("class_name", "config")}
    return {**out, "optimizer_config": optimizer}


# Reading


def load_legacy_model(
    path: Path, who: str, custom_objects: Mapping[str, Any] | None, compile: bool
) -> Any:
    """The model of an `.h5` file, with its weights."""
    with open_records(path) as records:
        config, training = _read_configs(path, who)
        limit = sum(record.nbytes for record in records.values())
        with reading(repr(path.name), limit):
            model = require_model(deserialize_keras_object(config, custom_objects), who)
            if compile and training is not None:
                with maybe_scope(custom_objects):
                    model.compile_from_config(training)
        weights = _below(records, "model_weights")
        _restore(model, weights, who, False, (), False, records)
        if compile and training is not None and model.optimizer is not None:
            slots = _below(records, "optimizer_weights")
            _restore_optimizer(model, slots, weights, who)
    return model


def load_legacy_weights(
    model: Any,
    path: Path,
    who: str,
    skip_mismatch: bool,
    skip: Iterable[Any],
    by_name: bool,
) -> None:
    """Load the weights of an `.h5` file, of weights or of a whole model."""
    with open_records(path) as records:
        below = _below(records, "model_weights")
        _restore(model, below or records, who, skip_mismatch, skip, by_name, records)


def _read_configs(path: Path, who: str) -> tuple[dict[str, Any], dict[str, Any] | None]:
    with h5py.File(path, "r") as file:
        texts = [
            read_attribute(file, name, MAX_JSON_BYTES)
            for name in ("model_config", "training_config")
        ]
        version = read_attribute(file, "keras_version", 100) or "2"
    config, training = (
        parse_json(text, f"{who}: its configuration") if text else None
        for text in texts
    )

    if not isinstance(config, dict):
        raise ValueError(
            f"{who}: the file holds no model, only weights or something else. Build "
            "the model and call `model.load_weights` on it."
        )
    if not isinstance(training, (dict, type(None))):
        raise ValueError(f"{who}: its training configuration is not a JSON object.")

    config = with_modules(config)
    if is_old({**config, "keras_version": version}):
        config = translate(config)
    return config, None if training is None else translate_compile(training)


def with_modules(node: dict[str, Any]) -> dict[str, Any]:
    """A model's config with a module for what these files call by class name alone.

    An op in a graph is known by its config: a layer's says whether it trains.
    """
    config = node.get("config")
    if isinstance(config, dict) and isinstance(config.get("layers"), list):
        layers = [
            with_modules(x) if isinstance(x, dict) else x for x in config["layers"]
        ]
        return {**node, "config": {**config, "layers": layers}}
    op = find_op(str(node.get("class_name"))) if "module" not in node else None
    if op is not None and isinstance(config, dict):
        if config.keys() <= {"name", *op.signature.parameters}:
            return {**node, "module": "keras.src.ops"}
    return node


def _below(records: Mapping[str, Record], group: str) -> dict[str, Record]:
    prefix = f"{group}/"
    return {
        name[len(prefix) :]: record
        for name, record in records.items()
        if name.startswith(prefix)
    }


# Matching


def _restore(
    model: Any,
    records: Mapping[str, Record],
    who: str,
    skip_mismatch: bool,
    skip: Iterable[Any],
    by_name: bool,
    everything: Mapping[str, Record],
) -> None:
    skip = list(skip)
    given = _by_layer(records)
    exact = _plan(model, given, skip, None)
    plan = exact
    if by_name:
        plan.missing, plan.unexpected = [], []
    elif exact.problems and not skip_mismatch:
        again = _plan(model, given, skip, renumbered(given))
        if again.problems:
            again = _plan_in_order(model, records, skip) or exact
        plan = exact if again.problems else again
    verify(everything.values())
    if by_name and not plan.pairs and not plan.wrong:
        raise ValueError(
            f"{who}: with `by_name=True` no layer of {model.name!r} was found among "
            f"{sorted(given)[:10]}."
        )
    carry_out(plan, model, who, skip_mismatch)


def _by_layer(records: Mapping[str, Record]) -> dict[str, dict[str, Record]]:
    out: defaultdict[str, dict[str, Record]] = defaultdict(dict)
    for name, record in records.items():
        layer, _, rest = name.partition("/")
        out[layer][rest] = record
    return dict(out)


def _plan(
    model: Any,
    given: Mapping[str, Mapping[str, Record]],
    skip: list[Any],
    numbers: Mapping[str, str] | None,
) -> Plan:
    """Match layer by layer; with `numbers`, automatic names are renumbered."""
    layers = [x for x in listed_layers(model) if x.weights]
    names = {layer.name: layer.name for layer in layers}
    if numbers is not None:
        names = renumbered(names)
    file_names = {numbers[name] if numbers else name: name for name in given}
    wanted = [(names[layer.name], layer, _saved_names(layer)) for layer in layers]
    if top := _top_weights(model, layers):
        wanted.append((_TOP, model, top))

    left = {name: dict(stored) for name, stored in given.items() if name != _TOP or top}

    found: list[Entry] = []
    records: dict[str, Record] = {}
    for name, layer, variables in wanted:
        stored = left.pop(file_names.get(name, ""), {})
        if any(layer is s for s in skip):
            continue
        ours = uniquify(_shortened(name, [path for path, _ in variables]))
        theirs = _shortened(file_names.get(name, name), list(stored))
        meant = {their: our for our, their in _pair(ours, theirs).items()}
        for short, record in zip(theirs, stored.values()):
            records[f"{name}.{meant.get(short, short)}"] = record
        values = dict(zip(ours, (variable for _, variable in variables)))
        found.append(Entry(name, layer, values, custom=False, keys={}))

    for name, stored in left.items():
        for short, record in zip(_shortened(name, list(stored)), stored.values()):
            records[f"{name}.{short}"] = record
    return match(found, records)


def _plan_in_order(
    model: Any, records: Mapping[str, Record], skip: list[Any]
) -> Plan | None:
    """Match layer after layer by position; None unless every shape agrees."""
    layers = [x for x in listed_layers(model) if x.weights]
    try:
        groups = _groups_in_order(records)
    except ValueError:  # the names did not fit, and the order cannot be read
        return None
    if skip or len(layers) != len(groups) or _top_weights(model, layers):
        return None

    plan = Plan()
    for layer, stored in zip(layers, groups):
        variables = [variable for _, variable in _saved_names(layer)]
        if len(variables) != len(stored):
            return None
        plan.pairs += zip(variables, stored)
    agree = all(difference(variable, record) is None for variable, record in plan.pairs)
    return plan if agree else None


def _groups_in_order(records: Mapping[str, Record]) -> list[list[Record]]:
    """The weights of each layer that has some, both in the order the file tells.

    Empty if it does not tell. The names of a layer may have slashes.
    """
    first = next(iter(records.values()), None)
    if not isinstance(first, H5Record):
        return []
    root = first.dataset.file
    root = root["model_weights"] if "model_weights" in root else root
    by_path = {r.dataset.name: r for r in records.values() if isinstance(r, H5Record)}

    found: list[list[Record]] = []
    for layer in _texts(root, "layer_names"):
        if layer not in root:
            return []
        group = root[layer]
        paths = [f"{group.name}/{name}" for name in _texts(group, "weight_names")]
        if not all(path in by_path for path in paths):
            return []
        if paths:
            found.append([by_path[path] for path in paths])
    return found if sum(map(len, found)) == len(records) else []


def _texts(owner: Any, name: str) -> list[str]:
    """A list of texts; a long one is split over several attributes."""
    found = read_texts(owner, name, MAX_JSON_BYTES)
    part = 0
    while more := read_texts(owner, f"{name}{part}", MAX_JSON_BYTES):
        found += more
        part += 1
    return found


def _shortened(layer: str, paths: list[str]) -> list[str]:
    """Variables' paths below their layer, without Keras 2's `:0`."""
    out = []
    for path in paths:
        parts = re.sub(r":\d+$", "", path).split("/")
        if layer in parts[:-1]:
            parts = parts[parts.index(layer) + 1 :]
        out.append("/".join(parts))
    return out


def _pair(ours: list[str], theirs: list[str]) -> dict[str, str]:
    """Our names and the file's that mean the same weight.

    First equal ones; then equal but for automatic numbers; then those whose last
    parts are equal, and no others'.
    """
    there = set(theirs)
    pairs = {name: name for name in ours if name in there}
    for key in (_counted, _one_kernel, _last(3), _last(2), _last(1)):
        left = [n for n in ours if n not in pairs]
        taken = set(pairs.values())
        free = [n for n in theirs if n not in taken]
        if not left or not free:
            break
        mine, other = key(left), key(free)
        places, counts = dict(zip(other, free)), (Counter(mine), Counter(other))
        for name, short in zip(left, mine):
            if all(count[short] == 1 for count in counts):
                pairs[name] = places[short]
    return pairs


def _counted(paths: list[str]) -> list[str]:
    """Paths with the automatic numbers of their parts renumbered, level by level."""
    split = [path.split("/") for path in paths]
    for depth in range(max(map(len, split), default=0)):
        families: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
        for parts in split:
            if len(parts) > depth + 1:
                families[tuple(parts[:depth])].append(parts[depth])
        names = {prefix: renumbered(found) for prefix, found in families.items()}
        for parts in split:
            if len(parts) > depth + 1:
                parts[depth] = names[tuple(parts[:depth])][parts[depth]]
    return ["/".join(parts) for parts in split]


def _one_kernel(paths: list[str]) -> list[str]:
    """Keras 2 calls the only kernel of a depthwise convolution so."""
    return [re.sub(r"\bdepthwise_kernel$", "kernel", path) for path in paths]


def _last(count: int) -> Any:
    return lambda paths: ["/".join(path.split("/")[-count:]) for path in paths]


# The optimizer


def _restore_optimizer(
    model: Any, slots: Mapping[str, Record], weights: Mapping[str, Record], who: str
) -> None:
    """Load the optimizer's state if it is complete; else leave it as initialized."""
    optimizer = model.optimizer
    if not slots:
        return
    optimizer.build(model.trainable_variables)

    given = {re.sub(r":\d+$", "", name): record for name, record in slots.items()}
    old = not any(v.path in given for v in optimizer.variables)
    if old:
        given = _translated_slots(given, model)

    values = {v.path: v for v in optimizer.variables}
    if old:
        steps = given.get(f"{optimizer.name}/iteration")
        for path in [path for path in values if path not in given]:
            record = _recomputed(optimizer, values[path], steps)
            if record is not None:
                given[path] = record
            elif path.endswith("/learning_rate"):  # Keras 2 has it in the config alone
                del values[path]

    entry = Entry("optimizer", optimizer, values, custom=False, keys={})
    named = {f"optimizer.{path}": record for path, record in given.items()}
    restore_optimizer(plan_optimizer([entry], named), optimizer, who)


def _recomputed(
    optimizer: Any, variable: Variable, steps: Record | None
) -> Record | None:
    """What Keras 2 does not save: Nadam's product of the momenta so far."""
    if type(optimizer).__name__ != "Nadam" or variable.shape or steps is None:
        return None
    if variable.path.endswith(("/iteration", "/learning_rate")):
        return None
    t = np.arange(1, min(int(steps.read()), 100_000) + 1)
    return ArrayRecord(np.prod(float(optimizer.beta_1) * (1 - 0.5 * 0.96**t)))


def _translated_slots(given: Mapping[str, Record], model: Any) -> dict[str, Record]:
    """Keras 2's names (`Adam/m/dense/kernel`) as the paths of our variables."""
    optimizer = model.optimizer
    paths = [v.path for v in model.trainable_variables]
    out: dict[str, Record] = {}
    for name, record in given.items():
        parts = name.split("/")
        if parts[-1] in ("iteration", "iter"):
            out[f"{optimizer.name}/iteration"] = record
            continue
        if len(parts) > 2 and parts[1] in _SLOTS:  # Adam/m/dense/kernel
            slot, path = _SLOTS[parts[1]], "/".join(parts[2:])
        elif parts[-1] in _SLOTS:  # of before 2.11: Adam/dense/kernel/m
            slot, path = _SLOTS[parts[-1]], "/".join(parts[1:-1])
        else:
            out[name] = record
            continue

        if not any(v.path.endswith(f"_{slot}") for v in optimizer.variables):
            continue  # Keras 2 keeps slots without use: SGD's without momentum

        ends = [p for p in paths if p == path or p.endswith(f"/{path}")]
        if len(ends) != 1:
            out[name] = record
            continue
        out[f"{optimizer.name}/{ends[0].replace('/', '_')}_{slot}"] = record
    return out
