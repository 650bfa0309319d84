"""`Dataset`: what a pipeline of data is made of, for every backend."""

from __future__ import annotations

import itertools
import operator
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from keras.backend.numpy.array import as_array
from keras.core import tree
from keras.core.typing import Nested
from keras.data import stages
from keras.data.cache import Cache
from keras.data.formats import convert
from keras.data.host import map_arrays
from keras.data.rows import Rows, rows_of
from keras.data.stages import Indexed, Stage
from keras.data.workers import (
    ProcessPool,
    read_by_processes,
    read_by_threads,
    read_here,
)
from keras.random.host import draw_seed

AUTOTUNE = -1


class _Ahead(NamedTuple):
    """How elements are made ahead of time."""

    workers: int = 0
    use_multiprocessing: bool = False
    buffer_size: int | None = None


class Dataset:
    """A lazy pipeline of data whose elements can be asked for in any order.

    Nothing is read before an element is needed, and each method returns a new dataset.
    What is random depends on a seed, the number of the epoch and the index of the
    element, and on nothing else. So the same elements come with threads, with processes
    and without, and a run of `fit` that was interrupted goes on exactly.

    `fit`, `evaluate` and `predict` take a dataset of batches. Elements are NumPy
    arrays, or tuples and dicts of them. What iterating gives are arrays too, which also
    have the method `numpy()` of the frameworks' tensors.

    A dataset is made by `from_arrays`, `from_source` or `range`, or by
    `keras.utils.image_dataset_from_directory` and the like.

    Attributes:
        class_names: the names of the classes, where the data have them.
        file_paths: the files, where each element is one; in the order of the folder.
        stage: the last step of the pipeline (`keras/data/stages.py`).

    Example:
        >>> numbers = keras.data.Dataset.range(10)
        >>> squares = numbers.map(lambda n: n * n).batch(4)
        >>> [batch.tolist() for batch in squares]
        [[0, 1, 4, 9], [16, 25, 36, 49], [64, 81]]
        >>> squares[1].tolist()
        [16, 25, 36, 49]
    """

    class_names: list[str] | None = None
    file_paths: list[str] | None = None

    def __init__(self, stage: Stage, like: Dataset | None = None) -> None:
        self.stage = stage
        self._ahead: _Ahead = like._ahead if like else _Ahead()
        self.class_names = like.class_names if like else None
        self._epochs = itertools.count()
        self._pool: ProcessPool | None = None

    # Where data come from

    @classmethod
    def from_arrays(cls, arrays: Nested) -> Dataset:
        """The samples of arrays.

        Args:
            arrays: an array, or a nested structure of arrays of one length: NumPy,
                memmap, HDF5, pandas, SciPy sparse, or a framework's. Stored arrays are
                read a batch at a time.

        Raises:
            ValueError: the lengths differ, or there are no samples.

        Example:
            >>> x, y = np.arange(6).reshape(3, 2), np.array([0, 1, 0])
            >>> dataset = keras.data.Dataset.from_arrays((x, y))
            >>> dataset[2]
            (array([4, 5]), 0)
        """
        lengths: dict[str, int] = {}

        def to_rows(name: str, value: Any) -> Rows:
            rows = rows_of(name or "arrays", value)
            lengths[name or "arrays"] = rows.length
            return rows

        rows = map_arrays(to_rows, "", arrays)
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name} has {n}" for name, n in lengths.items())
            raise ValueError(f"All arrays must hold as many samples: {listed}.")
        if not lengths:
            raise ValueError("Dataset.from_arrays: there are no arrays.")
        return cls(stages.Arrays(rows))

    from_tensor_slices = from_arrays

    @classmethod
    def from_source(cls, source: Indexed) -> Dataset:
        """The items of anything that has `__getitem__` and `__len__`.

        That may be a list, a `keras.utils.PyDataset` (its items are batches), a PyTorch
        dataset or a data source of Grain.

        Example:
            >>> dataset = keras.data.Dataset.from_source(["a", "b", "c"])
            >>> dataset.map(str.upper)[1]
            'B'
        """
        if not (hasattr(source, "__getitem__") and hasattr(source, "__len__")):
            raise TypeError(
                "Dataset.from_source needs an object with `__getitem__` and `__len__`; "
                f"received a {type(source).__name__}. A generator has no order to ask "
                "by: make a list of it, or pass it to `fit` itself."
            )
        return cls(stages.Items(source))

    @classmethod
    def range(cls, *args: int) -> Dataset:
        """The integers of Python's `range`."""
        return cls(stages.Items(range(*args)))

    @staticmethod
    def zip(*datasets: Dataset | Sequence[Dataset]) -> Dataset:
        """Tuples of the elements of several datasets, as many as the shortest has.

        Args:
            *datasets: datasets, or one tuple of them.

        Example:
            >>> a, b = keras.data.Dataset.range(3), keras.data.Dataset.range(5, 9)
            >>> list(keras.data.Dataset.zip(a, b).as_numpy_iterator())
            [(0, 5), (1, 6), (2, 7)]
        """
        found: Any = datasets[0] if len(datasets) == 1 else datasets
        if isinstance(found, Dataset):
            found = (found,)
        return Dataset(stages.Zip(tuple(d.stage for d in found)), found[0])

    # What is done with them

    def map(
        self,
        function: Callable[..., Any],
        num_parallel_calls: int | None = None,
        seed: int | None = None,
    ) -> Dataset:
        """A function of each element.

        Args:
            function: takes an element and returns another. The items of a tuple are
                arguments of their own: `lambda x, y: (x / 255, y)`. If it has a
                parameter `rng`, it is given a `np.random.Generator` there, whose draws
                depend only on the seed, the epoch and the index. So do those of the
                data layers (`keras.layers.RandomFlip`, …) that it calls.
            num_parallel_calls: as the `workers` of `prefetch` (threads).
            seed: what the draws start from; by default as
                `keras.utils.set_random_seed` determines.

        Example:
            >>> def noisy(x, rng):
            ...     return x + rng.normal(size=x.shape)
            >>> dataset = keras.data.Dataset.from_arrays(np.zeros((4, 2)))
            >>> dataset.map(noisy, seed=1).batch(4)[0].shape
            (4, 2)
        """
        if not callable(function):
            raise TypeError(f"map: a function is needed; received {function!r}.")
        new = self._then(stages.Map(self.stage, function, _seed(seed)))
        if num_parallel_calls is None:
            return new
        return new.prefetch(workers=num_parallel_calls)

    def batch(
        self,
        batch_size: int,
        drop_remainder: bool = False,
        num_parallel_calls: int | None = None,
    ) -> Dataset:
        """Stack consecutive elements.

        Args:
            batch_size: how many.
            drop_remainder: leave out a last batch that is smaller.
            num_parallel_calls: as the `workers` of `prefetch` (threads).
        """
        size = _positive("batch", "batch_size", batch_size)
        new = self._then(stages.Batch(self.stage, size, drop_remainder))
        if num_parallel_calls is None:
            return new
        return new.prefetch(workers=num_parallel_calls)

    def padded_batch(
        self, batch_size: int, padding_value: Any = 0, drop_remainder: bool = False
    ) -> Dataset:
        """Stack elements that differ in size, padded at their ends to the largest.

        Args:
            batch_size: how many.
            padding_value: what they are padded with.
            drop_remainder: leave out a last batch that is smaller.

        Example:
            >>> words = keras.data.Dataset.from_source([[1], [2, 3, 4], [5, 6]])
            >>> words.map(np.array).padded_batch(3)[0].tolist()
            [[1, 0, 0], [2, 3, 4], [5, 6, 0]]
        """
        size = _positive("padded_batch", "batch_size", batch_size)
        return self._then(stages.Batch(self.stage, size, drop_remainder, padding_value))

    def unbatch(self) -> Dataset:
        """The samples of the batches, one by one.

        Raises:
            ValueError: the dataset was not made by `batch`.
        """
        if self.stage.layout() is None:
            raise ValueError(
                "unbatch: how many samples a batch has is unknown here. It must come "
                "after `batch`, with nothing but `map`, `cache`, `take` and `skip` "
                "between."
            )
        return self._then(stages.Unbatch(self.stage))

    def shuffle(
        self,
        buffer_size: int | None = None,
        seed: int | None = None,
        reshuffle_each_iteration: bool = True,
    ) -> Dataset:
        """All elements in a random order, each exactly once an epoch.

        Only indices are shuffled (8 bytes an element), so shuffle before you read,
        decode and batch. The order is that of NumPy's Philox generator with the key
        (seed, epoch), the same on every backend.

        Args:
            buffer_size: accepted for programs that were written for tf.data, which
                shuffles within a buffer. The order here is that of a buffer as large
                as the dataset, whatever is given.
            seed: determines the order; by default as `keras.utils.set_random_seed`
                does.
            reshuffle_each_iteration: whether each epoch has an order of its own.
        """
        if buffer_size is not None:
            _positive("shuffle", "buffer_size", buffer_size)
        if self.stage.size is None:
            raise ValueError(
                "shuffle: the dataset is infinite. Call `shuffle` before `repeat`; "
                "each repetition then has an order of its own."
            )
        stage = stages.Shuffle(self.stage, _seed(seed), reshuffle_each_iteration)
        return self._then(stage)

    def cache(self, folder: str | os.PathLike | None = None) -> Dataset:
        """Keep each element as it was when it was first made.

        What is random before `cache` is drawn once; put augmentation after it.

        Args:
            folder: where to keep the elements, which must be numbers of one shape. They
                are then shared by worker processes and found again by the next run.
                Without one they are kept in memory, in each process its own.
        """
        self._refuse_infinite("cache")
        place = None if folder in (None, "") else os.fspath(folder)  # type: ignore[arg-type]
        return self._then(Cache(self.stage, place))

    def repeat(self, count: int | None = None) -> Dataset:
        """The elements again and again, each time as another epoch.

        Args:
            count: how many times in all; None or -1: without end.
        """
        if count in (None, -1):
            count = None
        else:
            _positive("repeat", "count", count)
        self._refuse_infinite("repeat")
        if self.stage.size == 0:
            raise ValueError("repeat: the dataset is empty.")
        return self._then(stages.Repeat(self.stage, count))

    def take(self, count: int) -> Dataset:
        """The first `count` elements; all of them if it is -1."""
        if count == -1:
            return self._then(self.stage)
        count = _positive("take", "count", count, least=0)
        return self._then(stages.Window(self.stage, count=count))

    def skip(self, count: int) -> Dataset:
        """All but the first `count` elements, which are not even read."""
        count = _positive("skip", "count", count, least=0)
        return self._then(stages.Window(self.stage, start=count))

    def shard(self, num_shards: int, index: int) -> Dataset:
        """Every `num_shards`-th element: the part of one of several machines.

        Args:
            num_shards: how many parts there are.
            index: which of them, from 0.
        """
        num_shards = _positive("shard", "num_shards", num_shards)
        if not 0 <= index < num_shards:
            raise ValueError(
                f"shard: `index` must be from 0 to {num_shards - 1}; received {index}."
            )
        return self._then(stages.Window(self.stage, index, num_shards))

    def concatenate(self, dataset: Dataset) -> Dataset:
        """The elements of this dataset, then those of another."""
        self._refuse_infinite("concatenate")
        return self._then(stages.Chain((self.stage, dataset.stage)))

    def skip_errors(
        self, errors: type[Exception] | tuple[type[Exception], ...] = Exception
    ) -> Dataset:
        """Leave out the elements that can't be made, with a warning for each.

        A batch of them has fewer samples; no other element moves.

        Args:
            errors: the exceptions that are meant.
        """
        errors = errors if isinstance(errors, tuple) else (errors,)
        return self._then(stages.Tolerant(self.stage, errors))

    def prefetch(
        self,
        buffer_size: int | None = None,
        workers: int | None = None,
        use_multiprocessing: bool = False,
    ) -> Dataset:
        """Make elements ahead of time, in threads or processes.

        It holds for the whole pipeline, wherever it is called. The elements, their
        order and what is random in them are the same as without.

        Args:
            buffer_size: how many elements are made ahead at most; None or -1: two for
                each worker.
            workers: how many threads or processes. None or -1: as many as there are
                cores; 0: none, elements are made when they are asked for.
            use_multiprocessing: use processes instead of threads. They are worth it
                where functions of `map` spend their time in Python. Reading, decoding
                and NumPy run side by side in threads too.

        Example:
            >>> dataset = keras.data.Dataset.range(100).batch(10).prefetch(workers=2)
            >>> sum(int(batch.sum()) for batch in dataset)
            4950
        """
        if buffer_size in (None, AUTOTUNE):
            buffer_size = None
        else:
            buffer_size = _positive("prefetch", "buffer_size", buffer_size, least=0)
        if workers in (None, AUTOTUNE):
            workers = self._ahead.workers or available_cores()
        workers = _positive("prefetch", "workers", workers, least=0)
        new = self._then(self.stage)
        new._ahead = _Ahead(workers, bool(use_multiprocessing), buffer_size or None)
        return new

    # Reading

    def __len__(self) -> int:
        size = self.stage.size
        if size is None:
            raise TypeError("The dataset is infinite and has no length.")
        return size

    def __bool__(self) -> bool:
        return self.stage.size != 0

    def cardinality(self) -> int:
        """The number of elements; -1 if there is no end."""
        size = self.stage.size
        return -1 if size is None else size

    def __getitem__(self, index: int) -> Any:
        """The element at an index, as in the first epoch.

        Raises:
            IndexError: there is no such element, or it was left out.
        """
        size = self.stage.size
        where = operator.index(index)
        if where < 0 and size is not None:
            where += size
        if where < 0 or (size is not None and where >= size):
            raise IndexError(f"The dataset has {size} elements; received {index}.")
        for _, element in read_here(self.stage, [(0, where)]):
            return element
        raise IndexError(f"The element {index} was left out: it can't be read.")

    def __iter__(self) -> Iterator[Any]:
        return self.epoch(next(self._epochs))

    def epoch(self, index: int, start: int = 0) -> DatasetIterator:
        """The elements of an epoch.

        `for element in dataset` goes through epoch 0 at first, then 1, and so on.

        Args:
            index: the number of the epoch, which determines what is random.
            start: where to begin; what is before is not read.
        """
        return DatasetIterator(self, index, start)

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The elements of the next epoch as plain NumPy arrays and numbers."""
        return (_plain(element) for element in self)

    def read(self, places: Iterable[tuple[int, int]]) -> Iterator[tuple[int, Any]]:
        """The elements at places, made ahead as `prefetch` was told.

        Args:
            places: pairs of an epoch and an index.

        Returns:
            Pairs of the index and the element. Places that were left out are missing.
        """
        workers, use_multiprocessing, buffer_size = self._ahead
        if not workers:
            return read_here(self.stage, places)
        buffer_size = max(buffer_size or 2 * workers, 1)
        if not use_multiprocessing:
            return read_by_threads(self.stage, places, workers, buffer_size)
        return read_by_processes(self._open_pool(), places, buffer_size)

    def state_dict(self) -> dict[str, Any]:
        """The seeds that were drawn, from which another process continues exactly."""
        return {"seeds": [stage.seed for stage in self.stage.seeded()]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over the seeds of another dataset, made by the same calls."""
        own, seeds = self.stage.seeded(), state["seeds"]
        if len(own) != len(seeds):
            raise ValueError(
                f"The state is of a dataset with {len(seeds)} random steps; this one "
                f"has {len(own)}."
            )
        if [stage.seed for stage in own] != seeds:
            self.close()  # the workers know the old ones
        for stage, seed in zip(own, seeds):
            stage.seed = seed

    def close(self) -> None:
        """End the worker processes, if there are any. They start again if needed."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.close()

    def to(self, format: str) -> Any:
        """This dataset as one of another library.

        Args:
            format: `"tf"` for a `tf.data.Dataset`, `"torch"` for a PyTorch
                `DataLoader`, `"grain"` for a `grain.MapDataset`.
        """
        converted = convert(self, format)
        for name in ("class_names", "file_paths"):
            if getattr(self, name) is not None:
                setattr(converted, name, getattr(self, name))
        return converted

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_pool": None, "_epochs": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _epochs=itertools.count())

    def __repr__(self) -> str:
        size = self.stage.size
        steps = " → ".join(_names(self.stage))
        return f"<Dataset {steps}, {'infinite' if size is None else f'size {size}'}>"

    def _then(self, stage: Stage) -> Dataset:
        return Dataset(stage, self)

    def _refuse_infinite(self, method: str) -> None:
        if self.stage.size is None:
            raise ValueError(f"{method}: the dataset is infinite; call `take` first.")

    def _open_pool(self) -> ProcessPool:
        if self._pool is None or not self._pool.is_open:
            self._pool = ProcessPool(self.stage, self._ahead.workers)
            weakref.finalize(self, self._pool.close)
        return self._pool


class DatasetIterator:
    """The elements of one epoch, with a position that can be kept.

    Args:
        dataset: what to read.
        epoch: the number of the epoch.
        start: the index to begin with.
    """

    def __init__(self, dataset: Dataset, epoch: int, start: int = 0) -> None:
        self._dataset = dataset
        self._epoch, self._next_index = epoch, start
        self._reading: Iterator[tuple[int, Any]] | None = None

    def __iter__(self) -> DatasetIterator:
        return self

    def __next__(self) -> Any:
        if self._reading is None:
            size = self._dataset.stage.size
            start = self._next_index
            indices = itertools.count(start) if size is None else range(start, size)
            self._reading = self._dataset.read((self._epoch, i) for i in indices)
        index, element = next(self._reading)
        self._next_index = index + 1
        return tree.map_structure(_with_numpy, element)

    def get_state(self) -> dict[str, Any]:
        """Where it is, as plain numbers."""
        return {
            "epoch": self._epoch,
            "index": self._next_index,
            **self._dataset.state_dict(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Go where another iterator was, also one of another process."""
        self._dataset.load_state_dict(state)
        self._epoch, self._next_index = state["epoch"], state["index"]
        self._reading = None


def available_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _with_numpy(leaf: Any) -> Any:
    """An array as one that has `numpy()`, as tensors have; other leaves as they are."""
    return as_array(leaf) if isinstance(leaf, np.ndarray) else leaf


def _plain(element: Any) -> Any:
    def plain(leaf: Any) -> Any:
        return leaf.view(np.ndarray) if isinstance(leaf, np.ndarray) else leaf

    return tree.map_structure(plain, element)


def _names(stage: Stage) -> list[str]:
    before = ", ".join(" → ".join(_names(parent)) for parent in stage.parents)
    return [before, type(stage).__name__] if before else [type(stage).__name__]


def _seed(seed: int | None) -> int:
    return draw_seed() if seed is None else operator.index(seed) % 2**63


def _positive(who: str, name: str, value: Any, least: int = 1) -> int:
    try:
        number = operator.index(value)
    except TypeError:
        number = least - 1
    if number < least:
        raise ValueError(
            f"{who}: `{name}` must be an integer of at least {least}; "
            f"received {value!r}."
        )
    return number
