"""The states of all random generators of the process: read, and restored."""

from __future__ import annotations

import random
import sys
from typing import Any

import numpy as np

from keras.core import scope, seeds
from keras.random import seed_generator
from keras.random.host import host_generator


def streams() -> dict[str, Any]:
    """The states of the random generators of the process.

    They are the host generator, the global seed generator of the current backend, and
    the global generators of Python, NumPy and (if it is loaded) PyTorch, which data
    pipelines may draw from. JAX has no such state; TensorFlow's cannot be read.

    Returns:
        Numbers, tuples and arrays, for `set_streams`.
    """
    shared = seed_generator._shared.get(scope.current().name)
    torch = sys.modules.get("torch")
    return {
        "seed": seeds.value,
        "unseeded": seed_generator._unseeded,
        "host": host_generator().bit_generator.state,
        "global": None if shared is None else np.array(shared.state).tolist(),
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": None if torch is None else torch.get_rng_state().numpy().copy(),
    }


def set_streams(state: dict[str, Any]) -> None:
    """Restore the states that `streams` returned."""
    seeds.value = state["seed"]
    seed_generator._unseeded = state["unseeded"]
    host_generator().bit_generator.state = state["host"]
    if state["global"] is not None:
        shared = seed_generator.global_seed_generator()
        shared.state.assign(np.array(state["global"], "uint32"))
    random.setstate(state["python"])
    np.random.set_state(state["numpy"])
    torch = sys.modules.get("torch")
    if torch is not None and state["torch"] is not None:
        torch.set_rng_state(torch.from_numpy(state["torch"].copy()))
