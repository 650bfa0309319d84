"""Bringing values to a common scale: moments, norms, batch, layer and RMS."""

from __future__ import annotations

from typing import Any

from keras.core import settings
from keras.core.errors import shape_error
from keras.core.op import Tensor, op
from keras.ops import numpy as knp
from keras.ops.core import cast, check_axis, dtype, saturate_cast, stop_gradient
from keras.ops.math import rsqrt

Axes = int | tuple[int, ...] | list[int]


def _axes(axis: Axes, rank: int, who: str) -> tuple[int, ...]:
    given = axis if isinstance(axis, (list, tuple)) else (axis,)
    return tuple(sorted(check_axis(int(a), rank, who) for a in given))


def _wide(x: Any) -> Any:
    return cast(x, "float32") if dtype(x) in ("float16", "bfloat16") else x


@op(cast="float")
def _moments(x: Tensor, axes: tuple[int, ...], keepdims: bool) -> tuple[Any, Any]:
    """Mean and variance in the type of `x`, found in one of at least 32 bits."""
    kind, x = dtype(x), _wide(x)
    middle = knp.mean(x, axes, keepdims=True)
    variance = knp.mean(knp.square(x - middle), axes, keepdims)
    middle = middle if keepdims else knp.squeeze(middle, axes)
    return saturate_cast(middle, kind), saturate_cast(variance, kind)


@op(cast="float")
def moments(
    x: Tensor, axes: Axes, keepdims: bool = False, synchronized: bool = False
) -> tuple[Any, Any]:
    """Mean and variance along an axis or several.

    What has fewer than 32 bits is summed in float32. `synchronized` means over all
    replicas of a distributed run; on one machine a tensor holds all of them already, so
    that both are the same there.
    """
    axes = _axes(axes, len(x.shape), "moments")
    return _moments(x, axes, keepdims)


@op(cast="float")
def normalize(
    x: Tensor, axis: Axes = -1, order: int = 2, epsilon: float | None = None
) -> Tensor:
    """`x` over its norm along an axis or several.

    Args:
        order: of the norm, an integer of at least 1.
        epsilon: the least norm to divide by; by default `keras.config.epsilon()`.
    """
    if not isinstance(order, int) or isinstance(order, bool) or order < 1:
        raise ValueError(
            f"normalize: `order` must be an integer of at least 1; received {order!r}."
        )
    axes = _axes(axis, len(x.shape), "normalize")
    epsilon = settings.epsilon() if epsilon is None else epsilon
    if order == 2:
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
    """`x` normalised by its own mean and variance along `axis`, and these two.

    They are there to be averaged: gradients do not go through them.
    """
    mean, variance = moments(x, tuple(a for a in range(len(x.shape)) if a != axis))
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
    """(x - mean) / sqrt(variance + epsilon) * scale + offset.

    Ioffe & Szegedy, 2015, arXiv:1502.03167.

    Args:
        mean, variance: statistics along `axis`, of shape `(x.shape[axis],)` (or of
            the rank of `x`, ready to be broadcast).
        axis: the axis of the channels.
        offset, scale: of the same shape as `mean`, or None for 0 and 1.
        epsilon: added to the variance.
    """
    axis = check_axis(axis, len(x.shape), "batch_normalization")
    size = x.shape[axis]
    named = {"mean": mean, "variance": variance, "offset": offset, "scale": scale}
    for name, value in named.items():
        if value is None or len(value.shape) == len(x.shape):
            continue
        (found,) = value.shape if len(value.shape) == 1 else (-1,)
        if found != size and None not in (found, size):
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
    """Layer normalization; axes counted from the front and rising."""
    kind, x = dtype(x), _wide(x)
    x = x - knp.mean(x, axes, keepdims=True)
    x = x * rsqrt(knp.mean(knp.square(x), axes, keepdims=True) + epsilon)
    x = x if gamma is None else x * cast(_along(gamma, x, axes), dtype(x))
    x = x if beta is None else x + cast(_along(beta, x, axes), dtype(x))
    return cast(x, kind)


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
        gamma, beta: scale and offset of the shape of `x` along `axis`, or None.
        epsilon: added to the variance; by default `keras.config.epsilon()`.
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
    _check_scales("layer_normalization", x, axes, gamma=gamma, beta=beta)
    epsilon = settings.epsilon() if epsilon is None else epsilon
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
        scale: of the shape of `x` along `axis`, or None.
        epsilon: by default `keras.config.epsilon()`.
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
    """RMS normalization; axes counted from the front and rising."""
    kind, x = dtype(x), _wide(x)
    x = x * rsqrt(knp.mean(knp.square(x), axes, keepdims=True) + epsilon)
    x = x if scale is None else x * cast(_along(scale, x, axes), dtype(x))
    return cast(x, kind)


def _along(value: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """A scale or an offset along `axes`, shaped to meet `x`."""
    return knp.reshape(value, along(x, axes))


def along(x: Any, axes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in which a scale along `axes` meets `x`."""
    return tuple(d if a in axes else 1 for a, d in enumerate(x.shape))


def _check_scales(who: str, x: Any, axes: tuple, **scales: Any) -> None:
    wanted = tuple(x.shape[a] for a in axes)
    for name, value in scales.items():
        if value is not None and tuple(value.shape) not in (wanted, along(x, axes)):
            raise ValueError(
                f"{who}: `{name}` must have shape {wanted}, that of the input of shape "
                f"{tuple(x.shape)} along axes {axes}; received {tuple(value.shape)}."
            )
