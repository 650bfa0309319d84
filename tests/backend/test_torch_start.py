"""What PyTorch's backend does and leaves undone until it is needed."""

import os
import subprocess
import sys
import types

import numpy as np
import pytest

import keras
from keras.backend.torch import memory

BUILD = """
import sys, numpy as np, keras
from keras import layers
model = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.ReLU(),
    layers.BatchNormalization(), layers.Flatten(), layers.Dense(2, "softmax")])
model.compile("adam", "mse")
model.fit(np.ones((8, 8, 8, 3)), np.ones((8, 2)), batch_size=2, verbose=0)
assert "torch._dynamo" not in sys.modules
import torch
double = torch.compile(lambda x: x * 2 + 1, backend="eager", fullgraph=True)
assert double(torch.ones(3)).tolist() == [3.0] * 3
assert sys.modules["torch._dynamo"].__file__
keras.Sequential([keras.Input((2,)), layers.Dense(1)])
"""


def run(program, **env):
    env = {**os.environ, "KERAS_BACKEND": "torch", **env}
    done = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True
    )
    assert not done.returncode, done.stderr
    return done.stdout


def test_models_are_built_without_the_compiler():
    run(BUILD)


@pytest.fixture
def asked(monkeypatch):
    """What glibc is asked for, in an environment that says nothing of memory."""
    calls = []
    library = types.SimpleNamespace(mallopt=lambda *option: calls.append(option))
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: library)
    monkeypatch.setattr(memory.sys, "platform", "linux")
    monkeypatch.setattr(memory.torch.cuda, "is_available", lambda: False)
    for name in [n for n in os.environ if n.startswith("MALLOC_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    memory._ask_glibc.cache_clear()
    yield calls
    memory._ask_glibc.cache_clear()


def test_training_keeps_freed_memory(asked):
    with keras.config.backend_scope("torch"):
        model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        x, y = np.ones((4, 2), "float32"), np.ones((4, 1), "float32")
        model.predict(x, verbose=0)
        model.evaluate(x, y, verbose=0)
        assert not asked, "only training asks for it"
        model.fit(x, y, verbose=0)
        assert len(asked) == 2
        model.fit(x, y, verbose=0)
        assert len(asked) == 2, "once is enough"


@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"])
def test_the_environment_decides_about_memory(asked, monkeypatch, name):
    monkeypatch.setenv(name, "131072")
    memory.before_training()
    assert not asked


def test_a_program_decides_about_memory(asked):
    keras.config.set_keep_freed_memory(False)
    try:
        memory.before_training()
        assert not keras.config.keep_freed_memory() and not asked
    finally:
        keras.config.set_keep_freed_memory(True)
