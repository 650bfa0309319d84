"""Models as pure programs."""

import numpy as np
import pytest

import keras
from keras import layers
from keras.core.lift import lift


def model_with_state():
    """Statistics are written, seeds drawn, weights read."""
    inputs = keras.Input((8,))
    x = layers.BatchNormalization()(layers.Dense(4)(inputs))
    return keras.Model(inputs, layers.Dropout(0.5, seed=1)(x))


def test_a_model_in_training_becomes_a_pure_program(backend):
    model = model_with_state()
    x = np.random.default_rng(0).normal(size=(6, 8)).astype("float32")

    lifted = lift(model, keras.KerasTensor((None, 8)), training=True)

    assert lifted.outputs.shape == (None, 4)
    assert {id(v) for v in lifted.reads} == {id(v) for v in model.variables}
    assert len(lifted.writes) == 3  # two statistics, one seed
    before = [v.numpy() for v in model.variables]
    values = [v.value for v in lifted.reads]
    tensors = [keras.ops.convert_to_tensor(x)]
    outputs, new = lifted.run(values, tensors)
    outputs = keras.ops.convert_to_numpy(outputs)
    new = [keras.ops.convert_to_numpy(value) for value in new]
    for variable, value in zip(model.variables, before):
        np.testing.assert_array_equal(variable.numpy(), value)

    np.testing.assert_allclose(model(x, training=True).numpy(), outputs, 1e-5, 1e-6)
    for variable, value in zip(lifted.writes, new):
        np.testing.assert_allclose(variable.numpy(), value, rtol=1e-5)


@pytest.mark.parametrize("backend", ["jax", "torch", "tensorflow"])
def test_the_frameworks_compile_and_export_the_program(backend):
    """The batch is of any size: exported for one, the program takes another."""
    with keras.config.backend_scope(backend):
        model = model_with_state()
        x = np.ones((6, 8), "float32")
        wanted = model(x).numpy()
        lifted = lift(model, keras.KerasTensor((None, 8)))
        values = [v.value for v in lifted.reads]

        def outputs(values, x):
            return lifted.run(values, [x])[0]

        for exported in EXPORTS[backend](outputs, values):
            for rows in (6, 3):
                found = exported(values, keras.ops.convert_to_tensor(x[:rows]))
                found = keras.ops.convert_to_numpy(found)
                np.testing.assert_allclose(found, wanted[:rows], 1e-5, 1e-6)


def jax_exports(fn, values):
    import jax

    yield jax.jit(fn)
    (rows,) = jax.export.symbolic_shape("rows")
    x = jax.ShapeDtypeStruct((rows, 8), "float32")
    yield jax.export.export(jax.jit(fn))(values, x).call


def torch_exports(fn, values):
    import torch

    class Program(torch.nn.Module):
        def forward(self, values, x):
            return fn(values, x)

    values = [v.detach().clone() for v in values]
    sizes = ([None] * len(values), {0: torch.export.Dim("rows")})
    x = torch.ones(6, 8)
    yield torch.export.export(Program(), (values, x), dynamic_shapes=sizes).module()


def tensorflow_exports(fn, values):
    import tensorflow as tf

    yield tf.function(fn)
    specs = [tf.TensorSpec(v.shape, v.dtype) for v in values]
    yield tf.function(fn).get_concrete_function(specs, tf.TensorSpec((None, 8)))


EXPORTS = {
    "jax": jax_exports,
    "torch": torch_exports,
    "tensorflow": tensorflow_exports,
}
