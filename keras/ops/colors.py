"""Colors of images: gray, and hue, saturation and value."""

from __future__ import annotations

from typing import Any

from keras.core import dtypes
from keras.core.errors import shape_error
from keras.core.op import Tensor, op
from keras.core.typing import DataFormat
from keras.ops import numpy as knp
from keras.ops.core import cast, dtype
from keras.ops.image_format import channel_axis, in_float

# The weights of red, green and blue in ITU-R BT.601.
LUMA = (0.2989, 0.5870, 0.1140)


def _channels(
    who: str, images: Any, data_format: str | None
) -> tuple[Any, Any, Any, int]:
    """The three channels, each with its axis, and the axis."""
    axis = channel_axis(who, images, data_format)
    if images.shape[axis] not in (3, None):
        raise shape_error(
            f"{who}: axis {axis} of `images` must have 3 channels", images
        )

    first, second, third = (
        images[..., i : i + 1] if axis == -1 else images[..., i : i + 1, :, :]
        for i in range(3)
    )
    return first, second, third, axis


@op
def rgb_to_grayscale(images: Tensor, data_format: DataFormat | None = None) -> Tensor:
    """Gray values of images in red, green and blue, weighted as in ITU-R BT.601.

    Args:
        images: `(batch, height, width, 3)` or one image, or channels first.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        Images with one channel, of the type of `images`; of integers the fraction is
        cut off, as in Keras.

    Raises:
        ValueError: the rank is not 3 or 4, or there are not 3 channels.

    Example:
        >>> x = keras.ops.ones((1, 2, 2, 3))
        >>> keras.ops.image.rgb_to_grayscale(x).shape
        (1, 2, 2, 1)
    """
    values, _ = in_float(images)
    channels = _channels("rgb_to_grayscale", values, data_format)
    red, green, blue = (c * weight for c, weight in zip(channels, LUMA))
    return cast(red + green + blue, dtype(images))


def _refuse_integers(who: str, images: Any) -> None:
    if dtype(images) not in dtypes.FLOATS:
        raise ValueError(
            f"{who}: `images` must be floats from 0 to 1; received the type "
            f"{dtype(images)}. Divide bytes by 255 first."
        )


@op
def rgb_to_hsv(images: Tensor, data_format: DataFormat | None = None) -> Tensor:
    """Hue, saturation and value of images in red, green and blue.

    Args:
        images: floats from 0 to 1, `(batch, height, width, 3)` or one image, or
            channels first.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        Images of the same shape and type, with all channels from 0 to 1. Gray has hue
        0, black also saturation 0.

    Raises:
        ValueError: `images` are not floats, of rank 3 or 4, with 3 channels.

    Example:
        >>> keras.ops.image.rgb_to_hsv([[[0.0, 0.5, 0.0]]])
        array([[[0.33333334, 1.        , 0.5       ]]], dtype=float32)
    """
    _refuse_integers("rgb_to_hsv", images)
    values, restore = in_float(images)
    red, green, blue, axis = _channels("rgb_to_hsv", values, data_format)
    largest = knp.maximum(knp.maximum(red, green), blue)
    chroma = largest - knp.minimum(knp.minimum(red, green), blue)

    # Divisors that are 0 are replaced, so that no gradient is nan.
    has_color = chroma > 0
    divisor = knp.where(has_color, chroma, 1.0)
    saturation = chroma / knp.where(largest > 0, largest, 1.0)

    # Which channel is the largest says in which third of the circle the hue is.
    hue = knp.where(
        largest == red,
        (green - blue) / divisor,
        knp.where(
            largest == green, 2 + (blue - red) / divisor, 4 + (red - green) / divisor
        ),
    )
    hue = knp.where(has_color, hue / 6, 0.0)
    hue = knp.where(hue < 0, hue + 1, hue)
    return restore(knp.concatenate([hue, saturation, largest], axis))


@op
def hsv_to_rgb(images: Tensor, data_format: DataFormat | None = None) -> Tensor:
    """Red, green and blue of images in hue, saturation and value.

    Args:
        images: floats, `(batch, height, width, 3)` or one image, or channels first.
            Saturation and value are from 0 to 1; a hue and that plus 1 are the same.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        Images of the same shape and type.

    Raises:
        ValueError: `images` are not floats, of rank 3 or 4, with 3 channels.

    Example:
        >>> keras.ops.image.hsv_to_rgb([[[0.5, 1.0, 0.8]]])
        array([[[0. , 0.8, 0.8]]], dtype=float32)
    """
    _refuse_integers("hsv_to_rgb", images)
    values, restore = in_float(images)
    hue, saturation, value, axis = _channels("hsv_to_rgb", values, data_format)
    turn = 6 * (hue - knp.floor(hue))

    # Each primary is full in one third of the circle, fades over a sixth on both sides.
    def primary(center: int) -> Any:
        distance = knp.abs(turn - center)
        distance = knp.minimum(distance, 6 - distance)
        share = knp.clip(2 - distance, 0.0, 1.0)
        return value * (1 - saturation * (1 - share))

    return restore(knp.concatenate([primary(0), primary(2), primary(4)], axis))
