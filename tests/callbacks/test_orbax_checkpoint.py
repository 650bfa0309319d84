"""OrbaxCheckpoint: read by Orbax itself, and back into models bit by bit."""

import warnings

import numpy as np
import orbax.checkpoint as ocp
import pytest

import keras
from keras.callbacks import BackupAndRestore, OrbaxCheckpoint

pytestmark = pytest.mark.gradients
RNG = np.random.RandomState(0)
X = RNG.randn(20, 5).astype("float32")
Y = X.sum(1, keepdims=True)


@pytest.fixture(autouse=True)
def quiet():
    """Orbax warns that files made on another machine may have other devices."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sharding info not provided")
        yield


def small(policy=None):
    keras.utils.set_random_seed(0)
    layers = [
        keras.Input((5,)),
        keras.layers.Dense(4, dtype=policy),
        keras.layers.BatchNormalization(dtype=policy),
        keras.layers.Dense(1, dtype=policy),
    ]
    model = keras.Sequential(layers)
    model.compile("adam", "mse", metrics=["mae"])
    return model


def fit(model, save, **options):
    options = {"epochs": 3, "batch_size": 4, "verbose": 0, **options}
    return model.fit(X, Y, callbacks=[save], **options)


def same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy(), err_msg=a.path)


def steps(folder):
    return sorted(int(path.name) for path in folder.iterdir())


@pytest.mark.parametrize("policy", [None, "bfloat16"])
def test_comes_back_bit_by_bit(backend, tmp_path, policy):
    model = small(policy)
    fit(model, OrbaxCheckpoint(tmp_path))
    assert steps(tmp_path) == [2]

    again = keras.saving.load_model(tmp_path)
    other = small(policy)
    other.load_weights(tmp_path / "2")
    for found in (again, other):
        same(found.weights, model.weights)
        same(found.optimizer.variables, model.optimizer.variables)
    for found in (again, model):
        fit(found, keras.callbacks.History(), shuffle=False)
    same(again.weights, model.weights)


def test_orbax_reads_it(backend, tmp_path):
    """Its own manager finds the steps, and the trees under Keras's names."""
    model = small()
    fit(model, OrbaxCheckpoint(tmp_path, max_to_keep=2))

    with ocp.CheckpointManager(tmp_path) as manager:
        assert manager.all_steps() == [1, 2] and manager.latest_step() == 2
        args = ocp.args.Composite(pytree=ocp.args.PyTreeRestore())
        tree = manager.restore(2, args=args)["pytree"]

    assert sorted(tree) == [
        "metrics_variables",
        "non_trainable_variables",
        "optimizer_variables",
        "trainable_variables",
    ]
    for v in model.trainable_variables:
        found = tree["trainable_variables"]
        for part in v.path.split("/"):
            found = found[part]
        np.testing.assert_array_equal(found, v.numpy())
    slots = tree["optimizer_variables"][model.optimizer.name]
    assert int(slots["iteration"]) == 15 and len(slots) == 14


def test_by_batches_and_only_weights(backend, tmp_path):
    model = small()
    save = OrbaxCheckpoint(
        tmp_path,
        save_freq=4,
        max_to_keep=None,
        save_weights_only=True,
        save_on_background=False,
    )
    fit(model, save)
    assert steps(tmp_path) == [4, 8, 12]
    other = small()
    other.load_weights(tmp_path)
    assert int(other.optimizer.iterations) == 0
    with pytest.raises(ValueError, match="only weights"):
        keras.saving.load_model(tmp_path)


def test_only_the_best(backend, tmp_path, capsys):
    model = small()
    save = OrbaxCheckpoint(
        tmp_path, monitor="loss", save_best_only=True, max_to_keep=None, verbose=1
    )
    losses = iter([3.0, 2.0, 2.5, 1.0])
    callbacks = keras.callbacks.CallbackList([save], model=model, epochs=4)
    model.optimizer.build(model.trainable_variables)
    callbacks.on_train_begin()
    for epoch, loss in enumerate(losses):
        callbacks.on_epoch_end(epoch, {"loss": loss})
    callbacks.on_train_end()
    assert steps(tmp_path) == [0, 1, 3]
    assert "did not improve from 2.00000" in capsys.readouterr().out


def test_a_later_run_writes_over_the_steps_of_the_one_before(backend, tmp_path):
    first, second = small(), small()
    fit(first, OrbaxCheckpoint(tmp_path))
    fit(second, OrbaxCheckpoint(tmp_path), batch_size=20)
    same(keras.saving.load_model(tmp_path).weights, second.weights)


class Stop(BaseException):
    """Ends a run in the middle."""


def test_beside_a_backup(backend, tmp_path):
    def stop(epoch, logs):
        if epoch == 2 and not (tmp_path / "stopped").exists():
            (tmp_path / "stopped").touch()
            raise Stop

    def run():
        model = small()
        callbacks = [
            OrbaxCheckpoint(tmp_path / "orbax", max_to_keep=None),
            keras.callbacks.LambdaCallback(on_epoch_begin=stop),
            BackupAndRestore(tmp_path / "backup"),
        ]
        model.fit(X, Y, batch_size=4, epochs=3, callbacks=callbacks, verbose=0)
        return model

    with pytest.raises(Stop):
        run()
    model = run()
    assert steps(tmp_path / "orbax") == [0, 1, 2]
    same(keras.saving.load_model(tmp_path / "orbax").weights, model.weights)


def test_misfits(backend, tmp_path):
    fit(small(), OrbaxCheckpoint(tmp_path))
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(3)])
    before = model.get_weights()
    with pytest.raises(ValueError, match="does not fit Sequential") as error:
        model.load_weights(tmp_path)
    assert "shape" in str(error.value) and "batch_normalization" in str(error.value)
    np.testing.assert_array_equal(model.get_weights()[0], before[0])

    other = small()
    other.compile("sgd", "mse")
    with pytest.warns(UserWarning, match="optimizer's state"):
        other.load_weights(tmp_path)


def test_a_relative_directory(backend, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = small()
    fit(model, OrbaxCheckpoint("checkpoints"))
    same(keras.saving.load_model("checkpoints").weights, model.weights)


def test_hosts():
    save = OrbaxCheckpoint("never")
    assert save.is_primary_host() and not save.is_multihost_enabled()


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({"max_to_keep": 0}, "`max_to_keep`.*0"),
        ({"save_freq": "never"}, "never"),
        ({"save_freq": 0}, "0"),
    ],
)
def test_mistakes(config, words):
    with pytest.raises(ValueError, match=words):
        OrbaxCheckpoint("never", **config)
