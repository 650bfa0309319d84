"""The editor of weights files: what it changes is what the next loading finds."""

import numpy as np
import pytest

import keras
from keras import layers
from keras.saving import KerasFileEditor


def model(name="head"):
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(3)])
    made = keras.Sequential([keras.Input((3,)), inner, layers.Dense(2, name=name)])
    made.compile("sgd", "mse")
    return made


@pytest.fixture
def saved(tmp_path):
    made = model()
    made.save_weights(tmp_path / "m.weights.h5")
    made.save(tmp_path / "m.keras")
    return made, tmp_path


@pytest.mark.parametrize("ending", [".weights.h5", ".keras"])
def test_reads_both(saved, ending, capsys):
    made, folder = saved
    editor = KerasFileEditor(folder / f"m{ending}")
    inner = editor.weights_dict["layers/sequential/layers/dense"]
    np.testing.assert_array_equal(inner["0"], made.layers[0].layers[0].kernel)
    assert editor.compare(made)["error_count"] == 0
    editor.summary()
    text = capsys.readouterr().out
    assert "> sequential" in text and "0: shape=(3, 2), dtype=float32" in text
    assert (editor.config is None) == (ending == ".weights.h5")


def test_edits_are_loaded(saved):
    made, folder = saved
    editor = KerasFileEditor(folder / "m.weights.h5")
    editor.delete_weight("layers/dense", "1")
    editor.add_weights("layers/dense", {"1": np.array([5.0, 6.0], "f4")})
    editor.save(folder / "e.weights.h5")
    made.load_weights(folder / "e.weights.h5")
    np.testing.assert_array_equal(made.layers[1].bias, [5, 6])


def test_renaming_moves_what_is_below(saved):
    made, folder = saved
    editor = KerasFileEditor(folder / "m.weights.h5")
    editor.rename_object("sequential", "encoder")
    editor.resave_weights(folder / "e.weights.h5")
    again = KerasFileEditor(folder / "e.weights.h5")
    assert "layers/encoder/layers/dense" in again.weights_dict
    report = again.compare(made)
    assert report["status"] == "error" and report["error_count"] == 4
    again.rename_object("encoder", "sequential")
    assert again.compare(made)["status"] == "success"


def test_objects_come_and_go(saved):
    made, folder = saved
    editor = KerasFileEditor(folder / "m.weights.h5")
    before = set(editor.weights_dict)
    editor.add_object("layers/new", {"0": np.ones((2, 2))})
    assert set(editor.weights_dict) == before | {"layers/new"}
    editor.delete_object("new")
    editor.delete_object("layers/sequential")
    assert editor.compare(made)["error_count"] == 2


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (lambda e: e.rename_object("layers/dense", "a/b"), "not a path"),
        (lambda e: e.rename_object("layers/dense", "sequential"), "already"),
        (lambda e: e.rename_object("dense", "x"), "may be one of"),
        (lambda e: e.delete_object("dnse"), "no object 'dnse'"),
        (lambda e: e.delete_weight("layers/dense", "7"), r"it has \['0', '1'\]"),
        (lambda e: e.add_weights("layers/dense", "x"), "a dict of arrays"),
        (lambda e: e.add_weights("layers/dense", {"0": "text"}), "numbers"),
        (lambda e: e.add_object("no/where", {"0": 1.0}), "no 'no' to add to"),
        (lambda e: e.add_object("layers/../x", {"0": 1.0}), "not the path"),
        (lambda e: e.compare(None), "a model or layer"),
        (lambda e: e.save("x.keras"), r"\.weights\.h5"),
    ],
)
def test_mistakes(saved, call, reason):
    editor = KerasFileEditor(saved[1] / "m.weights.h5")
    with pytest.raises(ValueError, match=reason):
        call(editor)


def test_other_files(tmp_path):
    with pytest.raises(ValueError, match=r"\.keras"):
        KerasFileEditor(tmp_path / "x.txt")
    with pytest.raises(FileNotFoundError):
        KerasFileEditor(tmp_path / "x.weights.h5")
