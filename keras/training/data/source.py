"""`BatchSource`: batches by epoch and position, from arrays or by index."""

from __future__ import annotations

import secrets
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from keras.core import tree
from keras.data.host import map_arrays, to_host
from keras.data.rows import Rows
from keras.training.data.weights import ClassWeights
from keras.utils.packing import unpack_x_y_sample_weight

NAMES = ("x", "y", "sample_weight")


class BatchSource:
    """The batches of one `fit`, `evaluate` or `predict`, equal on every backend.

    A batch is a tuple `(x,)`, `(x, y)` or `(x, y, sample_weight)` of NumPy arrays, of
    tensors that the user gave, or of nested structures of these.

    Attributes:
        num_batches: Number of batches in an epoch, or None if unknown.
        batch_size: Samples in a batch (the last may have fewer), or None.
        num_samples: Samples in all, or None.
        restarts: Whether `epoch(0)` starts from the beginning each time. A generator
            cannot: it continues where it stopped.
    """

    batch_size: int | None = None
    num_samples: int | None = None
    restarts: bool = True

    def __init__(self, steps: int | None, class_weights: ClassWeights | None) -> None:
        self.steps = steps
        self._class_weights = class_weights

    @property
    def num_batches(self) -> int | None:
        """Number of batches in an epoch, or None if unknown."""
        raise NotImplementedError

    def epoch(self, index: int = 0, start: int = 0) -> Iterator[tuple]:
        """The batches of one epoch.

        With `steps`, epochs share the passes over the data: each goes on where the
        one before stopped, wraps at the end, and epoch 0 is always the beginning.

        Args:
            index: Which epoch, from 0. It determines the order of shuffled arrays.
            start: Batches to leave out; by index they are never read.
        """
        raise NotImplementedError

    def peek(self) -> tuple:
        """A batch to see its shapes; the next epoch still yields it."""
        raise NotImplementedError

    def on_epoch_begin(self) -> None:
        """Tell a user's dataset that an epoch begins."""

    def on_epoch_end(self) -> None:
        """Tell a user's dataset that an epoch has ended."""

    def state_dict(self) -> dict[str, Any]:
        """The state from which a new source continues exactly."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` of an earlier source returned."""

    def caveat(self) -> str | None:
        """Why a resumed run may not be exact, as a sentence; None if it is."""
        return None

    def _standardize(self, batch: Any) -> tuple:
        """A batch of a user's dataset in the form that the trainer takes."""
        parts = drop_nones(unpack_x_y_sample_weight(batch))
        return self._weigh(
            tuple(map_arrays(to_host, name, part) for name, part in zip(NAMES, parts))
        )

    def _weigh(self, batch: tuple) -> tuple:
        return self._class_weights.apply(batch) if self._class_weights else batch


class IndexedSource(BatchSource):
    """A source whose batches can be asked for in any order.

    Args:
        steps: Batches in an epoch; None: all.
        shuffle: Whether each pass has a new random order.
        seed: With the number of the pass it determines that order.
        class_weights: As given to `fit`.
    """

    def __init__(
        self,
        steps: int | None,
        shuffle: bool | str,
        seed: int | None,
        class_weights: ClassWeights | None,
    ) -> None:
        super().__init__(steps, class_weights)
        self.shuffle = shuffle
        if seed is None:
            seed = secrets.randbits(63) if shuffle else 0
        self.seed = int(seed) % 2**63

    def _total(self) -> int | None:
        """The batches of one pass over the data; None: without end."""
        raise NotImplementedError

    def _plan(self, cycle: int | None) -> Callable[[int], Any]:
        """What the n-th batch of a pass is made from; a `cycle` of None: unshuffled."""
        raise NotImplementedError

    def _read(self, items: Iterable[Any]) -> Iterator[tuple]:
        """The batches made from what the plan returned."""
        raise NotImplementedError

    @property
    def num_batches(self) -> int | None:
        total = self._total()
        if total is None or self.steps is None:
            return total if self.steps is None else self.steps
        return min(total, self.steps)

    def epoch(self, index: int = 0, start: int = 0) -> Iterator[tuple]:
        total = self._total()
        length = self.num_batches
        if length is None:
            raise ValueError("Data without end needs a number of steps.")
        if not 0 <= start <= length:
            raise ValueError(f"An epoch of {length} batches can't start at {start}.")
        first = index * length + start
        yield from self._read(self._items(total, first, length - start))
        if self.steps is not None and length < self.steps:
            warn_ran_out(length, self.steps)

    def _items(self, total: int | None, first: int, count: int) -> Iterator[Any]:
        current = None
        for position in range(first, first + count):
            cycle, batch = divmod(position, total) if total else (0, position)
            if cycle != current:
                plan = self._plan(cycle)
                current = cycle
            yield plan(batch)

    def peek(self) -> tuple:
        return next(self._read([self._plan(None)(0)]))

    def state_dict(self) -> dict[str, Any]:
        return {"seed": self.seed}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.seed = int(state["seed"])

    def _permutation(self, size: int, cycle: int) -> np.ndarray:
        key = np.array([self.seed, cycle], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key)).permutation(size)


class ArraySource(IndexedSource):
    """Batches of arrays: slices where they aren't shuffled, gathered where they are.

    Args:
        parts: `(x,)`, `(x, y)` or `(x, y, sample_weight)`, with `Rows` as leaves.
        num_samples: The length of each of them.
        batch_size: Samples in a batch.
        shuffle: True shuffles the samples, `"batch"` only the order of batches.
    """

    def __init__(
        self, parts: tuple, num_samples: int, batch_size: int, **options: Any
    ) -> None:
        super().__init__(**options)
        self._parts = parts
        self.num_samples: int = num_samples
        self.batch_size: int = batch_size

    def _total(self) -> int:
        return -(-self.num_samples // self.batch_size)

    def _plan(self, cycle: int | None) -> Callable[[int], slice | np.ndarray]:
        size = self.batch_size
        end = self.num_samples

        def rows(batch: int) -> slice:
            return slice(batch * size, min((batch + 1) * size, end))

        if cycle is None or not self.shuffle:
            return rows
        if self.shuffle == "batch":
            full = end // size  # a partial batch stays last
            order = [*self._permutation(full, cycle).tolist(), full]
            return lambda batch: rows(order[batch])
        samples = self._permutation(end, cycle)
        return lambda batch: samples[rows(batch)]

    def _read(self, items: Iterable[slice | np.ndarray]) -> Iterator[tuple]:
        for index in items:

            def take(name: str, rows: Rows, index: Any = index) -> Any:
                return rows.take(index)

            yield self._weigh(tuple(map_arrays(take, "", p) for p in self._parts))

    def group_size(self, batch: Any, nbytes: int) -> int:
        """How many such batches fit in `nbytes`; 0 if they cannot be stacked."""
        leaves = [leaf for leaf in tree.flatten(batch) if leaf is not None]
        if not all(
            isinstance(v, np.ndarray) and v.dtype.kind in "fiub" for v in leaves
        ):
            return 0
        fits = nbytes // max(sum(v.nbytes for v in leaves), 1)
        return min(fits, self.num_samples // self.batch_size)

    def last_batch(self, batch: Any) -> Any:
        """A batch like this, but of the size of an epoch's last if that is smaller."""
        full, rest = divmod(self.num_samples, self.batch_size)
        if not rest or not full or (self.num_batches or 0) <= full:
            return None
        return tree.map_structure(lambda a: None if a is None else a[:rest], batch)

    def groups(
        self,
        index: int,
        start: int,
        size: int,
        wanted: Callable[[int], int],
        filled: bool = True,
    ) -> Iterator[tuple[tuple, int]]:
        """The batches of an epoch in stacks, to be run in one dispatch.

        Args:
            index, start: as for `epoch`.
            size: how many batches a stack has room for.
            wanted: from the number of a step to how many may run from there.
            filled: whether a stack has that size also where it has fewer batches.

        Returns:
            Pairs `(stack, count)`: arrays of shape (size, batch size, ...) of which the
            first `count` are batches; and `(batch, 0)` for a batch with fewer samples.
        """
        full = self.num_samples // self.batch_size
        total = self._total()
        end = min(total, self.steps or total)
        step = start
        plans: dict[int, Callable] = {}
        while step < end:
            cycle, batch = divmod(index * end + step, total)
            if cycle not in plans:
                plans = {cycle: self._plan(cycle)}
            rows = plans[cycle]
            if batch >= full:
                yield next(self._read([rows(batch)])), 0
                step += 1
                continue

            count = max(min(wanted(step), size, full - batch, end - step), 1)
            parts = [rows(b) for b in range(batch, batch + count)]
            flat = next(self._read([_joined(parts)]))
            room = size if filled else count
            yield tree.map_structure(self._stacker(room, count), flat), count
            step += count

        if self.steps is not None and end < self.steps:
            warn_ran_out(end, self.steps)

    def _stacker(self, size: int, count: int) -> Callable[[Any], Any]:
        def stack(rows: Any) -> Any:
            if rows is None or count == size:
                shape = (size, self.batch_size)
                return rows if rows is None else rows.reshape(shape + rows.shape[1:])
            room = np.empty((size, self.batch_size, *rows.shape[1:]), rows.dtype)
            room[:count] = rows.reshape(room[:count].shape)
            return room

        return stack


def _joined(parts: list[Any]) -> Any:
    """Neighbouring slices, or index arrays, as one."""
    if isinstance(parts[0], slice):
        if all(a.stop == b.start for a, b in zip(parts, parts[1:])):
            return slice(parts[0].start, parts[-1].stop)
        return np.concatenate([np.arange(p.start, p.stop) for p in parts])
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def drop_nones(parts: tuple) -> tuple:
    """`parts` without the Nones at its end; the first stays."""
    while len(parts) > 1 and parts[-1] is None:
        parts = parts[:-1]
    return parts


def warn_ran_out(given: int, steps: int | None) -> None:
    """Warn that the data ended before the epoch did."""
    wanted = "" if steps is None else f" of the {steps} steps asked for"
    warnings.warn(
        "Your input ran out of data; interrupting training. It gave "
        f"{given} batches{wanted}. Ask for fewer steps or give more data (a generator "
        "that goes on, a tf.data.Dataset with `.repeat()`).",
        stacklevel=2,
    )
