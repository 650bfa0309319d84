"""`make_batches`: a `BatchSource` for any kind of data; and the validation split."""

from __future__ import annotations

import math
import operator
import warnings
from collections.abc import Mapping
from typing import Any

from keras.data.dataset import Dataset
from keras.data.host import is_array, map_arrays, roots
from keras.data.rows import Rows, rows_of
from keras.training.data.iterable import IterableSource
from keras.training.data.lazy import LazySource
from keras.training.data.py_dataset import DatasetSource
from keras.training.data.source import NAMES, ArraySource, BatchSource, drop_nones
from keras.training.data.weights import ClassWeights
from keras.utils.py_dataset import PyDataset

DEFAULT_BATCH_SIZE = 32


def make_batches(
    x: Any,
    y: Any = None,
    sample_weight: Any = None,
    batch_size: int | None = None,
    steps: int | None = None,
    shuffle: bool | str = False,
    class_weight: Mapping[int, float] | None = None,
    seed: int | None = None,
    sparse: bool = False,
) -> BatchSource:
    """Make batches of whatever `fit`, `evaluate` and `predict` accept.

    Args:
        x: Arrays of samples: NumPy, memmap, pandas, HDF5, SciPy sparse, JAX, torch or
            TensorFlow arrays, lists of numbers, or nested dicts, lists and tuples of
            these. Or batches: a tf.data.Dataset, a torch DataLoader, a `PyDataset`, a
            generator, anything to iterate.
        y: Targets, if `x` holds arrays.
        sample_weight: A weight for each sample, if `x` holds arrays.
        batch_size: Samples in a batch, if `x` holds arrays. By default 32, or what
            `steps` implies.
        steps: Batches in an epoch; None: one pass over the data.
        shuffle: True, False, or `"batch"` to shuffle the order of batches only.
            Ignored for a dataset or generator, which has its own order.
        class_weight: Weight of each class index.
        seed: Determines the shuffling, together with the number of the pass.
        sparse: Whether SciPy's sparse matrices among the inputs stay sparse; they are
            made dense batch by batch otherwise.

    Returns:
        The source. NumPy arrays are never copied whole, stored arrays never read
        whole.

    Raises:
        TypeError: `x` is of another kind.
        ValueError: lengths differ, there are no data, or arguments do not match.

    Example:
        >>> source = make_batches(np.zeros((10, 3)), np.zeros(10), batch_size=4)
        >>> [x.shape for x, y in source.epoch(0)]
        [(4, 3), (4, 3), (2, 3)]
    """
    steps = _positive("steps", steps)
    batch_size = _positive("batch_size", batch_size)
    if not (isinstance(shuffle, bool) or shuffle == "batch"):
        raise ValueError(
            f"`shuffle` must be True, False or 'batch'; received {shuffle!r}."
        )

    weights = None if class_weight is None else ClassWeights(class_weight)
    if not _holds_arrays(x):
        if batch_size is not None:
            warnings.warn(
                f"`batch_size` is ignored: {_kind(x)} makes its batches itself.",
                stacklevel=4,
            )
        given = {"y": y, "sample_weight": sample_weight}
        return _batches_of_dataset(x, given, steps, bool(shuffle), seed, weights)
    parts, count = _rows(x, y, sample_weight, sparse)
    if weights is not None:
        if sample_weight is not None and not isinstance(parts[2], Rows):
            raise ValueError(
                "`class_weight` needs one `sample_weight` array, not a "
                f"{type(sample_weight).__name__} of them."
            )
        weights.check(y)

    if batch_size is None:
        batch_size = math.ceil(count / steps) if steps else DEFAULT_BATCH_SIZE
    return ArraySource(
        parts,
        count,
        batch_size,
        steps=steps,
        shuffle=shuffle,
        seed=seed,
        class_weights=weights,
    )


def split_validation(
    x: Any, y: Any, sample_weight: Any, fraction: float, sparse: bool = False
) -> tuple[tuple, tuple]:
    """Set the last samples aside for validation, without reading or copying them.

    Args:
        x: Arrays, as for `make_batches`.
        y: Targets, or None.
        sample_weight: Sample weights, or None.
        fraction: How much to set aside, between 0 and 1.
        sparse: As for `make_batches`.

    Returns:
        `(x, y, sample_weight)` for training and the same for validation, to be given
        to `make_batches`.

    Raises:
        ValueError: `x` is a dataset or generator, or a part would be empty.
    """
    if not _holds_arrays(x):
        raise ValueError(
            "`validation_split` needs arrays, and `x` is a "
            f"{_kind(x)}. Pass `validation_data` instead."
        )
    if not 0 < fraction < 1:
        raise ValueError(
            f"`validation_split` must be between 0 and 1; received {fraction!r}."
        )
    parts, count = _rows(x, y, sample_weight, sparse)
    middle = math.floor(count * (1.0 - fraction))
    if middle in (0, count):
        raise ValueError(
            f"`validation_split={fraction}` leaves nothing to train or to validate "
            f"with: there are {count} samples. Give more, or another fraction."
        )

    def windows(start: int, stop: int) -> tuple:
        def cut(name: str, rows: Rows) -> Rows:
            return rows.window(start, stop)

        return (*(map_arrays(cut, "", part) for part in parts), None, None)[:3]

    return windows(0, middle), windows(middle, count)


def _positive(name: str, value: int | None) -> int | None:
    if value is None:
        return None
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(
            f"`{name}` must be a positive integer; received {value!r} "
            f"({type(value).__name__})."
        ) from None
    if number < 1:
        raise ValueError(f"`{name}` must be a positive integer; received {value!r}.")
    return number


def _holds_arrays(x: Any) -> bool:
    return isinstance(x, (Rows, Mapping, list, tuple)) or is_array(x)


def _rows(
    x: Any, y: Any, sample_weight: Any, sparse: bool = False
) -> tuple[tuple, int]:
    """The parts of a batch with `Rows` as leaves, and how many samples there are."""
    lengths: dict[str, int] = {}

    def to_rows(name: str, value: Any) -> Rows:
        rows = rows_of(name, value, sparse and name.startswith("x"))
        lengths[name] = rows.length
        return rows

    values = drop_nones((x, y, sample_weight))
    parts = tuple(map_arrays(to_rows, n, v) for n, v in zip(NAMES, values))
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"`{name}` has {count}" for name, count in lengths.items())
        raise ValueError(f"All arrays must hold the same number of samples: {listed}.")
    count = next(iter(lengths.values()), 0)
    if count == 0:
        raise ValueError("There are no data: `x` holds 0 samples.")
    return parts, count


def _batches_of_dataset(
    x: Any,
    given: dict[str, Any],
    steps: int | None,
    shuffle: bool,
    seed: int | None,
    weights: ClassWeights | None,
) -> BatchSource:
    kind = _kind(x)
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"When `x` is a {kind}, `{name}` must not be given: each batch of `x` "
                "is already `(x, y)` or `(x, y, sample_weight)`, of its own size."
            )
    if isinstance(x, Dataset):
        return LazySource(x, steps=steps, class_weights=weights)
    if isinstance(x, PyDataset) or not hasattr(x, "__iter__"):
        return DatasetSource(
            x, kind, steps=steps, shuffle=shuffle, seed=seed, class_weights=weights
        )
    return IterableSource(x, kind, steps, weights)


def _kind(x: Any) -> str:
    """The name of a dataset's kind in messages; a TypeError for other values."""
    kinds = roots(x)
    name = type(x).__name__
    if isinstance(x, PyDataset):
        return "PyDataset"
    if x is None:
        raise ValueError("There are no data: `x` is None.")
    if "torch" in kinds and "DataLoader" not in [c.__name__ for c in type(x).__mro__]:
        raise TypeError(
            f"`x` is a torch {name}, which gives samples, not batches. Wrap it: "
            "`torch.utils.data.DataLoader(x, batch_size=32, shuffle=True)`."
        )

    indexed = hasattr(x, "__getitem__") and hasattr(x, "__len__")
    if isinstance(x, (str, bytes)) or not (hasattr(x, "__iter__") or indexed):
        hint = " Call it, to pass the generator it returns." if callable(x) else ""
        raise TypeError(
            f"`x` is of type {type(x).__module__}.{type(x).__qualname__}, which is not "
            f"data. Pass arrays, a dataset, or a generator of batches.{hint}"
        )

    if "torch" in kinds:
        return "torch DataLoader"
    if "tensorflow" in kinds:
        return "tf.data.Dataset"
    return "generator" if hasattr(x, "__next__") else name
