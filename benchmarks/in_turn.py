"""Ours and by hand in one process, turn by turn, against a machine's slow spells.

KERAS_BACKEND=torch python benchmarks/in_turn.py WORKLOAD [ROUNDS]
"""

import importlib
import statistics
import sys

import by_api
import data
from worker import timed

import keras


def main(workload, rounds=8):
    backend = keras.backend.backend()
    hand = importlib.import_module(f"by_hand_{backend}")
    contenders = by_api.Contender(workload), hand.Contender(workload)
    x, y, batch = data.make(workload)
    whole = {"epoch": (x, y, batch), "evaluate": (x, y, batch), "predict": (x, batch)}
    samples = [(x[i : i + 1],) for i in range(40)]
    turns = {name: [args] * 3 for name, args in whole.items()}
    turns |= {"predict_one": samples, "call_one": samples}
    times = {name: ([], []) for name in turns}
    for turn in range(int(rounds) + 1):
        for i, contender in enumerate(contenders):
            for name, calls in turns.items():
                found = [timed(getattr(contender, name), *args) for args in calls]
                if turn:  # the first one compiles
                    times[name][i].extend(found)
    for name, (ours, by_hand) in times.items():
        ours, by_hand = statistics.median(ours), statistics.median(by_hand)
        difference = f"{(ours - by_hand) * 1e3:+.3f} ms"
        shown = difference if name in ("predict_one", "call_one") else ""
        print(f"{backend} {workload} {name}: {ours / by_hand:.2f} of by hand {shown}")


if __name__ == "__main__":
    main(*sys.argv[1:])
