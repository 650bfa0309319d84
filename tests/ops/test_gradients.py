"""Gradients of what is not one op: NumPy's arrays among tensors."""

import numpy as np
import pytest

import keras
from keras import ops

pytestmark = pytest.mark.gradients
W = np.array([1.0, 2.0, 3.0], "float32")


@pytest.mark.parametrize(
    "function, expected",
    [
        (lambda x: x * W, W),
        (lambda x: x + W, W * 0 + 1),
        (lambda x: x**W, W),
    ],
    ids=["multiply", "add", "power"],
)
def test_an_array_beside_a_tensor_keeps_its_gradient(function, expected, backend):
    x = ops.ones((3,))
    gradient = ops.grad(lambda x: ops.sum(function(x)))
    if backend == "torch":  # PyTorch leaves it to NumPy, which knows no gradients
        with pytest.raises(RuntimeError, match="NumPy would lose the gradients"):
            gradient(x)
        return
    found = gradient(x)
    np.testing.assert_allclose(ops.convert_to_numpy(found), expected, rtol=1e-6)


def test_a_converted_array_keeps_the_gradient(backend):
    x = ops.ones((3,))
    found = ops.grad(lambda x: ops.sum(x * ops.convert_to_tensor(W)))(x)
    np.testing.assert_allclose(ops.convert_to_numpy(found), W, rtol=1e-6)


def test_vander_at_zero(backend):
    found = ops.grad(lambda x: ops.sum(ops.vander(x, 3)))(ops.zeros((2,)))
    np.testing.assert_allclose(ops.convert_to_numpy(found), [1.0, 1.0])


def test_compiled_functions_take_arrays(backend):
    """Beside a tensor that carries gradients, PyTorch refuses an array."""
    weight = keras.Variable(W)

    @keras.jit
    def slope(x):
        loss = lambda: ops.sum((weight.value * 2.0 - x) ** 2)  # noqa: E731
        return ops.value_and_grad(loss, [weight])()

    _, (gradient,) = slope(W)
    np.testing.assert_allclose(ops.convert_to_numpy(gradient), 4.0 * W)
