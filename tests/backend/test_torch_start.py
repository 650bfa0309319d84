"""What PyTorch's backend does and leaves undone until it is needed."""

import os
import subprocess
import sys
import types

import pytest

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


@pytest.mark.parametrize("said", [{}, {"MALLOC_TRIM_THRESHOLD_": "131072"}])
def test_freed_memory_is_kept_unless_the_environment_says_otherwise(monkeypatch, said):
    calls = []
    library = types.SimpleNamespace(mallopt=lambda *option: calls.append(option))
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: library)
    monkeypatch.setattr(memory.sys, "platform", "linux")
    for name in [n for n in os.environ if n.startswith("MALLOC_")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    for name, value in said.items():
        monkeypatch.setenv(name, value)
    memory.keep_freed_memory()
    assert bool(calls) is not bool(said)
