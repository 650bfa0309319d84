"""TensorFlow's slow paths that are gone around."""

import time

import numpy as np

import keras
from keras import ops


def test_an_ellipsis_costs_no_more_than_letters():
    rng = np.random.default_rng(0)
    x, kernel = (rng.random(s).astype("float32") for s in ((16, 96, 64), (64, 4, 16)))

    def seconds(equation):
        def loss(kernel):
            return ops.sum(ops.einsum(equation, x, kernel) ** 2)

        gradient = keras.jit(ops.grad(loss))
        found = ops.convert_to_numpy(gradient(kernel))  # compiles
        start = time.process_time()
        for _ in range(5):
            gradient(kernel)
        return time.process_time() - start, found

    with keras.config.backend_scope("tensorflow"):
        letters, expected = seconds("abf,fhd->abhd")
        ellipsis, found = seconds("... f, fhd -> ...hd")
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert ellipsis < 10 * letters  # it was 80 times
