"""Kill training with SIGKILL at random moments, over and over; compare with one that
was never killed.

    python tests/saving/kill_many.py jax --runs 50

Each run trains the same small model, is killed some times, started again each time,
and must end with the same weights, history and CSV log, bit for bit. In every second
run a callback logs each step, which tells how many were done again; in the others
steps may run many to a dispatch. Imports happen once: every life is a fork of a
process that has only loaded the backend (TensorFlow, which cannot be forked, starts
anew each time).
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

SAVE_FREQ = 4
STEPS, EPOCHS = 13, 4


def train(folder, logs_steps, asynchronous):
    """One life: train to the end, or to the kill."""
    import numpy as np

    import keras

    keras.utils.set_random_seed(3)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8 * STEPS - 3, 6)).astype("float32")
    y = (x[:, :1] * x[:, 1:2] > 0).astype("float32")
    model = keras.Sequential(
        [
            keras.Input((6,)),
            keras.layers.Dense(24, activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"]
    )

    class Begin(keras.callbacks.Callback):
        """Tells that training begins."""

        def on_epoch_begin(self, epoch, logs=None):
            (folder / "begun").touch()

    class Log(Begin):
        """Writes down each step that ran."""

        def on_epoch_begin(self, epoch, logs=None):
            super().on_epoch_begin(epoch)
            self.epoch = epoch

        def on_train_batch_end(self, batch, logs=None):
            with open(folder / "steps", "a") as file:
                file.write(f"{self.epoch * STEPS + batch}\n")

    callbacks = keras.callbacks
    history = model.fit(
        x,
        y,
        batch_size=8,
        epochs=EPOCHS,
        verbose=0,
        validation_data=(x[:20], y[:20]),
        callbacks=[
            callbacks.BackupAndRestore(
                folder / "backup",
                save_freq=SAVE_FREQ,
                delete_checkpoint=False,
                asynchronous=asynchronous,
            ),
            Log() if logs_steps else Begin(),
            callbacks.LearningRateScheduler(lambda epoch, lr: lr * 0.9),
            callbacks.EarlyStopping(patience=30, restore_best_weights=True),
            callbacks.ModelCheckpoint(
                folder / "best-{epoch}.weights.h5",
                save_best_only=True,
                save_weights_only=True,
                keep_last=2,
                asynchronous=asynchronous,
            ),
            callbacks.CSVLogger(folder / "log.csv"),
        ],
    )
    arrays = [np.array(v) for v in [*model.variables, *model.optimizer.variables]]
    np.savez(folder / "result.tmp.npz", *arrays)
    (folder / "history.json").write_text(json.dumps(history.history))
    os.replace(folder / "result.tmp.npz", folder / "result.npz")


def live(folder, kill_after, *options):
    """Fork, train, and kill after so long; whether it was killed, how long it ran."""
    (folder / "begun").unlink(missing_ok=True)
    if os.environ["KERAS_BACKEND"] == "tensorflow":  # it has threads: no fork
        life = [sys.executable, __file__, "life", str(folder), json.dumps(options)]
        pid = os.posix_spawn(sys.executable, life, os.environ)
    else:
        pid = os.fork()
    if pid == 0:
        try:
            train(folder, *options)
            os._exit(0)
        except BaseException:
            import traceback

            traceback.print_exc()
            os._exit(1)
    done = 0
    while not done and not (folder / "begun").exists():
        done, status = os.waitpid(pid, os.WNOHANG)
        time.sleep(0.001)
    start = time.perf_counter()
    if kill_after is not None and not done:
        while not done and time.perf_counter() - start < kill_after:
            done, status = os.waitpid(pid, os.WNOHANG)
            time.sleep(0.0005)
        if not done:
            os.kill(pid, signal.SIGKILL)
    if not done:
        _, status = os.waitpid(pid, 0)
    took = time.perf_counter() - start
    killed = os.WIFSIGNALED(status)
    if not killed and os.waitstatus_to_exitcode(status):
        raise SystemExit(f"A run failed in {folder}.")
    return killed, took


def result(folder):
    """What must not depend on kills."""
    import numpy as np

    with np.load(folder / "result.npz") as arrays:
        weights = [arrays[key].tobytes() for key in arrays.files]
    best = sorted(p.name for p in folder.glob("best-*.h5"))
    history = (folder / "history.json").read_text()
    return weights, history, (folder / "log.csv").read_bytes(), best


def redone(folder):
    """For each time the run went on: how many steps it did again."""
    steps = [int(line) for line in (folder / "steps").read_text().split()]
    return [a + 1 - b for a, b in zip(steps, steps[1:]) if b <= a], set(steps)


def main():
    if sys.argv[1] == "life":
        train(pathlib.Path(sys.argv[2]), *json.loads(sys.argv[3]))
        return
    parser = argparse.ArgumentParser()
    parser.add_argument("backend")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--kills", type=int, default=3, help="at most, in a run")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    os.environ["KERAS_BACKEND"] = args.backend
    import keras.callbacks
    import keras.layers
    import keras.losses
    import keras.metrics
    import keras.models
    import keras.optimizers  # noqa: F401 - loaded before the first fork
    from keras.core import scope

    if args.backend != "tensorflow":
        scope.current()
    random.seed(args.seed)
    root = pathlib.Path(tempfile.mkdtemp(prefix="kill-"))
    counts = {"runs": 0, "kills": 0, "while_writing": 0, "asynchronous_runs": 0}
    most = {"synchronous": 0, "asynchronous": 0}
    try:
        references = {}
        for logs_steps in (False, True):
            folder = root / f"whole-{logs_steps}"
            folder.mkdir()
            _, took = live(folder, None, logs_steps, False)
            # In any order of callbacks and dispatches the numbers are the same.
            references[logs_steps] = [result(folder), took]
        for run in range(args.runs):
            logs_steps, asynchronous = run % 2 == 1, run % 4 > 1
            wanted, took = references[logs_steps]
            folder = root / f"run-{run}"
            folder.mkdir()
            kills, planned = 0, random.randint(1, args.kills)
            killed = True
            while killed:
                after = None if kills == planned else random.uniform(0, took)
                killed, ran = live(folder, after, logs_steps, asynchronous)
                if not killed and not kills:  # it was faster than the run before
                    took = references[logs_steps][1] = min(took, ran)
                    shutil.rmtree(folder)
                    folder.mkdir()
                    killed = True
                    continue
                kills += killed
                left = list((folder / "backup").glob(".*.tmp")) if killed else []
                counts["while_writing"] += bool(left)
            got = result(folder)
            names = ("weights", "history", "CSV log", "best files")
            wrong = [n for n, a, b in zip(names, got, wanted) if a != b]
            if wrong:
                kept = tempfile.mkdtemp(prefix="killed-run-")
                shutil.copytree(folder, kept, dirs_exist_ok=True)
                raise SystemExit(
                    f"{args.backend}, run {run}, {kills} kills: {wrong} differ from "
                    f"the run that was not killed; see {kept}."
                )
            if logs_steps:
                again, seen = redone(folder)
                kind = "asynchronous" if asynchronous else "synchronous"
                most[kind] = max([most[kind], *again])
                if seen != set(range(STEPS * EPOCHS)):
                    raise SystemExit(f"{args.backend}, run {run}: steps are missing.")
            counts["runs"] += 1
            counts["kills"] += kills
            counts["asynchronous_runs"] += asynchronous
            if counts["runs"] % 10 == 0:
                print(args.backend, counts, file=sys.stderr, flush=True)
            shutil.rmtree(folder)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    found = {"backend": args.backend, **counts, "save_freq": SAVE_FREQ}
    print(json.dumps({**found, "most_steps_redone": most}))
    allowed = max(most.values()) <= SAVE_FREQ
    sys.exit(0 if allowed else "More steps were done again than promised.")


if __name__ == "__main__":
    main()
