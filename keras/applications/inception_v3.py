"""Inception-v3: paths with different windows.

Szegedy et al., 2015, arXiv:1512.00567.
"""

from __future__ import annotations

from keras.applications.application import application, channel_axis, standard
from keras.applications.blocks import activate, convolve, normalize
from keras.applications.files import KERNELS, pair
from keras.applications.imagenet_utils import decode_predictions, preprocessing
from keras.core.tensor import KerasTensor
from keras.layers import AveragePooling2D, Concatenate, MaxPooling2D

# A convolution: filters and window.
Step = tuple[int, int | tuple[int, int]]

preprocess_input = preprocessing("tf")


def unit(
    x: KerasTensor,
    filters: int,
    window: int | tuple[int, int],
    strides: int = 1,
    padding: str = "same",
) -> KerasTensor:
    """A convolution, normalized and activated."""
    x = convolve(x, filters, window, strides, padding)
    return activate(normalize(x, scale=False))


def path(x: KerasTensor, *steps: Step, halve: bool = False) -> KerasTensor:
    """Convolutions one after another; the last may halve the image."""
    for i, (filters, window) in enumerate(steps, 1):
        end = halve and i == len(steps)
        x = unit(x, filters, window, 2 if end else 1, "valid" if end else "same")
    return x


def average(x: KerasTensor, filters: int) -> KerasTensor:
    """An average over each neighbourhood, then a convolution."""
    return unit(AveragePooling2D(3, strides=1, padding="same")(x), filters, 1)


def join(paths: list[KerasTensor], name: str | None = None) -> KerasTensor:
    """The channels of all paths."""
    return Concatenate(axis=channel_axis(), name=name)(paths)


def inception_a(x: KerasTensor, pooled: int, name: str) -> KerasTensor:
    """Windows of 1, 3 and 5."""
    return join(
        [
            path(x, (64, 1)),
            path(x, (48, 1), (64, 5)),
            path(x, (64, 1), (96, 3), (96, 3)),
            average(x, pooled),
        ],
        name,
    )


def inception_b(x: KerasTensor, inner: int, name: str) -> KerasTensor:
    """Windows of 7, one axis after the other."""
    row, column = (1, 7), (7, 1)
    return join(
        [
            path(x, (192, 1)),
            path(x, (inner, 1), (inner, row), (192, column)),
            path(
                x,
                (inner, 1),
                (inner, column),
                (inner, row),
                (inner, column),
                (192, row),
            ),
            average(x, 192),
        ],
        name,
    )


def inception_c(x: KerasTensor, number: int) -> KerasTensor:
    """Windows of 3, the axes beside each other."""

    def split(y: KerasTensor, name: str | None = None) -> KerasTensor:
        return join([unit(y, 384, (1, 3)), unit(y, 384, (3, 1))], name)

    one = path(x, (320, 1))
    three = split(path(x, (384, 1)), f"mixed9_{number}")
    double = split(path(x, (448, 1), (384, 3)))
    return join([one, three, double, average(x, 192)], f"mixed{9 + number}")


def reduction(x: KerasTensor, *paths: tuple[Step, ...], name: str) -> KerasTensor:
    """Halve the image by each path, and by a pooling beside them."""
    ends = [path(x, *steps, halve=True) for steps in paths]
    return join([*ends, MaxPooling2D(3, strides=2)(x)], name)


def stem(image: KerasTensor) -> KerasTensor:
    """The first layers, which shrink the image eightfold."""
    x = unit(image, 32, 3, 2, "valid")
    x = unit(x, 32, 3, padding="valid")
    x = MaxPooling2D(3, strides=2)(unit(x, 64, 3))
    x = unit(x, 80, 1, padding="valid")
    x = unit(x, 192, 3, padding="valid")
    return MaxPooling2D(3, strides=2)(x)


@application(
    standard,
    "inception_v3",
    pair("inception_v3", f"inception_v3{KERNELS}"),
    size=299,
    least=75,
)
def InceptionV3(image: KerasTensor) -> KerasTensor:  # noqa: N802 - the API's name
    """Inception-v3 (Szegedy et al., 2015, arXiv:1512.00567).

    Images are prepared with `keras.applications.inception_v3.preprocess_input`.
    """
    x = stem(image)
    for i, pooled in enumerate((32, 64, 64)):
        x = inception_a(x, pooled, f"mixed{i}")
    double = ((64, 1), (96, 3), (96, 3))
    x = reduction(x, ((384, 3),), double, name="mixed3")

    for i, inner in enumerate((128, 160, 160, 192), 4):
        x = inception_b(x, inner, f"mixed{i}")
    seven = ((192, 1), (192, (1, 7)), (192, (7, 1)), (192, 3))
    x = reduction(x, ((192, 1), (320, 3)), seven, name="mixed8")

    return inception_c(inception_c(x, 0), 1)


__all__ = ["InceptionV3", "decode_predictions", "preprocess_input"]
