"""Compiling functions of your own, and computing again instead of keeping."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from keras.core import tree
from keras.core.scope import current
from keras.core.variable import Variable


def jit(fn: Callable) -> Callable:
    """Compile a function or method that reads and writes variables.

    Args:
        fn: a function of tensors and nests of them. Other arguments (numbers, strings,
            objects) are constants: another one is compiled anew. Variables it uses need
            not be listed; what it assigns to them is there after the call.

    Returns:
        The compiled function. PyTorch runs it as it is.

    Example:
        >>> counter = keras.Variable(0.0)
        >>> @keras.jit
        ... def step(x, training=False):
        ...     counter.assign_add(1.0)
        ...     return keras.ops.sum(x) * counter
    """
    compiled: dict[Any, Callable] = {}

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        backend = current()
        data, filled, form = tree.parted((args, kwargs), _is_data)
        key = backend.name, *form[:2], tuple(map(_kind, form[2]))
        if key not in compiled:

            def run(*data: Any) -> Any:
                args, kwargs = filled(data)
                return fn(*args, **kwargs)

            compiled[key] = backend.compile(run)
        return compiled[key](*data)

    return call


def _is_data(leaf: Any) -> bool:
    has_both = hasattr(leaf, "dtype") and hasattr(leaf, "shape")
    return has_both and not isinstance(leaf, Variable)


def _kind(leaf: Any) -> Any:
    """What must be the same for a function that is compiled already."""
    # 1 and 1.0 and True are equal, and variables compare their values
    return type(leaf), id(leaf) if isinstance(leaf, Variable) else leaf


def remat(f: Callable) -> Callable:
    """`f` whose results inside are computed again for gradients, not kept.

    Trades time for memory (Chen et al., 2016). What `f` assigns to variables counts
    once, and the second pass sees them as the first did: a dropout drops the same.

    Args:
        f: a function of tensors.
    """

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return current().remat(f)(*args, **kwargs)

    return call
