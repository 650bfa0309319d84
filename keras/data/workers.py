"""Elements made ahead of time: by the thread that asks, by threads, or by processes.

Processes are started fresh ("spawn"), live as long as their dataset, and serve every
epoch. Each has a connection of its own to the parent and no lock that it shares with
others, so a worker that is killed disturbs nobody and is noticed at once. A worker ends
when its parent does, however that ends. A batch comes in shared memory (`memory.py`).
"""

from __future__ import annotations

import concurrent.futures
import contextvars
import itertools
import multiprocessing
import os
import pickle
import signal
import threading
import traceback
import warnings
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import Connection, wait
from typing import Any, NamedTuple

import numpy as np

from keras.core import scope
from keras.core.settings import settings
from keras.data.memory import Arena, Lease, Placed, Segment
from keras.data.pickling import dumps
from keras.data.stages import LEFT_OUT, Allocate, Batch, Stage

Place = tuple[int, int]  # an epoch, and an index in it
_SETTINGS = ("floatx", "epsilon", "image_data_format", "portable_random")


def read_here(stage: Stage, places: Iterable[Place]) -> Iterator[tuple[int, Any]]:
    """Pairs of an index and the element there, made when they are asked for."""
    for epoch, index in places:
        element = _make(stage, epoch, index)
        if element is not LEFT_OUT:
            yield index, element


def read_by_threads(
    stage: Stage, places: Iterable[Place], workers: int, buffer_size: int
) -> Iterator[tuple[int, Any]]:
    """The same, with up to `buffer_size` elements made ahead by threads."""
    pool = concurrent.futures.ThreadPoolExecutor(workers, "keras-data")
    waiting: deque[tuple[int, concurrent.futures.Future]] = deque()

    def submit(epoch: int, index: int) -> None:
        # A thread begins without the caller's context, which holds the backend.
        run = contextvars.copy_context().run
        waiting.append((index, pool.submit(run, _make, stage, epoch, index)))

    def oldest() -> Iterator[tuple[int, Any]]:
        index, future = waiting.popleft()
        element = future.result()
        if element is not LEFT_OUT:
            yield index, element

    try:
        for place in places:
            submit(*place)
            if len(waiting) >= buffer_size:
                yield from oldest()
        while waiting:
            yield from oldest()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def read_by_processes(
    pool: ProcessPool, places: Iterable[Place], buffer_size: int
) -> Iterator[tuple[int, Any]]:
    """The same, with up to `buffer_size` elements made ahead by processes."""
    waiting: deque[tuple[int, int]] = deque()

    def oldest() -> Iterator[tuple[int, Any]]:
        index, ticket = waiting.popleft()
        element = pool.result(ticket)
        if element is not LEFT_OUT:
            yield index, element

    try:
        for epoch, index in places:
            waiting.append((index, pool.submit(epoch, index)))
            if len(waiting) >= buffer_size:
                yield from oldest()
        while waiting:
            yield from oldest()
    except GeneratorExit:  # nobody wants the rest; the workers may serve again
        pool.cancel(ticket for _, ticket in waiting)
        raise
    except BaseException:
        pool.close()
        raise


def _make(stage: Stage, epoch: int, index: int, allocate: Allocate = np.empty) -> Any:
    try:
        if isinstance(stage, Batch):  # the last stage: nobody keeps its arrays
            return stage.at(epoch, index, allocate)
        return stage.at(epoch, index)
    except Exception as error:
        error.add_note(f"At index {index} of epoch {epoch} of the dataset.")
        raise


class WorkerDied(RuntimeError):
    """A process that made data ended without being asked to."""


class _WorkerTraceback(Exception):
    """The traceback of an error in a worker, shown as its cause."""

    def __str__(self) -> str:
        return f'\n"""\n{self.args[0]}"""'


class _Task(NamedTuple):
    """What a worker is asked for."""

    ticket: int
    place: Place
    segment: int | None  # where to put it
    dropped: list[int]  # segments that are not used again


class _Reply(NamedTuple):
    """What a worker answers; if `new_size` is given, a new segment follows."""

    ticket: int
    element: Any
    segment: int | None = None
    new_size: int | None = None
    error: tuple[Exception, str] | None = None
    warnings: tuple[tuple[Any, ...], ...] = ()


class _Worker:
    """A process, as its parent sees it."""

    def __init__(self, number: int, payload: bytes) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection, other = context.Pipe()
        self.process = context.Process(
            target=serve,
            args=(other, payload, _current_settings()),
            name=f"keras-data-{number}",
            daemon=True,
        )
        self.process.start()
        other.close()

        self.tasks: dict[int, _Task] = {}  # asked for and not answered, by ticket
        self.segments: dict[int, Segment] = {}
        self.free: deque[int] = deque()
        self.has_answered = False

    def send(self, ticket: int, place: Place) -> None:
        """Ask for an element."""
        dropped = []
        while len(self.free) > len(self.tasks) + 2:  # as after a list of all batches
            dropped.append(self.free.popleft())
            del self.segments[dropped[-1]]
        segment = self.free.pop() if self.free else None
        task = self.tasks[ticket] = _Task(ticket, place, segment, dropped)
        self.connection.send(task)

    def receive(self) -> _Reply:
        """The next answer, with its element read from shared memory."""
        reply: _Reply = self.connection.recv()
        self.has_answered = True
        task = self.tasks.pop(reply.ticket)
        number = reply.segment
        if number is None:
            return reply
        if reply.new_size is not None:  # in place of one that was too small
            if task.segment is not None:
                del self.segments[task.segment]
            self.segments[number] = Segment.receive(self.connection, reply.new_size)

        free = self.free
        lease = Lease(self.segments[number], lambda _: free.append(number))

        def read(leaf: Any) -> Any:
            return lease.array(leaf) if isinstance(leaf, Placed) else leaf

        return reply._replace(element=_map_placed(read, reply.element))

    def stop(self) -> None:
        """End the process, whatever it is doing."""
        self.connection.close()
        self.process.terminate()
        self.process.join(2)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        self.process.close()


class ProcessPool:
    """Processes that make the elements of a stage.

    Args:
        stage: what makes an element; it is sent to each process once.
        workers: how many processes.

    Raises:
        TypeError: the stage cannot be sent.
    """

    def __init__(self, stage: Stage, workers: int) -> None:
        payload = dumps(stage)
        self._pid = os.getpid()
        self._lock = threading.RLock()
        self._tickets = itertools.count()
        self._replies: dict[int, _Reply] = {}
        self._cancelled: set[int] = set()
        self._workers: list[_Worker] = []
        try:
            for number in range(workers):
                self._workers.append(_Worker(number, payload))
        except BaseException:
            self.close()
            raise

    @property
    def is_open(self) -> bool:
        """Whether it can be asked, in this process."""
        return bool(self._workers) and self._pid == os.getpid()

    @property
    def process_ids(self) -> list[int]:
        """The ids of the processes."""
        return [worker.process.pid or 0 for worker in self._workers]

    def submit(self, epoch: int, index: int) -> int:
        """Ask for an element; returns the ticket to get it by."""
        with self._lock:
            self._require_open()
            ticket = next(self._tickets)
            worker = min(self._workers, key=lambda worker: len(worker.tasks))
            try:
                worker.send(ticket, (epoch, index))
            except OSError:
                raise self._died(worker) from None
            return ticket

    def result(self, ticket: int) -> Any:
        """The element that a ticket stands for.

        Raises:
            WorkerDied: a process ended.
            Exception: what the making of the element raised in the worker.
        """
        with self._lock:
            while ticket not in self._replies:
                self._require_open()
                self._receive()
            reply = self._replies.pop(ticket)

        for warning in reply.warnings:
            warnings.warn_explicit(*warning)
        if reply.error is not None:
            error, text = reply.error
            raise error from _WorkerTraceback(text)
        return reply.element

    def cancel(self, tickets: Iterable[int]) -> None:
        """Nobody will ask for these."""
        with self._lock:
            for ticket in tickets:
                if self._replies.pop(ticket, None) is None:
                    self._cancelled.add(ticket)

    def close(self) -> None:
        """End the processes."""
        workers, self._workers = self._workers, []
        if self._pid == os.getpid():
            for worker in workers:
                worker.stop()
        self._replies.clear()

    def _require_open(self) -> None:
        if not self.is_open:
            raise RuntimeError("The workers of this dataset have been ended.")

    def _receive(self) -> None:
        """Take the answers that are there, waiting for one at least."""
        sources: dict[Any, _Worker] = {}
        for worker in self._workers:
            sources[worker.connection] = worker
            sources[worker.process.sentinel] = worker

        for ready in wait(list(sources)):
            worker = sources[ready]
            if ready is not worker.connection:  # the process has ended
                if worker.connection.poll():
                    continue  # its last answers come first
                raise self._died(worker)
            try:
                reply = worker.receive()
            except (EOFError, OSError):
                raise self._died(worker) from None
            if reply.ticket in self._cancelled:
                self._cancelled.remove(reply.ticket)
            else:
                self._replies[reply.ticket] = reply

    def _died(self, worker: _Worker) -> WorkerDied:
        """The error for a process that is gone; the others are ended."""
        worker.process.join(2)
        code, pid = worker.process.exitcode, worker.process.pid
        if code is not None and code < 0:
            how = f"was killed by signal {-code} ({_signal_name(-code)})"
        else:
            how = f"ended with exit code {code}"
        task = next(iter(worker.tasks.values()), None)
        doing = ""
        if task is not None:
            doing = f" while it made index {task.place[1]} of epoch {task.place[0]}"

        hint = "The other workers were ended too."
        if code is not None and code < 0:
            hint += (
                " If nobody killed it, the system may have run out of memory: use "
                "fewer workers, a smaller `buffer_size` or smaller batches."
            )
        elif not worker.has_answered:
            hint += (
                " It had not begun. A program that starts processes needs its main "
                "part under `if __name__ == '__main__':`."
            )
        self.close()
        return WorkerDied(f"A data worker (process {pid}) {how}{doing}. {hint}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


def _map_placed(function: Any, element: Any) -> Any:
    """Apply `function` to the leaves, a `Placed` (a tuple) counting as one."""
    if isinstance(element, Placed):
        return function(element)
    if isinstance(element, dict):
        return {key: _map_placed(function, item) for key, item in element.items()}
    if isinstance(element, (list, tuple)):
        items = [_map_placed(function, item) for item in element]
        if isinstance(element, list):
            return items
        return type(element)(*items) if hasattr(element, "_fields") else tuple(items)
    return function(element)


# In a worker process


def _current_settings() -> dict[str, Any]:
    found = {name: getattr(settings, name) for name in _SETTINGS}
    return {**found, "backend": scope.backend()}


def serve(connection: Connection, payload: bytes, given: dict[str, Any]) -> None:
    """Make elements until the parent has no more wishes, or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its workers
    _exit_with_parent()
    for name, value in given.items():
        setattr(settings, name, value)

    stage: Any = None
    problem: tuple[Exception, str] | None = None
    try:
        stage = pickle.loads(payload)
    except Exception as error:
        error.add_note("While a data worker read the dataset that it was sent.")
        problem = _sendable(error)

    segments: dict[int, Segment] = {}
    while True:
        try:
            task: _Task = connection.recv()
            for number in task.dropped:
                del segments[number]
            if problem is not None:
                connection.send(_Reply(task.ticket, None, task.segment, error=problem))
            else:
                _answer(connection, stage, task, segments)
        except (EOFError, OSError):
            return


def _answer(
    connection: Connection, stage: Stage, task: _Task, segments: dict[int, Segment]
) -> None:
    """Make the element of a task and send it."""
    segment = None if task.segment is None else segments[task.segment]
    arena = Arena(segment)
    element, error = None, None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            element = _make(stage, *task.place, arena.allocate)
        except Exception as problem:
            error = _sendable(problem)
    told = tuple((w.message, w.category, w.filename, w.lineno) for w in caught)
    reply = _Reply(task.ticket, None, task.segment, None, error, told)
    if error is not None:
        connection.send(reply)
        return

    # What was not made in the segment is copied there, if there is room.
    placed = _map_placed(arena.place, element)
    new: Segment | None = None
    if arena.needed and (segment is None or arena.needed > segment.size):
        new = Segment.create(arena.needed)
        placed = _map_placed(Arena(new).place, element)
        number = max(segments, default=-1) + 1
        segments[number] = new
        if task.segment is not None:
            del segments[task.segment]
        reply = reply._replace(segment=number, new_size=new.size)
    connection.send(reply._replace(element=placed))
    if new is not None:
        parent = multiprocessing.parent_process()
        new.send(connection, (parent and parent.pid) or 0)


def _sendable(error: Exception) -> tuple[Exception, str]:
    """An error and its traceback as they can be sent."""
    text = "".join(traceback.format_exception(error))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        notes = getattr(error, "__notes__", [])
        error = RuntimeError(f"{type(error).__qualname__}: {error}")
        for note in notes:
            error.add_note(note)
    return error, text


def _exit_with_parent() -> None:
    """End this process when its parent has ended, however that happened."""
    parent = multiprocessing.parent_process()

    def watch() -> None:
        assert parent is not None
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
