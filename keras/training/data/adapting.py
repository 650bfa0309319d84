"""Batches for `adapt`: from whatever `fit` accepts as `x`, with a progress bar.

Unlike `fit`, `adapt` reads each sample once and does not care how they are grouped:
arrays come in large parts, as they are stored, and text as it is.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from keras.core import tree
from keras.core.foreign import framework_of, to_host
from keras.data.host import is_array, is_scalars, to_numpy
from keras.data.rows import rows_of
from keras.training.data.make import make_batches
from keras.utils.packing import unpack_x_y_sample_weight
from keras.utils.progbar import Progbar, check_verbose

# What a part of an array holds: enough to be quick, little enough to stay in memory.
_PART_BYTES = 64 << 20
_PART_TEXTS = 1 << 16
# How many single elements of a tf.data.Dataset are taken together.
_SINGLE = 32
# A bar that is done before anybody has read it is not drawn.
_PATIENCE = 1.0


def batches_to_adapt(
    data: Any,
    who: str,
    batch_size: int | None = None,
    steps: int | None = None,
    verbose: int | str = "auto",
    at_once: bool = False,
) -> Iterator[Any]:
    """The batches that a layer's `adapt` reads, as arrays on the host.

    Args:
        data: an array of samples, a list of numbers or text, a tensor, a file's array;
            or a dataset, a `PyDataset`, a generator of batches.
        who: the layer, for messages.
        batch_size: samples in a batch of an array; by default as many as are quick.
        steps: batches to read; by default all.
        verbose: as in `adapt`.
        at_once: whether an array in memory is one batch.

    Raises:
        ValueError: there are no data.
        TypeError: `data` is neither.

    Example:
        >>> [len(x) for x in batches_to_adapt(np.zeros((5, 2)), "it", batch_size=2)]
        [2, 2, 1]
    """
    quiet = verbose == "auto"
    level = check_verbose(verbose)
    if data is None:
        raise ValueError(f"{who}: `adapt` needs data; received None.")
    if isinstance(data, (str, bytes)):
        raise TypeError(
            f"{who}: `adapt` needs an array or a list of texts; received the text "
            f"{data[:40]!r} alone. Put it in a list."
        )

    if _is_list_of_values(data) or is_array(data):
        parts, number = _parts_of_array(data, who, batch_size, at_once)
        count: int | None = number
    else:
        parts, count = _parts_of_dataset(data, who, batch_size, steps)
    if steps is not None:
        count = steps if count is None else min(count, steps)
    return _shown(parts, count, steps, level, quiet, who)


def _parts_of_array(
    data: Any, who: str, batch_size: int | None, at_once: bool
) -> tuple[Iterator[Any], int]:
    """Parts of an array along its first axis, and how many."""
    if hasattr(data, "flat_values"):  # ragged: how values are grouped doesn't matter
        data = data.flat_values
    if framework_of(data) is not None or isinstance(data, np.generic):
        data = np.asarray(to_numpy(data))

    if isinstance(data, (list, tuple)):
        array = as_host_array(data)
        read: Any = array.__getitem__
    elif isinstance(data, np.ndarray):
        array, read = data, data.__getitem__
    else:
        rows = rows_of("data", data)
        return _slices(rows.take, rows.length, _part_size(data, batch_size), who)
    if array.ndim == 0:
        array = array.reshape(1)
        read = array.__getitem__

    is_in_memory = not isinstance(array, np.memmap)
    size = len(array) if at_once and is_in_memory else _part_size(array, batch_size)
    return _slices(read, len(array), size, who)


def _slices(read: Any, length: int, size: int, who: str) -> tuple[Iterator[Any], int]:
    if length == 0:
        raise ValueError(f"{who}: `adapt` needs data; received 0 samples.")
    starts = range(0, length, max(size, 1))
    return (read(slice(s, min(s + size, length))) for s in starts), len(starts)


def _part_size(array: Any, batch_size: int | None) -> int:
    if batch_size is not None:
        return batch_size
    dtype: Any = getattr(array, "dtype", None)
    if getattr(dtype, "kind", "O") in "OSUT":
        return _PART_TEXTS
    row = int(np.prod(array.shape[1:], dtype=np.int64)) * dtype.itemsize
    return max(_PART_BYTES // max(row, 1), 1)


def _parts_of_dataset(
    data: Any, who: str, batch_size: int | None, steps: int | None
) -> tuple[Iterator[Any], int | None]:
    """The x of each batch of a dataset or generator, and how many if that is known."""
    if batch_size is not None:
        raise ValueError(
            f"{who}: `batch_size` is for arrays; the batches of a "
            f"{type(data).__name__} have a size. Received batch_size={batch_size}."
        )
    if hasattr(data, "map") and hasattr(data, "element_spec"):
        # tf.data gives any elements, which the batches of `fit` are not.
        if all(not spec.shape.rank for spec in tree.flatten(data.element_spec)):
            data = data.batch(_SINGLE)
        return (_first_part(x) for x in data), _known_length(data)
    source = make_batches(data, steps=steps)
    return (batch[0] for batch in source.epoch(0)), source.num_batches


def _first_part(element: Any) -> Any:
    if isinstance(element, tuple):
        element = unpack_x_y_sample_weight(element)[0]
    return tree.map_structure(
        lambda x: to_host(x.flat_values if hasattr(x, "flat_values") else x), element
    )


def _known_length(dataset: Any) -> int | None:
    count = int(dataset.cardinality())
    return count if count >= 0 else None


def _shown(
    parts: Iterator[Any],
    count: int | None,
    steps: int | None,
    verbose: int,
    quiet: bool,
    who: str,
) -> Iterator[Any]:
    """The parts, up to `steps` of them, while a bar shows how many are done."""
    bar = Progbar(count, verbose=verbose, unit_name="batch") if verbose else None
    if bar is not None and quiet and not bar.live:
        bar = None
    start = time.perf_counter()
    done = 0
    for part in parts:
        yield part
        done += 1
        late = not quiet or time.perf_counter() - start > _PATIENCE
        if bar is not None and late and bar.due(done):
            bar.update(done)
        if done == steps:
            break

    if done == 0:
        raise ValueError(f"{who}: `adapt` needs data; the dataset has no batches.")
    if steps is not None and done < steps:
        raise ValueError(
            f"{who}: `adapt` was to read {steps} batches, but the data have only "
            f"{done}. Pass fewer `steps`, or a dataset that repeats."
        )
    late = not quiet or time.perf_counter() - start > _PATIENCE
    if bar is not None and late and (count is None or done != count):
        bar.update(done, finalize=True)


def as_host_array(data: Any) -> np.ndarray:
    """A list as an array: text in objects, which take no more memory than they need.

    The rows of a nested list may differ in length: then its values come in one row.
    """
    first = data
    while isinstance(first, (list, tuple)) and first:
        first = first[0]
    try:
        array = np.asarray(data, object if isinstance(first, (str, bytes)) else None)
    except ValueError:
        array = np.empty(0, object)
    if array.dtype == object and (
        not array.size or isinstance(array.flat[0], (list, tuple))
    ):
        return np.concatenate([as_host_array(row).ravel() for row in data])
    return array


def _is_list_of_values(data: Any) -> bool:
    return isinstance(data, (list, tuple)) and is_scalars(data)
