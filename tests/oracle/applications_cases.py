"""The image classifiers that are compared with real Keras, and how their weights start.

A case is a function of `keras.applications` and its arguments. Of every case the layers
are compared; of those in `OUTPUTS` also what the model computes for a drawn picture,
with weights that are drawn by the names of layer and weight.
"""

from __future__ import annotations

import json
import math
import zlib
from typing import Any

import numpy as np

NAMES = (
    *(f"ConvNeXt{size}" for size in ("Base", "Large", "Small", "Tiny", "XLarge")),
    *(f"DenseNet{depth}" for depth in (121, 169, 201)),
    *(f"EfficientNetB{n}" for n in range(8)),
    *(f"EfficientNetV2{size}" for size in ("B0", "B1", "B2", "B3", "L", "M", "S")),
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "NASNetLarge",
    "NASNetMobile",
    *(f"ResNet{depth}{version}" for version in ("", "V2") for depth in (50, 101, 152)),
    "VGG16",
    "VGG19",
    "Xception",
)
# The smallest image of each, and one of every family, whose other arguments are tried.
LEAST = {"InceptionResNetV2": 75, "InceptionV3": 75, "Xception": 71}
FAMILIES = (
    "ConvNeXtTiny",
    "DenseNet121",
    "EfficientNetB0",
    "EfficientNetV2B0",
    "EfficientNetV2S",
    "InceptionResNetV2",
    "InceptionV3",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Large",
    "MobileNetV3Small",
    "NASNetLarge",
    "NASNetMobile",
    "ResNet50",
    "ResNet50V2",
    "VGG16",
    "Xception",
)
NO_TOP = {"include_top": False}
WITH_PREPROCESSING = ("ConvNeXt", "EfficientNetV2", "MobileNetV3")


def cases() -> dict[str, tuple[str, dict[str, Any]]]:
    """All cases by a name that says what is asked for."""
    found: list[tuple[str, dict[str, Any]]] = [(name, {}) for name in NAMES]
    for name in FAMILIES:
        side = LEAST.get(name, 32)
        # Without a size Keras makes a NASNet whose shapes do not fit together.
        given = {"input_shape": (96, 96, 3)} if name.startswith("NASNet") else {}
        for pooling in (None, "avg", "max"):
            found.append((name, {**NO_TOP, "pooling": pooling, **given}))
        found.append((name, {"classes": 5, "classifier_activation": None}))
        found.append((name, {**NO_TOP, "input_shape": (side, side + 9, 3)}))
        if not name.startswith("EfficientNetV2"):  # a KeyError in Keras
            found.append((name, {"name": "mine", "classes": 3}))
        if name.startswith(WITH_PREPROCESSING):
            found.append((name, {"include_preprocessing": False}))
    for alpha in (0.25, 0.5, 1.4):
        found += [(f"MobileNet{v}", {"alpha": alpha}) for v in ("", "V2", "V3Small")]
    found += [
        ("MobileNet", {"depth_multiplier": 2, "dropout": 0.3, "alpha": 0.25}),
        ("MobileNet", {"input_shape": (128, 128, 3)}),
        ("MobileNet", {"input_shape": (96, 96, 1), **NO_TOP}),
        ("MobileNetV2", {"input_shape": (96, 128, 3)}),
        ("MobileNetV2", {**NO_TOP, "input_shape": (None, None, 3)}),
        ("MobileNetV3Large", {"minimalistic": True}),
        ("MobileNetV3Small", {"minimalistic": True, "dropout_rate": 0.0}),
        ("MobileNetV3Small", {"alpha": 0.75, "classes": 4}),
        ("NASNetMobile", {**NO_TOP, "input_shape": (64, 96, 3)}),
    ]
    return {case_id(name, kwargs): (name, kwargs) for name, kwargs in found}


def case_id(name: str, kwargs: dict[str, Any]) -> str:
    """`MobileNet(alpha=0.5)`."""
    return f"{name}({', '.join(f'{k}={v!r}' for k, v in kwargs.items())})"


def output_kwargs(name: str) -> dict[str, Any]:
    """The model of an architecture whose outputs are compared: small images."""
    side = LEAST.get(name, 32)
    return {
        "input_shape": (side, side, 3),
        "classes": 7,
        "classifier_activation": None,
        "weights": None,
    }


def picture(name: str) -> np.ndarray:
    """Two drawn images with pixels from 0 to 255."""
    side = LEAST.get(name, 32)
    rng = np.random.RandomState(zlib.crc32(name.encode()))
    return rng.uniform(0, 255, (2, side, side, 3)).astype("float32")


def drawn(layer: str, weight: str, shape: tuple[int, ...]) -> np.ndarray:
    """A weight that keeps the size of what flows through a network."""
    if "layer_scale" in layer:
        weight = "gamma"  # Keras counts through the names of these
    rng = np.random.RandomState(zlib.crc32(f"{layer}/{weight}{shape}".encode()))
    noise = rng.standard_normal(shape)
    if weight == "count":
        return np.zeros(shape, "int32")
    if weight in ("variance", "moving_variance"):
        return (1 + 0.3 * np.tanh(noise)).astype("float32")
    if weight in ("gamma", "scale"):
        return (1 + 0.1 * noise).astype("float32")
    if len(shape) < 2:
        return (0.1 * noise).astype("float32")
    fan_in = math.prod(shape[:2] if "depthwise" in layer else shape[:-1])
    return (noise * math.sqrt(1.5 / fan_in)).astype("float32")


def set_drawn(model: Any) -> None:
    """Give every weight of a model its drawn value."""
    for layer in model.layers:
        layer.set_weights(
            [drawn(layer.name, w.name, tuple(w.shape)) for w in layer.weights]
        )


def plain(config: Any) -> Any:
    """A config as JSON has it, in one of the ways to say the same."""
    if isinstance(config, dict):
        if config.get("class_name") == "DTypePolicy":
            return config["config"]["name"]
        if "layers" in config:  # of a model inside: what they are, and their names
            names = [(x["class_name"], x["config"]["name"]) for x in config["layers"]]
            return sorted(name for name in names if name[0] != "InputLayer")
        if config.get("axis") in (3, (3,), [3], (-1,), [-1]):
            config = {**config, "axis": -1}
        return {k: plain(v) for k, v in config.items() if v is not None}
    if isinstance(config, (list, tuple)):
        return [plain(v) for v in config]
    return config


def describe(operation: Any, config: dict[str, Any] | None, inbound: list[str]) -> str:
    """One line about an operation: class, name, shape, inputs, weights, config."""
    weights = [tuple(w.shape) for w in getattr(operation, "weights", ())]
    text = json.dumps(plain(config), sort_keys=True)
    return (
        f"{type(operation).__name__} {operation.name} {tuple(operation.output.shape)} "
        f"{','.join(inbound)} {sum(map(math.prod, weights))} "
        f"{zlib.crc32(text.encode()):08x}"
    )
