"""The examples in the docstrings say what the ops return, on every backend."""

import doctest

import numpy as np
import pytest

import keras
import keras.ops.numpy as api

NAMES = [name for name in api.__all__ if ">>>" in (getattr(api, name).__doc__ or "")]
WORDS = {"keras": keras, "array": np.array, "nan": np.nan, "inf": np.inf}


def host(x):
    """A tensor as a NumPy array, shapes and lists of numbers too."""
    return keras.ops.convert_to_numpy(x) if keras.ops.is_tensor(x) else np.asarray(x)


def test_every_function_has_an_example():
    assert set(api.__all__) - set(NAMES) == set()


@pytest.mark.parametrize("name", NAMES)
def test_example(name, backend):
    parser = doctest.DocTestParser()
    words = dict(WORDS)
    for example in parser.get_examples(getattr(api, name).__doc__):
        if not example.want:
            exec(example.source, words)
            continue
        found = host(eval(example.source, words))
        wanted = np.asarray(eval(example.want, words))
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=5e-5)
        assert found.shape == wanted.shape
        assert found.dtype.kind == wanted.dtype.kind
