"""A model saved is a model loaded: structure, weights, compile settings, state."""

import json
import os
import pathlib
import warnings
import zipfile

import numpy as np
import pytest
import saving_cases as cases

import keras
from keras import layers


def outputs(model, data):
    made = keras.tree.flatten(model(data, training=False))
    return [np.asarray(keras.ops.convert_to_numpy(x)).astype("float64") for x in made]


@pytest.mark.parametrize("name", list(cases.CASES))
def test_round_trip(backend, name, tmp_path):
    model, data = cases.build(name)
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    for got, want in zip(outputs(loaded, data), outputs(model, data), strict=True):
        np.testing.assert_array_equal(got, want)
    if getattr(model, "optimizer", None) is not None:
        pairs = zip(loaded.optimizer.variables, model.optimizer.variables, strict=True)
        for got, want in pairs:
            np.testing.assert_array_equal(np.asarray(got), np.asarray(want))


@pytest.mark.parametrize("other", ["jax", "torch", "tensorflow"])
def test_any_backend_loads_it(backend, other, tmp_path):
    model, data = cases.build("mlp")
    model.save(tmp_path / "m.keras")
    with keras.config.backend_scope(other):
        loaded = keras.saving.load_model(tmp_path / "m.keras")
        got = outputs(loaded, data)
    np.testing.assert_allclose(got[0], outputs(model, data)[0], rtol=1e-5, atol=1e-6)


@pytest.mark.gradients
def test_training_goes_on_as_if_never_stopped(backend, tmp_path):
    x, y = cases.floats(8, 3), cases.floats(8, 1)
    model, _ = cases.build("optimizer_adam")
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    for each in (model, loaded):
        each.run_eagerly = True
        each.fit(x, y, epochs=3, batch_size=4, shuffle=False, verbose=0)
    for got, want in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.gradients
def test_members(backend, tmp_path):
    model, _ = cases.build("mlp")
    model.save(tmp_path / "m.keras")
    with zipfile.ZipFile(tmp_path / "m.keras") as archive:
        names = archive.namelist()
        metadata = json.loads(archive.read("metadata.json"))
    assert names == ["metadata.json", "config.json", "model.weights.h5"]
    assert metadata["keras_version"] == "3.15.1"
    assert os.listdir(tmp_path) == ["m.keras"]


@pytest.mark.gradients
def test_without_compiling(backend, tmp_path):
    model, data = cases.build("mlp")
    model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras", compile=False)
    assert getattr(loaded, "optimizer", None) is None
    model.save(tmp_path / "n.keras", include_optimizer=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = keras.saving.load_model(tmp_path / "n.keras")
    np.testing.assert_array_equal(outputs(loaded, data)[0], outputs(model, data)[0])
    assert getattr(loaded, "optimizer", None) is None


@pytest.mark.gradients
def test_directory(backend, tmp_path):
    model, data = cases.build("mlp")
    for _ in range(2):
        model.save(tmp_path / "folder", zipped=False)
    assert sorted(os.listdir(tmp_path / "folder")) == [
        "config.json",
        "metadata.json",
        "model.weights.h5",
    ]
    loaded = keras.saving.load_model(tmp_path / "folder")
    np.testing.assert_array_equal(outputs(loaded, data)[0], outputs(model, data)[0])


def test_unbuilt_model(backend, tmp_path):
    model = keras.Sequential([layers.Dense(2)])
    with pytest.warns(UserWarning, match="not built"):
        model.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    assert loaded(np.ones((1, 3), "float32")).shape == (1, 2)


@pytest.mark.gradients
def test_optimizer_that_does_not_fit_starts_afresh(backend, tmp_path):
    """A layer frozen after training: the slots saved are more than those needed."""
    model, data = cases.build("optimizer_adam")
    model.layers[0].trainable = False
    model.save(tmp_path / "m.keras")
    with pytest.warns(UserWarning, match="optimizer's state does not fit"):
        loaded = keras.saving.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(outputs(loaded, data)[0], outputs(model, data)[0])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ending", ["keras", "h5"])
@pytest.mark.parametrize("name", ["Adam", "SGD", "LossScaleOptimizer"])
def test_optimizer_that_was_not_built(tmp_path, name, ending):
    """Compiled, never trained: Keras, too, saves the iteration and the rate alone."""
    inner = keras.optimizers.SGD(0.25, momentum=0.9)
    own = [inner] if name == "LossScaleOptimizer" else [0.25]
    averages = {"use_ema": True, "ema_overwrite_frequency": 1} if name == "SGD" else {}
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.compile(getattr(keras.optimizers, name)(*own, **averages), "mse")
    model.optimizer.learning_rate = 0.5
    model.save(tmp_path / f"m.{ending}")
    loaded = keras.saving.load_model(tmp_path / f"m.{ending}")
    assert float(loaded.optimizer.learning_rate) == 0.5
    x, y = cases.floats(8, 3), cases.floats(8, 2)
    model.fit(x, y, verbose=0, shuffle=False)
    loaded.fit(x, y, verbose=0, shuffle=False)
    for got, want in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(got, want)


def test_weights_saved_before_the_optimizer_was_built(tmp_path):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.compile("adam", "mse")
    model.save_weights(tmp_path / "new.weights.h5")
    model.optimizer.build(model.trainable_variables)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.load_weights(tmp_path / "new.weights.h5")
    model.fit(cases.floats(8, 3), cases.floats(8, 2), verbose=0)
    with pytest.warns(UserWarning, match="optimizer's state does not fit"):
        model.load_weights(tmp_path / "new.weights.h5")  # its slots are not as new
    assert int(model.optimizer.iterations) == 1


@pytest.mark.parametrize(
    ("name", "kwargs", "reason"),
    [
        ("m.weights.h5", {}, "save_weights"),
        ("m.h5", {"zipped": False}, "is one file"),
        ("m", {}, r"must end in `\.keras`"),
        ("m.keras", {"zipped": False}, "directory"),
        ("m.keras", {"save_traces": True}, "save_traces"),
    ],
)
def test_paths_and_arguments_of_save(backend, tmp_path, name, kwargs, reason):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    with pytest.raises(ValueError, match=reason):
        keras.saving.save_model(model, tmp_path / name, **kwargs)
    assert os.listdir(tmp_path) == []


def test_overwrite(backend, tmp_path):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(2)])
    model.save(tmp_path / "m.keras")
    before = (tmp_path / "m.keras").read_bytes()
    with pytest.raises(FileExistsError, match="overwrite=True"):
        model.save(tmp_path / "m.keras", overwrite=False)
    assert (tmp_path / "m.keras").read_bytes() == before


def test_paths_of_load(backend, tmp_path):
    with pytest.raises(FileNotFoundError, match="no file"):
        keras.saving.load_model(tmp_path / "m.keras")
    (tmp_path / "m.weights.h5").touch()
    with pytest.raises(ValueError, match="only weights"):
        keras.saving.load_model(tmp_path / "m.weights.h5")
    (tmp_path / "m.pkl").touch()
    with pytest.raises(ValueError, match="ending in `.keras`"):
        keras.saving.load_model(tmp_path / "m.pkl")


def test_what_is_not_data_leaves_the_old_file(backend, tmp_path):
    path = tmp_path / "m.keras"
    keras.Sequential([keras.Input((3,)), layers.Dense(2)]).save(path)
    before = path.read_bytes()
    dense = layers.Dense(2, activation=lambda x: x)
    model = keras.Sequential([keras.Input((3,)), dense])
    with pytest.raises((TypeError, NotImplementedError), match="lambda"):
        model.save(path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["m.keras"]


def rewrite(path, change):
    """Save a `.keras` file again with its config changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(members["config.json"])
    change(config)
    members["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w") as out:
        for name, data in members.items():
            out.writestr(name, data)


CODE = {"class_name": "__lambda__", "config": {"value": ["4wEAAAA=", None, None]}}


@pytest.mark.parametrize(
    "spoil",
    [
        {"module": "os", "class_name": "system", "config": {}, "registered_name": None},
        {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "x"}},
        {"module": "keras.models", "class_name": "load_model", "config": {}},
        {"module": "builtins", "class_name": "function", "config": "eval"},
        {"module": "builtins", "class_name": "function", "config": "os.system"},
        {"module": "subprocess", "class_name": "Popen", "config": {"args": ["true"]}},
        CODE,
    ],
    ids=lambda s: f"{s.get('module')}.{s['class_name']}",
)
@pytest.mark.parametrize("safe_mode", [True, False])
def test_nothing_a_file_says_is_run(backend, tmp_path, spoil, safe_mode):
    path = tmp_path / "m.keras"
    keras.Sequential([keras.Input((3,)), layers.Dense(2)]).save(path)

    def change(config):
        config["config"]["layers"][1]["config"]["activation"] = spoil

    rewrite(path, change)
    with pytest.raises((TypeError, ValueError)):
        keras.saving.load_model(path, safe_mode=safe_mode)


def test_weights_that_do_not_fit_the_config(backend, tmp_path):
    path = tmp_path / "m.keras"
    keras.Sequential([keras.Input((3,)), layers.Dense(2)]).save(path)

    def change(config):
        config["config"]["layers"][1]["config"]["units"] = 3

    rewrite(path, change)
    with pytest.raises(ValueError, match=r"\(3, 3\) float32 in the model, \(3, 2\)"):
        keras.saving.load_model(path)


class WithAssets(layers.Layer):
    """A layer that keeps a word in a file of its own."""

    word = ""

    def call(self, x):
        return x

    def save_assets(self, dir_path):
        pathlib.Path(dir_path, "word.txt").write_text(self.word)

    def load_assets(self, dir_path):
        self.word = pathlib.Path(dir_path, "word.txt").read_text()


@pytest.mark.parametrize("zipped", [True, False])
def test_assets(backend, tmp_path, zipped):
    model = keras.Sequential([keras.Input((3,)), WithAssets(), WithAssets()])
    model.layers[0].word, model.layers[1].word = "one", "two"
    path = tmp_path / ("m.keras" if zipped else "m")
    model.save(path, zipped=zipped)
    loaded = keras.saving.load_model(path, custom_objects={"WithAssets": WithAssets})
    assert [layer.word for layer in loaded.layers] == ["one", "two"]
