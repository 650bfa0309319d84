"""DenseNet: every block sees all that came before it in its stage.

Huang et al., 2016, arXiv:1608.06993.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from keras.applications.application import (
    Arguments,
    Pooled,
    application,
    channel_axis,
    channels,
    standard,
)
from keras.applications.blocks import activate, convolve, normalize
from keras.applications.files import KERNELS, pair
from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.core.tensor import KerasTensor
from keras.layers import AveragePooling2D, Concatenate, MaxPooling2D, ZeroPadding2D
from keras.models import Model

P = ParamSpec("P")
EPSILON = 1.001e-5
GROWTH = 32  # channels that a block adds

preprocess_input = preprocessing("torch")


def block(x: KerasTensor, name: str) -> KerasTensor:
    """Two convolutions; their channels are put behind those of the input."""
    y = activate(normalize(x, f"{name}_0_bn", epsilon=EPSILON), f"{name}_0_relu")
    y = convolve(y, 4 * GROWTH, 1, name=f"{name}_1_conv")
    y = activate(normalize(y, f"{name}_1_bn", epsilon=EPSILON), f"{name}_1_relu")
    y = convolve(y, GROWTH, 3, padding="same", name=f"{name}_2_conv")
    return Concatenate(axis=channel_axis(), name=f"{name}_concat")([x, y])


def transition(x: KerasTensor, name: str) -> KerasTensor:
    """Halve the channels and the image."""
    x = activate(normalize(x, f"{name}_bn", epsilon=EPSILON), f"{name}_relu")
    x = convolve(x, channels(x) // 2, 1, name=f"{name}_conv")
    return AveragePooling2D(2, strides=2, name=f"{name}_pool")(x)


def densenet(
    signature: Callable[P, Arguments], title: str, counts: tuple[int, ...]
) -> Callable[P, Model]:
    """The public function for a network with so many blocks in its stages."""
    name = title.lower()

    @application(
        signature,
        name,
        pair("densenet", f"{name}{KERNELS}"),
        pooled=Pooled("avg_pool", "max_pool"),
        title=title,
        summary=f"{title} (Huang et al., 2016, arXiv:1608.06993).\n\n"
        "Images are prepared with `keras.applications.densenet.preprocess_input`.",
    )
    def features(image: KerasTensor) -> KerasTensor:
        x = ZeroPadding2D(3)(image)
        x = convolve(x, 64, 7, 2, name="conv1_conv")
        x = activate(normalize(x, "conv1_bn", epsilon=EPSILON), "conv1_relu")
        x = MaxPooling2D(3, strides=2, name="pool1")(ZeroPadding2D(1)(x))

        for stage, count in enumerate(counts, 2):
            if stage > 2:
                x = transition(x, f"pool{stage - 1}")
            for i in range(1, count + 1):
                x = block(x, f"conv{stage}_block{i}")
        return activate(normalize(x, "bn", epsilon=EPSILON), "relu")

    return features


DenseNet121 = densenet(standard, "DenseNet121", (6, 12, 24, 16))
DenseNet169 = densenet(standard, "DenseNet169", (6, 12, 32, 32))
DenseNet201 = densenet(standard, "DenseNet201", (6, 12, 48, 32))

__all__ = [
    "DenseNet121",
    "DenseNet169",
    "DenseNet201",
    "decode_predictions",
    "preprocess_input",
]
