"""Gradients may lie in memory in another order than their weights."""

import numpy as np
import pytest

import keras
from keras import ops

OPTIMIZERS = {
    "adam": lambda: keras.optimizers.Adam(0.1),
    "sgd": lambda: keras.optimizers.SGD(0.1),
    "momentum": lambda: keras.optimizers.SGD(0.1, momentum=0.9),
}


def trained(name, weight, transposed, between=lambda: None):
    """The weight after two steps; transposed as when it is used by its transpose."""
    gradient = np.arange(6, dtype="float32").reshape(2, 3) - 2.0
    optimizer = OPTIMIZERS[name]()
    optimizer.build([weight])
    for _ in range(2):
        g = ops.convert_to_tensor(gradient)
        if transposed:
            g = ops.transpose(ops.convert_to_tensor(gradient.T.copy()))
        optimizer.apply([g], [weight])
        between()
    return weight.numpy()


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_transposed_gradients(backend, name):
    wanted = trained(name, keras.Variable(np.zeros((2, 3)), name="w"), False)
    for kind in ("w", "kernel"):
        weight = keras.Variable(np.zeros((2, 3)), name=kind)
        np.testing.assert_array_equal(trained(name, weight, True), wanted)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("backend", ["torch"], indirect=True)
def test_a_weight_that_is_moved_in_memory(backend, name):
    weight = keras.Variable(np.zeros((2, 3)))

    def move():
        weight.value.data = weight.value.data.t().contiguous().t()

    wanted = trained(name, keras.Variable(np.zeros((2, 3))), False)
    np.testing.assert_array_equal(trained(name, weight, False, move), wanted)


@pytest.mark.parametrize("backend", ["torch"], indirect=True)
def test_kernels_lie_as_in_torch_nn(backend):
    dense = keras.layers.Dense(3)
    dense.build((None, 2))
    optimizer = keras.optimizers.RMSprop()
    optimizer.build(dense.trainable_variables)
    kernels = [v for v in optimizer.variables if v.shape == (2, 3)]
    assert len(kernels) == 1
    for kept in (dense.kernel, *kernels):
        assert kept.value.t().is_contiguous()
    kernel = np.arange(6, dtype="float32").reshape(2, 3)
    dense.kernel.assign(kernel)
    assert dense.kernel.value.t().is_contiguous()
    np.testing.assert_array_equal(dense.kernel.numpy(), kernel)
