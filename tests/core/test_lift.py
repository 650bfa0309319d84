"""Models as pure programs."""

import numpy as np

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


def test_the_program_compiles_with_the_framework_itself(backend):
    model = model_with_state()
    x = np.ones((6, 8), "float32")
    lifted = lift(model, keras.KerasTensor((None, 8)))
    values = [v.value for v in lifted.reads]
    tensor = keras.ops.convert_to_tensor(x)
    wanted = model(x).numpy()

    if backend == "jax":
        import jax

        outputs, _ = jax.jit(lifted.run)(values, [tensor])
    elif backend == "tensorflow":
        import tensorflow as tf

        outputs, _ = tf.function(lifted.run)([tf.identity(v) for v in values], [tensor])
    else:
        outputs, _ = lifted.run([v.detach().clone() for v in values], [tensor])

    np.testing.assert_allclose(keras.ops.convert_to_numpy(outputs), wanted, 1e-5, 1e-6)
