"""Shapes by evaluation: run a function abstractly and read the shapes off.

An axis of unknown size stands for 60 in one run and for 84 in another; what differs in
the output is unknown there. Both numbers have many divisors, so reshapes, splits and
poolings of an unknown axis work.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from keras.core import tree
from keras.core.scope import current
from keras.core.settings import floatx, image_data_format
from keras.core.tensor import KerasTensor

SIZES = (60, 84)
LARGE = (20160, 30240)
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
    static: list[Any] = []
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
    """Evaluate at two sizes, or at sizes that may fit better where that fails."""
    shapes = [leaves[i].shape for i in where]
    first: Exception | None = None
    for sizes in _sizes_to_try(shapes, leaves):
        try:
            found = [
                _evaluate(fn, leaves, where, treedef, filled)
                for filled in dict.fromkeys(sizes)
            ]
        except Exception as error:
            first = first or error
            continue
        return found[0] if len(found) == 1 else tree.map_structure(_merge, *found)
    assert first is not None
    text = f"The symbolic inputs have the shapes {shapes}."
    if any(None in shape for shape in shapes):
        text += f" An axis of unknown size counts as {SIZES[0]} while shapes are found."
    first.add_note(text)
    raise first from None


def _sizes_to_try(shapes: list, leaves: list) -> Iterator[list]:
    """Sets of shapes without None, the likeliest first."""
    yield [_filled(shapes, size) for size in SIZES]
    if not any(None in shape for shape in shapes):
        return
    # A known axis that stands at the same place, from the right or from the left.
    beside = [leaf.shape for leaf in leaves if hasattr(leaf, "shape")]
    for aligned in (_aligned(shapes, beside, -1), _aligned(shapes, beside, 1)):
        if aligned != shapes:
            yield [_filled(aligned, size) for size in SIZES]
    # Windows that are wider than the small sizes.
    yield [_filled(shapes, size) for size in LARGE]
    # The first tensor large, the others (a kernel) small.
    yield [
        _filled(shapes[:1], large) + _filled(shapes[1:], small)
        for large, small in zip(SIZES, (2, 4))
    ]
    # A size that stands elsewhere, in another tensor or as an argument.
    known = {d for shape in shapes for d in shape} | {
        leaf for leaf in leaves if type(leaf) is int and 0 < leaf <= LARGE[0]
    }
    for size in sorted(known - {None, 1}):
        yield [_filled(shapes, size)]


def _filled(shapes: list, size: int) -> tuple:
    return tuple(tuple(size if d is None else d for d in shape) for shape in shapes)


def _evaluate(
    fn: Callable, leaves: list, where: list[int], treedef: Any, shapes: tuple
) -> Any:
    specs = [(shape, leaves[i].dtype) for shape, i in zip(shapes, where)]

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


def _aligned(shapes: list, beside: list, step: int) -> list:
    """Unknown axes take the size at the same place, counted from one end."""
    known: dict[int, int] = {}
    for shape in beside:
        for i, dim in enumerate(shape[::step]):
            if dim is not None and dim != 1:
                known.setdefault(i, dim)
    return [
        tuple(
            known.get(i) if dim is None else dim for i, dim in enumerate(shape[::step])
        )[::step]
        for shape in shapes
    ]


def forget() -> None:
    """Drop the remembered shapes."""
    _memo.clear()
