"""One seed, one model: the same start and the same curve on every backend."""

import numpy as np
import pytest

import keras
from keras import layers

BACKENDS = ("jax", "torch", "tensorflow")
X = np.random.default_rng(0).normal(size=(640, 10)).astype("float32")
Y = (X.sum(1) > 0).astype("int32")


class Steps(keras.callbacks.Callback):
    """Keeps the loss of every step and the weights at the start."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_train_begin(self, logs=None):
        self.start = self.model.get_weights()

    def on_train_batch_end(self, batch, logs=None):
        self.losses.append(logs["loss"])


def dense_model():
    return keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(32, activation="tanh"),
            layers.Dense(2, activation="softmax"),
        ]
    )


def conv_model():
    return keras.Sequential(
        [
            keras.Input((10,)),
            layers.Reshape((10, 1)),
            layers.Conv1D(8, 3, activation="relu", kernel_initializer="he_normal"),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling1D(),
            layers.Dense(2, activation="softmax"),
        ]
    )


def lstm_model():
    return keras.Sequential(
        [
            keras.Input((10,)),
            layers.Reshape((5, 2)),
            layers.LSTM(8),
            layers.Dense(2, activation="softmax"),
        ]
    )


def run(backend, build):
    with keras.config.backend_scope(backend):
        keras.utils.set_random_seed(7)
        model = build()
        model.compile("adam", "sparse_categorical_crossentropy")
        steps = Steps()
        model.fit(X, Y, validation_split=0.2, verbose=0, epochs=2, callbacks=[steps])
        return steps


@pytest.mark.parametrize("build", [dense_model, conv_model, lstm_model])
def test_the_first_steps_agree(build):
    runs = {name: run(name, build) for name in BACKENDS}
    for name in BACKENDS[1:]:
        for a, b in zip(runs["jax"].start, runs[name].start):
            np.testing.assert_array_equal(a, b)
        ours, theirs = runs[name].losses[:20], runs["jax"].losses[:20]
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_dropout_agrees_with_the_switch():
    def draw(backend):
        with keras.config.backend_scope(backend):
            keras.utils.set_random_seed(3)
            layer = layers.Dropout(0.5, seed=11)
            out = layer(np.ones((4, 50), "float32"), training=True)
            normal = keras.random.normal((20,), seed=5)
            to_numpy = keras.ops.convert_to_numpy
            return to_numpy(out), to_numpy(normal)

    keras.config.set_portable_random(True)
    try:
        drawn = [draw(name) for name in BACKENDS]
    finally:
        keras.config.set_portable_random(False)
    for dropped, normal in drawn[1:]:
        np.testing.assert_array_equal(dropped, drawn[0][0])
        np.testing.assert_allclose(normal, drawn[0][1], atol=1e-6)


def test_the_same_seed_draws_the_same_again(backend):
    def start():
        keras.utils.set_random_seed(1)
        return dense_model().get_weights()[0]

    np.testing.assert_array_equal(start(), start())
