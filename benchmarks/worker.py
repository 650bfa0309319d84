"""One contender on one workload, in a process of its own; prints one line of JSON.

    python worker.py CONTENDER WORKLOAD [EPOCHS]

CONTENDER is by_api (with KERAS_BACKEND), by_hand_jax, by_hand_torch or
by_hand_tensorflow. With LAST_BATCH in the environment the last batch of an epoch has
half the samples.
"""

import importlib
import json
import os
import resource
import statistics
import sys
import time

import data


def timed(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def repeated(function, arguments, least, most=300, seconds=1.5):
    """The median time of at least `least` and at most `most` calls.

    `arguments` are taken in turn.
    """
    found, begin = [], time.perf_counter()
    while len(found) < least or (
        len(found) < most and time.perf_counter() - begin < seconds
    ):
        found.append(timed(function, *arguments[len(found) % len(arguments)]))
    return statistics.median(found)


def main(contender, workload, epochs=4):
    begin = time.perf_counter()
    module = importlib.import_module(contender)
    imported = time.perf_counter() - begin
    x, y, batch = data.make(workload, partial="LAST_BATCH" in os.environ)
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
        function = getattr(run, name)
        function(*args)
        found[name] = repeated(function, [args], 3) / steps
    samples = [(x[i : i + 1],) for i in range(200)]
    for name in ("predict_one", "call_one"):
        function = getattr(run, name)
        for sample in samples[:10]:
            function(*sample)
        found[name] = repeated(function, samples, 20)
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
