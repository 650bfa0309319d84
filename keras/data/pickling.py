"""How a dataset is sent to another process."""

from __future__ import annotations

import copy
import io
import mmap
import os
import pickle
import sys
from typing import Any

import numpy as np

from keras.core import backends, scope
from keras.core.backends import HOST
from keras.layers.preprocessing.base import DataLayer

try:  # it sends lambdas too, and functions of a notebook
    from cloudpickle import Pickler
except ImportError:
    from pickle import Pickler


def dumps(stage: Any) -> bytes:
    """A dataset as bytes. Arrays in files are sent by the name of the file.

    Raises:
        TypeError: a function in it cannot be sent; the message says what to do.
    """
    buffer = io.BytesIO()
    try:
        _Pickler(buffer, pickle.HIGHEST_PROTOCOL).dump(stage)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise TypeError(
            f"The dataset cannot be sent to a worker process: {error}. Use functions "
            "and classes that are defined at the top of a module, or install "
            "cloudpickle (pip install cloudpickle), or use threads "
            "(`use_multiprocessing=False`)."
        ) from error
    return buffer.getvalue()


class _Pickler(Pickler):
    """Sends arrays in files as their places, and data layers as those of the host."""

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, np.ndarray):
            place = _place_in_file(obj)
            if place is not None:
                return _open_map, place
        if isinstance(obj, DataLayer) and obj._backend is not backends.load(HOST):
            with scope.backend_scope(HOST):  # workers import no framework for it
                return copy.deepcopy(obj).__reduce_ex__(pickle.HIGHEST_PROTOCOL)
        h5py = sys.modules.get("h5py")
        if h5py is not None and isinstance(obj, h5py.Dataset):
            return _open_hdf5, (os.path.abspath(obj.file.filename), obj.name)

        override = getattr(super(), "reducer_override", None)
        return NotImplemented if override is None else override(obj)


def _place_in_file(array: np.ndarray) -> tuple | None:
    """Where in a file an array is, if it is a part of a memory map."""
    root: Any = array
    while isinstance(root.base, np.ndarray):
        root = root.base
    if not (isinstance(root, np.memmap) and isinstance(root.base, mmap.mmap)):
        return None
    if root.filename is None:
        return None

    offset = root.offset + array.ctypes.data - root.ctypes.data
    return str(root.filename), array.dtype, offset, array.shape, array.strides


def _open_map(
    filename: str, dtype: Any, offset: int, shape: tuple, strides: tuple
) -> np.ndarray:
    whole = np.memmap(filename, np.uint8, "r")
    if min(strides, default=0) < 0:  # it begins at the end: only a copy has its order
        raise ValueError("A reversed memory map cannot be sent to a worker process.")
    return np.ndarray(shape, dtype, whole, offset, strides)


def _open_hdf5(filename: str, name: str) -> Any:
    import h5py

    return h5py.File(filename, "r")[name]
