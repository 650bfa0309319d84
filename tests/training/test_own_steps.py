"""Steps that a user writes: one text for every backend."""

import numpy as np
import pytest

import keras
from keras import layers, ops

X = np.random.default_rng(0).normal(size=(40, 4)).astype("float32")


class Tracked(keras.Model):
    """Metrics of its own in attributes, updated in its own steps."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(1)
        self.error = keras.metrics.Mean(name="error")
        self.more = [keras.metrics.Sum(name="rows")]

    def call(self, x):
        return self.dense(x)

    def train_step(self, data):
        x = data
        value = ops.mean(self(x) ** 2)
        self.error.update_state(value)
        self.more[0].update_state(ops.ones((10,)))
        return self.get_metrics_result()

    test_step = train_step


@pytest.mark.gradients
def test_metrics_in_attributes_are_the_models_and_start_afresh(backend):
    model = Tracked()
    model.compile("sgd")
    assert [m.name for m in model.metrics] == ["error", "rows"]
    history = model.fit(X, batch_size=10, epochs=2, shuffle=False, verbose=0).history
    assert history["rows"] == [40.0, 40.0]
    expected = float(np.mean(ops.convert_to_numpy(model(X)) ** 2))
    for found in history["error"]:  # nothing trains, so the epochs are alike
        np.testing.assert_allclose(found, expected, rtol=1e-5)
    model.evaluate(X, batch_size=10, verbose=0)
    np.testing.assert_allclose(float(model.error.result()), expected, rtol=1e-5)
    assert "error/total" in [v.path for v in model.metrics_variables]
    assert len(model.weights) == 2
    moved = model.to_backend("jax")
    assert [m.name for m in moved.metrics] == ["loss", "error", "rows"]


class TwoPlayers(keras.Model):
    """Two networks, each with an optimizer; the second is not built before the step."""

    def __init__(self):
        super().__init__()
        self.first, self.second = (keras.Sequential([layers.Dense(1)]) for _ in "12")
        self.players = [(self.first, keras.optimizers.SGD(0.1))]
        self.players.append((self.second, keras.optimizers.SGD(0.1)))

    def call(self, x):
        return self.first(x)

    def train_step(self, data):
        x = data
        losses = []
        for network, optimizer in self.players:
            weights = network.trainable_variables
            value, grads = ops.value_and_grad(
                lambda net=network: ops.mean((net(x) - 1.0) ** 2), weights
            )()
            optimizer.apply(grads, weights)
            losses.append(value)
        return {"first": losses[0], "second": losses[1]}


@pytest.mark.gradients
def test_a_part_that_is_built_within_the_step_is_trained(backend):
    model = TwoPlayers()
    model.compile()
    with pytest.warns(UserWarning, match="no variables were given"):
        history = model.fit(X, batch_size=10, epochs=20, verbose=0).history
    assert history["second"][-1] < 0.05 * history["second"][0]
    assert model.players[1][1].iterations.numpy() >= 79
    assert len(model.trainable_variables) == 4


class NoCall(keras.Model):
    """Two finished networks that are called in the steps alone."""

    def __init__(self):
        super().__init__()
        self.one, self.other = (
            keras.Sequential([keras.Input((3,)), layers.Dense(1)]) for _ in "12"
        )

    def train_step(self, data):
        weights = self.one.trainable_variables
        value, grads = ops.value_and_grad(
            lambda: ops.mean((self.one(ops.ones((2, 3))) - 1) ** 2), weights
        )()
        self.optimizer.apply(grads, weights)
        return {"error": value}

    def test_step(self, data):
        return {"error": ops.mean(self.one(ops.ones((2, 3)))) - 1}


class OtherCall(NoCall):
    """Called on something else than the data."""

    def call(self, noise):
        return self.one(noise)


@pytest.mark.gradients
@pytest.mark.parametrize("kind", [NoCall, OtherCall])
def test_the_steps_need_not_call_the_model_on_the_data(backend, kind):
    keras.utils.set_random_seed(0)
    model = kind()
    model.compile(keras.optimizers.SGD(0.1))
    before = model.evaluate(X, verbose=0, return_dict=True)
    model.fit(X, batch_size=4, epochs=5, verbose=0)
    after = model.evaluate(X, verbose=0, return_dict=True)
    assert abs(before["error"]) > 0.1 and abs(after["error"]) < 1e-3
