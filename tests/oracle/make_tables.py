"""Ask real Keras for what the layers of `tables_cases` give, on TensorFlow and on JAX.

    python tests/oracle/make_tables.py

with an interpreter that has Keras 3.15.1, TensorFlow and JAX. Values are TensorFlow's;
of JAX the types of the outputs are kept where they differ.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

# At the end: the `keras` beside this folder is ours and must not shadow the real one.
sys.path.append(str(pathlib.Path(__file__).parents[1]))

from oracle.tables_cases import CASES, plain

PATH = pathlib.Path(__file__).parent / "data" / "tables.json"


def numpy(x: Any) -> Any:
    """A result of any framework as an array."""
    import keras

    if hasattr(x, "numpy"):
        return x.numpy()
    return keras.ops.convert_to_numpy(x)


def attempt(function: Any) -> Any:
    """What a function returns, or the name and text of its error."""
    try:
        return function()
    except Exception as error:
        return {"error": type(error).__name__, "text": str(error)[:200]}


def ask(case: Any) -> dict:
    """Everything about one case."""
    import keras

    def symbolic(x: Any) -> Any:
        kind = "string" if x.dtype.kind in "US" else x.dtype.name
        shape = (None, *x.shape[1:]) if x.shape else ()
        return keras.KerasTensor(shape, kind)

    layer = getattr(keras.layers, case.cls)(**case.config)
    entry: dict[str, Any] = {}
    if case.adapt is not None:
        layer.adapt(case.adapt)
    outs = []
    for x in case.calls:
        outs.append(attempt(lambda x=x: plain(numpy(layer(x)))))
    entry["out"] = outs
    if case.symbolic:
        x = case.calls[0]
        x = tuple(map(symbolic, x)) if isinstance(x, tuple) else symbolic(x)

        def specs() -> Any:
            out = layer(x)
            return [list(out.shape), keras.backend.standardize_dtype(out.dtype)]

        entry["symbolic"] = attempt(specs)
    entry["config"] = attempt(
        lambda: json.loads(json.dumps(keras.layers.serialize(layer), default=str))
    )
    if hasattr(layer, "get_vocabulary"):
        entry["vocabulary"] = attempt(
            lambda: [plain_token(t) for t in layer.get_vocabulary()]
        )
        entry["bare"] = attempt(
            lambda: [
                plain_token(t)
                for t in layer.get_vocabulary(include_special_tokens=False)
            ]
        )
        entry["size"] = attempt(lambda: int(layer.vocabulary_size()))
    entry["weights"] = [[w.name, list(w.shape), w.dtype] for w in layer.weights]
    entry["dtypes"] = [layer.dtype, layer.compute_dtype, layer.variable_dtype]
    return entry


def plain_token(token: Any) -> Any:
    """A token as JSON has it."""
    if isinstance(token, bytes):
        return token.decode()
    return token if isinstance(token, str) else int(token)


def main() -> None:
    """Write data/tables.json."""
    if "answer" in sys.argv:
        answers = {}
        for key, case in CASES.items():
            try:
                answers[key] = ask(case)
            except Exception as error:
                answers[key] = {"error": type(error).__name__, "text": str(error)[:300]}
        print("ANSWERS" + json.dumps(answers))
        return

    found = {}
    for backend in ("tensorflow", "jax"):
        out = subprocess.run(
            [sys.executable, __file__, "answer"],
            env={**os.environ, "KERAS_BACKEND": backend, "CUDA_VISIBLE_DEVICES": ""},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        found[backend] = json.loads(out.partition("ANSWERS")[2])

    index = {}
    for key, entry in found["tensorflow"].items():
        other = found["jax"][key]
        if "error" in other and "error" not in entry:
            print("ONLY ON TENSORFLOW", key, other)
        if other.get("symbolic") != entry.get("symbolic"):
            entry["symbolic_jax"] = other.get("symbolic")
        types = [o.get("dtype") for o in other.get("out", ())]
        if types != [o.get("dtype") for o in entry.get("out", ())]:
            entry["dtypes_jax"] = types
        index[key] = entry
        for out in [entry, *entry.get("out", ())]:
            if "error" in out:
                print("RAISES", key, CASES[key].config, out["error"], out["text"])
    lines = ",\n".join(
        f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'), ensure_ascii=False)}"
        for k, v in index.items()
    )
    PATH.write_text("{\n" + lines + "\n}\n")
    print(len(index), "cases")


if __name__ == "__main__":
    main()
