"""`PyDataset`, with threads and processes."""

import os
import threading
import time
import warnings

import numpy as np
import pytest

import keras
from keras.training.data import make_batches
from keras.utils import PyDataset, Sequence

WORKERS = [
    {"workers": 0},
    {"workers": 1},
    {"workers": 3},
    {"workers": 3, "max_queue_size": 1},
    {"workers": 2, "use_multiprocessing": True},
]


class Numbers(PyDataset):
    def __init__(self, length=6, **options):
        super().__init__(**options)
        self.length, self.offset, self.asked, self.calls = length, 0, [], []

    def __len__(self):
        return self.length

    def __getitem__(self, index):
        self.asked.append(index)
        time.sleep(0.002 * (index % 3))
        if index == 77:
            raise RuntimeError("no such picture")
        return np.full((2, 1), index + self.offset), np.full(2, os.getpid())

    def on_epoch_begin(self):
        self.calls.append("begin")

    def on_epoch_end(self):
        self.calls.append("end")
        self.offset += 100


def firsts(source, index=0, start=0):
    return [int(x[0, 0]) for x, _ in source.epoch(index, start)]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # JAX warns of a fork
@pytest.mark.parametrize("options", WORKERS)
def test_batches_come_in_order_and_see_what_the_epoch_changed(options):
    data = Numbers(**options)
    source = make_batches(data)
    for epoch in range(2):
        source.on_epoch_begin()
        assert firsts(source, epoch) == [100 * epoch + i for i in range(6)]
        source.on_epoch_end()
    assert data.calls == ["begin", "end"] * 2
    assert firsts(source, 5, start=4) == [204, 205]
    if not options.get("use_multiprocessing"):
        assert sorted(data.asked) == sorted([*range(6)] * 2 + [4, 5])


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_processes_are_processes():
    source = make_batches(Numbers(workers=2, use_multiprocessing=True))
    pids = {int(y[0]) for _, y in source.epoch(0)}
    assert os.getpid() not in pids and 1 <= len(pids) <= 2


def test_threads_run_side_by_side():
    class Waiting(Numbers):
        barrier = threading.Barrier(3, timeout=10)

        def __getitem__(self, index):
            self.barrier.wait()
            return super().__getitem__(index)

    assert firsts(make_batches(Waiting(workers=3))) == [0, 1, 2, 3, 4, 5]


def test_no_more_is_computed_than_the_queue_holds():
    data = Numbers(50, workers=2, max_queue_size=4)
    running = make_batches(data).epoch(0)
    next(running)
    time.sleep(0.1)
    assert len(data.asked) <= 4
    running.close()
    assert len(data.asked) <= 4


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("options", WORKERS)
def test_an_error_in_a_worker_is_the_users_error(options):
    source = make_batches(Numbers(80, **options))
    with pytest.raises(RuntimeError, match="no such picture"):
        firsts(source, start=75)


def test_threads_know_the_backend(backend):
    class Asking(Numbers):
        def __getitem__(self, index):
            assert keras.config.backend() == backend
            return super().__getitem__(index)

    assert len(firsts(make_batches(Asking(workers=2)))) == 6


@pytest.mark.parametrize("workers", [1, 3])
def test_shuffle_is_by_seed_and_epoch(workers):
    def order(seed, index, start=0):
        source = make_batches(Numbers(30, workers=workers), shuffle=True, seed=seed)
        return firsts(source, index, start)

    assert sorted(order(1, 0)) == list(range(30))
    assert order(1, 0) == order(1, 0) != order(1, 1) != order(2, 1)
    assert order(1, 4, start=25) == order(1, 4)[25:]


def test_steps():
    source = make_batches(Numbers(5), steps=3)
    assert source.num_batches == 3
    assert firsts(source) + firsts(source, 1) == [0, 1, 2, 3, 4, 0]
    with pytest.warns(UserWarning, match="5 batches of the 9 steps"):
        assert firsts(make_batches(Numbers(5), steps=9)) == [0, 1, 2, 3, 4]


def test_without_end():
    class Endless(Numbers):
        num_batches = None

    with pytest.raises(ValueError, match="PyDataset is infinite"):
        make_batches(Endless())
    source = make_batches(Endless(workers=2), steps=4)
    assert (source.num_batches, firsts(source, 2)) == (4, [8, 9, 10, 11])


def test_peek():
    source = make_batches(Numbers(), shuffle=True, seed=0)
    assert int(source.peek()[0][0, 0]) == 0
    assert sorted(firsts(source)) == [0, 1, 2, 3, 4, 5]


def test_class_weight():
    class Labels(Numbers):
        def __getitem__(self, index):
            return np.zeros((2, 1)), np.full(2, index)

    source = make_batches(Labels(), class_weight={5: 2.0})
    assert [float(w[0]) for _, _, w in source.epoch(0)] == [1, 1, 1, 1, 1, 2]


def test_the_public_class():
    data = Numbers(workers=4, use_multiprocessing=True, max_queue_size=7)
    assert (data.workers, data.use_multiprocessing, data.max_queue_size) == (4, True, 7)
    data.workers = 2
    assert (data.workers, data.num_batches) == (2, 6)
    assert Sequence is PyDataset
    for bad in ({"workers": -1}, {"workers": 2.5}, {"max_queue_size": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            Numbers(**bad)


def test_a_subclass_that_forgets_super_is_told_once():
    class Forgetful(PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return np.full((2, 1), index), np.zeros(2)

    data = Forgetful()
    with pytest.warns(UserWarning, match="Forgetful.*super"):
        assert data.workers == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert firsts(make_batches(data)) == [0, 1]


def test_what_a_subclass_must_define():
    class Empty(PyDataset):
        pass

    with pytest.raises(NotImplementedError, match="Empty must define `__len__"):
        make_batches(Empty())
    with pytest.raises(NotImplementedError, match="Empty must define `__getitem__"):
        Empty()[0]
    with pytest.raises(ValueError, match="PyDataset has no batches"):
        make_batches(Numbers(0))
    with pytest.raises(ValueError, match="`y` must not be given"):
        make_batches(Numbers(), np.zeros(2))
