"""Batches of a `PyDataset`, computed ahead of time by threads or processes."""

from __future__ import annotations

import concurrent.futures
import contextvars
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from keras.training.data.source import IndexedSource
from keras.utils.py_dataset import PyDataset

# In a worker process: the dataset, sent once when the process began.
_dataset: Any = None


class DatasetSource(IndexedSource):
    """Batches of a `PyDataset`, or of anything with `__getitem__` and `__len__`."""

    def __init__(self, dataset: Any, kind: str, **options: Any) -> None:
        super().__init__(**options)
        self._dataset = dataset
        if self._total() == 0:
            raise ValueError(f"The {kind} has no batches.")
        if self.num_batches is None:
            raise ValueError(
                f"The {kind} is infinite: pass the number of steps in an epoch."
            )

    def _total(self) -> int | None:
        if isinstance(self._dataset, PyDataset):
            return self._dataset.num_batches
        return len(self._dataset)

    def _plan(self, cycle: int | None) -> Callable[[int], int]:
        total = self._total()
        if cycle is None or not self.shuffle or total is None:
            return lambda batch: batch
        order = self._permutation(total, cycle)
        return lambda batch: int(order[batch])

    def _read(self, items: Iterable[int]) -> Iterator[tuple]:
        return map(self._standardize, compute_ahead(self._dataset, items))

    def peek(self) -> tuple:
        return self._standardize(self._dataset[0])

    def state_dict(self) -> dict[str, Any]:
        own = getattr(self._dataset, "state_dict", None)
        state = super().state_dict()
        return state if own is None else {**state, "dataset": own()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        if "dataset" in state:
            self._dataset.load_state_dict(state["dataset"])

    def caveat(self) -> str | None:
        own = getattr(type(self._dataset), "on_epoch_end", PyDataset.on_epoch_end)
        if own is PyDataset.on_epoch_end or hasattr(self._dataset, "load_state_dict"):
            return None
        return (
            f"{type(self._dataset).__name__} changes itself in `on_epoch_end`, and "
            "its changed state is not known here. The run continues exactly only if "
            "its items depend on their index alone; else define `state_dict` and "
            "`load_state_dict`."
        )

    def on_epoch_begin(self) -> None:
        getattr(self._dataset, "on_epoch_begin", lambda: None)()

    def on_epoch_end(self) -> None:
        getattr(self._dataset, "on_epoch_end", lambda: None)()


def compute_ahead(dataset: Any, items: Iterable[int]) -> Iterator[Any]:
    """`dataset[item]` for each item, computed as the dataset's options ask.

    Without a second worker or a process they are computed when asked for. Else up to
    `max_queue_size` are computed before they are needed. Workers live for one epoch,
    so a process sees what `on_epoch_end` changed in the dataset.
    """
    workers = getattr(dataset, "workers", 0)
    processes = getattr(dataset, "use_multiprocessing", False)
    if workers < 2 and not (workers and processes):
        yield from map(dataset.__getitem__, items)
        return
    pool, submit = _start(dataset, workers, processes)
    waiting: deque[concurrent.futures.Future] = deque()
    try:
        for item in items:
            waiting.append(submit(item))
            if len(waiting) >= dataset.max_queue_size:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _start(
    dataset: Any, workers: int, processes: bool
) -> tuple[concurrent.futures.Executor, Callable[[int], concurrent.futures.Future]]:
    if processes:
        pool: concurrent.futures.Executor = concurrent.futures.ProcessPoolExecutor(
            workers, initializer=_keep, initargs=(dataset,)
        )
        return pool, lambda item: pool.submit(_get, item)
    pool = concurrent.futures.ThreadPoolExecutor(workers, "keras-data")
    # A thread begins without the caller's context, which holds the backend in force.
    return pool, lambda item: pool.submit(
        contextvars.copy_context().run, dataset.__getitem__, item
    )


def _keep(dataset: Any) -> None:
    global _dataset
    _dataset = dataset


def _get(item: int) -> Any:
    return _dataset[item]
