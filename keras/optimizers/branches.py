"""A choice between two ways of changing variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops
from keras.core.variable import StatelessScope, Variable


def either(
    pred: Any,
    then: Callable[[], None],
    otherwise: Callable[[], None],
    touched: list[Variable],
) -> None:
    """Run one of two functions that change the variables `touched`.

    Where `pred` is a tensor, each gives the new values of all of them, and the device
    chooses.
    """
    if isinstance(pred, bool):
        (then if pred else otherwise)()
        return

    def pure(change: Callable[[], None]) -> Callable[[], list[Any]]:
        def run() -> list[Any]:
            with StatelessScope() as scope:
                change()
                return values_in(scope, touched)

        return run

    for variable, value in zip(touched, ops.cond(pred, pure(then), pure(otherwise))):
        variable.assign(value)


def values_in(scope: StatelessScope, variables: list[Variable]) -> list[Any]:
    """The current values of variables in a scope."""
    found = [scope.get_current_value(v) for v in variables]
    return [v.value if x is None else x for v, x in zip(variables, found)]
