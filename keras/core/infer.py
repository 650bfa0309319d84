"""Shapes by evaluation: run a function abstractly and read the shapes off.

An axis of unknown size stands for 60 in one run and for 84 in another; what differs in
the output is unknown there. Both numbers have many divisors, so reshapes, splits and
poolings of an unknown axis work.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.core import tree
from keras.core.config import floatx, image_data_format
from keras.core.scope import current
from keras.core.tensor import KerasTensor

SIZES = (60, 84)
_memo: dict[Any, Any] = {}
_MEMO_LIMIT = 20_000


class Spec:
    """A tensor in a result: shape and type."""

    __slots__ = ("shape", "dtype")

    def __init__(self, shape: tuple[int | None, ...], dtype: str) -> None:
        self.shape = shape
        self.dtype = dtype


def infer_outputs(
    fn: Callable, args: tuple, kwargs: dict[str, Any], key: Any = None
) -> Any:
    """The outputs of `fn` on symbolic arguments, as new symbolic tensors.

    Args:
        fn: a function of tensors.
        args, kwargs: its arguments; symbolic tensors anywhere inside are abstract.
        key: names the function, so that the result may be remembered for these shapes
            and static arguments; None for functions with state.
    """
    leaves, treedef = tree.flatten_with_def((args, kwargs))
    where = [i for i, leaf in enumerate(leaves) if isinstance(leaf, KerasTensor)]
    memo_key = _memo_key(key, leaves, treedef) if key is not None else None
    specs = _memo.get(memo_key) if memo_key is not None else None
    if specs is None:
        specs = _infer(fn, leaves, where, treedef)
        if memo_key is not None and len(_memo) < _MEMO_LIMIT:
            _memo[memo_key] = specs
    return tree.map_structure(
        lambda s: KerasTensor(s.shape, s.dtype) if isinstance(s, Spec) else s, specs
    )


def _memo_key(key: Any, leaves: list, treedef: Any) -> Any:
    static = []
    for leaf in leaves:
        if isinstance(leaf, KerasTensor):
            static.append((leaf.shape, leaf.dtype))
        elif callable(leaf) or hasattr(leaf, "dtype"):
            return None  # functions, variables, tensors: the memo must not keep them
        else:
            static.append((type(leaf), leaf))
    settings = (current().name, floatx(), image_data_format())
    memo_key = (settings, key, treedef, tuple(static))
    try:
        hash(memo_key)
    except TypeError:
        return None
    return memo_key


def _infer(fn: Callable, leaves: list, where: list[int], treedef: Any) -> Any:
    shapes = [leaves[i].shape for i in where]
    try:
        return _two_sizes(fn, leaves, where, treedef, shapes)
    except Exception as error:
        aligned = _aligned(shapes)
        if aligned == shapes:
            raise
        try:
            return _two_sizes(fn, leaves, where, treedef, aligned)
        except Exception:
            raise error from None


def _two_sizes(
    fn: Callable, leaves: list, where: list[int], treedef: Any, shapes: list
) -> Any:
    unknown = any(None in shape for shape in shapes)
    found = [
        _evaluate(fn, leaves, where, treedef, shapes, size)
        for size in (SIZES if unknown else SIZES[:1])
    ]
    return found[0] if len(found) == 1 else tree.map_structure(_merge, *found)


def _evaluate(
    fn: Callable, leaves: list, where: list[int], treedef: Any, shapes: list, size: int
) -> Any:
    specs = [
        (tuple(size if d is None else d for d in shape), leaves[i].dtype)
        for shape, i in zip(shapes, where)
    ]

    def run(tensors: list[Any]) -> Any:
        filled = list(leaves)
        for i, tensor in zip(where, tensors):
            filled[i] = tensor
        args, kwargs = tree.unflatten(treedef, filled)
        return fn(*args, **kwargs)

    return current().eval_shape(run, specs, Spec)


def _merge(a: Any, b: Any) -> Any:
    if not isinstance(a, Spec):
        return a
    if len(a.shape) != len(b.shape):
        raise ValueError(
            "The rank of the output depends on the size of an axis that is not known: "
            f"shape {a.shape} for one size, {b.shape} for another."
        )
    shape = tuple(x if x == y else None for x, y in zip(a.shape, b.shape))
    return Spec(shape, a.dtype)


def _aligned(shapes: list) -> list:
    """Unknown axes take the size that stands at the same place from the right."""
    rank = max(len(s) for s in shapes)
    known: list[int | None] = [None] * rank
    for shape in shapes:
        for i, dim in enumerate(reversed(shape)):
            if dim is not None and dim != 1 and known[i] is None:
                known[i] = dim
    return [
        tuple(
            known[len(shape) - 1 - i] if dim is None else dim
            for i, dim in enumerate(shape)
        )
        for shape in shapes
    ]


def forget() -> None:
    """Drop the remembered shapes."""
    _memo.clear()
