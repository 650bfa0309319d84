"""Resampling of images in NumPy: image by image, so that each stays in the cache."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend import resampling
from keras.core.op import OPS

# --- sizes ------------------------------------------------------------------------


class _Taps:
    """The pixels that each new pixel is made of, along one axis.

    Args:
        old, new: the sizes of the axis.
        method, antialias: as in `resampling.weights`.
    """

    indices: list[np.ndarray]  # of the first pixels, of the second ones, ...
    weights: list[np.ndarray]

    def __init__(self, old: int, new: int, method: str, antialias: bool) -> None:
        matrix = resampling.weights(np, old, new, method, antialias)
        used = matrix != 0
        first = np.argmax(used, axis=1)
        last = old - 1 - np.argmax(used[:, ::-1], axis=1)
        self.indices, self.weights = [], []
        for i in range(int(np.max(last - first)) + 1):
            index = np.minimum(first + i, old - 1)
            weight = np.where(first + i <= last, matrix[np.arange(new), index], 0)
            self.indices.append(index)
            self.weights.append(weight.astype("float32")[:, None])


@functools.lru_cache(maxsize=64)
def _taps(old: int, new: int, method: str, antialias: bool) -> _Taps:
    return _Taps(old, new, method, antialias)


def _resize_rows(rows: np.ndarray, taps: _Taps, dtype: Any) -> np.ndarray:
    """A matrix `(old, n)` resized along its first axis, `(new, n)`."""
    if len(taps.indices) == 2:
        low, high = (rows.take(index, 0) for index in taps.indices)
        out = np.subtract(high, low, dtype=dtype)
        out *= taps.weights[1]
        out += low
        return out

    out = None
    for index, weight in zip(taps.indices, taps.weights):
        part = np.multiply(rows.take(index, 0), weight, dtype=dtype)
        out = part if out is None else np.add(out, part, out=out)
    return out


def _resize(images: Any, size: tuple[int, int], method: str, antialias: bool) -> Any:
    batch, height, width, channels = images.shape
    if method == "nearest":
        rows = resampling.nearest(np, height, size[0])
        columns = resampling.nearest(np, width, size[1])
        return images.take(rows, 1).take(columns, 2)

    dtype = np.result_type(images.dtype, "float32")
    if dtype not in (np.float32, np.float64):
        dtype = np.dtype("float32")
    row_taps = _taps(height, size[0], method, antialias)
    column_taps = _taps(width, size[1], method, antialias)

    out = np.empty((batch, *size, channels), images.dtype)
    for image, target in zip(np.asarray(images), out):
        if height != size[0]:
            rows = _resize_rows(image.reshape(height, -1), row_taps, dtype)
            image = rows.reshape(size[0], width, channels)
        if width != size[1]:
            columns = np.moveaxis(image, 1, 0).reshape(width, -1)
            resized = _resize_rows(columns, column_taps, dtype)
            image = np.moveaxis(resized.reshape(size[1], size[0], channels), 0, 1)
        _store(image, target)
    return out


def _store(values: np.ndarray, target: np.ndarray) -> None:
    """Write floats into an array of any type; integers are rounded, in their range."""
    if target.dtype.kind in "iu" and values.dtype.kind == "f":
        limits = np.iinfo(target.dtype)
        values = np.rint(values).clip(limits.min, limits.max)
    target[...] = values


# --- places -----------------------------------------------------------------------


class _Planes:
    """An image from which values are taken, one plane for each channel.

    Behind the last pixel along each axis there is one more, so that the two pixels
    beside any place have neighboring numbers.

    Args:
        image: `(*spatial, channels)`.
        order, fill_mode, fill_value: as in `keras.ops.sampling.sample`.
    """

    def __init__(
        self, image: np.ndarray, order: int, fill_mode: str, fill_value: float
    ) -> None:
        self.order = order
        self.fill_mode = fill_mode
        self.sizes = image.shape[:-1]
        self.dtype = image.dtype
        if order and image.dtype not in (np.float32, np.float64):
            self.dtype = np.dtype("float32")

        # A constant begins one pixel before the first.
        self.rim = int(fill_mode == "constant")
        full = tuple(n + 1 + 2 * self.rim for n in self.sizes)
        planes = np.empty((image.shape[-1], *full), self.dtype)
        if self.rim:
            planes[...] = np.asarray(fill_value).astype(self.dtype)
        inner = tuple(slice(self.rim, self.rim + n) for n in self.sizes)
        planes[(slice(None), *inner)] = np.moveaxis(image, -1, 0)
        if not self.rim:
            for axis, n in enumerate(self.sizes, 1):
                other = 0 if fill_mode == "wrap" else n - 1
                ahead = (slice(None),) * axis
                planes[(*ahead, n)] = planes[(*ahead, other)]

        self.planes = planes.reshape(len(planes), -1)
        steps = np.cumprod((1, *full[:0:-1]))[::-1]
        self.steps = [int(step) for step in steps]

    def read(self, coordinates: list[np.ndarray], target: np.ndarray) -> None:
        """Write the values at the places into `(*places, channels)`."""
        index: Any = 0
        weights = []
        for c, size, step in zip(coordinates, self.sizes, self.steps):
            low, weight = self._place(c, size)
            index = index + low * step
            weights.append(weight)

        for channel, plane in enumerate(self.planes):
            values = self._blend(plane, index, weights, 0)
            _store(values, target[..., channel])

    def _place(self, c: np.ndarray, size: int) -> tuple[np.ndarray, Any]:
        """The pixel before each place, and the weight of the one behind it."""
        if self.order == 0:
            c = np.copysign(np.floor(np.abs(c) + 0.5), c)
        if self.rim:
            c = np.clip(c + 1, 0, size + 1)
        else:
            c = resampling.fold(np, c, size, self.fill_mode)
        if self.order == 0:
            return c.astype(np.intp), None
        low = np.floor(c)
        return low.astype(np.intp), c - low

    def _blend(self, plane: Any, index: Any, weights: list, axis: int) -> Any:
        """The values of a plane, interpolated along the axes from this one on."""
        if axis == len(weights) or self.order == 0:
            # What is not a number has no place; "clip" keeps it from being an error.
            return plane.take(index, mode="clip")
        low = self._blend(plane, index, weights, axis + 1)
        high = self._blend(plane[self.steps[axis] :], index, weights, axis + 1)
        high -= low
        high *= weights[axis]
        low += high
        return low


def _sample(
    images: Any, coordinates: Any, order: int, fill_mode: str, fill_value: float
) -> Any:
    coordinates = [np.asarray(c) for c in coordinates]
    places = np.broadcast_shapes(*(c.shape[1:] for c in coordinates))
    out = np.empty((len(images), *places, images.shape[-1]), images.dtype)
    for i, image in enumerate(np.asarray(images)):
        planes = _Planes(image, order, fill_mode, fill_value)
        planes.read([c[i % len(c)] for c in coordinates], out[i])
    return out


def _project(
    images: Any,
    transforms: Any,
    size: tuple[int, int],
    order: int,
    fill_mode: str,
    fill_value: float,
) -> Any:
    y = np.arange(size[0], dtype=transforms.dtype)[:, None]
    x = np.arange(size[1], dtype=transforms.dtype)
    out = np.empty((len(images), *size, images.shape[-1]), images.dtype)
    for i, image in enumerate(np.asarray(images)):
        a0, a1, a2, b0, b1, b2, c0, c1 = np.asarray(transforms[i % len(transforms)])
        rows = b0 * x + (b1 * y + b2)
        columns = a0 * x + (a1 * y + a2)
        if c0 or c1:
            depth = c0 * x + (c1 * y + 1)
            rows /= depth
            columns /= depth
        planes = _Planes(image, order, fill_mode, fill_value)
        planes.read([rows, columns], out[i])
    return out


# --- one by one -------------------------------------------------------------------


def _image_by_image(name: str) -> Callable:
    """The body of an op on images, run for each image of a batch.

    It makes several arrays of the size of its input, which then fit in the cache.
    """

    def run(images: Any, *args: Any) -> Any:
        body = OPS[name].body
        if len(images.shape) != 4 or len(images) < 2:
            return body(images, *args)
        out = None
        for i in range(len(images)):
            part = body(images[i : i + 1], *args)
            if out is None:
                out = np.empty((len(images), *part.shape[1:]), part.dtype)
            out[i] = part[0]
        return out

    return run


TABLE: dict[str, Callable] = {
    "_project": _project,
    "_resize": _resize,
    "_sample": _sample,
    **{
        name: _image_by_image(name)
        for name in (
            *("gaussian_blur", "hsv_to_rgb", "rgb_to_grayscale", "rgb_to_hsv"),
            "sobel_edges",
        )
    },
}
