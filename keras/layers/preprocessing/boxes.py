"""Bounding boxes where layers move them: as corners in pixels, and back.

What is public for boxes is `keras.utils.bounding_boxes`; this is the part of it that
layers need.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops
from keras.core.errors import check_choice
from keras.ops.box_layouts import LAYOUTS

FORMATS = (*LAYOUTS, *(f"rel_{name}" for name in LAYOUTS))


def transform_boxes(
    bounding_boxes: dict[str, Any],
    box_format: str,
    size: tuple[Any, Any],
    move: Callable[[Any], Any],
    new_size: tuple[Any, Any] | None = None,
) -> dict[str, Any]:
    """Move boxes, clip them to the image, and mark those that are no longer in it.

    Args:
        bounding_boxes: a dict of `"boxes"` `(..., boxes, 4)` and `"labels"`.
        box_format: a name of `FORMATS`.
        size: height and width of the image.
        move: from corners `(..., boxes, 4)`, as left, top, right and bottom in pixels,
            to those of the moved boxes.
        new_size: height and width after moving; by default as before.

    Returns:
        The dict with new boxes, in the same format. The label of a box that is no
        longer in the image is -1; what has that label already is no box, and stays.
    """
    height, width = new_size or size
    given, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
    corners = move(to_corners(ops.cast(given, "float32"), box_format, size))

    corners = ops.minimum(ops.maximum(corners, 0.0), _sides((height, width)))
    extent = corners[..., 2:] - corners[..., :2]
    is_inside = (extent[..., 0] > 0) & (extent[..., 1] > 0)

    boxes = from_corners(corners, box_format, (height, width))
    none = ops.cast(-1, ops.dtype(labels))
    is_box = labels != none
    return {
        **bounding_boxes,
        "boxes": ops.where(is_box[..., None], boxes, ops.cast(given, "float32")),
        "labels": ops.where(is_inside, labels, none),
    }


def to_corners(boxes: Any, box_format: str, size: tuple[Any, Any]) -> Any:
    """Boxes in any format as left, top, right and bottom, in pixels."""
    name, scale = _layout(box_format, size)
    four = LAYOUTS[name][0](*ops.unstack(boxes, 4, axis=-1))
    return ops.stack(four, axis=-1) * scale


def from_corners(corners: Any, box_format: str, size: tuple[Any, Any]) -> Any:
    """The way back from `to_corners`."""
    name, scale = _layout(box_format, size)
    four = LAYOUTS[name][1](*ops.unstack(corners / scale, 4, axis=-1))
    return ops.stack(four, axis=-1)


def _layout(box_format: str, size: tuple[Any, Any]) -> tuple[str, Any]:
    """The layout of a format, and what its corners are multiplied by to be pixels."""
    check_choice(box_format, FORMATS, "bounding_box_format", "Bounding boxes")
    name = box_format.removeprefix("rel_")
    return name, 1.0 if name == box_format else _sides(size)


def _sides(size: tuple[Any, Any]) -> Any:
    """The largest left, top, right and bottom in an image of a height and width."""
    height, width = (ops.cast(n, "float32") for n in size)
    return ops.stack([width, height, width, height])
