"""`keras.metrics` against the results of Keras 3.15.1."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from oracle.metrics_cases import CASES, FUNCTION_CASES, metric_digest
from oracle.spec import Expected, draw_all, leaves

from keras import metrics, ops

# Classes and functions that are not written yet; a name that exists must leave.
NOT_YET: set[str] = set()

EXPECTED = Expected("metrics")


def convert(x: Any, spec: Any) -> Any:
    """The described array as a tensor."""
    return ops.convert_to_tensor(x, dtype=spec.dtype)


def check(result: Any, entries: list, when: str) -> None:
    got = [ops.convert_to_numpy(x) for x in leaves(result)]
    assert len(got) == len(entries)
    for x, entry in zip(got, entries):
        np.testing.assert_allclose(x, EXPECTED.get(entry), 1e-5, 1e-5, err_msg=when)


def test_not_yet_is_not_there() -> None:
    there = {name for name in NOT_YET if hasattr(metrics, name)}
    assert not there, f"exist now, take them off NOT_YET: {sorted(there)}"


def test_data_belongs_to_the_cases() -> None:
    cases = {**CASES, **{f"fn:{k}": v for k, v in FUNCTION_CASES.items()}}
    assert {k: e["spec"] for k, e in EXPECTED.index.items()} == {
        k: metric_digest(c) for k, c in cases.items()
    }, "run tests/oracle/make_metrics.py again"


@pytest.mark.parametrize("key", [k for k, c in CASES.items() if c.cls not in NOT_YET])
def test_metric(key: str, backend: str) -> None:
    case, entry = CASES[key], EXPECTED.index[key]
    fn = (getattr(metrics, case.fn),) if case.fn else ()
    metric = getattr(metrics, case.cls)(*fn, **case.config)
    updates = [draw_all(u, f"{key}/{i}", convert) for i, u in enumerate(case.updates)]
    for i, update in enumerate(updates):
        metric.update_state(*update)
        check(metric.result(), entry["results"][i], f"after update {i}")
    # Automatic names count up over the backends of one process.
    assert re.sub(r"_\d+$", "", metric.name) == re.sub(r"_\d+$", "", entry["name"])
    assert [list(v.shape) for v in metric.variables] == entry["variables"]
    metric.reset_state()
    check(metric.result(), entry["results"][-2], "after reset_state")
    metric.update_state(*updates[1])
    check(metric.result(), entry["results"][-1], "updated after reset_state")


@pytest.mark.parametrize(
    "key", [k for k, c in FUNCTION_CASES.items() if c.name not in NOT_YET]
)
def test_function(key: str, backend: str) -> None:
    case, entry = FUNCTION_CASES[key], EXPECTED.index[f"fn:{key}"]
    args = draw_all(case.args, f"fn:{key}", convert)
    check(getattr(metrics, case.name)(*args, **case.kwargs), [entry["results"]], key)
