"""The TensorFlow backend."""

from keras.backend.tensorflow import linalg, math, nn, numpy
from keras.backend.tensorflow.control import cond, scan, vectorized_map, while_loop
from keras.backend.tensorflow.random import (
    random_normal, random_uniform, seed_framework,
)
from keras.backend.tensorflow.step import (
    compile, compile_step, custom_gradient, eval_shape, no_gradients, remat,
    value_and_grad, without_gradients,
)
from keras.backend.tensorflow.tensor import (
    NATIVE, assign, block, cast, convert_to_numpy, convert_to_tensor, device_scope,
    dtype_name, dtype_of, is_tensor, list_devices, make_variable, name, outside_trace,
    set_trainable, stop_gradient,
)

TABLE = {**numpy.TABLE, **math.TABLE, **linalg.TABLE, **nn.TABLE}
READY = True

__all__ = [
    "NATIVE", "READY", "TABLE", "assign", "block", "cast", "compile", "compile_step",
    "cond", "convert_to_numpy", "convert_to_tensor", "custom_gradient", "device_scope",
    "dtype_name", "dtype_of", "eval_shape", "is_tensor", "list_devices",
    "make_variable", "name", "no_gradients", "outside_trace", "random_normal",
    "random_uniform", "remat", "scan", "seed_framework", "set_trainable",
    "stop_gradient", "value_and_grad", "vectorized_map", "while_loop",
    "without_gradients",
]
