"""Images on the host, as they are drawn on: bytes with channels last."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras import ops
from keras.core.settings import standardize_data_format


def as_array(x: Any) -> np.ndarray:
    """A tensor of any backend, an array or a list, as an array."""
    is_host = isinstance(x, (np.ndarray, list, tuple))
    return np.asarray(x) if is_host else ops.convert_to_numpy(x)


def as_pixels(
    who: str,
    images: Any,
    data_format: str | None,
    value_range: tuple[float, float] = (0, 255),
) -> np.ndarray:
    """A batch of images as bytes, `(batch, height, width, channels)`.

    Args:
        who: the function, for the error.
        images: `(batch, height, width, channels)`, or channels first.
        data_format: of `images`; None for the configured default.
        value_range: what is shown as black, and as white.
    """
    pixels = as_array(images)
    if pixels.ndim != 4:
        raise ValueError(
            f"{who}: `images` must have rank 4 (a batch of images); received shape "
            f"{pixels.shape}."
        )
    if standardize_data_format(data_format) == "channels_first":
        pixels = np.moveaxis(pixels, 1, -1)

    low, high = value_range
    if (low, high) != (0, 255):
        pixels = (pixels.astype("float32") - low) * (255 / (high - low))
    if pixels.dtype != np.uint8:
        pixels = np.rint(pixels).clip(0, 255).astype("uint8")
    return pixels
