"""Shapes by evaluation: run a function abstractly and read the shapes off.

Nobody writes shape functions. How sizes are chosen for unknown axes, and when a size in
the output is known, is told in `probes.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.core import tree
from keras.core.graph.probes import Outcome, Probes, Spec, find_outcomes
from keras.core.scope import current
from keras.core.settings import floatx, image_data_format
from keras.core.tensor import KerasTensor

_memo: dict[Any, Any] = {}
_MEMO_LIMIT = 20_000


def infer_outputs(
    fn: Callable,
    args: tuple,
    kwargs: dict[str, Any],
    key: Any = None,
    careful: bool = False,
    shares_batch: bool | None = None,
) -> Any:
    """The outputs of `fn` on symbolic arguments, as new symbolic tensors.

    Args:
        fn: a function of tensors.
        args, kwargs: its arguments; symbolic tensors anywhere inside are abstract.
        key: names the function, so that the result may be remembered for these shapes
            and static arguments; None for functions with state.
        shares_batch: whether the first axes of all tensors are one batch, as for a
            layer; by default for functions without a key.
        careful: whether `fn` may make weights when it is first run, or take long for
            large sizes, as a user's loop over an axis does. So may functions among the
            arguments.
    """
    leaves, treedef = tree.flatten_with_def((args, kwargs))
    where = [i for i, leaf in enumerate(leaves) if isinstance(leaf, KerasTensor)]

    memo_key = _memo_key(key, leaves, treedef) if key is not None else None
    specs = _memo.get(memo_key) if memo_key is not None else None
    if specs is None:
        one_batch = key is None if shares_batch is None else shares_batch
        probes = Probes(fn, leaves, where, treedef, one_batch)
        careful = careful or any(callable(leaf) for leaf in leaves)
        specs = _merge(find_outcomes(probes, careful))
        if memo_key is not None and len(_memo) < _MEMO_LIMIT:
            _memo[memo_key] = specs

    return tree.map_structure(lambda s: _symbol(s) if isinstance(s, Spec) else s, specs)


def _symbol(spec: Spec) -> KerasTensor:
    kind = spec.kind
    return KerasTensor(spec.shape, spec.dtype, kind == "sparse", kind == "ragged")


def _memo_key(key: Any, leaves: list[Any], treedef: Any) -> Any:
    static: list[Any] = []
    for leaf in leaves:
        if isinstance(leaf, KerasTensor):
            static.append((leaf.shape, leaf.dtype, leaf.kind))
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


def _merge(outcomes: list[Outcome]) -> Any:
    """The output with None for each size that is not the same in all outcomes."""
    first, *others = outcomes
    for other in others:
        if other.form != first.form:
            raise ValueError(
                "The number of outputs or their ranks depend on the size of an unknown "
                f"axis: {_describe(first)} for one size, {_describe(other)} for "
                "another. Give that axis a size in the shape of the input."
            )
    if not others:
        return first.output
    return tree.map_structure(_merge_leaves, *(o.output for o in outcomes))


def _merge_leaves(first: Any, *others: Any) -> Any:
    if isinstance(first, Spec):
        shapes = zip(first.shape, *(other.shape for other in others))
        shape = tuple(dims[0] if len(set(dims)) == 1 else None for dims in shapes)
        return Spec(shape, first.dtype, first.kind)
    if type(first) is int and any(other != first for other in others):
        return None  # a size that was read off an unknown axis
    return first


def _describe(outcome: Outcome) -> str:
    leaves = tree.flatten(outcome.output)
    shapes = [str(x.shape) for x in leaves if isinstance(x, Spec)]
    shown = ", ".join(shapes[:3]) + (", ..." if len(shapes) > 3 else "")
    noun = "output" if len(shapes) == 1 else "outputs"
    return f"{len(shapes)} {noun} of shape {shown}"


def forget() -> None:
    """Drop the remembered shapes."""
    _memo.clear()
