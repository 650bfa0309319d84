"""The image classifiers against real Keras 3.15.1: layers, and outputs.

What Keras says of its models is in `oracle/data/applications.json.xz`, written by
`oracle/make_applications.py`.
"""

from __future__ import annotations

import json
import lzma
from typing import Any

import numpy as np
import pytest
from oracle.applications_cases import (
    NAMES,
    cases,
    describe,
    output_kwargs,
    picture,
    set_drawn,
)
from oracle.spec import DATA

import keras
from keras.core.graph.node import nodes_of
from keras.core.graph.operation import OpCall

EXPECTED = json.loads(lzma.decompress((DATA / "applications.json.xz").read_bytes()))
CASES = cases()
# One of each kind of block; the others take longer, and run by `make long`.
QUICK = (
    "EfficientNetB0",
    "MobileNet",
    "MobileNetV2",
    "MobileNetV3Small",
)


def marked(keys: Any, is_slow: Any) -> list[Any]:
    return [
        pytest.param(key, marks=pytest.mark.long) if is_slow(key) else key
        for key in keys
    ]


def model_of(name: str, kwargs: dict[str, Any]) -> keras.Model:
    """The model of a case, with names counted from the beginning."""
    keras.utils.clear_session(free_memory=False)
    return getattr(keras.applications, name)(**{"weights": None, **kwargs})


def rows(model: keras.Model) -> list[str]:
    """A line about each operation of a model, as the oracle has it."""
    out = []
    for operation in model.operations:
        inbound = [
            t._node.operation.name for n in nodes_of(operation) for t in n.inputs
        ]
        config = None
        if isinstance(operation, keras.layers.Layer):
            config = operation.get_config()
        if isinstance(operation, keras.layers.InputLayer):
            config = {"optional": False, **config}  # which Keras writes always
        row = describe(operation, config, inbound)
        if isinstance(operation, OpCall):
            row = row.replace("OpCall", operation.op.name.title(), 1)
        out.append(row)
    return out


@pytest.mark.parametrize(
    "key", marked(CASES, lambda key: CASES[key][0] not in QUICK), ids=str
)
def test_layers_are_those_of_keras(key):
    """On the backend that builds fastest: shapes on the others have tests of theirs."""
    name, kwargs = CASES[key]
    expected = EXPECTED["cases"][key]

    with keras.config.backend_scope("numpy"):
        if "raises" in expected:
            with pytest.raises(ValueError, match=name):
                model_of(name, kwargs)
            return
        model = model_of(name, kwargs)

    assert model.name == expected["name"]
    assert rows(model) == expected["rows"]


@pytest.mark.parametrize(
    "name",
    marked(
        NAMES,
        lambda name: name not in QUICK[1:],
    ),
    ids=str,
)
def test_outputs_are_those_of_keras(name, backend):
    model = model_of(name, output_kwargs(name))
    set_drawn(model)

    scores = model(picture(name), training=False)

    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(scores),
        np.array(EXPECTED["outputs"][name]),
        rtol=2e-3,
        atol=1e-5,
    )
