"""PyTorch tensors: making them, reading them, their types, as `contract.py` says."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import Any

import ml_dtypes
import numpy as np
import torch

from keras.backend.scipy_matrices import is_matrix
from keras.backend.torch.host import tensor_numpy
from keras.backend.torch.sparse import from_matrix
from keras.core import dtypes
from keras.core.foreign import refuse_foreign, refuse_text
from keras.core.weight import Weight

name = "torch"
NATIVE: set[type] = {torch.Tensor, torch.nn.Parameter}
DTYPES: dict[str, torch.dtype] = {
    n: getattr(torch, n)
    for n in (
        *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32"),
        *("int64", "float8_e4m3fn", "float8_e5m2", "bfloat16", "float16", "float32"),
        *("float64", "complex64", "complex128"),
    )
}
_NAMES = {dtype: name for name, dtype in DTYPES.items()}
# PyTorch stores these but cannot compute with them: the next wider type stands in.
DTYPES |= {"uint16": torch.int32, "uint32": torch.int64}
# Small kernels, and slots named after them, are stored in the memory order of
# torch.nn: products with few outputs take half the time, a fused LSTM copies nothing.
_LARGE = 1 << 17  # from there on training is slower, and files want the other order
_device: ContextVar[str | None] = ContextVar("keras_torch_device", default=None)
_DEFAULT_DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def get_device() -> str:
    """Where tensors are made: "meta" while shapes are inferred."""
    return _device.get() or _DEFAULT_DEVICE


@contextlib.contextmanager
def device_scope(device_name: str) -> Any:
    """A context in which tensors are made on a device, such as "cpu:0"."""
    token = _device.set(device_name.lower().replace("gpu", "cuda"))
    try:
        yield
    finally:
        _device.reset(token)


def list_devices(device_type: str | None = None) -> list[str]:
    """The names of the devices of a kind, or of all, such as "cpu:0"."""
    found = ["cpu:0"] if device_type in (None, "cpu") else []
    if device_type in (None, "gpu", "cuda"):
        found += [f"gpu:{i}" for i in range(torch.cuda.device_count())]
    return found


def is_tensor(x: Any) -> bool:
    """Whether `x` is a tensor of this framework, traced ones included."""
    return isinstance(x, torch.Tensor)


def dtype_name(dtype: Any) -> str:
    """The name of a dtype of the framework, such as "float32"."""
    return _NAMES[dtype]


def dtype_of(x: Any) -> str:
    """The name of a tensor's dtype."""
    return _NAMES[x.dtype]


def to_torch_dtype(dtype: str) -> torch.dtype:
    """The torch dtype of that name."""
    try:
        return DTYPES[dtype]
    except KeyError:
        raise ValueError(f"PyTorch has no dtype {dtype!r}.") from None


def shape_of(x: Any) -> tuple[int, ...]:
    """The sizes of a tensor."""
    return tuple(x.shape)


def convert_to_tensor(x: Any, dtype: Any = None) -> torch.Tensor:
    """`x` (a number, an array, a nest of them, a Variable) as a tensor.

    Without a `dtype` arrays keep theirs, and Python's floats get `floatx()`.
    """
    kind = type(x)
    if kind is float or kind is int or kind is bool:
        scalar = to_torch_dtype(dtypes.standardize_dtype(dtype or kind))
        return torch.tensor(x, dtype=scalar, device=get_device())

    wanted = None if dtype is None else to_torch_dtype(dtypes.standardize_dtype(dtype))
    if isinstance(x, torch.Tensor):
        device = _device.get()
        if device is not None and x.device.type != torch.device(device).type:
            x = x.to(device)
        return x if wanted is None or x.dtype == wanted else x.to(wanted)
    if isinstance(x, Weight):
        return convert_to_tensor(x.value, dtype)

    refuse_foreign(x, name)
    if is_matrix(x):
        return convert_to_tensor(from_matrix(x).to(get_device()), dtype)
    refuse_text(x, name)
    if wanted is None and isinstance(x, float):  # NumPy's float64 is a Python float
        wanted = DTYPES[dtypes.floatx()]

    # A list of tensors is stacked, so that gradients reach its parts.
    if isinstance(x, (list, tuple)) and _holds_tensors(x):
        out = torch.stack([convert_to_tensor(v) for v in x])
        return out if wanted is None else out.to(wanted)
    if isinstance(x, (bool, int, float)):
        return torch.tensor(x, dtype=wanted, device=get_device())
    numbers = wanted is None and isinstance(x, (list, tuple))
    return _from_numpy(dtypes.array_of(x) if numbers else np.asarray(x), wanted)


def _holds_tensors(x: Any) -> bool:
    """Whether tensors or variables are anywhere in a nest of lists."""
    if isinstance(x, (list, tuple)):
        return any(_holds_tensors(v) for v in x)
    return isinstance(x, (torch.Tensor, Weight))


def _from_numpy(array: np.ndarray, wanted: torch.dtype | None) -> torch.Tensor:
    """An array as a tensor of its own memory, on the device in force."""
    if array.dtype == ml_dtypes.bfloat16:
        out = torch.from_numpy(array.view(np.int16).copy()).view(torch.bfloat16)
    elif array.dtype.kind == "V" or array.dtype.name.startswith("float8"):
        out = torch.from_numpy(array.astype(np.float32)).to(DTYPES[array.dtype.name])
    else:
        if wanted is None and array.dtype.name in ("uint16", "uint32"):
            wanted = DTYPES[array.dtype.name]
        # A copy: the tensor must not change with the caller's array, nor be read-only.
        out = torch.tensor(array) if array.ndim == 0 else torch.from_numpy(array.copy())
    return out.to(device=get_device(), dtype=wanted)


def convert_to_numpy(x: Any) -> np.ndarray:
    """The values of `x` on the host, as a NumPy array."""
    if isinstance(x, Weight):
        x = x.value
    if not isinstance(x, torch.Tensor):
        if isinstance(x, (list, tuple)):
            return np.asarray([convert_to_numpy(v) for v in x])
        return np.asarray(x)
    x = x.detach().cpu()
    if x.layout is not torch.strided:
        x = x.to_dense()
    if x.dim() == 2:
        x = x.contiguous()  # files want it, and NumPy takes longer
    if x.dtype == torch.bfloat16:
        return tensor_numpy(x.contiguous().view(torch.int16)).view(ml_dtypes.bfloat16)
    if x.dtype in (torch.float8_e4m3fn, torch.float8_e5m2):
        return tensor_numpy(x.float()).astype(dtypes.numpy_dtype(_NAMES[x.dtype]))
    return tensor_numpy(x.resolve_conj())


def cast(x: Any, dtype: str) -> torch.Tensor:
    """`x` with the dtype of that name."""
    return x.to(to_torch_dtype(dtype))


def make_variable(value: torch.Tensor, trainable: bool, name: str) -> torch.Tensor:
    """PyTorch keeps a Parameter, so that its own tools know what it is."""
    value = value.detach().clone()
    if "kernel" in name and value.dim() == 2 and value.numel() < _LARGE:
        value = value.t().contiguous().t()
    if not (value.is_floating_point() or value.is_complex()):
        trainable = False
    return torch.nn.Parameter(value, requires_grad=trainable)


def assign(kept: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Write a value into the parameter that a variable keeps, and return that."""
    with torch.no_grad():
        kept.copy_(value)
    return kept


def set_trainable(kept: torch.Tensor, trainable: bool) -> None:
    """Ask autograd to follow the parameter, or not."""
    if kept.is_floating_point() or kept.is_complex():
        kept.requires_grad_(trainable)


@contextlib.contextmanager
def outside_trace() -> Any:
    """Values made inside are real, also while shapes are inferred."""
    token = _device.set(None) if _device.get() == "meta" else None
    try:
        yield
    finally:
        if token is not None:
            _device.reset(token)


def stop_gradient(x: torch.Tensor) -> torch.Tensor:
    """`x` as a constant: no gradients flow through it."""
    return x.detach()


def block(x: Any) -> None:
    """Wait until the device has computed everything."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
