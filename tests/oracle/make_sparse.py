"""Ask real Keras for the results of every call in `sparse_cases`.

Run with an interpreter that has Keras 3.15.1, JAX and TensorFlow:
`python tests/oracle/make_sparse.py`. It runs itself once per backend and writes
data/sparse.json: for each call the kind of the result ("dense", "sparse", "ragged",
"python", or the name of an error), its type and its values; and the same for symbolic
tensors, with the shape in the place of the values.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

sys.path.append(str(pathlib.Path(__file__).parents[1]))

import numpy as np

from oracle import sparse_cases as cases

BACKENDS = ("jax", "tensorflow")
DATA = pathlib.Path(__file__).parent / "data" / "sparse.json"


def make_tensors(backend: str) -> dict[str, Any]:
    """The tensors by name, of the framework."""
    from keras import ops

    tensors = {}
    for name, array in cases.arrays().items():
        if name in cases.DENSE:
            tensors[name] = ops.convert_to_tensor(array)
        elif backend == "jax":
            from jax.experimental.sparse import BCOO

            tensors[name] = BCOO.fromdense(array)
        else:
            import tensorflow as tf

            tensors[name] = tf.sparse.from_dense(array)
    if backend == "tensorflow":
        import tensorflow as tf

        for name, rows in cases.ROWS.items():
            dtype = tf.int32 if name in cases.INTEGERS else tf.float32
            tensors[name] = tf.ragged.constant(rows, dtype)
    return tensors


def symbols(backend: str) -> dict[str, Any]:
    """Symbolic tensors in their places."""
    import keras

    found = {
        name: keras.KerasTensor(
            shape,
            "int32" if name in cases.INTEGERS else "float32",
            sparse=name in cases.SPARSE,
        )
        for name, shape in cases.SYMBOLIC_SHAPES.items()
    }
    if backend == "tensorflow":
        for name in cases.ROWS:
            dtype = "int32" if name in cases.INTEGERS else "float32"
            found[name] = keras.KerasTensor((None, None), dtype, ragged=True)
    return found


def kind_of(x: Any) -> str:
    """What a result is."""
    if type(x).__name__ in ("BCOO", "SparseTensor"):
        return "sparse"
    if type(x).__name__ == "RaggedTensor":
        return "ragged"
    return "dense" if hasattr(x, "shape") else "python"


def plain(x: Any) -> Any:
    """A result as (kind, dtype, values)."""
    kind = kind_of(x)
    if isinstance(x, (list, tuple)) and any(hasattr(v, "dtype") for v in x):
        return [plain(v) for v in x]
    if kind == "python":
        return [kind, None, repr(x)]
    dtype = str(getattr(x.dtype, "name", x.dtype))
    if kind == "ragged":
        return [kind, dtype, x.to_list()]
    if kind == "sparse":
        x = x.todense() if hasattr(x, "todense") else _to_dense(x)
    return [kind, dtype, np.asarray(x).tolist()]


def _to_dense(x: Any) -> Any:
    import tensorflow as tf

    return tf.sparse.to_dense(tf.sparse.reorder(x))


def symbolic(x: Any) -> Any:
    """A symbolic result as (kind, dtype, shape)."""
    if isinstance(x, (list, tuple)):
        return [symbolic(v) for v in x]
    if not hasattr(x, "sparse"):
        return ["python", None, None]
    kind = "sparse" if x.sparse else "ragged" if x.ragged else "dense"
    return [kind, x.dtype, list(x.shape)]


def ask(path: str) -> None:
    """Run everything on the backend in force."""
    import scipy.sparse

    import keras

    backend = keras.backend.backend()
    tensors, placeholders = make_tensors(backend), symbols(backend)
    scope = {"ops": keras.ops, "layers": keras.layers, "keras": keras}
    scope["SCIPY"] = scipy.sparse.csr_matrix(cases.arrays()["s"])

    def attempt(call: str, names: dict[str, Any], read: Any) -> Any:
        try:
            return read(eval(call, {**scope, **names}))
        except Exception as error:
            return f"{type(error).__name__}: {str(error)[:120]}"

    calls = [*cases.CALLS, *cases.LAYERS]
    if backend == "tensorflow":
        calls += cases.RAGGED
    found = {
        call: [
            attempt(call, tensors, plain),
            attempt(call, placeholders, symbolic),
        ]
        for call in calls
    }
    pathlib.Path(path).write_text(json.dumps(found))


def main() -> None:
    """Ask each backend in a process of its own and write what they say."""
    answers = {}
    for backend in BACKENDS:
        path = f"/tmp/sparse_{backend}.json"
        environment = {**os.environ, "KERAS_BACKEND": backend}
        subprocess.run([sys.executable, __file__, path], env=environment, check=True)
        answers[backend] = json.loads(pathlib.Path(path).read_text())
    lines = [
        json.dumps({"call": call, **{b: answers[b].get(call) for b in BACKENDS}})
        for call in answers["tensorflow"]
    ]
    DATA.write_text("[\n" + ",\n".join(lines) + "\n]\n")


if __name__ == "__main__":
    ask(sys.argv[1]) if len(sys.argv) > 1 else main()
