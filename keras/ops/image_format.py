"""Images in any format: one or a batch, channels first or last, bytes or floats.

The ops on images compute on batches of floats with channels last; these functions lead
there and back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.core import dtypes
from keras.core.errors import shape_error
from keras.core.settings import standardize_data_format
from keras.ops import numpy as knp
from keras.ops.core import cast, dtype, saturate_cast, shape


def channel_axis(who: str, images: Any, data_format: str | None) -> int:
    """The axis of the channels, -1 or -3, after the rank was checked."""
    if len(images.shape) not in (3, 4):
        raise shape_error(
            f"{who}: `images` must have rank 3 (one image) or 4 (a batch)", images
        )
    return -1 if standardize_data_format(data_format) == "channels_last" else -3


def as_batch(
    who: str, images: Any, data_format: str | None
) -> tuple[Any, Callable[[Any], Any]]:
    """One image, or a batch in any data format, as a batch with channels last.

    Args:
        who: the op, for the error.
        images: of rank 3 or 4.
        data_format: of `images`; None for the configured default.

    Returns:
        The batch, and a function that undoes the change.
    """
    is_first = channel_axis(who, images, data_format) == -3
    is_one = len(images.shape) == 3

    def restore(out: Any) -> Any:
        if is_first:
            out = knp.moveaxis(out, -1, 1)
        return out[0] if is_one else out

    batch = images[None] if is_one else images
    return (knp.moveaxis(batch, 1, -1) if is_first else batch), restore


def in_float(images: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Images as numbers to compute with, and a function that gives them their type.

    Integers are rounded and kept in their range; narrow floats compute in float32.
    """
    own = dtype(images)
    if own in ("float32", "float64"):
        return images, lambda out: out

    def restore(out: Any) -> Any:
        if own in dtypes.INTEGERS:
            return saturate_cast(knp.round(out), own)
        return cast(out, own)

    return cast(images, "float32"), restore


def along_axis(x: Any, matrix: Any, axis: int) -> Any:
    """The product of a matrix `(new, old)` with each vector along an axis."""
    out = knp.tensordot(matrix, x, ((1,), (axis,)))
    return knp.moveaxis(out, 0, axis)


def pad_axes(x: Any, widths: dict[int, tuple[Any, Any]], value: float = 0) -> Any:
    """Put a constant around some axes; how much may be a scalar tensor.

    Args:
        x: a tensor.
        widths: for an axis, how much comes before and after.
        value: the constant.
    """
    if all(isinstance(n, int) for width in widths.values() for n in width):
        width = [widths.get(axis, (0, 0)) for axis in range(len(x.shape))]
        return knp.pad(x, width, constant_values=value)

    for axis, counts in widths.items():
        dims = list(shape(x))
        rims = []
        for count in counts:
            dims[axis] = count
            rims.append(knp.full(dims, value, dtype(x)))
        x = knp.concatenate([rims[0], x, rims[1]], axis)
    return x


def smaller(a: Any, b: Any) -> Any:
    """The smaller of two sizes, which may be scalar tensors."""
    return min(a, b) if isinstance(a, int) and isinstance(b, int) else knp.minimum(a, b)


def larger(a: Any, b: Any) -> Any:
    """The larger of two sizes, which may be scalar tensors."""
    return max(a, b) if isinstance(a, int) and isinstance(b, int) else knp.maximum(a, b)
