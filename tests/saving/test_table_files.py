"""Models that start from raw values, saved by Keras 3.15.1 and here."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest
import table_models

import keras

FILES = pathlib.Path(__file__).parent / "files" / "tables"
VALUES = np.load(FILES / "values.npz")


def check(model: Any, data: Any, name: str) -> None:
    for i, out in enumerate(keras.tree.flatten(model(data))):
        found = keras.ops.convert_to_numpy(out)
        np.testing.assert_allclose(found, VALUES[f"{name}/out{i}"], 1e-4, 1e-4)


@pytest.mark.parametrize("name", table_models.MODELS)
def test_a_file_of_keras_gives_the_same(name: str, backend: str) -> None:
    data = table_models.MODELS[name]()[1]
    check(keras.saving.load_model(FILES / f"{name}.keras"), data, name)


@pytest.mark.parametrize("name", table_models.MODELS)
def test_what_is_saved_here_gives_the_same(
    name: str, backend: str, tmp_path: Any
) -> None:
    """Also the vocabularies are those that real Keras finds: its weights fit."""
    model, data = table_models.MODELS[name]()
    model.load_weights(FILES / f"{name}.keras")
    check(model, data, name)

    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    check(again, data, name)
    outputs = again.predict(data, verbose=0)
    for i, found in enumerate(keras.tree.flatten(outputs)):
        np.testing.assert_allclose(found, VALUES[f"{name}/out{i}"], 1e-4, 1e-4)
