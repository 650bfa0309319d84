"""Products, convolutions and losses of Keras 2's backend."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

import numpy as np

from keras import losses, ops
from keras._tf_keras.legacy.backend_math import int_shape, ndim
from keras.core.op import Tensor
from keras.core.settings import epsilon, standardize_data_format
from keras.core.typing import ArrayLike

# Products


def dot(x: ArrayLike, y: ArrayLike) -> Tensor:
    """The last axis of `x` times the last but one of `y`, as `numpy.dot`."""
    return ops.dot(x, y)


def batch_dot(
    x: ArrayLike, y: ArrayLike, axes: int | Sequence[int] | None = None
) -> Tensor:
    """The product of each sample of `x` with that of `y`, over one axis of each.

    Args:
        x, y: tensors with the samples along the first axis.
        axes: the axis of `x` and of `y`, or one for both; by default the last of `x`,
            and of `y` the last but one (the last if it has two).

    Returns:
        A tensor with at least two axes.
    """
    x, y = ops.convert_to_tensor(x), ops.convert_to_tensor(y)
    if axes is None:
        axes = (ndim(x) - 1, 1 if ndim(y) == 2 else ndim(y) - 2)
    axis_x, axis_y = (axes, axes) if isinstance(axes, int) else axes

    x = ops.moveaxis(x, axis_x, -1)
    y = ops.moveaxis(y, axis_y, 1)
    letters = "abcdefghij"
    of_x, of_y = letters[: ndim(x) - 2], letters[5 : 5 + ndim(y) - 2].upper()
    product = ops.einsum(f"z{of_x}k,zk{of_y}->z{of_x}{of_y}", x, y)
    return ops.expand_dims(product, 1) if ndim(product) == 1 else product


# Convolution and pooling

conv1d = conv2d = conv3d = ops.conv


def conv2d_transpose(
    x: ArrayLike,
    kernel: ArrayLike,
    output_shape: Sequence[int],
    strides: int | Sequence[int] = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = (1, 1),
) -> Tensor:
    """The transposed convolution, cut or padded to `output_shape`."""
    out = ops.conv_transpose(
        x, kernel, strides, padding, None, data_format, dilation_rate
    )
    first = 1 if standardize_data_format(data_format) == "channels_last" else 2
    for axis in (first, first + 1):
        size, wanted = int_shape(out)[axis], output_shape[axis]
        if size is None or wanted is None or size == wanted:
            continue
        out = ops.take(out, np.arange(builtins.min(size, wanted)), axis=axis)
        pads = [(0, 0)] * ndim(out)
        pads[axis] = (0, wanted - int_shape(out)[axis])
        out = ops.pad(out, pads)
    return out


def depthwise_conv2d(
    x: ArrayLike,
    depthwise_kernel: ArrayLike,
    strides: int | Sequence[int] = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = (1, 1),
) -> Tensor:
    """A convolution of each channel by itself."""
    return ops.depthwise_conv(
        x, depthwise_kernel, strides, padding, data_format, dilation_rate
    )


def separable_conv2d(
    x: ArrayLike,
    depthwise_kernel: ArrayLike,
    pointwise_kernel: ArrayLike,
    strides: int | Sequence[int] = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: int | Sequence[int] = (1, 1),
) -> Tensor:
    """A convolution of each channel, then one across the channels."""
    return ops.separable_conv(
        x,
        depthwise_kernel,
        pointwise_kernel,
        strides,
        padding,
        data_format,
        dilation_rate,
    )


def pool2d(
    x: ArrayLike,
    pool_size: int | Sequence[int],
    strides: int | Sequence[int] = (1, 1),
    padding: str = "valid",
    data_format: str | None = None,
    pool_mode: str = "max",
) -> Tensor:
    """The maximum (`pool_mode="max"`) or the mean ("avg") of windows."""
    if pool_mode not in ("max", "avg"):
        raise ValueError(f'`pool_mode` must be "max" or "avg"; received {pool_mode!r}.')
    pool = ops.max_pool if pool_mode == "max" else ops.average_pool
    return pool(x, pool_size, strides, padding, data_format)


pool3d = pool2d


# Normalization and losses


def batch_normalization(
    x: ArrayLike,
    mean: ArrayLike,
    var: ArrayLike,
    beta: ArrayLike | None,
    gamma: ArrayLike | None,
    axis: int = -1,
    epsilon: float = 1e-3,
) -> Tensor:
    """`(x - mean) / sqrt(var + epsilon) * gamma + beta`."""
    return ops.batch_normalization(x, mean, var, axis, beta, gamma, epsilon)


def binary_focal_crossentropy(
    target: ArrayLike,
    output: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
) -> Tensor:
    """Binary focal crossentropy of each element."""
    expanded = ops.expand_dims(target, -1), ops.expand_dims(output, -1)
    return losses.binary_focal_crossentropy(
        *expanded, apply_class_balancing, alpha, gamma, from_logits
    )


def categorical_focal_crossentropy(
    target: ArrayLike,
    output: ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    axis: int = -1,
) -> Tensor:
    """Focal crossentropy against one-hot targets."""
    return losses.categorical_focal_crossentropy(
        target, output, alpha, gamma, from_logits, axis=axis
    )


def sparse_categorical_crossentropy(
    target: ArrayLike,
    output: ArrayLike,
    from_logits: bool = False,
    axis: int = -1,
    ignore_class: int | None = None,
) -> Tensor:
    """Crossentropy against class indices; those of `ignore_class` count as 0."""
    return losses.sparse_categorical_crossentropy(
        target, output, from_logits, ignore_class, axis
    )


def ctc_batch_cost(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    input_length: ArrayLike,
    label_length: ArrayLike,
) -> Tensor:
    """CTC loss of each sample, shape (samples, 1).

    Args:
        y_true: labels, (samples, most labels); the blank is the last class.
        y_pred: probabilities, (samples, steps, classes).
        input_length, label_length: the lengths, (samples, 1).
    """
    logits = ops.log(ops.add(y_pred, epsilon()))
    blank = int_shape(y_pred)[-1] - 1
    loss = ops.ctc_loss(
        ops.cast(y_true, "int32"),
        logits,
        ops.cast(ops.reshape(label_length, (-1,)), "int32"),
        ops.cast(ops.reshape(input_length, (-1,)), "int32"),
        mask_index=blank,
    )
    return ops.expand_dims(loss, 1)


def ctc_decode(
    y_pred: ArrayLike,
    input_length: ArrayLike,
    greedy: bool = True,
    beam_width: int = 100,
    top_paths: int = 1,
) -> tuple[list[Tensor], Tensor]:
    """The most likely labels of probabilities; the blank is the last class.

    Returns:
        `(paths, log_probabilities)`: a list of `top_paths` tensors of labels with -1
        behind the end, and a tensor of shape (samples, top_paths).
    """
    logits = ops.log(ops.add(y_pred, epsilon()))
    paths, scores = ops.ctc_decode(
        logits,
        ops.cast(input_length, "int32"),
        strategy="greedy" if greedy else "beam_search",
        beam_width=beam_width,
        top_paths=top_paths,
        mask_index=int_shape(y_pred)[-1] - 1,
    )
    return [paths[i] for i in range(1 if greedy else top_paths)], scores
