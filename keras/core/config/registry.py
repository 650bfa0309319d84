"""Which classes and functions a saved config may name.

A config is data. A name in it is looked up in three places only: what the caller
passed, what the program registered, and a fixed table of this package's public
objects. Nothing is imported because a file says so.
"""

from __future__ import annotations

import contextlib
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any

_by_name: dict[str, Any] = {}
_names: dict[Any, str] = {}
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_scoped: ContextVar[Mapping[str, Any]] = ContextVar("keras_custom", default=_NOTHING)

# The namespaces whose public objects a config may name.
BUILTIN_NAMESPACES = (
    "keras.layers",
    "keras.models",
    "keras.optimizers",
    "keras.optimizers.schedules",
    "keras.losses",
    "keras.metrics",
    "keras.initializers",
    "keras.regularizers",
    "keras.constraints",
    "keras.activations",
    "keras.distillation",
    "keras.dtype_policies",
    "keras.random",
    "keras.utils",
    "keras",
    "keras.applications",  # for the layers that come with it
)


def register_keras_serializable(
    package: str = "Custom", name: str | None = None
) -> Callable[[Any], Any]:
    """Let a class or function of yours be found by its name when loading.

    Args:
        package: a prefix that keeps your names apart from others'.
        name: the name; by default that of the object.

    Returns:
        A decorator that registers and returns the object unchanged.

    Example:
        >>> @keras.saving.register_keras_serializable("my_package")
        ... class Scale(keras.layers.Layer):
        ...     pass
    """

    def register(obj: Any) -> Any:
        full = f"{package}>{name or obj.__name__}"
        if inspect.isclass(obj) and not hasattr(obj, "get_config"):
            raise ValueError(
                f"Cannot register {obj}: it has no `get_config` method, so it could "
                "be saved but never loaded."
            )
        _by_name[full] = obj
        _names[obj] = full
        return obj

    return register


def get_registered_name(obj: Any) -> str:
    """The name an object was registered under, else its own name."""
    try:
        return _names.get(obj) or obj.__name__
    except TypeError:  # not hashable
        return obj.__name__


def registered_name_or_none(obj: Any) -> str | None:
    """The name an object was registered under, or None."""
    try:
        return _names.get(obj)
    except TypeError:
        return None


def get_registered_object(
    name: str,
    custom_objects: Mapping[str, Any] | None = None,
    module_objects: Mapping[str, Any] | None = None,
) -> Any:
    """The object registered or passed under `name`, or None."""
    for table in (_scoped.get(), custom_objects, _by_name, module_objects):
        if table and name in table:
            return table[name]
    return None


def get_custom_objects() -> dict[str, Any]:
    """The global table of registered objects; it may be edited in place."""
    return _by_name


class CustomObjectScope(contextlib.AbstractContextManager):
    """Make objects known by name to every loading inside a `with` block.

    Args:
        custom_objects: names and the classes or functions they stand for.

    Example:
        >>> class Twice(keras.layers.Layer):
        ...     def call(self, x):
        ...         return 2 * x
        >>> config = keras.layers.serialize(Twice())
        >>> with keras.utils.CustomObjectScope({"Twice": Twice}):
        ...     layer = keras.layers.deserialize(config)
    """

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> CustomObjectScope:
        self._token = _scoped.set({**_scoped.get(), **self.custom_objects})
        return self

    def __exit__(self, *exc: object) -> None:
        _scoped.reset(self._token)


@contextlib.contextmanager
def maybe_scope(custom_objects: Mapping[str, Any] | None) -> Iterator[None]:
    """`CustomObjectScope` when there is something to put in it."""
    if custom_objects:
        with CustomObjectScope(custom_objects):
            yield
    else:
        yield


def builtin_object(module: str | None, name: str) -> Any:
    """A public object of this package by namespace and name, or None.

    `module` is only a hint of which of the fixed namespaces to look in first; one
    that is not among them is not imported.
    """
    first = [module] if module in BUILTIN_NAMESPACES else []
    for namespace in [*first, *BUILTIN_NAMESPACES]:
        found = _public(namespace, name)
        if found is not None:
            return found
    return None


def public_namespace(obj: Any) -> str | None:
    """The namespace under which this package publishes `obj`, or None."""
    if not str(getattr(obj, "__module__", "")).startswith("keras."):
        return None
    name = getattr(obj, "__name__", None)
    family = ".".join(obj.__module__.split(".")[:2])
    for namespace in (family, *BUILTIN_NAMESPACES):
        if namespace in BUILTIN_NAMESPACES and name and _public(namespace, name) is obj:
            return namespace
    return None


def _public(namespace: str, name: str) -> Any:
    module = importlib.import_module(namespace)
    if not name.isidentifier() or name.startswith("_"):
        return None
    if name not in getattr(module, "__all__", ()):
        return None
    found = getattr(module, name, None)
    return None if inspect.ismodule(found) else found
