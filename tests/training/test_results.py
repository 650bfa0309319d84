"""Names, order and sources of what `fit` and `evaluate` report."""

import numpy as np
import pytest

import keras
from keras import layers, ops

X = np.arange(8.0).reshape(4, 2)
Y = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
WEIGHTS = np.array([1.0, 2.0, 3.0, 0.0])


def compiled(outputs, metrics, weighted):
    inputs = keras.Input((2,))
    ends = [
        layers.Dense(2, kernel_initializer="ones", name=name)(inputs)
        for name in outputs
    ]
    model = keras.Model(inputs, ends if len(ends) > 1 else ends[0])
    model.compile("sgd", "mse", metrics=metrics, weighted_metrics=weighted)
    return model


# Values of Keras 3.15.1.
def test_a_metric_may_be_weighted_and_not(backend):
    model = compiled("a", ["mae", "mse"], ["mae"])
    results = model.evaluate(X, Y, sample_weight=WEIGHTS, verbose=0, return_dict=True)
    expected = {"loss": 64.75, "mae": 6.5, "mse": 62.5, "weighted_mae": 5.8333335}
    assert results == pytest.approx(expected)


def test_the_same_metric_twice_is_numbered(backend):
    model = compiled("a", ["mae", "mae"], None)
    results = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert list(results) == ["loss", "mae", "mae_1"]


def test_results_come_output_by_output(backend):
    model = compiled("ab", [["mae"], ["mae", "mse"]], [["mae"], ["mae"]])
    targets, weights = [Y, Y], [WEIGHTS, WEIGHTS]
    results = model.evaluate(X, targets, sample_weight=weights, verbose=0)
    expected = [129.5, 64.75, 64.75, 6.5, 5.8333335, 6.5, 62.5, 5.8333335]
    assert results == pytest.approx(expected)
    again = model.test_on_batch(X, targets, weights, return_dict=True)
    names = "loss a_loss b_loss a_mae a_weighted_mae b_mae b_mse b_weighted_mae"
    assert list(again) == names.split()


@pytest.mark.gradients
def test_class_weights_go_with_a_validation_split(backend):
    model = compiled("a", None, None)
    labels = np.array([[0.0], [1.0], [0.0], [1.0]])
    history = model.fit(
        X, labels, class_weight={0: 1.0, 1: 2.0}, validation_split=0.5, verbose=0
    )
    assert set(history.history) == {"loss", "val_loss"}


@pytest.mark.gradients
def test_averages_of_the_weights_are_in_place_after_fit(backend):
    dense = layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = keras.Sequential([keras.Input((1,)), dense])
    model.compile(keras.optimizers.SGD(0.1, use_ema=True, ema_momentum=0.8), "mse")
    model.fit(np.ones((4, 1)), np.ones((4, 1)), epochs=3, batch_size=4, verbose=0)
    assert float(dense.kernel.numpy()[0, 0]) == pytest.approx(0.2832)


class Sparse(layers.Layer):
    def call(self, x):
        x = ops.relu(x)
        self.add_metric(ops.mean(ops.cast(x == 0, "float32")), name="zeros")
        return x


def test_add_metric_reports_the_mean(backend):
    model = keras.Sequential([keras.Input((2,)), Sparse(), layers.Dense(1)])
    model.compile(loss="mse")
    x = np.array([[-1.0, 1.0], [1.0, 1.0], [-1.0, -1.0], [-1.0, -1.0]])
    results = model.evaluate(x, x[:, :1], batch_size=2, verbose=0, return_dict=True)
    assert results["zeros"] == pytest.approx((0.25 + 1.0) / 2)
    with pytest.raises(ValueError, match="needs a `name`"):
        layers.Dense(1).add_metric(1.0)
