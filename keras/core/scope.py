"""The current backend: a value that can be set, scoped and asked for at any time."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

from keras.core.backends import BY_DEFAULT, load
from keras.core.settings import settings

if TYPE_CHECKING:
    from keras.backend.contract import Backend

_scoped: ContextVar[Backend | None] = ContextVar("keras_backend", default=None)
_default: Backend | None = None
_layer_calls: Callable[[], bool] | None = None


def current() -> Backend:
    """The backend in force here: that of the innermost scope, else the default."""
    scoped = _scoped.get()
    if scoped is not None:
        return scoped
    return _default if _default is not None else _load_default()


def _load_default() -> Backend:
    global _default
    _default = load(settings.backend, settings.backend_chosen_by)
    return _default


def backend() -> str:
    """The name of the backend in force, such as `"jax"` or `"torch"`.

    Example:
        >>> keras.config.backend()
        'jax'
    """
    scoped = _scoped.get()
    return scoped.name if scoped is not None else settings.backend


def set_backend(backend: str) -> None:
    """Make `backend` the default, at any time.

    What exists already keeps its own backend: a model goes on training, predicting
    and saving where it was built.

    Args:
        backend: `"jax"`, `"torch"`, `"tensorflow"`, `"numpy"`, or the name of a
            plug-in.

    Raises:
        ValueError: there is no such backend.
        ImportError: the framework is not installed; the message says how to get it.
    """
    global _default
    _default = load(backend, "set_backend")
    settings.backend, settings.backend_chosen_by = backend, "set_backend"


def prefer_backend(backend: str, chosen_by: str) -> None:
    """Make `backend` the default unless one was chosen, or is in use already.

    Args:
        backend: the name of a backend.
        chosen_by: why, for error messages.
    """
    if _default is None and settings.backend_chosen_by == BY_DEFAULT:
        settings.backend, settings.backend_chosen_by = backend, chosen_by


@contextlib.contextmanager
def backend_scope(backend: str | Backend) -> Iterator[Backend]:
    """Use a backend inside a `with` block, in this thread only.

    Args:
        backend: the name of a backend, or the backend itself.

    Example:
        >>> with keras.config.backend_scope("torch"):
        ...     layer = keras.layers.Dense(3)
    """
    module = load(backend) if isinstance(backend, str) else backend
    token = _scoped.set(module)
    try:
        yield module
    finally:
        _scoped.reset(token)


def register_layer_calls(is_calling: Callable[[], bool]) -> None:
    """Tell by this function whether a layer is being called here."""
    global _layer_calls
    _layer_calls = is_calling


def is_calling_layer() -> bool:
    """Whether a layer is being called here."""
    return _layer_calls is not None and _layer_calls()
