"""Sizes and scales: Rescaling, Resizing, crops, and the number of boxes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops, random
from keras.core import settings
from keras.core.errors import check_choice, check_positive_int
from keras.core.typing import DataFormat
from keras.layers.preprocessing.base import DataLayer
from keras.layers.preprocessing.boxes import transform_boxes
from keras.layers.preprocessing.image_layer import (
    BaseImagePreprocessingLayer,
    Transformation,
)
from keras.ops.image_format import larger, pad_axes, smaller
from keras.ops.resizing import INTERPOLATIONS


class Rescaling(DataLayer):
    """Computes `x * scale + offset`.

    Args:
        scale: a number, or one for each channel.
        offset: likewise.

    Example:
        >>> keras.layers.Rescaling(1 / 255)(np.array([0, 51, 255]))
        array([0. , 0.2, 1. ], dtype=float32)
    """

    def __init__(self, scale: Any, offset: Any = 0.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale
        self.offset = offset
        self.supports_masking = True

    def call(self, inputs: Any) -> Any:
        x = ops.cast(inputs, self.compute_dtype)
        return x * self._number(self.scale) + self._number(self.offset)

    def _number(self, value: Any) -> Any:
        """The scale or offset, in the place of the channels if there are many."""
        number = ops.cast(self.convert_weight(value), self.compute_dtype)
        if number.shape and settings.image_data_format() == "channels_first":
            number = ops.reshape(number, (*number.shape, 1, 1))
        return number


class Resizing(BaseImagePreprocessingLayer):
    """Resizes images; integers stay integers.

    Args:
        height, width: the new size.
        interpolation: "bilinear", "nearest", "bicubic", "lanczos3" or "lanczos5".
        crop_to_aspect_ratio: whether an image is cropped about its center to the new
            aspect ratio first, instead of being distorted.
        pad_to_aspect_ratio: whether it is padded to that ratio first.
        fill_mode: "constant", the only mode for the padding.
        fill_value: the color of the padding.
        antialias: whether all old pixels count where an image shrinks.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.Resizing(4, 4, crop_to_aspect_ratio=True)
        >>> layer(np.ones((2, 6, 9, 3))).shape
        (2, 4, 4, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = check_positive_int(height, "height", "Resizing")
        self.width = check_positive_int(width, "width", "Resizing")
        self.interpolation = check_choice(
            interpolation, INTERPOLATIONS, "interpolation", "Resizing"
        )
        if crop_to_aspect_ratio and pad_to_aspect_ratio:
            raise ValueError(
                "Resizing: only one of `crop_to_aspect_ratio` and "
                "`pad_to_aspect_ratio` can be True; received both."
            )
        self.crop_to_aspect_ratio = crop_to_aspect_ratio
        self.pad_to_aspect_ratio = pad_to_aspect_ratio
        self.fill_mode = check_choice(fill_mode, ("constant",), "fill_mode", "Resizing")
        self.fill_value = fill_value
        self.antialias = antialias

    def get_random_transformation(
        self, data: Any, training: Any = True, seed: Any = None
    ) -> Transformation:
        """Height and width of the images, which the boxes need."""
        return self.size_of(
            ops.shape(data["images"] if isinstance(data, dict) else data)
        )

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Resize a batch of images."""
        return self._resize(images, self.interpolation)

    def transform_segmentation_masks(
        self,
        segmentation_masks: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Resize masks; each pixel takes the class of the nearest."""
        return self._resize(segmentation_masks, "nearest")

    def _resize(self, images: Any, interpolation: str) -> Any:
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            antialias=self.antialias,
            crop_to_aspect_ratio=self.crop_to_aspect_ratio,
            pad_to_aspect_ratio=self.pad_to_aspect_ratio,
            fill_mode=self.fill_mode,
            fill_value=self.fill_value,
            data_format=self.data_format,
        )

    def transform_bounding_boxes(
        self,
        bounding_boxes: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Scale boxes as the images are."""
        height, width = (ops.cast(n, "float32") for n in transformation)
        down, right = self.height / height, self.width / width
        if self.crop_to_aspect_ratio:
            down = right = ops.maximum(down, right)
        elif self.pad_to_aspect_ratio:
            down = right = ops.minimum(down, right)

        # What is cropped or padded is the same on both sides, in whole pixels.
        scale = ops.stack([right, down])
        size = ops.stack([width, height])
        start = (ops.array([self.width, self.height], "float32") - size * scale) / 2
        start = ops.trunc(start)
        return transform_boxes(
            bounding_boxes,
            self.box_format(),
            transformation,
            lambda corners: corners * ops.tile(scale, 2) + ops.tile(start, 2),
            (self.height, self.width),
        )


class Crop(BaseImagePreprocessingLayer):
    """Base of the layers that cut a window of a fixed size out of images.

    Where an image is smaller than the window, a part of it is resized: by default the
    largest part about its center that has the window's aspect ratio.

    Args:
        height, width: the size of the window.
        data_format: "channels_last" or "channels_first".
    """

    def __init__(
        self,
        height: int,
        width: int,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = check_positive_int(height, "height", type(self).__name__)
        self.width = check_positive_int(width, "width", type(self).__name__)

    def cut(
        self, images: Any, start: tuple[Any, Any], interpolation: str = "bilinear"
    ) -> Any:
        """The windows of images or masks that start at a row and a column."""
        height, width = self.size_of(ops.shape(images))

        def crop() -> Any:
            rows = _window(images, self.height_axis, start[0], self.height)
            return _window(rows, self.width_axis, start[1], self.width)

        return _choose(
            (height >= self.height) & (width >= self.width),
            crop,
            lambda: self.fill(images, start, interpolation),
        )

    def fill(self, images: Any, start: tuple[Any, Any], interpolation: str) -> Any:
        """Images that are smaller than the window, made as large."""
        return self.resize(images, interpolation)

    def resize(self, images: Any, interpolation: str = "bilinear") -> Any:
        """Images of the window's size, cropped to its aspect ratio."""
        return ops.image.resize(
            images,
            (self.height, self.width),
            interpolation=interpolation,
            crop_to_aspect_ratio=True,
            data_format=self.data_format,
        )

    def cut_boxes(
        self, bounding_boxes: Any, size: tuple[Any, Any], start: tuple[Any, Any]
    ) -> Any:
        """Boxes as `cut` moves them, for images of a size."""
        height, width = size
        fits = (height >= self.height) & (width >= self.width)

        return _choose(
            fits,
            lambda: self.seen_boxes(
                bounding_boxes, size, *start, self.height, self.width
            ),
            lambda: self.fill_boxes(bounding_boxes, size, start),
        )

    def fill_boxes(
        self, bounding_boxes: Any, size: tuple[Any, Any], start: tuple[Any, Any]
    ) -> Any:
        """Boxes as `fill` moves them, for images of a size."""
        return self.resize_boxes(bounding_boxes, size)

    def resize_boxes(self, bounding_boxes: Any, size: tuple[Any, Any]) -> Any:
        """Boxes as `resize` moves them, for images of a size."""
        height, width = size
        rows = smaller(height, width * self.height // self.width)
        columns = smaller(width, height * self.width // self.height)
        top, left = (height - rows) // 2, (width - columns) // 2
        return self.seen_boxes(bounding_boxes, size, top, left, rows, columns)

    def seen_boxes(self, bounding_boxes: Any, size: Any, *part: Any) -> Any:
        """Boxes where a part of images of a size fills the window.

        The part is its first row and column, and how many it has.
        """
        top, left, rows, columns = (ops.cast(n, "float32") for n in part)
        first = ops.stack([left, top, left, top])
        scale = ops.stack([self.width / columns, self.height / rows] * 2)
        return transform_boxes(
            bounding_boxes,
            self.box_format(),
            size,
            lambda corners: (corners - first) * scale,
            (self.height, self.width),
        )


def _window(x: Any, axis: int, start: Any, size: Any) -> Any:
    """`size` places along an axis, counted from the end; both may be tensors."""
    if isinstance(start, int) and isinstance(size, int):
        return x[(..., slice(start, start + size), *[slice(None)] * (-1 - axis))]
    return ops.take(x, start + ops.arange(size, dtype="int32"), axis=axis)


def _choose(condition: Any, yes: Callable, no: Callable) -> Any:
    """One of two values, of which only that one is computed."""
    if isinstance(condition, bool):
        return yes() if condition else no()
    return ops.cond(condition, yes, no)


class CenterCrop(Crop):
    """Crops images about their center.

    An image that is smaller than the crop is resized: the largest part about its center
    that has the new aspect ratio.

    Args:
        height, width: the new size.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> keras.layers.CenterCrop(2, 1)(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, 0]
        array([[5.], [9.]], dtype=float32)
    """

    def get_random_transformation(
        self, data: Any, training: Any = True, seed: Any = None
    ) -> Transformation:
        """The shape of the images, which the boxes need."""
        images = data["images"] if isinstance(data, dict) else data
        return {"input_shape": ops.shape(images)}

    def _start(self, images: Any) -> tuple[Any, Any]:
        height, width = self.size_of(ops.shape(images))
        return (height - self.height) // 2, (width - self.width) // 2

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Crop a batch of images."""
        images = self.in_dtype(images)
        return self.cut(images, self._start(images))

    def transform_segmentation_masks(
        self,
        segmentation_masks: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Crop masks."""
        return self.cut(segmentation_masks, self._start(segmentation_masks), "nearest")

    def transform_bounding_boxes(
        self,
        bounding_boxes: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Move boxes as the images are cropped."""
        height, width = self.size_of(transformation["input_shape"])
        start = (height - self.height) // 2, (width - self.width) // 2
        return self.cut_boxes(bounding_boxes, (height, width), start)


class RandomCrop(Crop):
    """Crops images at random: one place for a batch, in training.

    An image that is smaller than the crop is cropped where it is larger, and then
    resized. Outside of training, the largest part about the center that has the new
    aspect ratio is resized.

    Args:
        height, width: the new size.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> keras.layers.RandomCrop(4, 6, seed=1)(np.ones((2, 8, 8, 3))).shape
        (2, 4, 6, 3)
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: DataFormat | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(height, width, data_format, name=name, **kwargs)
        self.keep_seed(seed)

    def get_random_transformation(
        self, data: Any, training: Any = True, seed: Any = None
    ) -> Transformation:
        """Draw the row and the column where the crop starts, for a batch.

        Returns:
            The row, the column, and height and width of the images.
        """
        size = self.size_of(
            ops.shape(data["images"] if isinstance(data, dict) else data)
        )
        if not training:
            return 0, 0, size
        seed = self.seeds() if seed is None else seed

        # There is a place to start at also where an image is too small.
        top = random.randint((), 0, larger(size[0] - self.height, 0) + 1, seed=seed)
        left = random.randint((), 0, larger(size[1] - self.width, 0) + 1, seed=seed)
        return top, left, size

    def fill(self, images: Any, start: tuple[Any, Any], interpolation: str) -> Any:
        size = self.size_of(ops.shape(images))
        rows = _window(
            images, self.height_axis, start[0], smaller(size[0], self.height)
        )
        part = _window(rows, self.width_axis, start[1], smaller(size[1], self.width))
        return ops.image.resize(
            part,
            (self.height, self.width),
            interpolation=interpolation,
            data_format=self.data_format,
        )

    def fill_boxes(
        self, bounding_boxes: Any, size: tuple[Any, Any], start: tuple[Any, Any]
    ) -> Any:
        rows, columns = smaller(size[0], self.height), smaller(size[1], self.width)
        return self.seen_boxes(bounding_boxes, size, *start, rows, columns)

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Crop a batch of images."""
        if not training:
            return self.resize(images)
        return self.cut(self.in_dtype(images), transformation[:2])

    def transform_segmentation_masks(
        self,
        segmentation_masks: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Crop masks."""
        if not training:
            return self.resize(segmentation_masks, "nearest")
        return self.cut(segmentation_masks, transformation[:2], "nearest")

    def transform_bounding_boxes(
        self,
        bounding_boxes: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Move boxes as the images are cropped or resized."""
        top, left, size = transformation
        if training:
            return self.cut_boxes(bounding_boxes, size, (top, left))
        return self.resize_boxes(bounding_boxes, size)


class MaxNumBoundingBoxes(BaseImagePreprocessingLayer):
    """Gives all images the same number of bounding boxes.

    Those above the number are left out, and missing ones are filled up.

    Args:
        max_number: the number.
        fill_value: the numbers and the label of a box that is filled up.

    Example:
        >>> layer = keras.layers.MaxNumBoundingBoxes(3, bounding_box_format="xyxy")
        >>> boxes = {"boxes": np.ones((2, 5, 4)), "labels": np.ones((2, 5))}
        >>> layer({"images": np.ones((2, 8, 8, 3)), "bounding_boxes": boxes})[
        ...     "bounding_boxes"
        ... ]["boxes"].shape
        (2, 3, 4)
    """

    def __init__(self, max_number: int, fill_value: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_number = check_positive_int(
            max_number, "max_number", "MaxNumBoundingBoxes"
        )
        self.fill_value = fill_value

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """The images, which stay."""
        return images

    def transform_bounding_boxes(
        self,
        bounding_boxes: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Leave boxes out, or fill them up."""

        def fit(x: Any, axis: int) -> Any:
            x = ops.moveaxis(x, axis, 0)[: self.max_number]
            missing = larger(self.max_number - ops.shape(x)[0], 0)
            x = pad_axes(x, {0: (0, missing)}, self.fill_value)
            return ops.moveaxis(x, 0, axis)

        boxes, labels = bounding_boxes["boxes"], bounding_boxes["labels"]
        return {**bounding_boxes, "boxes": fit(boxes, -2), "labels": fit(labels, 1)}
