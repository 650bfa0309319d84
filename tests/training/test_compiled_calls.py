"""A model called again and again outside `fit` is compiled, and nobody notices."""

import numpy as np
import pytest

import keras
from keras import layers, ops
from keras.training.compiled_calls import CALLS

X = np.random.default_rng(0).normal(size=(5, 4)).astype("float32")


def make(*between):
    keras.utils.set_random_seed(1)
    x = h = keras.Input((4,))
    for layer in (layers.Dense(6, activation="tanh"), *between, layers.Dense(2)):
        h = layer(h)
    return keras.Model(x, h)


def is_compiled(model):
    return CALLS in model.engine._calls._counts.values()


def numpy(x):
    return np.array(ops.convert_to_numpy(x))


def test_the_same_outputs(backend):
    model = make(layers.BatchNormalization())
    first = numpy(model(X))
    for _ in range(CALLS + 2):
        np.testing.assert_allclose(numpy(model(X)), first, rtol=1e-5, atol=1e-6)
    assert is_compiled(model)
    model.set_weights([w + 1 for w in model.get_weights()])
    found = numpy(model(X))
    np.testing.assert_allclose(found, model.predict(X, verbose=0), rtol=1e-5)
    assert abs(found - first).max() > 0.1


def test_the_mode_and_what_a_call_writes(backend):
    model = make(layers.BatchNormalization(momentum=0.5), layers.Dropout(0.5))
    twin = make(layers.BatchNormalization(momentum=0.5), layers.Dropout(0.5))
    twin.run_eagerly = True
    for _ in range(CALLS + 3):
        mine, other = numpy(model(X, training=True)), numpy(twin(X, training=True))
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)
    assert is_compiled(model)
    for a, b in zip(model.get_weights(), twin.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert abs(numpy(model(X)) - mine).max() > 1e-3  # not in training mode


def test_settings_take_effect(backend):
    model = make(layers.Dropout(0.5))
    for _ in range(CALLS + 1):
        model(X, training=True)
    assert is_compiled(model)
    model.layers[2].rate = 0.0
    np.testing.assert_allclose(
        numpy(model(X, training=True)), numpy(model(X)), rtol=1e-5, atol=1e-6
    )


@pytest.mark.gradients
def test_gradients(backend):
    model = make()

    def gradients():
        loss = ops.value_and_grad(lambda: ops.mean(model(X) ** 2), model.weights)
        return [numpy(g) for g in loss()[1]]

    first = gradients()
    for _ in range(CALLS + 2):
        model(X)
        for a, b in zip(gradients(), first):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("kind", ["loss", "mask", "code of the user"])
def test_what_leaves_more_behind_is_not_compiled(kind, backend):
    if kind == "mask":
        x = keras.Input((4,), dtype="int32")
        model = keras.Model(x, layers.Embedding(3, 2, mask_zero=True)(x))
        data = np.array([[1, 0, 2, 1]])
    else:

        class Own(layers.Layer):
            def call(self, x):
                return x

        regularized = layers.Dense(3, activity_regularizer="l2")
        model, data = make(regularized if kind == "loss" else Own()), X
    for _ in range(CALLS + 2):
        out = model(data)
    assert model.engine._calls._compiled is not None
    if kind == "loss":
        assert len(model.losses) == 1 and float(model.losses[0]) > 0
    if kind == "mask":
        assert numpy(out._keras_mask).tolist() == [[True, False, True, True]]
    if kind == "code of the user":
        assert not model.engine._calls._counts
