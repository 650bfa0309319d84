"""EfficientNetV2: plain convolutions in the first stages (Tan & Le, 2021).

arXiv:2104.00298.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec

from keras.applications.application import (
    CLASSES,
    IMAGENET,
    Arguments,
    Pooled,
    Top,
    Weights,
    application,
    channel_axis,
    channels,
)
from keras.applications.blocks import (
    activate,
    convolve,
    nearest,
    normalize,
    squeeze_and_excite,
)
from keras.applications.efficientnet import DENSE, KERNEL, add_input
from keras.applications.files import pair
from keras.applications.imagenet_utils import (
    MEAN,
    STDDEV,
    decode_predictions,
    preprocessing,
)
from keras.core.tensor import KerasTensor
from keras.core.typing import ActivationLike, ShapeLike
from keras.initializers import Constant
from keras.layers import DepthwiseConv2D, Normalization, Rescaling
from keras.models import Model

P = ParamSpec("P")
DROP = 0.2  # the rate at which the last block would be left out

preprocess_input = preprocessing(None)


class Stage(NamedTuple):
    """Blocks of one kind; the first of them has the stride."""

    repeats: int
    filters: int
    expansion: int
    strides: int
    fused: bool  # whether one convolution stands for two


SMALL = (
    Stage(2, 24, 1, 1, True),
    Stage(4, 48, 4, 2, True),
    Stage(4, 64, 4, 2, True),
    Stage(6, 128, 4, 2, False),
    Stage(9, 160, 6, 1, False),
    Stage(15, 256, 6, 2, False),
)
MEDIUM = (
    Stage(3, 24, 1, 1, True),
    Stage(5, 48, 4, 2, True),
    Stage(5, 80, 4, 2, True),
    Stage(7, 160, 4, 2, False),
    Stage(14, 176, 6, 1, False),
    Stage(18, 304, 6, 2, False),
    Stage(5, 512, 6, 1, False),
)
LARGE = (
    Stage(4, 32, 1, 1, True),
    Stage(7, 64, 4, 2, True),
    Stage(7, 96, 4, 2, True),
    Stage(10, 192, 4, 2, False),
    Stage(19, 224, 6, 1, False),
    Stage(25, 384, 6, 2, False),
    Stage(7, 640, 6, 1, False),
)
BASE = (
    Stage(1, 16, 1, 1, True),
    Stage(2, 32, 4, 2, True),
    Stage(2, 48, 4, 2, True),
    Stage(3, 96, 4, 2, False),
    Stage(5, 112, 6, 1, False),
    Stage(8, 192, 6, 2, False),
)


def arguments(
    include_top: bool = True,
    weights: Weights = IMAGENET,
    input_tensor: Any = None,
    input_shape: ShapeLike | None = None,
    pooling: str | None = None,
    classes: int = CLASSES,
    classifier_activation: ActivationLike = "softmax",
    include_preprocessing: bool = True,
    name: str | None = None,
) -> Arguments:
    """The signature of these architectures."""
    return Arguments.of(locals())


def unit(
    x: KerasTensor,
    filters: int,
    window: int,
    strides: int,
    names: tuple[str, str, str | None],
) -> KerasTensor:
    """A convolution, normalized and perhaps activated."""
    x = convolve(
        x, filters, window, strides, "same", names[0], kernel_initializer=KERNEL
    )
    x = normalize(x, names[1], momentum=0.9)
    return x if names[2] is None else activate(x, names[2], "swish")


def block(
    x: KerasTensor, filters: int, stage: Stage, strides: int, drop: float, name: str
) -> KerasTensor:
    """Widen, filter, weigh the channels, narrow; add the input where it fits."""
    widened = stage.expansion * channels(x)
    expand = (f"{name}expand_conv", f"{name}expand_bn", f"{name}expand_activation")
    project = (f"{name}project_conv", f"{name}project_bn", None)

    y = x
    if stage.fused and stage.expansion == 1:
        y = unit(y, filters, 3, strides, (*project[:2], f"{name}project_activation"))
    elif stage.fused:
        y = unit(y, widened, 3, strides, expand)
        y = unit(y, filters, 1, 1, project)
    else:
        y = unit(y, widened, 1, 1, expand)
        y = DepthwiseConv2D(
            3,
            strides=strides,
            padding="same",
            use_bias=False,
            depthwise_initializer=KERNEL,
            name=f"{name}dwconv2",
        )(y)
        y = normalize(y, f"{name}bn", momentum=0.9)
        y = activate(y, f"{name}activation", "swish")
        y = squeeze_and_excite(y, max(1, channels(x) // 4), name, "swish", KERNEL)
        y = unit(y, filters, 1, 1, project)
    return add_input(x, y, strides, drop, name)


def scaled(image: KerasTensor, by_statistics: bool) -> KerasTensor:
    """Pixels from 0 to 255 as the network was trained with."""
    if not by_statistics:
        return Rescaling(1 / 128, offset=-1)(image)
    variance = [s**2 for s in STDDEV]
    x = Rescaling(1 / 255)(image)
    return Normalization(mean=list(MEAN), variance=variance, axis=channel_axis())(x)


def efficientnet(
    signature: Callable[P, Arguments],
    title: str,
    stages: tuple[Stage, ...],
    size: int,
    width: float,
    depth: float,
) -> Callable[P, Model]:
    """The public function for stages scaled by these factors."""
    variant = title.removeprefix("EfficientNetV2").lower()

    @application(
        signature,
        f"efficientnetv2-{variant}",
        pair("efficientnet_v2", f"efficientnetv2-{variant}"),
        Top(dropout=0.2, dense={**DENSE, "bias_initializer": Constant(0.0)}),
        Pooled("avg_pool", "max_pool"),
        size=size,
        title=title,
        summary=f"{title} (Tan & Le, 2021, arXiv:2104.00298).\n\n"
        "With `include_preprocessing` pixels are from 0 to 255, else from -1 to 1.",
    )
    def features(image: KerasTensor, include_preprocessing: bool) -> KerasTensor:
        x = image
        if include_preprocessing:
            x = scaled(x, by_statistics=stages is BASE)

        names = ("stem_conv", "stem_bn", "stem_activation")
        first = BASE[0].filters * 2 if stages is BASE else stages[0].filters
        x = unit(x, nearest(first * width), 3, 2, names)

        number = 0
        blocks = sum(stage.repeats for stage in stages)  # before they are scaled
        for i, stage in enumerate(stages):
            for j in range(math.ceil(depth * stage.repeats)):
                x = block(
                    x,
                    nearest(stage.filters * width),
                    stage,
                    1 if j else stage.strides,
                    DROP * number / blocks,
                    f"block{i + 1}{chr(ord('a') + j)}_",
                )
                number += 1

        names = ("top_conv", "top_bn", "top_activation")
        return unit(x, nearest(1280 * width), 1, 1, names)

    return features


EfficientNetV2B0 = efficientnet(arguments, "EfficientNetV2B0", BASE, 224, 1.0, 1.0)
EfficientNetV2B1 = efficientnet(arguments, "EfficientNetV2B1", BASE, 240, 1.0, 1.1)
EfficientNetV2B2 = efficientnet(arguments, "EfficientNetV2B2", BASE, 260, 1.1, 1.2)
EfficientNetV2B3 = efficientnet(arguments, "EfficientNetV2B3", BASE, 300, 1.2, 1.4)
EfficientNetV2S = efficientnet(arguments, "EfficientNetV2S", SMALL, 384, 1.0, 1.0)
EfficientNetV2M = efficientnet(arguments, "EfficientNetV2M", MEDIUM, 480, 1.0, 1.0)
EfficientNetV2L = efficientnet(arguments, "EfficientNetV2L", LARGE, 480, 1.0, 1.0)

__all__ = [
    "EfficientNetV2B0",
    "EfficientNetV2B1",
    "EfficientNetV2B2",
    "EfficientNetV2B3",
    "EfficientNetV2L",
    "EfficientNetV2M",
    "EfficientNetV2S",
    "decode_predictions",
    "preprocess_input",
]
