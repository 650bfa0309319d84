"""Boxes relative to anchors, as detectors predict them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

from keras import ops
from keras.core.errors import check_choice
from keras.core.op import Tensor
from keras.core.settings import epsilon
from keras.core.typing import ArrayLike
from keras.utils.bounding_boxes.formats import (
    FORMATS,
    BoxFormat,
    as_boxes,
    convert_format,
    size_of,
)

Encoding: TypeAlias = Literal["center_xywh", "center_yxhw"] | str
ENCODINGS = ("center_xywh", "center_yxhw")


def encode_box_to_deltas(
    anchors: ArrayLike,
    boxes: ArrayLike,
    anchor_format: BoxFormat,
    box_format: BoxFormat,
    encoding_format: Encoding = "center_yxhw",
    variance: Sequence[float] | None = None,
    image_shape: Sequence[int] | None = None,
) -> Tensor:
    """Encode boxes relative to anchors (Ren et al., 2015, arXiv:1506.01497).

    The distance of the centers is divided by the size of the anchor, and of the ratio
    of the sizes the logarithm is taken.

    Args:
        anchors: `(n, 4)`.
        boxes: `(n, 4)` or `(batch, n, 4)`, one for each anchor.
        anchor_format, box_format: see `convert_format`.
        encoding_format: "center_yxhw" or "center_xywh": the order of the result.
        variance: four numbers by which the result is divided.
        image_shape: `(height, width, channels)`, for relative formats.

    Returns:
        Deltas, of the shape of `boxes`.

    Raises:
        ValueError: `encoding_format` is not known, `variance` has not four numbers, or
            `image_shape` is missing.

    Example:
        >>> keras.utils.bounding_boxes.encode_box_to_deltas(
        ...     [[0.0, 0, 10, 10]], [[5.0, 0, 15, 10]], "xyxy", "xyxy"
        ... )
        array([[0. , 0.5, 0. , 0. ]], dtype=float32)
    """
    who = "encode_box_to_deltas"
    check_choice(encoding_format, ENCODINGS, "encoding_format", who)
    a = _centered(who, anchors, anchor_format, encoding_format, image_shape)
    b = _centered(who, boxes, box_format, encoding_format, image_shape)
    a_size = ops.maximum(a[..., 2:], epsilon())
    b_size = ops.maximum(b[..., 2:], epsilon())

    shift = (b[..., :2] - a[..., :2]) / a_size
    deltas = ops.concatenate([shift, ops.log(b_size / a_size)], axis=-1)
    return deltas if variance is None else deltas / _variance(who, variance)


def _centered(
    who: str, boxes: Any, source: str, encoding: str, image_shape: Any
) -> Any:
    """Boxes by center and size, in pixels."""
    check_choice(source, FORMATS, "format", who)
    height, width = size_of(who, source, image_shape)
    boxes = as_boxes(who, boxes)
    return convert_format(boxes, source, encoding, height, width)


def _variance(who: str, variance: Any) -> Any:
    """Four numbers as a tensor, or a ValueError."""
    numbers = ops.cast(ops.convert_to_tensor(variance), "float32")
    if tuple(numbers.shape) != (4,):
        raise ValueError(
            f"{who}: `variance` must have four numbers; received {variance!r}."
        )
    return numbers


def decode_deltas_to_boxes(
    anchors: ArrayLike | dict[Any, ArrayLike],
    boxes_delta: ArrayLike | dict[Any, ArrayLike],
    anchor_format: BoxFormat,
    box_format: BoxFormat,
    encoded_format: Encoding = "center_yxhw",
    variance: Sequence[float] | None = None,
    image_shape: Sequence[int] | None = None,
) -> Any:
    """Decode what `encode_box_to_deltas` returns: boxes from anchors and deltas.

    Args:
        anchors: `(n, 4)`, or a dict of such.
        boxes_delta: `(n, 4)` or `(batch, n, 4)`, or a dict with the same keys.
        anchor_format: the format of `anchors`, see `convert_format`.
        box_format: the format of the result.
        encoded_format: "center_yxhw" or "center_xywh": the order of the deltas.
        variance: four numbers by which the deltas are multiplied.
        image_shape: `(height, width, channels)`, for relative formats.

    Returns:
        Boxes, of the shape of `boxes_delta`; a dict if `anchors` is one.

    Raises:
        ValueError: `encoded_format` is not known, `variance` has not four numbers, or
            `image_shape` is missing.

    Example:
        >>> keras.utils.bounding_boxes.decode_deltas_to_boxes(
        ...     [[0.0, 0, 10, 10]], [[0.0, 0.5, 0.0, 0.0]], "xyxy", "xyxy"
        ... )
        array([[ 5.,  0., 15., 10.]], dtype=float32)
    """
    who = "decode_deltas_to_boxes"
    if isinstance(anchors, dict) or isinstance(boxes_delta, dict):
        if not (
            isinstance(anchors, dict)
            and isinstance(boxes_delta, dict)
            and set(anchors) == set(boxes_delta)
        ):
            raise ValueError(
                f"{who}: `anchors` and `boxes_delta` must be dicts with the same keys, "
                f"or both tensors; received {anchors!r} and {boxes_delta!r}."
            )
        options = (anchor_format, box_format, encoded_format, variance, image_shape)
        return {
            key: decode_deltas_to_boxes(anchors[key], boxes_delta[key], *options)
            for key in anchors
        }

    check_choice(encoded_format, ENCODINGS, "encoded_format", who)
    check_choice(box_format, FORMATS, "box_format", who)
    a = _centered(who, anchors, anchor_format, encoded_format, image_shape)
    deltas = as_boxes(who, boxes_delta)
    if variance is not None:
        deltas = deltas * _variance(who, variance)

    center = deltas[..., :2] * a[..., 2:] + a[..., :2]
    size = ops.exp(deltas[..., 2:]) * a[..., 2:]
    boxes = ops.concatenate([center, size], axis=-1)
    height, width = size_of(who, box_format, image_shape)
    return convert_format(boxes, encoded_format, box_format, height, width)
