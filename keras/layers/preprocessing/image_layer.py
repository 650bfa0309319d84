"""The base of the layers that transform images, and of those that change colours.

What is random is drawn once for a batch, and applied by other functions:

    transformation = layer.get_random_transformation(data, training=True)
    images = layer.transform_images(images, transformation)
    masks = layer.transform_segmentation_masks(masks, transformation)

So images, boxes, masks and labels of a sample meet the same fate, and a known draw can
be applied by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from keras import ops, random
from keras.core import dtypes, tree
from keras.core.settings import standardize_data_format
from keras.core.typing import DataFormat
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.base import DataLayer

# The bounds of a random number, or one number.
Factor: TypeAlias = float | Sequence[float]
# What was drawn for a batch, by name; None where nothing is random.
Transformation: TypeAlias = Any

# The parts of a sample in a dict, and what their methods are called.
_PARTS = {
    "images": ("transform_images", "transform_single_image"),
    "bounding_boxes": ("transform_bounding_boxes", "transform_single_bounding_box"),
    "labels": ("transform_labels", "transform_single_label"),
    "segmentation_masks": (
        "transform_segmentation_masks",
        "transform_single_segmentation_mask",
    ),
}


class BaseImagePreprocessingLayer(DataLayer):
    """Base of the layers that transform images, with boxes, masks and labels.

    A layer is called on images `(batch, height, width, channels)`, or channels first,
    on one image without the batch axis, or on a dict of `"images"` and any of
    `"labels"`, `"bounding_boxes"` and `"segmentation_masks"`.

    A subclass draws in `draw` (or in `get_random_transformation`, which calls it) and
    applies in `transform_images`; it overrides the other `transform_` methods where
    positions or classes change.

    Args:
        bounding_box_format: the format of the boxes, such as `"xyxy"`; needed where
            boxes are given.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> class Darken(keras.layers.RandomBrightness):
        ...     def transform_images(self, images, transformation, training=True):
        ...         return images / 2
        >>> Darken(0.5)(np.ones((4, 8, 8, 3))).max()
        0.5
    """

    # What a factor may be; one number f stands for the part of (-f, f) in these bounds.
    factor_bounds: tuple[float, float] = (-1, 1)

    bounding_box_format: str | None
    data_format: str

    def __init__(
        self,
        bounding_box_format: str | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bounding_box_format = bounding_box_format
        self.data_format = standardize_data_format(data_format)

    # Axes

    @property
    def height_axis(self) -> int:
        """The axis of the rows, counted from the end."""
        return -3 if self.data_format == "channels_last" else -2

    @property
    def width_axis(self) -> int:
        """The axis of the columns, counted from the end."""
        return -2 if self.data_format == "channels_last" else -1

    @property
    def channel_axis(self) -> int:
        """The axis of the channels, counted from the end."""
        return -1 if self.data_format == "channels_last" else -3

    def size_of(self, shape: Any) -> tuple[Any, Any]:
        """Height and width in a shape."""
        return shape[self.height_axis], shape[self.width_axis]

    # Drawing

    def bounds_of(self, factor: Factor, argument: str = "factor") -> Any:
        """A factor as checked bounds `(lower, upper)`."""
        least, most = self.factor_bounds
        pair = factor
        if isinstance(factor, (int, float)):
            pair = (max(-abs(factor), least), abs(factor))
        try:
            lower, upper = sorted(pair)  # type: ignore[arg-type]
            fits = least <= lower and upper <= most
        except (TypeError, ValueError):
            fits = False
        if not fits:
            raise ValueError(
                f"{type(self).__name__}: `{argument}` must be a number or a pair of "
                f"numbers from {least} to {most}; received {factor!r}."
            )
        return lower, upper

    def uniform(self, bounds: Any, shape: tuple[Any, ...], seed: Any) -> Any:
        """Uniform numbers within bounds, in float32, so that all are possible."""
        lower, upper = bounds
        return random.uniform(shape, lower, upper, dtype="float32", seed=seed)

    def chosen(self, bounds: Any, shape: Any, seed: Any) -> Any:
        """For each image whether it is transformed, with a probability within bounds.

        The probability is drawn first, for each image.
        """
        probability = self.uniform(bounds, shape[:1], seed)
        return self.uniform((0, 1), shape[:1], seed) < probability

    def get_random_transformation(
        self, data: Any, training: Any = True, seed: Any = None
    ) -> Transformation:
        """Draw what is random, for a batch.

        Args:
            data: the images, or the dict that the layer is called on.
            training: whether to draw at all.
            seed: the source of the numbers; by default the layer's own.

        Returns:
            What the `transform_` methods take; None where nothing is random.
        """
        draws = type(self).draw is not BaseImagePreprocessingLayer.draw
        if not training or not draws:
            return None
        shape = ops.shape(data["images"] if isinstance(data, dict) else data)
        if len(shape) == 3:
            shape = (1, *shape)
        return self.draw(shape, self.seeds() if seed is None else seed)

    def draw(self, shape: tuple[Any, ...], seed: Any) -> Transformation:
        """Draw for a batch of images. A subclass defines it if it draws anything.

        Args:
            shape: that of the images: integers, and a scalar tensor for each size that
                a graph does not know.
            seed: the source of the numbers.
        """
        return None

    # Types

    def in_float(self, images: Any) -> Any:
        """Images in the layer's type, or in float32 where that is an integer."""
        dtype = self.compute_dtype
        return ops.cast(images, dtype if dtypes.is_float_dtype(dtype) else "float32")

    def in_dtype(self, images: Any, dtype: str | None = None) -> Any:
        """Images in a type, by default the layer's; integers stay within its range."""
        return ops.saturate_cast(images, dtype or self.compute_dtype)

    # Applying

    def call(self, data: Any, training: Any = True) -> Any:
        """Transform images, or a dict of images and what belongs to them."""
        transformation = self.get_random_transformation(data, training=training)
        parts = data if isinstance(data, dict) else {"images": data}
        is_batch = len(parts["images"].shape) == 4

        done = dict(parts)
        for name, (many, one) in _PARTS.items():
            if name not in parts:
                continue
            if name == "bounding_boxes":
                self.box_format()
            transform = getattr(self, many if is_batch else one)
            done[name] = transform(
                parts[name], transformation=transformation, training=training
            )
        return done if isinstance(data, dict) else done["images"]

    def box_format(self) -> str:
        """The format of the boxes, or an error that says how to give it."""
        if self.bounding_box_format is None:
            raise ValueError(
                f"{layer_label(self)} got bounding boxes, whose format it does not "
                'know. Give it to the layer: bounding_box_format="xyxy" (or "xywh", '
                '"rel_xyxy", ...).'
            )
        return self.bounding_box_format

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Transform a batch of images."""
        raise NotImplementedError(f"{type(self).__name__}: define `transform_images`.")

    def transform_labels(
        self, labels: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Transform the labels of a batch; by default they stay."""
        return labels

    def transform_bounding_boxes(
        self,
        bounding_boxes: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Transform the boxes of a batch; by default they stay.

        Args:
            bounding_boxes: a dict of `"boxes"` `(batch, boxes, 4)` and `"labels"`
                `(batch, boxes)`; a label of -1 is no box.
            transformation: what `get_random_transformation` returned.
            training: whether to transform at all.
        """
        return bounding_boxes

    def transform_segmentation_masks(
        self,
        segmentation_masks: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Transform the masks of a batch; by default they stay."""
        return segmentation_masks

    def transform_single_image(
        self, image: Any, transformation: Transformation, training: Any = True
    ) -> Any:
        """Transform one image, which has no batch axis."""
        return _of_one(self.transform_images, image, transformation, training)

    def transform_single_label(
        self, label: Any, transformation: Transformation, training: Any = True
    ) -> Any:
        """Transform the label of one image."""
        return _of_one(self.transform_labels, label, transformation, training)

    def transform_single_bounding_box(
        self, bounding_box: Any, transformation: Transformation, training: Any = True
    ) -> Any:
        """Transform the boxes of one image."""
        return _of_one(
            self.transform_bounding_boxes, bounding_box, transformation, training
        )

    def transform_single_segmentation_mask(
        self,
        segmentation_mask: Any,
        transformation: Transformation,
        training: Any = True,
    ) -> Any:
        """Transform the mask of one image."""
        return _of_one(
            self.transform_segmentation_masks,
            segmentation_mask,
            transformation,
            training,
        )

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self.bounding_box_format is None:
            config.pop("bounding_box_format", None)
        return config


def _of_one(
    transform: Callable, value: Any, transformation: Transformation, training: Any
) -> Any:
    """A function of a batch, applied to one sample."""
    batch = tree.map_structure(lambda x: ops.expand_dims(x, 0), value)
    done = transform(batch, transformation=transformation, training=training)
    return tree.map_structure(lambda x: ops.squeeze(x, 0), done)
