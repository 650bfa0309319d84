"""Deep learning for people: layers are bricks, models are what you build of them."""

from __future__ import annotations

import importlib
from typing import Any

_SUBMODULES = ("config", "ops", "core", "backend", "tree", "initializers", "regularizers", "constraints", "activations", "losses", "metrics", "optimizers", "layers", "models", "callbacks", "saving", "utils", "random", "datasets", "dtype_policies")


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES:
        return importlib.import_module(f"keras.{name}")
    raise AttributeError(f"module 'keras' has no attribute {name!r}")
