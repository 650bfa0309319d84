"""What `fit` costs on a sparse matrix: time of a step, and memory beyond the import.

    python benchmarks/sparse.py
    python benchmarks/sparse.py --oracle PYTHON --rows 25600

The matrix has 200,000 rows of 50,000 features, of which 25 to 75 are stored in a row,
10 million in all; as a dense one it would take 40 GB. The model is a small classifier
with a sparse input; backends without gradients only predict. Each contender runs
in a process of its own: one epoch to compile, and one that is timed. `--oracle` is a
Python with another Keras to run beside.
"""

import argparse
import json
import os
import pathlib
import resource
import subprocess
import sys
import tempfile
import time

FEATURES = 50_000
STORED = (25, 75)  # elements in a row, at least and at most
BATCH = 256
MARK = "= "


def memory():
    """The memory in use, in MB."""
    with open("/proc/self/status") as status:
        line = next(s for s in status if s.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def write(folder, rows):
    """Save the arrays of a matrix and its labels."""
    import numpy as np

    rng = np.random.default_rng(0)
    counts = rng.integers(STORED[0], STORED[1] + 1, rows)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype("int32")
    steps = rng.integers(1, FEATURES // STORED[1], starts[-1])
    steps[starts[:-1]] += 1
    # Distinct columns in each row, ascending: sums of steps since the row's start.
    sums = np.cumsum(steps)
    before = np.concatenate([[0], sums])[starts[:-1]]
    columns = (sums - np.repeat(before, counts) - 1).astype("int32")
    weights = rng.normal(size=FEATURES)
    y = np.add.reduceat(weights[columns], starts[:-1]) > 0
    np.save(folder / "starts.npy", starts)
    np.save(folder / "columns.npy", columns)
    np.save(folder / "values.npy", rng.random(len(columns), "float32"))
    np.save(folder / "y.npy", y.astype("float32"))


def measure(folder):
    """Fit in this process; print the figures."""
    import numpy as np
    import scipy.sparse

    import keras

    keras.ops.convert_to_numpy(keras.ops.ones((2, 2)))  # the framework is there
    before = memory()
    names = ("values", "columns", "starts", "y")
    values, columns, starts, y = (np.load(folder / f"{name}.npy") for name in names)
    x = scipy.sparse.csr_matrix((values, columns, starts), (len(y), FEATURES))

    backend = keras.backend.backend()
    sparse = os.environ["SPARSE"] == "1"
    model = keras.Sequential(
        [
            keras.Input((FEATURES,), sparse=sparse),
            keras.layers.Dense(16, activation="relu"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    times = []
    if backend == "numpy":
        for _ in range(2):
            start = time.perf_counter()
            model.predict(x, batch_size=BATCH, verbose=0)
            times.append(time.perf_counter() - start)
    else:
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
        for _ in range(2):
            start = time.perf_counter()
            model.fit(x, y, batch_size=BATCH, verbose=0)
            times.append(time.perf_counter() - start)

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before
    steps = -(-len(y) // BATCH)
    figures = {"first": times[0], "step": times[1] / steps * 1000, "peak": peak}
    print(MARK + json.dumps(figures), flush=True)


def main():
    """Run the contenders one after the other and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--backends", default="jax,torch,tensorflow,numpy")
    parser.add_argument("--dense", action="store_true", help="with a dense input too")
    parser.add_argument("--oracle", help="a Python with another Keras")
    parser.add_argument("--timeout", type=int, default=900)
    options = parser.parse_args()

    root = pathlib.Path(__file__).parents[1]
    contenders = []
    for backend in options.backends.split(","):
        kinds = "10" if options.dense and backend != "numpy" else "1"
        contenders += [("ours", backend, sys.executable, kind) for kind in kinds]
        if options.oracle and backend in ("jax", "tensorflow"):
            contenders.append(("Keras", backend, options.oracle, "1"))

    print(f"{options.rows} rows, {-(-options.rows // BATCH)} steps in an epoch")
    print("package  backend     input   first epoch   step      peak memory")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write(folder, options.rows)
        for package, backend, python, sparse in contenders:
            environment = {**os.environ, "KERAS_BACKEND": backend, "SPARSE": sparse}
            environment["PYTHONPATH"] = str(root) if package == "ours" else ""
            kind = "sparse" if sparse == "1" else "dense"
            head = f"{package:<8} {backend:<11} {kind:<7} "
            try:
                done = subprocess.run(
                    [python, __file__, "--measure", name],
                    env=environment,
                    capture_output=True,
                    text=True,
                    timeout=options.timeout,
                )
            except subprocess.TimeoutExpired:
                print(f"{head} not done after {options.timeout} s", flush=True)
                continue
            lines = [s for s in done.stdout.splitlines() if s.startswith(MARK)]
            if not lines:
                print(f"{head} {done.stderr.strip().splitlines()[-1]}", flush=True)
                continue
            found = json.loads(lines[0][len(MARK) :])
            print(
                f"{head}{found['first']:10.1f} s {found['step']:7.2f} ms"
                f"{found['peak']:12.0f} MB",
                flush=True,
            )


if __name__ == "__main__":
    if "--measure" in sys.argv:
        measure(pathlib.Path(sys.argv[-1]))
    else:
        main()
