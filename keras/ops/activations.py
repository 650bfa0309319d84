"""Activation functions: element by element, or along an axis."""

from __future__ import annotations

from typing import Any

from keras.core.errors import shape_error
from keras.core.op import Tensor, elementwise, kernel, op
from keras.ops import numpy as knp
from keras.ops.casts import not_bool
from keras.ops.core import cast, check_axis, shape

_softmax = kernel("_softmax")  # (x, axis), one axis
_log_softmax = kernel("_log_softmax")  # (x, axis), one axis


@elementwise(cast=not_bool)
def relu(x: Tensor) -> Tensor:
    """max(x, 0)."""


@elementwise
def relu6(x: Tensor) -> Tensor:
    """min(max(x, 0), 6) (Howard et al., 2017, arXiv:1704.04861)."""


@elementwise
def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""


@elementwise
def softplus(x: Tensor) -> Tensor:
    """log(1 + exp(x)), without overflow."""


@elementwise
def softsign(x: Tensor) -> Tensor:
    """x / (1 + |x|)."""


@elementwise
def silu(x: Tensor) -> Tensor:
    """x * sigmoid(x), also called swish (Ramachandran et al., arXiv:1710.05941)."""


@elementwise
def log_sigmoid(x: Tensor) -> Tensor:
    """log(sigmoid(x)) = -softplus(-x), without underflow."""


@elementwise
def leaky_relu(x: Tensor, negative_slope: float = 0.2) -> Tensor:
    """x where it is positive, else `negative_slope` * x."""


@elementwise
def hard_sigmoid(x: Tensor) -> Tensor:
    """relu6(x + 3) / 6: a sigmoid of straight lines."""


@elementwise
def hard_silu(x: Tensor) -> Tensor:
    """x * hard_sigmoid(x) (Howard et al., 2019, arXiv:1905.02244)."""


hard_swish = hard_silu
swish = silu


@elementwise(cast=not_bool)
def hard_tanh(x: Tensor) -> Tensor:
    """x, clipped to [-1, 1]."""


@elementwise
def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x where positive, else alpha * (exp(x) - 1) (Clevert, arXiv:1511.07289)."""


@elementwise
def selu(x: Tensor) -> Tensor:
    """scale * elu(x, alpha), with constants that keep mean 0 and variance 1.

    Klambauer et al., 2017, "Self-Normalizing Neural Networks", arXiv:1706.02515.
    """


@elementwise
def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0) (Barron, arXiv:1704.07483)."""


@elementwise
def gelu(x: Tensor, approximate: bool = True) -> Tensor:
    """x * P(X <= x) for a standard normal X (Hendrycks & Gimpel, arXiv:1606.08415).

    `approximate` finds it by tanh instead of by the error function.
    """


@elementwise(primitive=False)
def squareplus(x: Tensor, b: float = 4) -> Tensor:
    """(x + sqrt(x^2 + b)) / 2 (Barron, 2021, arXiv:2112.11687)."""
    return (x + knp.sqrt(x * x + b)) / 2


@elementwise(primitive=False)
def tanh_shrink(x: Tensor) -> Tensor:
    """x - tanh(x)."""
    return x - knp.tanh(x)


@elementwise(primitive=False)
def soft_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    """x moved towards 0 by `threshold`, and 0 within it."""
    return x - knp.clip(x, -threshold, threshold)


@elementwise(primitive=False)
def hard_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    """x where |x| > threshold, else 0."""
    return knp.where(knp.absolute(x) > threshold, x, knp.zeros_like(x))


@elementwise(primitive=False)
def threshold(x: Tensor, threshold: float, default_value: float) -> Tensor:
    """x where x > threshold, else `default_value`."""
    return knp.where(x > threshold, x, knp.full_like(x, default_value))


@elementwise(primitive=False)
def sparse_plus(x: Tensor) -> Tensor:
    """0 up to -1, x from 1 on, (x + 1)^2 / 4 between: a sparse softplus."""
    return knp.square(knp.clip(x, -1.0, 1.0) + 1) / 4 + knp.maximum(x, 1.0) - 1


@elementwise(primitive=False)
def sparse_sigmoid(x: Tensor) -> Tensor:
    """0 up to -1, 1 from 1 on, (x + 1) / 2 between."""
    return knp.clip((x + 1) / 2, 0.0, 1.0)


@op(cast="float")
def glu(x: Tensor, axis: int = -1) -> Tensor:
    """The first half along an axis times the sigmoid of the second half.

    Dauphin et al., 2016, "Language Modeling with Gated Convolutional Networks".
    """
    axis = check_axis(axis, len(x.shape), "glu")
    if x.shape[axis] is not None and x.shape[axis] % 2:
        raise shape_error(
            f"glu: the size along axis {axis} is halved, so it must be even", x
        )
    value, gate = knp.split(x, 2, axis=axis)
    return value * sigmoid(gate)


@op(cast="float")
def softmax(x: Tensor, axis: int | tuple[int, ...] | None = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along an axis, several together, or all (None)."""
    return _softmax(x, axis) if isinstance(axis, int) else _over_axes(_softmax, x, axis)


@op(cast="float")
def log_softmax(x: Tensor, axis: int | tuple[int, ...] | None = -1) -> Tensor:
    """log(softmax(x)), exact also where softmax(x) is near 0; see `softmax`."""
    if isinstance(axis, int):
        return _log_softmax(x, axis)
    return _over_axes(_log_softmax, x, axis)


def _over_axes(fn: Any, x: Any, axis: Any) -> Any:
    """Several axes: they are laid side by side as one."""
    rank = len(x.shape)
    axes = range(rank) if axis is None else [a % rank for a in axis]
    order = [a for a in range(rank) if a not in axes] + list(axes)
    inner = knp.transpose(x, order)
    dims = shape(inner)
    flat = fn(knp.reshape(inner, (*dims[: rank - len(axes)], -1)), -1)
    back = sorted(range(rank), key=order.__getitem__)
    return knp.transpose(knp.reshape(flat, dims), back)


@op(cast="float")
def sparsemax(x: Tensor, axis: int = -1) -> Tensor:
    """The nearest point of the probability simplex: a softmax with exact zeros.

    Martins & Astudillo, 2016, "From Softmax to Sparsemax", arXiv:1602.02068.
    """
    axis = check_axis(axis, len(x.shape), "sparsemax")
    z = knp.moveaxis(x, axis, -1)
    falling = knp.flip(knp.sort(z, axis=-1), axis=-1)
    k = knp.arange(1, z.shape[-1] + 1, dtype=x.dtype)
    support = 1 + k * falling > knp.cumsum(falling, axis=-1)
    size = knp.sum(cast(support, x.dtype), -1, keepdims=True)
    total = knp.sum(knp.where(support, falling, 0), -1, keepdims=True)
    return knp.moveaxis(knp.maximum(z - (total - 1) / size, 0), -1, axis)
