"""Resizing of one picture on the host, fast enough to keep up with decoding.

`keras.ops.image.resize` multiplies by a matrix, on every backend. Here only the pixels
that have a weight are touched: two in each direction for "bilinear".
"""

from __future__ import annotations

import functools
import math
from typing import NamedTuple

import numpy as np

from keras.backend import resampling

INTERPOLATIONS = (
    "bilinear",
    "nearest",
    "bicubic",
    "area",
    "lanczos3",
    "lanczos5",
    "gaussian",
    "mitchellcubic",
)
# How far a kernel reaches, in pixels.
_SUPPORT = {
    "bilinear": 1.0,
    "bicubic": 2.0,
    "lanczos3": 3.0,
    "lanczos5": 5.0,
    "gaussian": 1.5,
    "mitchellcubic": 2.0,
}
# These do not shift their kernel's edge where the picture ends.
_CENTERED = ("lanczos3", "lanczos5", "gaussian", "mitchellcubic")


class _Taps(NamedTuple):
    """For each new pixel of an axis: which old ones it reads, with what weights."""

    places: np.ndarray  # (taps, new)
    weights: np.ndarray  # (taps, new), float32


def resize(image: np.ndarray, size: tuple[int, int], interpolation: str) -> np.ndarray:
    """A picture of another size.

    Args:
        image: `(height, width, channels)`.
        size: the new height and width.
        interpolation: one of `INTERPOLATIONS`. None of them widens its kernel where the
            picture shrinks, except for "area", which averages.

    Returns:
        A float32 array; of the type of `image` for "nearest".
    """
    height, width = image.shape[:2]
    if interpolation == "nearest":
        rows = resampling.nearest(np, height, size[0])
        columns = resampling.nearest(np, width, size[1])
        return image[rows[:, None], columns]

    # Rows of numbers, whatever the channels: NumPy gathers single floats fastest.
    flat = image.reshape(height, -1)
    flat = _along_rows(flat, _taps(height, size[0], interpolation))
    flat = _along_columns(
        flat, _channel_taps(width, size[1], interpolation, image.shape[2])
    )
    return flat.reshape(*size, -1)


def _along_rows(image: np.ndarray, taps: _Taps) -> np.ndarray:
    weights = taps.weights[:, :, None]
    out = image[taps.places[0]].astype("float32")
    out *= weights[0]
    for places, weight in zip(taps.places[1:], weights[1:]):
        part = image[places].astype("float32")
        part *= weight
        out += part
    return out


def _along_columns(image: np.ndarray, taps: _Taps) -> np.ndarray:
    out = image[:, taps.places[0]]
    out *= taps.weights[0]
    for places, weights in zip(taps.places[1:], taps.weights[1:]):
        part = image[:, places]
        part *= weights
        out += part
    return out


@functools.lru_cache(maxsize=512)
def _taps(old: int, new: int, interpolation: str) -> _Taps:
    """Places and weights along an axis; kept, as many pictures have one size."""
    if old == new and interpolation not in _CENTERED:
        return _Taps(np.arange(new)[None], np.ones((1, new), "float32"))
    if interpolation == "area":
        return _area(old, new)

    centers = (np.arange(new) + 0.5) * (old / new) - 0.5
    reach = _SUPPORT[interpolation]
    first = np.ceil(centers - reach).astype(int)
    count = int(math.ceil(2 * reach))
    places = first + np.arange(count)[:, None]
    weights = _kernel(np.abs(centers - places), interpolation)
    if interpolation == "bilinear":  # beyond the end the last pixel goes on
        places = np.clip(places, 0, old - 1)
    weights[(places < 0) | (places >= old)] = 0
    total = weights.sum(0)
    weights = weights / np.where(np.abs(total) < 1e-8, 1, total)
    return _Taps(np.clip(places, 0, old - 1), weights.astype("float32"))


@functools.lru_cache(maxsize=512)
def _channel_taps(old: int, new: int, interpolation: str, channels: int) -> _Taps:
    """The taps of an axis of pixels for rows of numbers, `channels` for each pixel."""
    taps = _taps(old, new, interpolation)
    places = taps.places[:, :, None] * channels + np.arange(channels)
    weights = np.repeat(taps.weights, channels, axis=1)
    return _Taps(places.reshape(len(places), -1), weights)


def _area(old: int, new: int) -> _Taps:
    """The overlap of each new pixel with the old ones."""
    edges = np.arange(new + 1) * (old / new)
    first = np.floor(edges[:-1]).astype(int)
    count = int((np.ceil(edges[1:]).astype(int) - first).max())
    places = first + np.arange(count)[:, None]
    overlap = np.minimum(edges[1:], places + 1) - np.maximum(edges[:-1], places)
    weights = np.maximum(overlap, 0) / (old / new)
    return _Taps(np.clip(places, 0, old - 1), weights.astype("float32"))


def _kernel(distance: np.ndarray, interpolation: str) -> np.ndarray:
    """The weight of a pixel at a distance, which is not negative."""
    x = distance
    if interpolation in ("bilinear", "bicubic"):
        return resampling.kernel(np, x, interpolation)
    if interpolation == "gaussian":
        sigma = 0.5
        return np.where(x < 1.5, np.exp(-(x**2) / (2 * sigma**2)), 0)
    if interpolation.startswith("lanczos"):
        radius = int(_SUPPORT[interpolation])
        return np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)

    # Mitchell and Netravali (1988), b = c = 1/3
    near = (7 * x**3 - 12 * x**2 + 16 / 3) / 6
    far = (-7 / 3 * x**3 + 12 * x**2 - 20 * x + 32 / 3) / 6
    return np.where(x < 1, near, np.where(x < 2, far, 0))


def crop_box(old: tuple[int, ...], new: tuple[int, int]) -> tuple[int, int, int, int]:
    """Top, left, height and width of the centered part with the ratio of `new`."""
    height = min(old[0], int(old[1] * new[0] / new[1]))
    width = min(old[1], int(old[0] * new[1] / new[0]))
    return (old[0] - height) // 2, (old[1] - width) // 2, height, width


def resize_with_pad(
    image: np.ndarray, size: tuple[int, int], interpolation: str
) -> np.ndarray:
    """A picture that keeps its ratio of height to width, with zeros around it.

    It is resized to fit, and comes to the middle.
    """
    height, width, channels = image.shape
    ratio = max(height / size[0], width / size[1])
    fitted = height / ratio, width / ratio
    inner = resize(
        image, (max(int(fitted[0]), 1), max(int(fitted[1]), 1)), interpolation
    )

    top, left = (int((whole - part) / 2) for whole, part in zip(size, fitted))
    out = np.zeros((*size, channels), inner.dtype)
    out[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return out
