"""MobileNet: depthwise separable convolutions.

Howard et al., 2017, arXiv:1704.04861.
"""

from __future__ import annotations

from typing import Any

from keras.applications.application import (
    CLASSES,
    IMAGENET,
    Arguments,
    Weights,
    application,
)
from keras.applications.blocks import convolve, normalize
from keras.applications.files import PublishedFile, published
from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.core.errors import check_choice
from keras.core.tensor import KerasTensor
from keras.core.typing import ActivationLike, ShapeLike
from keras.layers import (
    Activation,
    Conv2D,
    DepthwiseConv2D,
    Dropout,
    GlobalAveragePooling2D,
    ReLU,
    Reshape,
    ZeroPadding2D,
)

# Of each block: filters and stride.
BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)
ALPHAS = {0.25: "2_5", 0.5: "5_0", 0.75: "7_5", 1.0: "1_0"}
SIZES = (128, 160, 192, 224)

preprocess_input = preprocessing("tf")


def arguments(
    input_shape: ShapeLike | None = None,
    alpha: float = 1.0,
    depth_multiplier: int = 1,
    dropout: float = 1e-3,
    include_top: bool = True,
    weights: Weights = IMAGENET,
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = CLASSES,
    classifier_activation: ActivationLike = "softmax",
    name: str | None = None,
) -> Arguments:
    """The signature of `MobileNet`."""
    return Arguments.of(locals())


MEANINGS = {
    "alpha": "by what the number of filters of every layer is multiplied.",
    "depth_multiplier": "how many filters each channel has in depthwise convolutions.",
    "dropout": "the rate of dropout before the classifier.",
}


def check(title: str, weights: Weights, alpha: float, depth_multiplier: int) -> None:
    """Refuse arguments for which no weights are published."""
    if weights == IMAGENET:
        check_choice(alpha, tuple(ALPHAS), "alpha", f"{title} with weights 'imagenet'")
        who = f"{title} with weights 'imagenet'"
        check_choice(depth_multiplier, (1,), "depth_multiplier", who)


def files(alpha: float, size: int, include_top: bool) -> PublishedFile:
    """The file for a width and a size."""
    ending = "" if include_top else "_no_top"
    name = f"mobilenet_{ALPHAS[alpha]}_{size}_tf{ending}.h5"
    return published("mobilenet", name)


def block(
    x: KerasTensor, filters: int, strides: int, depth_multiplier: int, number: int
) -> KerasTensor:
    """Filter every channel by itself, then mix them."""
    padding = "same"
    if strides > 1:
        x = ZeroPadding2D(((0, 1), (0, 1)), name=f"conv_pad_{number}")(x)
        padding = "valid"
    x = DepthwiseConv2D(
        3,
        strides=strides,
        padding=padding,
        depth_multiplier=depth_multiplier,
        use_bias=False,
        name=f"conv_dw_{number}",
    )(x)
    x = ReLU(6.0, name=f"conv_dw_{number}_relu")(normalize(x, f"conv_dw_{number}_bn"))

    name = f"conv_pw_{number}"
    x = convolve(x, filters, 1, padding="same", name=name)
    return ReLU(6.0, name=f"{name}_relu")(normalize(x, f"{name}_bn"))


def top(
    x: KerasTensor,
    dropout: float,
    classes: int,
    classifier_activation: ActivationLike,
) -> KerasTensor:
    """A classifier that is a convolution over the pooled image."""
    x = GlobalAveragePooling2D(keepdims=True)(x)
    x = Dropout(dropout, name="dropout")(x)
    x = Conv2D(classes, 1, padding="same", name="conv_preds")(x)
    x = Reshape((classes,), name="reshape_2")(x)
    return Activation(classifier_activation, name="predictions")(x)


@application(
    arguments,
    lambda alpha, side: f"mobilenet_{alpha:0.2f}_{side}",
    files,
    top,
    check=check,
    size=lambda side: side if side in SIZES else SIZES[-1],
    meanings=MEANINGS,
)
def MobileNet(  # noqa: N802 - the API's name
    image: KerasTensor, alpha: float, depth_multiplier: int
) -> KerasTensor:
    """MobileNet (Howard et al., 2017, arXiv:1704.04861).

    Images are prepared with `keras.applications.mobilenet.preprocess_input`.
    """
    x = convolve(image, int(32 * alpha), 3, 2, "same", name="conv1")
    x = ReLU(6.0, name="conv1_relu")(normalize(x, "conv1_bn"))
    for number, (filters, strides) in enumerate(BLOCKS, 1):
        x = block(x, int(filters * alpha), strides, depth_multiplier, number)
    return x


__all__ = ["MobileNet", "decode_predictions", "preprocess_input"]
