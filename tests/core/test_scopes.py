"""Which backend, which device, which settings: scopes, threads, files, variables."""

import json
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import keras
from keras import layers, ops
from keras.core.scope import current

BACKENDS = ("jax", "torch", "tensorflow")
PROJECT = os.path.dirname(os.path.dirname(keras.__file__))


def run(code, **environment):
    """What a program of its own prints."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("KERAS_")}
    env |= {"PYTHONPATH": PROJECT, "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True
    )
    assert not done.returncode, done.stderr[-2000:]
    return done.stdout.split()


def test_scopes_nest_and_end_with_errors():
    before = keras.config.backend()
    with keras.config.backend_scope("torch"):
        with keras.config.backend_scope("tensorflow"):
            assert keras.config.backend() == "tensorflow"
        with pytest.raises(RuntimeError), keras.config.backend_scope("jax"):
            raise RuntimeError
        assert keras.config.backend() == "torch"
        assert current().is_tensor(ops.ones(1))
    assert keras.config.backend() == before
    with pytest.raises(ValueError, match="one of.*'mxnet'"):
        keras.config.set_backend("mxnet")


def test_threads_have_their_own_backend():
    barrier = threading.Barrier(len(BACKENDS), timeout=60)
    found, failed = {}, []

    def work(name):
        try:
            with keras.config.backend_scope(name):
                barrier.wait()
                layer = layers.Dense(2, kernel_initializer="ones")
                for _ in range(20):
                    out = layer(np.ones((1, 3), "float32"))
                    assert layer.kernel.backend.name == keras.config.backend() == name
                found[name] = keras.ops.convert_to_numpy(out)
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in BACKENDS]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    for name in BACKENDS:
        np.testing.assert_array_equal(found[name], [[3.0, 3.0]])


def test_set_backend_before_and_after_models():
    before = keras.config.backend()
    x, y = np.ones((8, 3), "float32"), np.zeros((8, 1), "float32")
    models = {}
    try:
        for name in BACKENDS:
            keras.config.set_backend(name)
            model = keras.Sequential([layers.Dense(1, kernel_initializer="ones")])
            model.compile("sgd", "mse")
            model.fit(x, y, verbose=0)
            models[name] = model
        for name in BACKENDS:
            keras.config.set_backend(name)
            for owner, model in models.items():
                model.fit(x, y, verbose=0)
                assert model.predict(x, verbose=0).shape == (8, 1)
                assert model.layers[0].kernel.backend.name == owner
    finally:
        keras.config.set_backend(before)
    weights = [model.layers[0].kernel.numpy() for model in models.values()]
    np.testing.assert_allclose(weights[1], weights[0], rtol=1e-5)
    np.testing.assert_allclose(weights[2], weights[0], rtol=1e-5)


def test_device(backend):
    with keras.device("cpu:0"):
        x = ops.ones((2, 2))
        v = keras.Variable([1.0])
    for tensor in (x, v.value):
        place = tensor.device if backend != "jax" else next(iter(tensor.devices()))
        assert "cpu" in str(place).lower()
    assert any(name.startswith("cpu") for name in current().list_devices())
    with pytest.raises((ValueError, RuntimeError)), keras.device("nowhere:0"):
        ops.add(ops.ones(2), 1)


SHOW = "import keras; print(keras.config.backend(), keras.config.floatx(), "
SHOW += "keras.config.image_data_format(), keras.config.epsilon())"


def test_settings_of_the_environment_and_the_file(tmp_path):
    assert (
        run(SHOW, KERAS_HOME=str(tmp_path)) == "jax float32 channels_last 1e-07".split()
    )
    stored = {"backend": "tensorflow", "floatx": "float16", "epsilon": 1e-4}
    stored["image_data_format"] = "channels_first"
    (tmp_path / "keras.json").write_text(json.dumps(stored))
    wanted = ["tensorflow", "float16", "channels_first", "0.0001"]
    assert run(SHOW, KERAS_HOME=str(tmp_path)) == wanted
    wanted[0] = "torch"  # the environment has the last word
    assert run(SHOW, KERAS_HOME=str(tmp_path), KERAS_BACKEND="torch") == wanted
    (tmp_path / ".keras").mkdir()
    (tmp_path / "keras.json").rename(tmp_path / ".keras" / "keras.json")
    wanted[0] = "tensorflow"
    assert run(SHOW, HOME=str(tmp_path)) == wanted


def test_settings_that_are_wrong(tmp_path):
    with pytest.raises(AssertionError, match="one of.*mxnet.*KERAS_BACKEND"):
        run("import keras; keras.config.backend()", KERAS_BACKEND="mxnet")
    (tmp_path / "keras.json").write_text("{ not json")
    assert run(SHOW, KERAS_HOME=str(tmp_path))[0] == "jax"


def test_the_use_of_tensorflow_leaves_no_settings_behind(tmp_path):
    use = "import keras; keras.config.set_backend('tensorflow')"
    run(use, KERAS_HOME=str(tmp_path))
    assert not (tmp_path / "keras.json").exists()  # import tensorflow writes one


WORK = """
import sys
MINE = {mine!r}
OTHERS = {{"jax", "jaxlib", "torch", "tensorflow"}} - {{MINE, MINE + "lib"}}

def hidden(find_spec):
    def find(name, *args, **kwargs):
        known = name.partition(".")[0] not in OTHERS
        return find_spec(name, *args, **kwargs) if known else None
    return find

for finder in sys.meta_path:
    finder.find_spec = hidden(finder.find_spec)
import keras
frameworks = OTHERS | {{MINE}}
assert not frameworks & set(sys.modules), "import keras imports a framework"
import numpy as np
from keras import layers
x = np.random.default_rng(0).normal(size=(64, 6, 2)).astype("float32")
y = (x.sum((1, 2)) > 0).astype("int32")
model = keras.Sequential([
    keras.Input((6, 2)), layers.Conv1D(4, 3, padding="same", activation="relu"),
    layers.LSTM(4), layers.Dropout(0.1), layers.Dense(2, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
model.fit(x, y, epochs=1, verbose=0, validation_split=0.25)
model.save("m.keras")
again = keras.models.load_model("m.keras")
same = np.allclose(again.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
try:
    keras.config.set_backend(sorted(OTHERS - {{"jaxlib"}})[0])
except ImportError as error:
    helped = "pip install" in str(error)
print(MINE in sys.modules, bool(OTHERS & set(sys.modules)), same, helped)
print(keras.config.backend())
"""


@pytest.mark.parametrize("name", BACKENDS)
def test_a_backend_works_where_the_others_are_not_installed(name, tmp_path):
    code = f"import os; os.chdir({str(tmp_path)!r})\n" + WORK.format(mine=name)
    assert run(code, KERAS_BACKEND=name) == ["True", "False", "True", "True", name]
