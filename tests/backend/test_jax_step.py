"""Compiling on JAX in the background, for shapes that will come."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import jax
import numpy as np
import pytest

import keras
from keras.backend.jax import step
from keras.backend.jax.step import Compiled
from keras.core.dtypes import numpy_dtype


@pytest.fixture(autouse=True)
def on_jax():
    with keras.config.backend_scope("jax"):
        yield


@pytest.fixture
def compilations():
    """A list that grows with each compilation."""
    seen = []

    def listen(event, duration, **_):
        if "backend_compile" in event:
            seen.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield seen
    jax.monitoring.clear_event_listeners()


def test_what_was_prepared_is_not_compiled_again(compilations):
    v = keras.Variable(np.ones(3, "float32"))

    def step(x):
        v.assign_add(keras.ops.sum(x, 0))
        return v.value * 2.0

    jax.numpy.copy(v.value)  # compiled once for itself
    fn = Compiled(step)
    fn.prepare(np.ones((5, 3), "float32"))
    (made,) = fn._versions.values()
    made._compiling.join()
    before = len(compilations)
    assert before and v.numpy().tolist() == [1.0] * 3
    assert np.asarray(fn(np.ones((5, 3), "float32"))).tolist() == [12.0] * 3
    assert v.numpy().tolist() == [6.0] * 3
    assert len(compilations) == before


@pytest.mark.parametrize("samples, prepared", [(67, True), (64, False), (7, False)])
def test_fit_prepares_for_the_last_batch(samples, prepared, monkeypatch):
    shapes = []
    prepare = Compiled.prepare
    monkeypatch.setattr(
        Compiled,
        "prepare",
        lambda self, data: shapes.append(data[0].shape) or prepare(self, data),
    )
    x = np.random.default_rng(0).normal(size=(samples, 4)).astype("float32")
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, x[:, :1], batch_size=8, verbose=0)
    assert shapes == ([(3, 4)] if prepared else [])
    model.fit(x, x[:, :1], batch_size=8, verbose=0, steps_per_epoch=samples // 8 or 1)
    assert shapes == ([(3, 4)] if prepared else [])


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "bfloat16"])
def test_small_arrays_of_one_shape_again_and_again_keep_their_own_values(dtype):
    made, wanted = [], []
    for i in range(20):
        x = np.full((2, 3), i % 2, "int32").astype(numpy_dtype(dtype))
        made.append(keras.ops.convert_to_tensor(x))
        wanted.append((x.copy(), jax.numpy.asarray(x).dtype))
        x[:] = x == 0
    for tensor, (values, kind) in zip(made, wanted):
        assert tensor.dtype == kind and np.array_equal(np.asarray(tensor), values)


def test_a_small_array_met_while_tracing_is_a_constant():
    x = np.ones((3, 5), "float32")
    for _ in range(10):
        keras.ops.convert_to_tensor(x)
    traced = jax.make_jaxpr(lambda y: y + keras.ops.convert_to_tensor(x))(x)
    assert [eqn.primitive.name for eqn in traced.eqns] == ["add"]


def in_jax(fn, *args):
    with keras.config.backend_scope("jax"):
        return fn(*args)


def test_a_call_waits_for_a_compilation_that_another_thread_began(monkeypatch):
    begun = threading.Event()

    class Slow(threading.Thread):
        def start(self):
            begun.set()
            time.sleep(0.3)
            super().start()

    compiled = Compiled(lambda x: x + 1, shared=True)
    x = np.ones(3, "float32")
    with ThreadPoolExecutor(1) as pool:
        pool.submit(int).result()  # its own thread is there
        monkeypatch.setattr(step.threading, "Thread", Slow)
        ready = pool.submit(in_jax, compiled.prepare, x)
        begun.wait()
        assert float(compiled(x)[0]) == 2
        ready.result()
