"""Xception: convolutions of each channel by itself.

Chollet, 2016, arXiv:1610.02357.
"""

from __future__ import annotations

from keras.applications.application import application, standard
from keras.applications.blocks import activate, convolve, normalize
from keras.applications.files import KERNELS, pair
from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.core.tensor import KerasTensor
from keras.layers import Add, MaxPooling2D, SeparableConv2D

preprocess_input = preprocessing("tf")


def separable(x: KerasTensor, filters: int, name: str) -> KerasTensor:
    """A separable convolution, normalized."""
    x = SeparableConv2D(filters, 3, padding="same", use_bias=False, name=name)(x)
    return normalize(x, f"{name}_bn")


def halving(x: KerasTensor, filters: tuple[int, int], number: int) -> KerasTensor:
    """Two separable convolutions and a pooling, beside a convolution with stride 2."""
    name = f"block{number}"
    shortcut = normalize(convolve(x, filters[1], 1, 2, "same"))
    for i, width in enumerate(filters, 1):
        if number > 2 or i > 1:  # the first block follows an activation
            x = activate(x, f"{name}_sepconv{i}_act")
        x = separable(x, width, f"{name}_sepconv{i}")
    x = MaxPooling2D(3, strides=2, padding="same", name=f"{name}_pool")(x)
    return Add()([x, shortcut])


@application(
    standard,
    "xception",
    pair("xception", f"xception{KERNELS}"),
    size=299,
    least=71,
)
def Xception(image: KerasTensor) -> KerasTensor:  # noqa: N802 - the API's name
    """Xception (Chollet, 2016, arXiv:1610.02357).

    Images are prepared with `keras.applications.xception.preprocess_input`.
    """
    x = image
    for i, (filters, strides) in enumerate([(32, 2), (64, 1)], 1):
        name = f"block1_conv{i}"
        x = convolve(x, filters, 3, strides, name=name)
        x = activate(normalize(x, f"{name}_bn"), f"{name}_act")

    for number, width in enumerate((128, 256, 728), 2):
        x = halving(x, (width, width), number)
    for number in range(5, 13):
        shortcut = x
        for i in (1, 2, 3):
            name = f"block{number}_sepconv{i}"
            x = separable(activate(x, f"{name}_act"), 728, name)
        x = Add()([x, shortcut])
    x = halving(x, (728, 1024), 13)

    for i, width in enumerate((1536, 2048), 1):
        name = f"block14_sepconv{i}"
        x = activate(separable(x, width, name), f"{name}_act")
    return x


__all__ = ["Xception", "decode_predictions", "preprocess_input"]
