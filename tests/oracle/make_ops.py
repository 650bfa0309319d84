"""Ask real Keras for the results of every call in `ops_cases`.

Run with an interpreter that has Keras 3.15.1 and all three frameworks:
`python tests/oracle/make_ops.py`. It runs itself once per backend, compares the
three, prints where they differ, and writes data/ops.npz and data/ops.json.
"""

from __future__ import annotations

import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
from typing import Any

sys.path.insert(0, str(pathlib.Path(__file__).parents[2]))

import numpy as np

from tests.oracle import ops_cases
from tests.oracle.spec import Store, digest, draw_all, leaves, map_arrays, unknown_axis

BACKENDS = ("jax", "tensorflow", "torch")


def ask(path: str) -> None:
    """Run everything on the backend in force; pickle the answers to `path`."""
    import keras
    from keras import ops

    def convert(x: np.ndarray, spec: Any) -> Any:
        return x if spec.raw else ops.convert_to_tensor(x, dtype=spec.dtype)

    def plain(x: Any) -> Any:
        """A result as (dtype, NumPy array); Python values as they are."""
        if x is None or isinstance(x, (bool, int, float, str)):
            return ("py", x)
        dtype = keras.backend.standardize_dtype(x.dtype)
        if dtype == "bfloat16":
            x = ops.cast(x, "float32")
        return (dtype, np.asarray(ops.convert_to_numpy(x)))

    def run(case: Any, times: Any = None) -> Any:
        args, kwargs = draw_all((case.args, case.kwargs), case.id, convert, times)
        fn = case.call or getattr(ops, case.name)
        if case.call:
            return [plain(x) for x in leaves(fn(ops, *args, **kwargs))]
        return [plain(x) for x in leaves(fn(*args, **kwargs))]

    def attempt(fn: Any, *args: Any) -> Any:
        try:
            return fn(*args)
        except Exception as e:
            return f"{type(e).__name__}: {str(e)[:160]}"

    def symbolic(case: Any) -> Any:
        lead = unknown_axis((case.args, case.kwargs))

        def spec(a: Any) -> Any:
            shape = (None, *a.shape[1:]) if lead(a) else a.shape
            return keras.KerasTensor(shape, a.dtype)

        args, kwargs = map_arrays(spec, (case.args, case.kwargs))
        out = getattr(ops, case.name)(*args, **kwargs)
        return [(list(x.shape), x.dtype) for x in leaves(out)]

    def shapes(case: Any, times: int) -> Any:
        lead = unknown_axis((case.args, case.kwargs))
        out = run(case, lambda a: times if lead(a) else 1)
        return [list(x.shape) for _, x in out]

    answers: dict[str, Any] = {"cases": {}, "sweeps": {}}
    for key, case in ops_cases.CASES.items():
        entry = answers["cases"][key] = {"out": attempt(run, case)}
        if case.sym:
            entry["sym"] = attempt(symbolic, case)
            entry["x2"] = attempt(shapes, case, 2)
            entry["x3"] = attempt(shapes, case, 3)
    for key, rows in ops_cases.sweeps().items():
        answers["sweeps"][key] = {}
        for row, (name, args) in rows.items():

            def one(name: str = name, args: Any = args, seed: str = key + row) -> Any:
                drawn = draw_all(args, seed, convert)
                return [plain(x) for x in leaves(ops_cases.call(ops, name, drawn))]

            answers["sweeps"][key][row] = attempt(one)
    with open(path, "wb") as f:
        pickle.dump(answers, f)


def close(a: Any, b: Any) -> bool:
    """Whether two backends of real Keras agree on one leaf."""
    if a[0] == "py" or b[0] == "py":
        return a == b
    if a[1].shape != b[1].shape:
        return False
    half = {"float16", "bfloat16"} & {a[0], b[0]}
    tol = 2e-2 if half else 1e-4
    x, y = (np.asarray(t[1]).astype("complex128") for t in (a, b))
    return np.allclose(x, y, tol, tol, equal_nan=True)


def merge(answers: dict[str, dict]) -> None:
    """One file from the three runs."""
    store, index = Store(), {}
    for key, case in ops_cases.CASES.items():
        got = {b: answers[b]["cases"][key] for b in BACKENDS}
        good = [b for b in BACKENDS if not isinstance(got[b]["out"], str)]
        if not good:
            print("NO ANSWER", key, {b: got[b]["out"] for b in BACKENDS})
            continue
        first = got[good[0]]["out"]
        entry: dict[str, Any] = {"spec": digest(case.name, case.args, case.kwargs)}
        # One alternative per backend that answers something else.
        entry["out"] = {}
        for b in good:
            out = got[b]["out"]
            same = len(out) == len(first) and all(map(close, out, first))
            if b == good[0] or (not same and case.values):
                entry["out"][b] = [
                    x if d == "py" else store.put(x if case.values else x * 0)
                    for d, x in out
                ]
                if b != good[0]:
                    print("DIFFERS", key, b, [x for _, x in out], [x for _, x in first])
        entry["dtype"] = {b: [d for d, _ in got[b]["out"]] for b in good}
        for b in BACKENDS:
            if b not in good:
                print("RAISES", key, b, got[b]["out"])
        if case.sym:
            sym = symbolic_truth(key, got[good[0]])
            if sym:
                entry["sym"] = sym
        index[key] = entry
    for key, rows in ops_cases.sweeps().items():
        entry = {}
        for row in rows:
            got = {b: answers[b]["sweeps"][key][row] for b in BACKENDS}
            good = [b for b in BACKENDS if not isinstance(got[b], str)]
            if not good:
                continue
            dtypes = ["/".join(d for d, _ in got[b]) if b in good else "" for b in got]
            entry[row] = dtypes[:1] if len(set(dtypes)) == 1 else dtypes
        index[f"sweep:{key}"] = entry
    store.save("ops", index)


def symbolic_truth(key: str, got: dict) -> list | None:
    """Symbolic shapes: real Keras's, unless its own eager runs contradict them."""
    sym = got["sym"]
    if isinstance(sym, str):
        print("SYMBOLIC RAISES", key, sym)
        return None
    if isinstance(got["x2"], str) or isinstance(got["x3"], str):
        eager = [list(x.shape) for _, x in got["out"]]
        ok = all(
            len(s) == len(e) and all(a in (None, b) for a, b in zip(s, e))
            for (s, _), e in zip(sym, eager)
        )
        if not ok:
            print("SYMBOLIC WRONG", key, sym, eager)
        return [s for s, _ in sym] if ok else None
    runs = zip([list(x.shape) for _, x in got["out"]], got["x2"], got["x3"])
    truth = [[a if a == b == c else None for a, b, c in zip(*r)] for r in runs]
    if truth != [s for s, _ in sym]:
        print("SYMBOLIC DISAGREES", key, "says", [s for s, _ in sym], "is", truth)
    return truth


def main() -> None:
    """Run this file once per backend, then merge."""
    with tempfile.TemporaryDirectory() as folder:
        answers = {}
        for backend in BACKENDS:
            path = os.path.join(folder, backend)
            env = dict(os.environ, KERAS_BACKEND=backend, TF_CPP_MIN_LOG_LEVEL="3")
            subprocess.run([sys.executable, __file__, path], env=env, check=True)
            with open(path, "rb") as f:
                answers[backend] = pickle.load(f)
        merge(answers)


if __name__ == "__main__":
    ask(sys.argv[1]) if len(sys.argv) > 1 else main()
