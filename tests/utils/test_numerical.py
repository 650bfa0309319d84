"""`to_categorical` and `normalize`."""

import numpy as np
import pytest

from keras import ops
from keras.utils.numerical_utils import normalize, to_categorical


@pytest.mark.parametrize(
    ("x", "num_classes", "shape"),
    [
        ([0, 1, 2, 3], 4, (4, 4)),
        ([[0], [2]], None, (2, 3)),
        ([[0, 1], [2, 1]], None, (2, 2, 3)),
        (np.array([0.0, 2.0]), None, (2, 3)),
        (np.zeros((3, 1, 1), int), 3, (3, 1, 3)),
        (2, 3, (3,)),
        ([], 3, (0, 3)),
        (np.array([1, 0], "uint8"), 5, (2, 5)),
    ],
)
def test_to_categorical(x, num_classes, shape):
    result = to_categorical(x, num_classes)
    assert result.shape == shape and result.dtype == "float64"
    assert (result.sum(axis=-1) == 1).all()
    labels = np.asarray(x).reshape(shape[:-1])
    np.testing.assert_array_equal(result.argmax(-1), labels)


@pytest.mark.parametrize("num_classes", [None, 5])
def test_to_categorical_of_a_tensor(backend, num_classes):
    x = ops.convert_to_tensor([[0], [2]], dtype="int32")
    result = to_categorical(x, num_classes)
    assert type(result) is type(ops.ones((1,)))
    expected = np.eye(num_classes or 3)[[0, 2]]
    np.testing.assert_array_equal(ops.convert_to_numpy(result), expected)


@pytest.mark.parametrize(
    ("x", "num_classes", "words"),
    [
        ([0, 5], 3, "from 0 to 2.*from 0 to 5"),
        ([0, -1], 3, "goes from -1"),
        ([0, -1], None, "goes from -1"),
        ([0.5], 3, "whole numbers"),
        ([], None, "`num_classes` is needed"),
    ],
)
def test_to_categorical_errors(x, num_classes, words):
    with pytest.raises(ValueError, match=words):
        to_categorical(x, num_classes)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("axis", [0, -1, 1])
def test_normalize(order, axis, backend):
    x = np.random.default_rng(0).normal(size=(3, 4, 2)).astype("float32")
    norms = np.apply_along_axis(np.linalg.norm, axis, x, ord=order)
    expected = x / np.expand_dims(norms, axis)
    result = normalize(x, axis, order)
    assert type(result) is np.ndarray and result.dtype == "float32"
    np.testing.assert_allclose(result, expected, rtol=1e-6)
    tensor = normalize(ops.convert_to_tensor(x), axis, order)
    assert type(tensor) is type(ops.ones((1,)))
    np.testing.assert_allclose(ops.convert_to_numpy(tensor), expected, rtol=1e-5)


def test_normalize_extremes(backend):
    np.testing.assert_array_equal(
        normalize([[3, 4], [0, 0]]), np.float32([[0.6, 0.8], [0, 0]])
    )
    assert normalize(5.0).tolist() == [1.0]
    large = np.float32([[3e30, 4e30]])
    for x in (large, ops.convert_to_tensor(large)):
        result = ops.convert_to_numpy(normalize(x))
        np.testing.assert_allclose(result, [[0.6, 0.8]], rtol=1e-6)
    integers = ops.convert_to_tensor([[3, 4], [0, 0]])
    result = ops.convert_to_numpy(normalize(integers))
    np.testing.assert_allclose(result, [[0.6, 0.8], [0, 0]], rtol=1e-6)


@pytest.mark.parametrize("order", [0, -1, 1.5, "a", np.inf])
def test_normalize_errors(order):
    with pytest.raises(ValueError, match="`order`"):
        normalize([[1.0]], order=order)
