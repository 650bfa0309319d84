"""Every public class is compared with real Keras in two configurations or more."""

from __future__ import annotations

import importlib
import inspect
from collections import Counter
from typing import Any

import pytest

from oracle import (
    augment_cases,
    layers_cases,
    losses_cases,
    metrics_cases,
    optimizers_cases,
    tables_cases,
)

# Base classes, what only describes an input, and Lambda, whose configuration is a
# function of the user's own.
EXCEPTIONS = {
    "layers": {
        *("InputLayer", "InputSpec", "Lambda", "Layer", "Wrapper"),
        *("FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"),
        # Compared with Keras in one configuration, or in their configs alone.
        *("AugMix", "Pipeline", "RandomColorJitter", "RandomElasticTransform"),
        *("Rescaling", "ReversibleEmbedding"),
    },
    "losses": {"Loss"},
    "metrics": {"Metric"},
    "optimizers": {"MultiOptimizer", "Optimizer", "OptimizerMap"},
    "optimizers.schedules": {"LearningRateSchedule"},
}
CASES: dict[str, dict] = {
    "layers": {**layers_cases.CASES, **tables_cases.CASES, **augment_cases.CASES},
    "losses": losses_cases.CASES,
    "metrics": metrics_cases.CASES,
    "optimizers": optimizers_cases.CASES,
    "optimizers.schedules": optimizers_cases.SCHEDULE_CASES,
}
FUNCTIONS: dict[str, dict] = {
    "losses": losses_cases.FUNCTION_CASES,
    "metrics": {**losses_cases.FUNCTION_CASES, **metrics_cases.FUNCTION_CASES},
}
LOOKUPS = {"deserialize", "get", "serialize"}


def classes_in(value: Any) -> set[str]:
    """The class of a case, and those of the layers inside a layer's configuration."""
    if hasattr(value, "cls"):
        return {value.cls} | classes_in(value.config)
    if isinstance(value, dict):
        value = list(value.values())
    return (
        {c for v in value for c in classes_in(v)} if isinstance(value, list) else set()
    )


def public(family: str, is_wanted: Any) -> dict[str, list[str]]:
    """The objects of a namespace by the first of their names, with all of these."""
    module = importlib.import_module(f"keras.{family}")
    names: dict[int, list[str]] = {}
    for name in sorted(module.__all__):
        found = getattr(module, name)
        if is_wanted(found):
            names.setdefault(id(found), []).append(name)
    return {aliases[0]: aliases for aliases in names.values()}


@pytest.mark.parametrize("family", CASES)
def test_two_configurations_of_every_class(family: str) -> None:
    cases = CASES[family].values()
    times = Counter(name for case in cases for name in classes_in(case))
    named = public(family, inspect.isclass)
    few = {k for k, aliases in named.items() if max(times[a] for a in aliases) < 2}
    assert few == EXCEPTIONS[family]


@pytest.mark.parametrize("family", FUNCTIONS)
def test_two_calls_of_every_function(family: str) -> None:
    times = Counter(case.name for case in FUNCTIONS[family].values())
    named = public(family, inspect.isfunction)
    few = {k for k, aliases in named.items() if max(times[a] for a in aliases) < 2}
    assert few == LOOKUPS
