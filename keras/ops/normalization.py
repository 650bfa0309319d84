"""Bringing values to a common scale: moments, norms, batch, layer and RMS."""

from __future__ import annotations

from typing import Any

from keras.core import config
from keras.core.op import Tensor, op, primitive
from keras.core.scope import current
from keras.ops.core import cast, check_axis, dtype

Axes = int | tuple[int, ...] | list[int]


def _axes(axis: Axes, rank: int, who: str) -> tuple[int, ...]:
    given = axis if isinstance(axis, (list, tuple)) else (axis,)
    return tuple(sorted(check_axis(int(a), rank, who) for a in given))


@primitive(cast="float")
def _moments(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> tuple[Any, Any]:
    """Mean and variance, in the type of `x`, of at least 32 bits."""


@op(cast="float")
def moments(
    x: Tensor, axes: Axes, keepdims: bool = False, synchronized: bool = False
) -> tuple[Any, Any]:
    """Mean and variance along axes.

    Args:
        x: a tensor; what has fewer than 32 bits is summed in float32.
        axes: an axis or several.
        keepdims: keep the axes, at size 1.
        synchronized: over all replicas of a distributed run; on one machine a tensor
            holds all of them already, so that both are the same there.

    Returns:
        `(mean, variance)`.

    Example:
        >>> keras.ops.moments([1.0, 3.0], axes=0)
        (array(2.), array(1.))
    """
    axes = _axes(axes, len(x.shape), "moments")
    if synchronized:
        reduce = current().TABLE.get("_synchronized_moments")
        if reduce is not None:
            return reduce(x, axes, keepdims)
    return _moments(x, axes, keepdims)


@op(cast="float")
def normalize(
    x: Tensor, axis: Axes = -1, order: int = 2, epsilon: float | None = None
) -> Tensor:
    """`x` over its norm along axes.

    Args:
        x: a tensor.
        axis: an axis or several.
        order: of the norm, an integer of at least 1.
        epsilon: the least norm to divide by; by default `keras.config.epsilon()`.

    Raises:
        ValueError: `order` is not a positive integer.

    Example:
        >>> keras.ops.normalize([3.0, 4.0])
        array([0.6, 0.8])
    """
    from keras.ops import numpy as knp
    from keras.ops.math import rsqrt

    if not isinstance(order, int) or isinstance(order, bool) or order < 1:
        raise ValueError(
            f"normalize: `order` must be an integer of at least 1; received {order!r}."
        )
    axes = _axes(axis, len(x.shape), "normalize")
    epsilon = config.epsilon() if epsilon is None else epsilon
    if order == 2:
        total = knp.sum(knp.square(x), axis=axes, keepdims=True)
        return x * rsqrt(knp.maximum(total, epsilon**2))
    total = knp.sum(knp.absolute(x) ** order, axis=axes, keepdims=True)
    return x / knp.maximum(total ** (1.0 / order), epsilon)


@primitive
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
    """(x - mean) / sqrt(variance + epsilon) * scale + offset.

    Ioffe & Szegedy, 2015, arXiv:1502.03167.

    Args:
        x: a tensor.
        mean, variance: statistics along `axis`, of shape `(x.shape[axis],)` (or of
            the rank of `x`, ready to be broadcast).
        axis: the axis of the channels.
        offset, scale: of the same shape as `mean`, or None for 0 and 1.
        epsilon: added to the variance.
    """
    axis = check_axis(axis, len(x.shape), "batch_normalization")
    size = x.shape[axis]
    named = (
        ("mean", mean),
        ("variance", variance),
        ("offset", offset),
        ("scale", scale),
    )
    for name, value in named:
        if value is None or len(value.shape) == len(x.shape):
            continue
        (found,) = value.shape if len(value.shape) == 1 else (-1,)
        if found != size and None not in (found, size):
            raise ValueError(
                f"batch_normalization: `{name}` must have shape ({size},), the size of "
                f"axis {axis} of an input of shape {tuple(x.shape)}; received shape "
                f"{tuple(value.shape)}."
            )
    return _batch_normalization(x, mean, variance, offset, scale, axis, epsilon)


@primitive
def _layer_normalization(
    x: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    axes: tuple[int, ...] = (),
    epsilon: float = 0.0,
) -> Tensor:
    """Layer normalization; axes counted from the front and rising."""


def layer_normalization(
    x: Any,
    gamma: Any = None,
    beta: Any = None,
    axis: Axes = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Any:
    """Each sample brought to mean 0 and variance 1 along axes, then scaled and shifted.

    Ba et al., 2016, "Layer Normalization", arXiv:1607.06450.

    Args:
        x: a tensor; what has fewer than 32 bits is normalized in float32.
        gamma, beta: scale and offset of the shape of `x` along `axis`, or None.
        axis: an axis or several.
        epsilon: added to the variance; by default `keras.config.epsilon()`.

    Example:
        >>> keras.ops.layer_normalization([1.0, 3.0])
        array([-1.,  1.])
    """
    if kwargs.pop("rms_scaling", False):
        raise ValueError(
            "layer_normalization: `rms_scaling` is gone; use rms_normalization."
        )
    if kwargs:
        raise TypeError(f"layer_normalization: unknown arguments {sorted(kwargs)}.")
    return _layer_normalized(x, gamma, beta, axis, epsilon)


@op(name="layer_normalization", cast="float")
def _layer_normalized(
    x: Tensor,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    axis: Axes = -1,
    epsilon: float | None = None,
) -> Tensor:
    axes = _axes(axis, len(x.shape), "layer_normalization")
    _check_scale("layer_normalization", "gamma", x, gamma, axes)
    _check_scale("layer_normalization", "beta", x, beta, axes)
    epsilon = config.epsilon() if epsilon is None else epsilon
    return _layer_normalization(x, gamma, beta, axes, epsilon)


@op(cast="float")
def rms_normalization(
    x: Tensor,
    scale: Tensor | None = None,
    axis: Axes = -1,
    epsilon: float | None = None,
) -> Tensor:
    """x / sqrt(mean(x^2) + epsilon) * scale along axes.

    Zhang & Sennrich, 2019, "Root Mean Square Layer Normalization", arXiv:1910.07467.

    Args:
        x: a tensor; what has fewer than 32 bits is normalized in float32.
        scale: of the shape of `x` along `axis`, or None.
        axis: an axis or several.
        epsilon: added to the mean square; by default `keras.config.epsilon()`.
    """
    axes = _axes(axis, len(x.shape), "rms_normalization")
    _check_scale("rms_normalization", "scale", x, scale, axes)
    epsilon = config.epsilon() if epsilon is None else epsilon
    return _rms_normalization(x, scale, axes, epsilon)


@op
def _rms_normalization(
    x: Tensor,
    scale: Tensor | None = None,
    axes: tuple[int, ...] = (),
    epsilon: float = 0.0,
) -> Tensor:
    """RMS normalization; axes counted from the front and rising."""
    from keras.ops import numpy as knp
    from keras.ops.math import rsqrt

    kind = dtype(x)
    wide = cast(x, "float32") if kind in ("float16", "bfloat16") else x
    out = wide * rsqrt(knp.mean(knp.square(wide), axis=axes, keepdims=True) + epsilon)
    if scale is not None:
        out = out * knp.reshape(cast(scale, dtype(wide)), along(x, axes))
    return cast(out, kind)


def along(x: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in which a scale along `axes` meets `x`."""
    return tuple(d if a in axes else 1 for a, d in enumerate(x.shape))


def _check_scale(who: str, name: str, x: Any, value: Any, axes: tuple) -> None:
    wanted = tuple(x.shape[a] for a in axes)
    if value is not None and tuple(value.shape) not in (wanted, along(x, axes)):
        raise ValueError(
            f"{who}: `{name}` must have shape {wanted}, that of the input of shape "
            f"{tuple(x.shape)} along axes {axes}; received {tuple(value.shape)}."
        )
