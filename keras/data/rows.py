"""`Rows`: the samples of any array-like, read a batch at a time."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.core import backends
from keras.core.foreign import text_array
from keras.core.scope import backend
from keras.core.settings import floatx
from keras.data.host import (
    as_floatx,
    framework_of,
    is_array,
    is_sparse,
    roots,
    to_numpy,
)

Index = slice | np.ndarray
Reader = Callable[[Any, Index], Any]


@dataclasses.dataclass(frozen=True)
class Rows:
    """A window on the samples of one array: nothing is read before it is asked for.

    Args:
        name: What messages call it, such as `x["image"]`.
        data: The array, whatever it is.
        read: `read(data, index)` gives the rows at a slice or an index array.
        length: How many samples the window holds.
        offset: Where in `data` it begins.
    """

    name: str
    data: Any
    read: Reader
    length: int
    offset: int = 0

    def take(self, index: Index) -> Any:
        """The rows at `index`, counted from the beginning of the window."""
        if not self.offset:
            return self.read(self.data, index)
        if isinstance(index, slice):
            shifted = slice(index.start + self.offset, index.stop + self.offset)
            return self.read(self.data, shifted)
        return self.read(self.data, index + self.offset)

    def window(self, start: int, stop: int) -> Rows:
        """The samples from `start` to `stop`, without reading them."""
        return dataclasses.replace(
            self, offset=self.offset + start, length=stop - start
        )


def rows_of(name: str, value: Any, sparse: bool = False) -> Rows:
    """`Rows` on a NumPy, pandas, SciPy sparse, HDF5, JAX, torch, … array or a list.

    Args:
        name: what messages call the array.
        value: the array.
        sparse: whether rows of a sparse matrix are not made dense.

    Raises:
        TypeError: `value` is not an array; the message names it by `name`.
        ValueError: it has no axis of samples.
    """
    if isinstance(value, Rows):
        return value
    if not is_array(value):
        raise TypeError(
            f"`{name}` is of type {type(value).__module__}."
            f"{type(value).__qualname__}, which is not an array. Pass arrays, tensors "
            "or lists of numbers, or a nested structure of these."
        )
    data, read = _reader(name, value, sparse)
    if not data.shape or data.shape[0] is None:
        raise ValueError(
            f"`{name}` has the shape {tuple(data.shape)}. The first axis must be that "
            "of the samples, of a known length."
        )
    return Rows(name, data, read, int(data.shape[0]))


def _reader(name: str, value: Any, sparse: bool) -> tuple[Any, Reader]:
    if isinstance(value, np.ndarray):
        return np.asarray(value), _read_numpy
    if isinstance(value, (list, tuple)):
        value = text_array(value)  # in objects: a long text does not widen all others
        try:
            return np.asarray(value), _read_numpy
        except ValueError as error:
            raise ValueError(
                f"`{name}` is a list whose items differ in length, so it is not an "
                "array. Pad them to one length, as `keras.utils.pad_sequences` does."
            ) from error

    kinds = roots(value)
    if "pandas" in kinds:
        return _pandas_reader(name, value)
    if "scipy" in kinds:
        return value.tocsr(), _read_sparse if sparse else _read_made_dense

    framework = framework_of(value)
    if framework is None:
        return value, _read_lazily
    if type(value).__name__ == "RaggedTensor":
        if framework != backend():
            raise TypeError(
                f"`{name}` is a RaggedTensor, and the backend {backend()!r} has none. "
                "Pad its rows: `x.to_tensor()`."
            )
        return value, _gather_tensorflow
    if is_sparse(value):
        return _reader(name, _as_matrix(name, value), sparse)
    if framework == backend() and not _is_on_host(value):
        return value, _gather_tensorflow if framework == "tensorflow" else _read_rows
    return to_numpy(value), _read_numpy


def _as_matrix(name: str, tensor: Any) -> Any:
    """A framework's sparse tensor as a matrix of SciPy, whose rows can be gathered."""
    if len(tensor.shape) != 2:
        raise TypeError(
            f"`{name}` is a {type(tensor).__name__} of shape {tuple(tensor.shape)}, "
            "whose rows cannot be gathered. Pass a dataset of batches, or a matrix."
        )
    from scipy.sparse import csr_matrix

    tensors = backends.load(framework_of(tensor) or "").sparse
    a = tensors.take_apart(tensor)
    indices, values = np.asarray(a.indices), np.asarray(a.values)
    return csr_matrix((values, indices.T), shape=tuple(tensor.shape))


def _is_on_host(tensor: Any) -> bool:
    """Whether the NumPy form of a tensor is a free view of its memory."""
    device = getattr(tensor, "device", "")
    if callable(device):  # a method in old releases of JAX
        device = device()
    return "cpu" in str(device).lower()


def _read_numpy(data: np.ndarray, index: Index) -> np.ndarray:
    return as_floatx(data[index])


def _read_sparse(data: Any, index: Index) -> Any:
    rows = data[index]
    rows.data = as_floatx(rows.data)
    return rows


def _read_made_dense(data: Any, index: Index) -> np.ndarray:
    return as_floatx(data[index].toarray())


def _read_rows(data: Any, index: Index) -> Any:
    return data[index]


def _gather_tensorflow(data: Any, index: Index) -> Any:
    if isinstance(index, slice):
        return data[index]
    return sys.modules["tensorflow"].gather(data, index)


def _read_lazily(data: Any, index: Index) -> np.ndarray:
    """Rows of an HDF5 or other stored array, which wants its indices ascending."""
    if isinstance(index, slice):
        return as_floatx(np.asarray(data[index]))
    order = np.argsort(index)
    ascending = np.asarray(data[index[order]])
    rows = np.empty_like(ascending)
    rows[order] = ascending
    return as_floatx(rows)


def _pandas_reader(name: str, value: Any) -> tuple[Any, Reader]:
    """A frame as an array of (rows, columns); a series is a frame of one column."""
    if not hasattr(value, "iloc"):  # an index
        return value.to_numpy(), _read_numpy

    frame = value.to_frame() if value.ndim == 1 else value
    types = [getattr(dtype, "numpy_dtype", dtype) for dtype in frame.dtypes]
    kinds = {dtype.kind for dtype in types}
    if len(set(types)) == 1 and all(isinstance(t, np.dtype) for t in frame.dtypes):
        return frame.to_numpy(), _read_numpy

    if kinds == {"O"}:
        dtype: Any = object
    elif not kinds <= set("biuf"):
        wrong = [str(c) for c, t in frame.dtypes.items() if t.kind not in "biuf"]
        raise ValueError(
            f"`{name}` is a DataFrame whose columns {wrong} are not numbers. Encode "
            "them, or pass `dict(frame)` to make each column an input of its own."
        )
    elif kinds <= set("iu") and not frame.isna().any(axis=None):
        dtype = np.result_type(*types)
    else:
        dtype = np.dtype(floatx())

    options = {} if dtype is object else {"na_value": np.nan}
    return frame, lambda data, index: data.iloc[index].to_numpy(dtype=dtype, **options)
