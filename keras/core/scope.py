"""The current backend: a value that can be set, scoped and asked for at any time."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from types import ModuleType

from keras.core.settings import BACKENDS, settings

_NEEDS = {"jax": "jax", "torch": "torch", "tensorflow": "tensorflow"}
_scoped: ContextVar[ModuleType | None] = ContextVar("keras_backend", default=None)
_default: ModuleType | None = None


def load(name: str) -> ModuleType:
    """The backend module called `name`, imported when first asked for."""
    module = sys.modules.get(f"keras.backend.{name}")
    if module is not None and hasattr(module, "READY"):
        return module
    if name not in BACKENDS:
        raise ValueError(f"backend must be one of {list(BACKENDS)}; received {name!r}.")
    if not is_installed(name):
        raise ImportError(
            f"The backend {name!r} needs the package {_NEEDS[name]!r}, which is not "
            f'installed. Install it with: pip install "keras[{name}]"'
        )
    return importlib.import_module(f"keras.backend.{name}")


def is_installed(name: str) -> bool:
    """Whether the framework of the backend `name` can be imported here."""
    return importlib.util.find_spec(_NEEDS[name]) is not None


def installed() -> list[str]:
    """The backends whose framework is installed, without importing any."""
    return [name for name in BACKENDS if is_installed(name)]


def current() -> ModuleType:
    """The backend in force here: that of the innermost scope, else the default."""
    scoped = _scoped.get()
    if scoped is not None:
        return scoped
    return _default if _default is not None else _load_default()


def _load_default() -> ModuleType:
    global _default
    _default = load(settings.backend)
    return _default


def backend() -> str:
    """The name of the backend in force: `"jax"`, `"torch"` or `"tensorflow"`.

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
        backend: `"jax"`, `"torch"` or `"tensorflow"`.

    Raises:
        ImportError: the framework is not installed; the message says how to get it.
    """
    global _default
    _default = load(backend)
    settings.backend = backend


@contextlib.contextmanager
def backend_scope(backend: str | ModuleType) -> Iterator[ModuleType]:
    """Use a backend inside a `with` block, in this thread only.

    Args:
        backend: `"jax"`, `"torch"` or `"tensorflow"`.

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
