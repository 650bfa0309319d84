"""The arithmetic of resampling: where an output pixel reads, and with what weights.

Written for a namespace `xp` with NumPy's functions: NumPy itself where sizes are known
on the host, or `keras.ops.numpy`. Pixel i covers the interval from i - 0.5 to i + 0.5.
"""

from __future__ import annotations

import math
from typing import Any

FILL_MODES = ("constant", "nearest", "wrap", "mirror", "reflect")
# How far a kernel reaches, in pixels.
SUPPORT = {"bilinear": 1, "bicubic": 2, "lanczos3": 3, "lanczos5": 5}


def kernel(xp: Any, distance: Any, method: str) -> Any:
    """The weight of a pixel at a distance, which is not negative.

    Args:
        xp: the namespace.
        distance: distances in pixels.
        method: "bilinear"; "bicubic" (Keys, 1981, with a = -0.5); "lanczos3" or
            "lanczos5" (Duchon, 1979).
    """
    if method == "bilinear":
        return xp.maximum(1 - distance, 0.0)

    if method == "bicubic":
        near = (1.5 * distance - 2.5) * distance * distance + 1
        far = ((-0.5 * distance + 2.5) * distance - 4) * distance + 2
        return xp.where(distance < 1, near, xp.where(distance < 2, far, 0.0))

    radius = SUPPORT[method]
    x = math.pi * xp.maximum(distance, 1e-3)
    window = radius * xp.sin(x) * xp.sin(x / radius) / (x * x)
    return xp.where(distance < 1e-3, 1.0, xp.where(distance < radius, window, 0.0))


def weights(
    xp: Any,
    old: Any,
    new: Any,
    method: str,
    antialias: bool,
    scale: Any = None,
    translation: Any = 0.0,
) -> Any:
    """The matrix `(new, old)` that resizes one axis.

    Args:
        xp: the namespace.
        old, new: the sizes of the axis before and after.
        method: see `kernel`.
        antialias: whether the kernel is widened where the axis shrinks.
        scale: by what an old pixel grows; by default new / old.
        translation: where the left end of the axis comes to lie, in new pixels.
    """
    places = xp.expand_dims(xp.arange(new, dtype="float32"), 1)
    pixels = xp.expand_dims(xp.arange(old, dtype="float32"), 0)
    old, new = _number(xp, old), _number(xp, new)
    inverse = old / new if scale is None else 1 / scale
    centers = (places + 0.5 - translation) * inverse - 0.5

    distance = xp.abs(centers - pixels)
    if antialias:
        distance = distance / _at_least(xp, inverse, 1.0)
    found = kernel(xp, distance, method)

    # Where the kernel reaches over the end, the pixels that exist share its weight.
    total = xp.sum(found, axis=1, keepdims=True)
    is_empty = xp.abs(total) < 1e-4
    found = xp.where(is_empty, 0.0, found / xp.where(is_empty, 1.0, total))
    if scale is None:
        return found

    # What lies outside of the old axis altogether is 0.
    is_inside = xp.logical_and(centers >= -0.5, centers <= old - 0.5)
    return xp.where(is_inside, found, 0.0)


def nearest(xp: Any, old: Any, new: Any) -> Any:
    """For each of `new` pixels, the one of `old` that holds its center.

    In integers: in float32 a center may come to lie on the wrong side of an edge.
    """
    return (2 * xp.arange(new) + 1) * old // (2 * new)


def fold(xp: Any, coordinates: Any, size: Any, fill_mode: str) -> Any:
    """Coordinates beyond an axis brought back to where it continues.

    Args:
        xp: the namespace.
        coordinates: places along the axis, in pixels.
        size: the size of the axis.
        fill_mode: "nearest" (a a | a b c d | d d), "wrap" (c d | a b c d | a b),
            "mirror" (c b | a b c d | c b) or "reflect" (b a | a b c d | d c).

    Returns:
        Coordinates from 0 to size - 1; to size with "wrap".
    """
    size = _number(xp, size)
    last = size - 1
    if fill_mode == "nearest":
        return xp.minimum(xp.maximum(coordinates, 0), last)
    if fill_mode == "wrap":
        return _remainder(xp, coordinates, size)

    if fill_mode == "mirror":
        period = _at_least(xp, 2 * last, 1)
        folded = _remainder(xp, coordinates, period)
        folded = xp.minimum(folded, period - folded)
    else:
        # The axis and its mirror image, both from edge to edge.
        period = 2 * size
        folded = _remainder(xp, coordinates + 0.5, period)
        folded = xp.minimum(folded, period - folded) - 0.5
    return xp.minimum(xp.maximum(folded, 0), last)


def _remainder(xp: Any, x: Any, period: Any) -> Any:
    """`x` modulo a period: by `floor`, which is several times faster than `mod`."""
    return x - period * xp.floor(x / period)


def _number(xp: Any, size: Any) -> Any:
    """A size to compute with: an integer, or a float tensor where a graph has it."""
    return size if isinstance(size, int) else xp.multiply(size, 1.0)


def _at_least(xp: Any, value: Any, least: float) -> Any:
    """The larger of a number, or a scalar tensor, and a bound."""
    is_known = isinstance(value, (int, float))
    return max(value, least) if is_known else xp.maximum(value, least)
