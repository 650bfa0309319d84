"""Convolutions in one, two and three dimensions."""

from __future__ import annotations

from typing import Any

from keras.backend.windows import Window, channels, check_window, transposed_sizes
from keras.core.errors import shape_error, standardize_tuple
from keras.core.op import Tensor, kernel, op
from keras.core.typing import CausalPadding, DataFormat, IntOrInts, Padding
from keras.ops import numpy as knp
from keras.ops.core import shape

_conv = kernel("_conv")  # (inputs, kernel, window, groups)
# (inputs, kernel, window, sizes): cut to `sizes`, see `transposed_sizes`.
_conv_transpose = kernel("_conv_transpose")


@op(cast="common")
def conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: IntOrInts = 1,
    padding: CausalPadding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: IntOrInts = 1,
) -> Tensor:
    """Convolution over one, two or three spatial axes.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` with
            `data_format="channels_first"`.
        kernel: `(*window, channels / groups, filters)`; the number of groups follows
            from the shapes.
        strides: the step of the window, an integer or one per axis.
        padding: "valid" adds none; "same" gives ceil(size / stride) outputs per axis;
            "causal" (one spatial axis) pads in front, so that an output sees no later
            input.
        data_format: by default `keras.config.image_data_format()`.
        dilation_rate: the distance between the taps of the window.

    Returns:
        A tensor in the data format of `inputs`, with `filters` channels.

    Raises:
        ValueError: the channels of `inputs` and `kernel` do not fit.

    Example:
        >>> keras.ops.conv(keras.ops.ones((1, 5, 1)), keras.ops.ones((3, 1, 2))).shape
        (1, 3, 2)
    """
    return biased_conv(
        inputs, kernel, None, strides, padding, data_format, dilation_rate
    )


@op(name="_biased_conv", cast="common")
def biased_conv(
    inputs: Tensor,
    kernel: Tensor,
    bias: Tensor | None,
    strides: IntOrInts = 1,
    padding: CausalPadding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: IntOrInts = 1,
) -> Tensor:
    """`conv` with a bias `(filters,)` added; None for no bias."""
    inputs, window = _window(
        "conv", inputs, kernel, strides, padding, data_format, dilation_rate
    )
    input_channels = channels(inputs, window.channels_last)
    group_channels, filters = kernel.shape[-2:]
    if not input_channels or not group_channels or input_channels % group_channels:
        raise ValueError(
            f"conv: the kernel of shape {tuple(kernel.shape)} takes {group_channels} "
            "channels per group, which must divide the number of input channels; "
            f"received an input of shape {tuple(inputs.shape)} with {input_channels} "
            "channels."
        )

    groups = input_channels // group_channels
    if filters % groups:
        raise ValueError(
            f"conv: the number of groups must divide the number of filters; received "
            f"{filters} filters and {groups} groups (the input has {input_channels} "
            f"channels, the kernel takes {group_channels} per group)."
        )
    return _conv_and_bias(inputs, kernel, window, groups, bias)


@op
def _conv_and_bias(
    inputs: Tensor, kernel: Tensor, window: Window, groups: int, bias: Tensor | None
) -> Tensor:
    """The convolution and the bias, in one kernel where the backend has it."""
    out = _conv(inputs, kernel, window, groups)
    if bias is None:
        return out
    return out + per_channel(bias, len(window.size), window.channels_last)


def per_channel(bias: Any, rank: int, channels_last: bool) -> Any:
    """A bias of shape `(channels,)`, reshaped to be added over `rank` spatial axes."""
    return bias if channels_last else knp.reshape(bias, (-1, *(1,) * rank))


@op(cast="common")
def depthwise_conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: IntOrInts = 1,
    padding: CausalPadding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: IntOrInts = 1,
) -> Tensor:
    """Depthwise convolution: each channel is convolved by itself.

    Args:
        inputs: as in `conv`.
        kernel: `(*window, channels, multiplier)`.
        strides, padding, data_format, dilation_rate: as in `conv`.

    Returns:
        A tensor with `channels * multiplier` channels, those of the first input
        channel first.

    Raises:
        ValueError: `inputs` and `kernel` have different numbers of channels.
    """
    inputs, window = _window(
        "depthwise_conv", inputs, kernel, strides, padding, data_format, dilation_rate
    )
    input_channels = channels(inputs, window.channels_last)
    kernel_channels = kernel.shape[-2]
    if input_channels != kernel_channels:
        raise ValueError(
            f"depthwise_conv: the kernel of shape {tuple(kernel.shape)} takes "
            f"{kernel_channels} channels; received an input of shape "
            f"{tuple(inputs.shape)} with {input_channels}."
        )
    return _depthwise(inputs, kernel, window)


@op
def _depthwise(inputs: Tensor, kernel: Tensor, window: Window) -> Tensor:
    """A convolution with as many groups as channels."""
    *size, groups, multiplier = kernel.shape
    grouped = knp.reshape(kernel, (*size, 1, groups * multiplier))
    return _conv(inputs, grouped, window, groups)


@op(cast="common")
def separable_conv(
    inputs: Tensor,
    depthwise_kernel: Tensor,
    pointwise_kernel: Tensor,
    strides: IntOrInts = 1,
    padding: CausalPadding = "valid",
    data_format: DataFormat | None = None,
    dilation_rate: IntOrInts = 1,
) -> Tensor:
    """Depthwise convolution, then a convolution of size 1 that mixes the channels.

    Args:
        inputs: as in `conv`.
        depthwise_kernel: `(*window, channels, multiplier)`.
        pointwise_kernel: `(1, ..., 1, channels * multiplier, filters)`.
        strides, padding, data_format, dilation_rate: as in `conv`.

    Returns:
        A tensor in the data format of `inputs`, with `filters` channels.

    Raises:
        ValueError: the shapes of the kernels do not fit.
    """
    *size, pointwise_channels, _ = pointwise_kernel.shape
    depthwise_channels = depthwise_kernel.shape[-1] * depthwise_kernel.shape[-2]
    if any(k != 1 for k in size) or pointwise_channels != depthwise_channels:
        raise shape_error(
            "separable_conv: `pointwise_kernel` must have shape (1, ..., 1, "
            f"{depthwise_channels}, filters) after a depthwise kernel of shape "
            f"{tuple(depthwise_kernel.shape)}",
            pointwise_kernel,
        )

    mixed = depthwise_conv(
        inputs, depthwise_kernel, strides, padding, data_format, dilation_rate
    )
    return conv(mixed, pointwise_kernel, data_format=data_format)


@op(cast="common")
def conv_transpose(
    inputs: Tensor,
    kernel: Tensor,
    strides: IntOrInts = 1,
    padding: Padding = "valid",
    output_padding: IntOrInts | None = None,
    data_format: DataFormat | None = None,
    dilation_rate: IntOrInts = 1,
) -> Tensor:
    """Transposed convolution: the gradient of `conv` with respect to its inputs.

    Its output is larger than its input where that of `conv` is smaller.

    Args:
        inputs: as in `conv`.
        kernel: `(*window, filters, channels)`.
        strides: as in `conv`.
        padding: "valid" or "same".
        output_padding: the size added at the end of each axis, less than the stride
            (or the dilation where that is larger). None gives size * stride with
            "same".
        data_format, dilation_rate: as in `conv`.

    Returns:
        A tensor in the data format of `inputs`, with `filters` channels.

    Raises:
        ValueError: `inputs` and `kernel` have different ranks or numbers of channels,
            or `padding` is not known.
    """
    who = "conv_transpose"
    _check_rank(who, inputs, kernel)
    size = tuple(kernel.shape[:-2])

    # Checked with "same": a window may reach over the end of an input that it widens.
    window = check_window(
        who, inputs, size, strides, "same", data_format, dilation_rate
    )._replace(padding=str(padding).lower())
    if window.padding not in ("valid", "same"):
        raise ValueError(
            f"{who}: `padding` must be 'valid' or 'same'; received {padding!r}."
        )

    input_channels = channels(inputs, window.channels_last)
    if input_channels != kernel.shape[-1]:
        raise ValueError(
            f"{who}: the kernel of shape {tuple(kernel.shape)} (window, filters, "
            f"channels) takes {kernel.shape[-1]} channels; received an input of shape "
            f"{tuple(inputs.shape)} with {input_channels}."
        )

    if output_padding is not None:
        output_padding = standardize_tuple(
            output_padding, len(size), "output_padding", who, allow_zero=True
        )
    dims = shape(inputs)  # scalar tensors where a graph does not know them
    dims = dims[1:-1] if window.channels_last else dims[2:]
    sizes = transposed_sizes(window, dims, output_padding)
    return _conv_transpose(inputs, kernel, window, sizes)


def _check_rank(who: str, inputs: Any, kernel: Any) -> None:
    if len(inputs.shape) != len(kernel.shape):
        raise shape_error(
            f"{who}: the input (batch, *spatial, channels) and the kernel (*window, "
            "channels, filters) must have the same rank",
            inputs,
            kernel,
        )


def _window(
    who: str,
    inputs: Any,
    kernel: Any,
    strides: IntOrInts,
    padding: str,
    data_format: str | None,
    dilation_rate: IntOrInts,
) -> tuple[Any, Window]:
    """The inputs, padded already if the padding is causal, and the checked window."""
    _check_rank(who, inputs, kernel)
    size = tuple(kernel.shape[:-2])
    paddings = ("valid", "same") + (("causal",) if len(size) == 1 else ())
    window = check_window(
        who, inputs, size, strides, padding, data_format, dilation_rate, paddings
    )
    if window.padding != "causal":
        return inputs, window

    pads = [(0, 0)] * 3
    pads[1 if window.channels_last else 2] = ((size[0] - 1) * window.dilation[0], 0)
    return knp.pad(inputs, pads), window._replace(padding="valid")
