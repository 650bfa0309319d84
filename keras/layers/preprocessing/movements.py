"""Random movements: flip, rotation, zoom, translation, shear, perspective."""

from __future__ import annotations

import math
from typing import Any

from keras import ops
from keras.core.errors import check_choice, check_number
from keras.core.typing import DataFormat
from keras.layers.preprocessing.geometry import GeometricLayer, about_center, matrix
from keras.layers.preprocessing.image_layer import Factor, Transformation
from keras.ops.sampling import perspective


class RandomFlip(GeometricLayer):
    """Flips some images, with a probability of 1/2, in training.

    Args:
        mode: "horizontal" for left and right, "vertical" for top and bottom, or
            "horizontal_and_vertical" for both at the same time.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.RandomFlip("horizontal", seed=1)
        >>> layer(np.arange(3.0).reshape(1, 1, 3, 1)).shape
        (1, 1, 3, 1)
    """

    box_shift = -0.5
    _unwritten = ("fill_mode", "interpolation", "fill_value")

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed=seed, data_format=data_format, **kwargs)
        modes = ("horizontal", "vertical", "horizontal_and_vertical")
        self.mode = check_choice(mode, modes, "mode", "RandomFlip")

    def draw(self, shape: Any, seed: Any) -> Transformation:
        drawn = self.uniform((0, 1), (shape[0], 1, 1, 1), seed)
        return {"flips": drawn <= 0.5, "input_shape": shape}

    def matrices(self, transformation: Transformation, height: Any, width: Any) -> Any:
        flips = ops.reshape(ops.cast(transformation["flips"], "float32"), (-1,))
        sign = 1 - 2 * flips
        x, y = ("horizontal" in self.mode), ("vertical" in self.mode)
        turned = matrix(sign if x else 1.0, 0, 0, 0, sign if y else 1.0, 0, 0, 0, 1.0)
        return about_center(turned, height, width)

    def _resample(self, images: Any, transformation: Any, interpolation: str) -> Any:
        """Pixels only change places, so that no color is computed."""
        axes = {"horizontal": self.width_axis, "vertical": self.height_axis}
        flipped = ops.flip(images, [a for k, a in axes.items() if k in self.mode])
        return ops.where(transformation["flips"], flipped, images)


class RandomRotation(GeometricLayer):
    """Rotates images about their center by a random angle, in training.

    Args:
        factor: the bounds of the angle in full turns, counterclockwise; one number f
            stands for `(-f, f)`.
        fill_mode: how an image continues beyond its edges: "reflect", "wrap",
            "nearest", or "constant" with `fill_value`.
        interpolation: "bilinear" or "nearest".
        seed: an integer, or None.
        fill_value: the color beyond the edges for "constant".
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.RandomRotation((0.25, 0.25))
        >>> layer(np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]]))[0, :, :, 0].round(4)
        array([[2., 4.], [1., 3.]], dtype=float32)
    """

    def __init__(
        self,
        factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            fill_mode, interpolation, seed, fill_value, data_format, **kwargs
        )
        self.factor = self.bounds_of(factor)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        height, width = self.size_of(shape)
        return {
            "angle": self.uniform(self.factor, shape[:1], seed) * 360,
            "image_height": height,
            "image_width": width,
        }

    def size_of_draw(self, transformation: Transformation) -> tuple[Any, Any]:
        return transformation["image_height"], transformation["image_width"]

    def matrices(self, transformation: Transformation, height: Any, width: Any) -> Any:
        angle = transformation["angle"] * (math.pi / 180)
        cos, sin = ops.cos(angle), ops.sin(angle)
        return about_center(matrix(cos, -sin, 0, sin, cos, 0, 0, 0, 1), height, width)


class RandomZoom(GeometricLayer):
    """Zooms images about their center by random factors, in training.

    Args:
        height_factor: the bounds of the growth of what is seen vertically, from -1 to
            1: 0.2 sees 20 % more (zooms out), -0.2 sees 20 % less (zooms in). One
            number f stands for `(-f, f)`.
        width_factor: likewise horizontally; None for that of the height, which keeps
            the aspect ratio.
        fill_mode: how an image continues beyond its edges: "reflect", "wrap",
            "nearest", or "constant" with `fill_value`.
        interpolation: "bilinear" or "nearest".
        seed: an integer, or None.
        fill_value: the color beyond the edges for "constant".
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.RandomZoom((-0.5, -0.5), seed=1)
        >>> layer(np.ones((1, 8, 8, 3))).shape
        (1, 8, 8, 3)
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor | None = None,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            fill_mode, interpolation, seed, fill_value, data_format, **kwargs
        )
        self.height_factor = height_factor
        self.width_factor = width_factor
        self._heights = self.bounds_of(height_factor, "height_factor")
        self._widths = (
            None
            if width_factor is None
            else self.bounds_of(width_factor, "width_factor")
        )

    def draw(self, shape: Any, seed: Any) -> Transformation:
        height_zoom = 1 + self.uniform(self._heights, (shape[0], 1), seed)
        width_zoom = height_zoom
        if self._widths is not None:
            width_zoom = 1 + self.uniform(self._widths, (shape[0], 1), seed)
        return {
            "height_zoom": height_zoom,
            "width_zoom": width_zoom,
            "input_shape": shape,
        }

    def matrices(self, transformation: Transformation, height: Any, width: Any) -> Any:
        x, y = transformation["width_zoom"][:, 0], transformation["height_zoom"][:, 0]
        return about_center(matrix(x, 0, 0, 0, y, 0, 0, 0, 1), height, width)

    def get_clipped_bbox(
        self, bounding_boxes: Any, h_end: Any, h_start: Any, w_end: Any, w_start: Any
    ) -> Any:
        """Boxes, as left, top, right and bottom, clipped to a part of the image.

        Args:
            bounding_boxes: a dict of `"boxes"` and `"labels"`.
            h_end, h_start, w_end, w_start: the rows and columns of the part, from which
                the new boxes are counted.
        """
        left, top, right, bottom = ops.split(bounding_boxes["boxes"], 4, axis=-1)
        clipped = [
            ops.clip(left, w_start, w_end) - w_start,
            ops.clip(top, h_start, h_end) - h_start,
            ops.clip(right, w_start, w_end) - w_start,
            ops.clip(bottom, h_start, h_end) - h_start,
        ]
        return {**bounding_boxes, "boxes": ops.concatenate(clipped, axis=-1)}


class RandomTranslation(GeometricLayer):
    """Shifts images by random distances, in training.

    Args:
        height_factor: the bounds of the distance downwards, in heights of the image,
            from -1 to 1; one number f stands for `(-f, f)`.
        width_factor: the bounds of the distance to the right, in widths, likewise.
        fill_mode: how an image continues beyond its edges: "reflect", "wrap",
            "nearest", or "constant" with `fill_value`.
        interpolation: "bilinear" or "nearest".
        seed: an integer, or None.
        fill_value: the color beyond the edges for "constant".
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.RandomTranslation((0.5, 0.5), 0, "wrap")
        >>> layer(np.array([[[[1.0], [2.0]], [[3.0], [4.0]]]]))[0, :, :, 0]
        array([[3., 4.], [1., 2.]], dtype=float32)
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            fill_mode, interpolation, seed, fill_value, data_format, **kwargs
        )
        self.height_factor = height_factor
        self.width_factor = width_factor
        self._heights = self.bounds_of(height_factor, "height_factor")
        self._widths = self.bounds_of(width_factor, "width_factor")

    def draw(self, shape: Any, seed: Any) -> Transformation:
        down = self.uniform(self._heights, (shape[0], 1), seed)
        right = self.uniform(self._widths, (shape[0], 1), seed)
        height, width = (ops.cast(n, "float32") for n in self.size_of(shape))
        return {
            "translations": ops.concatenate([right * width, down * height], axis=1),
            "input_shape": shape,
        }

    def matrices(self, transformation: Transformation, height: Any, width: Any) -> Any:
        right, down = ops.unstack(transformation["translations"], 2, axis=1)
        return matrix(1, 0, -right, 0, 1, -down, 0, 0, 1)


class RandomShear(GeometricLayer):
    """Shears images by random factors, in training.

    Args:
        x_factor: the bounds of how far a row is shifted from the one above, in pixels,
            from -1 to 1; the direction is random. One number f stands for `(-f, f)`.
        y_factor: the bounds of how far a column is shifted from the one on its left,
            likewise.
        interpolation: "bilinear" or "nearest".
        fill_mode: how an image continues beyond its edges: "reflect", "wrap",
            "nearest", or "constant" with `fill_value`.
        fill_value: the color beyond the edges for "constant".
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.

    Example:
        >>> layer = keras.layers.RandomShear(0.3, 0.3, seed=1)
        >>> layer(np.ones((1, 8, 8, 3))).shape
        (1, 8, 8, 3)
    """

    def __init__(
        self,
        x_factor: Factor = 0.0,
        y_factor: Factor = 0.0,
        interpolation: str = "bilinear",
        fill_mode: str = "reflect",
        fill_value: float = 0.0,
        data_format: DataFormat | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            fill_mode, interpolation, seed, fill_value, data_format, **kwargs
        )
        self.x_factor = self.bounds_of(x_factor, "x_factor")
        self.y_factor = self.bounds_of(y_factor, "y_factor")

    def draw(self, shape: Any, seed: Any) -> Transformation:
        bounds = (self.x_factor, self.y_factor)
        amounts = [self.uniform(b, (shape[0], 1), seed) for b in bounds]
        is_back = self.uniform((0, 1), (shape[0], 1), seed) > 0.5
        amount = ops.concatenate(amounts, axis=1)
        return {
            "shear_factor": ops.where(is_back, -amount, amount),
            "input_shape": shape,
        }

    def matrices(self, transformation: Transformation, height: Any, width: Any) -> Any:
        x, y = ops.unstack(transformation["shear_factor"], 2, axis=1)
        return matrix(1, x, 0, y, 1, 0, 0, 0, 1)


class RandomPerspective(GeometricLayer):
    """Looks at some images from a random direction, in training.

    The corners of an image are moved, and the image follows by the perspective that
    takes them there. The corner at the top left stays.

    Args:
        factor: the bounds of the probability, which is drawn for each image, from 0 to
            1. One number f stands for `(0, f)`.
        scale: how far a corner may be moved, as a part of its distance from the top
            left: by up to `scale / 2` in both directions; from 0 to 1.
        interpolation: "bilinear" or "nearest".
        fill_value: the color where there is no image.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.RandomPerspective(scale=0.3, seed=1)
        >>> layer(np.ones((1, 8, 8, 3))).shape
        (1, 8, 8, 3)
    """

    factor_bounds = (0, 1)
    _unwritten = ("fill_mode",)

    def __init__(
        self,
        factor: Factor = 1.0,
        scale: float = 1.0,
        interpolation: str = "bilinear",
        fill_value: float = 0.0,
        seed: int | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            "constant", interpolation, seed, fill_value, data_format, **kwargs
        )
        self.factor = self.bounds_of(factor)
        self.scale = check_number(scale, "scale", "RandomPerspective", least=0, most=1)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        is_moved = self.chosen(self.factor, shape, seed)
        bottom, right = (ops.cast(n - 1, "float32") for n in self.size_of(shape))
        zero = ops.zeros_like(right)
        corners = ops.stack([zero, zero, right, zero, zero, bottom, right, bottom])
        start = ops.broadcast_to(ops.reshape(corners, (1, 4, 2)), (shape[0], 4, 2))
        bounds = (-self.scale / 2, self.scale / 2)
        return {
            "apply_perspective": is_moved,
            "start_points": start,
            "end_points": start * (1 + self.uniform(bounds, (shape[0], 4, 2), seed)),
            "input_shape": shape,
        }

    def matrices(self, transformation: Transformation, height: Any, width: Any) -> Any:
        start, end = transformation["start_points"], transformation["end_points"]
        flat = perspective(start, end)
        last = ops.ones_like(flat[:, :1])
        moved = ops.reshape(ops.concatenate([flat, last], axis=1), (-1, 3, 3))
        is_moved = ops.reshape(transformation["apply_perspective"], (-1, 1, 1))
        return ops.where(is_moved, moved, ops.eye(3, dtype="float32"))
