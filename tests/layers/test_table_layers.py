"""Layers for numbers, categories and text against real Keras 3.15.1."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import numpy as np
import pytest
from oracle.tables_cases import CASES, plain

import keras
from keras import layers

PATH = pathlib.Path(__file__).parents[1] / "oracle" / "data" / "tables.json"
EXPECTED = json.loads(PATH.read_text())

# What real Keras refuses and this package computes, and why.
ONLY_HERE = {
    "CategoryEncoding-10": "TensorFlow has no bincount of float16",
    "HashedCrossing-6": "more than two features",
    "TextVectorization-26": "a text without a batch axis, symbolically",
}
# Where real Keras gives something else, and why.
DIFFERENT = {
    "CategoryEncoding-13": "of three axes it joins the second one, not the last",
}


def made(key: str) -> Any:
    """The layer of a case, adapted."""
    case = CASES[key]
    layer = getattr(layers, case.cls)(**case.config)
    if case.adapt is not None:
        layer.adapt(case.adapt)
    return layer


def numpy(x: Any) -> np.ndarray:
    return x if isinstance(x, np.ndarray) else keras.ops.convert_to_numpy(x)


def check(got: Any, want: dict, tol: float = 2e-5) -> None:
    """An output against the stored one."""
    found = plain(numpy(got))
    assert found["shape"] == want["shape"]
    if want["dtype"] == "string":
        assert found["values"] == want["values"]
    else:
        np.testing.assert_allclose(found["values"], want["values"], tol, tol)


def check_angles(got: Any, want: dict) -> None:
    """Phases but of the first and last frequency, where the sine is rounding alone."""
    ours = numpy(got)[..., 1:-1]
    theirs = np.reshape(want["values"], want["shape"])[..., 1:-1]
    apart = np.abs(np.exp(1j * ours) - np.exp(1j * theirs))
    assert np.quantile(apart, 0.99) < 1e-3 and apart.max() < 0.05


KEYS = [k for k in CASES if "out" in EXPECTED[k]]


@pytest.mark.parametrize("key", KEYS)
def test_values(key: str, backend: str) -> None:
    layer = made(key)
    for x, want in zip(CASES[key].calls, EXPECTED[key]["out"], strict=True):
        if "error" in want or key in DIFFERENT:
            assert key in {**ONLY_HERE, **DIFFERENT}
            continue
        got = layer(x)
        if CASES[key].config.get("mode") == "angle":
            check_angles(got, want)
            continue
        if CASES[key].config.get("mode", "log") == "log" and "STFT" in key:
            # Of small numbers the logarithm shows the rounding: compare the numbers.
            got, want = np.exp(numpy(got)), {**want, "values": np.exp(want["values"])}
        check(got, want)
        kind = keras.backend.standardize_dtype(got.dtype)
        # Vectors of a lookup are int64 there, but float32 in what a model foresees.
        if not (want["dtype"] == "int64" and kind == "float32"):
            assert kind == want["dtype"]


@pytest.mark.parametrize("key", KEYS)
def test_vocabulary(key: str, backend: str) -> None:
    entry = EXPECTED[key]
    if "vocabulary" not in entry:
        return
    layer = made(key)
    assert layer.get_vocabulary() == entry["vocabulary"]
    assert layer.get_vocabulary(include_special_tokens=False) == entry["bare"]
    assert layer.vocabulary_size() == entry["size"]


@pytest.mark.parametrize("key", KEYS)
def test_symbolic(key: str, backend: str) -> None:
    def symbol(x: Any) -> Any:
        kind = "string" if x.dtype.kind in "US" else x.dtype.name
        return keras.KerasTensor((None, *x.shape[1:]) if x.shape else (), kind)

    layer, x, want = made(key), CASES[key].calls[0], EXPECTED[key]["symbolic"]
    out = layer(tuple(map(symbol, x)) if isinstance(x, tuple) else symbol(x))
    if isinstance(want, dict):
        assert key in ONLY_HERE
        return
    shape, kind = want
    if key in ONLY_HERE:
        return
    actual = EXPECTED[key]["out"][0]
    if len(shape) != len(actual["shape"]):  # it foresees another rank than it returns
        shape = [None, *actual["shape"][1:]]
    assert len(out.shape) == len(shape)
    assert all(theirs in (None, ours) for ours, theirs in zip(out.shape, shape))
    assert out.dtype == ("string" if actual["dtype"] == "string" else kind)
    real = layer(x)  # and what it foresees, it returns
    assert all(ours in (None, n) for ours, n in zip(out.shape, numpy(real).shape))
    assert keras.backend.standardize_dtype(real.dtype) == out.dtype


@pytest.mark.parametrize("key", KEYS)
def test_config(key: str) -> None:
    layer, want = made(key), EXPECTED[key]["config"]["config"]
    got = json.loads(json.dumps(layer.get_config()))
    bins = got.pop("bin_boundaries", None), want.get("bin_boundaries")
    if bins[0] is not None:
        np.testing.assert_allclose(*bins, 2e-5, 1e-6)
    ignored = ("name", "bin_boundaries")
    assert {k: v for k, v in got.items() if k not in ignored} == {
        k: v for k, v in want.items() if k not in ignored
    }
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()


@pytest.mark.parametrize("mode", ["one_hot", "multi_hot", "count"])
@pytest.mark.parametrize("name", ["CategoryEncoding", "Hashing", "Discretization"])
def test_sparse_vectors_are_the_dense_ones(backend: str, name: str, mode: str) -> None:
    config = {
        "CategoryEncoding": {"num_tokens": 9},
        "Hashing": {"num_bins": 5},
        "Discretization": {"bin_boundaries": [2.0, 6.0]},
    }[name]
    x = np.array([[1], [8], [3]]) if mode == "one_hot" else np.array([[1, 8], [3, 3]])
    make = getattr(layers, name)
    dense = make(**config, output_mode=mode)(x)
    layer = make(**config, output_mode=mode, sparse=True)
    check_sparse(layer, x, dense)


@pytest.mark.parametrize("mode", ["multi_hot", "count", "tf_idf"])
def test_sparse_vectors_of_words(backend: str, mode: str) -> None:
    texts = np.array(["a b b", "c", "", "b z"])
    for cls, x in (("TextVectorization", texts), ("StringLookup", texts[:, None])):
        make = getattr(layers, cls)
        dense, sparse = make(output_mode=mode), make(output_mode=mode, sparse=True)
        for layer in (dense, sparse):
            layer.adapt(texts)
        check_sparse(sparse, x, dense(x))


def check_sparse(layer: Any, x: Any, dense: Any) -> None:
    """A sparse tensor with the values of the dense one; or none here."""
    if keras.config.backend() == "numpy":
        with pytest.raises(ValueError, match="sparse"):
            layer(x)
        return
    found = layer(x)
    assert not isinstance(found, np.ndarray)
    np.testing.assert_allclose(numpy(found), numpy(dense), 1e-5)
    assert type(layer).from_config(layer.get_config()).sparse


def test_ragged_rows(backend: str) -> None:
    layer = layers.TextVectorization(ragged=True, vocabulary=["a", "b"])
    if backend != "tensorflow":
        with pytest.raises(ValueError, match="ragged"):
            layer(["a b", "a"])
        return
    assert layer(["a b", "", "a"]).to_list() == [[2, 3], [], [2]]
