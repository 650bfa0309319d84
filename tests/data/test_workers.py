"""Threads and processes: same elements, errors with their place, nothing left over."""

import gc
import os
import signal
import threading
import time
import warnings

import numpy as np
import psutil
import pytest

import keras
from keras.data import Dataset, WorkerDied

WAYS = [
    {"workers": 0},
    {"workers": 3},
    {"workers": 1, "buffer_size": 1},
    {"workers": 2, "use_multiprocessing": True},
]


def picture(n, rng):
    return np.full((30, 20, 3), n, "float32") + rng.random(), {"n": n, "text": str(n)}


def pipeline(count=40):
    return Dataset.range(count).shuffle(seed=3).map(picture, seed=5).batch(8)


def content(dataset, epoch=1, start=0):
    return [
        (x.tobytes(), d["n"].tolist(), d["text"].tolist())
        for x, d in dataset.epoch(epoch, start)
    ]


@pytest.fixture(scope="module")
def two():
    """A dataset with two processes, which live as long as the tests of this file."""
    dataset = pipeline().prefetch(workers=2, use_multiprocessing=True)
    yield dataset
    dataset.close()


@pytest.mark.parametrize("options", WAYS)
def test_every_way_gives_the_same(options, two):
    dataset = two if options.get("use_multiprocessing") else pipeline()
    dataset = dataset if dataset is two else dataset.prefetch(**options)
    for epoch, start in ((0, 0), (1, 0), (1, 3)):
        assert content(dataset, epoch, start) == content(pipeline(), epoch, start)


def test_processes_stay(two):
    content(two)
    before = two._pool.process_ids
    for epoch in range(3):
        content(two, epoch)
    assert two._pool.process_ids == before
    assert os.getpid() not in before and len(set(before)) == 2


def test_an_epoch_that_is_left_early_disturbs_nobody(two):
    for _ in range(3):
        next(two.epoch(0))
    one, other = two.epoch(0), two.epoch(1)  # two at once
    mixed = [(next(one)[0].tobytes(), next(other)[0].tobytes()) for _ in range(5)]
    assert [a for a, _ in mixed] == [x for x, *_ in content(pipeline(), 0)]
    assert [b for _, b in mixed] == [x for x, *_ in content(pipeline(), 1)]


def test_memory_is_bounded_and_not_reused_while_it_is_read(two):
    batches = [x for x, _ in two.epoch(0)]
    copies = [x.tobytes() for x in batches]
    content(two, 1)
    assert [x.tobytes() for x in batches] == copies
    batches[0][:] = 7  # it belongs to whoever has it

    views = [x[0, 0] for x in batches]
    del batches
    expected = [v.tobytes() for v in views]
    content(two, 2)
    assert [v.tobytes() for v in views] == expected
    del views
    gc.collect()

    for epoch in range(5):
        content(two, epoch)
    held = [len(worker.segments) for worker in two._pool._workers]
    assert max(held) <= 6


def test_frameworks_may_keep_a_batch(two, backend):
    batches = [keras.ops.convert_to_tensor(x) for x, _ in two.epoch(0)]
    content(two, 1)
    for batch, expected in zip(batches, pipeline().epoch(0)):
        np.testing.assert_array_equal(np.array(batch), expected[0])


def test_no_more_is_made_than_the_buffer_holds():
    made = []

    def slowly(n):
        made.append(n)
        return n

    dataset = Dataset.range(50).map(slowly).prefetch(4, workers=2)
    running = iter(dataset)
    next(running)
    time.sleep(0.1)
    assert len(made) <= 5
    del running


def test_threads_run_side_by_side_and_know_the_backend(backend):
    barrier = threading.Barrier(3, timeout=10)

    def meet(n):
        barrier.wait()
        return n, keras.config.backend()

    dataset = Dataset.range(6).map(meet).prefetch(workers=3)
    assert [name for _, name in dataset] == [backend] * 6


def test_processes_know_the_settings():
    def asked(n):
        return keras.config.backend(), keras.config.floatx()

    dataset = Dataset.range(2).map(asked)
    dataset = dataset.prefetch(workers=1, use_multiprocessing=True)
    with keras.config.backend_scope("torch"):
        keras.config.set_floatx("float64")
        try:
            assert next(iter(dataset)) == ("torch", "float64")
        finally:
            keras.config.set_floatx("float32")
    dataset.close()


# Errors


class Unsendable(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


def troublesome(n):
    if n == 5:
        open(f"/nowhere/picture-{n}.jpg")
    if n == 15:
        raise Unsendable(n, "b")
    if n == 25:
        os.kill(os.getpid(), signal.SIGKILL)
    if n == 35:
        os._exit(3)
    return n


@pytest.mark.parametrize("processes", [False, True])
def test_an_error_arrives_whole_and_ends_the_others(processes):
    dataset = Dataset.range(12).map(troublesome).batch(2)
    dataset = dataset.prefetch(workers=2, use_multiprocessing=processes)
    running, before = iter(dataset), []
    with pytest.raises(FileNotFoundError, match="picture-5.jpg") as caught:
        before += running
    assert before == [] or len(before) == 2
    assert "index 2 of epoch 0" in " ".join(caught.value.__notes__)
    if processes:
        assert "in troublesome" in str(caught.value.__cause__)
        assert not dataset._pool.is_open
    # They start again.
    assert len(list(dataset.epoch(0, 3))) == 3
    dataset.close()


@pytest.mark.slow
def test_an_error_that_cannot_be_sent_is_told():
    dataset = Dataset.range(20).map(troublesome).skip(14)
    dataset = dataset.prefetch(workers=1, use_multiprocessing=True)
    with pytest.raises(RuntimeError, match="Unsendable: 15 and b") as caught:
        list(dataset)
    assert "in troublesome" in str(caught.value.__cause__)


@pytest.mark.parametrize(
    "first, message",
    [
        (25, r"killed by signal 9 \(SIGKILL\) while it made index 0.*memory"),
        pytest.param(
            35,
            "ended with exit code 3 while it made index 0",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_worker_that_dies_is_reported(first, message):
    dataset = Dataset.range(99).map(troublesome).skip(first)
    dataset = dataset.prefetch(workers=2, use_multiprocessing=True)
    started = time.monotonic()
    with pytest.raises(WorkerDied, match=message):
        list(dataset)
    assert time.monotonic() - started < 20
    assert not dataset._pool.is_open


def test_warnings_arrive():
    def warn(n):
        warnings.warn(f"{n} is doubtful")
        return n

    dataset = Dataset.range(3).map(warn)
    dataset = dataset.prefetch(workers=1, use_multiprocessing=True)
    with pytest.warns(UserWarning, match="2 is doubtful"):
        list(dataset)
    dataset.close()


def test_what_cannot_be_sent_is_refused_at_once():
    lock = threading.Lock()
    dataset = Dataset.range(3).map(lambda n: (lock, n)[1])
    dataset = dataset.prefetch(workers=2, use_multiprocessing=True)
    with pytest.raises(TypeError, match="cannot be sent to a worker.*lock.*threads"):
        list(dataset)


# Ends


@pytest.mark.slow
def test_processes_end_with_their_dataset():
    dataset = Dataset.range(4).prefetch(workers=2, use_multiprocessing=True)
    list(dataset)
    ids = dataset._pool.process_ids
    del dataset
    gc.collect()
    deadline = time.monotonic() + 10
    while any(map(psutil.pid_exists, ids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(psutil.pid_exists, ids))


# Stored arrays


def test_stored_arrays_are_opened_by_each_process(tmp_path):
    import h5py

    data = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    np.save(tmp_path / "x.npy", data)
    with h5py.File(tmp_path / "x.h5", "w") as file:
        file["group/x"] = data
    with h5py.File(tmp_path / "x.h5", "r") as file:
        mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
        stored = (mapped[10:, 1:], file["group/x"])
        parts = Dataset.from_arrays((mapped[10:], mapped[:30, 1:], data[:30]))
        hdf5 = Dataset.from_arrays(stored[1]).shuffle(seed=1).batch(8)
        for dataset in (parts.shuffle(seed=2).batch(8), hdf5):
            processes = dataset.prefetch(workers=1, use_multiprocessing=True)
            for a, b in zip(dataset, processes, strict=True):
                for left, right in zip(
                    a if type(a) is tuple else (a,), b if type(b) is tuple else (b,)
                ):
                    np.testing.assert_array_equal(left, right)
            processes.close()


def test_a_memory_map_is_sent_by_its_name(tmp_path):
    from keras.data.pickling import dumps

    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", "float32", (10**6,))
    dataset = Dataset.from_arrays(mapped)
    assert len(dumps(dataset.stage)) < 10_000
