"""Steps as JAX programs write them: `step(state, data)` gives results and a new state.

The state is a tuple of lists of tensors: the values of the trainable variables, of the
others, of the optimizer's (while training) and of the metrics' (but in `predict_step`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from keras.core.variable import StatelessScope, Variable


def on_data(model: Any, mode: str) -> Callable:
    """A model's step as a function of a batch alone, whichever form it is written in.

    Args:
        model: the model.
        mode: "train", "test" or "predict".
    """
    step = getattr(model, f"{mode}_step")
    if len(_needed(step)) < 2:
        return step if _is_own(step) else _on_inputs_alone(step)

    @functools.wraps(step)
    def run(data: Any) -> Any:
        kept = _variables(model, mode)
        out, new = step(tuple([v.value for v in group] for group in kept), data)
        if mode == "predict":  # which gives back what was not trained alone
            kept, new = kept[1:], (new,)
        if len(new) != len(kept) or any(len(n) != len(k) for n, k in zip(new, kept)):
            raise ValueError(
                f"{type(model).__name__}.{mode}_step must return (results, state) with "
                f"{[len(k) for k in kept]} values in the parts of the state; received "
                f"{[len(n) for n in new]}."
            )
        for group, values in zip(kept, new):
            for variable, value in zip(group, values):
                variable.assign(value)
        return out

    return run


def _is_own(step: Callable) -> bool:
    """Whether a step is the one of this package."""
    return getattr(step, "_is_own", False)


def _on_inputs_alone(step: Callable) -> Callable:
    """A user's step, which gets inputs without targets as they are, not as `(x,)`.

    Only lists and tuples stay in a tuple, or their parts would pass for targets.
    """

    @functools.wraps(step)
    def run(data: Any) -> Any:
        if len(data) == 1 and not isinstance(data[0], (list, tuple)):
            (data,) = data
        return step(data)

    return run


def in_both_forms(mode: str) -> Callable:
    """Let a step of a batch also be called as `super().train_step(state, data)`."""

    def decorate(step: Callable) -> Callable:
        @functools.wraps(step)
        def called(self: Any, data: Any, *more: Any) -> Any:
            if not more:
                return step(self, data)
            state, (data,) = data, more
            kept = _variables(self, mode)
            pairs = [p for group, part in zip(kept, state) for p in zip(group, part)]
            with StatelessScope(pairs) as scope:
                out = step(self, data)
                new = tuple([_now(scope, v) for v in group] for group in kept)
            return out, new[1] if mode == "predict" else new

        called._is_own = True  # type: ignore[attr-defined]
        return called

    return decorate


def _now(scope: StatelessScope, variable: Variable) -> Any:
    value = scope.get_current_value(variable)
    return variable.value if value is None else value


def _variables(model: Any, mode: str) -> tuple[list[Variable], ...]:
    weights = model.trainable_variables, model.non_trainable_variables
    if mode == "predict":
        return weights
    optimizer = (model.optimizer.variables,) if mode == "train" else ()
    return (*weights, *optimizer, model.metrics_variables)


def _needed(step: Callable) -> list[str]:
    """The arguments that must be given by position."""
    return [
        p.name
        for p in inspect.signature(step).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        and p.default is p.empty
    ]
