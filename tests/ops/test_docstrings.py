"""The examples in the docstrings say what the ops return, on every backend."""

import doctest
import inspect

import numpy as np
import pytest

import keras
from keras import ops

DOCS = {n: getattr(ops, n).__doc__ for n in ops.__all__}
FUNCTIONS = [n for n in DOCS if not inspect.ismodule(getattr(ops, n))]
NAMES = sorted(n for n in FUNCTIONS if ">>>" in (DOCS[n] or ""))
TYPES = {n: getattr(np, n) for n in ("int32", "uint8", "complex64")}
WORDS = {"keras": keras, "array": np.array, "nan": np.nan, "inf": np.inf, **TYPES}


def arrays(x):
    """A result as NumPy arrays: its tensors, or a shape or list of numbers as one."""
    if isinstance(x, (tuple, list)) and any(hasattr(part, "dtype") for part in x):
        return [array for part in x for array in arrays(part)]
    return [ops.convert_to_numpy(x) if ops.is_tensor(x) else np.asarray(x)]


def test_every_function_says_what_it_does():
    silent = [n for n in FUNCTIONS if len((DOCS[n] or "").strip()) < 5]
    assert not silent
    # What is not told in a line is shown, here for a good number of functions.
    assert len(NAMES) > 40


@pytest.mark.parametrize("name", NAMES)
def test_example(name, backend):
    words = dict(WORDS)
    for example in doctest.DocTestParser().get_examples(DOCS[name]):
        if not example.want:
            exec(example.source, words)
            continue
        found = arrays(eval(example.source, words))
        wanted = arrays(eval(example.want, words))
        assert len(found) == len(wanted)
        for a, b in zip(found, wanted):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=5e-5)
            assert a.shape == b.shape
            assert a.dtype.kind == b.dtype.kind
