"""Every backend in one process."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import pytest

import keras

BACKENDS = ("jax", "torch", "tensorflow")


@pytest.fixture(params=BACKENDS)
def backend(request):
    """The name of the backend in force during the test."""
    with keras.config.backend_scope(request.param):
        yield request.param
