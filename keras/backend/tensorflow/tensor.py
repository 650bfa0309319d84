"""TensorFlow tensors: making them, reading them, their types, as `contract.py` says."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from keras.backend.scipy_matrices import is_matrix
from keras.backend.tensorflow.sparse import from_matrix, kind_of, to_dense
from keras.core import dtypes
from keras.core.foreign import refuse_foreign
from keras.core.weight import Weight

name = "tensorflow"
NATIVE: set[type] = {type(tf.constant(0))}
_NAMES: dict[Any, str] = {}


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor of this framework, traced ones included."""
    kind = type(x)
    if kind in NATIVE:
        return True
    if isinstance(x, tf.Tensor):
        NATIVE.add(kind)
        return True
    return kind_of(x) is not None


def dtype_name(dtype: Any) -> str:
    """The name of a dtype of the framework, such as "float32"."""
    found = _NAMES.get(dtype)
    if found is None:
        found = _NAMES[dtype] = dtypes.standardize_dtype(dtype.name)
    return found


def dtype_of(x: Any) -> str:
    """The name of a tensor's dtype."""
    return dtype_name(x.dtype)


def shape_of(x: Any) -> tuple[Any, ...]:
    """The sizes of a tensor; a scalar tensor for each that the graph does not know."""
    static = x.shape.as_list()
    if None not in static:
        return tuple(static)
    kind = kind_of(x)
    if kind == "ragged":  # rows differ in length: other sizes do not exist
        rows = tf.cast(x.nrows(), "int32") if static[0] is None else static[0]
        return (rows, *static[1:])
    dynamic = tf.cast(x.dense_shape, "int32") if kind else tf.shape(x)
    return tuple(dynamic[i] if n is None else n for i, n in enumerate(static))


def convert_to_tensor(x: Any, dtype: Any = None) -> Any:
    """`x` (a number, an array, a nest of them, a Variable) as a tensor.

    Without a `dtype` arrays keep theirs, and Python's floats get `floatx()`.
    """
    if dtype is not None:
        dtype = dtypes.standardize_dtype(dtype)
    kind = type(x)
    if kind is float or kind is int or kind is bool:
        return _scalar(x, dtype or dtypes.standardize_dtype(kind))
    if kind in NATIVE or is_tensor(x):
        return x if dtype is None or dtype_of(x) == dtype else cast(x, dtype)
    if isinstance(x, Weight):
        return convert_to_tensor(x.value, dtype)

    # What TensorFlow has beside dense tensors.
    if isinstance(x, tf.IndexedSlices):  # the gradient of rows that were looked up
        return convert_to_tensor(tf.convert_to_tensor(x), dtype)
    if is_matrix(x):
        return convert_to_tensor(from_matrix(x), dtype)
    if not isinstance(x, tf.Variable):
        refuse_foreign(x, name)

    # Python's numbers and lists; a list of tensors is stacked.
    if isinstance(x, float):  # NumPy's float64, which is a Python float
        return _scalar(float(x), dtype or dtypes.floatx())
    if isinstance(x, (list, tuple)):
        if any(is_tensor(v) or isinstance(v, (Weight, tf.Variable)) for v in x):
            x = tf.stack([convert_to_tensor(v) for v in x])
            return x if dtype is None else cast(x, dtype)
        if dtype is None:
            x = dtypes.array_of(x)

    # Arrays and what else TensorFlow converts.
    if isinstance(x, np.ndarray) and x.dtype.kind in "US":
        return tf.convert_to_tensor(x)
    if dtype is None or dtype == "string":
        return tf.convert_to_tensor(x)
    if isinstance(x, tf.Variable):
        return cast(tf.convert_to_tensor(x), dtype)
    return tf.convert_to_tensor(np.asarray(x).astype(dtypes.numpy_dtype(dtype)))


def _scalar(x: Any, dtype: str) -> Any:
    """A Python number; TensorFlow takes those of the dtype's own kind only."""
    if isinstance(x, bool) or (dtype == "bool") or dtype in dtypes.INTEGERS:
        x = np.asarray(x).astype(dtypes.numpy_dtype(dtype))
    return tf.constant(x, dtype)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values of `x` on the host, as a NumPy array."""
    if isinstance(x, Weight):
        x = x.value
    if isinstance(x, tf.IndexedSlices):
        x = tf.convert_to_tensor(x)
    if kind_of(x):
        x = to_dense(x)
    return np.asarray(x)


def cast(x: Any, dtype: str) -> Any:
    """`x` with the dtype of that name."""
    if x.dtype == tf.string and dtype != "string":
        raise ValueError(
            f"A tensor of text (shape {tuple(x.shape)}) cannot be used as {dtype}. "
            "Turn text into numbers first."
        )
    return tf.cast(x, dtype)


def make_variable(value: Any, trainable: bool, name: str) -> tf.Variable:
    """TensorFlow keeps a tf.Variable, which functions capture by reference."""
    with tf.init_scope():
        return tf.Variable(value, trainable=trainable)


def assign(kept: tf.Variable, value: Any) -> tf.Variable:
    """Write a value into the tf.Variable that a variable keeps, and return that."""
    kept.assign(value)
    return kept


def set_trainable(kept: tf.Variable, trainable: bool) -> None:
    """Let tapes watch the variable, or not."""
    kept._trainable = trainable


def outside_trace() -> Any:
    """Values made inside are eager even while a function is traced."""
    return tf.init_scope()


def stop_gradient(x: Any) -> Any:
    """`x` as a constant: no gradients flow through it."""
    return tf.stop_gradient(x)


def block(x: Any) -> None:
    """Wait until all tensors in `x` are computed."""
    for leaf in tf.nest.flatten(x):
        if hasattr(leaf, "numpy"):
            leaf.numpy()


def device_scope(device_name: str) -> Any:
    """A context in which tensors are made on a device, such as "cpu:0"."""
    return tf.device(device_name)


def list_devices(device_type: str | None = None) -> list[str]:
    """The names of the devices of a kind, or of all, such as "cpu:0"."""
    kind = device_type.upper() if device_type else None
    found = tf.config.list_logical_devices(kind)
    return [d.name.removeprefix("/device:").lower() for d in found]
