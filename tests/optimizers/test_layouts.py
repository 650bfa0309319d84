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


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_transposed_gradients(backend, name):
    """As when a weight is used by its transpose."""
    gradient = np.arange(6, dtype="float32").reshape(2, 3) - 2.0
    found = []
    for transposed in (False, True):
        optimizer = OPTIMIZERS[name]()
        weight = keras.Variable(np.zeros((2, 3)))
        optimizer.build([weight])
        for _ in range(2):
            g = ops.convert_to_tensor(gradient)
            if transposed:
                g = ops.transpose(ops.convert_to_tensor(gradient.T.copy()))
            optimizer.apply([g], [weight])
        found.append(weight.numpy())
    np.testing.assert_array_equal(found[1], found[0])
