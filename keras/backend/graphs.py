"""What the backends share that make graphs: they keep nothing beside a computation."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from keras.core.variable import Variable

FUSED_RNN: dict[str, object] = {}  # loops are compiled
LOOPS_HAVE_A_SIZE = True


def without_gradients(fn: Callable) -> Callable:
    """Nothing is kept for gradients that are not asked for."""
    return fn


def no_gradients() -> Any:
    """Nothing is kept for gradients that are not asked for."""
    return contextlib.nullcontext()


def opaque(fn: Callable) -> Callable:
    """No calls are written down."""
    return fn


def is_recording() -> bool:
    """No calls are written down."""
    return False


def is_data(leaf: Any) -> bool:
    """Whether an argument of a compiled function is data, or a constant for it."""
    has_both = hasattr(leaf, "dtype") and hasattr(leaf, "shape")
    return has_both and not isinstance(leaf, Variable)
