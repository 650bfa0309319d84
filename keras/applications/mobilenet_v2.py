"""MobileNetV2: blocks that are wide inside (Sandler et al., 2018, arXiv:1801.04381)."""

from __future__ import annotations

from typing import Any

from keras.applications.application import (
    CLASSES,
    IMAGENET,
    Arguments,
    Top,
    Weights,
    application,
    channels,
)
from keras.applications.blocks import convolve, divisible, normalize, pad_for_stride
from keras.applications.files import KERNELS, PublishedFile, published
from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.core.errors import check_choice
from keras.core.tensor import KerasTensor
from keras.core.typing import ActivationLike, ShapeLike
from keras.layers import Add, DepthwiseConv2D, ReLU

# Of each stage: filters, stride, how much wider its blocks are inside, blocks.
STAGES = (
    (16, 1, 1, 1),
    (24, 2, 6, 2),
    (32, 2, 6, 3),
    (64, 2, 6, 4),
    (96, 1, 6, 3),
    (160, 2, 6, 3),
    (320, 1, 6, 1),
)
ALPHAS = (0.35, 0.5, 0.75, 1.0, 1.3, 1.4)
SIZES = (96, 128, 160, 192, 224)

preprocess_input = preprocessing("tf")


def arguments(
    input_shape: ShapeLike | None = None,
    alpha: float = 1.0,
    include_top: bool = True,
    weights: Weights = IMAGENET,
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = CLASSES,
    classifier_activation: ActivationLike = "softmax",
    name: str | None = None,
) -> Arguments:
    """The signature of `MobileNetV2`."""
    return Arguments.of(locals())


MEANINGS = {"alpha": "by what the number of filters of every layer is multiplied."}


def check(title: str, weights: Weights, alpha: float) -> None:
    """Refuse a width for which no weights are published."""
    if weights == IMAGENET:
        check_choice(alpha, ALPHAS, "alpha", f"{title} with weights 'imagenet'")


def files(alpha: float, size: int, include_top: bool) -> PublishedFile:
    """The file for a width and a size."""
    ending = "" if include_top else "_no_top"
    name = f"mobilenet_v2{KERNELS}_{float(alpha)}_{size}{ending}.h5"
    return published("mobilenet_v2", name)


def relu6(x: KerasTensor, norm: str, name: str) -> KerasTensor:
    """Normalization, then a ReLU that ends at six."""
    return ReLU(6.0, name=name)(normalized(x, norm))


def normalized(x: KerasTensor, name: str) -> KerasTensor:
    """Batch normalization as it was trained with."""
    return normalize(x, name, epsilon=1e-3, momentum=0.999)


def block(
    x: KerasTensor, filters: int, strides: int, expansion: int, number: int
) -> KerasTensor:
    """Widen, filter each channel by itself, narrow; add the input where it fits."""
    name = f"block_{number}_" if number else "expanded_conv_"

    y = x
    if number:
        y = convolve(
            y, expansion * channels(x), 1, padding="same", name=f"{name}expand"
        )
        y = relu6(y, f"{name}expand_BN", f"{name}expand_relu")
    if strides == 2:
        y = pad_for_stride(y, 3, f"{name}pad")
    y = DepthwiseConv2D(
        3,
        strides=strides,
        use_bias=False,
        padding="same" if strides == 1 else "valid",
        name=f"{name}depthwise",
    )(y)
    y = relu6(y, f"{name}depthwise_BN", f"{name}depthwise_relu")
    y = convolve(y, filters, 1, padding="same", name=f"{name}project")
    y = normalized(y, f"{name}project_BN")

    if channels(x) == filters and strides == 1:
        return Add(name=f"{name}add")([x, y])
    return y


@application(
    arguments,
    lambda alpha, side: f"mobilenetv2_{alpha:0.2f}_{side}",
    files,
    Top(None),
    check=check,
    size=lambda side: side if side in SIZES else SIZES[-1],
    meanings=MEANINGS,
)
def MobileNetV2(image: KerasTensor, alpha: float) -> KerasTensor:  # noqa: N802
    """MobileNetV2 (Sandler et al., 2018, arXiv:1801.04381).

    Images are prepared with `keras.applications.mobilenet_v2.preprocess_input`.
    """
    x = convolve(image, divisible(32 * alpha), 3, 2, "same", name="Conv1")
    x = relu6(x, "bn_Conv1", "Conv1_relu")

    number = 0
    for filters, strides, expansion, count in STAGES:
        for i in range(count):
            width = divisible(int(filters * alpha))
            x = block(x, width, 1 if i else strides, expansion, number)
            number += 1

    last = divisible(1280 * alpha) if alpha > 1.0 else 1280
    x = convolve(x, last, 1, name="Conv_1")
    return relu6(x, "Conv_1_bn", "out_relu")


__all__ = ["MobileNetV2", "decode_predictions", "preprocess_input"]
