"""What a process takes that loads a saved model and predicts one sample.

    python benchmarks/serving.py --backends numpy jax torch tensorflow

`--python` names the interpreter of another environment, such as one in which no
framework is installed. Each figure is the median of some processes of its own.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile

SAVE = """
import sys, keras
from keras import layers
keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Conv2D(32, 3, activation="relu"), layers.MaxPooling2D(),
    layers.Conv2D(64, 3, activation="relu"), layers.MaxPooling2D(),
    layers.Flatten(), layers.Dense(128, activation="relu"), layers.Dense(10),
]).save(sys.argv[1])
"""
SERVE = """
import time
start = time.perf_counter()
import resource, sys
import numpy, keras
model = keras.models.load_model(sys.argv[1])
model.predict(numpy.zeros((1, 28, 28, 1), "float32"), verbose=0)
elapsed = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(elapsed, peak)
"""


def run(python, program, path, backend):
    """The words that a program prints, in a process of its own."""
    environment = {**os.environ, "KERAS_BACKEND": backend}
    out = subprocess.run(
        [python, "-c", program, path],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    return out.stdout.split()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--backends", nargs="+", default=["numpy"])
    parser.add_argument("--python", default=sys.executable)
    parser.add_argument("--repeats", type=int, default=5)
    args = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        run(args.python, SAVE, path, args.backends[0])
        for backend in args.backends:
            runs = [
                [float(n) for n in run(args.python, SERVE, path, backend)]
                for _ in range(args.repeats)
            ]
            seconds, peak = map(statistics.median, zip(*runs))
            print(f"{backend:12} {seconds:6.2f} s {peak:6.0f} MB")


if __name__ == "__main__":
    main()
