"""Images and boxes against Keras 3.15.1 (tests/oracle/data/image.*)."""

from __future__ import annotations

from operator import attrgetter
from typing import Any

import pytest
from ops.test_oracle_ops import (
    convert,
    difference,
    dtype_is_right,
    known_dtypes,
    plain,
)
from oracle import image_cases
from oracle.spec import Expected, digest, draw_all, leaves, map_arrays, unknown_axis

import keras

EXPECTED = Expected("image")
CASES = {k: c for k, c in image_cases.CASES.items() if k in EXPECTED.index}
SYMBOLIC = [k for k, c in CASES.items() if c.sym and "sym" in EXPECTED.index[k]]


def test_data_belongs_to_the_cases() -> None:
    assert set(CASES) == set(EXPECTED.index) == set(image_cases.CASES)
    stale = [
        key
        for key, case in CASES.items()
        if EXPECTED.index[key]["spec"] != digest(case.name, case.args, case.kwargs)
    ]
    assert not stale, f"run tests/oracle/make_ops.py image again: {stale}"


@pytest.mark.parametrize("key", CASES)
def test_call(key: str, backend: str) -> None:
    case, entry = CASES[key], EXPECTED.index[key]
    args, kwargs = draw_all((case.args, case.kwargs), case.id, convert)
    got = [plain(x) for x in leaves(attrgetter(case.name)(keras)(*args, **kwargs))]
    assert len(got) == len(entry["out"])
    for i, ((dtype, value), ref) in enumerate(zip(got, entry["out"])):
        known = known_dtypes(entry, i)
        assert dtype_is_right(dtype, backend, known), f"{dtype}, real Keras has {known}"
        tol = (1e-4, 1e-4) if dtype == "float32" else None
        problem = difference(dtype, value, EXPECTED.get(ref), tol)
        assert not problem, problem


@pytest.mark.slow
@pytest.mark.parametrize("key", SYMBOLIC)
def test_symbolic(key: str, backend: str) -> None:
    case, entry = CASES[key], EXPECTED.index[key]
    lead = unknown_axis(case)

    def symbol(a: Any) -> Any:
        shape = (None, *a.shape[1:]) if lead(a) else a.shape
        return keras.KerasTensor(shape, a.dtype)

    args, kwargs = map_arrays(symbol, (case.args, case.kwargs))
    out = [*leaves(attrgetter(case.name)(keras)(*args, **kwargs))]
    for x, want in zip(out, entry["sym"], strict=True):
        assert len(x.shape) == len(want)
        assert all(a == b for a, b in zip(x.shape, want)), f"{x.shape}, not {want}"
