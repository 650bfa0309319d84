"""EfficientNet: depth, width and image size scaled together (Tan & Le, 2019).

arXiv:1905.11946.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ParamSpec

from keras.applications.application import (
    IMAGENET,
    Arguments,
    Pooled,
    Top,
    Weights,
    application,
    channel_axis,
    channels,
    standard,
)
from keras.applications.blocks import (
    activate,
    convolve,
    divisible,
    normalize,
    pad_for_stride,
    squeeze_and_excite,
)
from keras.applications.files import GOOGLE, pair
from keras.applications.imagenet_utils import (
    STDDEV,
    decode_predictions,
    preprocessing,
)
from keras.core.tensor import KerasTensor
from keras.layers import Add, DepthwiseConv2D, Dropout, Normalization, Rescaling
from keras.models import Model

P = ParamSpec("P")

# Of each stage: window, blocks, filters, how much wider a block is inside, stride.
STAGES = (
    (3, 1, 16, 1, 1),
    (3, 2, 24, 6, 2),
    (5, 2, 40, 6, 2),
    (3, 3, 80, 6, 2),
    (5, 3, 112, 6, 1),
    (5, 4, 192, 6, 2),
    (3, 1, 320, 6, 1),
)
DROP = 0.2  # the rate at which the last block would be left out
KERNEL = {
    "class_name": "VarianceScaling",
    "config": {"scale": 2.0, "mode": "fan_out", "distribution": "truncated_normal"},
}
# Of the classifier.
DENSE = {
    "kernel_initializer": {
        "class_name": "VarianceScaling",
        "config": {"scale": 1 / 3, "mode": "fan_out", "distribution": "uniform"},
    }
}

preprocess_input = preprocessing(None)


def block(
    x: KerasTensor,
    window: int,
    filters: int,
    expansion: int,
    strides: int,
    drop: float,
    name: str,
) -> KerasTensor:
    """Widen, filter each channel by itself, weigh the channels, narrow."""
    y = x
    if expansion > 1:
        y = convolve(
            y,
            expansion * channels(x),
            1,
            padding="same",
            name=f"{name}expand_conv",
            kernel_initializer=KERNEL,
        )
        y = activate(
            normalize(y, f"{name}expand_bn"), f"{name}expand_activation", "swish"
        )

    if strides == 2:
        y = pad_for_stride(y, window, f"{name}dwconv_pad")
    y = DepthwiseConv2D(
        window,
        strides=strides,
        padding="valid" if strides == 2 else "same",
        use_bias=False,
        depthwise_initializer=KERNEL,
        name=f"{name}dwconv",
    )(y)
    y = activate(normalize(y, f"{name}bn"), f"{name}activation", "swish")
    y = squeeze_and_excite(y, max(1, channels(x) // 4), name, "swish", KERNEL)

    y = convolve(
        y,
        filters,
        1,
        padding="same",
        name=f"{name}project_conv",
        kernel_initializer=KERNEL,
    )
    y = normalize(y, f"{name}project_bn")
    return add_input(x, y, strides, drop, name)


def add_input(
    x: KerasTensor, y: KerasTensor, strides: int, drop: float, name: str
) -> KerasTensor:
    """A block's input added to its output where it fits; some outputs are dropped."""
    if strides > 1 or channels(x) != channels(y):
        return y
    if drop > 0:
        y = Dropout(drop, noise_shape=(None, 1, 1, 1), name=f"{name}drop")(y)
    return Add(name=f"{name}add")([y, x])


def efficientnet(
    signature: Callable[P, Arguments],
    title: str,
    width: float,
    depth: float,
    size: int,
    dropout: float,
) -> Callable[P, Model]:
    """The public function for a network scaled by these factors."""
    name = title.lower()

    @application(
        signature,
        name,
        pair("keras-applications", name, storage=GOOGLE),
        Top(dropout=dropout, dense=DENSE),
        Pooled("avg_pool", "max_pool"),
        size=size,
        title=title,
        summary=f"{title} (Tan & Le, 2019, arXiv:1905.11946).\n\n"
        "It scales images itself: pixels are from 0 to 255.",
    )
    def features(image: KerasTensor, weights: Weights) -> KerasTensor:
        x = Normalization(axis=channel_axis())(Rescaling(1 / 255)(image))
        if weights == IMAGENET:
            # The published statistics hold variances where deviations were meant.
            x = Rescaling([1 / math.sqrt(s) for s in STDDEV])(x)

        x = pad_for_stride(x, 3, "stem_conv_pad")
        filters = divisible(32 * width)
        x = convolve(x, filters, 3, 2, name="stem_conv", kernel_initializer=KERNEL)
        x = activate(normalize(x, "stem_bn"), "stem_activation", "swish")

        number = 0
        counts = [math.ceil(depth * stage[1]) for stage in STAGES]
        for i, (window, _, filters, expansion, strides) in enumerate(STAGES):
            for j in range(counts[i]):
                x = block(
                    x,
                    window,
                    divisible(filters * width),
                    expansion,
                    1 if j else strides,
                    DROP * number / sum(counts),
                    f"block{i + 1}{chr(ord('a') + j)}_",
                )
                number += 1

        filters = divisible(1280 * width)
        x = convolve(
            x, filters, 1, padding="same", name="top_conv", kernel_initializer=KERNEL
        )
        return activate(normalize(x, "top_bn"), "top_activation", "swish")

    return features


EfficientNetB0 = efficientnet(standard, "EfficientNetB0", 1.0, 1.0, 224, 0.2)
EfficientNetB1 = efficientnet(standard, "EfficientNetB1", 1.0, 1.1, 240, 0.2)
EfficientNetB2 = efficientnet(standard, "EfficientNetB2", 1.1, 1.2, 260, 0.3)
EfficientNetB3 = efficientnet(standard, "EfficientNetB3", 1.2, 1.4, 300, 0.3)
EfficientNetB4 = efficientnet(standard, "EfficientNetB4", 1.4, 1.8, 380, 0.4)
EfficientNetB5 = efficientnet(standard, "EfficientNetB5", 1.6, 2.2, 456, 0.4)
EfficientNetB6 = efficientnet(standard, "EfficientNetB6", 1.8, 2.6, 528, 0.5)
EfficientNetB7 = efficientnet(standard, "EfficientNetB7", 2.0, 3.1, 600, 0.5)

__all__ = [
    "EfficientNetB0",
    "EfficientNetB1",
    "EfficientNetB2",
    "EfficientNetB3",
    "EfficientNetB4",
    "EfficientNetB5",
    "EfficientNetB6",
    "EfficientNetB7",
    "decode_predictions",
    "preprocess_input",
]
