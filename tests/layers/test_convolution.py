"""The bias of a convolution is added in the backend's kernel, where it has one."""

import numpy as np
import pytest

import keras
from keras import layers, ops


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int32"])
def test_bias_is_added_to_each_filter(backend, data_format, dtype):
    rng = np.random.default_rng(0)
    x = rng.integers(-3, 4, (2, 5, 5, 5)).astype("float32")
    options = {"data_format": data_format, "dtype": dtype}
    layer = layers.Conv2D(4, 3, kernel_initializer="zeros", **options)
    layer.build(x.shape)
    layer.kernel.assign(rng.integers(-2, 3, layer.kernel.shape))
    layer.bias.assign([1, -2, 3, -4])
    plain = ops.conv(x, ops.cast(layer.kernel, "float32"), data_format=data_format)
    along = np.array([1.0, -2.0, 3.0, -4.0], "float32")
    if data_format == "channels_first":
        along = along[:, None, None]
    found = layer(ops.cast(x, dtype))
    assert keras.backend.standardize_dtype(found.dtype) == dtype
    expected = ops.cast(ops.cast(ops.convert_to_numpy(plain) + along, dtype), "float32")
    assert ops.convert_to_numpy(ops.cast(found, "float32")).tolist() == (
        ops.convert_to_numpy(expected).tolist()
    )


@pytest.mark.gradients
def test_gradient_of_the_bias_counts_places(backend):
    layer = layers.Conv1D(2, 3, padding="causal")
    x = np.ones((2, 5, 3), "float32")
    layer(x)
    _, (gradient,) = ops.value_and_grad(lambda: ops.sum(layer(x)), [layer.bias])()
    assert ops.convert_to_numpy(gradient).tolist() == [10.0, 10.0]


def test_own_convolution_op_is_used(backend):
    class Doubled(layers.Conv2D):
        def convolution_op(self, inputs, kernel):
            return 2 * super().convolution_op(inputs, kernel)

    layer = Doubled(1, 1, kernel_initializer="ones", bias_initializer="ones")
    assert ops.convert_to_numpy(layer(np.ones((1, 2, 2, 1)))).tolist() == (
        np.full((1, 2, 2, 1), 3.0).tolist()
    )
