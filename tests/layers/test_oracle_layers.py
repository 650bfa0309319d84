"""`keras.layers` against real Keras 3.15.1: outputs, gradients, weights, masks."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from oracle.layers_cases import CASES, Sub, cotangents, layer_digest, weight_values
from oracle.spec import Expected, draw_all, leaves, map_arrays

import keras
from keras import layers, ops
from keras.core.scope import current

EXPECTED = Expected("layers")


def build(value: Any) -> Any:
    """A config with the layers in it made."""
    if isinstance(value, Sub):
        return getattr(layers, value.cls)(**build(value.config))
    if isinstance(value, dict):
        return {k: build(v) for k, v in value.items()}
    return [build(v) for v in value] if isinstance(value, list) else value


def inputs_of(key: str, case: Any, call: int = 0) -> tuple:
    """The arguments and keyword arguments of a call, as tensors."""

    def tensor(x: Any, spec: Any) -> Any:
        return ops.convert_to_tensor(x, dtype=spec.dtype)

    return draw_all((case.args, case.kwargs), f"{key}/{call}", tensor)


def ready(key: str, case: Any) -> Any:
    """The layer, built and with the weights of the case."""
    layer = build(Sub(case.cls, case.config))
    args, kwargs = map_arrays(
        lambda a: keras.KerasTensor(a.shape, a.dtype), (case.args, case.kwargs)
    )
    layer(*args, **kwargs)
    shapes = [list(w.shape) for w in layer.weights]
    layer.set_weights(weight_values(key, shapes, [w.name for w in layer.weights]))
    return layer


def numpy(x: Any) -> Any:
    x = ops.convert_to_tensor(x)
    kind = keras.backend.standardize_dtype(x.dtype)
    return ops.convert_to_numpy(ops.cast(x, "float32") if "float" in kind else x)


def is_float(x: Any) -> bool:
    return "float" in keras.backend.standardize_dtype(x.dtype)


def compare(got: Any, entry: Any, tol: tuple, what: str) -> None:
    """A tensor, or None, against the stored one."""
    assert (got is None) == (entry is None), what
    if entry is not None:
        want = EXPECTED.get(entry)
        rtol, atol = tol
        np.testing.assert_allclose(numpy(got), want, rtol, atol, err_msg=what)


def compare_all(got: list, entries: list, tol: tuple, what: str) -> None:
    assert len(got) == len(entries), what
    for i, (x, entry) in enumerate(zip(got, entries)):
        compare(x, entry, tol, f"{what} {i}")


def test_data_belongs_to_the_cases() -> None:
    assert {k: e["spec"] for k, e in EXPECTED.index.items()} == {
        k: layer_digest(c) for k, c in CASES.items()
    }, "run tests/oracle/make_layers.py again"


@pytest.mark.parametrize("key", CASES)
def test_calls(key: str, backend: str) -> None:
    """Outputs of each call, their types, the state, the losses and the mask.

    And where it is called once, the gradients of a weighted sum of the float outputs,
    with respect to the float inputs and the weights.
    """
    case, entry = CASES[key], EXPECTED.index[key]
    layer = ready(key, case)
    assert [[w.name, list(w.shape)] for w in layer.weights] == entry["weights"]
    assert len(layer.trainable_weights) == entry["trainable"]
    args, kwargs = inputs_of(key, case)
    if "weight_grads" in entry and current().HAS_GRADIENTS:
        out, losses = check_gradients(key, layer, args, kwargs, backend)
        compare_all(out, entry["out"][0], case.tol, "output")
    else:
        for n in range(case.calls):
            args, kwargs = inputs_of(key, case, n)
            out = list(leaves(layer(*args, **kwargs)))
            compare_all(out, entry["out"][n], case.tol, f"output of call {n}")
        losses = layer.losses
    types = [None if x is None else ops.dtype(x) for x in out]
    assert types == entry["dtypes"]
    frozen = [w.value for w in layer.non_trainable_weights]
    compare_all(frozen, entry["after"], case.tol, "state")
    compare_all(losses, entry["losses"], case.tol, "loss")
    if "mask" in entry:
        given = args[0] if len(args) == 1 else list(args)
        mask = layer.compute_mask(given, kwargs.get("mask"))
        compare(mask, entry["mask"], case.tol, "mask")


def check_gradients(
    key: str, layer: Any, args: tuple, kwargs: dict, backend: str
) -> tuple:
    """Compare the gradients; returns the outputs and the losses."""
    case, entry = CASES[key], EXPECTED.index[key]
    flat = keras.tree.flatten((args, kwargs))
    where = [i for i, x in enumerate(flat) if hasattr(x, "dtype") and is_float(x)]
    inputs = [keras.Variable(flat[i], dtype=ops.dtype(flat[i])) for i in where]
    pairs = [(x[2], t) for x, t in zip(entry["out"][0], entry["dtypes"]) if t]
    seeds = cotangents(key, [shape for shape, t in pairs if "float" in t])

    def total() -> Any:
        filled = list(flat)
        for i, x in zip(where, inputs):
            filled[i] = x.value
        a, k = keras.tree.pack_sequence_as((args, kwargs), filled)
        out = list(leaves(layer(*a, **k)))
        found = [x for x in out if x is not None and is_float(x)]
        value = sum(
            ops.sum(ops.cast(x, "float32") * ops.convert_to_tensor(c))
            for x, c in zip(found, seeds, strict=True)
        )
        return value, (out, layer.losses)

    weights = layer.trainable_variables
    run = ops.value_and_grad(total, variables=[*inputs, *weights], has_aux=True)
    if backend == "jax":  # one program is compiled sooner than each op of it
        run = keras.jit(run)
    (_, (out, losses)), grads = run()
    tol = (10 * case.tol[0], 10 * case.tol[1])
    n = len(inputs)
    compare_all(grads[:n], entry["input_grads"], tol, "gradient of input")
    compare_all(grads[n:], entry["weight_grads"], tol, "gradient of weight")
    return out, losses


@pytest.mark.parametrize("key", [k for k in CASES if "symbolic" in EXPECTED.index[k]])
def test_symbolic(key: str, backend: str) -> None:
    """The shapes foreseen for a batch of unknown size, and the config."""
    case, entry = CASES[key], EXPECTED.index[key]

    def symbol(a: Any) -> Any:
        return keras.KerasTensor((None, *a.shape[1:]) if a.shape else (), a.dtype)

    layer = build(Sub(case.cls, case.config))
    args, kwargs = map_arrays(symbol, (case.args, case.kwargs))
    got = [None if x is None else list(x.shape) for x in leaves(layer(*args, **kwargs))]
    actual = [x and x[2] for x in entry["out"][0]]
    for mine, theirs, real in zip(got, entry["symbolic"], actual, strict=True):
        if theirs and theirs[1:] != real[1:]:  # real Keras foresees another shape
            theirs = [None, *real[1:]]
        assert mine == theirs


@pytest.mark.parametrize("key", CASES)
def test_config(key: str) -> None:
    """The config is that of real Keras, but for keys that say nothing."""
    case, want = CASES[key], EXPECTED.index[key]["config"]
    got = json.loads(json.dumps(layers.serialize(build(Sub(case.cls, case.config)))))
    assert list(differences(without_names(got), without_names(want))) == []


def without_names(node: Any) -> Any:
    """A config without automatic names and the numbers of shared objects."""
    if isinstance(node, dict):
        left_out = {"shared_object_id"} | ({"name"} if "dtype" in node else set())
        return {k: without_names(v) for k, v in node.items() if k not in left_out}
    return [without_names(x) for x in node] if isinstance(node, list) else node


def differences(got: Any, want: Any, path: str = "") -> Any:
    """Where two configs differ."""
    if isinstance(want, dict) and isinstance(got, dict):
        for key in {**want, **got}:
            if key in got and key in want:
                yield from differences(got[key], want[key], f"{path}/{key}")
            elif (got if key in got else want)[key] not in (None, False, {}, []):
                yield f"{path}/{key}: only in {'ours' if key in got else 'Keras'}"
    elif isinstance(want, list) and isinstance(got, list) and len(got) == len(want):
        for i, pair in enumerate(zip(got, want)):
            yield from differences(*pair, f"{path}/{i}")
    elif got != want:
        yield f"{path}: {got!r} instead of {want!r}"
