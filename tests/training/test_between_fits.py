"""What a program changes between steps and fits takes effect, however steps run."""

import numpy as np
import pytest

import keras
from keras import layers, ops

X = np.random.default_rng(0).normal(size=(48, 4)).astype("float32")
Y = X.sum(1, keepdims=True)
WAYS = {
    "plain": {},
    "eager": {"run_eagerly": True},
    "several": {"steps_per_execution": 3},
    "auto": {"steps_per_execution": "auto"},
    "not compiled": {"jit_compile": False},
    "compiled": {"jit_compile": True},
}


@pytest.fixture(params=["plain", "several"])
def way(request, backend):
    return WAYS[request.param]


@pytest.fixture(params=WAYS)
def any_way(request, backend):
    if backend == "torch" and request.param == "compiled":
        pytest.skip("torch.compile takes a C++ compiler and a minute")
    return WAYS[request.param]


def make(way, optimizer=None, cls=keras.Model):
    keras.utils.set_random_seed(4)
    x = keras.Input((4,))
    h = layers.BatchNormalization()(layers.Dense(5, activation="tanh")(x))
    model = cls(x, layers.Dense(1)(h))
    model.compile(
        optimizer or keras.optimizers.Adam(0.01), "mse", metrics=["mae"], **way
    )
    return model


def fit(model, **options):
    options = {"shuffle": False, "batch_size": 8, "verbose": 0, **options}
    return model.fit(X, Y, **options).history


def moved(model, **options):
    """Which weights a fit changes."""
    before = model.get_weights()
    fit(model, **options)
    return [(a != b).any() for a, b in zip(before, model.get_weights())]


@pytest.mark.gradients
def test_every_way_gives_the_same(any_way, backend):
    found, expected = fit(make(any_way), epochs=2), fit(make({}), epochs=2)
    for name in ("loss", "mae"):
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4)


@pytest.mark.gradients
def test_freezing_and_thawing(way, backend):
    model = make(way)
    assert moved(model) == [True] * 8
    dense, norm = model.layers[1:3]
    dense.trainable = False
    assert moved(model) == [False] * 2 + [True] * 6
    norm.trainable = False  # then it also stops gathering statistics
    assert moved(model) == [False] * 6 + [True] * 2
    dense.trainable = True
    assert moved(model) == [True] * 2 + [False] * 4 + [True] * 2
    norm.trainable = True
    assert moved(model) == [True] * 8


@pytest.mark.gradients
def test_hyperparameters(way, backend):
    model = make(way, keras.optimizers.SGD(0.1, momentum=0.9))
    fit(model)
    model.optimizer.momentum = 0.0
    model.optimizer.learning_rate = 0.0
    weights = [i for i in range(8) if i not in (4, 5)]  # without moving statistics
    assert not any(moved(model)[i] for i in weights)
    model.optimizer.learning_rate.assign(0.1)
    assert all(moved(model)[i] for i in weights)
    by_hand = make(way, keras.optimizers.SGD(0.1))
    by_hand.set_weights(model.get_weights())
    fit(by_hand), fit(model)
    for mine, other in zip(model.get_weights(), by_hand.get_weights()):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)


@pytest.mark.gradients
def test_the_optimizer_and_options_of_a_layer(way, backend):
    model = make(way)
    fit(model)
    model.optimizer = keras.optimizers.SGD(0.0)
    weights = [i for i in range(8) if i not in (4, 5)]
    assert not any(moved(model)[i] for i in weights)


class Edits(keras.callbacks.Callback):
    """Looks at the weights and sets them after every batch."""

    def __init__(self):
        super().__init__()
        self.seen, self.batches = [], []

    def on_train_batch_end(self, batch, logs=None):
        kernel = self.model.layers[1].kernel
        self.seen.append(kernel.numpy())
        self.batches.append(batch)
        kernel.assign(np.full(kernel.shape, batch, "float32"))


@pytest.mark.gradients
def test_callbacks_see_and_edit_live_weights(way, backend):
    model, edits = make(way), Edits()
    fit(model, callbacks=[edits])
    every = way.get("steps_per_execution", 1)
    every = every if isinstance(every, int) else 1
    assert edits.batches == list(range(every - 1, 6, every))
    starts = [make({}).get_weights()[0]]
    starts += [np.full((4, 5), b, "float32") for b in edits.batches[:-1]]
    for start, seen in zip(starts, edits.seen):
        # From where the callback put them, by steps of Adam of at most 0.01 or so
        assert 0 < abs(seen - start).max() < 0.05 * every
    assert (model.get_weights()[0] == 5).all()


@pytest.mark.gradients
def test_a_rate_set_by_a_callback(way, backend):
    model = make(way, keras.optimizers.SGD(0.1))
    stop = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: setattr(
            model.optimizer, "learning_rate", 0.0 if epoch else 0.1
        )
    )
    history = fit(model, epochs=3, callbacks=[stop])["loss"]
    assert history[1] != history[0]
    np.testing.assert_allclose(history[2], history[1], rtol=1e-5)


@pytest.mark.gradients
def test_run_eagerly_stops_inside_call(backend):
    """A debugger, or anything that wants values, finds real ones inside `call`."""
    seen = []

    class Looks(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(1)

        def call(self, x):
            seen.append(float(ops.convert_to_numpy(x).sum()))
            return self.dense(x)

    model = Looks()
    model(X[:1])
    seen.clear()
    model.compile("sgd", "mse", run_eagerly=True)
    fit(model, batch_size=24)
    model.predict(X, batch_size=24, verbose=0)
    model.evaluate(X, Y, batch_size=24, verbose=0)
    halves = [float(X[:24].sum()), float(X[24:].sum())]
    np.testing.assert_allclose(seen, halves * 3, rtol=1e-3)


@pytest.mark.gradients
def test_run_eagerly_may_be_turned_on_later(backend):
    calls = []

    class Counts(keras.Model):
        def train_step(self, data):
            calls.append(type(data[0]))
            return super().train_step(data)

    model = make({}, cls=Counts)
    fit(model)
    compiled = len(calls)
    model.run_eagerly = True
    fit(model)
    assert len(calls) == compiled + 6


@pytest.mark.gradients
def test_a_setting_of_a_layer(way, backend):
    model = make(way)
    fit(model), model.predict(X, verbose=0)
    model.layers[1].activation = keras.activations.relu
    other = make(way)
    other.layers[1].activation = keras.activations.relu
    other.set_weights(model.get_weights())
    dense, norm, last = other.layers[1:]
    hidden = np.maximum(X @ dense.kernel.numpy() + dense.bias.numpy(), 0)
    found = model.predict(X, verbose=0)
    np.testing.assert_allclose(found, last(norm(hidden)).numpy(), rtol=1e-4, atol=1e-5)
    model.compile("sgd", "mse", **way), other.compile("sgd", "mse", **way)
    norm.momentum = 0.5
    fit(other)
    fit(model)
    model.layers[2].momentum = 0.5
    model.set_weights(make(way).get_weights()), other.set_weights(model.get_weights())
    assert fit(model)["loss"] == fit(other)["loss"]
    np.testing.assert_array_equal(model.get_weights()[4], other.get_weights()[4])
