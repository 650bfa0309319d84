"""Second import paths for what is public: modules that only point elsewhere.

Old programs and other libraries import from `keras.src.layers` or
`tensorflow.keras.layers`. A tree of such modules is one table: `resolve` says what is
behind a path, and nothing is imported before a name is asked for.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from typing import Any, NamedTuple


class Alias(NamedTuple):
    """What is behind a path.

    Args:
        modules: public modules whose names are there, the first that has one counts.
        names: further names, as `"module:attribute"`, or as functions that make them.
    """

    modules: Sequence[str] = ()
    names: Mapping[str, str | Callable[[], Any]] = {}


# The alias of a path below the root ("layers.core"), or None where there is none.
Resolve = Callable[[str], Alias | None]


class AliasModule(types.ModuleType):
    """A module whose attributes are looked up elsewhere when they are asked for."""

    def __init__(self, name: str, alias: Alias, advice: str) -> None:
        super().__init__(name, f"Another import path of {', '.join(alias.modules)}.")
        self.__path__: list[str] = []  # so that there can be modules below
        self._alias = alias
        self._advice = advice

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return self.__dir__()
        if name.startswith("__") and name != "__version__":
            raise AttributeError(name)

        value = self._find(name)
        if isinstance(value, types.ModuleType) and value.__name__.startswith("keras."):
            value = importlib.import_module(f"{self.__name__}.{name}")
        setattr(self, name, value)
        return value

    def _find(self, name: str) -> Any:
        if name in self._alias.names:
            source = self._alias.names[name]
            if not isinstance(source, str):
                return source()
            place, _, attribute = source.partition(":")
            return getattr(importlib.import_module(place), attribute)

        for module in map(importlib.import_module, self._alias.modules):
            if hasattr(module, name):
                return getattr(module, name)
        try:
            return importlib.import_module(f"{self.__name__}.{name}")
        except ModuleNotFoundError:
            raise AttributeError(
                f"{self.__name__} has no {name!r}. {self._advice}"
            ) from None

    def __dir__(self) -> list[str]:
        found = set(self._alias.names)
        for module in map(importlib.import_module, self._alias.modules):
            found.update(getattr(module, "__all__", ()))
        return sorted(found)


class AliasFinder(MetaPathFinder, Loader):
    """Finds the modules below one root, for `import`.

    Args:
        root: the name of the package that the tree is below.
        resolve: what is behind a path.
        advice: a sentence for whoever asks for what is not there.
        strict: whether an unknown path is an error with that sentence; else the import
            goes on to the other finders.
    """

    def __init__(
        self, root: str, resolve: Resolve, advice: str, strict: bool = False
    ) -> None:
        self.root = root
        self.resolve = resolve
        self.advice = advice
        self.strict = strict

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The specification of a module of the tree, or None for all others."""
        if not fullname.startswith(self.root + "."):
            return None
        if self.resolve(fullname[len(self.root) + 1 :]) is None:
            if not self.strict:
                return None
            raise ModuleNotFoundError(
                f"No module named {fullname!r}. {self.advice}", name=fullname
            )
        return importlib.machinery.ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> AliasModule:
        """The module, which imports nothing yet."""
        alias = self.resolve(spec.name[len(self.root) + 1 :])
        assert alias is not None  # `find_spec` has asked
        return AliasModule(spec.name, alias, self.advice)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing: an alias has no code."""


def install(
    root: str, resolve: Resolve, advice: str, strict: bool = False
) -> AliasModule:
    """Make the tree below the package `root` importable; once for each root.

    Args:
        root, resolve, advice, strict: as for `AliasFinder`.

    Returns:
        What is behind the root itself.
    """
    known = {f.root for f in sys.meta_path if isinstance(f, AliasFinder)}
    if root not in known:
        sys.meta_path.append(AliasFinder(root, resolve, advice, strict))
    alias = resolve("")
    assert alias is not None
    return AliasModule(root, alias, advice)
