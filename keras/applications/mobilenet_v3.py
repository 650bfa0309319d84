"""MobileNetV3, found by a search (Howard et al., 2019, arXiv:1905.02244)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec

from keras.applications.application import (
    CLASSES,
    IMAGENET,
    Arguments,
    Pooled,
    Weights,
    application,
    channels,
)
from keras.applications.blocks import convolve, divisible, pad_for_stride
from keras.applications.files import PublishedFile, published
from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.applications.mobilenet_v2 import normalized
from keras.core.errors import check_choice
from keras.core.tensor import KerasTensor
from keras.core.typing import ActivationLike, ShapeLike
from keras.layers import (
    Activation,
    Add,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    Flatten,
    GlobalAveragePooling2D,
    Multiply,
    ReLU,
    Rescaling,
)
from keras.models import Model

P = ParamSpec("P")

preprocess_input = preprocessing(None)


class Block(NamedTuple):
    """A block: how wide it is inside, its filters, window and stride."""

    expansion: float
    filters: int
    window: int
    strides: int
    excited: bool  # whether its channels are weighed
    swish: bool  # its activation: hard swish, or ReLU


SMALL = (
    Block(1, 16, 3, 2, True, False),
    Block(72 / 16, 24, 3, 2, False, False),
    Block(88 / 24, 24, 3, 1, False, False),
    Block(4, 40, 5, 2, True, True),
    Block(6, 40, 5, 1, True, True),
    Block(6, 40, 5, 1, True, True),
    Block(3, 48, 5, 1, True, True),
    Block(3, 48, 5, 1, True, True),
    Block(6, 96, 5, 2, True, True),
    Block(6, 96, 5, 1, True, True),
    Block(6, 96, 5, 1, True, True),
)
LARGE = (
    Block(1, 16, 3, 1, False, False),
    Block(4, 24, 3, 2, False, False),
    Block(3, 24, 3, 1, False, False),
    Block(3, 40, 5, 2, True, False),
    Block(3, 40, 5, 1, True, False),
    Block(3, 40, 5, 1, True, False),
    Block(6, 80, 3, 2, False, True),
    Block(2.5, 80, 3, 1, False, True),
    Block(2.3, 80, 3, 1, False, True),
    Block(2.3, 80, 3, 1, False, True),
    Block(6, 112, 3, 1, True, True),
    Block(6, 112, 3, 1, True, True),
    Block(6, 160, 5, 2, True, True),
    Block(6, 160, 5, 1, True, True),
    Block(6, 160, 5, 1, True, True),
)
ALPHAS = (0.75, 1.0)

MEANINGS = {
    "alpha": "by what the number of filters of every layer is multiplied.",
    "minimalistic": "whether to leave out what is slow on some devices: weighed "
    "channels, hard swish and windows of 5.",
    "dropout_rate": "the rate of dropout before the classifier.",
}


def arguments(
    input_shape: ShapeLike | None = None,
    alpha: float = 1.0,
    minimalistic: bool = False,
    include_top: bool = True,
    weights: Weights = IMAGENET,
    input_tensor: Any = None,
    classes: int = CLASSES,
    pooling: str | None = None,
    dropout_rate: float = 0.2,
    classifier_activation: ActivationLike = "softmax",
    include_preprocessing: bool = True,
    name: str | None = None,
) -> Arguments:
    """The signature of these architectures."""
    return Arguments.of(locals())


def check(title: str, weights: Weights, alpha: float, minimalistic: bool) -> None:
    """Refuse widths for which no weights are published."""
    if weights == IMAGENET:
        who = f"{title} with weights 'imagenet'"
        check_choice(alpha, (1.0,) if minimalistic else ALPHAS, "alpha", who)


def activated(x: KerasTensor, swish: bool) -> KerasTensor:
    """Hard swish, or ReLU."""
    return (Activation("hard_swish") if swish else ReLU())(x)


def hard_sigmoid(x: KerasTensor) -> KerasTensor:
    """A sigmoid of straight lines."""
    return ReLU(6.0)(x + 3.0) * (1 / 6)


def excite(x: KerasTensor, name: str) -> KerasTensor:
    """Weigh the channels by what the whole image holds."""
    width = channels(x)
    y = GlobalAveragePooling2D(keepdims=True, name=f"{name}avg_pool")(x)
    y = Conv2D(divisible(width / 4), 1, padding="same", name=f"{name}conv")(y)
    y = ReLU(name=f"{name}relu")(y)
    y = Conv2D(width, 1, padding="same", name=f"{name}conv_1")(y)
    return Multiply(name=f"{name}mul")([x, hard_sigmoid(y)])


def inverted(x: KerasTensor, block: Block, filters: int, number: int) -> KerasTensor:
    """Widen, filter each channel by itself, narrow; add the input where it fits."""
    width = channels(x)
    name = f"expanded_conv_{number}_" if number else "expanded_conv_"

    y = x
    if number:
        widened = divisible(width * block.expansion)
        y = convolve(y, widened, 1, padding="same", name=f"{name}expand")
        y = activated(normalized(y, f"{name}expand_bn"), block.swish)
    if block.strides == 2:
        y = pad_for_stride(y, block.window, f"{name}depthwise_pad")
    y = DepthwiseConv2D(
        block.window,
        strides=block.strides,
        padding="same" if block.strides == 1 else "valid",
        use_bias=False,
        name=f"{name}depthwise",
    )(y)
    y = activated(normalized(y, f"{name}depthwise_bn"), block.swish)
    if block.excited:
        y = excite(y, f"{name}squeeze_excite_")

    y = convolve(y, filters, 1, padding="same", name=f"{name}project")
    y = normalized(y, f"{name}project_bn")
    if block.strides == 1 and width == filters:
        y = Add(name=f"{name}add")([x, y])
    return y


def mobilenet(
    signature: Callable[P, Arguments],
    title: str,
    blocks: tuple[Block, ...],
    last: int,
) -> Callable[P, Model]:
    """The public function for a network of these blocks."""
    size = title.removeprefix("MobileNetV3").lower()

    def files(alpha: float, minimalistic: bool, include_top: bool) -> PublishedFile:
        variant = f"{size}_minimalistic" if minimalistic else size
        ending = "" if include_top else "_no_top_v2"
        name = f"weights_mobilenet_v3_{variant}_224_{float(alpha)}_float{ending}.h5"
        return published("mobilenet_v3", name)

    def top(
        x: KerasTensor,
        alpha: float,
        minimalistic: bool,
        dropout_rate: float,
        classes: int,
        classifier_activation: ActivationLike,
    ) -> KerasTensor:
        x = GlobalAveragePooling2D(keepdims=True)(x)
        filters = divisible(last * alpha) if alpha > 1.0 else last
        x = Conv2D(filters, 1, padding="same", name="conv_2")(x)
        x = activated(x, not minimalistic)
        if dropout_rate > 0:
            x = Dropout(dropout_rate)(x)
        x = Conv2D(classes, 1, padding="same", name="logits")(x)
        return Activation(classifier_activation, name="predictions")(Flatten()(x))

    @application(
        signature,
        title,
        files,
        top,
        Pooled("avg_pool", "max_pool"),
        check=check,
        fixed=False,
        meanings=MEANINGS,
        title=title,
        summary=f"{title} (Howard et al., 2019, arXiv:1905.02244).\n\n"
        "With `include_preprocessing` pixels are from 0 to 255, else from -1 to 1.",
    )
    def features(
        image: KerasTensor,
        alpha: float,
        minimalistic: bool,
        include_preprocessing: bool,
    ) -> KerasTensor:
        x = image
        if include_preprocessing:
            x = Rescaling(1 / 127.5, offset=-1.0)(x)
        x = convolve(x, 16, 3, 2, "same", name="conv")
        x = activated(normalized(x, "conv_bn"), not minimalistic)

        for number, block in enumerate(blocks):
            if minimalistic:
                block = block._replace(window=3, excited=False, swish=False)
            x = inverted(x, block, divisible(block.filters * alpha), number)

        filters = divisible(6 * channels(x))
        x = convolve(x, filters, 1, padding="same", name="conv_1")
        return activated(normalized(x, "conv_1_bn"), not minimalistic)

    return features


MobileNetV3Small = mobilenet(arguments, "MobileNetV3Small", SMALL, 1024)
MobileNetV3Large = mobilenet(arguments, "MobileNetV3Large", LARGE, 1280)

__all__ = [
    "MobileNetV3Large",
    "MobileNetV3Small",
    "decode_predictions",
    "preprocess_input",
]
