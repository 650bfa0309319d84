"""Ask real Keras (on JAX) for the results of `metrics_cases`.

Run with an interpreter that has Keras 3.15.1: `python tests/oracle/make_metrics.py`.
"""

from __future__ import annotations

import os
import pathlib
import sys
from typing import Any

os.environ["KERAS_BACKEND"] = "jax"
# At the end: the `keras` beside this folder is ours and must not shadow the real one.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import keras
from keras import ops
from oracle.metrics_cases import CASES, FUNCTION_CASES, metric_digest
from oracle.spec import Store, draw_all, leaves


def convert(x: Any, spec: Any) -> Any:
    """The described array as a tensor."""
    return ops.convert_to_tensor(x, dtype=spec.dtype)


def main() -> None:
    """Write data/metrics.*."""
    store, index = Store(), {}
    for key, case in CASES.items():
        cls = getattr(keras.metrics, case.cls)
        fn = (getattr(keras.metrics, case.fn),) if case.fn else ()
        metric = cls(*fn, **case.config)
        results = []
        updates = [
            draw_all(u, f"{key}/{i}", convert) for i, u in enumerate(case.updates)
        ]
        try:
            for update in updates:
                metric.update_state(*update)
                results.append([store.put(x) for x in leaves(metric.result())])
            metric.reset_state()
            results.append([store.put(x) for x in leaves(metric.result())])
            metric.update_state(*updates[1])
            results.append([store.put(x) for x in leaves(metric.result())])
        except Exception as e:
            print("RAISES", key, case.config, type(e).__name__, str(e)[:200])
            continue
        index[key] = {
            "spec": metric_digest(case),
            "name": metric.name,
            "results": results,
            "variables": [list(v.shape) for v in metric.variables],
        }
    for key, case in FUNCTION_CASES.items():
        args = draw_all(case.args, f"fn:{key}", convert)
        out = getattr(keras.metrics, case.name)(*args, **case.kwargs)
        index[f"fn:{key}"] = {"spec": metric_digest(case), "results": store.put(out)}
    store.save("metrics", index)
    print(len(index), "cases")


if __name__ == "__main__":
    main()
