"""A guest does not change its host: the frameworks are what they were before.

A fresh process imports the frameworks, notes what their classes and modules hold and
what the settings of the process are, imports this package, builds, trains, saves and
reads a small model, and looks again.
"""

import json
import os
import subprocess
import sys

import pytest

# What changes on each backend, and why. See docs/compatibility.md.
EXCEPTIONS = {
    "jax": {"jax.Array.numpy": "results have `.numpy()` on every backend"},
    "torch": {"torch.Tensor.numpy": "it serves results that carry gradients, too"},
    "tensorflow": {},
}
HOSTS = {
    "jax": "jax jax.numpy jax.lax jax.nn jax.tree_util jax.Array jax.core.Tracer",
    "torch": "torch torch.nn torch.nn.functional torch.autograd torch.Tensor "
    "torch.nn.Parameter torch.nn.Module torch.optim.Optimizer",
    "tensorflow": "tensorflow tensorflow.nn tensorflow.math tensorflow.Tensor "
    "tensorflow.Variable tensorflow.Module tensorflow.Operation",
}

PROGRAM = """
import importlib, json, locale, logging, operator, os, signal, sys, warnings
import numpy

backend, hosts = sys.argv[1], sys.argv[2].split()


def held(path):
    root, _, rest = path.partition(".")
    return operator.attrgetter(rest)(sys.modules[root]) if rest else sys.modules[root]


def warm_up():
    # What a framework does by itself the first time it is used is no change of ours.
    if backend == "jax":
        import jax, jax.numpy as jnp, jax.scipy.special
        jax.jit(lambda x: jnp.sum(jnp.tanh(x)))(jnp.ones(3)).block_until_ready()
    elif backend == "torch":
        import torch, torch.utils.checkpoint
        import torch.fx.experimental.symbolic_shapes  # SymPy, which filters warnings
        torch.nn.functional.relu(torch.ones(3, requires_grad=True)).sum().backward()
    else:
        import tensorflow as tf
        tf.function(lambda x: tf.reduce_sum(tf.tanh(x)))(tf.ones(3)).numpy()


def looked_at():
    found = {}
    for path in (*hosts, "numpy", "numpy.linalg", "warnings", "logging", "os", "sys"):
        for name, value in vars(held(path)).items():
            # Submodules become attributes of their package when they are imported, and
            # Python makes `__annotations__` of a class when somebody asks for them.
            if type(value) is not type(sys) and name != "__annotations__":
                found[f"{path}.{name}"] = value
    settings = {
        "environment": dict(os.environ),
        "warnings": list(map(repr, warnings.filters)),
        "log level": [logging.root.level, *map(repr, logging.root.handlers)],
        "locale": locale.setlocale(locale.LC_ALL),
        "numpy errors": numpy.geterr(),
        "print options": repr(numpy.get_printoptions()),
        "signals": [repr(signal.getsignal(s)) for s in (signal.SIGINT, signal.SIGTERM)],
        "recursion": sys.getrecursionlimit(),
        "hooks": [repr(sys.excepthook), repr(sys.meta_path), repr(sys.path_hooks)],
        "modules in disguise": [
            name for name, module in list(sys.modules.items())
            if getattr(module, "__name__", name).startswith("keras")
            and not name.startswith("keras")
        ],
    }
    if backend == "jax":
        import jax
        settings["jax.config"] = {k: repr(v) for k, v in jax.config.values.items()}
    elif backend == "torch":
        import torch
        settings["torch"] = [
            torch.get_num_threads(), str(torch.get_default_dtype()),
            torch.is_grad_enabled(), torch.are_deterministic_algorithms_enabled(),
            torch.backends.cudnn.benchmark, torch.get_float32_matmul_precision(),
            torch.initial_seed(), str(torch.get_default_device()),
        ]
    else:
        import tensorflow as tf
        settings["tensorflow"] = [
            tf.config.functions_run_eagerly(), tf.config.optimizer.get_jit(),
            tf.config.threading.get_intra_op_parallelism_threads(),
            tf.config.get_soft_device_placement(), tf.get_logger().level,
        ]
    return found, settings


for path in hosts:
    importlib.import_module(path.partition(".")[0])
warm_up()
before, settings = looked_at()

import keras
from keras import layers

model = keras.Sequential([
    keras.Input((8, 8, 1)), layers.Conv2D(2, 3, activation="relu"),
    layers.BatchNormalization(), layers.MaxPooling2D(), layers.Flatten(),
    layers.Dropout(0.5), layers.Dense(2, activation="softmax"),
])
model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
x, y = numpy.ones((8, 8, 8, 1), "float32"), numpy.zeros(8, "int32")
model.fit(x, y, batch_size=4, epochs=2, verbose=0)
model.evaluate(x, y, verbose=0)
model.predict(x, verbose=0)
assert model(x).numpy().shape == (8, 2)
gru = keras.Sequential([layers.GRU(3)])
gru(numpy.ones((2, 4, 5), "float32"))
keras.ops.vectorized_map(lambda row: keras.ops.sum(row), keras.ops.ones((2, 3)))

after, settings_after = looked_at()
missing = object()
changed = [
    name for name in {**before, **after}
    if before.get(name, missing) is not after.get(name, missing)
]
changed += [name for name in settings if settings[name] != settings_after[name]]
print(json.dumps(sorted(changed)))
"""

# What changes by itself: counters and caches that these modules keep in the open.
BY_ITSELF = {"sys.last_exc", "sys.last_value", "warnings._filters_version"}


@pytest.mark.parametrize("name", sorted(EXCEPTIONS))
def test_the_frameworks_are_left_as_they_are(name):
    env = {**os.environ, "KERAS_BACKEND": name}
    env.pop("KERAS_HOME", None)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, name, HOSTS[name]],
        env=env,
        capture_output=True,
        text=True,
    )
    assert not done.returncode, done.stderr
    changed = set(json.loads(done.stdout.splitlines()[-1]))
    assert changed - BY_ITSELF == set(EXCEPTIONS[name])
