"""Where a model's state stands in a file: one walk for saving, loading, listing.

Every layer and optimizer found has a path made of the attributes that lead to it
(`encoder/attention/query_dense`); inside a list or dict it is called by its class and
counted (`layers/dense_1`). Its variables follow as `vars/0`, `vars/1`, ... These are
the paths of Keras 3's weights files.

For other readers a weight also has a name that means the same in every process: the
attributes that lead to it joined with dots, as PyTorch does
(`encoder.blocks.0.attention.query_dense.kernel`). Items of a list are numbered, those
of a dict go by their key, the layers of a functional or sequential model by their
names. A name that was counted up automatically (`dense_7`) depends on what the program
made before, so it becomes the number among its kind (`dense_1`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from keras.core.graph.function import is_functional
from keras.core.inspection import is_builtin
from keras.core.naming import to_snake_case, uniquify
from keras.core.weight import Weight

_CONTAINERS = (list, tuple, dict)
_NUMBERED = re.compile(r"(.*?)(?:_([1-9]\d*))?")


@dataclass(frozen=True, eq=False)
class Entry:
    """One object with state: where it stands and what it saves.

    `values` holds variables by key, and arrays where the object saves others of its
    own making; `custom` says that it also loads them in its own way. With `keys` the
    values go by readable names, joined to the path with a dot; `keys` says under what
    key the object itself knows each.
    """

    path: str
    owner: Any
    values: dict[str, Any]
    custom: bool
    keys: dict[str, str] | None = None

    @property
    def group(self) -> str:
        """The group of its values in a file."""
        if self.keys is not None:
            return self.path
        return f"{self.path}/vars" if self.path else "vars"

    def address(self, key: str) -> str:
        """Where the value of a key stands in a file."""
        separator = "/" if self.keys is None else "."
        return f"{self.group}{separator}{key}" if self.group else key

    @property
    def name(self) -> str:
        """The object's name."""
        return str(getattr(self.owner, "name", "") or self.path)


def entries(model: Any, skip: Iterable[Any] = ()) -> list[Entry]:
    """The objects with state in a model, each once, at its first path.

    Those in `skip` are left out, with what is below them.
    """
    found = []
    for path, owner in saveables(model, skip):
        values: dict[str, Any] = {}
        owner.save_own_variables(values)
        found.append(Entry(path, owner, values, loads_itself(owner, values)))
    return found


def groups_of(found: Iterable[Entry]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """The state of objects as a file's groups: path, name and values."""
    return ((entry.group, entry.name, entry.values) for entry in found)


def loads_itself(owner: Any, values: dict[str, Any]) -> bool:
    """Whether an object takes what it saved back in its own way."""
    ours = is_builtin(type(owner).load_own_variables)
    return not (ours and all(isinstance(v, Weight) for v in values.values()))


def copied(found: Iterable[Entry]) -> list[Entry]:
    """The state of objects as it is now, in arrays of its own, to be written later.

    PyTorch and TensorFlow change variables in place, and JAX gives an array's memory
    to the next step: a view taken now would show later values.
    """
    return [
        replace(entry, values={k: np.array(v) for k, v in entry.values.items()})
        for entry in found
    ]


def saveables(root: Any, skip: Iterable[Any] = ()) -> Iterator[tuple[str, Any]]:
    """The layers and optimizers in `root` (itself first) with their paths."""
    return owners(root, skip, "/", _attributes, _named)


def owners(
    root: Any,
    skip: Iterable[Any],
    separator: str,
    attributes: Callable[[Any], Iterable[tuple[str, Any]]],
    items: Callable[[Any], Iterable[tuple[str, Any]]],
) -> Iterator[tuple[str, Any]]:
    """What keeps weights in `root`, each once, at the first path that leads to it.

    `attributes` names what is below an owner, `items` what is in a list or dict.
    """
    # Held, not only numbered: what a property returned must not be freed meanwhile.
    seen = {id(item): item for item in skip}
    pending = [("", root)]
    while pending:
        path, item = pending.pop()
        if id(item) in seen:
            continue
        seen[id(item)] = item
        saveable = is_saveable(item)
        if saveable:
            yield path, item
        children = list(attributes(item) if saveable else items(item))
        prefix = f"{path}{separator}" if path else ""
        pending.extend((prefix + name, value) for name, value in reversed(children))


def is_saveable(item: Any) -> bool:
    return hasattr(type(item), "save_own_variables")


def _named(container: Any) -> Iterator[tuple[str, Any]]:
    """The items of a list or dict that may hold state, each called by its class."""
    counts: defaultdict[str, int] = defaultdict(int)
    for item in list(container.values() if isinstance(container, dict) else container):
        if is_saveable(item):
            name = to_snake_case(type(item).__name__)
        elif isinstance(item, _CONTAINERS):
            name = "container"
        else:
            continue
        number = counts[name]
        counts[name] += 1
        yield (f"{name}_{number}" if number else name), item


def _attributes(owner: Any) -> Iterator[tuple[str, Any]]:
    """The attributes that may hold state: public ones first, by name."""
    cls: type = type(owner)
    skipped, always = _base_names(cls)
    names = set(vars(owner)) | _property_names(cls)
    order = sorted(
        (names - skipped) | always, key=lambda name: (name.startswith("_"), name)
    )
    if getattr(owner, "_graph", None) is not None:
        # Its layers come first, others under their attributes.
        yield "layers", listed_layers(owner)
        order.remove("layers")
    for name in order:
        try:
            value = getattr(owner, name)
        except Exception:  # a property that cannot be read now holds no state
            continue
        if is_saveable(value) or isinstance(value, _CONTAINERS):
            yield name, value


def listed_layers(model: Any) -> list[Any]:
    """A model's layers, of a functional one with its inputs."""
    return model._graph.layers if is_functional(model) else model.layers


@cache
def _property_names(cls: type) -> frozenset[str]:
    return frozenset(
        name
        for name in dir(cls)
        if not name.startswith("__") and isinstance(getattr(cls, name), property)
    )


@cache
def _base_names(cls: type) -> tuple[frozenset[str], frozenset[str]]:
    """The attributes of a base class, which are not walked, and those that are."""
    for base in cls.__mro__:
        if "_saved_attributes" in vars(base):
            plain = base(name="plain")
            own = frozenset(vars(plain)) | frozenset(dir(base))
            return own, vars(base)["_saved_attributes"]
    return frozenset(), frozenset()


def is_model(owner: Any) -> bool:
    """Whether an object keeps layers and an optimizer, as a model does."""
    cls: Any = type(owner)
    return "optimizer" in _base_names(cls)[1]


# Names


def named_entries(model: Any, skip: Iterable[Any] = ()) -> list[Entry]:
    """The objects with state in a model, without its optimizer, under dotted names."""
    found = []
    for path, owner in owners(model, skip, ".", _children, _items):
        values: dict[str, Any] = {}
        owner.save_own_variables(values)
        leaves = uniquify(
            [v.name if isinstance(v, Weight) else k for k, v in values.items()]
        )
        keys = dict(zip(leaves, values))
        named = {leaf: values[key] for leaf, key in keys.items()}
        custom = loads_itself(owner, values)
        found.append(Entry(path, owner, named, custom, keys=keys))
    return found


def _children(owner: Any) -> Iterator[tuple[str, Any]]:
    """A graph's layers by their names, then what the attributes hold."""
    if getattr(owner, "_graph", None) is not None or hasattr(owner, "_layers"):
        listed = listed_layers(owner)
        yield from zip(layer_names(listed), listed)
    for name, value in _attributes(owner):
        if not (is_model(owner) and name in ("layers", "_layers", "optimizer")):
            yield name, value


def _items(container: Any) -> Iterator[tuple[str, Any]]:
    pairs = container.items() if isinstance(container, dict) else enumerate(container)
    for key, item in list(pairs):
        if is_saveable(item) or isinstance(item, _CONTAINERS):
            yield str(key), item


def layer_names(layers: Sequence[Any]) -> list[str]:
    """The layers' names, automatic ones counted within the list."""
    names = [layer.name for layer in layers]
    kinds = {to_snake_case(type(layer).__name__) for layer in layers}
    return list(renumbered(names, kinds).values())


def renumbered(names: Iterable[str], kinds: Iterable[str] | None = None) -> dict:
    """Names with their automatic numbers counted from zero: the new one for each.

    `dense_4` and `dense_7` become `dense` and `dense_1`. Beside a `dense_0`, which is
    never automatic, the numbers are the user's and stay. `kinds` says what an automatic
    name may be made of; by default anything.
    """
    names = list(dict.fromkeys(names))
    kinds = None if kinds is None else set(kinds)
    families: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    out = {}
    for name in names:
        base, number = _NUMBERED.fullmatch(name).groups()  # type: ignore[union-attr]
        if kinds is None or base in kinds:
            families[base].append((int(number or 0), name))
        out[name] = name
    for base, members in families.items():
        if f"{base}_0" in out:
            continue
        for rank, (_, name) in enumerate(sorted(members)):
            out[name] = f"{base}_{rank}" if rank else base
    return out
