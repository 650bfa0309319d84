"""Ask real Keras (on JAX) for the steps of `optimizers_cases`.

Run with an interpreter that has Keras 3.15.1: `python tests/oracle/make_optimizers.py`.
"""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"
# At the end: the `keras` beside this folder is ours and must not shadow the real one.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import numpy as np

import keras
from oracle.optimizers_cases import (
    CASES,
    SCHEDULE_CASES,
    SCHEDULE_STEPS,
    optimizer_digest,
    walk,
)
from oracle.spec import DATA, Expected, Store


def moved(entry: Any, known: Expected, store: Store) -> Any:
    """An entry whose arrays are put into the new store."""
    if isinstance(entry, dict):
        return {k: moved(v, known, store) for k, v in entry.items()}
    if isinstance(entry, list) and entry and isinstance(entry[0], str):
        return store.put(known.get(entry))
    return [moved(e, known, store) for e in entry] if isinstance(entry, list) else entry


def main() -> None:
    """Write data/optimizers.*; answers to unchanged cases are kept."""
    store, index = Store(), {}
    known = Expected("optimizers") if (DATA / "optimizers.json").exists() else None
    for key, case in CASES.items():
        old = known.index.get(key, {}) if known else {}
        if old.get("spec") == optimizer_digest(case):
            index[key] = moved(old, known, store)
            continue
        try:
            # The scale is changed inside a cond: on JAX only without side effects.
            seen = walk(keras, key, case, stateless=case.inner is not None)
        except Exception as e:
            print("RAISES", key, case, type(e).__name__, str(e)[:300])
            continue
        if not all(np.isfinite(w).all() for ws in seen["weights"] for w in ws):
            print("NOT FINITE", key)
        index[key] = {
            "spec": optimizer_digest(case),
            "weights": [[store.put(w) for w in ws] for ws in seen["weights"]],
            "slots": [store.put(np.asarray(w)) for w in seen["slots"]],
        }
        for name in ("rates", "scales"):
            if seen[name]:
                index[key][name] = store.put(np.array(seen[name]))
    for key, case in SCHEDULE_CASES.items():
        schedule = getattr(keras.optimizers.schedules, case.cls)(**case.config)
        values = [float(schedule(step)) for step in SCHEDULE_STEPS]
        index[f"schedule:{key}"] = {
            "spec": optimizer_digest(case),
            "values": store.put(np.array(values, "float32")),
        }
    store.save("optimizers", index)
    print(len(index), "cases")


if __name__ == "__main__":
    main()
