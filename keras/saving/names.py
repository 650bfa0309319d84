"""Names for weights that mean the same in every process and to every reader.

A weight is addressed by the attributes that lead to it, joined with dots, as PyTorch
does: `encoder.blocks.0.attention.query_dense.kernel`. Items of a list are numbered,
those of a dict go by their key, the layers of a functional or sequential model by
their names. A name that was counted up automatically (`dense_7`) depends on what the
program made before, so it becomes the number among its kind (`dense_1`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from keras.core.naming import to_snake_case, uniquify
from keras.core.variable import Variable
from keras.saving.walk import (
    _CONTAINERS,
    Entry,
    _attributes,
    is_saveable,
    listed_layers,
    loads_itself,
    owners,
)

_NUMBERED = re.compile(r"(.*?)(?:_([1-9]\d*))?")


def named_entries(model: Any, skip: Iterable[Any] = ()) -> list[Entry]:
    """The objects with state in a model, without its optimizer, under dotted names."""
    found = []
    for path, owner in owners(model, skip, ".", _children, _items):
        values: dict[str, Any] = {}
        owner.save_own_variables(values)
        leaves = uniquify(
            [v.name if isinstance(v, Variable) else k for k, v in values.items()]
        )
        keys = dict(zip(leaves, values))
        named = {leaf: values[key] for leaf, key in keys.items()}
        custom = loads_itself(owner, values)
        found.append(Entry(path, owner, named, custom, keys=keys))
    return found


def _children(owner: Any) -> Iterator[tuple[str, Any]]:
    """A graph's layers by their names, then what the attributes hold."""
    from keras.models.model import Model

    is_model = isinstance(owner, Model)
    if getattr(owner, "_graph", None) is not None or hasattr(owner, "_layers"):
        listed = listed_layers(owner)
        yield from zip(layer_names(listed), listed)
    for name, value in _attributes(owner):
        if not (is_model and name in ("layers", "_layers", "optimizer")):
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
