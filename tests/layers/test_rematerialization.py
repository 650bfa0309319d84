"""Layers made in a RematScope run twice, and nobody sees it but the memory."""

import os
import subprocess
import sys

import numpy as np
import pytest

import keras
from keras import layers, ops
from keras.core.variable import in_symbolic_scope

MODES = ("full", "activations", "larger_than", "list_of_layers")
X = np.linspace(-1, 1, 24, dtype="float32").reshape(4, 6)


class Block(layers.Layer):
    """Counts its calls; adds a loss, drops out, normalizes and passes a mask on."""

    def __init__(self, **options):
        super().__init__(**options)
        self.dense = layers.Dense(6, activation="tanh", activity_regularizer="l2")
        self.drop = layers.Dropout(0.5, seed=1)
        self.norm = layers.BatchNormalization()
        self.calls = 0
        self.modes = []

    def build(self, shape):
        for layer in (self.dense, self.drop, self.norm):
            layer.build(shape)

    def call(self, x, training=False):
        if not in_symbolic_scope():
            self.calls += 1
            self.modes.append(training)
        self.add_loss(ops.mean(x**2))
        return self.norm(self.drop(self.dense(x)))


def trained(scope, **options):
    """A model trained for some steps, some of its layers made in a scope."""
    keras.utils.set_random_seed(3)
    with scope:
        inner = [Block(name="block"), layers.Dense(6, "gelu", name="dense")]
    model = keras.Sequential([keras.Input((6,)), *inner, layers.Dense(1)])
    model.compile("sgd", "mse", **options)
    history = model.fit(X, X[:, :1], batch_size=2, epochs=4, verbose=0, shuffle=False)
    return model, history.history["loss"]


@pytest.mark.gradients
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("eagerly", [False, True])
def test_training_stays_the_same(mode, eagerly, backend):
    plain, losses = trained(keras.RematScope(None), run_eagerly=eagerly)
    scope = keras.RematScope(mode, output_size_threshold=4, layer_names=["block"])
    again, found = trained(scope, run_eagerly=eagerly)

    np.testing.assert_allclose(found, losses, rtol=1e-5)
    for a, b in zip(again.get_weights(), plain.get_weights()):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


@pytest.mark.gradients
def test_the_scope_chooses_layers(backend):
    def runs_twice(mode, x=X, **options):
        with keras.RematScope(mode, **options):
            layer = Block(name="block")
        layer(x, training=True)
        layer.calls = 0
        dense = layer.dense.kernel
        ops.value_and_grad(lambda: ops.sum(layer(x, training=True)), dense)()
        assert set(layer.modes) == {True}  # the second run too is in training
        return layer.calls > 1

    traced_once = backend == "jax"  # the second run is one of the compiled program
    assert runs_twice("full") or traced_once
    assert not runs_twice(None)
    assert not runs_twice("activations")
    assert not runs_twice("list_of_layers")
    assert not runs_twice("larger_than", output_size_threshold=24)
    assert runs_twice("larger_than", output_size_threshold=23) or traced_once
    assert runs_twice("list_of_layers", layer_names=["block"]) or traced_once


def test_a_mode_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"`mode` must be one of.*'bits'"):
        keras.RematScope("bits")


@pytest.mark.gradients
def test_masks_go_through(backend):
    class Inner(layers.Layer):
        def __init__(self):
            super().__init__()
            self.masked = layers.Masking()
            self.rnn = layers.SimpleRNN(2, return_sequences=True)

        def call(self, x):
            return self.rnn(self.masked(x))

    x = np.array([[[1.0], [0.0]], [[2.0], [3.0]]])
    with keras.RematScope():
        layer = Inner()
    first, again = layer(x), layer(x)  # the first call makes the weights
    np.testing.assert_allclose(first, again, rtol=1e-6)
    pooled = [layers.GlobalAveragePooling1D()(y) for y in (first, again)]
    np.testing.assert_allclose(*pooled, rtol=1e-6)


MEMORY = """
import re
import numpy as np
import keras
from keras import layers

def memory(kind):
    with open("/proc/self/status") as status:
        return int(re.search(kind + r":\\s*(\\d+)", status.read()).group(1))

class Wide(layers.Layer):  # keeps ten results of 4 MB of each call
    repeatable = True
    def call(self, x):
        for _ in range(10):
            x = keras.ops.tanh(x + 0.1)
        return x

with keras.RematScope({mode!r}):
    blocks = [Wide() for _ in range(10)]
model = keras.Sequential([keras.Input((1024,)), layers.Dense(1024), *blocks,
                          layers.Dense(1)])
model.compile("sgd", "mse")
x = np.random.rand(1024, 1024).astype("float32")
model.fit(x[:8], x[:8, :1], batch_size=8, verbose=0)
with open("/proc/self/clear_refs", "w") as peak:
    peak.write("5")
before = memory("VmRSS")
for _ in range(3):  # compiled, or recorded
    model.fit(x, x[:, :1], batch_size=1024, verbose=0)
print(memory("VmHWM") - before)
"""


@pytest.mark.slow
@pytest.mark.gradients
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_less_memory_is_needed(backend):
    def peak(mode):
        """The memory of a training step, in kB."""
        # What is freed goes back to the system at once, so that the peak is exact.
        variables = {
            **os.environ,
            "KERAS_BACKEND": backend,
            "MALLOC_MMAP_THRESHOLD_": "65536",
        }
        command = [sys.executable, "-c", MEMORY.format(mode=mode)]
        found = subprocess.run(
            command, env=variables, capture_output=True, text=True, check=True
        )
        return int(found.stdout.split()[-1])

    # 100 results of 4 MB against the inputs of ten layers, and one layer's ten.
    assert peak("full") < 0.6 * peak(None)
