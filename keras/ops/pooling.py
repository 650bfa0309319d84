"""Pooling over sliding windows, and to a given output size."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.backend.windows import check_window, spatial
from keras.core.config import limits
from keras.core.errors import shape_error, standardize_tuple
from keras.core.op import Tensor, kernel, op
from keras.core.settings import standardize_data_format
from keras.core.typing import DataFormat, IntOrInts, Padding
from keras.ops import numpy as knp
from keras.ops.core import convert_to_tensor, dtype, shape

_max_pool = kernel("_max_pool")  # (inputs, window)
_average_pool = kernel("_average_pool")  # (inputs, window); padding does not count


@op
def max_pool(
    inputs: Tensor,
    pool_size: IntOrInts,
    strides: IntOrInts | None = None,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Tensor:
    """Max pooling: the largest value in each window.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` with
            `data_format="channels_first"`; one to three spatial axes.
        pool_size: the size of the window, an integer or one per axis.
        strides: the step of the window; by default `pool_size`.
        padding: "valid" adds none; "same" gives ceil(size / stride) outputs per axis.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        A tensor in the data format of `inputs`.

    Example:
        >>> x = keras.ops.reshape(keras.ops.arange(4.0), (1, 4, 1))
        >>> keras.ops.max_pool(x, 2)[0, :, 0]
        array([1., 3.])
    """
    step = pool_size if strides is None else strides
    window = check_window("max_pool", inputs, pool_size, step, padding, data_format)
    return _max_pool(inputs, window)


@op(cast="float")
def average_pool(
    inputs: Tensor,
    pool_size: IntOrInts,
    strides: IntOrInts | None = None,
    padding: Padding = "valid",
    data_format: DataFormat | None = None,
) -> Tensor:
    """Average pooling: the mean of each window.

    What the padding "same" adds at the rim does not count. See `max_pool` for the
    arguments.
    """
    step = pool_size if strides is None else strides
    window = check_window("average_pool", inputs, pool_size, step, padding, data_format)
    return _average_pool(inputs, window)


@op
def _adaptive_average(inputs: Tensor, sizes: tuple, channels_last: bool) -> Tensor:
    """Means by one small matrix per axis: column j has the weights of output j."""
    for axis, size in enumerate(sizes, 1 if channels_last else 2):
        bins = _bins(inputs.shape[axis], size)
        weights = np.zeros((inputs.shape[axis], size), "float32")
        for j, (low, high) in enumerate(bins):
            weights[low:high, j] = 1 / (high - low)

        matrix = convert_to_tensor(weights, dtype(inputs))
        inputs = knp.moveaxis(knp.tensordot(inputs, matrix, [[axis], [0]]), -1, axis)
    return inputs


@op
def _adaptive_max(inputs: Tensor, sizes: tuple, channels_last: bool) -> Tensor:
    """Maxima of gathered bins, made equally wide by repeating their last element."""
    for axis, size in enumerate(sizes, 1 if channels_last else 2):
        bins = _bins(inputs.shape[axis], size)
        width = max(high - low for low, high in bins)
        indices = [[min(low + k, high - 1) for k in range(width)] for low, high in bins]

        dims = shape(inputs)
        gathered = knp.take(inputs, np.ravel(indices), axis=axis)
        split = (*dims[:axis], size, width, *dims[axis + 1 :])
        inputs = knp.max(knp.reshape(gathered, split), axis=axis + 1)
    return inputs


def _bins(n: int, size: int) -> list[tuple[int, int]]:
    """The range of the `n` inputs that each of the `size` outputs covers."""
    limits.charge((n, size), 4, "adaptive pooling")
    return [(i * n // size, -(-(i + 1) * n // size)) for i in range(size)]


def _output_sizes(
    who: str, inputs: Any, output_size: Any, data_format: str | None
) -> tuple[tuple[int, ...], bool]:
    """The checked output size per spatial axis, and whether the channels are last."""
    rank = len(inputs.shape) - 2
    if rank not in (1, 2, 3):
        raise shape_error(
            f"{who}: `inputs` must have 1, 2 or 3 spatial axes beside batch and "
            "channels",
            inputs,
        )

    channels_last = standardize_data_format(data_format) == "channels_last"
    if None in spatial(inputs, channels_last):
        raise shape_error(f"{who}: the spatial sizes must be known", inputs)
    return standardize_tuple(output_size, rank, "output_size", who), channels_last


@op(cast="float")
def adaptive_average_pool(
    inputs: Tensor, output_size: IntOrInts, data_format: DataFormat | None = None
) -> Tensor:
    """Average pooling over windows chosen so that the output has the given size.

    Args:
        inputs: `(batch, *spatial, channels)`, or channels first; the sizes must be
            known.
        output_size: an integer, or one per spatial axis. Output i of m covers the
            inputs from floor(i * n / m) up to ceil((i + 1) * n / m), exclusive.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        A tensor in the data format of `inputs`, of spatial size `output_size`.

    Raises:
        ValueError: the rank is not 3 to 5, or a spatial size is not known.
    """
    sizes, channels_last = _output_sizes(
        "adaptive_average_pool", inputs, output_size, data_format
    )
    return _adaptive_average(inputs, sizes, channels_last)


@op
def adaptive_max_pool(
    inputs: Tensor, output_size: IntOrInts, data_format: DataFormat | None = None
) -> Tensor:
    """Max pooling over windows chosen so that the output has the given size.

    See `adaptive_average_pool`.
    """
    sizes, channels_last = _output_sizes(
        "adaptive_max_pool", inputs, output_size, data_format
    )
    return _adaptive_max(inputs, sizes, channels_last)
