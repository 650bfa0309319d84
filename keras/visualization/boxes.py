"""Bounding boxes, drawn into images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from keras.core.errors import check_positive_int, optional_import
from keras.core.typing import ArrayLike, DataFormat
from keras.utils.bounding_boxes import convert_format
from keras.utils.bounding_boxes.formats import BoxFormat
from keras.visualization.gallery import plot_image_gallery
from keras.visualization.pixels import as_array, as_pixels

# Red, green and blue, from 0 to 255.
Color: TypeAlias = tuple[int, int, int]
# "boxes" `(batch, n, 4)`, "labels" `(batch, n)`, and maybe "confidences" of that shape.
Boxes: TypeAlias = Mapping[str, ArrayLike]
ClassMapping: TypeAlias = Mapping[int, str]

_TEXT_SIZE = 14  # of the letters, in pixels, at `font_scale` 1


def draw_bounding_boxes(
    images: ArrayLike,
    bounding_boxes: Boxes,
    bounding_box_format: BoxFormat,
    class_mapping: ClassMapping | None = None,
    color: Color = (128, 128, 128),
    line_thickness: int = 2,
    text_thickness: int = 1,
    font_scale: float = 1.0,
    data_format: DataFormat | None = None,
) -> np.ndarray:
    """Draw bounding boxes with their labels into images.

    Needs the extra `image`.

    Args:
        images: `(batch, height, width, channels)` with values from 0 to 255, or
            channels first.
        bounding_boxes: a dict with "boxes" `(batch, n, 4)` and "labels" `(batch, n)`,
            integers, of which negative ones mark boxes to leave out; and "confidences"
            `(batch, n)` to write beside the labels.
        bounding_box_format: see `keras.utils.bounding_boxes.convert_format`.
        class_mapping: the name of each label; others are written as numbers.
        color: of the lines, as (red, green, blue) from 0 to 255.
        line_thickness: of the boxes, in pixels.
        text_thickness: of the letters' strokes.
        font_scale: the size of the letters, relative to 14 pixels.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        An array of type uint8, `(batch, height, width, channels)`.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> import numpy as np
        >>> boxes = {"boxes": [[[4, 4, 20, 16]]], "labels": [[0]]}
        >>> keras.visualization.draw_bounding_boxes(
        ...     np.zeros((1, 32, 32, 3)), boxes, "xyxy", class_mapping={0: "cat"}
        ... ).shape
        (1, 32, 32, 3)
    """
    draw = optional_import("PIL.ImageDraw", "image", "draw_bounding_boxes")
    pillow = optional_import("PIL.Image", "image", "draw_bounding_boxes")
    for name, value in (
        ("line_thickness", line_thickness),
        ("text_thickness", text_thickness),
    ):
        check_positive_int(value, name, "draw_bounding_boxes")
    pixels = as_pixels("draw_bounding_boxes", images, data_format)
    corners, labels, confidences = _check(pixels, bounding_boxes, bounding_box_format)
    font = _font(font_scale)
    red, green, blue = color
    shade = (red, green, blue)

    out = np.empty((*pixels.shape[:3], 3), "uint8")
    for i, image in enumerate(pixels):
        canvas = pillow.fromarray(np.broadcast_to(image[..., :3], out[i].shape))
        pen = draw.Draw(canvas)
        for j in np.flatnonzero(labels[i] >= 0):
            text = _text(int(labels[i, j]), class_mapping or {})
            if confidences is not None:
                text += f" {confidences[i, j]:.2f}"
            box = tuple(corners[i, j].tolist())
            _draw_box(pen, box, shade, line_thickness)
            _write(pen, box, text, shade, font, text_thickness - 1)
        out[i] = np.asarray(canvas)
    return out


def _check(
    pixels: np.ndarray, bounding_boxes: Boxes, bounding_box_format: str
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """The corners, labels and confidences of the boxes, after a check of the shapes."""
    if not isinstance(bounding_boxes, Mapping) or not {"boxes", "labels"} <= set(
        bounding_boxes
    ):
        raise ValueError(
            "draw_bounding_boxes: `bounding_boxes` must be a dict with the entries "
            f"'boxes' and 'labels'; received {bounding_boxes!r}."
        )
    height, width = pixels.shape[1:3]
    boxes = convert_format(
        as_array(bounding_boxes["boxes"]), bounding_box_format, "xyxy", height, width
    )
    corners = as_array(boxes)
    labels = as_array(bounding_boxes["labels"])
    confidences = bounding_boxes.get("confidences")
    confidences = None if confidences is None else as_array(confidences)

    expected = (len(pixels), *corners.shape[1:2])
    for name, values in (("labels", labels), ("confidences", confidences)):
        if values is not None and values.shape != expected:
            raise ValueError(
                f"draw_bounding_boxes: for {len(pixels)} images and boxes of shape "
                f"{corners.shape}, '{name}' must have shape {expected}; received "
                f"{values.shape}."
            )
    return corners, labels, confidences


def _text(label: int, names: ClassMapping) -> str:
    return str(names.get(label, label))


def _font(scale: float) -> Any:
    fonts = optional_import("PIL.ImageFont", "image", "draw_bounding_boxes")
    return fonts.load_default(_TEXT_SIZE * scale)


def _draw_box(pen: Any, box: tuple, color: Color, thickness: int) -> None:
    left, top, right, bottom = box
    if right >= left and bottom >= top:
        pen.rectangle(box, outline=color, width=thickness)


def _write(
    pen: Any, box: tuple, text: str, color: Color, font: Any, stroke: int
) -> None:
    """A label on a ground of the box's color, above the box or else inside of it."""
    bounds = pen.textbbox((0, 0), text, font=font, stroke_width=stroke)
    width, height = bounds[2] + 4, bounds[3] + 4
    left, top = box[0], box[1] - height
    if top < 0:
        top = max(box[1], 0)
    pen.rectangle((left, top, left + width, top + height), fill=color)

    # Dark letters on a bright ground, bright ones on a dark ground.
    red, green, blue = color
    is_bright = 0.299 * red + 0.587 * green + 0.114 * blue > 140
    ink = (0, 0, 0) if is_bright else (255, 255, 255)
    pen.text((left + 2, top + 1), text, fill=ink, font=font, stroke_width=stroke)


def plot_bounding_box_gallery(
    images: ArrayLike,
    bounding_box_format: BoxFormat,
    y_true: Boxes | None = None,
    y_pred: Boxes | None = None,
    value_range: tuple[float, float] = (0, 255),
    true_color: Color = (0, 188, 212),
    pred_color: Color = (255, 235, 59),
    line_thickness: int = 2,
    font_scale: float = 1.0,
    text_thickness: int | None = None,
    class_mapping: ClassMapping | None = None,
    ground_truth_mapping: ClassMapping | None = None,
    prediction_mapping: ClassMapping | None = None,
    legend: bool = False,
    legend_handles: Sequence[Any] | None = None,
    rows: int | None = None,
    cols: int | None = None,
    data_format: DataFormat | None = None,
    **kwargs: Any,
) -> Any:
    """Plot images in rows and columns, with true and predicted bounding boxes.

    Needs the extras `plot` and `image`.

    Args:
        images: `(batch, height, width, channels)`, or channels first.
        bounding_box_format: see `keras.utils.bounding_boxes.convert_format`.
        y_true: the true boxes, as in `draw_bounding_boxes`.
        y_pred: the predicted boxes, maybe with "confidences".
        value_range: what is shown as black, and as white.
        true_color, pred_color: of the boxes, as (red, green, blue) from 0 to 255.
        line_thickness, font_scale, text_thickness: as in `draw_bounding_boxes`; the
            thickness of the text is by default that of the lines.
        class_mapping: the name of each label.
        ground_truth_mapping, prediction_mapping: the same for the true or the predicted
            boxes alone.
        legend: whether a legend says which color is which.
        legend_handles: of Matplotlib, for a legend of your own.
        rows, cols, data_format, **kwargs: as in `plot_image_gallery`.

    Returns:
        The `matplotlib.figure.Figure`.

    Raises:
        ValueError: the shapes do not fit, or both `legend` and `legend_handles` are
            given.

    Example:
        >>> import numpy as np
        >>> boxes = {"boxes": [[[4, 4, 20, 16]]], "labels": [[0]]}
        >>> figure = keras.visualization.plot_bounding_box_gallery(
        ...     np.zeros((1, 32, 32, 3)), "xyxy", y_true=boxes, path="box.png"
        ... )
    """
    if legend and legend_handles:
        raise ValueError(
            "plot_bounding_box_gallery: only one of `legend` and `legend_handles` can "
            "be given; received both."
        )
    plots = optional_import("matplotlib.patches", "plot", "plot_bounding_box_gallery")
    pixels = as_pixels("plot_bounding_box_gallery", images, data_format, value_range)

    handles = []
    for boxes, color, names, text in (
        (y_true, true_color, ground_truth_mapping, "true"),
        (y_pred, pred_color, prediction_mapping, "predicted"),
    ):
        if boxes is None:
            continue
        pixels = draw_bounding_boxes(
            pixels,
            boxes,
            bounding_box_format,
            class_mapping=class_mapping if names is None else names,
            color=color,
            line_thickness=line_thickness,
            text_thickness=text_thickness or line_thickness,
            font_scale=font_scale,
            data_format="channels_last",
        )
        shade = tuple(part / 255 for part in color)
        handles.append(plots.Patch(color=shade, label=text))

    return plot_image_gallery(
        pixels,
        rows=rows,
        cols=cols,
        legend_handles=handles if legend else legend_handles,
        data_format="channels_last",
        **kwargs,
    )
