"""What the oracle scripts and the tests share: inputs by description, cases, storage.

A case names a function and describes its arguments; arrays are described, not
stored (`F(2, 3)` is a float32 array of that shape drawn from NumPy's frozen
`RandomState`, seeded by the case's id), so only expected results are kept as data.
Nothing here imports Keras, real or ours, except what the caller passes in.
"""

from __future__ import annotations

import json
import pathlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

DATA = pathlib.Path(__file__).parent / "data"


@dataclass(frozen=True)
class A:
    """An array by description; `kind` says how it is drawn."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    low: float = -2.0
    high: float = 2.0
    kind: str = "uniform"
    values: Any = None
    raw: bool = False

    def draw(self, seed: int, times: int = 1) -> np.ndarray:
        """The array as NumPy has it (bfloat16 as float32), `times` as long."""
        rng = np.random.RandomState(seed % 2**32)
        shape = (times * self.shape[0], *self.shape[1:]) if self.shape else ()
        storage = "float32" if self.dtype == "bfloat16" else self.dtype
        if self.kind == "values":
            x = np.array(self.values, dtype=storage)
            return np.concatenate([x] * times) if times > 1 else x
        if self.kind == "distinct":
            size = int(np.prod(shape))
            x = (rng.permutation(size) - size / 2.3) / max(1.0, size / 4)
            x = x.reshape(shape)
        elif self.kind == "spd":
            m = rng.uniform(-1, 1, shape)
            x = m @ np.swapaxes(m, -1, -2) + shape[-1] * np.eye(shape[-1])
        elif self.kind == "well":
            x = rng.uniform(-1, 1, shape) + 2.0 * np.eye(shape[-2], shape[-1])
        elif self.kind == "onehot":
            x = np.eye(shape[-1])[rng.randint(0, shape[-1], shape[:-1])]
        elif self.kind == "probs":
            x = rng.uniform(0.05, 1.0, shape)
            x = x / x.sum(-1, keepdims=True)
        elif self.dtype == "bool":
            x = rng.uniform(size=shape) < 0.6
        elif self.dtype.startswith("complex"):
            x = rng.uniform(self.low, self.high, (2, *shape))
            x = x[0] + 1j * x[1]
        elif "int" in self.dtype:
            low = max(self.low, 0) if self.dtype.startswith("u") else self.low
            x = rng.randint(int(low), int(self.high), shape)
        else:
            x = rng.uniform(self.low, self.high, shape)
        x = np.asarray(x).astype(storage)
        if self.dtype in ("bfloat16", "float16") and self.kind == "uniform":
            # Few bits, so that the three frameworks start from the same value.
            x = (np.round(x.astype("float32") * 8) / 8).astype(storage)
        return x


def F(*shape: int, lo: float = -2.0, hi: float = 2.0, dtype: str = "float32") -> A:
    """Floats, uniform in [lo, hi)."""
    return A(shape, dtype, lo, hi)


def I(*shape: int, lo: int = -5, hi: int = 6, dtype: str = "int32") -> A:  # noqa: E743
    """Integers in [lo, hi)."""
    return A(shape, dtype, lo, hi)


def B(*shape: int) -> A:
    """Booleans, true with probability 0.6."""
    return A(shape, "bool")


def D(*shape: int, dtype: str = "float32") -> A:
    """Distinct floats in random order: no ties for sorting and arg-reductions."""
    return A(shape, dtype, kind="distinct")


def C(*shape: int) -> A:
    """Complex numbers."""
    return A(shape, "complex64")


def V(values: Any, dtype: str = "float32") -> A:
    """Given values."""
    shape = np.shape(values)
    return A(shape, dtype, kind="values", values=values)


def SPD(*shape: int) -> A:
    """Symmetric positive definite matrices."""
    return A(shape, kind="spd")


def WELL(*shape: int) -> A:
    """Well-conditioned matrices."""
    return A(shape, kind="well")


def ONEHOT(*shape: int) -> A:
    """One-hot rows."""
    return A(shape, kind="onehot")


def PROBS(*shape: int) -> A:
    """Rows of probabilities that sum to one."""
    return A(shape, kind="probs")


def RAW(spec: A) -> A:
    """The array handed over as a NumPy array, not as a tensor."""
    return replace(spec, raw=True)


def seed_of(text: str) -> int:
    """A seed that depends on the text alone, on every machine."""
    return zlib.crc32(text.encode())


def map_arrays(fn: Callable[[A], Any], tree: Any) -> Any:
    """`tree` with every described array replaced by fn(array)."""
    if isinstance(tree, A):
        return fn(tree)
    if isinstance(tree, (list, tuple)):
        return type(tree)(map_arrays(fn, t) for t in tree)
    if isinstance(tree, dict):
        return {k: map_arrays(fn, t) for k, t in tree.items()}
    return tree


def arrays_in(tree: Any) -> list[A]:
    """All described arrays, in order."""
    found: list[A] = []
    map_arrays(found.append, tree)
    return found


def draw_all(
    tree: Any, seed_text: str, convert: Callable, times: Callable | None = None
) -> Any:
    """`tree` with every description drawn and handed to convert(array, spec)."""
    count = iter(range(10_000))

    def draw(spec: A) -> Any:
        seed = seed_of(f"{seed_text}/{next(count)}")
        return convert(spec.draw(seed, times(spec) if times else 1), spec)

    return map_arrays(draw, tree)


def unknown_axis(case: Case) -> Callable[[A], bool]:
    """Which arrays share the leading axis that symbolic calls leave unknown.

    Those of the highest rank whose leading size is that of the first of them; or all.
    """
    arrays = [a for a in arrays_in((case.args, case.kwargs)) if a.shape]
    if case.sym == "all":
        return lambda a: bool(a.shape)
    rank = max((len(a.shape) for a in arrays), default=0)
    size = next((a.shape[0] for a in arrays if len(a.shape) == rank), None)
    return lambda a: bool(a.shape) and len(a.shape) == rank and a.shape[0] == size


@dataclass(frozen=True)
class Case:
    """One call: function name, arguments, keyword arguments.

    `call(ops, *args, **kwargs)` replaces the plain call where the arguments are
    functions or where the result is unique only up to a sign or an order.
    `sym=False`: not called symbolically; "all": see `unknown_axis`.
    `tol`: (rtol, atol), else by dtype.
    `values=False`: only shape and dtype are compared (uninitialised memory).
    `prefer`: the backend of real Keras that is right where they differ.
    """

    name: str
    args: tuple = ()
    kwargs: dict = field(default_factory=dict)
    call: Callable | None = None
    sym: bool | str = True
    tol: tuple[float, float] | None = None
    values: bool = True
    prefer: str = "jax"
    id: str = ""


def number(cases: list[Case]) -> dict[str, Case]:
    """Cases by id: the name and a running number among those of that name."""
    seen: dict[str, int] = {}
    out: dict[str, Case] = {}
    for case in cases:
        n = seen[case.name] = seen.get(case.name, -1) + 1
        out[f"{case.name}-{n}"] = replace(case, id=f"{case.name}-{n}")
    return out


def digest(*parts: Any) -> int:
    """Tells whether stored data still belongs to a description."""
    return seed_of(repr(parts))


def leaves(tree: Any) -> Iterator[Any]:
    """Results flattened: tuples, lists and dicts (sorted keys) opened."""
    if isinstance(tree, dict):
        for key in sorted(tree):
            yield from leaves(tree[key])
    elif isinstance(tree, (tuple, list)):
        for value in tree:
            yield from leaves(value)
    else:
        yield tree


class Store:
    """Arrays of one family, packed end to end: one buffer per dtype in one .npz.

    One zip entry per array would cost more than most of these arrays.
    """

    def __init__(self) -> None:
        self._chunks: dict[str, list[np.ndarray]] = {}
        self._sizes: dict[str, int] = {}

    def put(self, x: Any) -> list:
        """Keep the array; returns [dtype, offset, shape] for the .json."""
        x = np.asarray(x)
        if x.dtype == np.float64:
            x = x.astype("float32")
        name = x.dtype.name
        offset = self._sizes.get(name, 0)
        self._chunks.setdefault(name, []).append(x.ravel())
        self._sizes[name] = offset + x.size
        return [name, offset, list(x.shape)]

    def save(self, family: str, index: Any) -> None:
        """Write data/<family>.npz and data/<family>.json."""
        DATA.mkdir(exist_ok=True)
        buffers = {k: np.concatenate(v) for k, v in self._chunks.items()}
        np.savez_compressed(DATA / f"{family}.npz", **buffers)
        lines = ",\n".join(
            f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}"
            for k, v in index.items()
        )
        (DATA / f"{family}.json").write_text("{\n" + lines + "\n}\n")


class Expected:
    """The stored results of one family."""

    def __init__(self, family: str) -> None:
        self.index: dict = json.loads((DATA / f"{family}.json").read_text())
        with np.load(DATA / f"{family}.npz") as buffers:
            self._buffers = {k: buffers[k] for k in buffers.files}

    def get(self, entry: list) -> np.ndarray:
        """The array behind [dtype, offset, shape]."""
        name, offset, shape = entry
        size = int(np.prod(shape))
        return self._buffers[name][offset : offset + size].reshape(shape)
