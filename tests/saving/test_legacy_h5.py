"""The old `.h5` files: what Keras 2 and Keras 3 wrote loads, and ours go round."""

import json
import pathlib
import warnings

import h5py
import numpy as np
import pytest
import saving_cases as cases

import keras
from keras import layers
from keras.saving import keras2

KERAS2 = pathlib.Path(__file__).parent / "files" / "keras2"
VALUES = dict(np.load(KERAS2 / "values.npz"))
NAMES = sorted({key.split("/")[0] for key in VALUES})
TRAINED = [name for name in NAMES if f"{name}/after0" in VALUES]


def arrays(name, kind):
    found = []
    while f"{name}/{kind}{len(found)}" in VALUES:
        found.append(VALUES[f"{name}/{kind}{len(found)}"])
    return found


def outputs(model, data):
    data = data if isinstance(data, (dict, np.ndarray)) or len(data) > 1 else data[0]
    made = keras.tree.flatten(model(data, training=False))
    return [np.asarray(keras.ops.convert_to_numpy(x)).astype("float64") for x in made]


def check(got, want, tolerance=1e-5):
    assert len(got) == len(want)
    for a, b in zip(got, want):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def load(path, **kwargs):
    """Load without a warning: everything in the file is taken."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return keras.saving.load_model(path, **kwargs)


@pytest.mark.parametrize("name", NAMES)
def test_predicts_what_keras2_predicts(backend, name):
    model = load(KERAS2 / f"{name}.h5")
    check(outputs(model, arrays(name, "in")), arrays(name, "out"))


@pytest.mark.gradients
@pytest.mark.parametrize("name", TRAINED)
def test_goes_on_training_as_keras2_does(backend, name):
    model = load(KERAS2 / f"{name}.h5")
    assert int(model.optimizer.iterations.numpy()) == 6
    model.run_eagerly = True
    model.train_on_batch(VALUES[f"{name}/step_x"], VALUES[f"{name}/step_y"])
    check(model.get_weights(), arrays(name, "after"))


def test_the_new_file_of_keras2(backend):
    model = load(KERAS2 / "graph.keras")
    check(outputs(model, arrays("graph", "in")), arrays("graph", "out"))


def test_json_and_a_file_of_weights(backend):
    model = keras.models.model_from_json((KERAS2 / "graph.json").read_text())
    model.load_weights(KERAS2 / "weights_only.h5")
    check(outputs(model, arrays("graph", "in")), arrays("graph", "out"))
    again = keras.models.model_from_json(model.to_json())
    again.load_weights(KERAS2 / "graph.h5")
    check(outputs(again, arrays("graph", "in")), arrays("graph", "out"))


def test_what_has_no_translation(backend):
    config = json.loads((KERAS2 / "graph.json").read_text())
    lstm = next(c for c in config["config"]["layers"] if c["class_name"] == "LSTM")
    lstm["config"]["time_major"] = True
    with pytest.raises(ValueError, match="time_major=True, which has no equivalent"):
        keras.models.model_from_json(json.dumps(config))


@pytest.mark.parametrize("safe_mode", [True, False])
def test_code_in_a_lambda_is_refused(backend, tmp_path, safe_mode):
    code = {"function": ["4wEAAAA=", None, None], "function_type": "lambda"}
    config = {
        "class_name": "Sequential",
        "config": {
            "name": "s",
            "layers": [
                {
                    "class_name": "Lambda",
                    "config": {"name": "l", "trainable": True, **code},
                }
            ],
        },
    }
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file.attrs["model_config"] = json.dumps(config)
        file.attrs["keras_version"] = "2.4.0"
    with pytest.raises((ValueError, TypeError), match="[Ll]ambda"):
        keras.saving.load_model(tmp_path / "m.h5", safe_mode=safe_mode)
    with pytest.raises((ValueError, TypeError), match="[Ll]ambda"):
        keras.models.model_from_json(json.dumps({**config, "keras_version": "2.4.0"}))


def test_links_are_refused(backend, tmp_path):
    keras.Sequential([keras.Input((3,)), layers.Dense(2)]).save(tmp_path / "m.h5")
    with h5py.File(tmp_path / "m.h5", "a") as file:
        file["model_weights/other"] = h5py.ExternalLink("secret.h5", "/x")
    with pytest.raises(ValueError, match="ExternalLink"):
        keras.saving.load_model(tmp_path / "m.h5")


# Ours

PLAIN = [name for name in cases.CASES if name not in ("custom", "precision")]


@pytest.mark.parametrize("name", PLAIN)
def test_round_trip(backend, name, tmp_path):
    model, data = cases.build(name)
    model.save(tmp_path / "m.h5")
    loaded = load(tmp_path / "m.h5")
    check(outputs(loaded, data), outputs(model, data), 0)
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        pairs = zip(loaded.optimizer.variables, optimizer.variables, strict=True)
        for got, want in pairs:
            np.testing.assert_array_equal(np.asarray(got), np.asarray(want))
    other = keras.models.clone_model(model)
    other.load_weights(tmp_path / "m.h5")
    check(outputs(other, data), outputs(model, data), 0)


def test_any_backend_loads_it(backend, tmp_path):
    model, data = cases.build("convolutional")
    model.save(tmp_path / "m.hdf5")
    for other in ("jax", "torch", "tensorflow"):
        with keras.config.backend_scope(other):
            check(outputs(load(tmp_path / "m.hdf5"), data), outputs(model, data))


@pytest.mark.gradients
def test_compiling_may_be_left_out(backend, tmp_path):
    model, _ = cases.build("optimizer_adam")
    model.save(tmp_path / "m.h5")
    assert not load(tmp_path / "m.h5", compile=False).compiled
    model.save(tmp_path / "n.h5", include_optimizer=False)
    assert not load(tmp_path / "n.h5").compiled


def make(*sizes, names=None, features=3):
    names = names or [None] * len(sizes)
    made = [layers.Dense(size, name=name) for size, name in zip(sizes, names)]
    return keras.Sequential([keras.Input((features,)), *made])


def snapshot(model):
    return [np.array(w) for w in model.get_weights()]


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(a, b, strict=True))


def test_automatic_names_are_counted_anew(backend, tmp_path):
    model, other = make(3, 3, 3), make(3, 3, 3)
    assert model.layers[0].name != other.layers[0].name
    model.save(tmp_path / "m.h5")
    other.load_weights(tmp_path / "m.h5")
    assert same(snapshot(model), snapshot(other))


def test_one_message_lists_all_that_does_not_fit(backend, tmp_path):
    make(4, 3, 2, names=["one", "two", "three"]).save(tmp_path / "m.h5")
    model = make(4, 5, 2, names=["ones", "two", "three"])
    before = snapshot(model)
    with pytest.raises(ValueError, match="nothing was loaded") as caught:
        model.load_weights(tmp_path / "m.h5")
    message = str(caught.value)
    wanted = "ones.kernel (kernel of 'ones', shape (3, 4)) Did you mean 'one.kernel'?"
    assert wanted in message
    assert "one.kernel (shape (3, 4))" in message
    different = "(4, 5) float32 in the model, (4, 3) float32 in"
    assert f"two.kernel (kernel of 'two'): {different}" in message
    assert same(before, snapshot(model))


def test_by_name(backend, tmp_path):
    saved = make(3, 3, 2, names=["one", "two", "three"])
    saved.save(tmp_path / "m.h5")
    model = make(3, 3, names=["two", "other"])
    other = snapshot(model.layers[1])
    model.load_weights(tmp_path / "m.h5", by_name=True)
    assert same(snapshot(model.layers[0]), snapshot(saved.layers[1]))
    assert same(snapshot(model.layers[1]), other)
    wrong = make(3, 4, names=["one", "two"])
    before = snapshot(wrong)
    with pytest.raises(ValueError, match="two.kernel"):
        wrong.load_weights(tmp_path / "m.h5", by_name=True)
    assert same(snapshot(wrong), before)
    with pytest.warns(UserWarning, match="two.kernel"):
        wrong.load_weights(tmp_path / "m.h5", by_name=True, skip_mismatch=True)
    assert same(snapshot(wrong.layers[0]), snapshot(saved.layers[0]))
    with pytest.raises(ValueError, match="no layer of"):
        make(3, names=["none"]).load_weights(tmp_path / "m.h5", by_name=True)


def test_files_of_weights_are_no_models(backend, tmp_path):
    with pytest.raises(ValueError, match="holds no model"):
        keras.saving.load_model(KERAS2 / "weights_only.h5")
    with pytest.raises(ValueError, match="save_weights"):
        make(2).save(tmp_path / "m.weights.h5")


def test_a_truncated_file(backend, tmp_path):
    path = tmp_path / "m.h5"
    make(200, 200).save(path)
    path.write_bytes(path.read_bytes()[:-50_000])
    with pytest.raises(ValueError, match="damaged|truncated|cut short"):
        keras.saving.load_model(path)


def test_a_schedule_without_a_config():
    rate = {"class_name": "ExponentialDecay"}
    optimizer = {"class_name": "Adam", "config": {"learning_rate": rate}}
    told = keras2.translate_compile({"optimizer_config": optimizer, "loss": "mse"})
    assert told["optimizer"]["config"]["learning_rate"]["config"] == {}
