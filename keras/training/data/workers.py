"""Batches computed ahead of time, by threads or processes, in order."""

from __future__ import annotations

import concurrent.futures
import contextvars
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any

# In a worker process: the dataset, sent once when the process began.
_dataset: Any = None


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
