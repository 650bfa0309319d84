"""The spec found without values equals the result: every public op, every backend.

The ops of `numpy_rows` are checked there, row by row; here is one call of each other.
"""

import inspect

import numpy as np
import pytest
from ops.numpy_rows import ROWS
from oracle import ops_cases
from oracle.spec import draw_all, leaves

import keras
from keras import ops
from keras.core.scope import current

# What has no symbolic form, and why.
WITHOUT_SPEC = {
    **dict.fromkeys(
        "arange array bartlett blackman empty eye full geomspace hamming hanning "
        "identity kaiser logspace ones tri zeros".split(),
        "makes tensors of numbers, not of tensors",
    ),
    **dict.fromkeys(
        "custom_gradient grad value_and_grad vectorize vmap".split(),
        "gives a function; what that calls is made of ops",
    ),
    **dict.fromkeys(
        "dtype is_tensor ndim shape size convert_to_numpy".split(),
        "tells about a tensor, or reads it; there is no tensor in the result",
    ),
    "convert_to_tensor": "what it is given is no tensor yet; a symbolic one stays",
    "jvp": "the tangents are values",
    "bincount": "how long the result is depends on the values",
}
FUNCTIONS = {n: getattr(ops, n) for n in ops.__all__}
FUNCTIONS = {n: f for n, f in FUNCTIONS.items() if not inspect.ismodule(f)}
ROW_BY_ROW = {r.name for r in ROWS if r.symbolic}
ROW_BY_ROW |= {"gammainc", "gammaincc"}  # of Keras 3.16; in test_special.py


def cases():
    """The first call of each op, one that real Keras makes symbolically if there is."""
    found = {}
    for case in sorted(ops_cases.CASES.values(), key=lambda case: not case.sym):
        if case.name not in {*ROW_BY_ROW, *WITHOUT_SPEC}:
            found.setdefault(case.name, case)
    return found


CASES = cases()


def test_every_op_is_checked_or_excepted():
    known = {*ROW_BY_ROW, *CASES, *WITHOUT_SPEC}
    checked = [FUNCTIONS[n] for n in known]
    assert {n for n, f in FUNCTIONS.items() if f not in checked} == set()
    assert not {*WITHOUT_SPEC} & {*ROW_BY_ROW, *CASES} - {"full"}


def call(case, convert):
    args, kwargs = draw_all((case.args, case.kwargs), case.id, convert)
    if case.call:
        return [*leaves(case.call(ops, *args, **kwargs))]
    return [*leaves(getattr(ops, case.name)(*args, **kwargs))]


@pytest.mark.parametrize("name", sorted(CASES))
def test_spec_is_actual(name, backend):
    def tensor(x, spec):
        return x if spec.raw else ops.convert_to_tensor(x, spec.dtype)

    def symbol(x, spec):
        return x if spec.raw else keras.KerasTensor(x.shape, spec.dtype)

    found, actual = call(CASES[name], symbol), call(CASES[name], tensor)
    assert len(found) == len(actual)
    assert any(isinstance(x, keras.KerasTensor) for x in found)
    for spec, x in zip(found, actual):
        if isinstance(spec, keras.KerasTensor):
            assert spec.shape == tuple(x.shape)
            assert spec.dtype == current().dtype_of(x)
        else:
            np.testing.assert_array_equal(spec, x)
