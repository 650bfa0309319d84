"""What saving and loading cost beside writing and reading the same bytes.

    python benchmarks/saving.py --backend torch --gigabytes 1 --folder .

Each figure is the median of some rounds; a round measures raw and ours in turn, in a
process of its own, so that peak memory is what that one operation adds. Reading starts
with the file dropped from the system's cache where the system allows it.
"""

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

CASES = (
    "raw write",
    "save_weights",
    "save .keras",
    "raw read",
    "load_weights",
    "load .keras",
)


def drop_from_cache(path):
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(handle)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def measured(function):
    """Seconds, and gigabytes of memory that it needed beyond what was there."""
    with open("/proc/self/status") as status:
        before = (
            next(int(s.split()[1]) for s in status if s.startswith("VmRSS")) / 2**20
        )
    start = time.perf_counter()
    function()
    return time.perf_counter() - start, max(peak() - before, 0.0)


def one(case, folder, gigabytes):
    """Measure one case in this process."""
    import numpy as np

    layers_count = 16
    side = int((gigabytes * 2**30 / 4 / layers_count) ** 0.5)
    raw = folder / "raw.bin"

    def write_raw(array):
        with open(raw, "wb", buffering=0) as file:
            view = memoryview(array).cast("B")
            while view:
                view = view[file.write(view) :]
            os.fsync(file.fileno())

    if case == "raw write":
        array = np.random.default_rng(0).random(layers_count * side**2, np.float32)
        return measured(lambda: write_raw(array))
    if case == "raw read":
        drop_from_cache(raw)
        return measured(lambda: np.fromfile(raw, np.uint8))

    import keras

    model = keras.Sequential([keras.Input((side,))])
    for _ in range(layers_count):
        model.add(keras.layers.Dense(side, use_bias=False))
    weights, whole = folder / "m.weights.h5", folder / "m.keras"
    if case.startswith("load"):
        path = weights if case == "load_weights" else whole
        for variable in model.weights:  # touch the memory
            variable.assign(np.ones(variable.shape, np.float32))
        drop_from_cache(path)
        return measured(lambda: model.load_weights(path))
    action = model.save_weights if case == "save_weights" else model.save
    return measured(lambda: action(weights if case == "save_weights" else whole))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--backend", default="jax")
    parser.add_argument("--gigabytes", type=float, default=1.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", default=None, help="on the disk to measure")
    parser.add_argument("--case", choices=CASES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.case:
        found = one(args.case, pathlib.Path(args.folder), args.gigabytes)
        print(json.dumps(found))
        return
    times = {case: [] for case in CASES}
    memory = {case: [] for case in CASES}
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for _ in range(args.rounds):
            for case in CASES:
                command = [sys.executable, __file__, "--case", case, "--folder", folder]
                command += ["--gigabytes", str(args.gigabytes)]
                done = subprocess.run(
                    command,
                    env={**os.environ, "KERAS_BACKEND": args.backend},
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
                took, grown = json.loads(done.stdout.splitlines()[-1])
                times[case].append(took)
                memory[case].append(grown)
    print(f"{args.gigabytes} GB of weights, backend {args.backend}\n")
    print("| | seconds | over raw | memory beyond the weights, GB |")
    print("|---|---|---|---|")
    for case in CASES:
        base = "raw write" if "write" in case or "save" in case else "raw read"
        took = statistics.median(times[case])
        ratio = took / statistics.median(times[base])
        grown = statistics.median(memory[case])
        print(f"| {case} | {took:.2f} | {ratio:.2f} | {grown:.2f} |")


if __name__ == "__main__":
    main()
