"""Every backend in one process."""

import os
import tempfile

# The tests read no settings of the machine, and leave none behind.
os.environ["KERAS_HOME"] = tempfile.mkdtemp(prefix="keras_home")
os.environ.pop("KERAS_BACKEND", None)
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Several frameworks in one process: their thread pools would fight for the cores.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# Most of the time on JAX goes into compiling: its older emitters take two thirds of it.
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_use_fusion_emitters=false")

import pytest

import keras

BACKENDS = ("jax", "torch", "tensorflow")


@pytest.fixture(params=BACKENDS)
def backend(request):
    """The name of the backend in force during the test."""
    with keras.config.backend_scope(request.param):
        yield request.param
