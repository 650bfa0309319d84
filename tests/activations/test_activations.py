"""Activations against values of Keras 3.15.1, and their names."""

import numpy as np
import pytest

import keras
from keras import activations

X = np.array([-7.0, -3, -1, -0.5, -0.2, 0, 0.2, 0.5, 1, 3, 7], "float32")
EXPECTED = {
    "celu": [-0.999088, -0.950213, -0.632121, -0.393469, -0.181269, 0, 0.2, 0.5, 1],
    "elu": [-0.999088, -0.950213, -0.632121, -0.393469, -0.181269, 0, 0.2, 0.5, 1],
    "exponential": [0.000912, 0.049787, 0.367879, 0.606531, 0.818731, 1, 1.221403],
    "gelu": [0, -0.00405, -0.158655, -0.154269, -0.084148, 0, 0.115852, 0.345731],
    "hard_shrink": [-7, -3, -1, 0, 0, 0, 0, 0, 1, 3, 7],
    "hard_sigmoid": [0, 0, 0.333333, 0.416667, 0.466667, 0.5, 0.533333, 0.583333],
    "hard_silu": [0, 0, -0.333333, -0.208333, -0.093333, 0, 0.106667, 0.291667],
    "hard_tanh": [-1, -1, -1, -0.5, -0.2, 0, 0.2, 0.5, 1, 1, 1],
    "leaky_relu": [-1.4, -0.6, -0.2, -0.1, -0.04, 0, 0.2, 0.5, 1, 3, 7],
    "linear": [-7, -3, -1, -0.5, -0.2, 0, 0.2, 0.5, 1, 3, 7],
    "log_sigmoid": [-7.000911, -3.048587, -1.313262, -0.974077, -0.798139, -0.693147],
    "log_softmax": [-14.025672, -10.025672, -8.025672, -7.525672, -7.225671, -7.025672],
    "mish": [-0.00638, -0.145647, -0.303401, -0.220744, -0.107145, 0, 0.132599],
    "relu": [0, 0, 0, 0, 0, 0, 0.2, 0.5, 1, 3, 7],
    "relu6": [0, 0, 0, 0, 0, 0, 0.2, 0.5, 1, 3, 6],
    "selu": [-1.756496, -1.670569, -1.111331, -0.691758, -0.318689, 0, 0.21014],
    "sigmoid": [0.000911, 0.047426, 0.268941, 0.377541, 0.450166, 0.5, 0.549834],
    "silu": [-0.006377, -0.142278, -0.268941, -0.18877, -0.090033, 0, 0.109967],
    "soft_shrink": [-6.5, -2.5, -0.5, 0, 0, 0, 0, 0, 0.5, 2.5, 6.5],
    "softmax": [1e-06, 4.4e-05, 0.000327, 0.000539, 0.000728, 0.000889, 0.001086],
    "softplus": [0.000911, 0.048587, 0.313262, 0.474077, 0.598139, 0.693147, 0.798139],
    "softsign": [-0.875, -0.75, -0.5, -0.333333, -0.166667, 0, 0.166667, 0.333333],
    "sparse_plus": [0, 0, 0, 0.0625, 0.16, 0.25, 0.36, 0.5625, 1, 3, 7],
    "sparse_sigmoid": [0, 0, 0, 0.25, 0.4, 0.5, 0.6, 0.75, 1, 1, 1],
    "sparsemax": [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    "squareplus": [0.140055, 0.302776, 0.618034, 0.780776, 0.904988, 1, 1.104988],
    "tanh": [-0.999998, -0.995055, -0.761594, -0.462117, -0.197375, 0, 0.197375],
    "tanh_shrink": [-6.000002, -2.004945, -0.238406, -0.037883, -0.002625, 0, 0.002625],
}
RELU = [
    ({"negative_slope": 0.1}, [-0.7, -0.3, -0.1, -0.05, -0.02, 0, 0.2, 0.5, 1, 3, 7]),
    ({"max_value": 2.0}, [0, 0, 0, 0, 0, 0, 0.2, 0.5, 1, 2, 2]),
    ({"threshold": 0.3}, [0, 0, 0, 0, 0, 0, 0, 0.5, 1, 3, 7]),
    (
        {"negative_slope": 0.1, "max_value": 2.0, "threshold": 0.3},
        [-0.73, -0.33, -0.13, -0.08, -0.05, -0.03, -0.01, 0.5, 1, 2, 2],
    ),
    ({"max_value": 0.0}, [0] * 11),
    ({"threshold": -1, "max_value": 2}, [0, 0, 0, 0, 0, 0, 0.2, 0.5, 1, 2, 2]),
    (
        {"negative_slope": 0.1, "threshold": -1},
        [-0.6, -0.2, 0, -0.5, -0.2, 0, 0.2, 0.5, 1, 3, 7],
    ),
]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_values(backend, name):
    found = keras.ops.convert_to_numpy(activations.get(name)(X))
    expected = EXPECTED[name]
    np.testing.assert_allclose(found[: len(expected)], expected, rtol=2e-6, atol=1e-6)


def test_values_of_two_inputs(backend):
    expected = [-3.5, -1.6495018, -0.6224594, -0.3655293, -0.1905148]
    found = keras.ops.convert_to_numpy(activations.glu(X[:10]))
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    found = keras.ops.convert_to_numpy(activations.threshold(X, 0.3, -2.0))
    np.testing.assert_allclose(found, [-2.0] * 7 + [0.5, 1, 3, 7])


@pytest.mark.parametrize(("arguments", "expected"), RELU)
def test_relu(backend, arguments, expected):
    found = keras.ops.convert_to_numpy(activations.relu(X, **arguments))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7)


def test_symbolic():
    x = keras.KerasTensor((None, 4))
    assert activations.mish(x).shape == (None, 4)
    assert activations.relu(x, 0.1, 2.0, 0.5).shape == (None, 4)
    assert activations.glu(x).shape == (None, 2)


def test_get():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    assert activations.get("hard_swish") is activations.hard_silu
    assert activations.get(np.tanh) is np.tanh
    with pytest.raises(ValueError, match="Did you mean 'sigmoid'"):
        activations.get("sigmoyd")


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_names(name):
    assert activations.serialize(getattr(activations, name)) == name
    assert activations.deserialize(name) is getattr(activations, name)


def test_serialize_others():
    assert activations.serialize(activations.swish) == "silu"
    assert activations.serialize(keras.ops.relu) == "relu"

    @keras.saving.register_keras_serializable("tests_activations")
    def own(x):
        return x

    data = activations.serialize(own)
    assert data == {
        "module": "builtins",
        "class_name": "function",
        "config": "tests_activations>own",
        "registered_name": "function",
    }
    assert activations.deserialize(data) is own
    assert activations.get("tests_activations>own") is own
    data["config"] = "relu"
    assert activations.deserialize(data) is activations.relu
