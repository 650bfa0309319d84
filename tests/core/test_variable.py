"""Variables: values, types, frames, scopes, and the backend they belong to."""

import copy
import gc
import threading
import weakref

import numpy as np
import pytest

import keras
from keras import ops
from keras.core.scope import current
from keras.core.variable import AutocastFrame, frame


def test_assign(backend):
    v = keras.Variable([1.0, 2.0], name="w")
    new = v.assign([3, 4])
    np.testing.assert_array_equal(new, [3.0, 4.0])
    np.testing.assert_array_equal(v.assign_add([1.0, 1.0]), [4.0, 5.0])
    np.testing.assert_array_equal(v.assign_sub(keras.Variable([4.0, 4.0])), [0.0, 1.0])
    assert (v.dtype, v.shape, v.ndim, v.path) == ("float32", (2,), 1, "w")
    with pytest.raises(ValueError, match=r"'w' has shape \(2,\).*\(3,\)"):
        v.assign([1.0, 2.0, 3.0])


def test_values_are_copies(backend):
    start = np.ones(3, "float32")
    v = keras.Variable(start)
    start += 1
    before = v.numpy()
    v.assign_add([1.0, 1.0, 1.0])
    np.testing.assert_array_equal(before, np.ones(3))


@pytest.mark.parametrize(
    "value, dtype, expected",
    [
        (1, None, "int32"),
        (1.5, None, "float32"),
        (True, None, "bool"),
        (np.float64(1.5), "bfloat16", "bfloat16"),
        (np.arange(3), "uint8", "uint8"),
        ("ones", None, "float32"),
    ],
)
def test_dtype(backend, value, dtype, expected):
    shape = (2,) if isinstance(value, str) else None
    v = keras.Variable(value, dtype=dtype, shape=shape)
    assert v.dtype == expected
    assert ops.dtype(v.value) == expected
    assert ops.dtype(v.assign(v + v)) == expected


def test_mistakes(backend):
    with pytest.raises(ValueError, match="`shape` is needed"):
        keras.Variable("zeros")
    with pytest.raises(ValueError, match="every axis needs a size"):
        keras.Variable("zeros", shape=(None, 2))
    with pytest.raises(ValueError, match=r"shape \(2,\), but shape \(3,\)"):
        keras.Variable([1.0, 2.0], shape=(3,))
    with pytest.raises(ValueError, match="aggregation"):
        keras.Variable(0.0, aggregation="median")
    with pytest.raises(TypeError, match="only one element"):
        float(keras.Variable([1.0, 2.0]))


def test_trainable_is_told_to_the_framework(backend):
    v = keras.Variable([1.0])
    assert v.trainable
    if backend == "torch":
        assert v.value.requires_grad
    v.trainable = False
    assert not v.trainable
    if backend == "torch":
        assert not v.value.requires_grad
    if backend == "tensorflow":
        assert not v.value.trainable


def test_constraint_after_a_step(backend):
    layer = keras.layers.Dense(1, kernel_constraint="non_neg", use_bias=False)
    layer.build((None, 2))
    assert layer.kernel.constraint is layer.kernel_constraint
    optimizer = keras.optimizers.SGD(1.0)
    optimizer.apply([ops.full((2, 1), 5.0)], [layer.kernel])
    np.testing.assert_array_equal(layer.kernel, np.zeros((2, 1)))


def test_autocast(backend):
    v = keras.Variable([1.5])
    fixed = keras.Variable([1.5], autocast=False)
    count = keras.Variable([1])
    with frame(AutocastFrame, "bfloat16"):
        assert ops.dtype(v.value) == "bfloat16"
        assert ops.dtype(v + 1) == "bfloat16"
        assert ops.dtype(fixed.value) == "float32"
        assert ops.dtype(count.value) == "int32"
        v.assign_add([0.0001])  # in full precision
    np.testing.assert_allclose(v.numpy(), [1.5001], rtol=1e-6)


def test_stateless_scope(backend):
    v = keras.Variable(1.0)
    with keras.StatelessScope([(v, ops.array(5.0))]) as scope:
        assert float(v) == 5.0
        v.assign_add(1.0)
        assert float(v) == 6.0
    assert float(v) == 1.0
    assert float(scope.get_current_value(v)) == 6.0
    assert scope.get_current_value(keras.Variable(0.0)) is None
    with keras.StatelessScope([(v, ops.array(2.0))]):
        with keras.StatelessScope() as inner:
            assert float(v) == 2.0
            v.assign(3.0)
        assert float(v) == 2.0
    assert float(inner.get_current_value(v)) == 3.0
    with pytest.raises(ValueError, match="shape"):
        keras.StatelessScope([(v, ops.ones(2))])
    with pytest.raises(ValueError, match="pairs"):
        keras.StatelessScope([(ops.ones(2), ops.ones(2))])


def test_a_stateless_scope_gathers_losses(backend):
    layer = keras.layers.ActivityRegularization(l2=1.0)
    with keras.StatelessScope(collect_losses=True) as scope:
        layer(ops.ones((1, 2)))
    assert [float(x) for x in scope.losses] == [2.0]


def test_frames_are_per_thread(backend):
    v = keras.Variable(1.0)
    seen = []
    with keras.StatelessScope([(v, ops.array(5.0))]):
        thread = threading.Thread(target=lambda: seen.append(float(v)))
        thread.start()
        thread.join()
    assert seen == [1.0]


def test_it_stays_with_its_backend():
    made = {}
    for name in ("jax", "torch", "tensorflow"):
        with keras.config.backend_scope(name):
            made[name] = keras.Variable([1.0])
    for name, v in made.items():
        assert v.backend.name == name
        v.assign_add([1.0])  # whatever backend is current
        np.testing.assert_array_equal(v.numpy(), [2.0])
    with keras.config.backend_scope("jax"):
        with pytest.raises(ValueError, match="belongs to the backend 'torch'"):
            ops.exp(made["torch"])


def test_names_and_paths(backend):
    with keras.name_scope("encoder"), keras.name_scope("block"):
        assert keras.Variable(0.0, name="w").path == "encoder/block/w"
    with pytest.raises(ValueError, match="without '/'"):
        keras.Variable(0.0, name="a/b")


def test_nothing_holds_a_dropped_variable(backend):
    v = keras.Variable(np.zeros(3))
    with keras.StatelessScope([(v, ops.zeros(3, "float64"))]):
        v.assign_add(np.ones(3))
    gone = weakref.ref(v)
    del v
    gc.collect()
    assert gone() is None


def test_operators(backend):
    v = keras.Variable([1.0, -2.0])
    found = [v + 1, 1 - v, v * 2, 1 / v, v**2, -v, abs(v), v @ v, v[1], v > 0, v % 2]
    x = np.array([1.0, -2.0], "float32")
    wanted = [x + 1, 1 - x, x * 2, 1 / x, x**2, -x, abs(x), x @ x, x[1], x > 0, x % 2]
    for a, b in zip(found, wanted):
        assert current().is_tensor(a)
        np.testing.assert_allclose(ops.convert_to_numpy(a), b)


@pytest.mark.parametrize("other", ["jax", "torch", "tensorflow"])
def test_a_copy_on_another_backend_shares_no_memory(backend, other):
    variable = keras.Variable(np.zeros((64, 64), "float32"))
    with keras.config.backend_scope(other):
        moved = copy.deepcopy(variable)

    variable.assign(np.ones((64, 64)))

    assert not moved.numpy().any()
