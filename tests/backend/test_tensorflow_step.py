"""Which graphs TensorFlow traces for calls with arguments of changing sizes."""

import numpy as np
import pytest

import keras
from keras import ops
from keras.backend.tensorflow.step import Traced


@pytest.fixture(autouse=True)
def on_tensorflow():
    with keras.config.backend_scope("tensorflow"):
        yield


def rows(count):
    return np.arange(count * 3, dtype="float32").reshape(count, 3)


def test_the_second_size_of_the_first_axis_gives_a_graph_for_all():
    traced = []

    def total(x):
        traced.append(x.shape[0])
        return ops.sum(x, axis=1) * ops.cast(ops.shape(x)[0], "float32")

    compiled = Traced(total)
    for count in (4, 2, 4, 7, 1, 2, 0):
        found = ops.convert_to_numpy(compiled(rows(count)))
        np.testing.assert_allclose(found, rows(count).sum(1) * count)
    assert traced == [4, None]
    compiled(np.ones((4, 5), "float32"))
    assert traced == [4, None, 4]


def test_code_that_must_know_the_size_is_traced_for_each():
    traced = []

    def doubled(x):
        traced.append(x.shape[0])
        return ops.zeros((int(x.shape[0]) * 2,))

    compiled = Traced(doubled)
    assert [len(compiled(rows(n))) for n in (4, 2, 5, 2)] == [8, 4, 10, 4]
    assert traced == [4, None, 2, 5]


def test_jit_sees_every_size():
    @keras.jit
    def one_or_many(x):
        return ops.sum(x) if x.shape[0] == 1 else ops.max(x)

    assert [float(one_or_many(rows(n))) for n in (4, 2, 1)] == [11, 5, 3]


@pytest.mark.parametrize("each_batch", [False, True])
def test_a_smaller_last_batch_is_no_second_trace(each_batch):
    sizes = []

    class Layer(keras.layers.Dense):
        def call(self, inputs):
            sizes.append(inputs.shape[0])
            return super().call(inputs)

    model = keras.Sequential([keras.Input((3,)), Layer(1)])
    model.compile("sgd", "mse")
    told = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None)
    del sizes[:]
    callbacks = [told] if each_batch else None
    model.fit(rows(18), rows(18)[:, :1], 4, epochs=2, callbacks=callbacks, verbose=0)
    assert sizes == [None]


def test_many_models_without_warnings(caplog):
    """TensorFlow warns of functions that are made in a loop."""
    x = np.ones((8, 2), "float32")
    for _ in range(6):
        model = keras.Sequential([keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x, x[:, :1], batch_size=2, verbose=0)
    assert "retracing" not in caplog.text


def test_recurrent_layers_train_under_xla():
    """XLA must know how many steps the gradient's stacks hold."""
    model = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(4)])
    model.compile("sgd", "mse", jit_compile=True)

    history = model.fit(np.ones((8, 5, 3)), np.ones((8, 4)), verbose=0)

    assert np.isfinite(history.history["loss"][0])
