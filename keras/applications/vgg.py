"""VGG: blocks of small convolutions (Simonyan & Zisserman, 2014, arXiv:1409.1556)."""

from __future__ import annotations

from keras.applications.application import application, standard
from keras.applications.files import KERNELS, pair
from keras.core.tensor import KerasTensor
from keras.core.typing import ActivationLike
from keras.layers import Conv2D, Dense, Flatten, MaxPooling2D

FILTERS = (64, 128, 256, 512, 512)


def vgg(image: KerasTensor, counts: tuple[int, ...]) -> KerasTensor:
    """Blocks of 3 x 3 convolutions, each halves the image at its end."""
    x = image
    for i, (count, filters) in enumerate(zip(counts, FILTERS), 1):
        for j in range(1, count + 1):
            x = Conv2D(
                filters,
                3,
                padding="same",
                activation="relu",
                name=f"block{i}_conv{j}",
            )(x)
        x = MaxPooling2D(2, strides=2, name=f"block{i}_pool")(x)
    return x


def top(
    x: KerasTensor, classes: int, classifier_activation: ActivationLike
) -> KerasTensor:
    """Three dense layers."""
    x = Flatten(name="flatten")(x)
    x = Dense(4096, activation="relu", name="fc1")(x)
    x = Dense(4096, activation="relu", name="fc2")(x)
    return Dense(classes, activation=classifier_activation, name="predictions")(x)


@application(standard, "vgg16", pair("vgg16", f"vgg16{KERNELS}"), top)
def VGG16(image: KerasTensor) -> KerasTensor:  # noqa: N802 - the API's name
    """VGG with 16 layers (Simonyan & Zisserman, 2014, arXiv:1409.1556).

    Images are prepared with `keras.applications.vgg16.preprocess_input`.
    """
    return vgg(image, (2, 2, 3, 3, 3))


@application(standard, "vgg19", pair("vgg19", f"vgg19{KERNELS}"), top)
def VGG19(image: KerasTensor) -> KerasTensor:  # noqa: N802
    """VGG with 19 layers (Simonyan & Zisserman, 2014, arXiv:1409.1556).

    Images are prepared with `keras.applications.vgg19.preprocess_input`.
    """
    return vgg(image, (2, 2, 4, 4, 4))
