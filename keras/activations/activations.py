"""The activations that are not simply the op of the same name."""

from __future__ import annotations

from keras import ops
from keras.core.op import Tensor, elementwise
from keras.ops import activations as nn


def linear(x: Tensor) -> Tensor:
    """The input itself: no activation.

    Example:
        >>> keras.activations.linear(2.0)
        2.0
    """
    return x


def exponential(x: Tensor) -> Tensor:
    """Exponential: exp(x).

    Example:
        >>> float(keras.activations.exponential(0.0))
        1.0
    """
    return ops.exp(x)


def gelu(x: Tensor, approximate: bool = False) -> Tensor:
    """GELU: x * P(X <= x) for a standard normal X.

    Hendrycks & Gimpel, 2016, arXiv:1606.08415.

    Args:
        x: a tensor.
        approximate: whether to approximate the probability by tanh; False uses the
            error function.

    Example:
        >>> float(keras.activations.gelu(1.0))
        0.8413447
    """
    return nn.gelu(x, approximate=approximate)


@elementwise(primitive=False)
def mish(x: Tensor) -> Tensor:
    """Mish: x * tanh(softplus(x)) (Misra, 2019, arXiv:1908.08681).

    Example:
        >>> float(keras.activations.mish(1.0))
        0.865098
    """
    return x * ops.tanh(nn.softplus(x))


def relu(
    x: Tensor,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Tensor:
    """ReLU: max(x, 0), or with further arguments a piecewise linear function.

    The result is `negative_slope * (x - threshold)` where x is at most `threshold`,
    else x, and at most `max_value`.

    Args:
        x: a tensor.
        negative_slope: the slope below the threshold.
        max_value: the largest value, or None for no limit.
        threshold: the value below which x is replaced.

    Example:
        >>> keras.activations.relu(keras.ops.array([-2.0, 3.0]), max_value=2.0).numpy()
        array([0., 2.], dtype=float32)
    """
    if not (negative_slope or threshold):
        if max_value is None:
            return nn.relu(x)
        return nn.relu6(x) if max_value == 6 else ops.clip(x, 0, max_value)

    if not threshold:
        out = nn.leaky_relu(x, negative_slope)
    else:
        below = ops.multiply(ops.subtract(x, threshold), negative_slope)
        if not negative_slope:
            below = ops.zeros_like(x)
        out = ops.where(ops.greater(x, threshold), x, below)
    if max_value is None:
        return out

    # As in Keras: without a slope nothing is below 0 then, whatever the threshold.
    out = ops.minimum(out, max_value)
    return out if negative_slope else ops.maximum(out, 0)
