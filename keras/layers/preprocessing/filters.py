"""Random layers that look at more than a pixel: sharpness, blur, erasing, elastic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops, random
from keras.backend import resampling
from keras.core.errors import check_choice, standardize_tuple
from keras.core.typing import DataFormat, IntOrInts
from keras.layers.preprocessing.boxes import transform_boxes
from keras.layers.preprocessing.color import (
    ColorLayer,
    RandomColorLayer,
    by_image,
    check_value_range,
)
from keras.layers.preprocessing.geometry import INTERPOLATIONS
from keras.layers.preprocessing.image_layer import (
    BaseImagePreprocessingLayer,
    Factor,
    Transformation,
)
from keras.ops.elastic import displaced
from keras.ops.filters import correlate_axis, gaussian
from keras.ops.sampling import ORDERS, sample


class RandomSharpness(RandomColorLayer):
    """Sharpens or blurs images at random, in training.

    An image is mixed with itself smoothed by a window of 3 by 3 pixels (5 in the middle
    and 1 around, divided by 13).

    Args:
        factor: the bounds of a number from 0 to 1: 0 smooths, 0.5 leaves an image, 1
            sharpens. One number f stands for `(0, f)`.
        value_range: the least and the greatest color.
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.RandomSharpness((0.5, 0.5))
        >>> layer(np.ones((1, 8, 8, 3))).max()
        1.0
    """

    factor_bounds = (0, 1)
    always_casts = True

    def recolor(self, images: Any, drawn: Any) -> Any:
        around = ops.array([1.0, 1.0, 1.0], ops.dtype(images))
        smooth = images
        for axis in (self.height_axis, self.width_axis):
            smooth = correlate_axis(smooth, around, len(images.shape) + axis, True)
        smooth = (smooth + 4 * images) / 13
        return smooth + (images - smooth) * by_image(2 * drawn["factor"])


class RandomGaussianBlur(ColorLayer):
    """Blurs some images by a Gaussian, in training.

    Args:
        factor: the bounds of the probability, which is drawn for each image, from 0 to
            1. One number f stands for `(0, f)`.
        kernel_size: the size of the window in pixels, one number or (width, height).
        sigma: the bounds of the standard deviation in pixels, which is drawn for each
            axis of a batch. One number s stands for `(0, s)`.
        value_range: the least and the greatest color.
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.RandomGaussianBlur(kernel_size=5, seed=1)
        >>> layer(np.ones((1, 8, 8, 3))).shape
        (1, 8, 8, 3)
    """

    factor_bounds = (0, 1)
    always_casts = True

    def __init__(
        self,
        factor: Factor = 1.0,
        kernel_size: IntOrInts = 3,
        sigma: Factor = 1.0,
        value_range: Sequence[float] = (0, 255),
        data_format: DataFormat | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range=value_range, data_format=data_format, **kwargs)
        who = "RandomGaussianBlur"
        self.factor = self.bounds_of(factor)
        self.kernel_size = standardize_tuple(kernel_size, 2, "kernel_size", who)
        self.sigma = positive_bounds(sigma, "sigma", who)
        self.keep_seed(seed)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        return {
            "should_apply_blur": self.chosen(self.factor, shape, seed),
            "blur_factor": self.uniform(self.sigma, (2,), seed),
        }

    def recolor(self, images: Any, drawn: Any) -> Any:
        blurred = images
        for i, axis in enumerate((self.width_axis, self.height_axis)):
            # A deviation of 0 leaves a single pixel.
            sigma = ops.maximum(drawn["blur_factor"][i], 1e-6)
            taps = gaussian(self.kernel_size[i], sigma)
            blurred = correlate_axis(blurred, taps, len(images.shape) + axis, True)
        return ops.where(by_image(drawn["should_apply_blur"]), blurred, images)


class RandomErasing(ColorLayer):
    """Covers a random rectangle of some images, in training.

    Zhong et al., 2017, "Random Erasing Data Augmentation", arXiv:1708.04896.

    Args:
        factor: the bounds of the probability, which is drawn for each image, from 0 to
            1. One number f stands for `(0, f)`.
        scale: the bounds of the rectangle's part of the image: height and width are the
            root of a number within them, each of its own. One number s stands for
            `(0, s)`.
        fill_value: the color of the rectangle; None for normal noise.
        value_range: the least and the greatest color.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.RandomErasing(scale=(0.2, 0.3), seed=1)
        >>> layer(np.ones((1, 8, 8, 3))).shape
        (1, 8, 8, 3)
    """

    factor_bounds = (0, 1)
    always_casts = True

    def __init__(
        self,
        factor: Factor = 1.0,
        scale: Factor = (0.02, 0.33),
        fill_value: float | None = None,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range=value_range, data_format=data_format, **kwargs)
        self.factor = self.bounds_of(factor)
        self.scale = self.bounds_of(scale, "scale")
        self.fill_value = fill_value
        self.keep_seed(seed)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        sides = ops.sqrt(self.uniform(self.scale, (2, shape[0]), seed))
        low, high = self.value_range
        if self.fill_value is None:
            noise = random.normal(shape, dtype="float32", seed=seed)
            fill = ops.clip(low + noise * (high - low), low, high)
        else:
            fill = ops.clip(ops.full(shape, self.fill_value, "float32"), low, high)
        return {
            "apply_erasing": self.chosen(self.factor, shape, seed),
            "batch_masks": rectangles(self, shape, sides[0], sides[1], seed),
            "fill_value": fill,
        }

    def recolor(self, images: Any, drawn: Any) -> Any:
        is_erased = drawn["batch_masks"] & by_image(drawn["apply_erasing"])
        return ops.where(is_erased, drawn["fill_value"], images)


class RandomElasticTransform(BaseImagePreprocessingLayer):
    """Deforms some images by a smooth random field, in training.

    Simard et al., 2003, "Best Practices for Convolutional Neural Networks Applied to
    Visual Document Analysis". See `keras.ops.image.elastic_transform`.

    Args:
        factor: the bounds of the probability, which is drawn for each image, from 0 to
            1. One number f stands for `(0, f)`.
        scale: the bounds of the strength, which is drawn for each batch, from 0 to 1.
            One number s stands for `(0, s)`.
        interpolation: "bilinear" or "nearest".
        fill_mode: how an image continues beyond its edges: "reflect", "wrap", "mirror",
            "nearest", or "constant" with `fill_value`.
        fill_value: the color beyond the edges for "constant".
        value_range: the least and the greatest color.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.RandomElasticTransform(seed=1)
        >>> layer(np.ones((1, 16, 16, 3))).shape
        (1, 16, 16, 3)
    """

    factor_bounds = (0, 1)

    def __init__(
        self,
        factor: Factor = 1.0,
        scale: Factor = 1.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        who = "RandomElasticTransform"
        self.factor = self.bounds_of(factor)
        self.scale = self.bounds_of(scale, "scale")
        self.interpolation = check_choice(
            interpolation, INTERPOLATIONS, "interpolation", who
        )
        self.fill_mode = check_choice(
            fill_mode, resampling.FILL_MODES, "fill_mode", who
        )
        self.fill_value = fill_value
        self.value_range = check_value_range(value_range, who)
        self.keep_seed(seed)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        batch, (height, width) = shape[0], self.size_of(shape)
        return {
            "apply_transform": self.chosen(self.factor, shape, seed),
            "distortion_factor": self.uniform(self.scale, (), seed),
            "noise": random.normal(
                (2, batch, height, width), dtype="float32", seed=seed
            ),
        }

    def get_elastic_transform_params(
        self, height: Any, width: Any, factor: Any
    ) -> tuple[Any, Any]:
        """The strength and the smoothing of a deformation.

        Args:
            height, width: the size of the images.
            factor: a number from 0 to 1.

        Returns:
            `(alpha, sigma)`, as `keras.ops.image.elastic_transform` takes them.
        """
        height, width = (ops.cast(n, "float32") for n in (height, width))
        alpha = ops.maximum(height, width) * 0.1 * factor
        return alpha, ops.minimum(height, width) * 0.05 * factor

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Deform a batch of images."""
        if not training:
            return self.in_dtype(images)
        images = self._deform(self.in_float(images), transformation, self.interpolation)
        return self.in_dtype(ops.clip(images, *self.value_range))

    def transform_segmentation_masks(
        self,
        segmentation_masks: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Deform masks; each pixel takes the class of the nearest."""
        if not training:
            return segmentation_masks
        dtype = ops.dtype(segmentation_masks)
        masks = ops.cast(segmentation_masks, "float32")
        return ops.cast(self._deform(masks, transformation, "nearest"), dtype)

    def transform_bounding_boxes(
        self,
        bounding_boxes: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """The smallest boxes around the pixels that show what was in the old ones."""
        if not training:
            return bounding_boxes
        rows, columns = self._places(transformation)
        size = ops.shape(rows)[1:]

        def move(corners: Any) -> Any:
            left, top, right, bottom = (corners[:, :, i, None, None] for i in range(4))
            x, y = columns[:, None] + 0.5, rows[:, None] + 0.5
            is_seen = (x >= left) & (x < right) & (y >= top) & (y < bottom)
            ends = [_extent(ops.any(is_seen, axis=axis)) for axis in (2, 3)]
            (left, right), (top, bottom) = ends
            return ops.stack([left, top, right, bottom], axis=-1)

        return transform_boxes(bounding_boxes, self.box_format(), size, move)

    def _places(self, drawn: Any) -> list[Any]:
        """Where the pixels of each image read: rows and columns, `(batch, h, w)`."""
        _, _, height, width = ops.shape(drawn["noise"])
        alpha, sigma = self.get_elastic_transform_params(
            height, width, drawn["distortion_factor"]
        )
        # As many pixels as the largest deviation needs; a graph has to know a number.
        size = _UNKNOWN_SIZE
        if isinstance(height, int) and isinstance(width, int):
            size = int(6 * 0.05 * min(height, width) * self.scale[1]) | 1
        strength = by_image(ops.cast(drawn["apply_transform"], "float32"))[..., 0]
        sigma = ops.maximum(sigma, 1e-6)
        return displaced(drawn["noise"], alpha * strength, sigma, size)

    def _deform(self, images: Any, drawn: Any, interpolation: str) -> Any:
        axis = len(images.shape) + self.channel_axis
        images = ops.moveaxis(images, axis, -1)
        images = sample(
            images,
            self._places(drawn),
            ORDERS[interpolation],
            self.fill_mode,
            self.fill_value,
        )
        return ops.moveaxis(images, -1, axis)


_UNKNOWN_SIZE = 67  # of the smoothing window: for images of 224 pixels


def _extent(is_seen: Any) -> tuple[Any, Any]:
    """Where the first True along the last axis starts, and where the last one ends."""
    size = ops.shape(is_seen)[-1]
    places = ops.arange(size, dtype="float32")
    first = ops.min(ops.where(is_seen, places, ops.cast(size, "float32")), axis=-1)
    last = ops.max(ops.where(is_seen, places, -1.0), axis=-1) + 1
    return first, last


def rectangles(layer: Any, shape: Any, height: Any, width: Any, seed: Any) -> Any:
    """Masks of rectangles at random places inside images, True within.

    Args:
        layer: the image layer that draws.
        shape: the shape of the images.
        height, width: those of the rectangles, as parts of the image, `(batch,)`.
        seed: the source of the numbers.
    """
    spans = []
    for axis, part in ((layer.height_axis, height), (layer.width_axis, width)):
        part = by_image(part)
        start = layer.uniform((0, 1), (shape[0], 1, 1, 1), seed) * (1 - part)
        size = ops.cast(shape[axis], "float32")
        centers = ops.arange(shape[axis], dtype="float32") + 0.5
        centers = ops.reshape(centers / size, (-1, *[1] * (-1 - axis)))
        spans.append((centers >= start) & (centers < start + part))
    inside = spans[0] & spans[1]
    return ops.broadcast_to(inside, shape)


def positive_bounds(value: Any, argument: str, who: str) -> tuple[float, float]:
    """Bounds of a number of at least 0; one number stands for `(0, number)`."""
    pair = (0, value) if isinstance(value, (int, float)) else tuple(value)
    if len(pair) != 2 or not 0 <= pair[0] <= pair[1]:
        raise ValueError(
            f"{who}: `{argument}` must be a number of at least 0, or two of them; "
            f"received {value!r}."
        )
    return pair
