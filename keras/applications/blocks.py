"""Small parts that several architectures are made of."""

from __future__ import annotations

from typing import Any

from keras.applications.application import (
    channel_axis,
    channels,
    image_shape,
    spatial,
)
from keras.core.tensor import KerasTensor
from keras.core.typing import ActivationLike, InitializerLike
from keras.layers import (
    Activation,
    BatchNormalization,
    Conv2D,
    GlobalAveragePooling2D,
    Multiply,
    Reshape,
    ZeroPadding2D,
)


def normalize(x: KerasTensor, name: str | None = None, **kwargs: Any) -> KerasTensor:
    """Batch normalization of the channels."""
    return BatchNormalization(axis=channel_axis(), name=name, **kwargs)(x)


def activate(
    x: KerasTensor, name: str | None = None, activation: ActivationLike = "relu"
) -> KerasTensor:
    """An activation as a layer of its own."""
    return Activation(activation, name=name)(x)


def convolve(
    x: KerasTensor,
    filters: int,
    window: int | tuple[int, int],
    strides: int = 1,
    padding: str = "valid",
    name: str | None = None,
    **kwargs: Any,
) -> KerasTensor:
    """A convolution without bias, as it is before a normalization."""
    return Conv2D(
        filters,
        window,
        strides=strides,
        padding=padding,
        **{"use_bias": False, **kwargs},
        name=name,
    )(x)


def pad_for_stride(x: KerasTensor, window: int, name: str | None = None) -> KerasTensor:
    """Zeros around an image before a convolution with stride 2 and no padding.

    One more at the end of an even side, which one of unknown size is taken for: then
    the windows are where they are in TensorFlow's "same".
    """
    half = window // 2
    sides = spatial(x.shape)
    pads = tuple((half - (side is None or side % 2 == 0), half) for side in sides)
    return ZeroPadding2D(pads, name=name)(x)


def nearest(value: float, divisor: int = 8) -> int:
    """The nearest multiple of a divisor, at least the divisor itself."""
    return max(divisor, int(value + divisor / 2) // divisor * divisor)


def divisible(value: float, divisor: int = 8) -> int:
    """The nearest multiple of a divisor that is at least nine tenths of the value."""
    near = nearest(value, divisor)
    return near + divisor if near < 0.9 * value else near


def squeeze_and_excite(
    x: KerasTensor,
    reduced: int,
    name: str,
    activation: ActivationLike,
    initializer: InitializerLike,
) -> KerasTensor:
    """Weigh the channels by the whole image (Hu et al., 2017, arXiv:1709.01507)."""
    width = channels(x)
    options: dict[str, Any] = {
        "padding": "same",
        "use_bias": True,
        "kernel_initializer": initializer,
    }

    y = GlobalAveragePooling2D(name=f"{name}se_squeeze")(x)
    y = Reshape(image_shape(1, width), name=f"{name}se_reshape")(y)
    y = convolve(
        y, reduced, 1, name=f"{name}se_reduce", activation=activation, **options
    )
    y = convolve(y, width, 1, name=f"{name}se_expand", activation="sigmoid", **options)
    return Multiply(name=f"{name}se_excite")([x, y])
