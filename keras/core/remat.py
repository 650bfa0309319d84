"""Rematerialization: results are computed again for gradients instead of kept."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

from keras.core.errors import check_choice
from keras.core.scope import current

MODES = ("full", "activations", "larger_than", "list_of_layers", None)


def remat(f: Callable) -> Callable:
    """`f` whose results inside are computed again for gradients, not kept.

    Trades time for memory (Chen et al., 2016). What `f` assigns to variables counts
    once, and the second pass sees them as the first did: a dropout drops the same.

    Args:
        f: a function of tensors.

    Example:
        >>> @keras.remat
        ... def block(x):
        ...     return keras.ops.tanh(keras.ops.exp(x))
        >>> block(np.array([0.0, 1.0]))
        array([0.76159416, 0.99132892])
    """

    @functools.wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        return current().remat(f)(*args, **kwargs)

    return call


class RematMode(NamedTuple):
    """Which layers compute their results again; the arguments of `RematScope`."""

    mode: str
    output_size_threshold: int
    layer_names: tuple[str, ...]


_mode: ContextVar[RematMode | None] = ContextVar("keras_remat", default=None)


class RematScope(contextlib.AbstractContextManager):
    """Layers made in a `with` block compute results again for gradients.

    A training step keeps what the backward pass needs of every layer. A layer made in
    this scope keeps its inputs only and runs twice (Chen et al., 2016,
    arXiv:1604.06174): memory for time. Its results and gradients stay the same.

    Args:
        mode: which of the layers do so: "full": all of them; "activations": all, but
            only their activation functions run twice; "larger_than": those whose output
            has more than `output_size_threshold` elements; "list_of_layers": those
            named in `layer_names`; None: none, inside another scope.
        output_size_threshold: a number of elements, for "larger_than".
        layer_names: names of layers, for "list_of_layers".

    Raises:
        ValueError: there is no such mode.

    Example:
        >>> with keras.RematScope("larger_than", output_size_threshold=4096):
        ...     layer = keras.layers.Dense(8192, activation="gelu")
    """

    def __init__(
        self,
        mode: str | None = "full",
        output_size_threshold: int = 1024,
        layer_names: Sequence[str] | None = None,
    ) -> None:
        check_choice(mode, MODES, "mode", "RematScope")
        self.mode = mode
        self.output_size_threshold = output_size_threshold
        self.layer_names = list(layer_names or ())

    def __enter__(self) -> RematScope:
        found = None
        if self.mode is not None:
            names = tuple(self.layer_names)
            found = RematMode(self.mode, self.output_size_threshold, names)
        self._token = _mode.set(found)
        return self

    def __exit__(self, *exc: object) -> None:
        _mode.reset(self._token)


def current_remat_mode() -> RematMode | None:
    """What the innermost scope says, or None."""
    return _mode.get()
