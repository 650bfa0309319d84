"""Augmentation of a batch of 64 images of 224 x 224: this package against Keras 3.15.1.

    python benchmarks/augmentation.py --keras PYTHON [--backends numpy,jax]

PYTHON is a Python that has Keras 3.15.1. The layers are RandomFlip, RandomRotation,
RandomZoom, RandomTranslation and RandomContrast, one after another on a float32 batch
of the backend's tensors, compiled where the backend compiles. Each side runs in a
process of its own, in turns, and the least time of each counts. "fused" is this
package's `Pipeline(..., fuse=True)`, which resamples once.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import subprocess
import sys
import time
from typing import Any

import numpy as np

ROOT = pathlib.Path(__file__).parents[1]
SHAPE = (64, 224, 224, 3)
ROUNDS = 3


def compiled(keras: Any, function: Any) -> Any:
    """A function of a batch, compiled by the backend."""
    backend = keras.config.backend()
    if backend == "jax":
        import jax

        seeds = list(function.variables)

        def pure(batch: Any, values: Any) -> Any:
            return function.stateless_call([], values, batch, training=True)

        step, state = jax.jit(pure), [v.value for v in seeds]

        def run(batch: Any) -> Any:
            nonlocal state
            out, state = step(batch, state)
            return out

        return run
    if backend == "tensorflow":
        import tensorflow as tf

        return tf.function(lambda x: function(x, training=True), autograph=False)
    return lambda x: function(x, training=True)


def measure(fused: bool) -> float:
    """Seconds for one batch: the least of several."""
    import keras

    layers = keras.layers
    steps = [
        layers.RandomFlip(),
        layers.RandomRotation(0.1),
        layers.RandomZoom(0.2),
        layers.RandomTranslation(0.1, 0.1),
        layers.RandomContrast(0.2),
    ]
    options = {"fuse": True} if fused else {}
    pipeline = layers.Pipeline(steps, **options)
    images = np.random.default_rng(0).uniform(0, 255, SHAPE).astype("float32")
    batch = keras.ops.convert_to_tensor(images)
    pipeline(batch[:1])

    run = compiled(keras, pipeline)
    least = float("inf")
    for _ in range(4):
        start = time.perf_counter()
        np.asarray(keras.ops.convert_to_numpy(run(batch)))
        least = min(least, time.perf_counter() - start)
    return least


def ask(python: str, backend: str, *options: str) -> float:
    """The time that another process measures."""
    own = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    own["KERAS_BACKEND"] = backend
    if python == sys.executable:
        own["PYTHONPATH"] = str(ROOT)
    command = [python, __file__, "--measure", *options]
    out = subprocess.run(command, env=own, capture_output=True, text=True, check=True)
    return json.loads(out.stdout.splitlines()[-1])


def main() -> None:
    """Print a table of seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", help="a Python with Keras 3.15.1")
    parser.add_argument("--backends", default="numpy,jax,torch,tensorflow")
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--fused", action="store_true")
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(options.fused)))
        return

    for backend in options.backends.split(","):
        sides = {"single": (sys.executable,), "fused": (sys.executable, "--fused")}
        if options.keras:
            sides["Keras"] = (options.keras,)
        least = dict.fromkeys(sides, float("inf"))
        for _ in range(ROUNDS):
            for name, (python, *flags) in sides.items():
                least[name] = min(least[name], ask(python, backend, *flags))
        row = "  ".join(f"{name} {seconds:.3f} s" for name, seconds in least.items())
        if options.keras:
            ratios = [least[name] / least["Keras"] for name in ("single", "fused")]
            row += "  ratios " + " ".join(f"{ratio:.2f}" for ratio in ratios)
        print(f"{backend:11}{row}", flush=True)


if __name__ == "__main__":
    main()
