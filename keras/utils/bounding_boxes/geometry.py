"""Bounding boxes under what is done to their image."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from keras import ops
from keras.core.op import Tensor
from keras.core.typing import ArrayLike
from keras.utils.bounding_boxes.formats import (
    BoxFormat,
    as_boxes,
    convert_format,
    refuse_relative,
    scalars,
)

# One number for all images, or a tensor with one for each.
PerImage: TypeAlias = float | Tensor


def clip_to_image_size(
    bounding_boxes: dict[str, Any],
    height: int | Tensor | None = None,
    width: int | Tensor | None = None,
    bounding_box_format: BoxFormat = "xyxy",
) -> dict[str, Any]:
    """Clip bounding boxes to their image.

    Args:
        bounding_boxes: a dict with "boxes" `(..., 4)` and "labels" `(...)`; its other
            entries are kept.
        height, width: of the image in pixels; not needed for relative formats.
        bounding_box_format: see `convert_format`.

    Returns:
        A dict with the clipped boxes. The label of a box of which nothing is left
        becomes -1.

    Raises:
        ValueError: the boxes are not a dict with "boxes" and "labels", or a size is
            missing.

    Example:
        >>> boxes = {"boxes": [[-5.0, 2.0, 8.0, 30.0]], "labels": [3]}
        >>> keras.utils.bounding_boxes.clip_to_image_size(boxes, 20, 20)["boxes"]
        array([[ 0.,  2.,  8., 20.]], dtype=float32)
    """
    if not isinstance(bounding_boxes, dict) or not {"boxes", "labels"} <= set(
        bounding_boxes
    ):
        raise ValueError(
            "clip_to_image_size: `bounding_boxes` must be a dict with the entries "
            f"'boxes' and 'labels'; received {bounding_boxes!r}."
        )
    is_relative = bounding_box_format.startswith("rel_")
    if is_relative:
        height, width = 1, 1
    elif height is None or width is None:
        raise ValueError(
            "clip_to_image_size: `height` and `width` of the image are needed for "
            f"{bounding_box_format!r}; received height={height}, width={width}."
        )

    corners = "rel_xyxy" if is_relative else "xyxy"
    boxes = convert_format(bounding_boxes["boxes"], bounding_box_format, corners)
    boxes = _clip(boxes, height, width)
    area = (boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])
    labels = ops.convert_to_tensor(bounding_boxes["labels"])
    labels = ops.where(area > 0, labels, ops.cast(-1, labels.dtype))

    boxes = convert_format(boxes, corners, bounding_box_format)
    return {**bounding_boxes, "boxes": boxes, "labels": labels}


def _clip(boxes: Any, height: Any, width: Any) -> Any:
    """Corners clipped to a frame that begins at 0."""
    bounds = [ops.cast(size, boxes.dtype) for size in (width, height)] * 2
    parts = [
        ops.minimum(ops.maximum(boxes[..., i], 0.0), bound)
        for i, bound in enumerate(bounds)
    ]
    return ops.stack(parts, axis=-1)


def _shifted(boxes: Any, left: Any, top: Any) -> Any:
    """Corners moved to the right and down."""
    shift = ops.stack([ops.cast(part, boxes.dtype) for part in (left, top)] * 2)
    return boxes + shift


def crop(
    boxes: ArrayLike,
    top: int | Tensor,
    left: int | Tensor,
    height: int | Tensor,
    width: int | Tensor,
    bounding_box_format: BoxFormat = "xyxy",
) -> Tensor:
    """Bounding boxes after their image was cropped.

    Args:
        boxes: `(..., 4)`, in pixels.
        top, left: how many rows and columns are cut off there.
        height, width: of the part that is left.
        bounding_box_format: see `convert_format`; not a relative one.

    Returns:
        Boxes of the same shape, clipped to the part.

    Raises:
        ValueError: the format is relative.

    Example:
        >>> keras.utils.bounding_boxes.crop(
        ...     [[10.0, 10.0, 30.0, 40.0]], top=5, left=15, height=20, width=50
        ... )
        array([[ 0.,  5., 15., 20.]], dtype=float32)
    """
    refuse_relative("crop", bounding_box_format)
    corners = convert_format(as_boxes("crop", boxes), bounding_box_format, "xyxy")
    corners = _clip(_shifted(corners, -left, -top), height, width)
    return convert_format(corners, "xyxy", bounding_box_format)


def pad(
    boxes: ArrayLike,
    top: int | Tensor,
    left: int | Tensor,
    height: int | Tensor | None = None,
    width: int | Tensor | None = None,
    bounding_box_format: BoxFormat = "xyxy",
) -> Tensor:
    """Bounding boxes after their image was padded.

    Args:
        boxes: `(..., 4)`, in pixels.
        top, left: how many rows and columns were added there.
        height, width: accepted for compatibility: boxes in pixels do not depend on the
            size of their image.
        bounding_box_format: see `convert_format`; not a relative one.

    Returns:
        Boxes of the same shape.

    Raises:
        ValueError: the format is relative.

    Example:
        >>> keras.utils.bounding_boxes.pad([[1.0, 2.0, 3.0, 4.0]], top=10, left=20)
        array([[21., 12., 23., 14.]], dtype=float32)
    """
    refuse_relative("pad", bounding_box_format)
    corners = convert_format(as_boxes("pad", boxes), bounding_box_format, "xyxy")
    return convert_format(_shifted(corners, left, top), "xyxy", bounding_box_format)


def affine_transform(
    boxes: ArrayLike,
    angle: PerImage,
    translate_x: PerImage,
    translate_y: PerImage,
    scale: PerImage,
    shear_x: PerImage,
    shear_y: PerImage,
    height: int | Tensor,
    width: int | Tensor,
    center_x: PerImage | None = None,
    center_y: PerImage | None = None,
    bounding_box_format: BoxFormat = "xyxy",
) -> Tensor:
    """The boxes around boxes that are turned, moved, scaled and sheared.

    A corner p becomes c + scale * L (p - c + t), where c is the center, t the
    translation and, with r the angle, u = tan(shear_x) and v = tan(shear_y),

        L = [[cos r + u (sin r - v cos r), sin r + u (cos r + v sin r)],
             [v cos r - sin r,             cos r + v sin r]].

    Args:
        boxes: `(batch, n, 4)`, or `(n, 4)` for one image.
        angle: in degrees, counterclockwise.
        translate_x, translate_y: as parts of `width - 1` and `height - 1`.
        scale: a factor.
        shear_x, shear_y: in degrees.
        height, width: of the image in pixels.
        center_x, center_y: of rotation, scale and shear, as parts of `width - 1` and
            `height - 1`; by default the center of the image.
        bounding_box_format: see `convert_format`.

    Returns:
        Boxes of the same shape.

    Raises:
        ValueError: `boxes` does not have rank 2 or 3.

    Example:
        >>> keras.utils.bounding_boxes.affine_transform(
        ...     [[2.0, 4.0, 6.0, 8.0]],
        ...     angle=0.0,
        ...     translate_x=0.1,
        ...     translate_y=0.0,
        ...     scale=1.0,
        ...     shear_x=0.0,
        ...     shear_y=0.0,
        ...     height=21,
        ...     width=21,
        ... )
        array([[4., 4., 8., 8.]], dtype=float32)
    """
    boxes = as_boxes("affine_transform", boxes, ranks=(2, 3))
    corners = convert_format(boxes, bounding_box_format, "xyxy", height, width)
    left, top, right, bottom = (corners[..., i] for i in range(4))
    x = ops.stack([left, right, left, right], axis=-1)
    y = ops.stack([top, top, bottom, bottom], axis=-1)

    last_x, last_y = scalars(width - 1, height - 1)
    middle = [0.5 if c is None else c for c in (center_x, center_y)]
    numbers = scalars(angle, translate_x, translate_y, scale, shear_x, shear_y, *middle)
    angle, move_x, move_y, scale, shear_x, shear_y, middle_x, middle_y = (
        # One number for an image, beside its boxes and their corners.
        ops.reshape(number, (-1, 1, 1)) if len(number.shape) else number
        for number in numbers
    )

    turn = math.pi / 180
    cosine, sine = ops.cos(angle * turn), ops.sin(angle * turn)
    u, v = ops.tan(shear_x * turn), ops.tan(shear_y * turn)
    below_x, below_y = v * cosine - sine, cosine + v * sine
    beside_x, beside_y = cosine - u * below_x, sine + u * below_y

    from_x, from_y = x + (move_x - middle_x) * last_x, y + (move_y - middle_y) * last_y
    to_x = middle_x * last_x + scale * (beside_x * from_x + beside_y * from_y)
    to_y = middle_y * last_y + scale * (below_x * from_x + below_y * from_y)

    around = [
        *(ops.min(to_x, axis=-1), ops.min(to_y, axis=-1)),
        *(ops.max(to_x, axis=-1), ops.max(to_y, axis=-1)),
    ]
    out = ops.stack(around, axis=-1)
    return convert_format(out, "xyxy", bounding_box_format, height, width)
