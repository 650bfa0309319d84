"""The NumPy backend: arrays as tensors, shapes without memory, and no gradients."""

import math
import os
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

import keras
from keras import layers, ops
from keras.backend.numpy.array import Array
from keras.backend.numpy.hollow import Hollow, indexed_shape
from keras.core.scope import current


@pytest.fixture(autouse=True)
def numpy_in_force():
    with keras.config.backend_scope("numpy"):
        yield


def small_model():
    return keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, "relu"), layers.Dense(2, "softmax")]
    )


# Arrays


def test_results_without_axes_are_tensors():
    x = ops.array([1.0, 2.0])
    for scalar in (x[0], ops.sum(x), x @ x, x[0] + x[1], -x[0], x[0] / 0):
        assert type(scalar) is Array and scalar.shape == ()
    assert float(x[0] + x[1]) == 3.0
    assert type(ops.sum(x).numpy()) is not Array


@pytest.mark.parametrize(
    "left, right, dtype",
    [
        ("float32", "int32", "float32"),
        ("bfloat16", "int32", "bfloat16"),
        ("float16", "bfloat16", "float32"),
        ("int32", 0.5, "float32"),
        ("bool", 1, "int32"),
        ("uint8", 1, "uint8"),
    ],
)
def test_operators_promote_as_the_ops_do(left, right, dtype):
    x = ops.ones((2,), left)
    other = ops.ones((2,), right) if isinstance(right, str) else right
    for found in (x + other, other + x):
        assert keras.backend.standardize_dtype(found.dtype) == dtype
    assert keras.backend.standardize_dtype((x / other).dtype) in keras_floats()


def keras_floats():
    return ("float32", "bfloat16", "float16")


def test_a_tensor_does_not_change_with_the_array_it_was_made_of():
    array = np.zeros(3, "float32")
    x = ops.reshape(array, (3, 1))
    array[0] = 5.0
    assert float(x[0, 0]) == 0.0
    x[1] = 7.0
    assert array[1] == 0.0


def test_an_array_that_nobody_writes_to_is_shared():
    array = np.zeros(3, "float32")
    array.flags.writeable = False
    assert np.shares_memory(ops.convert_to_tensor(array), array)


def test_nobody_writes_into_a_variable():
    variable = keras.Variable([1.0, 2.0])
    held = variable.value
    with pytest.raises(ValueError, match="read-only"):
        held[0] = 5.0
    held += 1.0  # a new array
    variable.assign_add([1.0, 1.0])
    np.testing.assert_array_equal(variable.numpy(), [2.0, 3.0])


def test_nothing_warns_of_infinities(recwarn):
    x = ops.array([0.0, -1.0])
    for result in (ops.log(x), ops.sqrt(x), 1 / x, ops.exp(x * -1e9), x / x):
        assert not ops.all(ops.isfinite(result))
    assert not recwarn.list


# Shapes


def test_large_shapes_take_no_memory():
    def program(xs):
        x = xs[0] * 2.0 + 1
        x = ops.concatenate([x, ops.exp(x)], axis=-1)
        x = ops.matmul(x, ops.ones((16, 20000)))
        return ops.softmax(ops.transpose(x[:, ::2], (1, 0, 2)))

    tracemalloc.start()
    found = current().eval_shape(
        program, [((20160, 20160, 8), "bfloat16")], lambda shape, dtype: (shape, dtype)
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == ((10080, 20160, 20000), "float32")
    assert peak < 1 << 20


KEYS = [
    (slice(None), 1),
    (0, slice(1, None, 2)),
    (..., None, 2),
    ([0, 1], slice(None), [1, 2]),
    (slice(None), [0, 2], [1, 2]),
    (np.array([[0], [1]]), np.array([1, 2])),
    (None, [0, 1], ...),
    (np.array([True, False]), 1),
    (np.ones((2, 3), bool), slice(None, None, -1)),
    (-1, [0, 1], None),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_indexed_shapes_are_those_of_numpy(key):
    assert indexed_shape((2, 3, 4), key) == np.zeros((2, 3, 4))[key].shape


def test_what_needs_values_is_refused_while_shapes_are_found_out():
    x = Hollow((2, 3), "float32")
    with pytest.raises(TypeError, match=r"shape \(2, 3\) has no values"):
        bool(x)
    with pytest.raises(TypeError, match="numpy's polyfit cannot be run"):
        np.polyfit(x, x, 1)
    with pytest.raises(TypeError, match="keras.ops.where"):
        x[x > 0]


def test_functions_of_numpy_are_ops_in_a_symbolic_layer():
    layer = layers.Lambda(lambda x: np.sum(np.tanh(x) * np.float32(2), axis=1))
    assert layer(keras.Input((5, 7))).shape == (None, 7)
    assert layer(np.ones((2, 5, 7), "float32")).shape == (2, 7)


# Gradients


@pytest.mark.parametrize("method", ["fit", "train_on_batch"])
def test_training_says_at_once_which_backends_can(method):
    model = small_model()
    model.compile("adam", "mse")
    before = model.get_weights()

    def batches():
        raise AssertionError("data was read")
        yield

    data = batches() if method == "fit" else None
    with pytest.raises(NotImplementedError, match="jax.*torch.*to_backend"):
        getattr(model, method)(data)
    for a, b in zip(before, model.get_weights()):
        np.testing.assert_array_equal(a, b)
    assert not model.optimizer.built


def test_gradients_are_refused_by_name():
    with pytest.raises(NotImplementedError, match="'numpy' computes no gradients"):
        ops.value_and_grad(lambda x: x * x)(ops.array(3.0))
    with pytest.raises(NotImplementedError, match="'numpy' computes no gradients"):
        ops.jvp(lambda x: x * x, (3.0,), (1.0,))


def test_a_trained_model_is_evaluated_here():
    x = np.random.RandomState(0).normal(size=(40, 3)).astype("float32")
    y = np.arange(40) % 2
    with keras.config.backend_scope("torch"):
        model = small_model()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, verbose=0)
        expected = model.evaluate(x, y, verbose=0), model.predict(x, verbose=0)

    moved = model.to_backend("numpy")
    np.testing.assert_allclose(moved.evaluate(x, y, verbose=0), expected[0], rtol=1e-5)
    np.testing.assert_allclose(moved.predict(x, verbose=0), expected[1], rtol=1e-5)

    back = moved.to_backend("torch")
    np.testing.assert_allclose(back.predict(x, verbose=0), expected[1], rtol=1e-5)


def test_dropout_drops_in_training():
    layer = layers.Dropout(0.5, seed=1)
    out = ops.convert_to_numpy(layer(np.ones((100, 100), "float32"), training=True))
    assert set(np.unique(out)) == {0.0, 2.0}
    assert 0.45 < (out == 0).mean() < 0.55


# Special functions


def test_error_functions_have_all_digits_of_float64():
    special = pytest.importorskip("scipy.special")
    x = np.concatenate([np.linspace(-6, 6, 4001), [0.46875, 4.0, -4.0, 26.0, 1e-300]])
    for ours, theirs in ((ops.erf, math.erf), (ops.erfc, math.erfc)):
        found = ops.convert_to_numpy(ours(ops.convert_to_tensor(x, "float64")))
        expected = np.array([theirs(v) for v in x])
        np.testing.assert_allclose(found, expected, rtol=2e-15, atol=0)

    u = np.concatenate(
        [np.linspace(-0.999, 0.999, 4001), [1e-20], 1 - 10.0 ** -np.arange(4, 16)]
    )
    found = ops.convert_to_numpy(ops.erfinv(ops.convert_to_tensor(u, "float64")))
    np.testing.assert_allclose(found, special.erfinv(u), rtol=2e-14, atol=0)
    ends = ops.convert_to_numpy(ops.erfinv([-1.0, 0.0, 1.0, 2.0]))
    np.testing.assert_array_equal(ends, [-np.inf, 0.0, np.inf, np.nan])


# A process of its own

PROGRAM = """
import sys, keras, numpy as np
model = keras.models.load_model(sys.argv[1])
np.save(sys.argv[2], model.predict(np.ones((2, 8, 8, 3)), verbose=0))
found = {"jax", "torch", "tensorflow", "scipy"} & set(sys.modules)
assert not found, found
assert keras.config.backend() == "numpy"
"""


def test_a_saved_model_runs_without_a_framework(tmp_path):
    with keras.config.backend_scope("jax"):
        model = keras.Sequential(
            [
                keras.Input((8, 8, 3)),
                layers.Conv2D(4, 3, activation="gelu"),
                layers.BatchNormalization(),
                layers.Flatten(),
                layers.Dropout(0.5),
                layers.Dense(2),
            ]
        )
        model.save(tmp_path / "model.keras")
        expected = model.predict(np.ones((2, 8, 8, 3)), verbose=0)

    files = [str(tmp_path / name) for name in ("model.keras", "out.npy")]
    subprocess.run(
        [sys.executable, "-c", PROGRAM, *files],
        env={**os.environ, "KERAS_BACKEND": "numpy"},
        check=True,
    )
    np.testing.assert_allclose(np.load(files[1]), expected, rtol=1e-5, atol=1e-6)
