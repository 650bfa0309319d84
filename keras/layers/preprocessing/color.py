"""Colors at random, pixel by pixel: brightness, contrast, saturation, hue, and kin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops, random
from keras.core.errors import check_fraction
from keras.core.typing import DataFormat
from keras.layers.preprocessing.image_layer import (
    BaseImagePreprocessingLayer,
    Factor,
    Transformation,
)


class ColorLayer(BaseImagePreprocessingLayer):
    """Base of the layers that change colors and no positions.

    Boxes, masks and labels stay. A subclass computes the new colors in `recolor`; they
    are clipped to `value_range` and get the layer's type.

    Args:
        value_range: the least and the greatest color.
    """

    # Whether images get the layer's type, and new colors, outside of training too.
    always_casts = False
    always_applies = False

    value_range: tuple[float, float]

    def __init__(self, value_range: Sequence[float] = (0, 255), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.value_range = check_value_range(value_range, type(self).__name__)

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Transform a batch of images."""
        if not training and not self.always_applies:
            return self.in_dtype(images) if self.always_casts else images
        colors = self.recolor(self.in_float(images), transformation)
        colors = ops.clip(colors, *self.value_range)
        return self.in_dtype(colors, self.output_dtype(images))

    def output_dtype(self, images: Any) -> str:
        """The type of the new images: that of the layer."""
        return self.compute_dtype

    def recolor(self, images: Any, drawn: Any) -> Any:
        """The new colors of a batch of images, which are floats.

        Args:
            images: in the data format of the layer.
            drawn: what `draw` returned.
        """
        raise NotImplementedError(f"{type(self).__name__}: define `recolor`.")

    def rescale(self, images: Any, target: tuple[float, float] = (0, 1)) -> Any:
        """Colors of the layer's range in another range."""
        return _between_ranges(images, self.value_range, target)

    def rescale_back(self, images: Any, source: tuple[float, float] = (0, 1)) -> Any:
        """The way back from `rescale`."""
        return _between_ranges(images, source, self.value_range)


class RandomColorLayer(ColorLayer):
    """Base of the layers that change colors by a random factor; see `ColorLayer`.

    Args:
        factor: the bounds of what is drawn, or one number.
        value_range: the least and the greatest color.
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.
    """

    factor: Any

    def __init__(
        self,
        factor: Factor,
        value_range: Sequence[float] = (0, 255),
        data_format: DataFormat | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range=value_range, data_format=data_format, **kwargs)
        self.factor = self.bounds_of(factor)
        self.keep_seed(seed)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        """A factor for each image."""
        return {"factor": self.uniform(self.factor, shape[:1], seed)}

    def _in_hsv(self, images: Any, change: Callable) -> Any:
        """Images whose hue, saturation and value were changed by a function."""
        axis = self.channel_axis
        hsv = ops.image.rgb_to_hsv(self.rescale(images), data_format=self.data_format)
        hsv = ops.concatenate(change(*ops.split(hsv, 3, axis=axis)), axis=axis)
        rgb = ops.image.hsv_to_rgb(hsv, data_format=self.data_format)
        return self.rescale_back(rgb)


def check_value_range(value_range: Any, who: str) -> tuple[float, float]:
    """A range of colors as a pair."""
    try:
        low, high = value_range
        fits = low < high
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise ValueError(
            f"{who}: `value_range` must be two numbers, the least and the greatest "
            f"color; received {value_range!r}."
        )
    return low, high


def by_image(drawn: Any) -> Any:
    """Numbers `(batch,)` as `(batch, 1, 1, 1)`, to be broadcast against images."""
    return ops.reshape(drawn, (-1, 1, 1, 1))


def _between_ranges(images: Any, source: Any, target: Any) -> Any:
    (low, high), (new_low, new_high) = source, target
    if (low, high) == (new_low, new_high):
        return images
    return (images - low) * ((new_high - new_low) / (high - low)) + new_low


class RandomBrightness(RandomColorLayer):
    """Adds a random number to all colors of an image, in training.

    The result has the type of the images, so that uint8 stays uint8.

    Args:
        factor: the bounds of the number, in parts of `value_range`, from -1 to 1; one
            number f stands for `(-f, f)`.
        value_range: the least and the greatest color.
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.RandomBrightness((0.2, 0.2), value_range=(0, 1))
        >>> layer(np.full((1, 2, 2, 3), 0.5)).max()
        0.7
    """

    def __init__(
        self,
        factor: Factor,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed=seed, **kwargs)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        span = self.value_range[1] - self.value_range[0]
        delta = self.uniform(self.factor, (shape[0], 1, 1, 1), seed)
        return {"rgb_delta": delta * span}

    def output_dtype(self, images: Any) -> str:
        return ops.dtype(images)

    def recolor(self, images: Any, drawn: Any) -> Any:
        return images + drawn["rgb_delta"]


class RandomContrast(RandomColorLayer):
    """Stretches the colors of an image about their mean at random, in training.

    `(x - mean) * factor + mean`, with the mean of each channel.

    Args:
        factor: a pair (lower, upper) of numbers from 0 to 1: the factor is drawn from
            `1 - lower` to `1 + upper`. One number f stands for `(0, f)`.
        value_range: the least and the greatest color.
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.RandomContrast(0.3, value_range=(0, 1))
        >>> layer(np.full((1, 2, 2, 3), 0.5)).max()
        0.5
    """

    factor_bounds = (0, 1)

    def __init__(
        self,
        factor: Factor,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, seed=seed, **kwargs)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        lower, upper = self.factor
        bounds = (1 - lower, 1 + upper)
        return {"contrast_factor": self.uniform(bounds, (shape[0], 1, 1, 1), seed)}

    def recolor(self, images: Any, drawn: Any) -> Any:
        axes = (self.height_axis, self.width_axis)
        mean = ops.mean(images, axis=axes, keepdims=True)
        return (images - mean) * drawn["contrast_factor"] + mean


class RandomSaturation(RandomColorLayer):
    """Multiplies the saturation of an image by a random number, in training.

    Args:
        factor: the bounds of a number f; the saturation is multiplied by `f / (1 - f)`.
            0 makes an image gray, 0.5 leaves it, 1 saturates it fully. One number f
            stands for `(-f, f)`; what is below 0 makes an image gray.
        value_range: the least and the greatest color.
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.RandomSaturation((0, 0), value_range=(0, 1))
        >>> layer(np.array([[[[0.2, 0.4, 0.8]]]]))
        array([[[[0.8, 0.8, 0.8]]]], dtype=float32)
    """

    def draw(self, shape: Any, seed: Any) -> Transformation:
        factor = self.uniform(self.factor, shape[:1], seed)
        return {"factor": factor / (1 - ops.minimum(factor, 1 - 1e-7))}

    def recolor(self, images: Any, drawn: Any) -> Any:
        def saturate(hue: Any, saturation: Any, value: Any) -> tuple[Any, Any, Any]:
            more = saturation * by_image(drawn["factor"])
            return hue, ops.clip(more, 0.0, 1.0), value

        return self._in_hsv(images, saturate)


class RandomHue(RandomColorLayer):
    """Turns the hue of an image by a random angle, in training.

    Args:
        factor: the bounds of the angle in half turns, from 0 to 1; the direction is
            random. One number f stands for `(0, f)`.
        value_range: the least and the greatest color.
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.RandomHue((1, 1), value_range=(0, 1))
        >>> layer(np.array([[[[1.0, 0.0, 0.0]]]]))
        array([[[[0., 1., 1.]]]], dtype=float32)
    """

    factor_bounds = (0, 1)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        angle = self.uniform(self.factor, shape[:1], seed) / 2
        is_back = self.uniform((0, 1), shape[:1], seed) < 0.5
        return {"factor": ops.where(is_back, -angle, angle)}

    def recolor(self, images: Any, drawn: Any) -> Any:
        def turn(hue: Any, saturation: Any, value: Any) -> tuple[Any, Any, Any]:
            turned = hue + by_image(drawn["factor"])
            return turned - ops.floor(turned), saturation, value

        return self._in_hsv(images, turn)


class RandomColorDegeneration(RandomColorLayer):
    """Mixes an image with its gray values at random, in training.

    Args:
        factor: the bounds of the part of gray: 0 leaves an image, 1 makes it gray, and
            a negative number strengthens the colors. One number f stands for `(-f, f)`.
        value_range: the least and the greatest color.
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.RandomColorDegeneration((1, 1), value_range=(0, 1))
        >>> layer(np.array([[[[0.0, 1.0, 0.0]]]]))
        array([[[[0.587, 0.587, 0.587]]]], dtype=float32)
    """

    def draw(self, shape: Any, seed: Any) -> Transformation:
        return {"factor": self.uniform(self.factor, (shape[0], 1, 1, 1), seed)}

    def recolor(self, images: Any, drawn: Any) -> Any:
        gray = ops.image.rgb_to_grayscale(images, data_format=self.data_format)
        return images + (gray - images) * drawn["factor"]


class RandomInvert(RandomColorLayer):
    """Inverts the colors of some images, in training.

    Args:
        factor: the bounds of the probability, which is drawn for each image, from 0 to
            1. One number f stands for `(0, f)`.
        value_range: the least and the greatest color.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.RandomInvert((1, 1), value_range=(0, 1))
        >>> layer(np.full((1, 2, 2, 3), 0.25)).max()
        0.75
    """

    factor_bounds = (0, 1)

    def __init__(
        self,
        factor: Factor = 1.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(factor, value_range, data_format, seed, **kwargs)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        return {"apply_inversion": self.chosen(self.factor, shape, seed)}

    def recolor(self, images: Any, drawn: Any) -> Any:
        inverted = self.value_range[0] + self.value_range[1] - images
        return ops.where(by_image(drawn["apply_inversion"]), inverted, images)


class RandomPosterization(RandomColorLayer):
    """Keeps only the highest bits of each color, in training.

    Args:
        factor: a pair (lower, upper) of numbers from 1 to 8: an image keeps from
            `lower` to `upper - 1` of its 8 bits. One number n stands for `(1, n)`.
        value_range: the least and the greatest color.
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.RandomPosterization((1, 2))
        >>> layer(np.array([[[[100, 150, 200]]]]))
        array([[[[  0., 128., 128.]]]], dtype=float32)
    """

    factor_bounds = (1, 8)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        lower, upper = (int(bound) for bound in self.factor)
        bits = random.randint(shape[:1], lower, max(upper, lower + 1), seed=seed)
        return {"shift_factor": ops.cast(8 - bits, "uint8")}

    def recolor(self, images: Any, drawn: Any) -> Any:
        levels = ops.cast(self.rescale(images, (0, 255)), "int32")
        step = ops.left_shift(1, ops.cast(by_image(drawn["shift_factor"]), "int32"))
        levels = ops.cast(levels // step * step, ops.dtype(images))
        return self.rescale_back(levels, (0, 255))


class Solarization(ColorLayer):
    """Adds to all colors and inverts those above a threshold, in training.

    `x + addition`, and then `255 - x` where x is at least the threshold.

    Args:
        addition_factor: the bounds of what is added, in parts of 255, from 0 to 1; one
            number f stands for `(0, f)`.
        threshold_factor: the bounds of the threshold, likewise.
        value_range: the least and the greatest color.
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.Solarization(threshold_factor=(0.5, 0.5))
        >>> layer(np.array([[[[50, 150, 250]]]]))
        array([[[[ 50., 105.,   5.]]]], dtype=float32)
    """

    factor_bounds = (0, 1)
    always_casts = True

    def __init__(
        self,
        addition_factor: Factor = 0.0,
        threshold_factor: Factor = 0.0,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range=value_range, **kwargs)
        self.addition_factor = self.bounds_of(addition_factor, "addition_factor")
        self.threshold_factor = self.bounds_of(threshold_factor, "threshold_factor")
        self.keep_seed(seed)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        one = (shape[0], 1, 1, 1)
        return {
            "additions": self.uniform(self.addition_factor, one, seed) * 255,
            "thresholds": self.uniform(self.threshold_factor, one, seed) * 255,
        }

    def recolor(self, images: Any, drawn: Any) -> Any:
        colors = self.rescale(images, (0, 255)) + drawn["additions"]
        colors = ops.clip(colors, 0, 255)
        colors = ops.where(colors < drawn["thresholds"], colors, 255 - colors)
        return self.rescale_back(colors, (0, 255))


class RandomGrayscale(BaseImagePreprocessingLayer):
    """Makes some images gray, and keeps their channels, in training.

    The result has the type of the images, so that uint8 stays uint8.

    Args:
        factor: the probability, from 0 to 1.
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.RandomGrayscale(factor=1.0)
        >>> layer(np.array([[[[0.0, 1.0, 0.0]]]]))
        array([[[[0.587, 0.587, 0.587]]]], dtype=float32)
    """

    def __init__(
        self,
        factor: float = 0.5,
        data_format: DataFormat | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = check_fraction(factor, "factor", "RandomGrayscale")
        self.keep_seed(seed)

    def get_random_transformation(
        self, images: Any, training: Any = True, seed: Any = None
    ) -> Transformation:
        """Draw which images become gray."""
        return super().get_random_transformation(images, training, seed)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        return self.uniform((0, 1), (shape[0], 1, 1, 1), seed) < self.factor

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        if not training:
            return images
        colors = self.in_float(images)
        gray = ops.image.rgb_to_grayscale(colors, data_format=self.data_format)
        return self.in_dtype(ops.where(transformation, gray, colors), ops.dtype(images))

    # The parameters of these have other names in Keras.

    def transform_labels(  # type: ignore[override]
        self, labels: Any, transformations: Transformation = None, **kwargs: Any
    ) -> Any:
        """The labels, which stay."""
        return labels

    def transform_bounding_boxes(  # type: ignore[override]
        self, bounding_boxes: Any, **kwargs: Any
    ) -> Any:
        """The boxes, which stay."""
        return bounding_boxes

    def transform_segmentation_masks(  # type: ignore[override]
        self,
        segmentation_masks: Any,
        transformations: Transformation = None,
        **kwargs: Any,
    ) -> Any:
        """The masks, which stay."""
        return segmentation_masks


class RandomColorJitter(BaseImagePreprocessingLayer):
    """Changes brightness, contrast, saturation and hue at random, in training.

    Args:
        value_range: the least and the greatest color.
        brightness_factor, contrast_factor, saturation_factor, hue_factor: the factor of
            `RandomBrightness`, `RandomContrast`, `RandomSaturation` and `RandomHue`,
            which are applied in this order; None leaves one out.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.RandomColorJitter(
        ...     value_range=(0, 1), brightness_factor=0.2, hue_factor=0.1
        ... )
        >>> layer(np.ones((1, 8, 8, 3))).shape
        (1, 8, 8, 3)
    """

    _not_parts = (*BaseImagePreprocessingLayer._not_parts, "_jitters")

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        brightness_factor: Factor | None = None,
        contrast_factor: Factor | None = None,
        saturation_factor: Factor | None = None,
        hue_factor: Factor | None = None,
        seed: int | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.value_range = check_value_range(value_range, "RandomColorJitter")
        self.brightness_factor = brightness_factor
        self.contrast_factor = contrast_factor
        self.saturation_factor = saturation_factor
        self.hue_factor = hue_factor
        self.keep_seed(seed)

        factors = {
            RandomBrightness: brightness_factor,
            RandomContrast: contrast_factor,
            RandomSaturation: saturation_factor,
            RandomHue: hue_factor,
        }
        self._jitters = [
            cls(
                factor,
                value_range=value_range,
                data_format=self.data_format,
                dtype=self.dtype_policy,
            )
            for cls, factor in factors.items()
            if factor is not None
        ]

    def draw(self, shape: Any, seed: Any) -> Transformation:
        """What each of the layers draws, by its class."""
        return {type(x).__name__: x.draw(shape, seed) for x in self._jitters}

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Apply the layers, one after another; without a draw they draw now."""
        if not training:
            return images
        if transformation is None:
            transformation = self.get_random_transformation(images)
        images = self.in_float(images)
        for layer in self._jitters:
            drawn = transformation[type(layer).__name__]
            images = layer.transform_images(images, drawn)
        return self.in_dtype(images)
