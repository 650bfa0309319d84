"""Normalization: moments, division by a norm, batch, layer and RMS normalization."""

from __future__ import annotations

from typing import Any

from keras.core import settings
from keras.core.errors import shape_error, shapes_fit
from keras.core.op import Tensor, op
from keras.core.typing import IntOrInts
from keras.ops import numpy as knp
from keras.ops.core import cast, check_axis, dtype, saturate_cast, stop_gradient
from keras.ops.math import rsqrt


def _axes(axis: IntOrInts, rank: int, who: str) -> tuple[int, ...]:
    """An axis or several as non-negative numbers in ascending order."""
    given = axis if isinstance(axis, (list, tuple)) else (axis,)
    return tuple(sorted(check_axis(int(a), rank, who) for a in given))


def _wide(x: Any) -> Any:
    """`x` in a type of at least 32 bits: narrow floats lose too much in a sum."""
    return cast(x, "float32") if dtype(x) in ("float16", "bfloat16") else x


@op(cast="float")
def _moments(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> tuple[Any, Any]:
    """Mean and variance in the type of `x`, computed in one of at least 32 bits."""
    kind = dtype(x)
    x = _wide(x)
    mean = knp.mean(x, axes, keepdims=True)
    variance = knp.mean(knp.square(x - mean), axes, keepdims)
    if not keepdims:
        mean = knp.squeeze(mean, axes)
    return saturate_cast(mean, kind), saturate_cast(variance, kind)


@op(cast="float")
def moments(
    x: Tensor, axes: IntOrInts, keepdims: bool = False, synchronized: bool = False
) -> tuple[Tensor, Tensor]:
    """Mean and variance along an axis or several.

    Args:
        x: a tensor; types of fewer than 32 bits are summed in float32.
        axes: an axis, or a list of axes.
        keepdims: whether the reduced axes stay, with size 1.
        synchronized: whether to include all replicas of a distributed run. On one
            machine a tensor holds all of them already, so both values do the same.

    Returns:
        `(mean, variance)`, in the type of `x`.

    Example:
        >>> keras.ops.moments([1.0, 3.0], axes=0)
        (array(2.), array(1.))
    """
    axes = _axes(axes, len(x.shape), "moments")
    return _moments(x, axes, keepdims)


@op(cast="float")
def normalize(
    x: Tensor, axis: IntOrInts = -1, order: int = 2, epsilon: float | None = None
) -> Tensor:
    """Divide by the p-norm along an axis or several.

    Args:
        x: a tensor.
        axis: an axis, or a list of axes.
        order: the order p of the norm, an integer of at least 1.
        epsilon: the least norm to divide by; by default `keras.config.epsilon()`.

    Raises:
        ValueError: `order` is not an integer of at least 1.

    Example:
        >>> keras.ops.normalize([3.0, 4.0])
        array([0.6, 0.8])
    """
    if not isinstance(order, int) or isinstance(order, bool) or order < 1:
        raise ValueError(
            f"normalize: `order` must be an integer of at least 1; received {order!r}."
        )

    axes = _axes(axis, len(x.shape), "normalize")
    epsilon = settings.epsilon() if epsilon is None else epsilon
    if order == 2:
        # One product instead of a root and a division.
        total = knp.sum(knp.square(x), axis=axes, keepdims=True)
        return x * rsqrt(knp.maximum(total, epsilon**2))

    total = knp.sum(knp.absolute(x) ** order, axis=axes, keepdims=True)
    return x / knp.maximum(total ** (1.0 / order), epsilon)


@op
def _batch_normalization(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    offset: Tensor | None = None,
    scale: Tensor | None = None,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Tensor:
    """(x - mean) / sqrt(variance + epsilon) * scale + offset."""

    def broadcastable(value: Any) -> Any:
        if value is None or len(value.shape) == len(x.shape):
            return value
        return _along(value, x, (axis,))

    # One product and one sum of the size of `x`: the rest has the size of the channels.
    factor = rsqrt(broadcastable(variance) + epsilon)
    if scale is not None:
        factor = factor * broadcastable(scale)
    shift = -broadcastable(mean) * factor
    if offset is not None:
        shift = broadcastable(offset) + shift
    return x * factor + shift


@op(name="_batch_normalization_by_itself", cast="float")
def batch_normalization_by_itself(
    x: Tensor,
    offset: Tensor | None = None,
    scale: Tensor | None = None,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> tuple[Tensor, Tensor, Tensor]:
    """Batch normalization by the mean and variance of `x` itself, as in training.

    Returns:
        `(outputs, mean, variance)`. The statistics are for moving averages: gradients
        do not go through them.
    """
    axes = tuple(a for a in range(len(x.shape)) if a != axis)
    mean, variance = moments(x, axes)
    out = _batch_normalization(x, mean, variance, offset, scale, axis, epsilon)
    return out, stop_gradient(mean), stop_gradient(variance)


@op(cast="float")
def batch_normalization(
    x: Tensor,
    mean: Tensor,
    variance: Tensor,
    axis: int,
    offset: Tensor | None = None,
    scale: Tensor | None = None,
    epsilon: float = 1e-3,
) -> Tensor:
    """Batch normalization: (x - mean) / sqrt(variance + epsilon) * scale + offset.

    Ioffe & Szegedy, 2015, arXiv:1502.03167.

    Args:
        x: a tensor.
        mean, variance: statistics along `axis`, of shape `(x.shape[axis],)` (or of
            the rank of `x`, ready to be broadcast).
        axis: the axis of the channels.
        offset, scale: of the same shape as `mean`, or None for 0 and 1.
        epsilon: added to the variance.

    Raises:
        ValueError: a statistic does not have the size of the axis.
    """
    axis = check_axis(axis, len(x.shape), "batch_normalization")
    size = x.shape[axis]
    named = {"mean": mean, "variance": variance, "offset": offset, "scale": scale}
    for name, value in named.items():
        if value is None or len(value.shape) == len(x.shape):
            continue
        if not shapes_fit(value.shape, (size,)):
            raise shape_error(
                f"batch_normalization: `{name}` must have shape ({size},), the size "
                f"of axis {axis} of an input of shape {tuple(x.shape)}",
                value,
            )

    return _batch_normalization(x, mean, variance, offset, scale, axis, epsilon)


@op
def _layer_normalization(
    x: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    axes: tuple[int, ...] = (),
    epsilon: float = 0.0,
) -> Tensor:
    """Layer normalization; axes non-negative and ascending."""
    kind = dtype(x)
    x = _wide(x)
    x = x - knp.mean(x, axes, keepdims=True)
    x = x * rsqrt(knp.mean(knp.square(x), axes, keepdims=True) + epsilon)

    if gamma is not None:
        x = x * cast(_along(gamma, x, axes), dtype(x))
    if beta is not None:
        x = x + cast(_along(beta, x, axes), dtype(x))
    return cast(x, kind)


def layer_normalization(
    x: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    axis: IntOrInts = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Tensor:
    """Layer normalization: mean 0 and variance 1 along axes, then scale and offset.

    Ba et al., 2016, "Layer Normalization", arXiv:1607.06450.

    Args:
        x: a tensor.
        gamma, beta: scale and offset of the shape of `x` along `axis`, or None.
        axis: an axis, or a list of axes.
        epsilon: added to the variance; by default `keras.config.epsilon()`.

    Raises:
        ValueError: `gamma` or `beta` does not have the shape of `x` along `axis`.

    Example:
        >>> keras.ops.layer_normalization([[1.0, 3.0]], epsilon=0.0)
        array([[-1., 1.]])
    """
    if kwargs.pop("rms_scaling", False):
        raise ValueError(
            "layer_normalization: `rms_scaling` is not supported any more; use "
            "keras.ops.rms_normalization."
        )
    if kwargs:
        raise TypeError(f"layer_normalization: unknown arguments {sorted(kwargs)}.")
    return _layer_normalized(x, gamma, beta, axis, epsilon)


@op(name="layer_normalization", cast="float")
def _layer_normalized(
    x: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    axis: IntOrInts = -1,
    epsilon: float | None = None,
) -> Tensor:
    """`layer_normalization` with its default arguments only."""
    axes = _axes(axis, len(x.shape), "layer_normalization")
    _check_scales("layer_normalization", x, axes, gamma=gamma, beta=beta)
    epsilon = settings.epsilon() if epsilon is None else epsilon
    return _layer_normalization(x, gamma, beta, axes, epsilon)


@op(cast="float")
def rms_normalization(
    x: Tensor,
    scale: Tensor | None = None,
    axis: IntOrInts = -1,
    epsilon: float | None = None,
) -> Tensor:
    """RMS normalization: x / sqrt(mean(x^2) + epsilon) * scale along axes.

    Zhang & Sennrich, 2019, "Root Mean Square Layer Normalization", arXiv:1910.07467.

    Args:
        x: a tensor.
        scale: of the shape of `x` along `axis`, or None.
        axis: an axis, or a list of axes.
        epsilon: added to the mean square; by default `keras.config.epsilon()`.

    Raises:
        ValueError: `scale` does not have the shape of `x` along `axis`.
    """
    axes = _axes(axis, len(x.shape), "rms_normalization")
    _check_scales("rms_normalization", x, axes, scale=scale)
    epsilon = settings.epsilon() if epsilon is None else epsilon
    return _rms_normalization(x, scale, axes, epsilon)


@op
def _rms_normalization(
    x: Tensor,
    scale: Tensor | None = None,
    axes: tuple[int, ...] = (),
    epsilon: float = 0.0,
) -> Tensor:
    """RMS normalization; axes non-negative and ascending."""
    kind = dtype(x)
    x = _wide(x)
    x = x * rsqrt(knp.mean(knp.square(x), axes, keepdims=True) + epsilon)
    if scale is not None:
        x = x * cast(_along(scale, x, axes), dtype(x))
    return cast(x, kind)


def _along(value: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """A scale or an offset along `axes`, reshaped to broadcast to `x`."""
    return knp.reshape(value, along(x, axes))


def along(x: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in which a scale along `axes` broadcasts to `x`."""
    return tuple(d if a in axes else 1 for a, d in enumerate(x.shape))


def _check_scales(who: str, x: Any, axes: tuple, **scales: Any) -> None:
    """Raise unless each scale has the shape of `x` along the axes."""
    expected = tuple(x.shape[a] for a in axes)
    for name, value in scales.items():
        if value is not None and tuple(value.shape) not in (expected, along(x, axes)):
            raise shape_error(
                f"{who}: `{name}` must have shape {expected}, the shape of an input "
                f"{tuple(x.shape)} along axes {axes}",
                value,
            )
