"""Geometry of images: a 3x3 matrix for each, and what follows from it.

A matrix takes the position `(x, y, 1)` of a pixel in the output to the position in the
input whose color it gets. Positions count pixels from the center of the first, and
homogeneous coordinates may be scaled. So the layers A and then B together are the
product `A @ B`, and several are resampled as one. Boxes go the other way, by the
inverse.
"""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.errors import check_choice
from keras.core.typing import DataFormat
from keras.layers.preprocessing.boxes import transform_boxes
from keras.layers.preprocessing.image_layer import (
    BaseImagePreprocessingLayer,
    Transformation,
)

INTERPOLATIONS = ("nearest", "bilinear")
FILL_MODES = ("reflect", "wrap", "constant", "nearest")


class GeometricLayer(BaseImagePreprocessingLayer):
    """Base of the layers that move pixels by a matrix for each image, in training.

    A subclass draws, and says in `matrices` what the draw means for the pixels. Boxes
    and masks follow: a box becomes the smallest that holds its moved corners, clipped
    to the image, and masks take the nearest pixel.

    The first pixel reaches from 0 to 1 in a box, and from -1/2 to 1/2 in a matrix. As
    in Keras, corners of boxes are moved as if they were centers of pixels (`box_shift`
    is 0), which is up to half a pixel away.

    Args:
        fill_mode: how an image continues beyond its edges: "reflect"
            (d c b a | a b c d), "wrap" (a b c d | a b c d), "nearest"
            (a a a a | a b c d), or "constant" with `fill_value`.
        interpolation: "bilinear" or "nearest".
        seed: an integer, or None.
        fill_value: the color beyond the edges for "constant".
        data_format: "channels_last" or "channels_first".
    """

    box_shift = 0.0  # what is added to a place in a box for one in a matrix

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        who = type(self).__name__
        self.fill_mode = check_choice(fill_mode, FILL_MODES, "fill_mode", who)
        self.interpolation = check_choice(
            interpolation, INTERPOLATIONS, "interpolation", who
        )
        self.fill_value = fill_value
        self.keep_seed(seed)

    def matrices(self, transformation: Transformation, height: Any, width: Any) -> Any:
        """The matrices of a draw, `(batch, 3, 3)`, for images of that size."""
        raise NotImplementedError(f"{type(self).__name__}: define `matrices`.")

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Move the pixels of a batch of images."""
        images = self.in_dtype(images)
        if not training or transformation is None:
            return images
        return self._resample(images, transformation, self.interpolation)

    def transform_segmentation_masks(
        self,
        segmentation_masks: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Move the pixels of masks; each takes the class of the nearest."""
        if not training or transformation is None:
            return segmentation_masks
        return self._resample(segmentation_masks, transformation, "nearest")

    def transform_bounding_boxes(
        self,
        bounding_boxes: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Move boxes, and clip them to the image."""
        if not training or transformation is None:
            return bounding_boxes
        size = self.size_of_draw(transformation)
        inverse = ops.inv(self.matrices(transformation, *size))
        return transform_boxes(
            bounding_boxes,
            self.box_format(),
            size,
            lambda corners: _moved(corners, inverse, self.box_shift),
        )

    def size_of_draw(self, transformation: Transformation) -> tuple[Any, Any]:
        """Height and width of the images that a draw was made for."""
        return self.size_of(transformation["input_shape"])

    def get_transformed_x_y(self, x: Any, y: Any, transform: Any) -> tuple[Any, Any]:
        """Places seen through a map.

        Args:
            x, y: columns and rows, `(batch, points)`.
            transform: `(batch, 8)`, as in `keras.ops.image.affine_transform`.
        """
        a0, a1, a2, b0, b1, b2, c0, c1 = ops.split(transform, 8, axis=-1)
        depth = c0 * x + c1 * y + 1
        return (a0 * x + a1 * y + a2) / depth, (b0 * x + b1 * y + b2) / depth

    def get_shifted_bbox(
        self, bounding_boxes: Any, w_shift_factor: Any, h_shift_factor: Any
    ) -> Any:
        """Boxes, as left, top, right and bottom, shifted to the left and upwards."""
        left, top, right, bottom = ops.split(bounding_boxes["boxes"], 4, axis=-1)
        moved = [
            left - w_shift_factor,
            top - h_shift_factor,
            right - w_shift_factor,
            bottom - h_shift_factor,
        ]
        return {**bounding_boxes, "boxes": ops.concatenate(moved, axis=-1)}

    def _resample(self, images: Any, transformation: Any, interpolation: str) -> Any:
        size = self.size_of(ops.shape(images))
        flat = ops.reshape(self.matrices(transformation, *size), (-1, 9))
        return ops.image.affine_transform(
            images,
            flat[:, :8] / flat[:, 8:],
            interpolation=interpolation,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )


def matrix(*elements: Any) -> Any:
    """Matrices `(batch, 3, 3)` of nine elements: numbers, or vectors `(batch,)`."""
    vector = next(x for x in elements if len(getattr(x, "shape", ())) == 1)
    columns = [ops.zeros_like(vector) + x for x in elements]
    return ops.reshape(ops.stack(columns, axis=-1), (-1, 3, 3))


def about_center(matrices: Any, height: Any, width: Any) -> Any:
    """Matrices that leave the center of the image where it is."""
    x, y = (ops.cast(n - 1, "float32") / 2 for n in (width, height))
    center = ops.stack([x, y, ops.zeros_like(x) + 1.0])
    moved = ops.matmul(matrices, center)[..., None]
    # The last column takes what the center was moved by.
    shift = ops.stack([center[0] - moved[:, 0], center[1] - moved[:, 1]], axis=1)
    rows = ops.concatenate([matrices[:, :2, :2], matrices[:, :2, 2:] + shift], axis=2)
    return ops.concatenate([rows, matrices[:, 2:]], axis=1)


def _moved(corners: Any, inverse: Any, shift: float) -> Any:
    """The smallest boxes around moved ones."""
    left, top, right, bottom = ops.unstack(corners + shift, 4, axis=-1)
    x = ops.stack([left, right, right, left], axis=-1)
    y = ops.stack([top, top, bottom, bottom], axis=-1)
    points = ops.stack([x, y, ops.ones_like(x)], axis=-1)

    moved = ops.einsum("bij,bnkj->bnki", inverse, points)
    moved = moved[..., :2] / moved[..., 2:] - shift
    return ops.concatenate([ops.min(moved, axis=-2), ops.max(moved, axis=-2)], axis=-1)
