"""The stages of a dataset: each gives its element at an index of an epoch.

A stage is a pure function `(epoch, index) -> element`. What is random in it comes from
a seed, the epoch and the index alone. So elements can be asked for in any order, by any
thread or process, and a run that was interrupted goes on exactly. `dataset.py` has what
users call.
"""

from __future__ import annotations

import enum
import inspect
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

import numpy as np

from keras.core import tree
from keras.core.settings import floatx
from keras.core.typing import Nested
from keras.data.rows import Rows
from keras.layers.preprocessing.base import seed_scope


class LeftOut(enum.Enum):
    """What stands for an element that could not be made and is to be left out."""

    LEFT_OUT = 0


LEFT_OUT = LeftOut.LEFT_OUT
Layout = tuple[int, int | None]
Allocate = Callable[..., np.ndarray]  # of a shape and a dtype, as `np.empty`


class Indexed(Protocol):
    """What has elements by index: a list, a `PyDataset`, a data source of Grain."""

    def __getitem__(self, index: int, /) -> Any: ...

    def __len__(self) -> int: ...


class Stage:
    """A step of a pipeline.

    Attributes:
        parents: the stages it takes elements from.
        seed: what its random choices start from; None if it makes none.
    """

    parents: tuple[Stage, ...] = ()
    seed: int | None = None

    @property
    def size(self) -> int | None:
        """The number of elements in an epoch; None: without end."""
        raise NotImplementedError

    def at(self, epoch: int, index: int) -> Any:
        """The element at an index, or `LEFT_OUT`."""
        raise NotImplementedError

    def stacked(
        self, epoch: int, indices: np.ndarray, allocate: Allocate = np.empty
    ) -> Any:
        """Several elements as one batch, or `LEFT_OUT` if none is left.

        By default they are made one by one. Where there is a faster way (rows of an
        array), a stage has it here.
        """
        elements = (self.at(epoch, int(i)) for i in indices)
        return stack(elements, len(indices), allocate)

    def layout(self) -> Layout | None:
        """The size of a batch and the number of samples, if elements are batches."""
        return None

    def seeded(self) -> list[Stage]:
        """The stages up to here that have a seed, in a fixed order."""
        found = [stage for parent in self.parents for stage in parent.seeded()]
        return [*found, self] if self.seed is not None else found


class Arrays(Stage):
    """The samples of arrays: `(x, y)[i]` is `(x[i], y[i])`.

    Args:
        rows: a nested structure with `Rows` as leaves, all of one length.
    """

    def __init__(self, rows: Nested) -> None:
        self._rows = rows
        self._size: int = next(iter(tree.flatten(rows))).length

    @property
    def size(self) -> int:
        return self._size

    def at(self, epoch: int, index: int) -> Any:
        def row(rows: Rows) -> Any:
            return rows.take(slice(index, index + 1))[0]

        return tree.map_structure(row, self._rows)

    def stacked(
        self, epoch: int, indices: np.ndarray, allocate: Allocate = np.empty
    ) -> Any:
        first, count = int(indices[0]), len(indices)
        where: Any = indices
        if int(indices[-1]) - first == count - 1 and np.all(np.diff(indices) == 1):
            where = slice(first, first + count)
        return tree.map_structure(lambda rows: rows.take(where), self._rows)


class Items(Stage):
    """The items of anything with `__getitem__` and `__len__`."""

    def __init__(self, source: Indexed) -> None:
        self.source = source

    @property
    def size(self) -> int:
        return len(self.source)

    def at(self, epoch: int, index: int) -> Any:
        return self.source[index]


class UnreadableFile(ValueError):
    """A file of a dataset that does not hold what it should."""


class Files(Stage):
    """What is in files, with a target for each if there are any.

    Args:
        paths: the files.
        read: makes an array (or text) of a file.
        targets: the target of each by index, or None.

    Raises:
        UnreadableFile: when an element is made: `read` failed. The message has the name
            of the file.
    """

    def __init__(
        self,
        paths: Sequence[str],
        read: Callable[[str], Any],
        targets: Any = None,
    ) -> None:
        self.paths, self.read, self.targets = paths, read, targets

    @property
    def size(self) -> int:
        return len(self.paths)

    def at(self, epoch: int, index: int) -> Any:
        path = self.paths[index]
        try:
            content = self.read(path)
        except MemoryError:
            raise
        except Exception as error:
            why = str(error) if path in str(error) else f"{path!r}: {error}"
            raise UnreadableFile(f"A file can't be read: {why}") from error
        return content if self.targets is None else (content, self.targets[index])


class Map(Stage):
    """A function of each element.

    Args:
        parent: where the elements come from.
        function: what makes a new element of one. The items of a tuple are its
            arguments. If it has a parameter `rng`, it is given a generator there.
        seed: what the draws of the function start from.
    """

    def __init__(self, parent: Stage, function: Callable[..., Any], seed: int) -> None:
        self.parents = (parent,)
        self.function = function
        self.seed = seed
        self._takes_rng = _has_parameter(function, "rng")

    @property
    def size(self) -> int | None:
        return self.parents[0].size

    def at(self, epoch: int, index: int) -> Any:
        element = self.parents[0].at(epoch, index)
        if element is LEFT_OUT:
            return LEFT_OUT

        assert self.seed is not None
        arguments = element if type(element) is tuple else (element,)
        options = {}
        if self._takes_rng:
            options["rng"] = generator_at(self.seed, epoch, index)
        seed = seed_at(self.seed, epoch, index)
        try:
            with seed_scope(seed):  # for the layers that the function calls
                return self.function(*arguments, **options)
        except Exception as error:
            error.add_note(
                f"In the function of `map` ({_name(self.function)}), for element "
                f"{index} of epoch {epoch}."
            )
            raise

    def layout(self) -> Layout | None:
        return self.parents[0].layout()


class Batch(Stage):
    """Consecutive elements, stacked.

    Args:
        parent: where the elements come from.
        batch_size: how many are stacked.
        drop_remainder: whether a smaller last batch is left out.
        padding: if it is not None, elements that differ in size are padded with it.
    """

    def __init__(
        self,
        parent: Stage,
        batch_size: int,
        drop_remainder: bool = False,
        padding: Any = None,
    ) -> None:
        self.parents = (parent,)
        self.batch_size = batch_size
        self.drop_remainder = drop_remainder
        self.padding = padding

    @property
    def size(self) -> int | None:
        count = self.parents[0].size
        if count is None:
            return None
        full, rest = divmod(count, self.batch_size)
        return full if self.drop_remainder or not rest else full + 1

    def at(self, epoch: int, index: int, allocate: Allocate = np.empty) -> Any:
        parent, start = self.parents[0], index * self.batch_size
        stop = start + self.batch_size
        if parent.size is not None:
            stop = min(stop, parent.size)

        indices = np.arange(start, stop)
        if self.padding is None:
            return parent.stacked(epoch, indices, allocate)
        elements = [parent.at(epoch, int(i)) for i in indices]
        return stack(padded(elements, self.padding), len(elements), allocate)

    def layout(self) -> Layout:
        count = self.parents[0].size
        if count is not None and self.drop_remainder:
            count -= count % self.batch_size
        return self.batch_size, count


class Unbatch(Stage):
    """The samples of batches, one by one."""

    def __init__(self, parent: Stage) -> None:
        self.parents = (parent,)
        self._last: tuple[tuple[int, int], Any] | None = None

    @property
    def size(self) -> int | None:
        layout = self.parents[0].layout()
        assert layout is not None
        return layout[1]

    def at(self, epoch: int, index: int) -> Any:
        layout = self.parents[0].layout()
        assert layout is not None
        batch_index, row = divmod(index, layout[0])

        last, where = self._last, (epoch, batch_index)
        if last is None or last[0] != where:
            self._last = last = (where, self.parents[0].at(epoch, batch_index))
        batch = last[1]
        if batch is LEFT_OUT or row >= len(next(iter(tree.flatten(batch)))):
            return LEFT_OUT
        return tree.map_structure(lambda leaf: leaf[row], batch)


class Shuffle(Stage):
    """All elements in a random order.

    Args:
        parent: where the elements come from.
        seed: with the number of the epoch it determines the order.
        each_epoch: whether each epoch has an order of its own.
    """

    def __init__(self, parent: Stage, seed: int, each_epoch: bool = True) -> None:
        self.parents = (parent,)
        self.seed = seed
        self.each_epoch = each_epoch
        self._last: tuple[Any, np.ndarray] | None = None

    @property
    def size(self) -> int | None:
        return self.parents[0].size

    def at(self, epoch: int, index: int) -> Any:
        return self.parents[0].at(epoch, int(self._order(epoch)[index]))

    def stacked(
        self, epoch: int, indices: np.ndarray, allocate: Allocate = np.empty
    ) -> Any:
        order = self._order(epoch)[indices]
        return self.parents[0].stacked(epoch, order, allocate)

    def layout(self) -> Layout | None:
        return None

    def _order(self, epoch: int) -> np.ndarray:
        assert self.seed is not None and self.size is not None
        key = self.seed, epoch if self.each_epoch else 0, self.size
        last = self._last  # threads may set it meanwhile, to the same or another epoch
        if last is None or last[0] != key:
            generator = np.random.Generator(np.random.Philox(key=_words(*key[:2])))
            self._last = last = (key, generator.permutation(self.size))
        return last[1]


class Window(Stage):
    """A part of the elements: `start`, `start + step`, …

    Args:
        parent: where the elements come from.
        start: the first index.
        step: the distance of two indices.
        count: at most how many; None: as many as there are.
    """

    def __init__(
        self, parent: Stage, start: int = 0, step: int = 1, count: int | None = None
    ) -> None:
        self.parents = (parent,)
        self.start, self.step, self.count = start, step, count

    @property
    def size(self) -> int | None:
        total = self.parents[0].size
        if total is None:
            return self.count
        there = max(-(-(total - self.start) // self.step), 0)
        return there if self.count is None else min(there, self.count)

    def at(self, epoch: int, index: int) -> Any:
        return self.parents[0].at(epoch, self.start + index * self.step)

    def stacked(
        self, epoch: int, indices: np.ndarray, allocate: Allocate = np.empty
    ) -> Any:
        where = self.start + indices * self.step
        return self.parents[0].stacked(epoch, where, allocate)

    def layout(self) -> Layout | None:
        layout = self.parents[0].layout()
        if layout is None or self.step != 1:
            return layout and (layout[0], None)

        batch_size, samples = layout
        if self.size is None or samples is None:
            return layout if self.size is None else (batch_size, self.size * batch_size)
        first = self.start * batch_size
        return batch_size, max(min(samples, first + self.size * batch_size) - first, 0)


class Repeat(Stage):
    """The same elements again, as further epochs of the parent.

    Args:
        parent: where the elements come from.
        count: how many times; None: without end.
    """

    def __init__(self, parent: Stage, count: int | None = None) -> None:
        self.parents = (parent,)
        self.count = count

    @property
    def size(self) -> int | None:
        size = self.parents[0].size
        return None if size is None or self.count is None else size * self.count

    def at(self, epoch: int, index: int) -> Any:
        cycle, index = divmod(index, self._length())
        return self.parents[0].at(self._first_cycle(epoch) + cycle, index)

    def stacked(
        self, epoch: int, indices: np.ndarray, allocate: Allocate = np.empty
    ) -> Any:
        cycles, inside = np.divmod(indices, self._length())
        if np.any(cycles != cycles[0]):
            return super().stacked(epoch, indices, allocate)
        first = self._first_cycle(epoch)
        cycle = first + int(cycles[0])
        return self.parents[0].stacked(cycle, inside, allocate)

    def layout(self) -> Layout | None:
        layout = self.parents[0].layout()
        return layout and (layout[0], None)

    def _length(self) -> int:
        size = self.parents[0].size
        assert size is not None
        return size

    def _first_cycle(self, epoch: int) -> int:
        return 0 if self.count is None else epoch * self.count


class Zip(Stage):
    """Tuples of the elements of several parents, as many as the shortest has."""

    def __init__(self, parents: tuple[Stage, ...]) -> None:
        self.parents = parents

    @property
    def size(self) -> int | None:
        sizes = [parent.size for parent in self.parents]
        return min((size for size in sizes if size is not None), default=None)

    def at(self, epoch: int, index: int) -> Any:
        found = tuple(parent.at(epoch, index) for parent in self.parents)
        return LEFT_OUT if any(item is LEFT_OUT for item in found) else found

    def layout(self) -> Layout | None:
        layouts = [parent.layout() for parent in self.parents]
        same = all(layout == layouts[0] for layout in layouts)
        return layouts[0] if same else None


class Chain(Stage):
    """The elements of several parents, one after the other."""

    def __init__(self, parents: tuple[Stage, ...]) -> None:
        self.parents = parents

    @property
    def size(self) -> int | None:
        sizes = [parent.size for parent in self.parents]
        return None if None in sizes else sum(filter(None, sizes))

    def at(self, epoch: int, index: int) -> Any:
        for parent in self.parents:
            if parent.size is None or index < parent.size:
                return parent.at(epoch, index)
            index -= parent.size
        raise IndexError(index)


class Tolerant(Stage):
    """Leaves out the elements whose making fails, with a warning for each.

    Args:
        parent: where the elements come from.
        errors: which exceptions count.
    """

    def __init__(self, parent: Stage, errors: tuple[type[Exception], ...]) -> None:
        self.parents = (parent,)
        self.errors = errors

    @property
    def size(self) -> int | None:
        return self.parents[0].size

    def at(self, epoch: int, index: int) -> Any:
        try:
            return self.parents[0].at(epoch, index)
        except self.errors as error:
            warnings.warn(f"Left out, since it can't be read: {error}", stacklevel=2)
            return LEFT_OUT

    def layout(self) -> Layout | None:
        return self.parents[0].layout()


def stack(elements: Iterable[Any], count: int, allocate: Allocate = np.empty) -> Any:
    """Elements as one batch: each leaf gets a first axis.

    Numbers and arrays are copied into one array for each leaf as they come; text and
    other objects go to an array of objects.

    Raises:
        ValueError: two elements differ in structure or in the shape of a leaf.
    """
    columns: list[np.ndarray] = []
    treedef: Any = None
    filled = 0
    for element in elements:
        if element is LEFT_OUT:
            continue
        leaves, found = tree.flatten_with_def(element)
        arrays = [_as_array(leaf) for leaf in leaves]
        if treedef is None:
            treedef = found
            columns = [allocate((count, *a.shape), a.dtype) for a in arrays]
        if found != treedef:
            raise ValueError(
                "The elements of a batch must have one structure; one is "
                f"{treedef}, another {found}."
            )
        for column, array in zip(columns, arrays):
            if column.shape[1:] != array.shape:
                raise ValueError(
                    "The elements of a batch must have one shape; one has the shape "
                    f"{column.shape[1:]}, another {array.shape}. Bring them to one "
                    "shape in `map`, or use `padded_batch`."
                )
            is_object = array.dtype.hasobject and not array.ndim
            column[filled] = array[()] if is_object else array
        filled += 1

    if treedef is None:
        return LEFT_OUT
    return tree.unflatten(treedef, [column[:filled] for column in columns])


def padded(elements: list[Any], value: Any) -> list[Any]:
    """The elements with each leaf padded at its end to the largest of that leaf."""
    elements = [element for element in elements if element is not LEFT_OUT]
    if not elements:
        return []

    flat = [tree.flatten_with_def(element) for element in elements]
    columns = zip(*([_as_array(leaf) for leaf in leaves] for leaves, _ in flat))
    wide = []
    for column in columns:
        shape = np.max([array.shape for array in column], axis=0) if column else ()
        wide.append([_pad(array, shape, value) for array in column])
    return [tree.unflatten(flat[i][1], row) for i, row in enumerate(zip(*wide))]


def _pad(array: np.ndarray, shape: Any, value: Any) -> np.ndarray:
    sides = [(0, int(wanted - size)) for wanted, size in zip(shape, array.shape)]
    return np.pad(array, sides, constant_values=value) if sides else array


def _as_array(leaf: Any) -> np.ndarray:
    """A leaf of an element as an array; floats of Python are `floatx()`."""
    if isinstance(leaf, np.ndarray):
        return leaf
    if isinstance(leaf, float):
        return np.asarray(leaf, floatx())
    if isinstance(leaf, (str, bytes)) or leaf is None:
        boxed = np.empty((), object)
        boxed[()] = leaf
        return boxed
    if hasattr(leaf, "detach"):  # PyTorch's tensors that carry gradients
        leaf = leaf.detach()
    return np.asarray(leaf)


def generator_at(seed: int, epoch: int, index: int) -> np.random.Generator:
    """The generator of one element: the same whoever makes it, and whenever."""
    key = np.array([seed, index], np.uint64)
    counter = np.array([0, 0, 0, epoch], np.uint64)
    return np.random.Generator(np.random.Philox(key=key, counter=counter))


def seed_at(seed: int, epoch: int, index: int) -> int:
    """A seed of 32 bits for one element."""
    return int(np.random.SeedSequence([seed, epoch, index]).generate_state(1)[0])


def _words(*numbers: int) -> np.ndarray:
    return np.array(numbers, np.uint64)


def _has_parameter(function: Callable[..., Any], name: str) -> bool:
    try:
        return name in inspect.signature(function).parameters
    except (TypeError, ValueError):  # a function of C without a signature
        return False


def _name(function: Callable[..., Any]) -> str:
    return getattr(function, "__qualname__", None) or repr(function)
