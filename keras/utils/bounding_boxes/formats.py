"""The formats of bounding boxes, and the way from one to another.

A box is four numbers along the last axis. Every conversion goes by the corners: left,
top, right and bottom in pixels.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from keras import ops
from keras.core.dtypes import standardize_dtype
from keras.core.errors import check_choice
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, DTypeLike
from keras.ops.box_layouts import LAYOUTS

BoxFormat: TypeAlias = (
    Literal[
        "xyxy",
        "yxyx",
        "xywh",
        "center_xywh",
        "center_yxhw",
        "rel_xyxy",
        "rel_yxyx",
        "rel_xywh",
        "rel_center_xywh",
    ]
    | str
)
FORMATS = (
    *LAYOUTS,
    *("rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh"),
)


def convert_format(
    boxes: ArrayLike | dict[str, Any],
    source: BoxFormat,
    target: BoxFormat,
    height: int | Tensor | None = None,
    width: int | Tensor | None = None,
    dtype: DTypeLike = "float32",
) -> Any:
    """Convert bounding boxes from one format to another.

    The formats are

    - "xyxy": left, top, right, bottom;
    - "yxyx": top, left, bottom, right;
    - "xywh": left, top, width, height;
    - "center_xywh": the center's x and y, width, height;
    - "center_yxhw": the center's y and x, height, width;
    - "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh": the same as parts of the
      width and height of the image, from 0 to 1.

    Args:
        boxes: `(..., 4)`, or a dict with such a tensor as "boxes"; its other entries
            are kept.
        source: the format of `boxes`.
        target: the format to convert to.
        height, width: of the image in pixels, numbers or tensors that broadcast to
            `boxes[..., 0]`. They are needed if one of the formats is relative and the
            other is not.
        dtype: the type of the result.

    Returns:
        Boxes of the same shape, or a dict with them.

    Raises:
        ValueError: a format is not known, `height` and `width` are missing, or the last
            axis does not have size 4.

    Example:
        >>> keras.utils.bounding_boxes.convert_format(
        ...     [[10.0, 20.0, 30.0, 60.0]], source="xyxy", target="xywh"
        ... )
        array([[10., 20., 20., 40.]], dtype=float32)
    """
    if isinstance(boxes, dict):
        converted = convert_format(boxes["boxes"], source, target, height, width, dtype)
        return {**boxes, "boxes": converted}

    check_choice(source, FORMATS, "source", "convert_format")
    check_choice(target, FORMATS, "target", "convert_format")
    dtype = standardize_dtype(dtype)
    boxes = as_boxes("convert_format", boxes, dtype)
    if source == target:
        return boxes

    from_relative, to_relative = source.startswith("rel_"), target.startswith("rel_")
    four = tuple(boxes[..., i] for i in range(4))
    corners = LAYOUTS[source.removeprefix("rel_")][0](*four)
    if from_relative != to_relative:
        if height is None or width is None:
            raise ValueError(
                f"convert_format: `height` and `width` of the image are needed to "
                f"convert from {source!r} to {target!r}; received height={height}, "
                f"width={width}."
            )
        sizes = [_as_float(size, dtype) for size in (width, height)] * 2
        pairs = zip(corners, sizes)
        corners = tuple(c * n if from_relative else c / n for c, n in pairs)
    return ops.stack(LAYOUTS[target.removeprefix("rel_")][1](*corners), axis=-1)


def _as_float(size: Any, dtype: str) -> Any:
    return float(size) if isinstance(size, (int, float)) else ops.cast(size, dtype)


def as_boxes(
    who: str, boxes: Any, dtype: str = "float32", ranks: tuple[int, ...] = ()
) -> Any:
    """Boxes as a tensor of that type; a ValueError for another shape than theirs."""
    if isinstance(boxes, dict):
        raise TypeError(
            f"{who}: boxes must be a tensor; received a dict with the entries "
            f"{sorted(map(str, boxes))}. Pass its entry 'boxes'."
        )
    boxes = ops.cast(ops.convert_to_tensor(boxes), dtype)
    shape = tuple(boxes.shape)
    if not shape or shape[-1] not in (4, None) or (ranks and len(shape) not in ranks):
        wanted = f", with rank {' or '.join(map(str, ranks))}" if ranks else ""
        raise ValueError(
            f"{who}: boxes must have four numbers along the last axis{wanted}; "
            f"received shape {shape}."
        )
    return boxes


def scalars(*numbers: Any) -> list[Any]:
    """Numbers, or tensors of them, as float32 tensors."""
    return [ops.cast(ops.convert_to_tensor(number), "float32") for number in numbers]


def refuse_relative(who: str, bounding_box_format: str) -> None:
    """Raise for boxes that are parts of an image whose size changes."""
    check_choice(bounding_box_format, FORMATS, "bounding_box_format", who)
    if bounding_box_format.startswith("rel_"):
        raise ValueError(
            f"{who}: boxes must be in pixels; received the format "
            f"{bounding_box_format!r}. Convert them with convert_format first."
        )


def corners_of(
    who: str, boxes: Any, bounding_box_format: str, image_shape: Any
) -> tuple[Any, ...]:
    """Left, top, right and bottom of boxes in pixels."""
    check_choice(bounding_box_format, FORMATS, "bounding_box_format", who)
    height, width = size_of(who, bounding_box_format, image_shape)
    corners = convert_format(boxes, bounding_box_format, "xyxy", height, width)
    return tuple(corners[..., i] for i in range(4))


def size_of(who: str, bounding_box_format: str, image_shape: Any) -> tuple[Any, Any]:
    """Height and width of an image; None where they are not needed."""
    if image_shape is not None:
        return tuple(image_shape)[:2]  # type: ignore[return-value]
    if bounding_box_format.startswith("rel_"):
        raise ValueError(
            f"{who}: `image_shape` is needed for the relative format "
            f"{bounding_box_format!r}, as (height, width, channels)."
        )
    return None, None
