"""Residual networks (He et al., 2015, arXiv:1512.03385)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from keras.applications.application import (
    Arguments,
    Pooled,
    application,
    standard,
)
from keras.applications.blocks import activate, normalize
from keras.applications.files import KERNELS, pair
from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.core.tensor import KerasTensor
from keras.layers import Add, Conv2D, MaxPooling2D, ZeroPadding2D
from keras.models import Model

P = ParamSpec("P")
EPSILON = 1.001e-5

preprocess_input = preprocessing("caffe")


def stem(image: KerasTensor, normalized: bool) -> KerasTensor:
    """A wide convolution and a pooling: a quarter of the image's sides is left."""
    x = ZeroPadding2D(3, name="conv1_pad")(image)
    x = Conv2D(64, 7, strides=2, name="conv1_conv")(x)
    if normalized:
        x = activate(normalize(x, "conv1_bn", epsilon=EPSILON), "conv1_relu")
    x = ZeroPadding2D(1, name="pool1_pad")(x)
    return MaxPooling2D(3, strides=2, name="pool1_pool")(x)


def block(
    x: KerasTensor, filters: int, strides: int, project: bool, name: str
) -> KerasTensor:
    """Narrow, convolve, widen; add the input, which is projected where sizes change."""
    shortcut = x
    if project:
        shortcut = Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(x)
        shortcut = normalize(shortcut, f"{name}_0_bn", epsilon=EPSILON)

    x = Conv2D(filters, 1, strides=strides, name=f"{name}_1_conv")(x)
    x = activate(normalize(x, f"{name}_1_bn", epsilon=EPSILON), f"{name}_1_relu")
    x = Conv2D(filters, 3, padding="same", name=f"{name}_2_conv")(x)
    x = activate(normalize(x, f"{name}_2_bn", epsilon=EPSILON), f"{name}_2_relu")
    x = Conv2D(4 * filters, 1, name=f"{name}_3_conv")(x)
    x = normalize(x, f"{name}_3_bn", epsilon=EPSILON)
    return activate(Add(name=f"{name}_add")([shortcut, x]), f"{name}_out")


def resnet(
    signature: Callable[P, Arguments], title: str, counts: tuple[int, ...]
) -> Callable[P, Model]:
    """The public function for a network with so many blocks in its stages."""
    name = title.lower()

    @application(
        signature,
        name,
        pair("resnet", f"{name}{KERNELS}"),
        pooled=Pooled("avg_pool", "max_pool"),
        title=title,
        summary=f"{title}, a residual network (He et al., 2015, arXiv:1512.03385).\n\n"
        "Images are prepared with `keras.applications.resnet.preprocess_input`.",
    )
    def features(image: KerasTensor) -> KerasTensor:
        x = stem(image, normalized=True)
        for stage, count in enumerate(counts):
            for i in range(count):
                strides = 2 if stage > 0 and i == 0 else 1
                name = f"conv{stage + 2}_block{i + 1}"
                x = block(x, 64 * 2**stage, strides, i == 0, name)
        return x

    return features


ResNet50 = resnet(standard, "ResNet50", (3, 4, 6, 3))
ResNet101 = resnet(standard, "ResNet101", (3, 4, 23, 3))
ResNet152 = resnet(standard, "ResNet152", (3, 8, 36, 3))

__all__ = [
    "ResNet101",
    "ResNet152",
    "ResNet50",
    "decode_predictions",
    "preprocess_input",
]
