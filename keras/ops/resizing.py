"""Images of another size: resize, scale, crop and pad."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from keras.backend import resampling
from keras.core.errors import check_choice, shape_error, standardize_tuple
from keras.core.op import Tensor, op
from keras.core.typing import DataFormat, IntOrInts
from keras.ops import numpy as knp
from keras.ops.core import cast, dtype, shape
from keras.ops.image_format import (
    along_axis,
    as_batch,
    in_float,
    larger,
    pad_axes,
    smaller,
)

Interpolation: TypeAlias = (
    Literal["bilinear", "nearest", "bicubic", "lanczos3", "lanczos5"] | str
)
INTERPOLATIONS = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5")
# The names under which `scale_and_translate` knows them.
METHODS = {
    **{name: name for name in ("bilinear", "bicubic", "lanczos3", "lanczos5")},
    **dict.fromkeys(("linear", "trilinear", "triangle"), "bilinear"),
    **dict.fromkeys(("cubic", "tricubic"), "bicubic"),
}


@op
def resize(
    images: Tensor,
    size: IntOrInts,
    interpolation: Interpolation = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: DataFormat | None = None,
) -> Tensor:
    """Resize images.

    Args:
        images: `(batch, height, width, channels)` or one image, or channels first.
        size: the new height and width.
        interpolation: "nearest", "bilinear", "bicubic" (Keys, 1981, with a = -0.5),
            "lanczos3" or "lanczos5". All take pixel i for the interval from i - 0.5 to
            i + 0.5, so that the edges of the old and the new image coincide.
        antialias: whether the kernel is widened where the image shrinks, so that each
            old pixel counts.
        crop_to_aspect_ratio: whether the image is first cropped, about its center, to
            the aspect ratio of `size`, instead of being distorted.
        pad_to_aspect_ratio: whether it is first padded to that ratio.
        fill_mode: "constant", the only mode for the padding.
        fill_value: the value of the padding.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        Images of the new size, of the type of `images`; integers are rounded.

    Raises:
        ValueError: the rank is not 3 or 4, both ways to keep the aspect ratio are asked
            for, or an argument is not known.

    Example:
        >>> x = keras.ops.ones((2, 8, 6, 3))
        >>> keras.ops.image.resize(x, (4, 4), crop_to_aspect_ratio=True).shape
        (2, 4, 4, 3)
    """
    height, width = standardize_tuple(size, 2, "size", "resize")
    check_choice(interpolation, INTERPOLATIONS, "interpolation", "resize")
    check_choice(fill_mode, ("constant",), "fill_mode", "resize")
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            "resize: only one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` can "
            "be True; received both."
        )

    batch, restore = as_batch("resize", images, data_format)
    if crop_to_aspect_ratio:
        batch = _crop_to_ratio(batch, height, width)
    elif pad_to_aspect_ratio:
        batch = _pad_to_ratio(batch, height, width, fill_value)
    return restore(resize_batch(batch, (height, width), interpolation, antialias))


@op(name="_resize")
def resize_batch(
    images: Tensor, size: tuple[int, int], interpolation: str, antialias: bool
) -> Tensor:
    """`resize` with checked arguments: `(batch, height, width, channels)`."""
    if interpolation == "nearest":
        for axis, new in ((1, size[0]), (2, size[1])):
            old = shape(images)[axis]
            images = knp.take(images, resampling.nearest(knp, old, new), axis)
        return images

    out, restore = in_float(images)
    for axis, new in ((1, size[0]), (2, size[1])):
        old = shape(out)[axis]
        if not isinstance(old, int) or old != new:
            matrix = resampling.weights(knp, old, new, interpolation, antialias)
            out = along_axis(out, cast(matrix, dtype(out)), axis)
    return restore(out)


def _crop_to_ratio(images: Any, height: int, width: int) -> Any:
    """The largest part about the center that has the ratio of height to width."""
    _, rows, columns, _ = shape(images)
    kept_rows = smaller(rows, columns * height // width)
    kept_columns = smaller(columns, rows * width // height)

    top = (rows - kept_rows) // 2
    left = (columns - kept_columns) // 2
    return images[:, top : top + kept_rows, left : left + kept_columns]


def _pad_to_ratio(images: Any, height: int, width: int, fill_value: float) -> Any:
    """A frame of the ratio of height to width with the image in it.

    Both sides get the same, as in Keras, so that the frame may be a pixel too small.
    """
    _, rows, columns, _ = shape(images)
    full_rows = larger(rows, columns * height // width)
    full_columns = larger(columns, rows * width // height)

    widths = {}
    for axis, old, new in ((1, rows, full_rows), (2, columns, full_columns)):
        half = (new - old) // 2
        widths[axis] = (half, half)
    return pad_axes(images, widths, fill_value)


@op
def scale_and_translate(
    images: Tensor,
    output_shape: Sequence[int],
    scale: Tensor,
    translation: Tensor,
    spatial_dims: Sequence[int],
    method: str,
    antialias: bool = True,
) -> Tensor:
    """Scale and shift images along some of their axes.

    The pixel at x, whose center is at x + 0.5, comes to (x + 0.5) * scale + translation
    - 0.5. Where the output lies outside of the input it is 0.

    Args:
        images: a tensor of any rank.
        output_shape: the shape of the result, the same as that of `images` but for
            `spatial_dims`.
        scale: a factor for each of `spatial_dims`.
        translation: a shift for each of `spatial_dims`, in pixels of the output.
        spatial_dims: the axes.
        method: "linear", "bilinear", "trilinear", "triangle", "cubic", "bicubic",
            "tricubic", "lanczos3" or "lanczos5".
        antialias: whether the kernel is widened where the image shrinks.

    Returns:
        A tensor of shape `output_shape`.

    Raises:
        ValueError: `method` is not known, or there is not one factor and one shift for
            each axis.

    Example:
        >>> x = keras.ops.reshape(keras.ops.arange(9.0), (3, 3))
        >>> keras.ops.image.scale_and_translate(
        ...     x, (6, 3), (2.0, 1.0), (0.0, 1.0), (0, 1), "linear"
        ... ).shape
        (6, 3)
    """
    check_choice(method, tuple(METHODS), "method", "scale_and_translate")
    axes = tuple(spatial_dims)
    rank = len(images.shape)
    if len(output_shape) != rank or any(not -rank <= axis < rank for axis in axes):
        raise ValueError(
            "scale_and_translate: `output_shape` must have one size for each axis of "
            f"`images`, and `spatial_dims` must be some of the axes; received images "
            f"of shape {tuple(images.shape)}, output_shape={tuple(output_shape)}, "
            f"spatial_dims={axes}."
        )
    for name, value in (("scale", scale), ("translation", translation)):
        if tuple(value.shape) not in ((len(axes),), (None,)):
            raise shape_error(
                f"scale_and_translate: `{name}` must have one value for each of the "
                f"axes {axes}",
                value,
            )

    out, restore = in_float(images)
    scale, translation = cast(scale, "float32"), cast(translation, "float32")
    for i, axis in enumerate(axes):
        matrix = resampling.weights(
            knp,
            shape(out)[axis],
            output_shape[axis],
            METHODS[method],
            antialias,
            scale[i],
            translation[i],
        )
        out = along_axis(out, cast(matrix, dtype(out)), axis % rank)
    return restore(out)
