"""Every image classifier beside real Keras: outputs, building, one image.

    python benchmarks/applications.py --keras /path/to/python --models ResNet50
    python benchmarks/applications.py --table        # of what was measured so far

`--keras` names a Python that has Keras 3.15.1 installed. It draws weights, writes them
to a file and computes the scores of one image; ours reads the file on each backend.
Building is timed in a process of its own, the import of the framework left out. What
was measured is kept in `results/applications.json`; `--table` prints it as Markdown.
"""

import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

RESULTS = pathlib.Path(__file__).parent / "results" / "applications.json"
BACKENDS = ("jax", "torch", "tensorflow")


def image_for(model):
    """One drawn image of the size that a model was made for."""
    import numpy as np

    shape = tuple(1 if n is None else n for n in model.inputs[0].shape)
    return np.random.RandomState(0).uniform(0, 255, shape).astype("float32")


def draw_weights(model):
    """Weights that keep the size of what flows through the network."""
    import numpy as np

    rng = np.random.RandomState(0)
    for layer in model.layers:
        values = []
        for weight in layer.weights:
            noise = rng.standard_normal(weight.shape).astype("float32")
            if "variance" in weight.name:
                noise = 1 + 0.3 * np.tanh(noise)
            elif weight.name == "count":
                noise = np.zeros(weight.shape, "int32")
            elif weight.name in ("gamma", "scale"):
                noise = 1 + 0.1 * noise
            elif len(weight.shape) < 2:
                noise = 0.1 * noise
            else:
                taken = np.prod(weight.shape[:-1])
                if "depthwise" in weight.path or "dw" in layer.name:
                    taken = np.prod(weight.shape[:2])
                noise = noise * np.sqrt(1.5 / taken).astype("float32")
            values.append(noise)
        layer.set_weights(values)


def build(name):
    """A model without weights, and how long that took."""
    import keras

    make = getattr(keras.applications, name)
    keras.ops.add([1.0], [2.0])  # the framework is up
    start = time.perf_counter()
    model = make(weights=None)
    return model, time.perf_counter() - start


def real(name, folder):
    """What Keras makes of an architecture."""
    import numpy as np

    import keras

    model, seconds = build(name)
    draw_weights(model)
    model.save_weights(folder / "drawn.weights.h5")
    scores = keras.ops.convert_to_numpy(model(image_for(model), training=False))
    np.save(folder / "scores.npy", scores)
    return {"parameters": model.count_params(), "build": seconds}


def ours(name, folder):
    """What our package makes of the same weights."""
    import numpy as np

    import keras

    model, seconds = build(name)
    model.load_weights(folder / "drawn.weights.h5")
    image = image_for(model)

    def call():
        return keras.ops.convert_to_numpy(model(image, training=False))

    wanted = np.load(folder / "scores.npy")
    apart = float(np.abs(call() - wanted).max())
    call()
    times = []
    for _ in range(7):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return {
        "parameters": model.count_params(),
        "build": seconds,
        "apart": apart,
        "latency": statistics.median(times),
    }


def run(python, name, folder, backend, which):
    """The figures of one process."""
    path = "" if which == "real" else str(pathlib.Path(__file__).parents[1])
    settings = {"KERAS_BACKEND": backend, "PYTHONPATH": path}
    command = [python, __file__, "--inside", which, "--models", name]
    found = subprocess.run(
        [*command, "--folder", str(folder)],
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **settings},
        capture_output=True,
        text=True,
    )
    if found.returncode:
        raise SystemExit(f"{name} on {backend} ({which}):\n{found.stderr[-2000:]}")
    return json.loads(found.stdout.splitlines()[-1])


def measure(options):
    """Measure the models one by one; what was measured before is kept."""
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in options.models:
        with tempfile.TemporaryDirectory() as folder:
            place = pathlib.Path(folder)
            found = {"real": run(options.keras, name, place, "jax", "real")}
            for backend in options.backends:
                found[backend] = run(sys.executable, name, place, backend, "ours")
        results[name] = {**results.get(name, {}), **found}
        RESULTS.parent.mkdir(exist_ok=True)
        RESULTS.write_text(json.dumps(results, indent=1))
        print(name, json.dumps(results[name]), flush=True)


def table():
    """The results in Markdown."""
    results = json.loads(RESULTS.read_text())
    print(
        "| | parameters | largest difference | build, s (Keras on JAX) "
        "| one image, ms |\n|---|---:|---:|---:|---:|"
    )
    for name in sorted(results):
        found = results[name]
        mine = [found[b] for b in BACKENDS]
        same = {m["parameters"] for m in (*mine, found["real"])}
        apart = max(m["apart"] for m in mine)
        builds = " / ".join(f"{m['build']:.2f}" for m in mine)
        latency = " / ".join(f"{1e3 * m['latency']:.0f}" for m in mine)
        print(
            f"| {name} | {' or '.join(f'{n:,}' for n in same)} | {apart:.0e} "
            f"| {builds} ({found['real']['build']:.1f}) | {latency} |"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keras", default=sys.executable)
    parser.add_argument("--models", nargs="*", default=[])
    parser.add_argument("--backends", nargs="*", default=list(BACKENDS))
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--inside", choices=("real", "ours"))
    parser.add_argument("--folder", type=pathlib.Path)
    options = parser.parse_args()
    if options.inside:
        inside = real if options.inside == "real" else ours
        print(json.dumps(inside(options.models[0], options.folder)))
    elif options.table:
        table()
    else:
        measure(options)


if __name__ == "__main__":
    main()
