"""Where the time of a step goes, and how far it is from what the machine can do.

    python benchmarks/limits.py --backends jax torch tensorflow

For each workload: the time of the forward pass, of the gradients on top of it, and of
what is left of a step of `fit` (update, metrics, data, host), each measured by itself;
and the time that the step's multiplications take at the rate of a large matrix product,
or its weights and Adam's at the bandwidth of a large copy, whichever is more.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np
from data import SIZES, make

# Multiplications and additions of the forward pass for a sample.
_CONVS_16 = 32 * 32 * 9 * (3 * 16 + 6 * 16 * 16)
_CONVS_32 = 16 * 16 * (9 * (16 * 32 + 5 * 32 * 32) + 16 * 32)
_CONVS_64 = 8 * 8 * (9 * (32 * 64 + 5 * 64 * 64) + 32 * 64)
PRODUCTS = {
    "mlp_small": 10 * 32 + 32,
    "mlp": 784 * 512 + 512 * 512 + 512 * 10,
    "cnn": 26 * 26 * 9 * 32 + 11 * 11 * 9 * 32 * 64 + 1600 * 10,
    "lstm": 64 * (64 + 64) * 256 + 64,
    "transformer": 2 * 64 * (4 * 64 * 64 + 2 * 64 * 128 + 2 * 64 * 64) + 128,
    "resnet": _CONVS_16 + _CONVS_32 + _CONVS_64 + 640,
}


def best(function, rounds=7):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def machine():
    """Multiply-adds in a second, and bytes that a copy moves in a second."""
    a = np.random.default_rng(0).random((1536, 1536), "float32")
    source = np.ones(2**26, "float32")
    target = np.empty_like(source)
    products = len(a) ** 3 / best(lambda: a @ a)
    return products, 2 * source.nbytes / best(lambda: np.copyto(target, source))


def measure(workload):
    """Seconds of a batch: forward, gradients, step of fit; and the weights."""
    from by_api import Contender

    import keras

    x, y, batch = make(workload)
    model = Contender(workload).model
    model.fit(x, y, batch, verbose=0)
    steps = len(x) // batch
    fit = best(lambda: model.fit(x, y, batch, verbose=0)) / steps

    def loss(x, y):
        return model.compute_loss(x, y, model(x, training=True))

    def gradients(x, y):
        call = keras.ops.value_and_grad(loss, model.trainable_variables)
        return call(x, y)[1]

    def wait(function):
        run = keras.jit(function)
        given = [keras.ops.convert_to_tensor(a[:batch]) for a in (x, y)]

        def call():
            for out in [run(*given) for _ in range(5)]:
                keras.tree.map_structure(keras.ops.convert_to_numpy, out)

        call()
        return best(call) / 5

    forward = wait(loss)
    return forward, max(wait(gradients) - forward, 0.0), fit, model.count_params()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--backends", nargs="+", default=["jax", "torch", "tensorflow"])
    parser.add_argument("--one", choices=SIZES, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one)))
        return
    products, bandwidth = machine()
    print(f"{products / 1e9:.1f} G multiply-adds/s, {bandwidth / 1e9:.1f} GB/s\n")
    print(
        "| backend | workload | forward, ms | gradients | rest | step | limit | over |"
    )
    print("|---" * 8 + "|")
    for backend in args.backends:
        for workload, (_, batch) in SIZES.items():
            done = subprocess.run(
                [sys.executable, __file__, "--one", workload],
                env={**os.environ, "KERAS_BACKEND": backend},
                stdout=subprocess.PIPE,
                text=True,
                check=True,
            )
            forward, gradients, step, weights = json.loads(done.stdout.splitlines()[-1])
            # Backward there are two products for each; Adam reads 4 and writes 3.
            limit = max(
                3 * batch * PRODUCTS[workload] / products, 7 * 4 * weights / bandwidth
            )
            rest = max(step - forward - gradients, 0.0)
            cells = [forward, gradients, rest, step, limit]
            shown = " | ".join(f"{1e3 * cell:.3g}" for cell in cells)
            over = f"{step / limit:.1f}"
            print(f"| {backend} | {workload} | {shown} | {over} |", flush=True)


if __name__ == "__main__":
    main()
