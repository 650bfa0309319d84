"""One contender on one workload, in a process of its own, which measures when asked.

    python worker.py CONTENDER WORKLOAD

CONTENDER is by_api (with KERAS_BACKEND), by_hand_jax, by_hand_torch or
by_hand_tensorflow. With LAST_BATCH in the environment the last batch of an epoch has
half the samples. It reads lines `FIGURE SECONDS` and answers each with times as JSON,
after the first epoch, which it answers unasked.
"""

import importlib
import json
import os
import resource
import sys
import time

import data

MARK = "= "  # what frameworks print has none


def answer(times):
    print(MARK + json.dumps(times), flush=True)


def timed(function, *args):
    start = time.perf_counter()
    function(*args)
    return time.perf_counter() - start


def repeated(function, arguments, seconds):
    """The times of calls on the arguments in turn, for so long and at least once."""
    found, begin = [], time.perf_counter()
    while not found or time.perf_counter() - begin < seconds:
        found.append(timed(function, *arguments[len(found) % len(arguments)]))
    return found


def main(contender, workload):
    x, y, batch = data.make(workload, partial="LAST_BATCH" in os.environ)
    steps = len(x) // batch
    begin = time.perf_counter()
    module = importlib.import_module(contender)  # ours imports the framework later
    run = module.Contender(workload)
    run.epoch(x, y, batch)
    answer([time.perf_counter() - begin])
    samples = [(x[i : i + 1],) for i in range(200)]
    # figure: (function, arguments, steps in a call)
    figures = {
        "step": (run.epoch, [(x, y, batch)], steps),
        "evaluate": (run.evaluate, [(x, y, batch)], steps),
        "predict": (run.predict, [(x, batch)], steps),
        "predict_one": (run.predict_one, samples, 1),
        "call_one": (run.call_one, samples, 1),
    }
    for line in sys.stdin:
        name, seconds = line.split()
        if name == "memory":
            answer([resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024])
        else:
            function, arguments, steps = figures[name]
            answer([t / steps for t in repeated(function, arguments, float(seconds))])


if __name__ == "__main__":
    main(*sys.argv[1:])
