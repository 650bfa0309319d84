"""The layers on images against real Keras 3.15.1: what they make of its draws."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from oracle.augment_cases import CASES, Augment, data_of
from oracle.spec import Expected

import keras
from keras import ops

EXPECTED = Expected("augment")
METHODS = {
    "images": "transform_images",
    "labels": "transform_labels",
    "bounding_boxes": "transform_bounding_boxes",
    "segmentation_masks": "transform_segmentation_masks",
}
# The draws of these cannot be given to a layer: only the config is compared.
OTHER_DRAWS = {"AugMix", "RandomColorJitter"}
# Arguments that Keras leaves out of the config, so that a loaded layer forgets them.
ONLY_OURS = {"RandomGrayscale": {"seed"}, "MaxNumBoundingBoxes": {"fill_value"}}
# One level of 255 more or less, where the rank of a color is rounded.
ROUNDED = {"Equalization", "RandAugment"}
# The quick tests take one framework beside NumPy, on which nothing is compiled.
SLOWER = [pytest.param(name, marks=pytest.mark.slow) for name in ("jax", "tensorflow")]


@pytest.fixture(params=["numpy", "torch", *SLOWER])
def backend(request):
    with keras.config.backend_scope(request.param):
        yield request.param


def is_wrong_in_keras(spec: Augment, name: str) -> bool:
    """Where its own results do not fit its pictures, or its numbers overflow."""
    if name == "bounding_boxes":
        form = spec.config.get("bounding_box_format", "xyxy")
        ignores_form = spec.cls in ("RandomRotation", "RandomPerspective")
        return spec.cls == "RandomShear" or (ignores_form and form != "xyxy")
    return spec.cls == "RandomBrightness" and spec.dtype == "uint8"


def unpacked(entry: Any) -> Any:
    """A stored nested structure, with tensors."""
    ((kind, value),) = entry.items()
    if kind == "dict":
        return {k: unpacked(v) for k, v in value.items()}
    if kind == "list":
        return [unpacked(v) for v in value]
    return ops.convert_to_tensor(EXPECTED.get(value)) if kind == "array" else value


def made(spec: Augment) -> Any:
    config = dict(spec.config)
    if "bounding_boxes" in spec.parts:
        config.setdefault("bounding_box_format", "xyxy")
    return getattr(keras.layers, spec.cls)(**config)


@pytest.mark.parametrize("key", CASES)
def test_the_config_is_that_of_keras(key):
    stored = EXPECTED.index[key]["config"]["config"]
    config = json.loads(json.dumps(keras.layers.serialize(made(CASES[key]))))["config"]

    for name in ONLY_OURS.get(CASES[key].cls, ()):
        config.pop(name)
    if CASES[key].cls == "RandomCrop":  # Keras draws a seed where none is given
        stored = {**stored, "seed": None}
    stored, config = ({**c, "name": ""} for c in (stored, config))
    assert config == stored
    assert keras.layers.deserialize(EXPECTED.index[key]["config"]).built is False


@pytest.mark.parametrize("key", [k for k in CASES if CASES[k].cls not in OTHER_DRAWS])
def test_a_draw_gives_what_keras_makes_of_it(backend, key):
    spec, stored = CASES[key], EXPECTED.index[key]
    layer, data = made(spec), data_of(key, spec)
    drawn = unpacked(stored["drawn"])
    if spec.cls == "RandomCrop":  # ours knows the size of the images too
        drawn = (*drawn, spec.size)

    for name, entry in stored["out"].items():
        if is_wrong_in_keras(spec, name):
            continue
        given = keras.tree.map_structure(ops.convert_to_tensor, data[name])
        out = getattr(layer, METHODS[name])(given, transformation=drawn, training=True)
        compare(out, unpacked(entry), data, spec)


def compare(out: Any, expected: Any, data: dict, spec: Augment) -> None:
    if isinstance(expected, dict):
        is_box = data["bounding_boxes"]["labels"] >= 0
        if spec.cls == "MaxNumBoundingBoxes":  # what is no box counts there
            is_box = ...
        for name in ("boxes", "labels"):
            found, wanted = (
                np.asarray(ops.convert_to_numpy(x[name])) for x in (out, expected)
            )
            np.testing.assert_allclose(found[is_box], wanted[is_box], 1e-4, 1e-3)
        return

    out, expected = (ops.convert_to_numpy(x) for x in (out, expected))
    assert out.dtype == expected.dtype
    rtol, atol = spec.tol
    if spec.dtype == "uint8" and out.dtype == "uint8":
        atol = 1  # where a half is rounded
    if spec.cls in ROUNDED:
        atol = 1.01 * spec.high / 255
    np.testing.assert_allclose(
        out.astype("float64"), expected.astype("float64"), rtol, atol
    )
