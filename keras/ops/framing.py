"""Images cut out and put into frames."""

from __future__ import annotations

from typing import Any

from keras.core.op import Tensor, op
from keras.core.typing import DataFormat
from keras.ops.core import shape
from keras.ops.image_format import channel_axis, pad_axes


def _spatial_axes(who: str, images: Any, data_format: str | None) -> tuple[int, int]:
    """The axes of height and width."""
    is_last = channel_axis(who, images, data_format) == -1
    rank = len(images.shape)
    return (rank - 3, rank - 2) if is_last else (rank - 2, rank - 1)


def _two_of_three(who: str, size: Any, growing: bool, **given: int | None) -> Any:
    """The amounts before and after, from two of: before, after, size of the result.

    Args:
        who: the op, for the error.
        size: the size of the axis, maybe a tensor.
        growing: whether the amounts are added, else they are cut off.
        **given: the three by name, exactly one of them None.
    """
    names = tuple(given)
    before: Any
    after: Any
    before, after, target = given.values()
    if sum(value is None for value in given.values()) != 1:
        raise ValueError(
            f"{who}: exactly two of {', '.join(names)} must be given; received "
            + ", ".join(f"{name}={value}" for name, value in given.items())
            + "."
        )

    if target is not None:
        both = target - size if growing else size - target
        if before is None:
            before = both - after
        else:
            after = both - before

    for name, value in zip(names, (before, after)):
        if isinstance(value, int) and value < 0:
            raise ValueError(
                f"{who}: `{name}` must not be negative; it is {value} for "
                + ", ".join(f"{key}={v}" for key, v in given.items())
                + f" and an axis of size {size}."
            )
    return before, after


@op
def crop_images(
    images: Tensor,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: DataFormat | None = None,
) -> Tensor:
    """Cut rows and columns off images.

    Args:
        images: `(batch, height, width, channels)` or one image, or channels first.
        top_cropping, bottom_cropping, target_height: two of: the rows cut off above,
            those cut off below, the rows left.
        left_cropping, right_cropping, target_width: two of: the columns cut off at the
            left, those at the right, the columns left.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        The part of `images`.

    Raises:
        ValueError: not two of three are given, or the part reaches beyond the image.

    Example:
        >>> x = keras.ops.ones((2, 6, 8, 3))
        >>> keras.ops.image.crop_images(
        ...     x, top_cropping=1, left_cropping=2, target_height=3, target_width=4
        ... ).shape
        (2, 3, 4, 3)
    """
    row_axis, column_axis = _spatial_axes("crop_images", images, data_format)
    dims = shape(images)
    top, bottom = _two_of_three(
        "crop_images",
        dims[row_axis],
        False,
        top_cropping=top_cropping,
        bottom_cropping=bottom_cropping,
        target_height=target_height,
    )
    left, right = _two_of_three(
        "crop_images",
        dims[column_axis],
        False,
        left_cropping=left_cropping,
        right_cropping=right_cropping,
        target_width=target_width,
    )

    for axis, before, after in ((row_axis, top, bottom), (column_axis, left, right)):
        size = dims[axis]
        if isinstance(size, int) and before + after >= size:
            raise ValueError(
                f"crop_images: nothing of an axis of size {size} is left without "
                f"{before} at its beginning and {after} at its end (images of shape "
                f"{tuple(images.shape)})."
            )
        index = (slice(None),) * axis + (slice(before, size - after),)
        images = images[index]
    return images


@op
def pad_images(
    images: Tensor,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: DataFormat | None = None,
) -> Tensor:
    """Put zeros around images.

    Args:
        images: `(batch, height, width, channels)` or one image, or channels first.
        top_padding, bottom_padding, target_height: two of: the rows added above, those
            added below, the rows of the result.
        left_padding, right_padding, target_width: two of: the columns added at the
            left, those at the right, the columns of the result.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        The larger images.

    Raises:
        ValueError: not two of three are given, or the result is smaller than the image.

    Example:
        >>> x = keras.ops.ones((2, 3, 4, 3))
        >>> keras.ops.image.pad_images(
        ...     x, top_padding=1, left_padding=2, target_height=6, target_width=8
        ... ).shape
        (2, 6, 8, 3)
    """
    row_axis, column_axis = _spatial_axes("pad_images", images, data_format)
    dims = shape(images)
    rows = _two_of_three(
        "pad_images",
        dims[row_axis],
        True,
        top_padding=top_padding,
        bottom_padding=bottom_padding,
        target_height=target_height,
    )
    columns = _two_of_three(
        "pad_images",
        dims[column_axis],
        True,
        left_padding=left_padding,
        right_padding=right_padding,
        target_width=target_width,
    )
    return pad_axes(images, {row_axis: rows, column_axis: columns})
