"""`keras.optimizers` and their schedules against the steps of Keras 3.15.1."""

from __future__ import annotations

import numpy as np
import pytest
from oracle.optimizers_cases import (
    CASES,
    KEPT,
    SCHEDULE_CASES,
    SCHEDULE_STEPS,
    STEPS,
    optimizer_digest,
    walk,
)
from oracle.spec import Expected

import keras
from keras import optimizers

# Classes that are not written yet; a name that exists must leave.
NOT_YET: set[str] = set()

EXPECTED = Expected("optimizers")


def test_not_yet_is_not_there() -> None:
    there = {name for name in NOT_YET if hasattr(optimizers, name)}
    assert not there, f"exist now, take them off NOT_YET: {sorted(there)}"


def test_data_belongs_to_the_cases() -> None:
    cases = {**CASES, **{f"schedule:{k}": v for k, v in SCHEDULE_CASES.items()}}
    assert {k: e["spec"] for k, e in EXPECTED.index.items()} == {
        k: optimizer_digest(c) for k, c in cases.items()
    }, "run tests/oracle/make_optimizers.py again"


WRITTEN = [key for key, case in CASES.items() if case.cls not in NOT_YET]


@pytest.mark.parametrize("key", WRITTEN)
def test_steps(key: str, backend: str) -> None:
    entry = EXPECTED.index[key]
    seen = walk(keras, key, CASES[key])
    when = [*(f"step {n}" for n in KEPT), "finalized"]
    assert len(seen["weights"]) == len(entry["weights"])
    for moment, got, want in zip(when, seen["weights"], entry["weights"]):
        for i, (g, w) in enumerate(zip(got, want)):
            np.testing.assert_allclose(
                g, EXPECTED.get(w), 1e-5, 1e-5, err_msg=f"weight {i}, {moment}"
            )
    for name in ("rates", "scales"):
        if name in entry:
            got = np.array(seen[name])
            np.testing.assert_allclose(got, EXPECTED.get(entry[name]), 1e-5, 1e-6)
    # The slots' order and values are the file format.
    got = [list(np.shape(s)) for s in seen["slots"]]
    assert got == [shape for _, _, shape in entry["slots"]]
    for i, (g, w) in enumerate(zip(seen["slots"], entry["slots"])):
        if CASES[key].inner and i == 0:
            # Asked statelessly (see make_optimizers), Keras forgets to count.
            assert g == STEPS
        else:
            np.testing.assert_allclose(
                g, EXPECTED.get(w), 1e-5, 1e-5, err_msg=f"optimizer variable {i}"
            )


@pytest.mark.parametrize(
    "key", [k for k, c in SCHEDULE_CASES.items() if c.cls not in NOT_YET]
)
def test_schedule(key: str, backend: str) -> None:
    case, entry = SCHEDULE_CASES[key], EXPECTED.index[f"schedule:{key}"]
    schedule = getattr(optimizers.schedules, case.cls)(**case.config)
    got = [float(schedule(step)) for step in SCHEDULE_STEPS]
    np.testing.assert_allclose(got, EXPECTED.get(entry["values"]), 1e-5, 1e-6)
