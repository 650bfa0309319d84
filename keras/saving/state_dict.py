"""Weights from PyTorch and back: names by a rule, layouts by the kind of layer.

A PyTorch module keeps a linear layer's matrix as (out, in) and calls it `weight`; ours
is `kernel`, (in, out). What each of our layers corresponds to is listed here once, as
groups of weights that turn into one another. Names start from our dotted ones
(`encoder.0.dense.weight`) and are rewritten by the caller's rule. A `WeightMap` keeps
all that there is to say about one kind of module as data.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from keras.core.errors import near_matches
from keras.core.foreign import to_host
from keras.core.inspection import is_builtin
from keras.core.state_paths import Entry, named_entries
from keras.core.weight import Weight
from keras.saving.match import ArrayRecord, Plan, difference
from keras.saving.safetensors import open_safetensors
from keras.saving.weights import require_built

# What PyTorch keeps beside the weights, and none of our layers has.
_IGNORED = (r"(^|\.)num_batches_tracked$", r"(^|\.)position_ids$")

Rule = Mapping[str, str] | Callable[[str], str] | None
Arrays = Sequence[np.ndarray]
# In a replacement: a group as a number, or a letter as one, with something added.
_NUMBER = re.compile(r"\{(\d+)([+-]\d+)?\}")


@dataclass(frozen=True)
class Group:
    """Weights of a layer, and the tensors of a PyTorch module they correspond to.

    Attributes:
        ours: names of our weights, below the layer (`"kernel"`, `"cell.bias"`).
        theirs: names of the module's tensors (`"weight"`).
        to_torch: our arrays as the module's, a list of each.
        from_torch: the other way.
    """

    ours: tuple[str, ...]
    theirs: tuple[str, ...]
    to_torch: Callable[[Arrays], Arrays]
    from_torch: Callable[[Arrays], Arrays]


Layout = Callable[[Any], list[Group]]
# By the class of a layer, or by a regular expression for its dotted name.
Layouts = Mapping[type | str, Layout]


@dataclass(frozen=True)
class WeightMap:
    """How the weights of a kind of PyTorch module correspond to a model's, as data.

    Attributes:
        rule: regular expressions and their replacements, applied one after another to
            each name; or a function of the name. In a replacement `{1}` is the first
            group as a number (a letter counts from a = 0), `{1-1}` one less.
        ignore: regular expressions for names that the module has and the model lacks.
        layouts: for classes of layers, or regular expressions for their names,
            functions that give their `Group`s.
        fill: values of weights that the model has and the module lacks: regular
            expressions for their names, and a number or an array for each.

    Example:
        >>> timm = keras.saving.WeightMap(
        ...     rule={r"^stage_(\\d+)_block_(\\d+)_fc": r"stages.{1-1}.blocks.{2}.fc"},
        ...     ignore=[r"^head\\."],
        ...     fill={r"\\.scale$": 1.0},
        ... )
    """

    rule: Rule = None
    ignore: Sequence[str] = ()
    layouts: Layouts = field(default_factory=dict)
    fill: Mapping[str, Any] = field(default_factory=dict)

    def renamed(self, name: str) -> str:
        """The module's name for a tensor whose name by our own layers is `name`."""
        if callable(self.rule):
            return self.rule(name)
        for pattern, replacement in (self.rule or {}).items():
            expand = partial(_expand, replacement=replacement)
            name = re.sub(pattern, expand, name)
        return name

    def value_for(self, address: str) -> Any:
        """What fills a weight of this name; None if the module must have it."""
        for pattern, value in self.fill.items():
            if re.search(pattern, address):
                return value
        return None


def _expand(match: re.Match, replacement: str) -> str:
    """A replacement with its groups filled in."""

    def number(place: re.Match) -> str:
        text = match[int(place[1])]
        value = int(text) if text.isdecimal() else ord(text) - ord("a")
        return str(value + int(place[2] or 0))

    return _NUMBER.sub(number, match.expand(replacement))


def load_state_dict(
    model: Any,
    state_dict: Mapping[str, Any] | str | os.PathLike,
    rule: Rule | WeightMap = None,
    ignore: Iterable[str] = (),
    layouts: Layouts | None = None,
) -> None:
    """Load the weights of a PyTorch module into a model, all of them or none.

    Each weight's name is made of our own (`encoder.0.dense`) and the name PyTorch uses
    in such a layer (`weight`); the rule rewrites it. Everything is checked before the
    first weight is assigned.

    Args:
        model: a built model or layer.
        state_dict: tensors or arrays by name, or the path of a `.safetensors` file.
        rule: regular expressions and their replacements, applied one after another to
            each name; or a function of the name; or a `WeightMap`, which says the rest
            too.
        ignore: regular expressions for names in `state_dict` that the model lacks.
        layouts: for classes of layers, or regular expressions for their names,
            functions that give their `Group`s.

    Raises:
        ValueError: one message lists what is missing, what the model does not have,
            and what has another shape.

    Example:
        >>> dense = keras.layers.Dense(2, name="block_0")
        >>> model = keras.Sequential([keras.Input((3,)), dense])
        >>> weights = {"features.0.weight": np.ones((2, 3))}
        >>> weights["features.0.bias"] = np.zeros(2)
        >>> rule = {r"^block_(\\d+)": r"features.\\1"}
        >>> keras.saving.load_state_dict(model, weights, rule)
    """
    if isinstance(state_dict, (str, os.PathLike)):
        path = Path(state_dict)
        if not path.name.endswith((".safetensors", ".safetensors.index.json")):
            raise ValueError(
                f"load_state_dict: {path.name!r} is not a safetensors file. Pickles "
                "may run code and are not opened: read the file with torch.load(path, "
                "weights_only=True) and pass what it returns."
            )
        with open_safetensors(path) as records:
            arrays = {name: record.array for name, record in records.items()}
            return load_state_dict(model, arrays, rule, ignore, layouts)

    given = {name: np.asarray(to_host(value)) for name, value in state_dict.items()}
    weight_map = _as_map(rule, ignore, layouts)
    plan = Plan()
    used: set[str] = set()
    for variables, addresses, names, group in _groups(model, weight_map):
        if given.keys().isdisjoint(names) and _fill(
            variables, addresses, weight_map, plan
        ):
            continue
        used.update(names)
        fits = _check(variables, addresses, names, group, given, plan)
        if fits:
            values = group.from_torch([given[name] for name in names])
            for address, variable, value in zip(addresses, variables, values):
                record = ArrayRecord(np.asarray(value))
                wrong = difference(variable, record)
                if wrong is None:
                    plan.pairs.append((variable, record))
                else:
                    plan.wrong.append(f"{address}: {wrong}")

    patterns = [re.compile(p) for p in (*_IGNORED, *weight_map.ignore)]
    left = [
        name
        for name in given
        if name not in used and not any(p.search(name) for p in patterns)
    ]

    plan.unexpected = [f"{name} (shape {given[name].shape})" for name in left]
    plan.missing = [f"{m}{near_matches(m.split(' ')[0], left)}" for m in plan.missing]
    if plan.problems:
        raise ValueError(
            f"load_state_dict: the weights do not fit {type(model).__name__} "
            f"{model.name!r}; nothing was loaded.\n{plan.describe()}\nChange `rule`, "
            "or name in `ignore` what the model does not need."
        )

    plan.assign(skip_mismatch=False)


def to_state_dict(
    model: Any, rule: Rule | WeightMap = None, layouts: Layouts | None = None
) -> dict[str, np.ndarray]:
    """The weights of a model under the names, and in the layouts, of PyTorch.

    Weights that a `WeightMap` fills have no place there and are left out.

    Args:
        model: a built model or layer.
        rule, layouts: as for `load_state_dict`.

    Returns:
        NumPy arrays by name; `torch.from_numpy` makes tensors of them.

    Example:
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        >>> {k: v.shape for k, v in keras.saving.to_state_dict(model).items()}
        {'dense.weight': (2, 3), 'dense.bias': (2,)}
    """
    out: dict[str, np.ndarray] = {}
    weight_map = _as_map(rule, (), layouts)
    for variables, addresses, names, group in _groups(model, weight_map):
        if _is_filled(variables, addresses, weight_map):
            continue
        arrays = group.to_torch([np.asarray(v) for v in variables])
        for name, array in zip(names, arrays):
            if name in out:
                raise ValueError(
                    f"to_state_dict: `rule` gives two weights the name {name!r}; one "
                    f"is {addresses[0]!r}."
                )
            out[name] = np.require(array, requirements=["C", "W"])
    return out


def _as_map(
    rule: Rule | WeightMap, ignore: Iterable[str], layouts: Layouts | None
) -> WeightMap:
    """What was passed, as one map."""
    if isinstance(rule, WeightMap):
        return replace(
            rule,
            ignore=(*rule.ignore, *ignore),
            layouts={**(layouts or {}), **rule.layouts},
        )
    return WeightMap(rule, tuple(ignore), layouts or {})


def _fill(
    variables: list[Weight], addresses: list[str], weight_map: WeightMap, plan: Plan
) -> bool:
    """Plan the values of weights that the module lacks; False if it must have them."""
    values = [weight_map.value_for(address) for address in addresses]
    if any(value is None for value in values):
        return False
    for variable, value in zip(variables, values):
        filled = np.broadcast_to(np.asarray(value, variable.dtype), variable.shape)
        plan.pairs.append((variable, ArrayRecord(filled)))
    return True


def _is_filled(
    variables: list[Weight], addresses: list[str], weight_map: WeightMap
) -> bool:
    """Whether weights have no place in the module; they must be as they were filled."""
    values = [weight_map.value_for(address) for address in addresses]
    if any(value is None for value in values):
        return False
    for variable, address, value in zip(variables, addresses, values):
        if not np.allclose(np.asarray(variable), value):
            raise ValueError(
                f"to_state_dict: {address!r} has no place in the module, which takes "
                f"{value} in its stead; it has other values now."
            )
    return True


def _check(
    variables: list[Weight],
    addresses: list[str],
    names: list[str],
    group: Group,
    given: Mapping[str, np.ndarray],
    plan: Plan,
) -> bool:
    """Compare the shapes with those our weights would have there."""
    wanted = group.to_torch(
        [np.broadcast_to(np.float32(0), v.shape) for v in variables]
    )
    fits = True
    for name, want in zip(names, wanted):
        text = f"{name} (for {', '.join(addresses)}"
        if name not in given:
            plan.missing.append(f"{text}, shape {want.shape})")
            fits = False
        elif given[name].shape != want.shape:
            plan.wrong.append(
                f"{text}): {want.shape} is needed for {variables[0].shape} in the "
                f"model, {given[name].shape} is given"
            )
            fits = False
    return fits


def _groups(
    model: Any, weight_map: WeightMap
) -> Iterable[tuple[list[Weight], list[str], list[str], Group]]:
    """Each group's variables, their addresses, the names there, and the group."""
    require_built(model, "state_dict")
    found = [e for e in named_entries(model) if type(e.owner).__name__ not in _STATE]
    weights: dict[str, Weight] = {}
    for entry in found:
        for leaf, value in entry.values.items():
            if not isinstance(value, Weight):
                raise ValueError(
                    f"{entry.address(leaf)!r} is saved by {entry.name!r} in its own "
                    "way: it has no counterpart in a state_dict."
                )
            weights[entry.address(leaf)] = value

    done: set[str] = set()
    for entry in found:
        prefix = f"{entry.path}." if entry.path else ""
        groups = _layout_of(entry, weight_map.layouts)(entry.owner)
        groups += [_same(leaf, leaf) for leaf in entry.values]
        for group in groups:
            addresses = [prefix + leaf for leaf in group.ours]
            if done.isdisjoint(addresses) and weights.keys() >= set(addresses):
                done.update(addresses)
                names = [weight_map.renamed(prefix + leaf) for leaf in group.theirs]
                yield [weights[a] for a in addresses], addresses, names, group


def _layout_of(entry: Entry, layouts: Layouts) -> Layout:
    for key, layout in layouts.items():
        if isinstance(key, str) and re.search(key, entry.path):
            return layout
    for cls in type(entry.owner).__mro__:
        if cls in layouts:
            return layouts[cls]
        if is_builtin(cls) and cls.__name__ in LAYOUTS:
            return LAYOUTS[cls.__name__]
    return lambda layer: []


# Layouts


Turn = Callable[[np.ndarray], np.ndarray]


def _one(ours: str, theirs: str, there: Turn, here: Turn) -> Group:
    """A weight that is one tensor there, turned on the way."""
    return Group((ours,), (theirs,), lambda a: [there(a[0])], lambda a: [here(a[0])])


def _same(ours: str, theirs: str) -> Group:
    return Group((ours,), (theirs,), list, list)


def _axes(ours: str, theirs: str, *order: int) -> Group:
    """A tensor with its axes in another order."""
    back = np.argsort(order)
    return _one(ours, theirs, lambda a: a.transpose(order), lambda a: a.transpose(back))


def _reshaped(ours: str, theirs: str, shape: tuple[int, ...]) -> Group:
    """A tensor that is one row there, and has a shape here."""
    return _one(ours, theirs, lambda a: a.reshape(-1), lambda a: a.reshape(shape))


def _einsum_dense(layer: Any) -> list[Group]:
    """Input axes are those the equation sums over; they come last in a Linear."""
    ins, outs = layer.equation.replace(" ", "").replace("...", "").split("->")
    x, kernel = ins.split(",")
    summed = [i for i, axis in enumerate(kernel) if axis in x and axis not in outs]
    made = [i for i, axis in enumerate(kernel) if axis in outs and axis not in x]
    if len(summed) + len(made) != len(kernel):
        return []

    shape = tuple(layer.kernel.shape)
    order = (*made, *summed)
    back = np.argsort(order)
    rows = math.prod(shape[i] for i in made)
    moved = [shape[i] for i in order]
    groups = [
        _one(
            "kernel",
            "weight",
            lambda a: a.transpose(order).reshape(rows, -1),
            lambda a: a.reshape(moved).transpose(back),
        )
    ]

    if layer.bias is not None:
        groups.append(_reshaped("bias", "bias", tuple(layer.bias.shape)))
    return groups


def _convolution(layer: Any) -> list[Group]:
    spatial = range(layer.rank)
    return [_axes("kernel", "weight", layer.rank + 1, layer.rank, *spatial)]


def _depthwise(ours: str, theirs: str, layer: Any) -> Group:
    """(..., channels, multiplier) here; (channels * multiplier, 1, ...) there."""
    rank = layer.rank
    shape = tuple(getattr(layer, ours).shape)
    window, channels = shape[:rank], shape[rank:]
    order = (rank, rank + 1, *range(rank))
    return _one(
        ours,
        theirs,
        lambda a: a.transpose(order).reshape(-1, 1, *window),
        lambda a: np.moveaxis(a.reshape(*channels, *window), (0, 1), (-2, -1)),
    )


def _depthwise_convolution(layer: Any) -> list[Group]:
    ours = "depthwise_kernel" if hasattr(layer, "depthwise_kernel") else "kernel"
    return [_depthwise(ours, "weight", layer)]


def _separable_convolution(layer: Any) -> list[Group]:
    order = (layer.rank + 1, layer.rank, *range(layer.rank))
    return [
        _depthwise("depthwise_kernel", "depthwise.weight", layer),
        _axes("pointwise_kernel", "pointwise.weight", *order),
        _same("bias", "pointwise.bias"),
    ]


def _normalization(layer: Any) -> list[Group]:
    return [
        _same("gamma", "weight"),
        _same("beta", "bias"),
        _same("scale", "weight"),
        _same("moving_mean", "running_mean"),
        _same("moving_variance", "running_var"),
    ]


def _gates(order: Sequence[int], units: int) -> Turn:
    """Reorder the blocks of gates along the last axis."""
    rows = np.concatenate([np.arange(units) + i * units for i in order])
    return lambda a: a[..., rows]


def _recurrent(gates: Sequence[int]) -> Callable[..., list[Group]]:
    """Our gates by the places PyTorch gives them."""
    back = [int(i) for i in np.argsort(gates)]

    def layout(layer: Any, prefix: str = "", suffix: str = "_l0") -> list[Group]:
        cell = layer.cell
        to, fro = _gates(gates, cell.units), _gates(back, cell.units)
        groups = [
            _one(
                f"{prefix}cell.{ours}",
                theirs + suffix,
                lambda a: to(a).T,
                lambda a: fro(a.T),
            )
            for ours, theirs in (
                ("kernel", "weight_ih"),
                ("recurrent_kernel", "weight_hh"),
            )
        ]

        if cell.bias is None:
            return groups
        two = len(cell.bias.shape) == 2
        biases = Group(
            (f"{prefix}cell.bias",),
            (f"bias_ih{suffix}", f"bias_hh{suffix}"),
            # PyTorch has two biases; where we have one, theirs are added.
            lambda a: list(to(a[0])) if two else [to(a[0]), np.zeros_like(a[0])],
            lambda a: [fro(np.stack(a) if two else np.asarray(a[0] + a[1]))],
        )
        return [*groups, biases]

    return layout


def _bidirectional(layer: Any) -> list[Group]:
    inner = LAYOUTS.get(type(layer.forward_layer).__name__)
    if inner is None:
        return []
    forward = inner(layer.forward_layer, "forward_layer.")  # type: ignore[call-arg]
    backward = inner(layer.backward_layer, "backward_layer.", "_l0_reverse")  # type: ignore[call-arg]
    return [*forward, *backward]


def torch_attention(layer: Any) -> list[Group]:
    """`MultiHeadAttention` as `torch.nn.MultiheadAttention` keeps it.

    There the projections of query, key and value are one tensor, `in_proj_weight`. By
    default each is taken as a linear layer of its own, as in most Transformers; pass
    `layouts={keras.layers.MultiHeadAttention: torch_attention}` for PyTorch's module.
    """
    parts = [layer.query_dense, layer.key_dense, layer.value_dense]
    names = ("query_dense", "key_dense", "value_dense")

    groups = [
        replace(
            g, ours=(f"output_dense.{g.ours[0]}",), theirs=(f"out_proj.{g.theirs[0]}",)
        )
        for g in _einsum_dense(layer.output_dense)
    ]

    for i, theirs in enumerate(("in_proj_weight", "in_proj_bias")):
        made = [
            _einsum_dense(part)[i] for part in parts if i == 0 or part.bias is not None
        ]
        if made:
            groups.append(
                Group(
                    tuple(f"{name}.{made[0].ours[0]}" for name in names),
                    (theirs,),
                    lambda a, m=made: [  # type: ignore[misc]
                        np.concatenate([g.to_torch([x])[0] for g, x in zip(m, a)])
                    ],
                    lambda a, m=made: [  # type: ignore[misc]
                        g.from_torch([x])[0] for g, x in zip(m, np.split(a[0], 3))
                    ],
                )
            )

    return groups


LAYOUTS: dict[str, Layout] = {
    "Dense": lambda layer: [_axes("kernel", "weight", 1, 0)],
    "EinsumDense": _einsum_dense,
    "Embedding": lambda layer: [_same("embeddings", "weight")],
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _convolution),
    **{f"Conv{n}DTranspose": _convolution for n in (1, 2, 3)},
    **{f"DepthwiseConv{n}D": _depthwise_convolution for n in (1, 2)},
    **{f"SeparableConv{n}D": _separable_convolution for n in (1, 2)},
    **dict.fromkeys(
        (
            "BatchNormalization",
            "LayerNormalization",
            "GroupNormalization",
            "RMSNormalization",
        ),
        _normalization,
    ),
    "PReLU": lambda layer: [_reshaped("alpha", "weight", tuple(layer.alpha.shape))],
    "SimpleRNN": _recurrent([0]),
    "LSTM": _recurrent([0, 1, 2, 3]),
    "GRU": _recurrent([1, 0, 2]),  # reset, update, new; ours begin with update
    "Bidirectional": _bidirectional,
}

# State that is not a weight.
_STATE = ("SeedGenerator",)
