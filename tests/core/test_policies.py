"""What layers compute in, and what they keep their weights in."""

import gc
import weakref

import numpy as np
import pytest

import keras
from keras import layers, ops
from keras.core.scope import current


@pytest.fixture
def reset():
    yield
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize(
    "name, compute, kept",
    [
        ("float32", "float32", "float32"),
        ("bfloat16", "bfloat16", "bfloat16"),
        ("float16", "float16", "float16"),
        ("mixed_bfloat16", "bfloat16", "float32"),
        ("mixed_float16", "float16", "float32"),
    ],
)
def test_layers_follow_their_policy(backend, name, compute, kept):
    layer = layers.Dense(2, dtype=name, activation="relu")
    out = layer(np.ones((3, 4), "float32"))
    assert ops.dtype(out) == compute
    assert layer.kernel.dtype == layer.variable_dtype == kept
    assert layer.compute_dtype == compute
    assert layer.dtype_policy.name == name
    again = layers.Dense.from_config(layer.get_config())
    assert again.dtype_policy == layer.dtype_policy


@pytest.mark.gradients
def test_the_policy_of_the_program(backend, reset):
    keras.config.set_dtype_policy("mixed_bfloat16")
    assert keras.config.dtype_policy() == keras.DTypePolicy("mixed_bfloat16")
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(1, dtype="float32"),
        ]
    )
    keras.config.set_dtype_policy("float32")
    assert {w.dtype for w in model.weights} == {"float32"}
    assert [layer.compute_dtype for layer in model.layers] == [
        *("bfloat16", "bfloat16"),
        "float32",
    ]
    model.compile("sgd", "mse")
    model.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0, epochs=2)
    assert model.predict(np.ones((2, 4)), verbose=0).dtype == np.float32


def test_integers_are_not_cast(backend):
    layer = layers.Lambda(lambda x: x, dtype="mixed_float16")
    assert ops.dtype(layer(ops.ones((2,), "int32"))) == "int32"
    assert ops.dtype(layer(ops.ones((2,), "float32"))) == "float16"
    keep = layers.Lambda(lambda x: x, dtype="float16", autocast=False)
    assert ops.dtype(keep(ops.ones((2,), "float32"))) == "float32"


def test_symbols_agree_with_values(backend):
    layer = layers.Dense(2, dtype="mixed_bfloat16")
    assert layer(keras.KerasTensor((None, 3))).dtype == "bfloat16"
    assert layer.kernel.dtype == "float32"


def test_a_layer_inside_computes_in_its_own_type(backend, reset):
    class Types(layers.Layer):
        def build(self, input_shape):
            self.w = self.add_weight((2,), "ones")

        def call(self, x):
            return [ops.dtype(self.w.value), ops.dtype(x)]

    class Outer(layers.Layer):
        def __init__(self):
            super().__init__(dtype="mixed_bfloat16")
            self.inner = [
                Types(dtype="float32"),
                Types(dtype="mixed_float16"),
                Types(dtype="mixed_float16", autocast=False),
                Types(),
            ]

        def call(self, x):
            return [layer(x) for layer in self.inner]

    assert Outer()(np.ones((2, 2), "float32")) == [
        ["float32", "float32"],
        ["float16", "float16"],
        ["float32", "bfloat16"],
        ["float32", "float32"],
    ]


@pytest.mark.gradients
def test_mixed_float16_scales_the_loss(backend, reset):
    x = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    y = x.sum(1, keepdims=True)
    tiny = 1e-6  # gradients so small are 0 in float16, were it not for the scale

    def fitted(policy):
        keras.config.set_dtype_policy(policy)
        layer = layers.Dense(1, kernel_initializer="zeros")
        model = keras.Sequential([keras.Input((4,)), layer])
        optimizer = keras.optimizers.SGD(0.1 / tiny)
        model.compile(optimizer, lambda a, b: tiny * ops.square(a - b))
        model.fit(x, y, epochs=3, batch_size=16, shuffle=False, verbose=0)
        return model, layer.kernel.numpy()

    model, found = fitted("mixed_float16")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    _, wanted = fitted("float32")
    assert abs(wanted).max() > 0.1
    np.testing.assert_allclose(found, wanted, rtol=0.02, atol=5e-3)


def test_steps_that_overflow_are_left_out(backend):
    w = keras.Variable([1.0])
    optimizer = keras.optimizers.LossScaleOptimizer(
        keras.optimizers.SGD(1.0), initial_scale=8.0, dynamic_growth_steps=2
    )
    optimizer.build([w])
    assert float(optimizer.scale_loss(ops.array(1.0))) == 8.0
    optimizer.apply([ops.array([np.inf])], [w])
    np.testing.assert_array_equal(w, [1.0])
    assert float(optimizer.dynamic_scale) == 4.0
    optimizer.apply([ops.array([2.0])], [w])  # scaled by 4
    np.testing.assert_array_equal(w, [0.5])
    optimizer.apply([ops.array([2.0])], [w])
    assert float(optimizer.dynamic_scale) == 8.0


def test_mistakes():
    with pytest.raises(ValueError, match="Not a dtype"):
        layers.Dense(2, dtype="float33")
    with pytest.raises(TypeError, match="must be a string"):
        keras.DTypePolicy(16)
    with pytest.raises(ValueError, match="quantized policies are not supported"):
        keras.DTypePolicy("int8_from_float32")


def test_identifiers():
    policies = keras.dtype_policies
    mixed = policies.get("mixed_float16")
    assert policies.get(mixed) is mixed
    assert policies.get(np.float16).name == "float16"
    assert policies.deserialize(policies.serialize(mixed)) == mixed
    assert hash(mixed) == hash(keras.DTypePolicy("mixed_float16"))


@pytest.mark.gradients
def test_dropped_models_are_freed(backend):
    """Nothing global holds a model, its layers, its weights or its compiled steps."""

    def make():
        inputs = keras.Input((4,))
        x = layers.Dense(3, activation="relu")(inputs)
        model = keras.Model(inputs, layers.Dense(1)(x + layers.Dense(3)(inputs)))
        model.compile("adam", "mse", metrics=["mae"])
        model.fit(np.ones((8, 4)), np.ones((8, 1)), verbose=0)
        model.predict(np.ones((2, 4)), verbose=0)
        model(np.ones((1, 4)))
        kept = [model, *model.layers, *model.weights, model.optimizer]
        return [weakref.ref(thing) for thing in kept]

    refs = make()
    gc.collect()
    assert [ref() for ref in refs if ref() is not None] == []
    assert current().name == backend
