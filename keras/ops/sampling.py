"""Values of an image between its pixels: geometric transformations.

They all compute where each output pixel reads and leave the rest to `sample`.
"""

from __future__ import annotations

import itertools
from typing import Any, Literal, TypeAlias

from keras.backend import resampling
from keras.core.errors import check_choice, shape_error, shapes_fit
from keras.core.op import Tensor, Tensors, op
from keras.core.typing import DataFormat
from keras.ops import numpy as knp
from keras.ops.core import cast, dtype, shape
from keras.ops.image_format import as_batch, in_float

FillMode: TypeAlias = Literal["constant", "nearest", "wrap", "mirror", "reflect"] | str
ORDERS = {"nearest": 0, "bilinear": 1}


@op(name="_sample")
def sample(
    images: Tensor,
    coordinates: Tensors,
    order: int,
    fill_mode: str,
    fill_value: float,
) -> Tensor:
    """The values of images at any places.

    Args:
        images: `(batch, *spatial, channels)`.
        coordinates: for each spatial axis the places along it, `(batch, *places)`.
        order: 0 takes the nearest pixel (halves away from 0), 1 interpolates.
        fill_mode, fill_value: how the image continues beyond its edges.

    Returns:
        `(batch, *places, channels)`, of the type of `images`; integers are rounded.
    """
    if order == 0:
        coordinates = [_round(c) for c in coordinates]
        values, restore = images, None
    else:
        values, restore = in_float(images)

    # A rim of one pixel, and all that is further out belongs to it.
    if fill_mode == "constant":
        rim = [(0, 0), *[(1, 1)] * len(coordinates), (0, 0)]
        values = knp.pad(values, rim, constant_values=fill_value)
        coordinates = [c + 1 for c in coordinates]
    batch, *sizes, channels = shape(values)

    axes = [_taps(c, size, order, fill_mode) for c, size in zip(coordinates, sizes)]
    rows = knp.reshape(values, (-1, channels))
    first = knp.reshape(knp.arange(batch), (-1, *[1] * (len(axes[0][0][0].shape) - 1)))

    out: Any = None
    for corner in itertools.product(*axes):
        index, weight = first, None
        for size, (place, part) in zip(sizes, corner):
            index = index * size + place
            if part is not None:
                weight = part if weight is None else weight * part
        value = knp.take(rows, index, axis=0)
        if weight is not None:
            value = value * cast(weight, dtype(values))[..., None]
        out = value if out is None else out + value
    return out if restore is None else restore(out)


def _round(x: Any) -> Any:
    """To the nearest integer, halves away from 0."""
    return knp.sign(x) * knp.floor(knp.abs(x) + 0.5)


def _taps(coordinates: Any, size: Any, order: int, fill_mode: str) -> list[tuple]:
    """The pixels that are read along an axis: (index, weight or None)."""
    mode = "nearest" if fill_mode == "constant" else fill_mode
    places = resampling.fold(knp, coordinates, size, mode)
    if order == 0:
        index = cast(places, "int32")
        return [(index % size if mode == "wrap" else index, None)]

    low = knp.floor(places)
    weight = places - low
    index = cast(low, "int32")
    if mode == "wrap":
        return [(index % size, 1 - weight), ((index + 1) % size, weight)]
    return [(index, 1 - weight), (knp.minimum(index + 1, size - 1), weight)]


@op(name="_project")
def project(
    images: Tensor,
    transforms: Tensor,
    size: tuple[Any, Any],
    order: int,
    fill_mode: str,
    fill_value: float,
) -> Tensor:
    """Images seen through a projective map, one for each image.

    Args:
        images: `(batch, height, width, channels)`.
        transforms: `(batch, 8)`, as in `affine_transform`.
        size: height and width of the result.
        order, fill_mode, fill_value: as in `sample`.
    """
    y = knp.arange(size[0], dtype="float32")[:, None]
    x = knp.arange(size[1], dtype="float32")
    a0, a1, a2, b0, b1, b2, c0, c1 = (transforms[:, i, None, None] for i in range(8))

    depth = c0 * x + (c1 * y + 1)
    rows = (b0 * x + (b1 * y + b2)) / depth
    columns = (a0 * x + (a1 * y + a2)) / depth
    return sample(images, [rows, columns], order, fill_mode, fill_value)


def check_sampling(who: str, interpolation: str, fill_mode: str) -> int:
    """The order of an interpolation, after both names were checked."""
    check_choice(interpolation, tuple(ORDERS), "interpolation", who)
    check_choice(fill_mode, resampling.FILL_MODES, "fill_mode", who)
    return ORDERS[interpolation]


@op
def affine_transform(
    images: Tensor,
    transform: Tensor,
    interpolation: Literal["nearest", "bilinear"] | str = "bilinear",
    fill_mode: FillMode = "constant",
    fill_value: float = 0,
    data_format: DataFormat | None = None,
) -> Tensor:
    """Apply an affine or projective map to images.

    With `transform` = [a0, a1, a2, b0, b1, b2, c0, c1], the output pixel in column x
    and row y is read from column (a0 x + a1 y + a2) / k and row (b0 x + b1 y + b2) / k
    of the input, where k = c0 x + c1 y + 1.

    Args:
        images: `(batch, height, width, channels)` or one image, or channels first.
        transform: `(batch, 8)`, or `(8,)` for one image.
        interpolation: "nearest" or "bilinear".
        fill_mode: how the image continues beyond its edges: "constant" with
            `fill_value`, "nearest" (a a | a b c d | d d), "wrap" (c d | a b c d | a b),
            "mirror" (c b | a b c d | c b) or "reflect" (b a | a b c d | d c).
        fill_value: the value for "constant".
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        Images of the same shape and type; integers are rounded.

    Raises:
        ValueError: the shapes do not fit, or a name is not known.

    Example:
        >>> x = keras.ops.reshape(keras.ops.arange(9.0), (3, 3, 1))
        >>> right = keras.ops.array([1.0, 0, -1, 0, 1, 0, 0, 0])  # by one pixel
        >>> keras.ops.image.affine_transform(x, right)[..., 0]
        array([[0., 0., 1.], [0., 3., 4.], [0., 6., 7.]], dtype=float32)
    """
    order = check_sampling("affine_transform", interpolation, fill_mode)
    is_one = len(images.shape) == 3
    expected = (8,) if is_one else (images.shape[0], 8)
    if not shapes_fit(transform.shape, expected):
        raise shape_error(
            f"affine_transform: for images of shape {tuple(images.shape)}, `transform` "
            f"must have shape {expected}",
            transform,
        )

    batch, restore = as_batch("affine_transform", images, data_format)
    transforms = _in_float32(transform[None] if is_one else transform)
    size = shape(batch)[1:3]
    return restore(project(batch, transforms, size, order, fill_mode, fill_value))


def _in_float32(x: Any) -> Any:
    """Coordinates in a type that resolves parts of a pixel."""
    return x if dtype(x) == "float64" else cast(x, "float32")


@op
def perspective_transform(
    images: Tensor,
    start_points: Tensor,
    end_points: Tensor,
    interpolation: Literal["nearest", "bilinear"] | str = "bilinear",
    fill_value: float = 0,
    data_format: DataFormat | None = None,
) -> Tensor:
    """Apply the perspective that takes four points to four others.

    Args:
        images: `(batch, height, width, channels)` or one image, or channels first.
        start_points: `(batch, 4, 2)`, or `(4, 2)` for one image: four points of the
            input as (x, y) in pixels, no three of them on a line.
        end_points: where these points are in the output, of the same shape.
        interpolation: "nearest" or "bilinear".
        fill_value: the value where the output lies outside of the input.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        Images of the same shape and type; integers are rounded.

    Raises:
        ValueError: the shapes do not fit, or `interpolation` is not known.

    Example:
        >>> x = keras.ops.ones((8, 8, 3))
        >>> start = [[0, 0], [7, 0], [0, 7], [7, 7]]
        >>> end = [[1, 0], [6, 1], [0, 7], [7, 6]]
        >>> keras.ops.image.perspective_transform(x, start, end).shape
        (8, 8, 3)
    """
    order = check_sampling("perspective_transform", interpolation, "constant")
    is_one = len(images.shape) == 3
    expected = (4, 2) if is_one else (images.shape[0], 4, 2)
    for name, points in (("start_points", start_points), ("end_points", end_points)):
        if not shapes_fit(points.shape, expected):
            raise shape_error(
                f"perspective_transform: for images of shape {tuple(images.shape)}, "
                f"`{name}` must have shape {expected}",
                points,
            )

    batch, restore = as_batch("perspective_transform", images, data_format)
    start, end = _in_float32(start_points), _in_float32(end_points)
    if is_one:
        start, end = start[None], end[None]

    transforms = perspective(start, end)
    size = shape(batch)[1:3]
    return restore(project(batch, transforms, size, order, "constant", fill_value))


def perspective(start: Any, end: Any) -> Any:
    """The maps `(batch, 8)` under which the points `end` read from `start`.

    Both are `(batch, 4, 2)`. Four points are a basis of the projective plane, so the
    map goes from one basis to another: no system of equations has to be solved.
    """
    to_start, start_scale, _ = _basis(start)
    _, end_scale, from_end = _basis(end)

    ratio = start_scale / end_scale
    matrix = knp.matmul(to_start * ratio[:, None, :], from_end)
    flat = knp.reshape(matrix, (-1, 9))
    return flat[:, :8] / flat[:, 8:]


def _basis(points: Any) -> tuple[Any, Any, Any]:
    """Three points as the columns of a matrix, and their weights in the fourth one.

    The third result is the inverse of the matrix, up to a factor.
    """
    points = knp.concatenate([points, knp.ones_like(points[..., :1])], axis=-1)
    p, q, r, last = (points[:, i] for i in range(4))
    inverse = knp.stack([_cross(q, r), _cross(r, p), _cross(p, q)], axis=1)
    weights = knp.sum(inverse * last[:, None, :], axis=-1)
    return knp.stack([p, q, r], axis=2), weights, inverse


def _cross(a: Any, b: Any) -> Any:
    """The cross product of vectors `(batch, 3)`."""
    ax, ay, az = (a[:, i] for i in range(3))
    bx, by, bz = (b[:, i] for i in range(3))
    parts = [ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx]
    return knp.stack(parts, axis=-1)


@op
def map_coordinates(
    inputs: Tensor,
    coordinates: Tensors,
    order: int,
    fill_mode: FillMode = "constant",
    fill_value: float = 0,
) -> Tensor:
    """The values of an array at given coordinates, interpolated.

    Args:
        inputs: a tensor of any rank but 0.
        coordinates: a tensor or a list with one entry for each axis of `inputs`; the
            entries have one shape.
        order: 0 takes the nearest element, 1 interpolates linearly.
        fill_mode, fill_value: how the array continues beyond its ends, as in
            `affine_transform`. With "constant" a place within one step of an end lies
            between the last element and `fill_value`.

    Returns:
        A tensor of the shape of one entry of `coordinates` and the type of `inputs`;
        integers are rounded.

    Raises:
        ValueError: there is not one entry for each axis, or an argument is not known.

    Example:
        >>> x = keras.ops.reshape(keras.ops.arange(12.0), (4, 3))
        >>> keras.ops.image.map_coordinates(x, [[0.5, 2.0], [0.5, 1.0]], order=1)
        array([2., 7.], dtype=float32)
    """
    check_choice(order, (0, 1), "order", "map_coordinates")
    check_choice(fill_mode, resampling.FILL_MODES, "fill_mode", "map_coordinates")
    rank = len(inputs.shape)
    if not rank or len(coordinates) != rank:
        raise ValueError(
            "map_coordinates: `coordinates` must have one entry for each axis of "
            f"`inputs`; received {len(coordinates)} for an input of shape "
            f"{tuple(inputs.shape)}."
        )

    places = [_in_float32(c)[None] for c in coordinates]
    out = sample(inputs[None, ..., None], places, order, fill_mode, fill_value)
    return out[0, ..., 0]
