"""ConvNeXt: a convolutional network in the form of a Transformer (Liu et al., 2022).

arXiv:2201.03545.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ParamSpec

from keras.applications.application import (
    CLASSES,
    IMAGENET,
    Arguments,
    Pooled,
    Weights,
    application,
)
from keras.applications.blocks import activate
from keras.applications.files import pair
from keras.applications.imagenet_utils import (
    MEAN,
    STDDEV,
    decode_predictions,
    preprocessing,
)
from keras.core.config.serialization import wire_name
from keras.core.errors import check_choice
from keras.core.settings import image_data_format
from keras.core.tensor import KerasTensor
from keras.core.typing import ActivationLike, Shape, ShapeLike
from keras.initializers import Constant
from keras.layers import (
    Conv2D,
    Dense,
    GlobalAveragePooling2D,
    Layer,
    LayerNormalization,
    Normalization,
)
from keras.models import Model, Sequential

P = ParamSpec("P")

preprocess_input = preprocessing(None)


@wire_name("keras.src.applications.convnext", "LayerScale", "LayerScale")
class LayerScale(Layer):
    """Multiplies every channel by a weight that starts small.

    Touvron et al., 2021, arXiv:2103.17239.

    Args:
        init_values: where the weights start.
        projection_dim: the number of channels.

    Example:
        >>> from keras.applications.convnext import LayerScale
        >>> LayerScale(0.5, 2)(np.ones((1, 2), "float32"))
        array([[0.5, 0.5]], dtype=float32)
    """

    def __init__(self, init_values: float, projection_dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.init_values = init_values
        self.projection_dim = projection_dim

    def build(self, input_shape: Shape) -> None:
        """Make the weight, one number for each channel."""
        self.gamma = self.add_weight(
            (self.projection_dim,), Constant(self.init_values), name="gamma"
        )

    def call(self, x: Any) -> Any:
        return x * self.gamma


def arguments(
    include_top: bool = True,
    include_preprocessing: bool = True,
    weights: Weights = IMAGENET,
    input_tensor: Any = None,
    input_shape: ShapeLike | None = None,
    pooling: str | None = None,
    classes: int = CLASSES,
    classifier_activation: ActivationLike = "softmax",
    name: str | None = None,
) -> Arguments:
    """The signature of these architectures."""
    return Arguments.of(locals())


def check(title: str) -> None:
    """Refuse images with channels first: its layers work on the last axis."""
    check_choice(image_data_format(), ("channels_last",), "image_data_format", title)


def normalization(name: str | None = None) -> LayerNormalization:
    """Normalization of the channels of each place."""
    return LayerNormalization(epsilon=1e-6, name=name)


def block(x: KerasTensor, filters: int, name: str) -> KerasTensor:
    """Filter each channel by itself, then two dense layers; add the input."""
    y = Conv2D(
        filters, 7, padding="same", groups=filters, name=f"{name}_depthwise_conv"
    )(x)
    y = normalization(f"{name}_layernorm")(y)
    y = Dense(4 * filters, name=f"{name}_pointwise_conv_1")(y)
    y = activate(y, f"{name}_gelu", "gelu")
    y = Dense(filters, name=f"{name}_pointwise_conv_2")(y)
    y = LayerScale(1e-6, filters, name=f"{name}_layer_scale")(y)
    return x + activate(y, f"{name}_identity", "linear")


def top(
    x: KerasTensor, classes: int, classifier_activation: ActivationLike, name: str
) -> KerasTensor:
    """Pooling, normalization, one dense layer."""
    x = GlobalAveragePooling2D(name=f"{name}_head_gap")(x)
    x = normalization(f"{name}_head_layernorm")(x)
    return Dense(classes, activation=classifier_activation, name=f"{name}_head_dense")(
        x
    )


def pooled(x: KerasTensor, pooling: str | None) -> KerasTensor:
    """What stands in the classifier's place: it is normalized too."""
    return normalization()(Pooled()(x, pooling))


def convnext(
    signature: Callable[P, Arguments],
    title: str,
    counts: tuple[int, ...],
    filters: tuple[int, ...],
) -> Callable[P, Model]:
    """The public function for stages of so many blocks and filters."""
    variant = title.removeprefix("ConvNeXt").lower()

    @application(
        signature,
        f"convnext_{variant}",
        pair("convnext", f"convnext_{variant}"),
        top,
        pooled,
        check=check,
        title=title,
        summary=f"{title} (Liu et al., 2022, arXiv:2201.03545).\n\n"
        "With `include_preprocessing` pixels are from 0 to 255.",
    )
    def features(
        image: KerasTensor, include_preprocessing: bool, name: str
    ) -> KerasTensor:
        x = image
        if include_preprocessing:
            x = Normalization(
                mean=[255 * m for m in MEAN],
                variance=[(255 * s) ** 2 for s in STDDEV],
                name=f"{name}_prestem_normalization",
            )(x)

        stem = [
            Conv2D(filters[0], 4, strides=4, name=f"{name}_stem_conv"),
            normalization(f"{name}_stem_layernorm"),
        ]
        x = Sequential(stem, name=f"{name}_stem")(x)

        for stage, count in enumerate(counts):
            if stage > 0:
                part, i = f"{name}_downsampling", stage - 1
                halving = [
                    normalization(f"{part}_layernorm_{i}"),
                    Conv2D(filters[stage], 2, strides=2, name=f"{part}_conv_{i}"),
                ]
                x = Sequential(halving, name=f"{part}_block_{i}")(x)
            for i in range(count):
                x = block(x, filters[stage], f"{name}_stage_{stage}_block_{i}")
        return x

    return features


SHALLOW, DEEP = (3, 3, 9, 3), (3, 3, 27, 3)

ConvNeXtTiny = convnext(arguments, "ConvNeXtTiny", SHALLOW, (96, 192, 384, 768))
ConvNeXtSmall = convnext(arguments, "ConvNeXtSmall", DEEP, (96, 192, 384, 768))
ConvNeXtBase = convnext(arguments, "ConvNeXtBase", DEEP, (128, 256, 512, 1024))
ConvNeXtLarge = convnext(arguments, "ConvNeXtLarge", DEEP, (192, 384, 768, 1536))
ConvNeXtXLarge = convnext(arguments, "ConvNeXtXLarge", DEEP, (256, 512, 1024, 2048))

__all__ = [
    "ConvNeXtBase",
    "ConvNeXtLarge",
    "ConvNeXtSmall",
    "ConvNeXtTiny",
    "ConvNeXtXLarge",
    "decode_predictions",
    "preprocess_input",
]
