"""Ask real Keras for the results of every call in `ops_cases` or `image_cases`.

Run with an interpreter that has Keras 3.15.1 and all three frameworks:
`python tests/oracle/make_ops.py ops` (or `image`). It runs itself once per backend,
compares the three, prints where they differ, and writes data/ops.npz and data/ops.json.
"""

from __future__ import annotations

import os
import pathlib
import pickle
import re
import subprocess
import sys
import tempfile
from operator import attrgetter
from typing import Any

# At the end: the `keras` beside this folder is ours and must not shadow the real one.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

import numpy as np

from oracle import image_cases, ops_cases
from oracle.spec import Store, digest, draw_all, leaves, map_arrays, unknown_axis

BACKENDS = ("jax", "tensorflow", "torch")
# The cases of each family, and where in Keras their functions are.
FAMILIES: dict[str, tuple[Any, str]] = {
    "ops": (ops_cases, "keras.ops"),
    "image": (image_cases, "keras"),
}


def ask(family: str, path: str) -> None:
    """Run everything on the backend in force; pickle the answers to `path`."""
    import keras
    from keras import ops

    module, where = FAMILIES[family]
    root = ops if where == "keras.ops" else keras

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
        fn = case.call or attrgetter(case.name)(root)
        if case.call:
            return [plain(x) for x in leaves(fn(ops, *args, **kwargs))]
        return [plain(x) for x in leaves(fn(*args, **kwargs))]

    def attempt(fn: Any, *args: Any) -> Any:
        try:
            return fn(*args)
        except Exception as e:
            return f"{type(e).__name__}: {str(e)[:160]}"

    def symbolic(case: Any) -> Any:
        lead = unknown_axis(case)

        def spec(a: Any) -> Any:
            shape = (None, *a.shape[1:]) if lead(a) else a.shape
            return keras.KerasTensor(shape, a.dtype)

        args, kwargs = map_arrays(spec, (case.args, case.kwargs))
        out = attrgetter(case.name)(root)(*args, **kwargs)
        return [(list(x.shape), x.dtype) for x in leaves(out)]

    def shapes(case: Any, times: int) -> Any:
        lead = unknown_axis(case)
        out = run(case, lambda a: times if lead(a) else 1)
        return [list(x.shape) for _, x in out]

    answers: dict[str, Any] = {"cases": {}, "sweeps": {}}
    # Most calls compile something: answers to unchanged cases are kept.
    old = pathlib.Path(path)
    known = pickle.loads(old.read_bytes()) if old.exists() else answers
    for key, case in module.CASES.items():
        spec = key + fingerprint(case)
        if spec in known["cases"]:
            answers["cases"][spec] = known["cases"][spec]
            continue
        entry = answers["cases"][spec] = {"out": attempt(run, case)}
        if case.sym:
            entry["sym"] = attempt(symbolic, case)
            entry["x2"] = attempt(shapes, case, 2)
            entry["x3"] = attempt(shapes, case, 3)
    for key, rows in module.sweeps().items():
        done = known["sweeps"].get(key, {})
        answers["sweeps"][key] = {}
        for row, (name, args) in rows.items():
            if row in done:
                answers["sweeps"][key][row] = done[row]
                continue

            def one(name: str = name, args: Any = args, seed: str = key + row) -> Any:
                drawn = draw_all(args, seed, convert)
                return [plain(x) for x in leaves(module.call(ops, name, drawn))]

            answers["sweeps"][key][row] = attempt(one)
    with open(path, "wb") as f:
        pickle.dump(answers, f)


def fingerprint(case: Any) -> str:
    """What an answer depends on."""
    code = case.call and (case.call.__code__.co_code, case.call.__code__.co_consts)
    code = re.sub("0x[0-9a-f]+", "", repr(code))
    return repr((case.name, case.args, case.kwargs, case.sym, code))


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


def merge(family: str, answers: dict[str, dict]) -> None:
    """One file from the three runs."""
    module, _ = FAMILIES[family]
    store, index = Store(), {}
    for key, case in module.CASES.items():
        got = {b: answers[b]["cases"][key + fingerprint(case)] for b in BACKENDS}
        good = [b for b in BACKENDS if not isinstance(got[b]["out"], str)]
        if not good:
            print("NO ANSWER", key, {b: got[b]["out"] for b in BACKENDS})
            continue
        # JAX follows NumPy, also where the other backends of real Keras do not.
        good.sort(key=lambda b: b != case.prefer)
        first = got[good[0]]["out"]
        entry: dict[str, Any] = {"spec": digest(case.name, case.args, case.kwargs)}
        entry["out"] = [
            x if d == "py" else store.put(x if case.values else x * 0) for d, x in first
        ]
        for b in good[1:]:
            out = got[b]["out"]
            same = len(out) == len(first) and all(map(close, out, first))
            if case.values and not same:
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
    for key, rows in module.sweeps().items():
        entry = {}
        for row in rows:
            got = {b: answers[b]["sweeps"][key][row] for b in BACKENDS}
            good = [b for b in BACKENDS if not isinstance(got[b], str)]
            if not good:
                continue
            dtypes = ["/".join(d for d, _ in got[b]) if b in good else "" for b in got]
            entry[row] = [dtypes[:1] if len(set(dtypes)) == 1 else dtypes]
            first = got[good[0]]
            agree = all(
                len(got[b]) == len(first) and all(map(close, got[b], first))
                for b in good
            )
            if agree and module.eager_row(key, row):
                entry[row].append([store.put(x) for _, x in first])
        index[f"sweep:{key}"] = entry
    store.save(family, index)


def symbolic_truth(key: str, got: dict) -> list | None:
    """Symbolic shapes by running at three sizes, else as real Keras infers them."""
    sym, out = got["sym"], [list(x.shape) for _, x in got["out"]]
    if isinstance(sym, str):
        print("SYMBOLIC RAISES", key, sym)
    if not isinstance(got["x2"], str) and not isinstance(got["x3"], str):
        runs = zip(out, got["x2"], got["x3"])
        truth = [[a if a == b == c else None for a, b, c in zip(*r)] for r in runs]
        if not isinstance(sym, str) and truth != [s for s, _ in sym]:
            print("SYMBOLIC DISAGREES", key, [s for s, _ in sym], "is", truth)
        return truth
    if isinstance(sym, str):
        return None
    shapes = [s for s, _ in sym]
    for s, e in zip(shapes, out):
        if len(s) != len(e) or any(a not in (None, b) for a, b in zip(s, e)):
            print("SYMBOLIC WRONG", key, shapes, out)
            return None
    return shapes


def main(family: str) -> None:
    """Run this file once per backend, then merge."""
    folder = pathlib.Path(tempfile.gettempdir()) / f"keras_{family}_answers"
    folder.mkdir(exist_ok=True)
    answers = {}
    for backend in BACKENDS:
        path = folder / backend
        env = dict(os.environ, KERAS_BACKEND=backend, TF_CPP_MIN_LOG_LEVEL="3")
        command = [sys.executable, __file__, family, str(path)]
        subprocess.run(command, env=env, check=True)
        answers[backend] = pickle.loads(path.read_bytes())
    merge(family, answers)


if __name__ == "__main__":
    ask(*sys.argv[1:]) if len(sys.argv) > 2 else main(sys.argv[1])
