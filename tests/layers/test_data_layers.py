"""Data layers compute with the framework of what they are called on."""

import copy

import numpy as np
import pytest

import keras
from keras.core.foreign import framework_of
from keras.core.scope import backend_scope
from keras.layers.preprocessing.base import DataLayer, seed_scope


class Shift(DataLayer):
    """Adds a weight and a random number."""

    def __init__(self, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.keep_seed(seed)

    def build(self, input_shape):
        self.shift = self.add_weight((), "ones", trainable=False)

    def call(self, inputs):
        noise = keras.random.uniform((), seed=self.seeds())
        return inputs + self.convert_weight(self.shift) + noise


@pytest.fixture
def portable():
    keras.config.set_portable_random(True)
    yield
    keras.config.set_portable_random(False)


def test_arrays_and_lists_are_transformed_on_the_host(backend):
    layer = Shift()

    for inputs in (np.ones(3, "float32"), [1.0, 1.0, 1.0]):
        outputs = layer(inputs)
        assert isinstance(outputs, np.ndarray)
        assert framework_of(outputs) == "numpy"
        assert ((outputs >= 2) & (outputs < 3)).all()


def test_tensors_are_transformed_by_their_own_framework(backend):
    with backend_scope("numpy"):
        layer = Shift()
    x = keras.ops.ones((3,))

    with backend_scope("jax"):
        assert framework_of(layer(x)) == backend


def test_inside_a_model_the_model_computes(backend):
    inputs = keras.Input((3,))
    model = keras.Model(inputs, Shift()(inputs))

    assert framework_of(model(np.ones((2, 3), "float32"))) == backend
    assert model.predict(np.ones((2, 3)), verbose=0).shape == (2, 3)


def test_arrays_are_constants_inside_another_layer(backend):
    class Around(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.shift = Shift()

        def call(self, x):
            return x + self.shift(np.ones(3, "float32"))

    assert framework_of(Around()(np.ones((2, 3), "float32"))) == backend


def test_tensorflow_transforms_inside_dataset_map():
    tf = pytest.importorskip("tensorflow")
    with backend_scope("torch"):
        layer = Shift()
        dataset = tf.data.Dataset.from_tensor_slices(np.ones((4, 3), "float32"))
        rows = list(dataset.map(layer).as_numpy_iterator())

    assert len({row[0] for row in rows}) == 4
    assert all(2 <= row[0] < 3 and row[0] == row[1] for row in rows)


def test_the_same_seed_draws_the_same_on_every_backend(backend, portable):
    x = np.ones(3, "float32")
    with backend_scope("numpy"):
        expected = [Shift(seed=3)(x), Shift(seed=4)(x)]

    for seed, outputs in zip((3, 4), expected):
        assert np.array_equal(Shift(seed=seed)(keras.ops.array(x)), outputs)
        assert np.array_equal(Shift(seed=seed)(x), outputs)


def test_a_seed_scope_decides_what_is_drawn(backend):
    layer = Shift()
    x = np.ones(3, "float32")

    with seed_scope(7):
        first = [np.array(layer(x)), np.array(layer(x))]
    layer(x)
    with seed_scope(7):
        again = [np.array(layer(x)), np.array(layer(x))]
    with seed_scope(8):
        other = np.array(layer(x))

    assert np.array_equal(first, again)
    assert not np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], other)


def test_a_copy_on_the_host_draws_as_the_layer_does(backend, portable):
    layer = Shift(seed=3)
    layer.build((3,))
    with backend_scope("numpy"):
        twin = copy.deepcopy(layer)

    x = np.ones(3, "float32")
    assert np.array_equal(twin(x), layer(keras.ops.array(x)))
    assert framework_of(twin.shift.value) == "numpy"
