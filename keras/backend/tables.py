"""What the backends' tables of functions are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any


def functions_of(
    where: Any, names: str, wrap: Callable[[Callable], Callable] | None = None
) -> dict[str, Callable]:
    """Ops by name, with the functions of these names in a module.

    Args:
        where: a framework's module, or the backend's own.
        names: of ops. `arccos=acos` where the function's name is another one; a dot
            goes into a module inside, as in `i0=special.i0`.
        wrap: applied to each function, where its arguments are not the op's.
    """
    table = {}
    for entry in names.split():
        op, _, name = entry.partition("=")
        function = attrgetter(name or op)(where)
        table[op] = wrap(function) if wrap else function
    return table


def in_wider(
    fn: Callable, wider: Mapping[Any, Any], cast: Callable, back: bool = True
) -> Callable:
    """`fn` for dtypes that the framework does not have it for.

    The first argument, a tensor or a list of them, says whether: all tensors of its
    dtype are cast then, and results in the wider dtype are cast back.

    Args:
        fn: a function of tensors, lists of tensors and static values.
        wider: the dtypes that `fn` lacks, and those that stand in for them.
        cast: `(tensor, dtype) -> tensor`.
        back: whether results come in the narrow dtype again.
    """

    def compute(*args: Any) -> Any:
        first = args[0]
        narrow = (first[0] if isinstance(first, list) else first).dtype
        wide = wider.get(narrow)
        if wide is None:
            return fn(*args)

        def change(value: Any, old: Any, new: Any) -> Any:
            if type(value) in (list, tuple):
                return type(value)([change(v, old, new) for v in value])
            return cast(value, new) if getattr(value, "dtype", None) == old else value

        out = fn(*(change(value, narrow, wide) for value in args))
        return change(out, wide, narrow) if back else out

    return compute


def as_tuple(value: Any) -> tuple:
    """A sequence as a tuple, one number as a tuple of one."""
    return (value,) if isinstance(value, int) else tuple(value)


def check_elements(shape: Any, axis: Any) -> None:
    """Raise where a reduction that needs an element has none."""
    axes = range(len(shape)) if axis is None else as_tuple(axis)
    if any(shape[a] == 0 for a in axes):
        raise ValueError(
            f"No elements along axis {axis} of a tensor of shape {tuple(shape)}: "
            "give `initial`."
        )
