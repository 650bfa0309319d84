"""Starting afresh in one process."""

from __future__ import annotations

import gc
from typing import Any

from keras.core import infer, naming
from keras.core.tensor import KerasTensor
from keras.layers.input_layer import InputLayer


def clear_session(free_memory: bool = True) -> None:
    """Start automatic names afresh, and let go of what is remembered between models.

    Models are freed when you drop them; this is for names, and for memory when many
    models are built in a loop.

    Args:
        free_memory: whether to collect garbage at once.
    """
    naming.reset_uids()
    infer.forget()
    if free_memory:
        gc.collect()


def get_source_inputs(tensor: KerasTensor) -> list[KerasTensor]:
    """The inputs that a symbolic tensor was computed from.

    Args:
        tensor: a symbolic tensor.

    Returns:
        The tensors of `keras.Input`, each once, in the order they are met.

    Example:
        >>> x = keras.Input((3,))
        >>> keras.utils.get_source_inputs(keras.layers.Dense(2)(x)) == [x]
        True
    """
    found: dict[int, Any] = {}
    seen: set[int] = set()
    stack = [tensor]
    while stack:
        current = stack.pop()
        node = current._node
        if id(current) in seen:
            continue
        seen.add(id(current))
        if node is None or isinstance(node.operation, InputLayer):
            found[id(current)] = current
        else:
            stack.extend(reversed(node.inputs))
    return list(found.values())
