"""The names under which Keras writes an op into a model's config.

Keras has a class for each op (`keras.src.ops.numpy.Add`); here an op is a function, and
its class exists as a name only.
"""

from __future__ import annotations

from keras import ops
from keras.core.config.limits import check_name
from keras.core.naming import to_snake_case
from keras.core.op import OPS, Op

# Classes of Keras that are not the CamelCase of their function.
_WIRE_CLASSES = {
    "batch_normalization": "BatchNorm",
    "layer_normalization": "LayerNorm",
    "rms_normalization": "RMSNorm",
    "rfft": "RFFT",
    "irfft": "IRFFT",
    "fft": "FFT",
    "fft2": "FFT2",
    "ifft2": "IFFT2",
    "stft": "STFT",
    "istft": "ISTFT",
    "svd": "SVD",
    "psnr": "PSNR",
}
_OP_NAMES = {cls: name for name, cls in _WIRE_CLASSES.items()}


def wire_class(op: Op) -> str:
    """The class name under which Keras writes an op."""
    camel = "".join(part.capitalize() for part in op.name.split("_"))
    return _WIRE_CLASSES.get(op.name, camel)


def wire_module(op: Op) -> str:
    """The module Keras writes for an op."""
    for family in ("numpy", "nn", "linalg", "image"):
        if op.name in getattr(getattr(ops, family, None), "__all__", ()):
            return f"keras.src.ops.{family}"
    part = op.body.__module__.rpartition(".")[2]
    core = ("core", "casts", "control", "autodiff", "indexing", "encoding")
    return f"keras.src.ops.{'core' if part in core else 'math'}"


def find_op(class_name: str) -> Op | None:
    """The op that Keras writes under a class name, or None."""
    class_name = check_name(class_name, "`class_name`")
    name = _OP_NAMES.get(class_name) or to_snake_case(class_name)
    flat = name.replace("_", "")
    op = OPS.get(name) or next(
        (op for key, op in OPS.items() if key.replace("_", "") == flat), None
    )
    return None if op is None or _takes_function(op) else op


def _takes_function(op: Op) -> bool:
    """Whether an op calls what it is given (`while_loop`): no config holds such."""
    kinds = [str(p.annotation) for p in op.signature.parameters.values()]
    return any("Callable" in kind for kind in kinds)
