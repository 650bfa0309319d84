"""Files of weights that real Keras wrote, in both of its formats.

Written by `oracle/make_application_files.py`.
"""

import gzip
import pathlib

import h5py
import numpy as np
import pytest
from oracle.applications_cases import picture

import keras
from keras.applications import MobileNet

FILES = pathlib.Path(__file__).parent / "files"
SCORES = np.load(FILES / "mobilenet.npz")["scores"]
KWARGS = {"alpha": 0.05, "classes": 3, "input_shape": (32, 32, 3)}


@pytest.fixture
def files(tmp_path):
    """A folder with the files, uncompressed."""
    for path in FILES.glob("*.gz"):
        (tmp_path / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    return tmp_path


def scores(model):
    return keras.ops.convert_to_numpy(model(picture("MobileNet"), training=False))


@pytest.mark.parametrize("name", ["mobilenet.weights.h5", "mobilenet.h5"])
def test_the_weights_of_real_keras_give_its_scores(backend, files, name):
    model = MobileNet(**KWARGS, weights=files / name)
    np.testing.assert_allclose(scores(model), SCORES, rtol=1e-3, atol=1e-6)


def test_layers_are_found_by_name(backend, files):
    model = MobileNet(**{**KWARGS, "classes": 5}, weights=None)
    with pytest.warns(UserWarning, match="conv_preds"):
        model.load_weights(files / "mobilenet.h5", by_name=True, skip_mismatch=True)

    other = MobileNet(**KWARGS, weights=files / "mobilenet.h5")
    kernel, wanted = (m.get_layer("conv_pw_13").kernel for m in (model, other))
    np.testing.assert_array_equal(kernel.numpy(), wanted.numpy())


@pytest.fixture
def renamed(files):
    """The same file as old versions of Keras wrote it: names of layers have slashes,
    and lists of names are arrays of bytes."""
    path = files / "mobilenet.h5"
    with h5py.File(path, "a") as file:
        group = file["model_weights"]
        names = list(group.attrs["layer_names"])
        for i, name in enumerate(names):
            found = list(group[name].attrs["weight_names"])
            group[name].attrs["weight_names"] = np.array(found, "S")
            group.move(name, f"part_{i % 3}/{i}")
        group.attrs["layer_names"] = np.array(
            [f"part_{i % 3}/{i}" for i in range(len(names))], "S"
        )
    return path


def test_layers_with_other_names_are_matched_by_their_order(backend, renamed):
    model = MobileNet(**KWARGS, weights=renamed)
    np.testing.assert_allclose(scores(model), SCORES, rtol=1e-3, atol=1e-6)


def test_the_order_counts_only_where_every_shape_agrees(renamed):
    model = MobileNet(**{**KWARGS, "classes": 5}, weights=None)
    before = model.get_weights()

    with pytest.raises(ValueError, match="does not fit"):
        model.load_weights(renamed)

    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
