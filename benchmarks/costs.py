"""What the package costs beside the steps: imports, building, cycles, growth.

    python benchmarks/costs.py --backends jax torch tensorflow

Each figure is the median of some processes of its own.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time

FRAMEWORKS = {"jax": "jax.numpy", "torch": "torch", "tensorflow": "tensorflow"}
CASES = {
    "import": "import keras, ms",
    "framework": "import of the framework, s",
    "first_use": "import keras and a first op, over that, s",
    "others": "other frameworks imported",
    "cold": "building MobileNetV2's 155 layers, first time, s",
    "warm": "again, s",
    "linear": "building 400 layers over 100 layers (4 is linear)",
    "growth": "memory that 100 cycles of build, fit, predict add after the 20th, MB",
    "data": "a step of fit with 100 times the data, over one with 1",
    "copied": "memory that fit adds on 1 GB of data, MB",
}


def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def timed(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def imports(backend):
    import importlib

    if sys.argv[-1] == "framework":
        return {"framework": timed(importlib.import_module, FRAMEWORKS[backend])}

    def use():
        import keras

        keras.ops.add([1.0], [2.0])

    found = {"import": timed(importlib.import_module, "keras") * 1e3}
    found["first_use"] = found["import"] / 1e3 + timed(use)
    others = {"jax", "torch", "tensorflow"} - {backend}
    found["others"] = len(others & set(sys.modules))
    return found


def mobile():
    import keras
    from keras.layers import Add, BatchNormalization, Conv2D, DepthwiseConv2D, ReLU

    def conv(x, layer, active=True):
        x = BatchNormalization()(layer(x))
        return ReLU(6.0)(x) if active else x

    x = inputs = keras.Input((224, 224, 3))
    x = conv(x, Conv2D(32, 3, 2, "same", use_bias=False))
    stages = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2)]
    for wider, filters, count, stride in [
        *stages,
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ]:
        for i in range(count):
            step = stride if i == 0 else 1
            h = conv(x, Conv2D(wider * x.shape[-1], 1, use_bias=False))
            h = conv(h, DepthwiseConv2D(3, step, "same", use_bias=False))
            h = conv(h, Conv2D(filters, 1, use_bias=False), active=False)
            x = Add()([x, h]) if h.shape == x.shape else h
    x = conv(x, Conv2D(1280, 1, use_bias=False))
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(1000, "softmax")(x))


def building(backend):
    import keras

    keras.ops.add([1.0], [2.0])

    def chain(count):
        x = keras.Input((8,))
        for _ in range(count):
            x = keras.layers.Dense(8)(x)
        return x

    found = {"cold": timed(mobile), "warm": timed(mobile)}
    chain(10)
    found["linear"] = timed(chain, 400) / timed(chain, 100)
    return found


def small(keras):
    model = keras.Sequential(
        [keras.Input((20,)), keras.layers.Dense(32, "relu"), keras.layers.Dense(1)]
    )
    model.compile("adam", "mse")
    return model


def cycles(backend):
    import gc

    import numpy as np

    import keras

    x, y = np.ones((64, 20), "float32"), np.ones((64, 1), "float32")
    memory = []
    for _ in range(100):
        model = small(keras)
        model.fit(x, y, verbose=0)
        model.predict(x, verbose=0)
        del model
        gc.collect()
        memory.append(resident())
    return {"growth": memory[-1] - memory[19]}


def data(backend):
    import numpy as np

    import keras

    def step(count):
        x, y = np.ones((count, 20), "float32"), np.ones((count, 1), "float32")
        model = small(keras)
        model.fit(x, y, verbose=0)
        return min(timed(lambda: model.fit(x, y, verbose=0)) for _ in range(3)) / count

    found = {"data": step(3_200_000) / step(32_000)}
    x = np.ones((2**28 // 1024, 1024), "float32")
    y = np.ones((len(x), 1), "float32")
    model = keras.Sequential([keras.Input((1024,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x[:4096], y[:4096], 1024, verbose=0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    model.fit(x, y, 1024, verbose=0)
    found["copied"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - peak
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--backends", nargs="+", default=list(FRAMEWORKS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help=argparse.SUPPRESS)
    args, _ = parser.parse_known_args()
    if args.one:
        print(json.dumps(globals()[args.one](os.environ["KERAS_BACKEND"])))
        return
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # as where it is installed
    table = {}
    for backend in args.backends:
        rounds = []
        for _ in range(args.rounds):
            found = {}
            for what in ("imports", "imports framework", "building", "cycles", "data"):
                done = subprocess.run(
                    [sys.executable, __file__, "--one", *what.split()],
                    env={**os.environ, "KERAS_BACKEND": backend},
                    stdout=subprocess.PIPE,
                    text=True,
                    check=True,
                )
                found.update(json.loads(done.stdout.splitlines()[-1]))
            found["first_use"] -= found["framework"]
            rounds.append(found)
        table[backend] = {k: statistics.median(r[k] for r in rounds) for k in CASES}
    print("| |" + " | ".join(table) + " |")
    print("|---" * (1 + len(table)) + "|")
    for case, title in CASES.items():
        cells = " | ".join(f"{found[case]:.3g}" for found in table.values())
        print(f"| {title} | {cells} |")


if __name__ == "__main__":
    main()
