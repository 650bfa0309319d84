"""Where the datasets come from, and how their files are read: as data only.

Some of them are stored as pickles. They are read by an unpickler that knows lists,
dicts, strings, numbers and NumPy arrays of these, and calls nothing else.
"""

from __future__ import annotations

import io
import math
import os
import pickle
import zipfile
from typing import Any

import numpy as np

from keras.utils.file_utils import get_file

_STORAGE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


def fetch(origin: str, file_hash: str | None = None, **options: Any) -> str:
    """The path of a dataset's file in the cache, downloaded if it isn't there.

    Args:
        origin: A URL, or the name of a file among those that Keras stores.
        file_hash: Its hash.
        **options: Further arguments of `get_file`.
    """
    url = origin if "://" in origin else _STORAGE + origin
    options.setdefault("fname", origin)
    return get_file(origin=url, file_hash=file_hash, **options)


def read_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file; those of Python lists by `read_pickle`."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for member in archive.namelist():
            content = archive.read(member)
            try:
                array = np.load(io.BytesIO(content), allow_pickle=False)
            except ValueError:  # an array of Python objects
                array = _read_object_array(content)
            arrays[member.removesuffix(".npy")] = array
    return arrays


def _read_object_array(content: bytes) -> np.ndarray:
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if header is None or not header(stream)[2].hasobject:
        raise ValueError("Not an array of Python objects.")
    array = read_pickle(stream)
    if not isinstance(array, np.ndarray):
        raise ValueError(f"Expected an array; the file holds a {type(array).__name__}.")
    return array


def read_pickle(stream: Any) -> Any:
    """Read a pickle that holds nothing but data.

    Args:
        stream: A binary file. Strings of Python 2 are read as bytes.

    Returns:
        Lists, dicts, strings, numbers and NumPy arrays of integers or of such.

    Raises:
        pickle.UnpicklingError: it names any other class or function; none is run.
    """
    return _arrays(_DataUnpickler(stream, encoding="bytes").load())


class _DataUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in ("numpy.core.multiarray", "numpy._core.multiarray"):
            module = "numpy multiarray"
        try:
            return _KNOWN[module, name]
        except KeyError:
            raise pickle.UnpicklingError(
                f"The file asks for {module}.{name}, which is not data. It is corrupt, "
                "or made to do harm; nothing in it was run."
            ) from None


class _DType:
    """What stands for `numpy.dtype` until its state is known."""

    def __init__(self, code: Any, *_: Any) -> None:
        self._code = _text(code)
        self._order: Any = "|"

    def __setstate__(self, state: tuple) -> None:
        self._order = _text(state[1])

    def dtype(self) -> np.dtype:
        dtype = np.dtype(self._code)
        if dtype.kind not in "biufO":
            raise pickle.UnpicklingError(f"An array of the type {dtype} is no data.")
        return dtype.newbyteorder(self._order)


class _Array:
    """What stands for an array while it is read: NumPy's own code sees only bytes."""

    def __init__(self, *_: Any) -> None:
        self.shape: tuple = (0,)
        self.values: Any = b""
        self.stored: _DType | None = None
        self.by_columns = False

    def __setstate__(self, state: tuple) -> None:
        _, self.shape, self.stored, self.by_columns, self.values = state

    def array(self) -> np.ndarray:
        if self.stored is None:
            raise pickle.UnpicklingError("An array without contents.")
        dtype = self.stored.dtype()
        if dtype.hasobject is not isinstance(self.values, list):
            raise pickle.UnpicklingError(f"An array of {dtype} with other contents.")
        if dtype.hasobject:
            flat = np.empty(len(self.values), object)
            flat[:] = [_arrays(value) for value in self.values]
        else:
            flat = np.frombuffer(bytearray(self.values), dtype)
        if math.prod(self.shape) != len(flat):
            raise pickle.UnpicklingError(
                f"An array of shape {self.shape} with {len(flat)} values."
            )
        return flat.reshape(self.shape, order="F" if self.by_columns else "C")


def _arrays(value: Any) -> Any:
    """`value` with arrays in the place of what stood for them."""
    if isinstance(value, _Array):
        return value.array()
    if isinstance(value, dict):
        return {key: _arrays(item) for key, item in value.items()}
    return value


def _text(value: Any) -> str:
    return value.decode("ascii") if isinstance(value, bytes) else str(value)


_KNOWN = {
    ("numpy multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): "ndarray",
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): lambda text, _: text.encode("latin1"),
}


def check_test_split(test_split: float) -> None:
    """Raise unless `test_split` leaves something to train with."""
    if not 0 <= test_split < 1:
        raise ValueError(f"`test_split` must lie in [0, 1); received {test_split!r}.")


def shuffle(arrays: tuple, seed: int) -> tuple:
    """The arrays in one random order, the same that Keras draws from `seed`."""
    order = np.arange(len(arrays[0]))
    np.random.RandomState(seed).shuffle(order)
    return tuple(array[order] for array in arrays)


def split(arrays: tuple, test_split: float) -> tuple[tuple, tuple]:
    """The arrays for training and those for the test, which are the last samples."""
    middle = int(len(arrays[0]) * (1 - test_split))
    return tuple(a[:middle] for a in arrays), tuple(a[middle:] for a in arrays)
