"""Constraints against values of Keras 3.15.1."""

import numpy as np
import pytest

import keras
from keras import constraints

W = np.array([[1.0, -2, 3], [0.5, 4, -1]], "float32")


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        (
            constraints.MaxNorm(1.5),
            [[0.9999999, -0.6708204, 1.4230249], [0.49999994, 1.3416407, -0.4743416]],
        ),
        (
            constraints.MaxNorm(1.5, axis=1),
            [[0.4008918, -0.8017837, 1.2026756], [0.1805788, 1.4446303, -0.3611576]],
        ),
        (
            constraints.UnitNorm(),
            [[0.8944271, -0.4472136, 0.9486833], [0.4472135, 0.8944272, -0.3162278]],
        ),
        (
            constraints.UnitNorm([0, 1]),
            [[0.1788854, -0.3577709, 0.5366563], [0.0894427, 0.7155418, -0.1788854]],
        ),
        (
            constraints.MinMaxNorm(2.0, 3.0, 0.5),
            [[1.3944269, -1.6708204, 2.9230249], [0.6972135, 3.3416407, -0.9743416]],
        ),
        (constraints.NonNeg(), [[1, 0, 3], [0.5, 4, 0]]),
    ],
)
def test_values(backend, constraint, expected):
    for w in (W, keras.Variable(W)):
        found = keras.ops.convert_to_numpy(constraint(w))
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)


def test_zero_weights_stay_finite(backend):
    zeros = np.zeros((2, 2), "float32")
    for name in ("max_norm", "unit_norm", "min_max_norm", "non_neg"):
        found = keras.ops.convert_to_numpy(constraints.get(name)(zeros))
        np.testing.assert_array_equal(found, zeros)


def test_base_class_is_the_identity():
    assert constraints.Constraint()(W) is W


@pytest.mark.parametrize(
    ("constraint", "config"),
    [
        (constraints.MaxNorm(3, axis=[0, 1]), {"max_value": 3, "axis": [0, 1]}),
        (constraints.NonNeg(), {}),
        (constraints.UnitNorm(1), {"axis": 1}),
        (
            constraints.MinMaxNorm(0.5, 2.0, 0.9, 1),
            {"min_value": 0.5, "max_value": 2.0, "rate": 0.9, "axis": 1},
        ),
    ],
)
def test_round_trip(constraint, config):
    data = constraints.serialize(constraint)
    assert data["module"] == "keras.constraints" and data["config"] == config
    again = constraints.deserialize(data)
    assert type(again) is type(constraint) and again.get_config() == config


def test_get():
    assert constraints.get("max_norm").max_value == 2
    assert isinstance(constraints.get("NonNeg"), constraints.NonNeg)
    assert constraints.get(None) is None
    with pytest.raises(ValueError, match="Did you mean 'max_norm'"):
        constraints.get("maxnorm")


@pytest.mark.parametrize(
    "make",
    [
        lambda: constraints.MaxNorm(-1),
        lambda: constraints.MinMaxNorm(3, 1),
        lambda: constraints.MinMaxNorm(rate=2),
    ],
)
def test_errors(make):
    with pytest.raises(ValueError, match="must"):
        make()
