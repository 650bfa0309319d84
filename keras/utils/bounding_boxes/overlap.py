"""How much bounding boxes overlap: IoU, and the complete IoU."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.core.op import Tensor
from keras.core.settings import epsilon
from keras.core.typing import ArrayLike
from keras.utils.bounding_boxes.formats import BoxFormat, as_boxes, corners_of


def compute_iou(
    boxes1: ArrayLike,
    boxes2: ArrayLike,
    bounding_box_format: BoxFormat,
    use_masking: bool = False,
    mask_val: float = -1,
    image_shape: Sequence[int] | None = None,
) -> Tensor:
    """Intersection over union (IoU) of each box with each other one.

    Args:
        boxes1: `(n, 4)` or `(batch, n, 4)`.
        boxes2: `(m, 4)` or `(batch, m, 4)`.
        bounding_box_format: see `convert_format`.
        use_masking: whether boxes of negative numbers only, which fill up a batch, are
            left out.
        mask_val: the result for such boxes.
        image_shape: `(height, width, channels)`, for relative formats.

    Returns:
        `(n, m)` or `(batch, n, m)`, from 0 to 1.

    Raises:
        ValueError: a rank is not 2 or 3, or `image_shape` is missing.

    Example:
        >>> keras.utils.bounding_boxes.compute_iou(
        ...     [[0, 0, 10, 10]], [[0, 5, 10, 15], [20, 20, 30, 30]], "xyxy"
        ... )
        array([[0.33333334, 0.        ]], dtype=float32)
    """
    first = as_boxes("compute_iou", boxes1, ranks=(2, 3))
    second = as_boxes("compute_iou", boxes2, ranks=(2, 3))

    a = corners_of("compute_iou", first, bounding_box_format, image_shape)
    b = corners_of("compute_iou", second, bounding_box_format, image_shape)
    rows = tuple(part[..., :, None] for part in a)
    columns = tuple(part[..., None, :] for part in b)
    out = _iou(rows, columns)
    if not use_masking:
        return out

    is_masked = ops.logical_or(
        (ops.max(first, axis=-1) < 0)[..., :, None],
        (ops.max(second, axis=-1) < 0)[..., None, :],
    )
    return ops.where(is_masked, ops.cast(mask_val, out.dtype), out)


def _iou(a: tuple, b: tuple) -> Any:
    """The IoU of boxes given by their corners."""
    width = ops.minimum(a[2], b[2]) - ops.maximum(a[0], b[0])
    height = ops.minimum(a[3], b[3]) - ops.maximum(a[1], b[1])
    shared = ops.maximum(width, 0.0) * ops.maximum(height, 0.0)
    areas = [(right - left) * (bottom - top) for left, top, right, bottom in (a, b)]
    return shared / (areas[0] + areas[1] - shared + epsilon())


def compute_ciou(
    boxes1: ArrayLike,
    boxes2: ArrayLike,
    bounding_box_format: BoxFormat,
    image_shape: Sequence[int] | None = None,
) -> Tensor:
    """Complete IoU of pairs of boxes (Zheng et al., 2020, arXiv:1911.08287).

    It is the IoU, less the squared distance of the centers as a part of the squared
    diagonal around both boxes, less a term for the difference of their aspect ratios.

    Args:
        boxes1: `(..., 4)`.
        boxes2: boxes of the same shape, one for each of `boxes1`.
        bounding_box_format: see `convert_format`.
        image_shape: `(height, width, channels)`, for relative formats.

    Returns:
        `(...)`, at most 1.

    Raises:
        ValueError: `image_shape` is missing.

    Example:
        >>> a = keras.ops.array([[0.0, 0, 10, 10]])
        >>> keras.utils.bounding_boxes.compute_ciou(a, a + 20.0, "xyxy")
        array([-0.44444445], dtype=float32)
    """
    first = as_boxes("compute_ciou", boxes1)
    second = as_boxes("compute_ciou", boxes2)
    a = corners_of("compute_ciou", first, bounding_box_format, image_shape)
    b = corners_of("compute_ciou", second, bounding_box_format, image_shape)
    iou = _iou(a, b)

    # The distance of the centers, and the diagonal of the box around both.
    across = (b[0] + b[2] - a[0] - a[2]) / 2
    down = (b[1] + b[3] - a[1] - a[3]) / 2
    width = ops.maximum(a[2], b[2]) - ops.minimum(a[0], b[0])
    height = ops.maximum(a[3], b[3]) - ops.minimum(a[1], b[1])
    distance = across * across + down * down
    diagonal = width * width + height * height + epsilon()

    # The difference of the angles of the diagonals.
    angles = [
        ops.arctan2(right - left, bottom - top) for left, top, right, bottom in (a, b)
    ]
    difference = 4 / math.pi**2 * ops.square(angles[0] - angles[1])
    weight = difference / (1 - iou + difference + epsilon())
    return iou - distance / diagonal - weight * difference
