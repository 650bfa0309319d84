"""A `Dataset` as one of another library: tf.data, PyTorch's DataLoader, Grain."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.core import tree
from keras.core.errors import optional_import

if TYPE_CHECKING:
    from keras.data.dataset import Dataset

FORMATS = ("tf", "torch", "grain")


def convert(dataset: Dataset, format: str) -> Any:
    """A dataset in another library's form; `Dataset.to` says which there are."""
    makers: dict[str, Callable[[Dataset], Any]] = {
        "tf": _to_tf,
        "torch": _to_torch,
        "grain": _to_grain,
    }
    if format not in makers:
        raise ValueError(f"`format` must be one of {FORMATS}; received {format!r}.")
    return makers[format](dataset)


def _to_tf(dataset: Dataset) -> Any:
    """A `tf.data.Dataset` that iterates over ours, an epoch each time."""
    tf = optional_import("tensorflow", "tensorflow", 'format="tf"')
    layout = dataset.stage.layout()

    def spec(leaf: Any) -> Any:
        array = np.asarray(leaf)
        is_text = array.dtype.kind in "OUS"
        shape = array.shape
        if layout is not None and shape:
            shape = (None, *shape[1:])
        return tf.TensorSpec(shape, tf.string if is_text else array.dtype)

    def elements() -> Iterator[Any]:
        yield from dataset.as_numpy_iterator()

    if dataset.cardinality() == 0:
        raise ValueError('format="tf": the dataset is empty.')
    signature = tree.map_structure(spec, dataset[0])
    converted = tf.data.Dataset.from_generator(elements, output_signature=signature)
    size = dataset.cardinality()
    return converted.apply(tf.data.experimental.assert_cardinality(size))


def _to_torch(dataset: Dataset) -> Any:
    """A `DataLoader` over ours, whose elements are as they come, as tensors."""
    torch = optional_import("torch", "torch", 'format="torch"')
    utils = optional_import("torch.utils.data", "torch", 'format="torch"')

    def as_tensor(leaf: Any) -> Any:
        array = np.asarray(leaf)
        return leaf if array.dtype.kind in "OUS" else torch.as_tensor(array)

    class Elements(utils.IterableDataset):  # type: ignore[name-defined, misc]
        def __iter__(self) -> Iterator[Any]:
            for element in dataset.as_numpy_iterator():
                yield tree.map_structure(as_tensor, element)

        def __len__(self) -> int:
            return len(dataset)

    return utils.DataLoader(Elements(), batch_size=None)


def _to_grain(dataset: Dataset) -> Any:
    """A `grain.MapDataset` whose elements are those of the first epoch."""
    grain = optional_import("grain", "grain", 'format="grain"')
    return grain.MapDataset.source(dataset)
