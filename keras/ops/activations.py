"""Activation functions, element by element or along an axis.

The first line of each docstring is the formula; the source follows it.
"""

from __future__ import annotations

from typing import Any

from keras.core.errors import shape_error
from keras.core.op import Tensor, elementwise, kernel, op
from keras.core.typing import Axis
from keras.ops import numpy as knp
from keras.ops.casts import not_bool
from keras.ops.core import cast, check_axis, shape

_softmax = kernel("_softmax")  # (x, axis), one axis
_log_softmax = kernel("_log_softmax")  # (x, axis), one axis


@elementwise(cast=not_bool)
def relu(x: Tensor) -> Tensor:
    """ReLU: max(x, 0)."""


@elementwise
def relu6(x: Tensor) -> Tensor:
    """ReLU6: min(max(x, 0), 6) (Howard et al., 2017, arXiv:1704.04861)."""


@elementwise
def sigmoid(x: Tensor) -> Tensor:
    """Sigmoid: 1 / (1 + exp(-x))."""


@elementwise
def softplus(x: Tensor) -> Tensor:
    """Softplus: log(1 + exp(x)), without overflow."""


@elementwise
def softsign(x: Tensor) -> Tensor:
    """Softsign: x / (1 + |x|)."""


@elementwise
def silu(x: Tensor) -> Tensor:
    """SiLU or swish: x * sigmoid(x) (Ramachandran et al., 2017, arXiv:1710.05941)."""


@elementwise
def log_sigmoid(x: Tensor) -> Tensor:
    """Logarithm of the sigmoid: -softplus(-x), without underflow."""


@elementwise
def leaky_relu(x: Tensor, negative_slope: float = 0.2) -> Tensor:
    """Leaky ReLU: x where it is positive, else negative_slope * x."""


@elementwise
def hard_sigmoid(x: Tensor) -> Tensor:
    """Hard sigmoid, which is piecewise linear: relu6(x + 3) / 6."""


@elementwise
def hard_silu(x: Tensor) -> Tensor:
    """Hard SiLU or hard swish: x * hard_sigmoid(x) (Howard et al., 2019)."""


hard_swish = hard_silu
swish = silu


@elementwise(cast=not_bool)
def hard_tanh(x: Tensor) -> Tensor:
    """Hard tanh: x clipped to [-1, 1]."""


@elementwise
def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """ELU: x where it is positive, else alpha * (exp(x) - 1).

    Clevert et al., 2015, arXiv:1511.07289.
    """


@elementwise
def selu(x: Tensor) -> Tensor:
    """SELU: scale * elu(x, alpha), with constants that keep mean 0 and variance 1.

    Klambauer et al., 2017, "Self-Normalizing Neural Networks", arXiv:1706.02515.
    """


@elementwise
def celu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """CELU: max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0).

    Barron, 2017, "Continuously Differentiable Exponential Linear Units",
    arXiv:1704.07483.
    """


@elementwise
def gelu(x: Tensor, approximate: bool = True) -> Tensor:
    """GELU: x * P(X <= x) for a standard normal X.

    Hendrycks & Gimpel, 2016, arXiv:1606.08415.

    Args:
        x: a tensor.
        approximate: whether to approximate the probability by tanh; False uses the
            error function.
    """


@elementwise(primitive=False)
def squareplus(x: Tensor, b: float = 4) -> Tensor:
    """Squareplus: (x + sqrt(x^2 + b)) / 2 (Barron, 2021, arXiv:2112.11687)."""
    return (x + knp.sqrt(x * x + b)) / 2


@elementwise(primitive=False)
def tanh_shrink(x: Tensor) -> Tensor:
    """Tanh shrink: x - tanh(x)."""
    return x - knp.tanh(x)


@elementwise(primitive=False)
def soft_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    """Soft shrink: x moved towards 0 by `threshold`, and 0 where |x| <= threshold."""
    return x - knp.clip(x, -threshold, threshold)


@elementwise(primitive=False)
def hard_shrink(x: Tensor, threshold: float = 0.5) -> Tensor:
    """Hard shrink: x where |x| > threshold, else 0."""
    return knp.where(knp.absolute(x) > threshold, x, knp.zeros_like(x))


@elementwise(primitive=False)
def threshold(x: Tensor, threshold: float, default_value: float) -> Tensor:
    """Threshold: x where x > threshold, else default_value."""
    return knp.where(x > threshold, x, knp.full_like(x, default_value))


@elementwise(primitive=False)
def sparse_plus(x: Tensor) -> Tensor:
    """Sparse softplus: 0 for x <= -1, x for x >= 1, (x + 1)^2 / 4 between."""
    return knp.square(knp.clip(x, -1.0, 1.0) + 1) / 4 + knp.maximum(x, 1.0) - 1


@elementwise(primitive=False)
def sparse_sigmoid(x: Tensor) -> Tensor:
    """Sparse sigmoid: 0 for x <= -1, 1 for x >= 1, (x + 1) / 2 between."""
    return knp.clip((x + 1) / 2, 0.0, 1.0)


@op(cast="float")
def glu(x: Tensor, axis: int = -1) -> Tensor:
    """Gated linear unit: the first half along an axis times the sigmoid of the second.

    Dauphin et al., 2016, "Language Modeling with Gated Convolutional Networks",
    arXiv:1612.08083.

    Raises:
        ValueError: the size along the axis is odd.
    """
    axis = check_axis(axis, len(x.shape), "glu")
    if x.shape[axis] is not None and x.shape[axis] % 2:
        raise shape_error(f"glu: the size along axis {axis} must be even", x)
    value, gate = knp.split(x, 2, axis=axis)
    return value * sigmoid(gate)


@op(cast="float")
def softmax(x: Tensor, axis: Axis = -1) -> Tensor:
    """Softmax: exp(x) / sum(exp(x)) along an axis, several together, or all (None).

    Example:
        >>> keras.ops.softmax([[0.0, 0.0], [0.0, 0.0]], axis=(0, 1))
        array([[0.25, 0.25], [0.25, 0.25]])
    """
    if isinstance(axis, int):
        return _softmax(x, axis)
    return _over_axes(_softmax, x, axis)


@op(cast="float")
def log_softmax(x: Tensor, axis: Axis = -1) -> Tensor:
    """Logarithm of the softmax, exact also where that is near 0; see `softmax`."""
    if isinstance(axis, int):
        return _log_softmax(x, axis)
    return _over_axes(_log_softmax, x, axis)


def _over_axes(fn: Any, x: Any, axis: Any) -> Any:
    """Apply `fn` along several axes (None: all), by merging them into one."""
    rank = len(x.shape)
    axes = list(range(rank)) if axis is None else [a % rank for a in axis]

    order = [a for a in range(rank) if a not in axes] + axes
    moved = knp.transpose(x, order)
    dims = shape(moved)
    merged = knp.reshape(moved, (*dims[: rank - len(axes)], -1))

    out = knp.reshape(fn(merged, -1), dims)
    return knp.transpose(out, sorted(range(rank), key=order.__getitem__))


@op(cast="float")
def sparsemax(x: Tensor, axis: int = -1) -> Tensor:
    """Sparsemax: the nearest point of the probability simplex, with exact zeros.

    Martins & Astudillo, 2016, "From Softmax to Sparsemax", arXiv:1602.02068.

    Example:
        >>> keras.ops.sparsemax([0.0, 1.0, 3.0])
        array([0., 0., 1.])
    """
    axis = check_axis(axis, len(x.shape), "sparsemax")
    z = knp.moveaxis(x, axis, -1)

    # The support is the longest run of the largest values that a common threshold
    # keeps positive (Algorithm 1 of the paper).
    descending = knp.flip(knp.sort(z, axis=-1), axis=-1)
    k = knp.arange(1, z.shape[-1] + 1, dtype=x.dtype)
    in_support = 1 + k * descending > knp.cumsum(descending, axis=-1)

    size = knp.sum(cast(in_support, x.dtype), -1, keepdims=True)
    total = knp.sum(knp.where(in_support, descending, 0), -1, keepdims=True)
    threshold = (total - 1) / size
    return knp.moveaxis(knp.maximum(z - threshold, 0), -1, axis)
