"""The registry of backends: which there are and what each needs, importing none.

The built-in backends are listed here. Others come from installed distributions with an
entry point in the group `keras.backends`, which are looked up only when a name is not
built in or when all names are asked for, or from `register`. `core/scope.py` says which
backend is in force.
"""

from __future__ import annotations

import dataclasses
import importlib
import importlib.util
import sys
from typing import TYPE_CHECKING, Any

from keras.core.errors import near_matches

if TYPE_CHECKING:
    from keras.backend.contract import Backend

GROUP = "keras.backends"
BY_DEFAULT = "default"  # who chose a backend, where nobody did
HOST = "numpy"  # what computes in the memory of the host, without a framework


@dataclasses.dataclass(frozen=True)
class BackendInfo:
    """What is known of a backend before it is imported.

    A plug-in's entry point leads to one of these, in a module that does not import the
    framework.

    Args:
        name: what users write in `KERAS_BACKEND` and `keras.config.set_backend`.
        module: the module that is the backend; see `keras.backend.contract.Backend`.
        package: the package that must be importable.
        install: the command that installs it, for error messages.
        tensor_packages: the packages, mostly top-level ones, that define the classes of
            its tensors. They tell whose tensor a value is without importing anything.
        has_gradients: whether the backend can train; equals its `HAS_GRADIENTS`.

    Example:
        >>> info = keras.backend.BackendInfo(
        ...     name="mlx",
        ...     module="keras_mlx.backend",
        ...     package="mlx",
        ...     install="pip install keras-mlx",
        ...     tensor_packages=("mlx",),
        ... )
    """

    name: str
    module: str
    package: str
    install: str
    tensor_packages: tuple[str, ...] = ()
    has_gradients: bool = True

    @property
    def is_installed(self) -> bool:
        """Whether its module, and the package it needs, can be imported here."""
        needed = (self.package, self.module)
        return all(importlib.util.find_spec(name) is not None for name in needed)

    @property
    def is_imported(self) -> bool:
        """Whether the framework of its tensors is imported already."""
        return any(root in sys.modules for root in self.tensor_packages)


_BUILTIN = {
    info.name: info
    for info in (
        BackendInfo(
            name="jax",
            module="keras.backend.jax",
            package="jax",
            install="pip install jax",
            tensor_packages=("jax", "jaxlib"),
        ),
        BackendInfo(
            name="torch",
            module="keras.backend.torch",
            package="torch",
            install='pip install "keras[torch]"',
            tensor_packages=("torch",),
        ),
        BackendInfo(
            name="tensorflow",
            module="keras.backend.tensorflow",
            package="tensorflow",
            install='pip install "keras[tensorflow]"',
            tensor_packages=("tensorflow",),
        ),
        BackendInfo(
            name="numpy",
            module="keras.backend.numpy",
            package="numpy",
            install="pip install numpy",
            tensor_packages=("keras.backend.numpy",),
            has_gradients=False,
        ),
    )
}
_known = dict(_BUILTIN)  # with those registered, and the plug-ins looked up so far
_loaded: dict[str, Backend] = {}
_owners = {root: i.name for i in _BUILTIN.values() for root in i.tensor_packages}


def register(info: BackendInfo) -> None:
    """Add a backend to the registry, for this process.

    An installed package uses an entry point instead, so that the backend is found by
    its name. Registering a name again replaces the backend, as when a cell of a
    notebook is run twice.

    Args:
        info: the description of the backend.

    Raises:
        ValueError: the name is that of a built-in backend.

    Example:
        >>> keras.backend.register(info)
        >>> keras.config.set_backend("mlx")
    """
    if info.name in _BUILTIN:
        raise ValueError(
            f"The backend {info.name!r} is built in and cannot be replaced: choose "
            "another name."
        )
    _known[info.name] = info
    _loaded.pop(info.name, None)
    for root in info.tensor_packages:
        _owners.setdefault(root, info.name)


def names() -> list[str]:
    """The names of all backends: built-in, registered and plug-ins, sorted so."""
    return list(dict.fromkeys([*_known, *_entry_points()]))


def builtin_names() -> list[str]:
    """The names of the built-in backends."""
    return list(_BUILTIN)


def find(name: str, chosen_by: str = "") -> BackendInfo:
    """The description of the backend `name`.

    Args:
        name: the name of a built-in or registered backend, or of a plug-in.
        chosen_by: who asked for it, for the error message.

    Raises:
        ValueError: there is no such backend.
    """
    info = _known.get(name) if isinstance(name, str) else None
    if info is None and name in _entry_points():
        info = _read_entry_point(name)
    if info is None:
        by = f", chosen by {chosen_by}" if chosen_by else ""
        raise ValueError(
            f"The backend must be one of {names()}; received {name!r}{by}."
            + near_matches(name, names())
        )
    return info


def known() -> list[BackendInfo]:
    """Descriptions of the backends: built-in, registered, and plug-ins in use."""
    return list(_known.values())


def is_installed(name: str) -> bool:
    """Whether the framework of the backend `name` can be imported here."""
    return find(name).is_installed


def installed() -> list[str]:
    """The backends whose framework is installed, without importing any."""
    return [name for name in names() if is_installed(name)]


def with_gradients() -> list[str]:
    """The known backends that can train."""
    return [info.name for info in _known.values() if info.has_gradients]


def owner_of_package(name: str) -> str | None:
    """The backend whose tensors' classes come from this module or package.

    It may be inside one of the backend's `tensor_packages`. A plug-in is known once it
    was looked up by its name, or registered.
    """
    while name:
        owner = _owners.get(name)
        if owner is not None:
            return owner
        name = name.rpartition(".")[0]
    return None


def tensor_packages() -> list[str]:
    """The packages that define the tensors of the known backends."""
    return list(_owners)


def load(name: str, chosen_by: str = "") -> Backend:
    """The backend called `name`, imported when it is first asked for.

    Args:
        name: its name.
        chosen_by: who asked for it, for error messages.

    Raises:
        ValueError: there is no such backend.
        ImportError: its framework is not installed.
    """
    backend = _loaded.get(name)
    if backend is not None:
        return backend

    info = find(name, chosen_by)
    if not info.is_installed:
        raise ImportError(_not_installed(info, chosen_by))
    module: Any = importlib.import_module(info.module)
    _loaded[name] = module
    return module


def _not_installed(info: BackendInfo, chosen_by: str) -> str:
    """The error's three parts: what is wrong, the command, and what else there is."""
    if chosen_by == BY_DEFAULT:
        wrong = f"No backend was chosen, so the default is used: {info.name!r}. It"
    elif chosen_by:
        wrong = f"The backend {info.name!r}, chosen by {chosen_by},"
    else:
        wrong = f"The backend {info.name!r}"

    others = [name for name in _known if name != info.name and is_installed(name)]
    return (
        f"{wrong} needs the package {info.package!r}, which is not installed. Install "
        f"it with: {info.install}. Or choose one of {others}, which are installed "
        "here, with the environment variable KERAS_BACKEND or with "
        "keras.config.set_backend."
    )


def _entry_points() -> dict[str, Any]:
    """The plug-ins of installed distributions, by name; none of them is imported."""
    # Not imported at the top: it takes longer than all else that `import keras` does.
    from importlib import metadata

    return {point.name: point for point in metadata.entry_points(group=GROUP)}


def _read_entry_point(name: str) -> BackendInfo:
    """The description that a plug-in's entry point leads to, added to the registry."""
    point = _entry_points()[name]
    info = point.load()
    if not isinstance(info, BackendInfo) or info.name != name:
        raise TypeError(
            f"The entry point {name!r} of the group {GROUP!r} is {point.value!r}; it "
            f"must lead to a keras.backend.BackendInfo with the name {name!r}, and "
            f"leads to {info!r}."
        )
    register(info)
    return info
