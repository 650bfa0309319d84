"""A gallery of images, with labels and predictions under them."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from keras.core.errors import check_positive_int, optional_import
from keras.core.typing import ArrayLike, DataFormat
from keras.saving.atomic import atomic_file
from keras.visualization.pixels import as_array, as_pixels

_WRONG = "#c62828"  # the color of a prediction that is not the label


def plot_image_gallery(
    images: ArrayLike,
    y_true: ArrayLike | None = None,
    y_pred: ArrayLike | None = None,
    label_map: Mapping[int, str] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    value_range: tuple[float, float] = (0, 255),
    scale: float = 2,
    path: str | os.PathLike[str] | None = None,
    show: bool | None = None,
    transparent: bool = True,
    dpi: int = 60,
    legend_handles: Sequence[Any] | None = None,
    data_format: DataFormat | None = None,
) -> Any:
    """Plot images in rows and columns, with their labels and predictions.

    Needs the extra `plot`.

    Args:
        images: `(batch, height, width, channels)` with 1, 3 or 4 channels, or channels
            first.
        y_true: a label for each image.
        y_pred: a predicted label for each image; one that differs from `y_true` is
            written in red.
        label_map: the name of each label; others are written as they are.
        rows, cols: the numbers of rows and columns; by default all images are shown,
            about as many in a row as there are rows. Images that have no place are left
            out.
        value_range: what is shown as black, and as white.
        scale: the width of an image, in inches.
        path: a file to save the figure in.
        show: whether the figure is shown (in a notebook or a window); by default if it
            is not saved.
        transparent: whether the background of the file is transparent.
        dpi: the resolution of the file, in dots per inch.
        legend_handles: of Matplotlib, for a legend below the images.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        ValueError: `images` is not a batch of images, or the labels do not fit.

    Example:
        >>> import numpy as np
        >>> images = np.random.rand(6, 16, 16, 3)
        >>> figure = keras.visualization.plot_image_gallery(
        ...     images, y_true=[0, 1, 1, 0, 2, 2], value_range=(0, 1), path="six.png"
        ... )
    """
    plt = optional_import("matplotlib.pyplot", "plot", "plot_image_gallery")
    pixels = as_pixels("plot_image_gallery", images, data_format, value_range)
    labels = {
        name: _labels(name, y, len(pixels))
        for name, y in (("y_true", y_true), ("y_pred", y_pred))
        if y is not None
    }
    rows, cols = _grid(len(pixels), rows, cols)

    # Room for the image, for a line of text under it for each label, and a rim.
    cell = scale * pixels.shape[1] / pixels.shape[2] + 0.17 * len(labels) + 0.1
    figure, axes = plt.subplots(
        rows,
        cols,
        squeeze=False,
        figsize=(cols * scale, rows * cell),
        layout="constrained",
    )
    for i, axis in enumerate(axes.flat):
        axis.axis("off")
        if i < len(pixels):
            _show_image(axis, pixels[i])
            _write_labels(axis, {k: y[i] for k, y in labels.items()}, label_map or {})
    if legend_handles is not None:
        figure.legend(handles=legend_handles, loc="outside lower center", ncols=4)

    if path is not None:
        ending = os.path.splitext(os.fspath(path))[1].lstrip(".")
        with atomic_file(path) as temporary:
            figure.savefig(
                temporary, transparent=transparent, dpi=dpi, format=ending or None
            )
    if show or (show is None and path is None):
        plt.show()
    if path is not None or "inline" in plt.get_backend():
        # Saved, or about to be shown as a notebook cell's value: pyplot must not keep
        # it, nor show it a second time.
        plt.close(figure)
    return figure


def _labels(name: str, y: ArrayLike, count: int) -> np.ndarray:
    """One label for each image, or a ValueError."""
    labels = as_array(y)
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.shape != (count,):
        raise ValueError(
            f"plot_image_gallery: `{name}` must have one label for each of {count} "
            f"images; received shape {labels.shape}."
        )
    return labels


def _grid(count: int, rows: int | None, cols: int | None) -> tuple[int, int]:
    """Numbers of rows and columns for so many images."""
    for name, value in (("rows", rows), ("cols", cols)):
        if value is not None:
            check_positive_int(value, name, "plot_image_gallery")
    if rows is None and cols is None:
        cols = math.ceil(math.sqrt(count))
    if cols is None:
        assert rows is not None
        cols = math.ceil(count / rows)
    return (math.ceil(count / cols) if rows is None else rows), cols


def _show_image(axis: Any, pixels: np.ndarray) -> None:
    """One image, without a frame."""
    if pixels.shape[-1] == 1:
        axis.imshow(pixels[..., 0], cmap="gray", vmin=0, vmax=255)
    else:
        axis.imshow(pixels)


def _write_labels(axis: Any, labels: Mapping[str, Any], names: Mapping) -> None:
    """The label and the prediction of an image, under it."""
    is_wrong = len(labels) == 2 and labels["y_true"] != labels["y_pred"]
    for line, (kind, label) in enumerate(labels.items()):
        text = str(names.get(label, label))
        axis.annotate(
            f"predicted: {text}" if kind == "y_pred" else text,
            (0.5, 0),
            (0, -2 - 11 * line),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="center",
            va="top",
            fontsize=9,
            color=_WRONG if is_wrong and kind == "y_pred" else "black",
        )
