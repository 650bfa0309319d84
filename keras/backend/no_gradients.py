"""The gradients' part of the contract for a backend that has none.

Functions that only prepare for gradients compute their value and go on, so that all
layers can be called. `value_and_grad` is the one thing that needs gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from keras.core import backends, scope
from keras.core.variable import Variable

HAS_GRADIENTS = False


def value_and_grad(
    fn: Callable, variables: Sequence[Variable] | None, argnums: Any, has_aux: bool
) -> NoReturn:
    """Say which backends have gradients."""
    raise NotImplementedError(missing(scope.current().name))


def missing(name: str) -> str:
    """The error for what needs gradients on the backend `name`."""
    return (
        f"The backend {name!r} computes no gradients, so nothing can be trained on it. "
        f"Train on one of {backends.with_gradients()}: choose it with KERAS_BACKEND or "
        "keras.config.set_backend before the model is made, or move the model with "
        "model.to_backend(name)."
    )


def stop_gradient(x: Any) -> Any:
    """Every value is a constant to gradients."""
    return x


def custom_gradient(fn: Callable) -> Callable:
    """`fn(*args) -> (output, grad_fn)` as a function that gives the output."""
    return lambda *args: fn(*args)[0]


def remat(fn: Callable) -> Callable:
    """Nothing is kept for a backward pass."""
    return fn
