"""Residual networks that normalize first (He et al., 2016, arXiv:1603.05027)."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

from keras.applications.application import (
    Arguments,
    Pooled,
    application,
    standard,
)
from keras.applications.blocks import activate, convolve, normalize
from keras.applications.files import KERNELS, pair
from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.applications.resnet import EPSILON, stem
from keras.core.tensor import KerasTensor
from keras.layers import Add, Conv2D, MaxPooling2D, ZeroPadding2D
from keras.models import Model

P = ParamSpec("P")

preprocess_input = preprocessing("tf")


def block(
    x: KerasTensor, filters: int, strides: int, project: bool, name: str
) -> KerasTensor:
    """Normalize; narrow, convolve, widen; add the input, pooled where it must be."""
    first = normalize(x, f"{name}_preact_bn", epsilon=EPSILON)
    first = activate(first, f"{name}_preact_relu")
    if project:
        x = Conv2D(4 * filters, 1, strides=strides, name=f"{name}_0_conv")(first)
    elif strides > 1:
        x = MaxPooling2D(1, strides=strides)(x)

    y = convolve(first, filters, 1, name=f"{name}_1_conv")
    y = activate(normalize(y, f"{name}_1_bn", epsilon=EPSILON), f"{name}_1_relu")
    y = ZeroPadding2D(1, name=f"{name}_2_pad")(y)
    y = convolve(y, filters, 3, strides, name=f"{name}_2_conv")
    y = activate(normalize(y, f"{name}_2_bn", epsilon=EPSILON), f"{name}_2_relu")
    y = Conv2D(4 * filters, 1, name=f"{name}_3_conv")(y)
    return Add(name=f"{name}_out")([x, y])


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
        summary=f"{title}, a residual network that normalizes before it convolves.\n\n"
        "He et al., 2016, arXiv:1603.05027. Images are prepared with\n"
        "`keras.applications.resnet_v2.preprocess_input`.",
    )
    def features(image: KerasTensor) -> KerasTensor:
        x = stem(image, normalized=False)
        for stage, count in enumerate(counts):
            for i in range(count):
                # All stages but the last end with the step to the next size.
                last = i == count - 1 and stage < len(counts) - 1
                name = f"conv{stage + 2}_block{i + 1}"
                x = block(x, 64 * 2**stage, 2 if last else 1, i == 0, name)
        return activate(normalize(x, "post_bn", epsilon=EPSILON), "post_relu")

    return features


ResNet50V2 = resnet(standard, "ResNet50V2", (3, 4, 6, 3))
ResNet101V2 = resnet(standard, "ResNet101V2", (3, 4, 23, 3))
ResNet152V2 = resnet(standard, "ResNet152V2", (3, 8, 36, 3))

__all__ = [
    "ResNet101V2",
    "ResNet152V2",
    "ResNet50V2",
    "decode_predictions",
    "preprocess_input",
]
