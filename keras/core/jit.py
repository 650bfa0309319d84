"""Compiling functions of your own."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.core import tree
from keras.core.scope import current


def jit(fn: Callable) -> Callable:
    """Compile a function or method that reads and writes variables.

    Args:
        fn: a function of tensors and nests of them; NumPy arrays become tensors. Other
            arguments (numbers, strings, objects) are constants: for another one it is
            compiled again. Variables it uses need not be listed; what it assigns to
            them is there after the call.

    Returns:
        The compiled function. PyTorch and NumPy run it as it is.

    Example:
        >>> counter = keras.Variable(0.0)
        >>> @keras.jit
        ... def step(x, training=False):
        ...     counter.assign_add(1.0)
        ...     return keras.ops.sum(x) * counter
    """
    compiled: dict[str, Callable] = {}

    @functools.wraps(fn)
    def call(*args: Any, **kwargs: Any) -> Any:
        backend = current()
        if backend.name not in compiled:
            compiled[backend.name] = backend.compile(lambda a, k: fn(*a, **k))
        return compiled[backend.name](*tree.map_structure(_tensor, (args, kwargs)))

    return call


def _tensor(x: Any) -> Any:
    """An array of numbers as a tensor, as each framework's own compiler takes it."""
    is_array = isinstance(x, np.ndarray) and x.dtype.kind not in "OSU"
    return current().convert_to_tensor(x) if is_array else x
