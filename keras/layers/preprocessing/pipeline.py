"""Pipeline: data layers one after another, with geometry resampled once if asked."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.core.inspection import is_builtin
from keras.layers.layer import Layer
from keras.layers.preprocessing.base import DataLayer
from keras.layers.preprocessing.geometry import GeometricLayer
from keras.layers.preprocessing.image_layer import Transformation
from keras.layers.preprocessing.movements import RandomFlip
from keras.layers.signature import call_signature


class Pipeline(DataLayer):
    """Applies layers one after another.

    Unlike a `Sequential`, it runs where its argument is: on NumPy arrays, in
    `dataset.map`, or in a model.

    Args:
        layers: the layers.
        name: the name.
        fuse: whether neighbors that move pixels (flips, rotations, zooms, shears,
            translations, perspectives) are resampled once, by the product of their
            matrices. It takes less time and blurs less. The layers draw as they do
            alone; what one moved out of the picture, the next may move back in.

    Raises:
        ValueError: `layers` are not layers.

    Example:
        >>> augment = keras.layers.Pipeline(
        ...     [keras.layers.RandomFlip(), keras.layers.RandomRotation(0.1)], fuse=True
        ... )
        >>> augment(np.ones((2, 8, 8, 3))).shape
        (2, 8, 8, 3)
    """

    _not_parts = (*DataLayer._not_parts, "_steps")

    def __init__(
        self, layers: Sequence[Layer], name: str | None = None, fuse: bool = False
    ) -> None:
        super().__init__(name=name)
        for layer in layers:
            if not isinstance(layer, Layer):
                raise ValueError(
                    f"Pipeline: `layers` must be layers; received {layer!r} of type "
                    f"{type(layer).__name__}."
                )
        self._layers = list(layers)
        self.fuse = fuse
        self._steps = _fused(self._layers) if fuse else self._layers

    @property
    def layers(self) -> list[Layer]:
        """The layers, in order."""
        return self._layers

    def call(self, inputs: Any, training: Any = True, mask: Any = None) -> Any:
        """Apply the layers."""
        for step in self._steps:
            names = call_signature(type(step)).names
            options = {"training": training, "mask": mask}
            taken = {k: v for k, v in options.items() if k in names and v is not None}
            inputs = step(inputs, **taken)
        return inputs

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if not self.fuse:
            del config["fuse"]
        return config


class Fused(GeometricLayer):
    """Layers that move pixels, resampled once. It draws nothing of its own.

    Args:
        layers: the layers; they continue images beyond their edges in the same way.
    """

    box_shift = -0.5  # boxes go where the pixels go, however many layers there are

    def __init__(self, layers: Sequence[GeometricLayer]) -> None:
        # A flip reaches beyond no edge, so another layer says what is there.
        first = next((x for x in layers if not isinstance(x, RandomFlip)), layers[0])
        super().__init__(
            first.fill_mode,
            first.interpolation,
            fill_value=first.fill_value,
            data_format=first.data_format,
            bounding_box_format=first.bounding_box_format,
            dtype=first.dtype_policy,
        )
        self.layers = list(layers)

    def get_random_transformation(
        self, data: Any, training: Any = True, seed: Any = None
    ) -> Transformation:
        """What each layer draws, from its own stream."""
        if not training:
            return None
        shape = ops.shape(data["images"] if isinstance(data, dict) else data)
        drawn = [x.get_random_transformation(data, training, seed) for x in self.layers]
        return {"drawn": drawn, "input_shape": shape}

    def matrices(self, transformation: Transformation, height: Any, width: Any) -> Any:
        """The product of the layers' matrices: the first layer reads the image."""
        found = [
            layer.matrices(drawn, height, width)
            for layer, drawn in zip(self.layers, transformation["drawn"])
        ]
        return functools.reduce(ops.matmul, found)


def _fused(layers: Sequence[Layer]) -> list[Layer]:
    """The layers, with a `Fused` in the place of neighbors that can be one."""
    runs: list[list[Any]] = []
    for layer in layers:
        if runs and all(_fit(other, layer) for other in runs[-1]):
            runs[-1].append(layer)
        else:
            runs.append([layer])
    return [run[0] if len(run) == 1 else Fused(run) for run in runs]


def _fit(a: Layer, b: Layer) -> bool:
    """Whether two layers can be resampled as one."""
    for layer in (a, b):
        # A user's class may do anything in `transform_images`.
        if not isinstance(layer, GeometricLayer) or not is_builtin(type(layer)):
            return False

    names = ["data_format", "bounding_box_format", "dtype_policy"]
    if not any(isinstance(layer, RandomFlip) for layer in (a, b)):
        names += ["fill_mode", "fill_value", "interpolation"]
    return all(getattr(a, name) == getattr(b, name) for name in names)
