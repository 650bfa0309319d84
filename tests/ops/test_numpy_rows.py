"""Every function of `keras.ops.numpy`: value, type, gradient, shapes, compiled."""

import pytest
from ops.helpers import (
    VALUES_DECIDE,
    check_compiled,
    check_gradient,
    check_symbolic,
    check_value,
)
from ops.numpy_rows import ROWS

import keras.ops.numpy as api

# Tested below, not by a row.
APART = {"vectorize"}


def test_every_function_has_a_row():
    assert set(api.__all__) - {r.name for r in ROWS} == APART


@pytest.mark.parametrize("r", ROWS, ids=str)
def test_value(r, backend):
    check_value(r)


@pytest.mark.gradients
@pytest.mark.parametrize("r", [r for r in ROWS if r.grad], ids=str)
def test_gradient(r, backend):
    check_gradient(r)


@pytest.mark.parametrize("r", [r for r in ROWS if r.symbolic], ids=str)
def test_symbolic_is_actual(r, backend):
    check_symbolic(r)


@pytest.mark.parametrize(
    "r", [r for r in ROWS if r.symbolic and r.name not in VALUES_DECIDE], ids=str
)
@pytest.mark.parametrize("compiler", ["jax", "tensorflow"])
def test_compiled_is_eager(r, compiler):
    import keras

    with keras.config.backend_scope(compiler):
        check_compiled(r, compiler)
