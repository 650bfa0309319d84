"""Deep learning for people: layers are bricks, models are what you build of them.

The package imports lazily: a name costs its import when it is first used, and no
framework is imported before a backend is needed.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras import (
        activations,
        applications,
        backend,
        callbacks,
        config,
        constraints,
        data,
        datasets,
        distillation,
        dtype_policies,
        initializers,
        layers,
        legacy,
        losses,
        metrics,
        mixed_precision,
        models,
        ops,
        optimizers,
        preprocessing,
        random,
        regularizers,
        saving,
        testing,
        tree,
        utils,
        visualization,
        wrappers,
    )
    from keras.core.device import device
    from keras.core.graph.function import Function
    from keras.core.graph.operation import Operation
    from keras.core.jit import jit
    from keras.core.naming import name_scope
    from keras.core.remat import RematScope, remat
    from keras.core.tensor import KerasTensor
    from keras.core.variable import StatelessScope, SymbolicScope, Variable
    from keras.dtype_policies import DTypePolicy, FloatDTypePolicy
    from keras.initializers import Initializer
    from keras.layers import Input, InputSpec, Layer
    from keras.losses import Loss
    from keras.metrics import Metric
    from keras.models import Model, Sequential
    from keras.optimizers import Optimizer
    from keras.regularizers import Regularizer
    from keras.release import __version__, version

_MODULES = (
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "data",
    "datasets",
    "distillation",
    "dtype_policies",
    "initializers",
    "layers",
    "legacy",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "saving",
    "testing",
    "tree",
    "utils",
    "visualization",
    "wrappers",
)
_NAMES = {
    "DTypePolicy": "keras.dtype_policies",
    "FloatDTypePolicy": "keras.dtype_policies",
    "Function": "keras.core.graph.function",
    "Initializer": "keras.initializers",
    "Input": "keras.layers",
    "InputSpec": "keras.layers",
    "KerasTensor": "keras.core.tensor",
    "Layer": "keras.layers",
    "Loss": "keras.losses",
    "Metric": "keras.metrics",
    "Model": "keras.models",
    "Operation": "keras.core.graph.operation",
    "Optimizer": "keras.optimizers",
    "Regularizer": "keras.regularizers",
    "RematScope": "keras.core.remat",
    "Sequential": "keras.models",
    "StatelessScope": "keras.core.variable",
    "SymbolicScope": "keras.core.variable",
    "Variable": "keras.core.variable",
    "__version__": "keras.release",
    "device": "keras.core.device",
    "jit": "keras.core.jit",
    "name_scope": "keras.core.naming",
    "remat": "keras.core.remat",
    "version": "keras.release",
}

__all__ = [
    "DTypePolicy",
    "FloatDTypePolicy",
    "Function",
    "Initializer",
    "Input",
    "InputSpec",
    "KerasTensor",
    "Layer",
    "Loss",
    "Metric",
    "Model",
    "Operation",
    "Optimizer",
    "Regularizer",
    "RematScope",
    "Sequential",
    "StatelessScope",
    "SymbolicScope",
    "Variable",
    "__version__",
    "activations",
    "applications",
    "backend",
    "callbacks",
    "config",
    "constraints",
    "data",
    "datasets",
    "distillation",
    "device",
    "dtype_policies",
    "initializers",
    "jit",
    "layers",
    "legacy",
    "losses",
    "metrics",
    "mixed_precision",
    "models",
    "name_scope",
    "ops",
    "optimizers",
    "preprocessing",
    "random",
    "regularizers",
    "remat",
    "saving",
    "testing",
    "tree",
    "utils",
    "version",
    "visualization",
    "wrappers",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return importlib.import_module(f"keras.{name}")
    if name in _NAMES:
        if _NAMES[name].startswith("keras.core."):
            # Variables and symbolic tensors compute by ops, and a variable may start
            # by an initializer's name: both packages register what core needs of them.
            importlib.import_module("keras.ops")
            importlib.import_module("keras.initializers")
        value = getattr(importlib.import_module(_NAMES[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'keras' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
