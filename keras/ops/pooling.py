"""Pooling over sliding windows, and to a given output size."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.backend.windows import Window, check_window, spatial
from keras.core.config import standardize_data_format
from keras.core.errors import standardize_tuple
from keras.core.op import Tensor, op, primitive


@primitive
def _max_pool(inputs: Tensor, window: Window) -> Tensor:
    """The largest value in each window."""


@primitive
def _average_pool(inputs: Tensor, window: Window) -> Tensor:
    """The mean of each window; padding does not count."""


@op
def max_pool(
    inputs: Tensor,
    pool_size: int | tuple[int, ...],
    strides: int | tuple[int, ...] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The largest value in each window.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` with
            `data_format="channels_first"`; one to three spatial axes.
        pool_size: the window, an integer or one per axis.
        strides: its step; by default `pool_size`.
        padding: "valid", or "same": the output has ceil(size / stride) places.
        data_format: by default `keras.config.image_data_format()`.

    Raises:
        ValueError: ranks or sizes do not fit.

    Example:
        >>> x = keras.ops.reshape(keras.ops.arange(4.0), (1, 4, 1))
        >>> keras.ops.max_pool(x, 2)[0, :, 0]
        array([1., 3.])
    """
    strides = pool_size if strides is None else strides
    return _max_pool(
        inputs,
        check_window("max_pool", inputs, pool_size, strides, padding, data_format),
    )


@op(cast="float")
def average_pool(
    inputs: Tensor,
    pool_size: int | tuple[int, ...],
    strides: int | tuple[int, ...] | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> Tensor:
    """The mean of each window; what "same" adds at the rim does not count.

    Args:
        inputs, pool_size, strides, padding, data_format: as in `max_pool`.

    Raises:
        ValueError: ranks or sizes do not fit.
    """
    strides = pool_size if strides is None else strides
    return _average_pool(
        inputs,
        check_window("average_pool", inputs, pool_size, strides, padding, data_format),
    )


@op
def _adaptive_average(inputs: Tensor, sizes: tuple, channels_last: bool) -> Tensor:
    """Means by one small matrix per axis."""
    from keras.ops.numpy import moveaxis, tensordot

    for i, size in enumerate(sizes):
        axis = i + (1 if channels_last else 2)
        weights = np.zeros((inputs.shape[axis], size), "float32")
        for j, (low, high) in enumerate(_bins(inputs.shape[axis], size)):
            weights[low:high, j] = 1 / (high - low)
        matrix = _like(inputs, weights)
        inputs = moveaxis(tensordot(inputs, matrix, [[axis], [0]]), -1, axis)
    return inputs


@op
def _adaptive_max(inputs: Tensor, sizes: tuple, channels_last: bool) -> Tensor:
    """Maxima of gathered bins; bins are filled up by repeating their last place."""
    from keras.ops.numpy import max, reshape, take

    for i, size in enumerate(sizes):
        axis = i + (1 if channels_last else 2)
        bins = _bins(inputs.shape[axis], size)
        width = int(np.max([high - low for low, high in bins]))
        places = [
            [int(np.minimum(low + k, high - 1)) for k in range(width)]
            for low, high in bins
        ]
        dims = tuple(inputs.shape)
        gathered = take(inputs, np.asarray(places, "int32").ravel(), axis=axis)
        batch = -1 if dims[0] is None else dims[0]
        gathered = reshape(
            gathered, (batch, *dims[1:axis], size, width, *dims[axis + 1 :])
        )
        inputs = max(gathered, axis=axis + 1)
    return inputs


def _bins(n: int, size: int) -> list[tuple[int, int]]:
    """From where to where each of `size` outputs looks."""
    return [(i * n // size, -(-(i + 1) * n // size)) for i in range(size)]


def _like(inputs: Any, values: np.ndarray) -> Any:
    from keras.ops.core import convert_to_tensor, dtype

    return convert_to_tensor(values, dtype(inputs))


def _checked(who: str, inputs: Any, output_size: Any, data_format: str | None) -> tuple:
    rank = len(inputs.shape) - 2
    if rank not in (1, 2, 3):
        raise ValueError(
            f"{who}: the input needs 1, 2 or 3 spatial axes beside batch and channels; "
            f"received shape {tuple(inputs.shape)}."
        )
    channels_last = standardize_data_format(data_format) == "channels_last"
    if None in spatial(inputs, channels_last):
        raise ValueError(
            f"{who}: the spatial sizes must be known; received shape {inputs.shape}."
        )
    return standardize_tuple(output_size, rank, "output_size", who), channels_last


@op(cast="float")
def adaptive_average_pool(
    inputs: Tensor, output_size: int | tuple[int, ...], data_format: str | None = None
) -> Tensor:
    """Means over windows chosen so that the output has the given size.

    Args:
        inputs: `(batch, *spatial, channels)`, or channels first; sizes known.
        output_size: an integer, or one per spatial axis. Output i of m looks at places
            floor(i * n / m) to ceil((i + 1) * n / m).
        data_format: by default `keras.config.image_data_format()`.

    Example:
        >>> keras.ops.adaptive_average_pool(keras.ops.ones((1, 7, 5, 2)), 3).shape
        (1, 3, 3, 2)
    """
    sizes, last = _checked("adaptive_average_pool", inputs, output_size, data_format)
    return _adaptive_average(inputs, sizes, last)


@op
def adaptive_max_pool(
    inputs: Tensor, output_size: int | tuple[int, ...], data_format: str | None = None
) -> Tensor:
    """Maxima over windows chosen so that the output has the given size.

    See `adaptive_average_pool`.
    """
    sizes, last = _checked("adaptive_max_pool", inputs, output_size, data_format)
    return _adaptive_max(inputs, sizes, last)
