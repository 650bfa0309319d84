"""One contender on one workload, in a process of its own; prints one line of JSON.

    python worker.py CONTENDER WORKLOAD [EPOCHS]

CONTENDER is by_api (with KERAS_BACKEND), by_hand_jax, by_hand_torch or
by_hand_tensorflow.
"""

import importlib
import json
import resource
import statistics
import sys
import time

import data


def timed(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def repeated(measure, least, most=300, seconds=1.5):
    """The median of at least `least` and at most `most` measurements."""
    found, begin = [], time.perf_counter()
    while len(found) < least or (
        len(found) < most and time.perf_counter() - begin < seconds
    ):
        found.append(measure(len(found)))
    return statistics.median(found)


def main(contender, workload, epochs=4):
    begin = time.perf_counter()
    module = importlib.import_module(contender)
    imported = time.perf_counter() - begin
    x, y, batch = data.make(workload)
    steps = len(x) // batch
    made = time.perf_counter()
    run = module.Contender(workload)
    run.epoch(x, y, batch)
    first = time.perf_counter() - made
    times = [timed(run.epoch, x, y, batch) for _ in range(int(epochs))]
    found = {
        "import": imported,
        "first": first,
        "step": statistics.median(times) / steps,
    }
    for name, args in (("evaluate", (x, y, batch)), ("predict", (x, batch))):
        timed(getattr(run, name), *args)
        found[name] = repeated(lambda i: timed(getattr(run, name), *args), 3) / steps
    for name in ("predict_one", "call_one"):
        one = getattr(run, name)
        for i in range(10):
            one(x[i : i + 1])
        found[name] = repeated(lambda i: timed(one, x[i % 200 : i % 200 + 1]), 20)
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
