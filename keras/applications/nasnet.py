"""NASNet: cells found by a search (Zoph et al., 2017, arXiv:1707.07012)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

from keras.applications.application import (
    CLASSES,
    IMAGENET,
    Arguments,
    Top,
    Weights,
    application,
    channel_axis,
    spatial,
)
from keras.applications.blocks import activate, convolve, normalize, pad_for_stride
from keras.applications.files import PublishedFile, published
from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.core.tensor import KerasTensor
from keras.core.typing import ActivationLike, ShapeLike
from keras.layers import (
    Add,
    AveragePooling2D,
    Concatenate,
    Cropping2D,
    MaxPooling2D,
    SeparableConv2D,
    ZeroPadding2D,
)
from keras.models import Model

P = ParamSpec("P")
GROWTH = 2  # by what each reduction multiplies the filters

preprocess_input = preprocessing("tf")


def arguments(
    input_shape: ShapeLike | None = None,
    include_top: bool = True,
    weights: Weights = IMAGENET,
    input_tensor: Any = None,
    pooling: str | None = None,
    classes: int = CLASSES,
    classifier_activation: ActivationLike = "softmax",
    name: str | None = None,
) -> Arguments:
    """The signature of these architectures."""
    return Arguments.of(locals())


def normalized(x: KerasTensor, name: str) -> KerasTensor:
    """Batch normalization as it was trained with."""
    return normalize(x, name, momentum=0.9997, epsilon=1e-3)


def projected(x: KerasTensor, filters: int, name: str) -> KerasTensor:
    """A convolution with a window of 1."""
    return convolve(
        x, filters, 1, padding="same", name=name, kernel_initializer="he_normal"
    )


def separable(
    x: KerasTensor, filters: int, window: int, strides: int, name: str
) -> KerasTensor:
    """Two separable convolutions, each activated before and normalized after it."""
    for i in (1, 2):
        x = activate(x)
        halves = i == 1 and strides == 2
        if halves:
            x = pad_for_stride(x, window, f"separable_conv_1_pad_{name}")
        x = SeparableConv2D(
            filters,
            window,
            strides=strides if i == 1 else 1,
            padding="valid" if halves else "same",
            use_bias=False,
            name=f"separable_conv_{i}_{name}",
        )(x)
        x = normalized(x, f"separable_conv_{i}_bn_{name}")
    return x


def average(x: KerasTensor, name: str) -> KerasTensor:
    """The average of each neighbourhood."""
    return AveragePooling2D(3, strides=1, padding="same", name=name)(x)


def add(x: KerasTensor, y: KerasTensor, name: str | None = None) -> KerasTensor:
    """The sum of two paths."""
    return Add(name=name)([x, y])


def adjusted(
    p: KerasTensor | None, x: KerasTensor, filters: int, name: str
) -> KerasTensor:
    """What the cell before the last made, with the size and channels of the last's."""
    if p is None:
        return x
    if spatial(p.shape) != spatial(x.shape):
        p = activate(p, f"adjust_relu_1_{name}")
        shifted = Cropping2D(((1, 0), (1, 0)))(ZeroPadding2D(((0, 1), (0, 1)))(p))
        halves = []
        for i, half in enumerate((p, shifted), 1):
            half = AveragePooling2D(1, strides=2, name=f"adjust_avg_pool_{i}_{name}")(
                half
            )
            halves.append(projected(half, filters // 2, f"adjust_conv_{i}_{name}"))
        p = Concatenate(axis=channel_axis())(halves)
        return normalized(p, f"adjust_bn_{name}")
    if p.shape[channel_axis()] != filters:
        p = projected(activate(p), filters, f"adjust_conv_projection_{name}")
        return normalized(p, f"adjust_bn_{name}")
    return p


def normal(
    x: KerasTensor, p: KerasTensor | None, filters: int, name: str
) -> tuple[KerasTensor, KerasTensor]:
    """A cell that keeps the size: of the last two cells' outputs, the next two."""

    def path(y: KerasTensor, window: int, place: str) -> KerasTensor:
        return separable(y, filters, window, 1, f"normal_{place}_{name}")

    p = adjusted(p, x, filters, name)
    h = projected(activate(x), filters, f"normal_conv_1_{name}")
    h = normalized(h, f"normal_bn_1_{name}")

    sums = [
        add(path(h, 5, "left1"), path(p, 3, "right1"), f"normal_add_1_{name}"),
        add(path(p, 5, "left2"), path(p, 3, "right2"), f"normal_add_2_{name}"),
        add(average(h, f"normal_left3_{name}"), p, f"normal_add_3_{name}"),
        add(
            average(p, f"normal_left4_{name}"),
            average(p, f"normal_right4_{name}"),
            f"normal_add_4_{name}",
        ),
        add(path(h, 3, "left5"), h, f"normal_add_5_{name}"),
    ]
    y = Concatenate(axis=channel_axis(), name=f"normal_concat_{name}")([p, *sums])
    return y, x


def reduction(
    x: KerasTensor, p: KerasTensor | None, filters: int, name: str
) -> tuple[KerasTensor, KerasTensor]:
    """A cell that halves the image: of the last two cells' outputs, the next two."""

    def path(y: KerasTensor, window: int, place: str) -> KerasTensor:
        return separable(y, filters, window, 2, f"reduction_{place}_{name}")

    def pool(layer: type, place: str) -> KerasTensor:
        return layer(3, strides=2, name=f"reduction_{place}_{name}")(padded)

    p = adjusted(p, x, filters, name)
    h = projected(activate(x), filters, f"reduction_conv_1_{name}")
    h = normalized(h, f"reduction_bn_1_{name}")
    padded = pad_for_stride(h, 3, f"reduction_pad_1_{name}")

    x1 = add(path(h, 5, "left1"), path(p, 7, "right1"), f"reduction_add_1_{name}")
    x2 = add(
        pool(MaxPooling2D, "left2"), path(p, 7, "right2"), f"reduction_add_2_{name}"
    )
    x3 = add(
        pool(AveragePooling2D, "left3"),
        path(p, 5, "right3"),
        f"reduction_add3_{name}",
    )
    x4 = add(x2, average(x1, f"reduction_left4_{name}"))
    x5 = add(
        separable(x1, filters, 3, 1, f"reduction_left4_{name}"),
        pool(MaxPooling2D, "right5"),
        f"reduction_add4_{name}",
    )
    concat = Concatenate(axis=channel_axis(), name=f"reduction_concat_{name}")
    return concat([x2, x3, x4, x5]), x


def nasnet(
    signature: Callable[P, Arguments],
    title: str,
    size: int,
    stem: int,
    cells: int,
    filters: int,
    skips: bool,
) -> Callable[P, Model]:
    """The public function for a network of so many cells between its reductions.

    `skips` says whether the cell after a reduction sees the cell before the reduction,
    rather than what the reduction saw.
    """
    variant = title.removeprefix("NASNet").lower()

    def files(include_top: bool) -> PublishedFile:
        there = f"NASNet-{variant}{'' if include_top else '-no-top'}.h5"
        here = f"nasnet_{variant}{'' if include_top else '_no_top'}.h5"
        return published("nasnet", here, there)

    @application(
        signature,
        f"nasnet_{variant}",
        files,
        Top(None),
        size=size,
        fixed=True,
        title=title,
        summary=f"{title} (Zoph et al., 2017, arXiv:1707.07012).\n\n"
        "Images are prepared with `keras.applications.nasnet.preprocess_input`.",
    )
    def features(image: KerasTensor) -> KerasTensor:
        x = convolve(
            image, stem, 3, 2, name="stem_conv1", kernel_initializer="he_normal"
        )
        x = normalized(x, "stem_bn1")
        x, p = reduction(x, None, filters // GROWTH**2, "stem_1")
        x, p = reduction(x, p, filters // GROWTH, "stem_2")

        for stage in range(3):
            width = filters * GROWTH**stage
            first = stage * cells
            if stage > 0:
                x, before = reduction(x, p, width, f"reduce_{first}")
                p = p if skips else before
                first += 1
            for i in range(cells):
                x, p = normal(x, p, width, str(first + i))
        return activate(x)

    return features


NASNetLarge = nasnet(arguments, "NASNetLarge", 331, 96, 6, 168, True)
NASNetMobile = nasnet(arguments, "NASNetMobile", 224, 32, 4, 44, False)

__all__ = [
    "NASNetLarge",
    "NASNetMobile",
    "decode_predictions",
    "preprocess_input",
]
