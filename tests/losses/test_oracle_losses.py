"""`keras.losses` against the values and gradients of Keras 3.15.1."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle.losses_cases import CASES, FUNCTION_CASES, loss_digest
from oracle.spec import Expected, seed_of

import keras
from keras import losses, ops

# Classes and functions that are not written yet; a name that exists must leave.
NOT_YET: set[str] = set()

EXPECTED = Expected("losses")


def tensor(spec: Any, seed: str) -> Any:
    """The described array as a tensor."""
    return ops.convert_to_tensor(spec.draw(seed_of(seed)), dtype=spec.dtype)


class Masked(keras.layers.Layer):
    """Puts a mask on what passes through."""

    def __init__(self, mask: Any) -> None:
        super().__init__()
        self.mask = mask

    def call(self, x: Any) -> Any:
        """The input."""
        return x + 0

    def compute_mask(self, x: Any, previous_mask: Any) -> Any:
        """The mask."""
        return self.mask


def test_not_yet_is_not_there() -> None:
    there = {name for name in NOT_YET if hasattr(losses, name)}
    assert not there, f"exist now, take them off NOT_YET: {sorted(there)}"


def test_data_belongs_to_the_cases() -> None:
    cases = {**CASES, **{f"fn:{k}": v for k, v in FUNCTION_CASES.items()}}
    assert {k: e["spec"] for k, e in EXPECTED.index.items()} == {
        k: loss_digest(c) for k, c in cases.items()
    }, "run tests/oracle/make_losses.py again"


KEYS = [k for k, c in CASES.items() if c.cls not in NOT_YET]


def program(key: str) -> tuple[Any, Any]:
    """A function of the predictions that gives a number and the loss, and these."""
    case, entry = CASES[key], EXPECTED.index[key]
    loss = getattr(losses, case.cls)(**case.config)
    y_true = tensor(case.y_true, f"{key}/y_true")
    y_pred = tensor(case.y_pred, f"{key}/y_pred")
    weight = case.weight and tensor(case.weight, f"{key}/weight")
    mask = case.mask and tensor(case.mask, f"{key}/mask")
    want = EXPECTED.get(entry["value"])
    cotangent = np.random.RandomState(seed_of(key)).uniform(0.5, 2, want.shape)

    def total(p: Any) -> Any:
        out = loss(y_true, p if mask is None else Masked(mask)(p), sample_weight=weight)
        value = ops.cast(out, "float32")
        return ops.sum(value * ops.convert_to_tensor(cotangent, "float32")), out

    return total, y_pred


@pytest.mark.parametrize("key", KEYS)
def test_loss(key: str, backend: str) -> None:
    case, entry = CASES[key], EXPECTED.index[key]
    total, y_pred = program(key)
    _, out = total(ops.convert_to_tensor(y_pred))
    assert keras.backend.standardize_dtype(out.dtype) == entry["dtype"]
    rtol, atol = case.tol or (1e-5, 1e-5)
    want = EXPECTED.get(entry["value"])
    np.testing.assert_allclose(ops.convert_to_numpy(out), want, rtol, atol)


@pytest.mark.gradients
@pytest.mark.parametrize("key", KEYS)
def test_gradient(key: str, backend: str) -> None:
    case, entry = CASES[key], EXPECTED.index[key]
    total, y_pred = program(key)
    _, grad = ops.value_and_grad(total, argnums=0, has_aux=True)(y_pred)
    rtol, atol = case.tol or (1e-4, 1e-4)
    got = ops.convert_to_numpy(grad)
    np.testing.assert_allclose(got, EXPECTED.get(entry["grad"]), rtol, atol)


@pytest.mark.parametrize(
    "key", [k for k, c in FUNCTION_CASES.items() if c.name not in NOT_YET]
)
def test_function(key: str, backend: str) -> None:
    case, entry = FUNCTION_CASES[key], EXPECTED.index[f"fn:{key}"]
    y_true = tensor(case.y_true, f"{key}/y_true")
    y_pred = tensor(case.y_pred, f"{key}/y_pred")
    out = getattr(losses, case.name)(y_true, y_pred, **case.kwargs)
    want = EXPECTED.get(entry["value"])
    np.testing.assert_allclose(ops.convert_to_numpy(out), want, 1e-5, 1e-5)
