"""Predicting from several threads at once, also while the first call compiles."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import keras
from keras import layers, ops

X = np.random.default_rng(0).normal(size=(50, 6)).astype("float32")
THREADS = 6


def at_once(work):
    """`work(number)` in several threads that start together; their results."""
    barrier = threading.Barrier(THREADS)

    def run(number):
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


def build(seed):
    keras.utils.set_random_seed(seed)
    x = keras.Input((6,))
    h = layers.Dropout(0.3)(layers.BatchNormalization()(layers.Dense(8, "relu")(x)))
    steps = layers.LSTM(3)(layers.Reshape((4, 2))(h))
    return keras.Model(x, layers.Dense(2)(layers.Concatenate()([h, steps])))


def check(models):
    expected = [model.predict(X, verbose=0) for model in models]
    fresh = [model.to_backend(model._backend.name) for model in models]

    def work(number):
        for turn in range(4):
            place = (number + turn) % len(fresh)
            model, wanted = fresh[place], expected[place]
            rows = (50, 32, 7)[turn % 3]
            for found in (
                model.predict(X[:rows], batch_size=(32, 16)[turn % 2], verbose=0),
                model.predict_on_batch(X[:5]),
                ops.convert_to_numpy(model(X[:3])),
            ):
                np.testing.assert_allclose(found, wanted[: len(found)], atol=1e-5)
        return number

    assert at_once(work) == list(range(THREADS))


def test_several_models(backend):
    check([build(1), build(2)])


def test_several_backends():
    models = []
    for name in ("jax", "torch", "tensorflow"):
        with keras.config.backend_scope(name):
            models.append(build(3))
    check(models)


def test_weights_are_made_once(backend):
    model = keras.Sequential([layers.Dense(8, activation="relu"), layers.Dense(3)])
    found = at_once(lambda _: model.predict(X, verbose=0))
    assert len(model.weights) == 4
    for each in found:
        np.testing.assert_allclose(each, model.predict(X, verbose=0), atol=1e-6)


class Draws(keras.Model):
    """A model that writes a variable in each step: it drops out in inference too."""

    def __init__(self):
        super().__init__()
        self.dropout = layers.Dropout(0.5, seed=1)

    def call(self, x):
        return self.dropout(x, training=True)


@pytest.mark.parametrize("rows", [8, 20])
def test_models_that_draw(rows, backend):
    model, ones = Draws(), np.ones((rows, 64), "float32")
    found = at_once(lambda _: [model.predict(ones, batch_size=8, verbose=0)] * 3)
    for each in found:
        assert set(np.unique(each[0])) == {0.0, 2.0}
