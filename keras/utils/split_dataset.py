"""`split_dataset`: two datasets of the samples of one."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from keras.core import tree
from keras.data.dataset import Dataset
from keras.data.host import is_array, map_arrays, to_numpy
from keras.utils.py_dataset import PyDataset


def split_dataset(
    dataset: Any,
    left_size: float | int | None = None,
    right_size: float | int | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Split data into two datasets of samples, such as for training and validation.

    Args:
        dataset: arrays, or a tuple, list or dict of them; a `keras.data.Dataset`,
            `tf.data.Dataset`, PyTorch dataset or `DataLoader`, `PyDataset` or
            generator. Batches of a dataset, if it says that it has some, are taken
            apart. Arrays and `keras.data.Dataset`s are not read; others are read whole
            and kept.
        left_size: how many samples the first has, or which part of them (a float from 0
            to 1). By default the rest.
        right_size: the same for the second.
        shuffle: whether samples are drawn at random, rather than the first and the
            rest.
        seed: determines the draw.
        preferred_backend: None for `keras.data.Dataset`s; `"tensorflow"` or `"torch"`
            for datasets of that framework.

    Returns:
        A pair of datasets of single samples: call `batch` before `fit`.

    Raises:
        TypeError: `dataset` is of another kind.
        ValueError: the sizes don't fit the number of samples.

    Example:
        >>> x, y = np.arange(10), np.arange(10) % 2
        >>> train, rest = keras.utils.split_dataset((x, y), left_size=0.8)
        >>> len(train), len(rest), rest[0]
        (8, 2, (8, 0))
    """
    formats = {None: None, "tensorflow": "tf", "torch": "torch", "grain": "grain"}
    if preferred_backend not in formats:
        raise ValueError(
            "split_dataset: `preferred_backend` must be one of "
            f"{list(formats)}; received {preferred_backend!r}."
        )
    samples = _samples(dataset)
    size = len(samples)
    left, right = _sizes(left_size, right_size, size)
    if shuffle:
        samples = samples.shuffle(seed=seed, reshuffle_each_iteration=False)

    parts = samples.take(left), samples.skip(size - right)
    format = formats[preferred_backend]
    if format is None:
        return parts
    return parts[0].to(format), parts[1].to(format)


def _samples(data: Any) -> Dataset:
    """The single samples of any kind of data."""
    if isinstance(data, Dataset):
        return data if data.stage.layout() is None else data.unbatch()
    if isinstance(data, list) and not is_array(data):
        data = tuple(data)
    if isinstance(data, (Mapping, tuple)) or is_array(data):
        return Dataset.from_arrays(data)
    if isinstance(data, PyDataset):
        if data.num_batches is None:
            raise ValueError("split_dataset: the PyDataset has no end.")
        batches = (data[index] for index in range(data.num_batches))
        return Dataset.from_source(list(_rows_of(batches)))
    if hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        return Dataset.from_source(data)  # a PyTorch dataset, a source of Grain
    if not hasattr(data, "__iter__"):
        raise TypeError(
            "split_dataset: `dataset` must be arrays, a dataset or a generator; "
            f"received a {type(data).__module__}.{type(data).__qualname__}."
        )
    if hasattr(data, "cardinality") and int(data.cardinality()) == -1:
        raise ValueError("split_dataset: the tf.data.Dataset has no end.")

    elements: Iterator[Any] = iter(data)
    if _has_batches(data):
        elements = _rows_of(elements)
    return Dataset.from_source([_on_host(element) for element in elements])


def _has_batches(data: Any) -> bool:
    """Whether a DataLoader or a `tf.data.Dataset` gives batches."""
    if hasattr(data, "batch_sampler"):
        return data.batch_size is not None or data.batch_sampler is not None
    while data is not None:
        if "Batch" in type(data).__name__:
            return "Unbatch" not in type(data).__name__
        data = getattr(data, "_input_dataset", None)
    return False


def _rows_of(batches: Any) -> Iterator[Any]:
    """The samples of batches, one by one."""
    for batch in batches:
        arrays = _on_host(batch)
        for row in range(len(tree.flatten(arrays)[0])):
            yield tree.map_structure(lambda array, row=row: array[row], arrays)


def _on_host(element: Any) -> Any:
    return map_arrays(lambda name, leaf: np.asarray(to_numpy(leaf)), "", element)


def _sizes(left: Any, right: Any, total: int) -> tuple[int, int]:
    """How many samples go to the first and to the second part."""
    if left is None and right is None:
        raise ValueError(
            "split_dataset: give `left_size`, `right_size` or both, as a number of "
            "samples or a part of them from 0 to 1."
        )
    first, second = _count("left", left, total), _count("right", right, total)
    if first is None:
        first = total - (second or 0)
    if second is None:
        second = total - first

    if first + second > total:
        raise ValueError(
            f"split_dataset: `left_size={left}` and `right_size={right}` are "
            f"{first} and {second} samples, more than the {total} there are."
        )
    if not first or not second:
        raise ValueError(
            f"split_dataset: with `left_size={left}` and `right_size={right}` one part "
            f"of the {total} samples is empty."
        )
    return first, second


def _count(side: str, size: Any, total: int) -> int | None:
    if size is None:
        return None
    if isinstance(size, (float, np.floating)):
        if 0 < size < 1:
            return round(size * total)
    elif not isinstance(size, bool):
        count = operator.index(size)
        if 0 < count < total:
            return count
    raise ValueError(
        f"split_dataset: `{side}_size` must be an integer from 1 to {total - 1} (there "
        f"are {total} samples) or a float between 0 and 1; received {size!r}."
    )
