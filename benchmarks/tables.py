"""Layers for text, categories and numbers: this package against Keras 3.15.1.

    python benchmarks/tables.py --keras PYTHON [--megabytes 100] [--values 10000000]

PYTHON is a Python that has Keras 3.15.1 and TensorFlow; without it only this package is
measured. Both sides run in processes of their own, one after the other, several times,
and the least processor time of each counts (of all threads together, so that other
programs on the same cores count little). Both are given the same NumPy arrays.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

ROOT = pathlib.Path(__file__).parents[1]
WORDS = 20_000


def texts(megabytes: float) -> np.ndarray:
    """Texts of 200 words, as frequent as in a language (Zipf), in objects."""
    rng = np.random.default_rng(0)
    letters = np.array(list("etaoinshrdlucmfwypvbgkjqxz"))
    words = [
        "".join(rng.choice(letters[: 8 + n % 18], 2 + n % 9)) for n in range(4 * WORDS)
    ]
    words = np.array([w.capitalize() if n % 7 == 0 else w for n, w in enumerate(words)])
    weights = 1.0 / np.arange(10, len(words) + 10)
    marks = np.array([" ", " ", " ", " ", ", ", ". "])
    found, size = [], 0
    while size < megabytes * 1e6:
        chosen = rng.choice(words, 200, p=weights / weights.sum())
        text = "".join(np.char.add(chosen, rng.choice(marks, 200)).tolist())
        found.append(text)
        size += len(text)
    return np.array(found, object)


def cases(megabytes: float, count: int) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The name of each case and what is timed; made one after the other."""
    import keras

    layers = keras.layers
    rng = np.random.default_rng(1)

    data: Any = texts(megabytes)
    words = layers.TextVectorization(max_tokens=WORDS, output_sequence_length=200)
    yield "TextVectorization.adapt", lambda: words.adapt(data)
    yield "TextVectorization, call", lambda: _in_batches(words, data, 2048)
    data = None

    keys: Any = rng.zipf(1.2, count) % (2 * WORDS)
    numbers = layers.IntegerLookup(max_tokens=WORDS)
    yield "IntegerLookup.adapt", lambda: numbers.adapt(keys)
    yield "IntegerLookup, call", lambda: numbers(keys)

    wide: Any = keys * 1_000_003_327
    sparse = layers.IntegerLookup(max_tokens=WORDS)
    yield "IntegerLookup.adapt, wide", lambda: sparse.adapt(wide)
    yield "IntegerLookup, call, wide", lambda: sparse(wide)
    wide = None

    text: Any = np.char.add("item_", keys.astype("U6"))
    keys = None
    strings = layers.StringLookup(max_tokens=WORDS)
    yield "StringLookup.adapt", lambda: strings.adapt(text)
    yield "StringLookup, call", lambda: strings(text)
    hashing = layers.Hashing(1000)
    yield "Hashing, call", lambda: hashing(text)
    text = None

    table = rng.standard_normal((count, 20), np.float32)
    normal = layers.Normalization()
    yield "Normalization.adapt", lambda: normal.adapt(table)
    yield "read the same memory once", lambda: table.view(np.uint64).max()


def _in_batches(layer: Any, data: np.ndarray, size: int) -> None:
    for start in range(0, len(data), size):
        layer(data[start : start + size])


def measure(megabytes: float, count: int, only: str) -> None:
    """Print the seconds of each case as JSON."""
    found = {}
    for name, run in cases(megabytes, count):
        if name.startswith(only):
            start = time.process_time()
            run()
            found[name] = time.process_time() - start
    print("SECONDS" + json.dumps(found))


def ask(python: str, ours: bool, options: argparse.Namespace) -> dict[str, float]:
    """One measurement in a process of its own."""
    environment = {
        **os.environ,
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
    }
    environment["KERAS_BACKEND"] = options.backend if ours else "tensorflow"
    environment["PYTHONPATH"] = str(ROOT) if ours else ""
    arguments = [str(options.megabytes), str(options.values), options.only]
    out = subprocess.run(
        [python, __file__, "--one", *arguments],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return json.loads(out.partition("SECONDS")[2])


def main() -> None:
    """Print a table of times."""
    if "--one" in sys.argv:
        megabytes, count, only = sys.argv[2:]
        measure(float(megabytes), int(count), only)
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--keras", help="a Python with Keras 3.15.1 and TensorFlow")
    parser.add_argument("--backend", default="numpy", help="that of this package")
    parser.add_argument("--megabytes", type=float, default=100.0)
    parser.add_argument("--values", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", default="", help="how a case's name begins")
    options = parser.parse_args()

    sides = {"ours": sys.executable} | (
        {"keras": options.keras} if options.keras else {}
    )
    best: dict[str, dict[str, float]] = {side: {} for side in sides}
    for _ in range(options.rounds):
        for side, python in sides.items():
            for name, seconds in ask(python, side == "ours", options).items():
                best[side][name] = min(seconds, best[side].get(name, seconds))
    print(f"{'':28}{'ours':>9}{'keras':>9}{'ratio':>8}")
    for name, seconds in best["ours"].items():
        other = best.get("keras", {}).get(name)
        end = f"{other:9.2f}{seconds / other:8.2f}" if other else ""
        print(f"{name:28}{seconds:9.2f}{end}")


if __name__ == "__main__":
    main()
