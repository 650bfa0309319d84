"""BackupAndRestore: an interrupted `fit` goes on as if it had not been."""

import functools
import threading
import time
import warnings

import absl.flags
import grain
import numpy as np
import pytest

import keras
from keras import layers
from keras.callbacks import BackupAndRestore, ModelCheckpoint

STEPS = 5
X = np.random.default_rng(0).normal(size=(STEPS * 4 - 1, 3)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


@pytest.fixture(autouse=True)
def without_compilation(request):
    """What is not about backends runs on the one that compiles nothing."""
    with keras.config.backend_scope(
        request.getfixturevalue("backend")
        if "backend" in request.fixturenames
        else "torch"
    ):
        yield


class Interrupted(BaseException):
    """What ends a run in the middle."""


class Interrupt(keras.callbacks.Callback):
    """Ends the run after so many steps in all."""

    def __init__(self, after, steps=STEPS):
        super().__init__()
        self.after, self.steps = after, steps

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if self.epoch * self.steps + batch + 1 == self.after:
            raise Interrupted


class Own(keras.callbacks.Callback):
    """A user's callback with a memory."""

    def __init__(self):
        super().__init__()
        self.losses = []

    def on_epoch_end(self, epoch, logs=None):
        self.losses.append(logs["loss"])

    def get_state(self):
        return {"losses": list(self.losses)}

    def set_state(self, state):
        self.losses = state["losses"]


def build(policy=None, rate=0.05):
    keras.utils.set_random_seed(5)
    model = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dense(8, activation="relu", dtype=policy),
            layers.BatchNormalization(dtype=policy),
            layers.Dropout(0.3, dtype=policy),
            layers.Dense(1, dtype=policy),
        ]
    )
    model.compile(keras.optimizers.Adam(rate), "mse", metrics=["mae"])
    return model


def run(
    folder, after=None, epochs=4, data=None, model=None, freq=2, steps=None, **options
):
    """Train; the model, history and the callback's memory, or None if interrupted."""
    model, own = model or build(), Own()
    backup = BackupAndRestore(
        folder / "backup", freq, delete_checkpoint=False, **options
    )
    callbacks = [backup, own, keras.callbacks.CSVLogger(folder / "log.csv")]
    callbacks += [
        keras.callbacks.ReduceLROnPlateau("loss", factor=0.5, patience=0),
        keras.callbacks.EarlyStopping("loss", patience=9, restore_best_weights=True),
    ]
    given = {"x": X, "y": Y, "batch_size": 4} if data is None else {"x": data()}
    try:
        history = model.fit(
            **given,
            epochs=epochs,
            steps_per_epoch=steps,
            verbose=0,
            callbacks=[*callbacks, Interrupt(after, steps or STEPS)],
        )
    except Interrupted:
        return None
    state = [np.array(v).tobytes() for v in model.variables]
    state += [np.array(v).tobytes() for v in model.optimizer.variables]
    return state, history.history, own.losses, (folder / "log.csv").read_text()


def folders(tmp_path):
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    return tmp_path / "whole", tmp_path / "parts"


@pytest.mark.gradients
def test_interrupted_and_resumed(tmp_path, backend):
    whole, parts = folders(tmp_path)
    want = run(whole, freq=3)
    for after in (5, 13):
        assert run(parts, after, freq=3) is None
    assert run(parts, freq=3) == want


@pytest.mark.parametrize("freq", ["epoch", 1, 3])
def test_interrupted_at_any_step(tmp_path, freq):
    whole, parts = folders(tmp_path)
    want = run(whole, freq=freq)
    for after in (2, 5, 6, 9, 13, 20):
        assert run(parts, after, freq=freq) is None
    assert run(parts, freq=freq) == want


def test_no_step_runs_twice_that_was_saved(tmp_path):
    ran = []
    count = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda b, logs: ran.append(b)
    )
    fit = {"x": X, "y": Y, "batch_size": 4, "verbose": 0, "epochs": 2}
    backup = BackupAndRestore(tmp_path / "b", 3)
    with pytest.raises(Interrupted):
        build().fit(**fit, callbacks=[count, backup, Interrupt(8)])
    assert ran == [0, 1, 2, 3, 4, 0, 1, 2]
    del ran[:]
    build().fit(**fit, callbacks=[count, BackupAndRestore(tmp_path / "b", 3)])
    assert ran == [1, 2, 3, 4]  # the backup is of six steps
    assert not (tmp_path / "b").exists()


@pytest.mark.gradients
def test_mixed_precision_and_a_schedule(tmp_path, backend):
    def model():
        schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 3, 0.5)
        keras.utils.set_random_seed(5)
        model = keras.Sequential(
            [keras.Input((3,)), layers.Dense(8, dtype="mixed_float16"), layers.Dense(1)]
        )
        optimizer = keras.optimizers.LossScaleOptimizer(
            keras.optimizers.Adam(schedule), dynamic_growth_steps=3
        )
        model.compile(optimizer, "mse")
        return model

    def train(folder, after):
        made = model()
        callbacks = [BackupAndRestore(folder, 2, delete_checkpoint=False)]
        try:
            made.fit(
                X,
                Y,
                batch_size=4,
                epochs=3,
                verbose=0,
                callbacks=[*callbacks, Interrupt(after)],
            )
        except Interrupted:
            return None
        return [np.array(v).tobytes() for v in made.optimizer.variables + made.weights]

    want = train(tmp_path / "a", None)
    for after in (5, 9):
        assert train(tmp_path / "b", after) is None
    assert train(tmp_path / "b", None) == want


def test_goes_on_on_another_backend(tmp_path):
    whole, parts = folders(tmp_path)
    with keras.config.backend_scope("jax"):
        run(parts, 7)
    with keras.config.backend_scope("torch"):
        run(parts, 12)
    with keras.config.backend_scope("tensorflow"):
        state, history, own, log = run(parts)
    assert len(own) == len(history["loss"]) == 4
    assert [row.split(",")[0] for row in log.splitlines()] == ["epoch", *"0123"]
    # Dropout differs between backends, so only what was restored can be compared.
    with keras.config.backend_scope("jax"):
        first = run(whole, epochs=1)
    assert first[1]["loss"][0] == history["loss"][0]


class Source:
    """Samples by index, as Grain and PyTorch take them."""

    def __len__(self):
        return len(X)

    def __getitem__(self, index):
        return X[index], Y[index]

    def __repr__(self):  # Grain compares it with that of the interrupted run
        return "Source()"


def grain_loader(workers=0):
    if workers:  # Grain insists, though it was given no command line
        absl.flags.FLAGS.mark_as_parsed()
    return grain.DataLoader(
        data_source=Source(),
        sampler=grain.samplers.IndexSampler(
            len(X), grain.sharding.NoSharding(), shuffle=True, num_epochs=1, seed=3
        ),
        operations=[grain.transforms.Batch(4)],
        worker_count=workers,
    )


def grain_map():
    return grain.MapDataset.source(Source()).seed(3).shuffle().batch(4)


def grain_endless():
    samples = grain.MapDataset.source(Source()).seed(3).shuffle().repeat()
    return samples.to_iter_dataset().batch(4)


def torch_loader(workers=0, **options):
    from torchdata.stateful_dataloader import StatefulDataLoader

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls what PyTorch has deprecated
        return StatefulDataLoader(
            Source(), 4, shuffle=True, num_workers=workers, **options
        )


def workers(loader, **options):
    return functools.partial(loader, 2, **options)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("freq", ["epoch", 1])
@pytest.mark.parametrize("data", [grain_loader, grain_map, torch_loader])
def test_stateful_iterators_keep_their_state(tmp_path, data, freq):
    whole, parts = folders(tmp_path)
    want = run(whole, data=data, freq=freq, epochs=3)
    for after in (3, 6, 8, 11):  # a backup of 5 steps is at the end of a pass
        assert run(parts, after, data=data, freq=freq, epochs=3) is None
    assert run(parts, data=data, freq=freq, epochs=3) == want


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("data", [grain_endless, torch_loader])
def test_stateful_iterators_whose_passes_are_not_the_epochs(tmp_path, data):
    whole, parts = folders(tmp_path)
    want = run(whole, data=data, freq=1, steps=3)
    for after in (6, 8):
        assert run(parts, after, data=data, freq=1, steps=3) is None
    assert run(parts, data=data, freq=1, steps=3) == want


@pytest.mark.filterwarnings("error:Resuming")
@pytest.mark.parametrize(
    "data, epochs",
    [
        (workers(torch_loader), 2),
        (workers(torch_loader, persistent_workers=True), 2),
        (workers(grain_loader), 1),  # its processes take seconds to start
    ],
    ids=["torchdata", "torchdata-persistent", "grain"],
)
def test_stateful_iterators_with_workers(tmp_path, data, epochs):
    whole, parts = folders(tmp_path)
    want = run(whole, data=data, epochs=epochs)
    assert run(parts, epochs * STEPS - 2, data=data, epochs=epochs) is None
    assert run(parts, data=data, epochs=epochs) == want


@pytest.mark.gradients
def test_stateful_iterators_on_each_backend(tmp_path, backend):
    whole, parts = folders(tmp_path)
    want = run(whole, data=torch_loader, epochs=2)
    assert run(parts, 8, data=torch_loader, epochs=2) is None
    assert run(parts, data=torch_loader, epochs=2) == want


def test_a_generator_says_what_it_cannot_promise(tmp_path):
    def batches():
        for _ in range(4):
            for at in range(0, len(X), 4):
                yield X[at : at + 4], Y[at : at + 4]

    def train(folder, after=None):
        model = build()
        backup = BackupAndRestore(folder, 2, delete_checkpoint=False)
        try:
            model.fit(
                batches(),
                steps_per_epoch=STEPS,
                epochs=4,
                verbose=0,
                callbacks=[backup, Interrupt(after)],
            )
        except Interrupted:
            return None
        return [w.tobytes() for w in model.get_weights()]

    want = train(tmp_path / "a")
    assert train(tmp_path / "b", 8) is None
    with pytest.warns(
        UserWarning, match="generator keeps no position.*dropped"
    ) as seen:
        assert train(tmp_path / "b") == want
    assert len([w for w in seen if "keeps no position" in str(w.message)]) == 1


def test_seeking_reads_no_batch_before_the_position(tmp_path):
    class Data(keras.utils.PyDataset):
        read = []

        def __len__(self):
            return STEPS

        def __getitem__(self, index):
            self.read.append(index)
            return X[index * 4 : index * 4 + 4], Y[index * 4 : index * 4 + 4]

    whole, parts = folders(tmp_path)
    want = run(whole, data=Data)
    run(parts, 14, data=Data)
    del Data.read[:]
    assert run(parts, data=Data) == want
    # One look at the shapes; then a step of epoch 2 that is left, and epoch 3.
    assert len(Data.read) <= 1 + 3 + STEPS


def test_a_stopped_run_stays_stopped(tmp_path):
    def train():
        model = build()
        stop = keras.callbacks.EarlyStopping("loss", baseline=-1.0, patience=1)
        history = model.fit(
            X,
            Y,
            epochs=9,
            verbose=0,
            callbacks=[BackupAndRestore(tmp_path / "b", delete_checkpoint=False), stop],
        )
        return history.history, [w.tobytes() for w in model.get_weights()]

    first = train()
    assert len(first[0]["loss"]) < 9
    assert train() == first


def test_a_damaged_backup(tmp_path):
    folder = tmp_path / "backup"
    run(tmp_path, 7, double_checkpoint=True)
    latest = folder / "latest.state.h5"
    latest.write_bytes(latest.read_bytes()[:-200] + bytes(200))
    with pytest.warns(UserWarning, match="damaged.*backup before it is taken"):
        assert run(tmp_path, double_checkpoint=True) is not None
    for path in folder.iterdir():
        path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match="cannot resume from.*start again"):
        run(tmp_path, freq="epoch")


def test_a_backup_of_another_model_or_of_other_data(tmp_path):
    run(tmp_path, 7)
    other = keras.Sequential([keras.Input((3,)), layers.Dense(2), layers.Dense(1)])
    other.compile("adam", "mse")
    with pytest.raises(ValueError, match="is not that of.*nothing was loaded"):
        run(tmp_path, model=other)
    with pytest.raises(ValueError, match=r"batches in an epoch \(now 2\)"):
        build().fit(
            X[:8],
            Y[:8],
            batch_size=4,
            verbose=0,
            callbacks=[BackupAndRestore(tmp_path / "backup", 2)],
        )


def test_mistakes():
    with pytest.raises(ValueError, match="backup_dir"):
        BackupAndRestore("")
    with pytest.raises(ValueError, match="save_freq: 0"):
        BackupAndRestore("b", save_freq=0)
    with pytest.raises(RuntimeError, match="works in `fit` only"):
        keras.callbacks.CallbackList(
            [BackupAndRestore("b")], model=build()
        ).on_train_begin()


# ModelCheckpoint with real files


def fit(model, save, epochs=4, **options):
    return model.fit(
        X, Y, batch_size=4, epochs=epochs, verbose=0, callbacks=[save], **options
    )


@pytest.mark.gradients
def test_a_snapshot_is_of_its_moment(tmp_path, backend, monkeypatch):
    """What the background writes later is not what training made of it meanwhile."""
    from keras.callbacks.save_every import BackgroundWriter

    held = threading.Event()
    submit = BackgroundWriter.submit
    monkeypatch.setattr(
        BackgroundWriter,
        "submit",
        lambda self, write: submit(self, lambda: (held.wait(60), write())),
    )
    model = build()
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seen.append(
            [w.copy() for w in model.get_weights()]
        ),
        on_train_end=lambda logs: held.set(),  # comes before that of `save`
    )
    path = tmp_path / "first.keras"
    save = ModelCheckpoint(path, save_freq="epoch", asynchronous=True)
    model.fit(X, Y, batch_size=4, epochs=1, verbose=0, callbacks=[watch, save])
    loaded = keras.saving.load_model(path)
    for got, want in zip(loaded.get_weights(), seen[0]):
        np.testing.assert_array_equal(got, want)


@pytest.mark.gradients
def test_copies_do_not_follow_the_variables(backend):
    from keras.core.state_paths import copied, entries

    model = build()
    model.fit(X, Y, batch_size=4, verbose=0)
    taken = copied(entries(model))
    before = [[np.array(a).tobytes() for a in e.values.values()] for e in taken]
    model.fit(X, Y, batch_size=4, epochs=2, verbose=0)
    after = [[np.array(a).tobytes() for a in e.values.values()] for e in taken]
    assert before == after
    assert before != [
        [np.array(a).tobytes() for a in e.values.values()] for e in entries(model)
    ]


def test_an_error_in_the_background_ends_training(tmp_path):
    model = build()
    save = ModelCheckpoint(tmp_path / "m-{epoch}.keras", asynchronous=True)

    def failing(*args):
        def write():
            raise OSError(28, "No space left on device")

        return write

    save._prepare = failing
    seen = []
    count = keras.callbacks.LambdaCallback(on_epoch_end=lambda e, logs: seen.append(e))
    with pytest.raises(OSError, match="No space left"):
        model.fit(X, Y, epochs=50, verbose=0, callbacks=[save, count])
    assert len(seen) < 50
    with pytest.raises(OSError, match="No space left"):  # the last save of a run
        model.fit(X, Y, epochs=1, verbose=0, callbacks=[save])


def test_leaving_fit_by_an_error_waits_for_the_files(tmp_path):
    model = build()
    save = ModelCheckpoint(tmp_path / "m.keras", save_freq=2, asynchronous=True)
    prepare = save._prepare

    def slowly(*args):
        write = prepare(*args)
        return lambda: (time.sleep(0.3), write())

    save._prepare = slowly
    with pytest.raises(Interrupted):
        model.fit(X, Y, batch_size=4, verbose=0, callbacks=[save, Interrupt(3)])
    assert keras.saving.load_model(tmp_path / "m.keras").built


@pytest.mark.parametrize("save_freq", [1, 2, 3, 4])
def test_a_slow_disk_costs_no_more_steps_than_save_freq(tmp_path, save_freq):
    model = build()
    backup = BackupAndRestore(tmp_path / "b", save_freq, asynchronous=True)
    write, begun, lost = backup._write, [], []
    safe = [0]

    def slowly(prepared):
        step = begun.pop(0)
        time.sleep(0.02)
        write(prepared)
        safe[0] = step

    def save(epoch, batch, logs):
        begun.append(epoch * STEPS + batch + 1)
        return type(backup)._save(backup, epoch, batch, logs)

    backup._write, backup._save = slowly, save

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            lost.append(len(lost) + 1 - safe[0])

    model.fit(X, Y, batch_size=4, epochs=4, verbose=0, callbacks=[Watch(), backup])
    assert len(lost) == 4 * STEPS
    assert max(lost) <= save_freq


@pytest.mark.parametrize("asynchronous", [False, True])
def test_keeps_the_last_and_the_best(tmp_path, asynchronous):
    values = iter([3.0, 1.0, 2.0, 2.5, 4.0, 5.0])
    feed = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: logs.update(score=next(values))
    )
    save = ModelCheckpoint(
        tmp_path / "{epoch}.weights.h5",
        "score",
        mode="min",
        save_weights_only=True,
        keep_last=2,
        keep_best=True,
        asynchronous=asynchronous,
    )
    build().fit(X, Y, epochs=6, verbose=0, callbacks=[feed, save])
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        f"{n}.weights.h5" for n in (2, 5, 6)
    ]


@pytest.mark.parametrize("name", ["best.keras", "best.weights.h5"])
def test_a_restart_knows_the_best_value(tmp_path, name):
    path, model = tmp_path / name, build(rate=0.01)
    weights_only = name.endswith(".h5")
    options = dict(save_best_only=True, save_weights_only=weights_only)
    fit(model, ModelCheckpoint(path, "loss", **options))
    best = ModelCheckpoint(path, "loss", **options)
    content = path.read_bytes()
    # The same model, trained on: nothing is better than it was with these targets.
    model.fit(X, Y + 100, epochs=1, verbose=0, callbacks=[best])
    assert path.read_bytes() == content
    assert best.best is not None and best.best < 100
    # A model that has not trained before begins anew.
    fresh = ModelCheckpoint(path, "loss", **options)
    build().fit(X, Y + 100, epochs=1, verbose=0, callbacks=[fresh])
    assert path.read_bytes() != content


def test_a_restart_knows_the_files_it_keeps(tmp_path):
    def save():
        return ModelCheckpoint(tmp_path / "m{epoch:02d}-{loss:.3f}.keras", keep_last=2)

    model = build()
    fit(model, save(), 3)
    fit(model, save(), 5, initial_epoch=3)
    assert [p.name[:3] for p in sorted(tmp_path.iterdir())] == ["m04", "m05"]


def test_mistakes_of_model_checkpoint(tmp_path):
    with pytest.raises(ValueError, match="keep_last.*differs from save to save"):
        ModelCheckpoint("a.keras", keep_last=2)
    with pytest.raises(ValueError, match="positive integer.*keep_last=0"):
        ModelCheckpoint("{epoch}.keras", keep_last=0)
    with pytest.raises(ValueError, match="`keep_last`, which is not given"):
        ModelCheckpoint("{epoch}.keras", keep_best=True)
