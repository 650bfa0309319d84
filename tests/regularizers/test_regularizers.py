"""Regularizers against values of Keras 3.15.1."""

import numpy as np
import pytest

import keras
from keras import regularizers

X = np.array([[1.0, -2, 3], [0.5, 4, -1]], "float32")


@pytest.mark.parametrize(
    ("regularizer", "expected"),
    [
        (regularizers.L1(0.1), 1.15),
        (regularizers.L2(0.1), 3.125),
        (regularizers.L1L2(0.1, 0.2), 7.4),
        (regularizers.OrthogonalRegularizer(0.1), 0.06756639),
        (regularizers.OrthogonalRegularizer(0.1, "columns"), 0.04714045),
    ],
)
def test_values(backend, regularizer, expected):
    assert float(regularizer(X)) == pytest.approx(expected, rel=1e-6)
    variable = keras.Variable(X)
    assert float(regularizer(variable)) == pytest.approx(expected, rel=1e-6)


def test_base_class_adds_nothing():
    assert regularizers.Regularizer()(X) == 0.0
    assert float(regularizers.L1L2()(X)) == 0.0


def test_orthogonal_regularizer_of_a_zero_row(backend):
    x = np.array([[0.0, 0.0], [1.0, 0.0]], "float32")
    assert float(regularizers.OrthogonalRegularizer()(x)) == 0.0


@pytest.mark.parametrize("name", ["l1", "L1", "l2", "L1L2", "l1_l2", "l1l2"])
def test_get_by_name(name):
    found = regularizers.get(name)
    assert type(found).__name__.lower() == name.replace("_", "").lower()


def test_get_of_others():
    assert regularizers.get(None) is None
    assert regularizers.get(regularizers.L2).l2 == 0.01
    assert regularizers.get({"class_name": "L2", "config": {"l2": 0.1}}).l2 == 0.1
    with pytest.raises(ValueError, match="Unknown regularizer 'l3'"):
        regularizers.get("l3")


@pytest.mark.parametrize(
    ("regularizer", "config"),
    [
        (regularizers.L1(0.1), {"l1": 0.1}),
        (regularizers.L2(0.1), {"l2": 0.1}),
        (regularizers.L1L2(0.1, 0.2), {"l1": 0.1, "l2": 0.2}),
        (
            regularizers.OrthogonalRegularizer(0.1, "columns"),
            {"factor": 0.1, "mode": "columns"},
        ),
    ],
)
def test_round_trip(regularizer, config):
    data = regularizers.serialize(regularizer)
    assert data == {
        "module": "keras.regularizers",
        "class_name": type(regularizer).__name__,
        "config": config,
        "registered_name": None,
    }
    assert regularizers.deserialize(data).get_config() == config


@pytest.mark.parametrize("value", [-1, "a", float("inf"), float("nan")])
def test_factor_must_be_a_finite_number(value):
    for cls in (regularizers.L1, regularizers.L2, regularizers.OrthogonalRegularizer):
        with pytest.raises(ValueError, match=f"{cls.__name__}: .* must be a finite"):
            cls(value)


def test_orthogonal_errors():
    with pytest.raises(ValueError, match="`mode` must be one of"):
        regularizers.OrthogonalRegularizer(mode="x")
    with pytest.raises(ValueError, match="a matrix is needed"):
        regularizers.OrthogonalRegularizer()(X[0])
