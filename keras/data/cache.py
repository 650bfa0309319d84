"""`Cache`: elements are made once and kept, in memory or in a folder."""

from __future__ import annotations

import os
import pathlib
import threading
from typing import Any

import numpy as np

from keras.core import tree
from keras.data.stages import LEFT_OUT, Layout, Stage


class Cache(Stage):
    """Elements as they were when they were first made; random ones are drawn once.

    Args:
        parent: where the elements come from.
        folder: where to keep them; None: in memory, in each process its own.
    """

    def __init__(self, parent: Stage, folder: str | None = None) -> None:
        self.parents = (parent,)
        self.folder = folder
        self._elements: dict[int, Any] = {}
        self._files: _Files | None = None

    @property
    def size(self) -> int | None:
        return self.parents[0].size

    def at(self, epoch: int, index: int) -> Any:
        if self.folder is not None:
            return self._stored(index)
        if index not in self._elements:
            self._elements[index] = self.parents[0].at(0, index)
        return self._elements[index]

    def layout(self) -> Layout | None:
        return self.parents[0].layout()

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_elements": {}, "_files": None}

    def _stored(self, index: int) -> Any:
        if self._files is not None and self._files.has(index):
            return self._files.get(index)

        element = self.parents[0].at(0, index)
        if element is LEFT_OUT:
            return element
        if self._files is None:
            assert self.folder is not None and self.size is not None
            self._files = _Files(pathlib.Path(self.folder), self.size, element)
        if not self._files.has(index):
            self._files.put(index, element)
        return element


class _Files:
    """One array a leaf in a folder, mapped into the memory of every process.

    An element is marked after it was written. So a process that is killed leaves no
    half of one, and several may write: they write the same.

    Args:
        folder: where; it is made if need be.
        count: how many elements there are.
        element: one of them, which has the structure of all.

    Raises:
        ValueError: the folder has elements of another kind.
    """

    def __init__(self, folder: pathlib.Path, count: int, element: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._element = element
        self._columns = [
            _mapped(folder / f"{number}.npy", (count, *leaf.shape), leaf.dtype)
            for number, leaf in enumerate(map(np.asarray, tree.flatten(element)))
        ]
        self._is_there = _mapped(folder / "is_there.npy", (count,), np.dtype(bool))

    def has(self, index: int) -> bool:
        """Whether an element was stored."""
        return bool(self._is_there[index])

    def get(self, index: int) -> Any:
        """An element, as a copy."""
        leaves = [np.array(column[index]) for column in self._columns]
        return tree.pack_sequence_as(self._element, leaves)

    def put(self, index: int, element: Any) -> None:
        """Store an element."""
        for column, leaf in zip(self._columns, tree.flatten(element), strict=True):
            if np.shape(leaf) != column.shape[1:]:
                raise ValueError(
                    f"cache: the elements in the folder {str(self._folder)!r} have the "
                    f"shape {column.shape[1:]}, and this one {np.shape(leaf)}. Bring "
                    "them to one shape before `cache`."
                )
            column[index] = leaf
        self._is_there[index] = True


def _mapped(path: pathlib.Path, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """An array in a file, which is made by whoever comes first."""
    if dtype.hasobject or dtype.kind in "US":
        raise TypeError(
            f"cache: a folder can hold numbers, not elements of {dtype}. Cache them in "
            "memory (without a folder), or after they were made numbers."
        )
    if not path.exists():
        own = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        np.lib.format.open_memmap(own, "w+", dtype, shape)
        try:
            os.link(own, path)
        except FileExistsError:
            pass
        finally:
            own.unlink()

    found = np.lib.format.open_memmap(path, "r+")
    if found.shape != shape or found.dtype != dtype:
        raise ValueError(
            f"cache: {str(path)!r} holds {found.dtype} of shape {found.shape}, and "
            f"these are {dtype} of shape {shape}. Give the cache a folder of its own, "
            "or delete this one."
        )
    return found
