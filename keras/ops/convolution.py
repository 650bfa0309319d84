"""Convolutions in one, two and three dimensions."""

from __future__ import annotations

from typing import Any

from keras.backend.windows import Window, channels, check_window, transposed_sizes
from keras.core.errors import shape_error, standardize_tuple
from keras.core.op import Tensor, kernel, op
from keras.ops import numpy as knp
from keras.ops.core import shape

Sizes = int | tuple[int, ...]

_conv = kernel("_conv")  # (inputs, kernel, window, groups)
# (inputs, kernel, window, sizes): cut to `sizes`, see `transposed_sizes`.
_conv_transpose = kernel("_conv_transpose")


@op(cast="common")
def conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Convolve over one, two or three spatial axes.

    Args:
        inputs: `(batch, *spatial, channels)`, or `(batch, channels, *spatial)` with
            `data_format="channels_first"`.
        kernel: `(*window, channels / groups, filters)`; groups follow from the shapes.
        strides: step of the window, an integer or one per axis.
        padding: "valid"; "same": the output has ceil(size / stride) places; "causal"
            (one spatial axis): an output sees no later input.
        data_format: by default `keras.config.image_data_format()`.
        dilation_rate: step inside the window.

    Returns:
        A tensor laid out like `inputs`.

    Example:
        >>> keras.ops.conv(keras.ops.ones((1, 5, 1)), keras.ops.ones((3, 1, 2))).shape
        (1, 3, 2)
    """
    settings = (strides, padding, data_format, dilation_rate)
    return biased_conv(inputs, kernel, None, *settings)


@op(name="_biased_conv", cast="common")
def biased_conv(
    inputs: Tensor, kernel: Tensor, bias: Tensor | None, *settings: Any
) -> Tensor:
    """`conv`, and a bias for each of its filters."""
    inputs, window = _window("conv", inputs, kernel, settings)
    found = channels(inputs, window.channels_last)
    inner, filters = kernel.shape[-2:]
    if not found or not inner or found % inner:
        raise ValueError(
            f"conv: the kernel of shape {tuple(kernel.shape)} takes {inner} channels "
            f"per group, which does not divide the {found} channels of the input of "
            f"shape {tuple(inputs.shape)}."
        )
    groups = found // inner
    if filters % groups:
        raise ValueError(
            f"conv: {filters} filters cannot be split into {groups} groups (the input "
            f"has {found} channels, the kernel takes {inner})."
        )
    return _conv_and_bias(inputs, kernel, window, groups, bias)


@op
def _conv_and_bias(
    inputs: Tensor, kernel: Tensor, window: Window, groups: int, bias: Tensor | None
) -> Tensor:
    """Both in one kernel where the backend has it."""
    out = _conv(inputs, kernel, window, groups)
    if bias is None:
        return out
    return out + per_channel(bias, len(window.size), window.channels_last)


def per_channel(bias: Any, rank: int, channels_last: bool) -> Any:
    """A bias of shape (channels,) as it is added at places of `rank` axes."""
    return bias if channels_last else knp.reshape(bias, (-1, *(1,) * rank))


@op(cast="common")
def depthwise_conv(
    inputs: Tensor,
    kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """Convolve each channel by itself.

    Args:
        kernel: `(*window, channels, multiplier)`; the result has `channels *
        multiplier` channels, those of the first input channel first. inputs, strides,
        padding, data_format, dilation_rate: as in `conv`.
    """
    settings = (strides, padding, data_format, dilation_rate)
    inputs, window = _window("depthwise_conv", inputs, kernel, settings)
    found = channels(inputs, window.channels_last)
    inner = kernel.shape[-2]
    if found != inner:
        raise ValueError(
            f"depthwise_conv: the kernel of shape {tuple(kernel.shape)} takes {inner} "
            f"channels; the input of shape {tuple(inputs.shape)} has {found}."
        )
    return _depthwise(inputs, kernel, window)


@op
def _depthwise(inputs: Tensor, kernel: Tensor, window: Window) -> Tensor:
    """A convolution with as many groups as channels."""
    *size, inner, multiplier = kernel.shape
    grouped = knp.reshape(kernel, (*size, 1, inner * multiplier))
    return _conv(inputs, grouped, window, inner)


@op(cast="common")
def separable_conv(
    inputs: Tensor,
    depthwise_kernel: Tensor,
    pointwise_kernel: Tensor,
    strides: Sizes = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """A depthwise convolution, then one that mixes channels at each place.

    Args:
        depthwise_kernel: `(*window, channels, multiplier)`.
        pointwise_kernel: `(1, ..., 1, channels * multiplier, filters)`.
        inputs, strides, padding, data_format, dilation_rate: as in `conv`.
    """
    *size, inner, _ = pointwise_kernel.shape
    wanted = depthwise_kernel.shape[-1] * depthwise_kernel.shape[-2]
    if any(k != 1 for k in size) or inner != wanted:
        raise shape_error(
            "separable_conv: `pointwise_kernel` must have shape (1, ..., 1, "
            f"{wanted}, filters) after a depthwise kernel of shape "
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
    strides: Sizes = 1,
    padding: str = "valid",
    output_padding: Sizes | None = None,
    data_format: str | None = None,
    dilation_rate: Sizes = 1,
) -> Tensor:
    """The transpose (gradient) of a convolution: it widens where `conv` narrows.

    Args:
        kernel: `(*window, filters, channels)`.
        padding: "valid" or "same".
        output_padding: additional size at the end, less than the stride (or the
            dilation where that is larger); None: size * stride with "same".
        inputs, strides, data_format, dilation_rate: as in `conv`.
    """
    who = "conv_transpose"
    _check_rank(who, inputs, kernel)
    size = tuple(kernel.shape[:-2])
    window = check_window(
        who, inputs, size, strides, "same", data_format, dilation_rate
    )._replace(padding=str(padding).lower())
    if window.padding not in ("valid", "same"):
        raise ValueError(
            f"{who}: `padding` must be 'valid' or 'same'; received {padding!r}."
        )
    found = channels(inputs, window.channels_last)
    if found != kernel.shape[-1]:
        raise ValueError(
            f"{who}: the kernel of shape {tuple(kernel.shape)} (window, filters, "
            f"channels) takes {kernel.shape[-1]} channels; the input of shape "
            f"{tuple(inputs.shape)} has {found}."
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
            f"{who}: input and kernel need the same rank (the kernel: window, "
            "channels, filters)",
            inputs,
            kernel,
        )


def _window(who: str, inputs: Any, kernel: Any, settings: tuple) -> tuple[Any, Window]:
    """The window, checked; causal padding is put in front of the inputs at once.

    The settings are `conv`'s strides, padding, data_format and dilation_rate.
    """
    _check_rank(who, inputs, kernel)
    size = tuple(kernel.shape[:-2])
    paddings = ("valid", "same") + (("causal",) if len(size) == 1 else ())
    strides, padding, data_format, dilation = settings
    window = check_window(
        who, inputs, size, strides, padding, data_format, dilation, paddings
    )
    if window.padding != "causal":
        return inputs, window
    pads = [(0, 0)] * 3
    pads[1 if window.channels_last else 2] = ((size[0] - 1) * window.dilation[0], 0)
    return knp.pad(inputs, pads), window._replace(padding="valid")
