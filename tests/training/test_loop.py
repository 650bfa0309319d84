"""Many steps in a dispatch: the same numbers as one by one, and callbacks in time."""

import numpy as np
import pytest

import keras
from keras import layers
from keras.training import loop

X = np.random.default_rng(0).normal(size=(90, 4)).astype("float32")
Y = (X.sum(1, keepdims=True) > 0).astype("float32")


class Each(keras.callbacks.Callback):
    """Asks for every batch, and so for steps one by one."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def on_train_batch_end(self, batch, logs=None):
        self.seen.append((batch, logs["loss"]))


class Every(Each):
    """Looks at every third batch only."""

    def steps_until_batch_end(self, batch):
        return 3 - batch % 3

    def batch_end_due(self, batch):
        return batch % 3 == 2


def make(model=keras.Model, **settings):
    keras.utils.set_random_seed(3)
    x = keras.Input((4,))
    h = layers.BatchNormalization()(layers.Dense(6, activation="tanh")(x))
    model = model(x, layers.Dense(1, activation="sigmoid")(layers.Dropout(0.2)(h)))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"], **settings)
    return model


def fit(model, callbacks=(), **options):
    options = {"batch_size": 8, "epochs": 3, "verbose": 0, **options}
    return model.fit(X, Y, callbacks=list(callbacks), **options).history


def grouped(monkeypatch):
    """The counts of the dispatches that follow."""
    counts = []
    plain = loop.dispatches

    def spy(*args):
        for batch, count in plain(*args):
            counts.append(count)
            yield batch, count

    monkeypatch.setattr(loop, "dispatches", spy)
    return counts


@pytest.mark.gradients
@pytest.mark.parametrize("options", [{}, {"shuffle": False}, {"shuffle": "batch"}])
def test_numbers_are_the_same(backend, options, monkeypatch):
    options = {**options, "class_weight": {0: 1.0, 1: 3.0}}
    alone = make()
    expected = fit(alone, [Each()], **options)
    counts = grouped(monkeypatch)
    together = make()
    found = fit(together, **options)
    # 11 full batches and one of two samples, three times.
    assert counts == [11, 0] * 3
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-5)
    for mine, other in zip(together.get_weights(), alone.get_weights()):
        np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(
        together.evaluate(X, Y, verbose=0), alone.evaluate(X, Y, verbose=0), rtol=1e-4
    )


@pytest.mark.gradients
def test_callbacks_are_called_when_they_ask(backend, monkeypatch):
    each, every = Each(), Every()
    fit(make(), [each], epochs=1)
    counts = grouped(monkeypatch)
    fit(make(), [every], epochs=1)
    assert [b for b, _ in every.seen] == [2, 5, 8, 11]
    for batch, loss in every.seen:
        np.testing.assert_allclose(loss, each.seen[batch][1], rtol=1e-5)
    if backend != "torch":
        assert counts == [3, 3, 3, 2, 0]


@pytest.mark.gradients
def test_steps_per_execution(backend, monkeypatch):
    each, counts = Each(), grouped(monkeypatch)
    fit(make(steps_per_execution=4), [each], epochs=1)
    assert [b for b, _ in each.seen] == [3, 7, 11]
    if backend != "torch":
        assert counts == [4, 4, 3, 0]


@pytest.mark.gradients
def test_no_more_steps_than_asked_for(backend):
    model = make()
    fit(model, steps_per_epoch=5, epochs=2)
    assert int(model.optimizer.iterations.numpy()) == 10


@pytest.mark.gradients
def test_a_step_of_ones_own_runs_in_the_loop(backend, monkeypatch):
    class Own(keras.Model):
        def train_step(self, data):
            x, y = data

            def loss():
                return keras.ops.mean((self(x, training=True) - y) ** 2)

            value, grads = keras.ops.value_and_grad(loss, self.trainable_variables)()
            self.optimizer.apply(grads, self.trainable_variables)
            return {"mine": value}

    expected = fit(make(Own), [_AskOnly()])["mine"]
    counts = grouped(monkeypatch)
    np.testing.assert_allclose(fit(make(Own))["mine"], expected, rtol=1e-5)
    assert backend == "torch" or max(counts) == 11


class _AskOnly(keras.callbacks.Callback):
    def on_train_batch_begin(self, batch, logs=None):
        pass


@pytest.mark.gradients
def test_arrays_lent_stay_whole(backend):
    """What a program holds is not overwritten by the steps that follow."""
    model = make()
    fit(model, epochs=1)
    kernel = model.layers[1].kernel
    held, other = kernel.value, keras.Variable(kernel)
    before = np.array(keras.ops.convert_to_numpy(other.value))
    fit(model, epochs=1)
    if backend == "jax":  # elsewhere the value is the variable's own memory
        np.testing.assert_array_equal(np.asarray(held), before)
    np.testing.assert_array_equal(other.numpy(), before)
    assert (kernel.numpy() != before).any()
