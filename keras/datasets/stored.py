"""Where the datasets come from, and how their files are read: as data only.

Some of them are stored as pickles. They are read by an unpickler that knows lists,
dicts, strings, numbers and NumPy arrays of these, and calls nothing else.
"""

from __future__ import annotations

import io
import json
import math
import os
import pickle
import tokenize
import zipfile
from typing import Any

import numpy as np

from keras.utils.file_utils import DAMAGE, get_file

_MAX_BYTES = 1 << 30
_MAX_RATIO = 100
# What is raised on bytes that are no archive of arrays.
_DAMAGE: tuple[type[Exception], ...] = (
    *DAMAGE,
    SyntaxError,
    tokenize.TokenError,
    TypeError,
)
_STORAGE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


# The files that Keras stores, and their hashes.
_HASHES = {
    "boston_housing.npz": (
        "f553886a1f8d56431e820c5b82552d9d95cfcb96d1e678153f8839538947dff5"
    ),
    "california_housing.npz": (
        "1a2e3a52e0398de6463aebe6f4a8da34fb21fbb6b934cf88c3425e766f2a1a6f"
    ),
    "imdb.npz": "69664113be75683a8fe16e3ed0ab59fda8886cb3cd7ada244f7d9544e4676b9f",
    "imdb_word_index.json": "bfafd718b763782e994055a2d397834f",
    "mnist.npz": "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1",
    "reuters.npz": "d6586e694ee56d7a4e65172e12b3e987c03096cb01eab99753921ef915959916",
    "reuters_word_index.json": "4d44cc38712099c9e383dc6e5f11a921",
}


def fetch(name: str, fname: str | None = None, **options: Any) -> str:
    """The path of a dataset's file in the cache, downloaded if it isn't there.

    It is one of those that Keras stores, called `fname` in the cache; `options` are
    further arguments of `get_file`, such as another `origin`.
    """
    options = {"origin": _STORAGE + name, "file_hash": _HASHES.get(name), **options}
    return get_file(fname=fname or name, **options)


def fetch_npz(name: str, fname: str) -> dict[str, np.ndarray]:
    """The arrays of a file that Keras stores."""
    return read_npz(fetch(name, fname))


def fetch_json(name: str, fname: str) -> Any:
    """The contents of a JSON file that Keras stores."""
    with open(fetch(name, fname)) as file:
        return json.load(file)


def read_npz(path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The arrays of an `.npz` file; those of Python lists by `read_pickle`."""
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
            size, held = sum(info.file_size for info in infos), os.path.getsize(path)
            if any(info.compress_size > held for info in infos):
                raise ValueError(f"{os.fspath(path)!r} is damaged, or cut short.")
            if size > max(_MAX_BYTES, _MAX_RATIO * held):
                raise ValueError(f"{os.fspath(path)!r} would grow to {size} bytes.")
            return {
                info.filename.removesuffix(".npy"): _read_npy(archive.read(info))
                for info in infos
            }
    except _DAMAGE as error:
        raise ValueError(
            f"{os.fspath(path)!r} is damaged, or no `.npz` file: {error}."
        ) from error


def _read_npy(content: bytes) -> np.ndarray:
    """One array. Its header is compared with its bytes before they are taken."""
    stream = io.BytesIO(content)
    version = np.lib.format.read_magic(stream)
    read_header = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read_header is None:
        raise ValueError(f"An array of the unknown version {version}.")

    shape, by_columns, dtype = read_header(stream)
    if dtype.hasobject:
        array = read_pickle(stream)
        if not isinstance(array, np.ndarray):
            kind = type(array).__name__
            raise ValueError(f"Expected an array; the file holds a {kind}.")
        return array

    body = stream.read()
    if math.prod(shape) * dtype.itemsize != len(body):
        raise ValueError(f"An array of shape {shape} and {dtype} in {len(body)} bytes.")
    flat = np.frombuffer(bytearray(body), dtype)
    return flat.reshape(shape, order="F" if by_columns else "C")


def read_pickle(stream: Any) -> Any:
    """Read a pickle that holds nothing but data; strings of Python 2 as bytes.

    That is lists, dicts, strings, numbers and NumPy arrays of integers or of such. Any
    other class or function is an UnpicklingError; none is run.
    """
    # From memory: a length that the file does not have is then not believed.
    content = io.BytesIO(stream.read())
    try:
        return _arrays(_DataUnpickler(content, encoding="bytes").load())
    except pickle.UnpicklingError:
        raise
    except Exception as error:
        raise pickle.UnpicklingError(
            f"The file holds no data that can be read: {type(error).__name__}: {error}"
        ) from error


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
    """Placeholder for `numpy.dtype` until its state is known."""

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
    """Placeholder for an array being read: NumPy's own code sees only bytes."""

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
