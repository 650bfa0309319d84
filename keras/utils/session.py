"""Seeds and automatic names of the whole process."""

from __future__ import annotations

import gc
import random
from typing import Any

import numpy as np

from keras.core import backends, naming, seeds
from keras.core.graph import infer
from keras.core.tensor import KerasTensor
from keras.layers.input_layer import InputLayer
from keras.random.host import seed_host
from keras.random.seed_generator import check_seed, forget_global_seed_generators


def clear_session(free_memory: bool = True) -> None:
    """Restart automatic names and drop caches that are kept between models.

    Models are freed when you drop them; this resets names, and frees memory when many
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
        The tensors of `keras.Input`, each once, in the order of a depth-first walk.

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


def set_random_seed(seed: int) -> None:
    """Seed Python, NumPy, this package, and the frameworks.

    Initial weights, shuffles and the seeds of layers are then the same in each run, and
    on every backend. A framework that is imported later is seeded then.

    Args:
        seed: an integer from 0 to 2**32 - 1.

    Raises:
        ValueError: the seed is not such an integer.

    Example:
        >>> keras.utils.set_random_seed(1)
    """
    seed = check_seed(seed, "set_random_seed")
    random.seed(seed)
    np.random.seed(seed)
    seed_host(seed)
    seeds.value = seed

    forget_global_seed_generators()
    for info in backends.known():
        if info.is_imported:
            backends.load(info.name).random.seed_framework(seed)
