"""Shapes, reductions and functions of elements of Keras 2's backend."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras import ops, random
from keras.core.op import Tensor
from keras.core.settings import floatx, standardize_data_format
from keras.core.typing import ArrayLike, Axis, Seed

# Shapes


def ndim(x: ArrayLike) -> int:
    """The number of axes."""
    return len(ops.shape(x))


def int_shape(x: ArrayLike) -> tuple[Any, ...]:
    """The static shape as a tuple; None where a size is not known."""
    return tuple(x.shape) if hasattr(x, "shape") else ops.shape(x)


def flatten(x: ArrayLike) -> Tensor:
    """All elements along one axis."""
    return ops.reshape(x, (-1,))


def batch_flatten(x: ArrayLike) -> Tensor:
    """All axes behind the first as one."""
    return ops.reshape(x, (-1, int(np.prod(int_shape(x)[1:]))))


def permute_dimensions(x: ArrayLike, pattern: Sequence[int]) -> Tensor:
    """The axes in another order."""
    return ops.transpose(x, pattern)


def repeat(x: ArrayLike, n: int) -> Tensor:
    """A tensor of shape (samples, features) as (samples, n, features)."""
    return ops.repeat(ops.expand_dims(x, 1), n, axis=1)


def repeat_elements(x: ArrayLike, rep: int, axis: int) -> Tensor:
    """Each element `rep` times along an axis."""
    return ops.repeat(x, rep, axis=axis)


def reverse(x: ArrayLike, axes: int | Sequence[int]) -> Tensor:
    """The elements along these axes in reverse order."""
    return ops.flip(x, axis=axes)


def gather(reference: ArrayLike, indices: ArrayLike) -> Tensor:
    """The rows at these indices."""
    return ops.take(reference, indices, axis=0)


def temporal_padding(x: ArrayLike, padding: tuple[int, int] = (1, 1)) -> Tensor:
    """Zeros before and after the middle axis of a tensor of three."""
    return ops.pad(x, ((0, 0), padding, (0, 0)))


def _spatial_padding(
    x: ArrayLike, padding: Sequence[tuple[int, int]], data_format: str | None
) -> Tensor:
    pads = [tuple(p) for p in padding]
    if standardize_data_format(data_format) == "channels_last":
        return ops.pad(x, ((0, 0), *pads, (0, 0)))
    return ops.pad(x, ((0, 0), (0, 0), *pads))


def spatial_2d_padding(
    x: ArrayLike,
    padding: Sequence[tuple[int, int]] = ((1, 1), (1, 1)),
    data_format: str | None = None,
) -> Tensor:
    """Zeros around the two spatial axes of images."""
    return _spatial_padding(x, padding, data_format)


def spatial_3d_padding(
    x: ArrayLike,
    padding: Sequence[tuple[int, int]] = ((1, 1), (1, 1), (1, 1)),
    data_format: str | None = None,
) -> Tensor:
    """Zeros around the three spatial axes of volumes."""
    return _spatial_padding(x, padding, data_format)


def _repeat_axes(x: ArrayLike, factors: Sequence[int], data_format: str) -> Tensor:
    first = 1 if standardize_data_format(data_format) == "channels_last" else 2
    for axis, factor in enumerate(factors, first):
        x = ops.repeat(x, factor, axis=axis)
    return x


def resize_images(
    x: ArrayLike,
    height_factor: int,
    width_factor: int,
    data_format: str,
    interpolation: str = "nearest",
) -> Tensor:
    """Images, this many times as high and as wide."""
    if interpolation == "nearest":
        return _repeat_axes(x, (height_factor, width_factor), data_format)

    first = 1 if standardize_data_format(data_format) == "channels_last" else 2
    height, width = ops.shape(x)[first : first + 2]
    size = (height * height_factor, width * width_factor)
    return ops.image.resize(
        x, size, interpolation=interpolation, data_format=data_format
    )


def resize_volumes(
    x: ArrayLike,
    depth_factor: int,
    height_factor: int,
    width_factor: int,
    data_format: str,
) -> Tensor:
    """Volumes, this many times as deep, high and wide; elements are repeated."""
    return _repeat_axes(x, (depth_factor, height_factor, width_factor), data_format)


# Reductions, which take booleans and integers as numbers


def _number(x: ArrayLike) -> Tensor:
    x = ops.convert_to_tensor(x)
    return ops.cast(x, floatx()) if ops.dtype(x) == "bool" else x


def sum(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum."""
    return ops.sum(_number(x), axis, keepdims)


def prod(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The product."""
    return ops.prod(_number(x), axis, keepdims)


def mean(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The mean; of booleans in the default float type."""
    return ops.mean(_number(x), axis, keepdims)


def var(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The variance; of booleans in the default float type."""
    return ops.var(_number(x), axis, keepdims)


def std(x: ArrayLike, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The standard deviation; of booleans in the default float type."""
    return ops.std(_number(x), axis, keepdims)


# Element by element


def clip(
    x: ArrayLike, min_value: float | None = None, max_value: float | None = None
) -> Tensor:
    """The values within limits; a limit of None is none."""
    low = -np.inf if min_value is None else min_value
    high = np.inf if max_value is None else max_value
    return ops.clip(x, low, np.maximum(low, high))


def pow(x: ArrayLike, a: ArrayLike) -> Tensor:
    """`x` to the power `a`."""
    return ops.power(x, a)


def relu(
    x: ArrayLike,
    alpha: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> Tensor:
    """`x` from `threshold` to `max_value`, and `alpha * (x - threshold)` below."""
    x = ops.convert_to_tensor(x)
    above = x if max_value is None else ops.minimum(x, max_value)
    return ops.where(ops.greater_equal(x, threshold), above, alpha * (x - threshold))


def hard_sigmoid(x: ArrayLike) -> Tensor:
    """`0.2 * x + 0.5` within 0 and 1, the slope of Keras 2."""
    return ops.clip(0.2 * ops.convert_to_tensor(x) + 0.5, 0.0, 1.0)


def l2_normalize(x: ArrayLike, axis: Axis = None) -> Tensor:
    """`x` divided by its Euclidean norm, which is taken as at least 1e-6."""
    total = ops.sum(ops.square(x), axis=axis, keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, 1e-12)))


def one_hot(indices: ArrayLike, num_classes: int) -> Tensor:
    """A new last axis with a one at the index."""
    return ops.one_hot(indices, num_classes)


def in_top_k(predictions: ArrayLike, targets: ArrayLike, k: int) -> Tensor:
    """Whether each target is among the `k` highest predictions."""
    return ops.in_top_k(targets, predictions, k)


def dropout(
    x: ArrayLike,
    level: float,
    noise_shape: Sequence[int] | None = None,
    seed: Seed = None,
) -> Tensor:
    """Zeros with probability `level`, the rest divided by `1 - level`."""
    return random.dropout(x, level, noise_shape, seed)


def bias_add(x: ArrayLike, bias: ArrayLike, data_format: str | None = None) -> Tensor:
    """`x + bias`, of a bias with one axis or with those of `x` but the first."""
    first = standardize_data_format(data_format) == "channels_first"
    rank, bias = ndim(x), ops.convert_to_tensor(bias)
    if ndim(bias) not in (1, rank - 1):
        raise ValueError(
            f"`bias` must have 1 or {rank - 1} axes, as `x` has {rank}; received a "
            f"bias of shape {int_shape(bias)}."
        )
    if first and ndim(bias) == 1:
        bias = ops.reshape(bias, (-1, *[1] * (rank - 2)))
    elif first:
        bias = ops.moveaxis(bias, -1, 0)
    return ops.add(x, bias)
