"""Inception-ResNet-v2: paths added to their input (Szegedy et al., 2016).

arXiv:1602.07261.
"""

from __future__ import annotations

from typing import Any

from keras.applications.application import application, channels, standard
from keras.applications.blocks import activate, convolve, normalize
from keras.applications.files import KERNELS, pair
from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.applications.inception_v3 import (
    Step,
    average,
    join,
    path,
    reduction,
    stem,
)
from keras.core.config.serialization import wire_name
from keras.core.tensor import KerasTensor
from keras.layers import Conv2D, Layer

# The paths of each kind of block, which is called by the side of its images.
PATHS_35: tuple[tuple[Step, ...], ...] = (
    ((32, 1),),
    ((32, 1), (32, 3)),
    ((32, 1), (48, 3), (64, 3)),
)
PATHS_17: tuple[tuple[Step, ...], ...] = (
    ((192, 1),),
    ((128, 1), (160, (1, 7)), (192, (7, 1))),
)
PATHS_8: tuple[tuple[Step, ...], ...] = (
    ((192, 1),),
    ((192, 1), (224, (1, 3)), (256, (3, 1))),
)

preprocess_input = preprocessing("tf")


@wire_name(
    "keras.src.applications.inception_resnet_v2", "CustomScaleLayer", "CustomScaleLayer"
)
class CustomScaleLayer(Layer):
    """The first input plus the second times a number.

    Args:
        scale: the number.

    Example:
        >>> from keras.applications.inception_resnet_v2 import CustomScaleLayer
        >>> CustomScaleLayer(0.5)([np.ones(2, "float32"), np.ones(2, "float32")])
        array([1.5, 1.5], dtype=float32)
    """

    def __init__(self, scale: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, inputs: Any) -> Any:
        return inputs[0] + inputs[1] * self.scale


def residual(
    x: KerasTensor, *paths: tuple[Step, ...], scale: float, name: str, relu: bool = True
) -> KerasTensor:
    """Paths side by side; what they make together is scaled and added to the input."""
    mixed = join([path(x, *steps) for steps in paths], f"{name}_mixed")
    change = Conv2D(channels(x), 1, padding="same", name=f"{name}_conv")(mixed)
    x = CustomScaleLayer(scale)([x, change])
    return activate(x, f"{name}_ac") if relu else x


@application(
    standard,
    "inception_resnet_v2",
    pair("inception_resnet_v2", f"inception_resnet_v2{KERNELS}"),
    size=299,
    least=75,
)
def InceptionResNetV2(image: KerasTensor) -> KerasTensor:  # noqa: N802
    """Inception-ResNet-v2 (Szegedy et al., 2016, arXiv:1602.07261).

    Images are prepared with `keras.applications.inception_resnet_v2.preprocess_input`.
    """
    x = stem(image)
    five, double = ((48, 1), (64, 5)), ((64, 1), (96, 3), (96, 3))
    ends = [path(x, (96, 1)), path(x, *five), path(x, *double), average(x, 64)]
    x = join(ends, "mixed_5b")

    for i in range(1, 11):
        x = residual(x, *PATHS_35, scale=0.17, name=f"block35_{i}")
    x = reduction(x, ((384, 3),), ((256, 1), (256, 3), (384, 3)), name="mixed_6a")

    for i in range(1, 21):
        x = residual(x, *PATHS_17, scale=0.1, name=f"block17_{i}")
    one, two = ((256, 1), (384, 3)), ((256, 1), (288, 3))
    three = ((256, 1), (288, 3), (320, 3))
    x = reduction(x, one, two, three, name="mixed_7a")

    for i in range(1, 10):
        x = residual(x, *PATHS_8, scale=0.2, name=f"block8_{i}")
    x = residual(x, *PATHS_8, scale=1.0, name="block8_10", relu=False)

    x = convolve(x, 1536, 1, padding="same", name="conv_7b")
    return activate(normalize(x, "conv_7b_bn", scale=False), "conv_7b_ac")


__all__ = ["InceptionResNetV2", "decode_predictions", "preprocess_input"]
