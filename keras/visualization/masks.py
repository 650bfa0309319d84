"""Segmentation masks, laid over images."""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from keras.core.errors import check_fraction, check_positive_int
from keras.core.settings import standardize_data_format
from keras.core.typing import ArrayLike, DataFormat
from keras.visualization.gallery import plot_image_gallery
from keras.visualization.pixels import as_array, as_pixels

# From a class to red, green and blue, from 0 to 255.
ColorMapping: TypeAlias = Mapping[int, tuple[int, int, int]]


def draw_segmentation_masks(
    images: ArrayLike,
    segmentation_masks: ArrayLike,
    num_classes: int | None = None,
    color_mapping: ColorMapping | None = None,
    alpha: float = 0.8,
    blend: bool = True,
    ignore_index: int = -1,
    data_format: DataFormat | None = None,
) -> np.ndarray:
    """Draw segmentation masks over images.

    Args:
        images: `(batch, height, width, channels)` with values from 0 to 255, or
            channels first.
        segmentation_masks: the class of each pixel, integers of shape `(batch, height,
            width)`, or with an axis of size 1 for the channel.
        num_classes: the number of classes; by default the largest class, plus 1.
        color_mapping: the color of each class, as (red, green, blue) from 0 to 255; by
            default colors that are far from one another. Pixels of other classes stay
            as they are.
        alpha: how much of the mask is seen, from 0 to 1.
        blend: whether the image is seen through the mask; else the mask covers it.
        ignore_index: a class whose pixels stay as they are.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        An array of type uint8, `(batch, height, width, 3)`.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> masks = np.zeros((1, 8, 8), "int32")
        >>> keras.visualization.draw_segmentation_masks(
        ...     np.zeros((1, 8, 8, 3)), masks, alpha=0.5
        ... ).shape
        (1, 8, 8, 3)
    """
    check_fraction(alpha, "alpha", "draw_segmentation_masks")
    pixels = as_pixels("draw_segmentation_masks", images, data_format)
    classes = _classes(pixels, segmentation_masks, data_format)
    if color_mapping is None:
        if num_classes is None:
            num_classes = max(int(classes.max(initial=0)) + 1, 1)
        check_positive_int(num_classes, "num_classes", "draw_segmentation_masks")
        color_mapping = distinct_colors(num_classes)

    out = np.array(np.broadcast_to(pixels[..., :3], (*pixels.shape[:3], 3)))
    share = alpha if blend else 1.0
    for label, color in color_mapping.items():
        if label == ignore_index:
            continue
        where = classes == label
        mixed = out[where] * (1 - share) + np.asarray(color, "float32") * share
        out[where] = np.rint(mixed).astype("uint8")
    return out


def _classes(pixels: np.ndarray, masks: Any, data_format: str | None) -> np.ndarray:
    """The class of each pixel, `(batch, height, width)`."""
    classes = as_array(masks)
    if classes.ndim == 4:
        is_first = standardize_data_format(data_format) == "channels_first"
        axis = 1 if is_first else -1
        if classes.shape[axis] == 1:
            classes = np.squeeze(classes, axis)
    if classes.shape != pixels.shape[:3]:
        raise ValueError(
            "draw_segmentation_masks: for images of shape "
            f"{pixels.shape} (channels last), `segmentation_masks` must have shape "
            f"{pixels.shape[:3]}; received {classes.shape}."
        )
    return classes


def distinct_colors(count: int) -> dict[int, tuple[int, int, int]]:
    """Colors for so many classes: hues around the circle, of two brightnesses."""
    colors = {}
    for label in range(count):
        value = 0.95 if label % 2 == 0 else 0.65
        parts = colorsys.hsv_to_rgb(label / count, 0.85, value)
        red, green, blue = (round(255 * part) for part in parts)
        colors[label] = (red, green, blue)
    return colors


def plot_segmentation_mask_gallery(
    images: ArrayLike,
    num_classes: int,
    value_range: tuple[float, float] = (0, 255),
    y_true: ArrayLike | None = None,
    y_pred: ArrayLike | None = None,
    color_mapping: ColorMapping | None = None,
    blend: bool = True,
    alpha: float = 0.8,
    ignore_index: int = -1,
    data_format: DataFormat | None = None,
    **kwargs: Any,
) -> Any:
    """Plot images beside their true and predicted segmentation masks.

    Needs the extra `plot`.

    Args:
        images: `(batch, height, width, channels)`, or channels first.
        num_classes: the number of classes.
        value_range: what is shown as black, and as white.
        y_true: the true masks, as in `draw_segmentation_masks`.
        y_pred: the predicted masks.
        color_mapping, blend, alpha, ignore_index: as in `draw_segmentation_masks`.
        data_format: by default `keras.config.image_data_format()`.
        **kwargs: as in `plot_image_gallery`.

    Returns:
        The `matplotlib.figure.Figure`: each image beside itself under its true mask,
        and under its predicted one.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> figure = keras.visualization.plot_segmentation_mask_gallery(
        ...     np.zeros((2, 8, 8, 3)),
        ...     num_classes=2,
        ...     y_true=np.ones((2, 8, 8), "int32"),
        ...     path="masks.png",
        ... )
    """
    pixels = as_pixels(
        "plot_segmentation_mask_gallery", images, data_format, value_range
    )

    columns = [np.broadcast_to(pixels[..., :3], (*pixels.shape[:3], 3))]
    for masks in (y_true, y_pred):
        if masks is not None:
            columns.append(
                draw_segmentation_masks(
                    pixels,
                    _classes(pixels, masks, data_format),
                    num_classes=num_classes,
                    color_mapping=color_mapping,
                    alpha=alpha,
                    blend=blend,
                    ignore_index=ignore_index,
                    data_format="channels_last",
                )
            )

    options = {"scale": 2 * len(columns), **kwargs}
    return plot_image_gallery(
        np.concatenate(columns, axis=2), data_format="channels_last", **options
    )
