"""Images mixed with others or with themselves: MixUp, CutMix, AugMix, RandAugment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops, random
from keras.core.errors import check_choice, check_number, check_positive_int
from keras.core.naming import to_snake_case
from keras.core.typing import DataFormat
from keras.layers.preprocessing.color import (
    RandomBrightness,
    RandomColorDegeneration,
    RandomContrast,
    RandomPosterization,
    Solarization,
    check_value_range,
)
from keras.layers.preprocessing.filters import (
    RandomSharpness,
    positive_bounds,
    rectangles,
)
from keras.layers.preprocessing.geometry import INTERPOLATIONS
from keras.layers.preprocessing.histograms import AutoContrast, Equalization
from keras.layers.preprocessing.image_layer import (
    BaseImagePreprocessingLayer,
    Factor,
    Transformation,
)
from keras.layers.preprocessing.movements import (
    RandomRotation,
    RandomShear,
    RandomTranslation,
)


class Mixing(BaseImagePreprocessingLayer):
    """Base of the layers that mix each image of a batch with another one, in training.

    A draw has the `permutation_order` of the others, and the `mix_weight` of each
    image's own part.
    """

    def transform_labels(
        self, labels: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Mix labels, which are one-hot or probabilities."""
        if not training or transformation is None:
            return labels
        weight = transformation["mix_weight"]
        return mixed(ops.cast(labels, self.compute_dtype), transformation, weight)


def mixed(x: Any, drawn: Any, weight: Any) -> Any:
    """Each item of a batch mixed with another one; its own part has a weight."""
    other = ops.take(x, drawn["permutation_order"], axis=0)
    shape = (-1, *[1] * (len(x.shape) - 1))
    weight = ops.cast(ops.reshape(weight, shape), ops.dtype(x))
    return x * weight + other * (1 - weight)


class MixUp(Mixing):
    """Mixes images and labels of a batch by weights, in training.

    Zhang et al., 2017, "mixup: Beyond Empirical Risk Minimization", arXiv:1710.09412.
    An image has the boxes of both.

    Args:
        alpha: the parameter of the beta distribution of the weights, at least 0; 0
            leaves the images.
        data_format: "channels_last" or "channels_first".
        seed: an integer, or None.

    Example:
        >>> data = {"images": np.ones((2, 8, 8, 3)), "labels": np.eye(2)}
        >>> keras.layers.MixUp(alpha=0.2, seed=1)(data)["labels"].sum(axis=1)
        array([1., 1.], dtype=float32)
    """

    def __init__(
        self,
        alpha: float = 0.2,
        data_format: DataFormat | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.alpha = check_number(alpha, "alpha", "MixUp", least=0)
        self.keep_seed(seed)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        if self.alpha == 0:
            weight = ops.ones(shape[:1], "float32")
        else:
            weight = random.beta(shape[:1], self.alpha, self.alpha, "float32", seed)
        return {
            "mix_weight": weight,
            "permutation_order": random.shuffle(
                ops.arange(shape[0], dtype="int32"), seed=seed
            ),
        }

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Mix the images of a batch."""
        if not training or transformation is None:
            return images
        floats = self.in_float(images)
        return self.in_dtype(
            mixed(floats, transformation, transformation["mix_weight"])
        )

    def transform_segmentation_masks(
        self,
        segmentation_masks: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Mix masks as the images are."""
        if not training or transformation is None:
            return segmentation_masks
        masks = ops.cast(segmentation_masks, self.compute_dtype)
        return mixed(masks, transformation, transformation["mix_weight"])

    def transform_bounding_boxes(
        self,
        bounding_boxes: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Put the boxes of both images together."""
        if not training or transformation is None:
            return bounding_boxes
        order = transformation["permutation_order"]
        return {
            name: ops.concatenate([x, ops.take(x, order, axis=0)], axis=1)
            for name, x in bounding_boxes.items()
        }


class CutMix(Mixing):
    """Puts a rectangle of another image into each image of a batch, in training.

    Yun et al., 2019, "CutMix: Regularization Strategy to Train Strong Classifiers with
    Localizable Features", arXiv:1905.04899. Labels are mixed by the area.

    Args:
        factor: the bounds of the parameter of the beta distribution of the area, which
            is drawn for each batch. One number f stands for `(0, f)`.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> data = {"images": np.ones((2, 8, 8, 3)), "labels": np.eye(2)}
        >>> keras.layers.CutMix(seed=1)(data)["labels"].sum(axis=1)
        array([1., 1.], dtype=float32)
    """

    def __init__(
        self,
        factor: Factor = 1.0,
        seed: int | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.factor = positive_bounds(factor, "factor", "CutMix")
        self.keep_seed(seed)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        # The beta distribution needs a parameter above 0.
        alpha = ops.maximum(self.uniform(self.factor, (), seed), 1e-3)
        weight = random.beta((shape[0], 1, 1, 1), alpha, alpha, "float32", seed)
        side = ops.reshape(ops.sqrt(1 - weight), (-1,))
        return {
            "mix_weight": weight,
            "batch_masks": rectangles(self, shape, side, side, seed),
            "permutation_order": random.shuffle(
                ops.arange(shape[0], dtype="int32"), seed=seed
            ),
        }

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Put rectangles into the images of a batch."""
        images = self.in_dtype(images)
        if not training or transformation is None:
            return images
        return self._pasted(images, transformation, transformation["batch_masks"])

    def transform_segmentation_masks(
        self,
        segmentation_masks: Any,
        transformation: Transformation = None,
        training: Any = True,
    ) -> Any:
        """Put the same rectangles into masks."""
        if not training or transformation is None:
            return segmentation_masks
        is_other = ops.any(
            transformation["batch_masks"], axis=self.channel_axis, keepdims=True
        )
        return self._pasted(segmentation_masks, transformation, is_other)

    def _pasted(self, images: Any, drawn: Any, is_other: Any) -> Any:
        other = ops.take(images, drawn["permutation_order"], axis=0)
        return ops.where(is_other, other, images)


class Choosing(BaseImagePreprocessingLayer):
    """Base of the layers that apply layers chosen at random to a batch of images.

    Args:
        value_range: the least and the greatest color.
        factor: the strength of the layers, from 0 to 1.
        interpolation: that of the layers that move pixels.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".
    """

    factor_bounds = (0, 1)
    _not_parts = (*BaseImagePreprocessingLayer._not_parts, "_choices")

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        factor: Factor = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        who = type(self).__name__
        self.value_range = check_value_range(value_range, who)
        self.factor = self.bounds_of(factor)
        self.interpolation = check_choice(
            interpolation, INTERPOLATIONS, "interpolation", who
        )
        self.keep_seed(seed)

    def make_layers(self, names: Sequence[type]) -> list[BaseImagePreprocessingLayer]:
        """The layers to choose from, of the strength of this one."""
        factor = self.factor
        bits = max(int(8 * factor[1]), 1)
        moves = {"interpolation": self.interpolation}
        colors = {"value_range": self.value_range}

        arguments: dict[type, dict[str, Any]] = {
            RandomShear: {"x_factor": factor, "y_factor": factor, **moves},
            RandomTranslation: {
                "height_factor": factor,
                "width_factor": factor,
                **moves,
            },
            RandomRotation: {"factor": factor, **moves},
            RandomBrightness: {"factor": factor, **colors},
            RandomColorDegeneration: {"factor": factor, **colors},
            RandomContrast: {"factor": factor, **colors},
            RandomSharpness: {"factor": factor, **colors},
            Solarization: {
                "addition_factor": factor,
                "threshold_factor": factor,
                **colors,
            },
            RandomPosterization: {"factor": (1, bits), **colors},
            AutoContrast: colors,
            Equalization: colors,
        }

        common = {"data_format": self.data_format, "dtype": self.dtype_policy}
        return [cls(**arguments[cls], **common) for cls in names]

    def draw_all(self, shape: Any, seed: Any) -> dict[str, Any]:
        """What each of the layers to choose from draws, by its name."""
        return {
            key: layer.draw(shape, seed) for key, layer in self._named_choices().items()
        }

    def apply(self, images: Any, drawn: dict[str, Any], index: Any) -> Any:
        """The images transformed by the layer of an index, a scalar tensor."""
        branches = [
            lambda x, layer=layer, key=key: ops.cast(
                layer.transform_images(x, drawn[key]), ops.dtype(images)
            )
            for key, layer in self._named_choices().items()
        ]
        return ops.switch(index, branches, images)

    def _named_choices(self) -> dict[str, BaseImagePreprocessingLayer]:
        return {to_snake_case(type(layer).__name__): layer for layer in self._choices}


class RandAugment(Choosing):
    """Applies a few layers chosen at random, in training.

    Cubuk et al., 2019, "RandAugment: Practical automated data augmentation with a
    reduced search space", arXiv:1909.13719. The layers are the same for a batch, what
    they draw is not.

    Args:
        value_range: the least and the greatest color.
        num_ops: how many layers are applied, one after another.
        factor: the bounds of their strength, from 0 to 1; one number f stands for
            `(0, f)`.
        interpolation: that of the layers that move pixels.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.RandAugment(seed=1)
        >>> layer(np.ones((2, 16, 16, 3))).shape
        (2, 16, 16, 3)
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        num_ops: int = 2,
        factor: Factor = 0.5,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            value_range, factor, interpolation, seed, data_format, **kwargs
        )
        self.num_ops = check_positive_int(num_ops, "num_ops", "RandAugment")
        self._choices = self.make_layers(
            [
                RandomShear,
                RandomTranslation,
                RandomRotation,
                RandomBrightness,
                RandomColorDegeneration,
                RandomContrast,
                RandomSharpness,
                RandomPosterization,
                Solarization,
                AutoContrast,
                Equalization,
            ]
        )

    def draw(self, shape: Any, seed: Any) -> Transformation:
        count = len(self._choices)
        return {
            "transforms": self.draw_all(shape, seed),
            "layer_idxes": random.randint((self.num_ops,), 0, count, seed=seed),
        }

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Apply the chosen layers."""
        images = self.in_float(images)
        if training:
            for i in range(self.num_ops):
                index = transformation["layer_idxes"][i]
                images = self.apply(images, transformation["transforms"], index)
        return self.in_dtype(images)


class AugMix(Choosing):
    """Mixes an image with chains of layers applied to it, in training.

    Hendrycks et al., 2019, "AugMix: A Simple Data Processing Method to Improve
    Robustness and Uncertainty", arXiv:1912.02781. The layers are the same for a batch,
    what they draw is not.

    Args:
        value_range: the least and the greatest color.
        num_chains: the number of chains.
        chain_depth: the number of layers that are drawn for a chain. One that is drawn
            again is left out, so that some chains are shorter.
        factor: the bounds of their strength, from 0 to 1; one number f stands for
            `(0, f)`.
        alpha: the parameter of the distributions of the weights: Dirichlet's for the
            chains, and beta for the image itself.
        all_ops: whether the layers that changed the test images of the paper
            (brightness, contrast, color, sharpness) are among those to choose from.
        interpolation: that of the layers that move pixels.
        seed: an integer, or None.
        data_format: "channels_last" or "channels_first".

    Example:
        >>> layer = keras.layers.AugMix(seed=1)
        >>> layer(np.ones((2, 16, 16, 3))).shape
        (2, 16, 16, 3)
    """

    def __init__(
        self,
        value_range: Sequence[float] = (0, 255),
        num_chains: int = 3,
        chain_depth: int = 3,
        factor: Factor = 0.3,
        alpha: float = 1.0,
        all_ops: bool = True,
        interpolation: str = "bilinear",
        seed: int | None = None,
        data_format: DataFormat | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            value_range, factor, interpolation, seed, data_format, **kwargs
        )
        self.num_chains = check_positive_int(num_chains, "num_chains", "AugMix")
        self.chain_depth = check_positive_int(chain_depth, "chain_depth", "AugMix")
        self.alpha = check_number(alpha, "alpha", "AugMix", above=0)
        self.all_ops = all_ops

        names: list[type] = [
            RandomShear,
            RandomTranslation,
            RandomRotation,
            Solarization,
            RandomPosterization,
            AutoContrast,
            Equalization,
        ]
        if all_ops:
            names += [
                RandomBrightness,
                RandomColorDegeneration,
                RandomContrast,
                RandomSharpness,
            ]
        self._choices = self.make_layers(names)

    def draw(self, shape: Any, seed: Any) -> Transformation:
        gamma = random.gamma((self.num_chains,), self.alpha, "float32", seed)
        count = len(self._choices)
        steps = (self.num_chains, self.chain_depth)
        return {
            "chain_mixing_weights": gamma / ops.sum(gamma),
            "weight_sample": random.beta((), self.alpha, self.alpha, "float32", seed),
            "layer_idxes": random.randint(steps, 0, count, seed=seed),
            "chain_transforms": [
                [self.draw_all(shape, seed) for _ in range(self.chain_depth)]
                for _ in range(self.num_chains)
            ],
        }

    def transform_images(
        self, images: Any, transformation: Transformation = None, training: Any = True
    ) -> Any:
        """Apply the chains, and mix what they give with the images."""
        images = self.in_float(images)
        if not training:
            return self.in_dtype(images)

        mixture = ops.zeros_like(images)
        for i in range(self.num_chains):
            weight = transformation["chain_mixing_weights"][i]
            chain = self._chain(images, transformation, i)
            mixture = mixture + chain * ops.cast(weight, ops.dtype(images))

        own = ops.cast(transformation["weight_sample"], ops.dtype(images))
        return self.in_dtype(images * own + mixture * (1 - own))

    def _chain(self, images: Any, drawn: Any, i: int) -> Any:
        """The images after the layers of one chain, each of which is applied once."""
        indices = drawn["layer_idxes"][i]
        for step, transforms in enumerate(drawn["chain_transforms"][i]):
            index = indices[step]
            done = self.apply(images, transforms, index)
            if step:
                is_repeated = ops.any(indices[:step] == index)
                done = ops.where(is_repeated, images, done)
            images = done
        return images
