"""JAX arrays: making them, reading them, their types, as `contract.py` says."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from keras.backend.defaults import dtype_of
from keras.backend.jax import host  # noqa: F401  (its import gives arrays `.numpy()`)
from keras.backend.jax.sparse import from_matrix, kind_of, to_dense, with_values
from keras.backend.scipy_matrices import is_matrix
from keras.core import dtypes
from keras.core.foreign import refuse_foreign, refuse_text
from keras.core.variable import for_every_variable_class
from keras.core.weight import Weight

name = "jax"
NATIVE: set[type] = set()


def _as_pytree(cls: type) -> None:
    """A function under jax.jit may be given variables: it sees their values."""
    jax.tree_util.register_pytree_node(
        cls, lambda v: ((v.value,), None), lambda _, values: values[0]
    )


for_every_variable_class(_as_pytree)


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor of this framework, traced ones included."""
    kind = type(x)
    if kind in NATIVE:
        return True
    if isinstance(x, jax.Array):
        NATIVE.add(kind)
        return True
    return kind_of(x) is not None


def convert_to_tensor(x: Any, dtype: Any = None) -> Any:
    """`x` (a number, an array, a nest of them, a Variable) as a tensor.

    Without a `dtype` arrays keep theirs, and Python's floats get `floatx()`.
    """
    kind = type(x)
    if kind in NATIVE or (kind is not np.ndarray and is_tensor(x)):
        if dtype is None or dtype_of(x) == dtype:
            return x
        return cast(x, dtypes.standardize_dtype(dtype))
    if kind is float or kind is int or kind is bool:
        return jnp.asarray(x, _own_dtype(dtypes.standardize_dtype(dtype or kind)))
    if isinstance(x, Weight):
        return convert_to_tensor(x.value, dtype)

    refuse_foreign(x, name)
    if kind is not np.ndarray and is_matrix(x):
        return convert_to_tensor(from_matrix(x), dtype)
    refuse_text(x, name)

    if dtype is not None:
        dtype = dtypes.standardize_dtype(dtype)
        if dtype == "string":
            raise ValueError("JAX has no string tensors.")
        wanted = dtypes.numpy_dtype(dtype)
        # JAX may warn of 64 bits; arrays given a dtype are mostly made only once.
        if kind is not np.ndarray or x.ndim or wanted.itemsize == 8:
            return jnp.asarray(_host(x), wanted)
        x = x.astype(wanted, copy=False)

    if isinstance(x, float):  # NumPy's float64, which is a Python float
        return jnp.asarray(x, dtypes.result_type(float))
    if kind is list or kind is tuple:
        return jnp.asarray(_checked(_host(x)))
    return _device_array(x) if kind is np.ndarray else jnp.asarray(_host(x))


def _checked(x: Any) -> Any:
    """Numbers of a list, which JAX would wrap around if they do not fit."""
    is_wide = isinstance(x, np.ndarray) and x.dtype == np.int64
    has_int64 = jax.dtypes.canonicalize_dtype("int64") == np.int64
    if is_wide and not has_int64 and not dtypes.fits_int32(x):
        raise OverflowError(
            f"convert_to_tensor: the integers go from {x.min()} to {x.max()}, but "
            "JAX's widest type is int32 unless `jax_enable_x64` is set."
        )
    return x


_same = jax.jit(lambda x: x)
_times: dict[Any, int] = {}


def _device_array(x: np.ndarray) -> Any:
    """`jnp.asarray(x)`; for frequent shapes compiled, which is three times as fast."""
    key = x.shape, x.dtype
    times = _times.get(key, 0)
    if times == 8:
        with jax.ensure_compile_time_eval():
            return _same(x)
    if x.nbytes <= 1 << 16 and (times or len(_times) < 64):
        _times[key] = times + 1
    return jnp.asarray(x)


def _host(x: Any) -> Any:
    """Lists may hold arrays and variables; an array of them is made on the device."""
    if isinstance(x, (list, tuple)):
        flat = jax.tree.leaves(x)
        if any(is_tensor(v) or isinstance(v, Weight) for v in flat):
            return jnp.stack([convert_to_tensor(v) for v in x])
        return dtypes.array_of(x)
    return x


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values of `x` on the host, as a NumPy array."""
    if isinstance(x, Weight):
        x = x.value
    if kind_of(x):
        x = to_dense(x)
    return np.asarray(x)


def cast(x: Any, dtype: str) -> Any:
    """`x` with the dtype of that name."""
    if type(x) not in NATIVE and kind_of(x):
        return with_values(x, cast(x.data, dtype))
    return x.astype(_own_dtype(dtype))


def _own_dtype(name: str) -> Any:
    """The dtype JAX has for it: 32 bits for 64, unless it is told otherwise."""
    return jax.dtypes.canonicalize_dtype(dtypes.numpy_dtype(name))


def make_variable(value: Any, trainable: bool, name: str) -> Any:
    """JAX keeps a variable's plain array."""
    return value


def assign(kept: Any, value: Any) -> Any:
    """The new value, which the variable keeps in the place of the old one."""
    return value


def set_trainable(kept: Any, trainable: bool) -> None:
    """JAX arrays know nothing of it."""


def outside_trace() -> Any:
    """Values made inside are concrete even while a function is traced."""
    return jax.ensure_compile_time_eval()


def stop_gradient(x: Any) -> Any:
    """`x` as a constant: no gradients flow through it."""
    return jax.lax.stop_gradient(x)


def block(x: Any) -> None:
    """Wait until all arrays in `x` are computed."""
    jax.block_until_ready(x)


def device_scope(device_name: str) -> Any:
    """A context in which tensors are made on a device, such as "cpu:0"."""
    kind, _, index = device_name.lower().partition(":")
    kind = {"cuda": "gpu"}.get(kind, kind)
    return jax.default_device(jax.devices(kind)[int(index or 0)])


def list_devices(device_type: str | None = None) -> list[str]:
    """The names of the devices of a kind, or of all, such as "cpu:0"."""
    kind = device_type.lower() if device_type else None
    return [f"{d.platform}:{d.id}" for d in jax.devices(kind)]
