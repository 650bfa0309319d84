"""An LSTM and a Transformer learn a real text along the curve of real Keras."""

import pathlib
import sys

import numpy as np
import pytest

import keras

ORACLE = pathlib.Path(__file__).parents[1] / "oracle"
sys.path.insert(0, str(ORACLE))

import curve_models  # noqa: E402


@pytest.mark.gradients
@pytest.mark.parametrize("name", curve_models.MODELS)
def test_the_curve_is_that_of_keras(name, backend):
    data = np.load(ORACLE / "data" / "curves.npz")
    ours = curve_models.train(keras, name, data["batches"])
    theirs = data[name]
    assert theirs[-1] < 0.75 * theirs[0]  # it did learn
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
