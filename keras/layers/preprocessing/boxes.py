"""Bounding boxes where layers move them: as corners in pixels, and back.

What is public for boxes is `keras.utils.bounding_boxes`; this is the part of it that
layers need.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops
from keras.core.errors import check_choice

# Which of left, top, right, bottom (or of the center, the width and the height) each of
# the four numbers is.
_ORDERS = {
    "xyxy": ("left", "top", "right", "bottom"),
    "yxyx": ("top", "left", "bottom", "right"),
    "xywh": ("left", "top", "width", "height"),
    "center_xywh": ("x", "y", "width", "height"),
    "center_yxhw": ("y", "x", "height", "width"),
}
FORMATS = (*_ORDERS, *(f"rel_{name}" for name in _ORDERS))


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

    limits = ops.stack([ops.cast(n, "float32") for n in (width, height) * 2])
    corners = ops.minimum(ops.maximum(corners, 0.0), limits)
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
    named = dict(zip(_ORDERS[name], ops.unstack(boxes * scale, 4, axis=-1)))
    if "x" in named:
        named["left"] = named["x"] - named["width"] / 2
        named["top"] = named["y"] - named["height"] / 2
    if "width" in named:
        named["right"] = named["left"] + named["width"]
        named["bottom"] = named["top"] + named["height"]
    return ops.stack([named[side] for side in _ORDERS["xyxy"]], axis=-1)


def from_corners(corners: Any, box_format: str, size: tuple[Any, Any]) -> Any:
    """The way back from `to_corners`."""
    name, scale = _layout(box_format, size)
    named = dict(zip(_ORDERS["xyxy"], ops.unstack(corners, 4, axis=-1)))
    named["width"] = named["right"] - named["left"]
    named["height"] = named["bottom"] - named["top"]
    named["x"] = (named["left"] + named["right"]) / 2
    named["y"] = (named["top"] + named["bottom"]) / 2
    return ops.stack([named[side] for side in _ORDERS[name]], axis=-1) / scale


def _layout(box_format: str, size: tuple[Any, Any]) -> tuple[str, Any]:
    """The order of a format, and what its numbers are multiplied by to be pixels."""
    check_choice(box_format, FORMATS, "bounding_box_format", "Bounding boxes")
    name = box_format.removeprefix("rel_")
    if name == box_format:
        return name, 1.0
    height, width = (ops.cast(n, "float32") for n in size)
    is_row = [side in ("top", "bottom", "y", "height") for side in _ORDERS[name]]
    return name, ops.stack([height if row else width for row in is_row])
