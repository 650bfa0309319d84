"""What this backend changes about PyTorch: the method `torch.Tensor.numpy`.

On every backend `.numpy()` gives the values of what this package returns. PyTorch's own
method raises for tensors that carry gradients, which every output of a model with
trainable weights does, and for tensors on a GPU. The method here serves those too; for
all others it is PyTorch's. Nothing else of PyTorch is replaced.

NumPy asks for the values in the same way (`np.asarray(tensor)`, `tensor * array`), and
what it computes has no gradients. Where they are being recorded, in a layer's call or
under `keras.ops.grad`, such a request is refused, as PyTorch refuses it.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from typing import Any

import torch

from keras.core.scope import is_calling_layer

# How many computations of gradients (`value_and_grad`) are going on, one in another.
gradient_depth: ContextVar[int] = ContextVar("keras_torch_grad_depth", default=0)

# PyTorch's own method, for tensors on the host without gradients.
tensor_numpy = torch.Tensor.numpy

_BY_NUMPY = torch.Tensor.__array__.__code__


def _numpy(self: Any, *, force: bool = False) -> Any:
    """`torch.Tensor.numpy`, which also serves results that carry gradients."""
    if self.is_meta:
        raise NotImplementedError(
            f"A tensor of shape {tuple(self.shape)} has no values while shapes are "
            "inferred. If a NumPy array was combined with it, convert the array with "
            "keras.ops.convert_to_tensor first."
        )
    if not force and not self.requires_grad and self.device.type == "cpu":
        return tensor_numpy(self)

    if self.requires_grad and _gradients_would_be_lost(sys._getframe(1)):
        raise RuntimeError(
            f"NumPy would lose the gradients of a tensor of shape {tuple(self.shape)}. "
            "Convert the array beside it with keras.ops.convert_to_tensor, and use "
            "functions of keras.ops; or call `.numpy()` to read the values."
        )
    return tensor_numpy(self.detach().cpu(), force=True)


def _gradients_would_be_lost(caller: Any) -> bool:
    """Whether NumPy, not the program, asks for values while gradients are recorded."""
    by_numpy = caller.f_code is _BY_NUMPY
    recording = torch.is_grad_enabled() and (gradient_depth.get() or is_calling_layer())
    return by_numpy and bool(recording)


torch.Tensor.numpy = _numpy  # type: ignore[method-assign]
