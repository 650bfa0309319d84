"""Convolutions over one, two and three spatial axes: plain, transposed, depthwise."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.config.configurable import arguments, inherited
from keras.core.errors import check_positive_int, standardize_tuple
from keras.layers.lora import LoraLayer
from keras.layers.ranks import Windowed, defaults
from keras.layers.weighted import (
    BiasLayer,
    KernelLayer,
    add_described,
    describe_weights,
)
from keras.ops.convolution import biased_conv


class Conv(Windowed, KernelLayer, LoraLayer):
    """A convolution over `rank` spatial axes; `Conv2D` tells its arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**inherited(Conv, locals()))
        who = type(self).__name__
        self.filters = check_positive_int(filters, "filters", who)
        self.groups = check_positive_int(groups, "groups", who)
        if self.filters % self.groups:
            raise ValueError(
                f"{who}: `groups` must divide `filters`; received groups={groups}, "
                f"filters={filters}."
            )
        self.keep_window(
            kernel_size, strides, padding, data_format, dilation_rate, causal=True
        )
        self.keep_lora(lora_rank, lora_alpha)

    def build(self, input_shape: Any) -> None:
        """Make the kernel `(*window, channels / groups, filters)` and the bias."""
        channels = self.read_channels(input_shape)
        if channels % self.groups:
            raise ValueError(
                f"{type(self).__name__} layer {self.name!r}: groups={self.groups} does "
                f"not divide the {channels} channels of an input of shape "
                f"{tuple(input_shape)}."
            )
        self.kernel = self.add_kernel(
            (*self.kernel_size, channels // self.groups, self.filters)
        )
        self.add_bias((self.filters,))
        self.start_lora()

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The convolution alone, without bias and activation; for overriding."""
        return ops.conv(inputs, kernel, *self._window)

    def call(self, inputs: Any) -> Any:
        if type(self).convolution_op is not Conv.convolution_op:
            x = self.convolution_op(inputs, self.kernel)
            return self.finish(x, self.channel_axis)
        return self.activate(biased_conv(inputs, self.kernel, self.bias, *self._window))


class Conv1D(Conv):
    """Convolution along time.

    Input `(batch, time, channels)`, or `(batch, channels, time)` with
    `data_format="channels_first"`; output with `filters` channels. The arguments are
    those of `Conv2D`; with `padding="causal"` an output sees no later input.

    Example:
        >>> keras.layers.Conv1D(8, 3, padding="causal")(np.ones((2, 10, 4))).shape
        (2, 10, 8)
    """

    rank = 1


@defaults(strides=(1, 1), dilation_rate=(1, 1))
class Conv2D(Conv):
    """Convolution of images.

    Args:
        filters: the number of channels of the output.
        kernel_size: the window, an integer or one per spatial axis.
        strides: its step.
        padding: "valid"; "same": the output has ceil(size / stride) places.
        data_format: "channels_last" or "channels_first"; by default
            `keras.config.image_data_format()`.
        dilation_rate: the step inside the window.
        groups: into how many groups the channels are split, each with its own kernel.
        activation, use_bias, kernel_initializer, ...: as in `Dense`.

    Input of shape `(batch, height, width, channels)`, or channels first; output with
    `filters` channels.

    Raises:
        ValueError: `groups` divides the channels or filters not, or the window does not
            fit into the input.

    Example:
        >>> keras.layers.Conv2D(8, 3, activation="relu")(np.ones((1, 28, 28, 1))).shape
        (1, 26, 26, 8)
    """

    rank = 2


@defaults(strides=(1, 1, 1), dilation_rate=(1, 1, 1))
class Conv3D(Conv):
    """Convolution of volumes.

    Input `(batch, depth, height, width, channels)`, or channels first; output with
    `filters` channels. The arguments are those of `Conv2D`.

    Example:
        >>> keras.layers.Conv3D(8, 3)(np.ones((1, 9, 9, 9, 1))).shape
        (1, 7, 7, 7, 8)
    """

    rank = 3


class ConvTranspose(Windowed, KernelLayer):
    """A transposed convolution; `Conv2DTranspose` tells its arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        output_padding: int | tuple[int, ...] | None = None,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**inherited(ConvTranspose, locals()))
        who = type(self).__name__
        self.filters = check_positive_int(filters, "filters", who)
        self.keep_window(kernel_size, strides, padding, data_format, dilation_rate)
        self.output_padding = output_padding
        if output_padding is not None:
            self.output_padding = standardize_tuple(
                output_padding, self.rank, "output_padding", who, allow_zero=True
            )
            if any(p >= s for p, s in zip(self.output_padding, self.strides)):
                raise ValueError(
                    f"{who}: `output_padding` must be less than `strides`; received "
                    f"output_padding={self.output_padding}, strides={self.strides}."
                )

    def build(self, input_shape: Any) -> None:
        """Make the kernel `(*window, filters, channels)` and the bias."""
        channels = self.read_channels(input_shape)
        self.kernel = self.add_kernel((*self.kernel_size, self.filters, channels))
        self.add_bias((self.filters,))

    def call(self, inputs: Any) -> Any:
        x = ops.conv_transpose(
            inputs,
            self.kernel,
            self.strides,
            self.padding,
            self.output_padding,
            self.data_format,
            self.dilation_rate,
        )
        return self.finish(x, self.channel_axis)


class Conv1DTranspose(ConvTranspose):
    """Transposed convolution along time; see `Conv2DTranspose`.

    Input `(batch, time, channels)`, or channels first; output with `filters` channels
    and about `strides` times as many steps.

    Example:
        >>> layer = keras.layers.Conv1DTranspose(8, 3, strides=2, padding="same")
        >>> layer(np.ones((2, 10, 4))).shape
        (2, 20, 8)
    """

    rank = 1


@defaults(strides=(1, 1), dilation_rate=(1, 1))
class Conv2DTranspose(ConvTranspose):
    """Transposed convolution of images (Dumoulin & Visin, 2016, arXiv:1603.07285).

    Args:
        filters: the number of channels of the output.
        kernel_size: the window, an integer or one per spatial axis.
        strides: by how much the spatial axes grow.
        padding: "valid"; "same": the output has size * stride places.
        output_padding: additional places at the end, less than the stride; None for
            those that make the sizes fit.
        data_format: "channels_last" or "channels_first".
        dilation_rate: the step inside the window.
        activation, use_bias, kernel_initializer, ...: as in `Dense`.

    Input of shape `(batch, height, width, channels)`, or channels first; output with
    `filters` channels.

    Example:
        >>> layer = keras.layers.Conv2DTranspose(8, 3, strides=2, padding="same")
        >>> layer(np.ones((1, 7, 7, 4))).shape
        (1, 14, 14, 8)
    """

    rank = 2


class Conv3DTranspose(ConvTranspose):
    """Transposed convolution of volumes.

    Input `(batch, depth, height, width, channels)`, or channels first; output with
    `filters` channels. The arguments are those of `Conv2DTranspose`; here
    `data_format` comes before `output_padding`.

    Example:
        >>> layer = keras.layers.Conv3DTranspose(8, 2, strides=2)
        >>> layer(np.ones((1, 3, 3, 3, 4))).shape
        (1, 6, 6, 6, 8)
    """

    rank = 3

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = (1, 1, 1),
        padding: str = "valid",
        data_format: str | None = None,
        output_padding: int | tuple[int, ...] | None = None,
        dilation_rate: int | tuple[int, ...] = (1, 1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**arguments(locals()))


class Depthwise(Windowed, BiasLayer):
    """What depthwise and separable convolutions share: the depthwise kernel."""

    def add_depthwise(self, input_shape: Any, name: str) -> tuple[Any, int]:
        """Make the kernel `(*window, channels, multiplier)`; the channels after it."""
        channels = self.read_channels(input_shape)
        shape = (*self.kernel_size, channels, self.depth_multiplier)
        kernel = add_described(self, "depthwise", shape, name)
        return kernel, channels * self.depth_multiplier


class DepthwiseConv(Depthwise):
    """Convolution of each channel by itself; `DepthwiseConv2D` tells its arguments."""

    def __init__(
        self,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**inherited(DepthwiseConv, locals()))
        self.keep_window(kernel_size, strides, padding, data_format, dilation_rate)
        who = type(self).__name__
        self.depth_multiplier = check_positive_int(
            depth_multiplier, "depth_multiplier", who
        )
        describe_weights(self, locals(), "depthwise")

    def build(self, input_shape: Any) -> None:
        self.kernel, channels = self.add_depthwise(input_shape, "kernel")
        self.add_bias((channels,))

    def call(self, inputs: Any) -> Any:
        x = ops.depthwise_conv(inputs, self.kernel, *self._window)
        return self.finish(x, self.channel_axis)


class DepthwiseConv1D(DepthwiseConv):
    """Convolution of each channel by itself, along time; see `DepthwiseConv2D`.

    Input `(batch, time, channels)`, or channels first; output with `channels *
    depth_multiplier` channels.

    Example:
        >>> keras.layers.DepthwiseConv1D(3)(np.ones((2, 10, 4))).shape
        (2, 8, 4)
    """

    rank = 1


@defaults(strides=(1, 1), dilation_rate=(1, 1))
class DepthwiseConv2D(DepthwiseConv):
    """Convolution of each channel of an image by itself.

    Args:
        kernel_size: the window, an integer or one per spatial axis.
        strides: its step.
        padding: "valid"; "same": the output has ceil(size / stride) places.
        depth_multiplier: how many output channels each input channel makes.
        data_format: "channels_last" or "channels_first".
        dilation_rate: the step inside the window.
        depthwise_initializer, ..., activation, use_bias, ...: as in `Dense`.

    Input of shape `(batch, height, width, channels)`, or channels first; output with
    `channels * depth_multiplier` channels.

    Example:
        >>> layer = keras.layers.DepthwiseConv2D(3, depth_multiplier=2)
        >>> layer(np.ones((1, 8, 8, 4))).shape
        (1, 6, 6, 8)
    """

    rank = 2


class SeparableConv(Depthwise):
    """Depthwise, then pointwise convolution; `SeparableConv2D` tells its arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**inherited(SeparableConv, locals()))
        who = type(self).__name__
        self.filters = check_positive_int(filters, "filters", who)
        self.keep_window(kernel_size, strides, padding, data_format, dilation_rate)
        self.depth_multiplier = check_positive_int(
            depth_multiplier, "depth_multiplier", who
        )
        describe_weights(self, locals(), "depthwise", "pointwise")

    def build(self, input_shape: Any) -> None:
        """Make the two kernels and the bias."""
        self.depthwise_kernel, channels = self.add_depthwise(
            input_shape, "depthwise_kernel"
        )
        shape = (*(1,) * self.rank, channels, self.filters)
        self.pointwise_kernel = add_described(
            self, "pointwise", shape, "pointwise_kernel"
        )
        self.add_bias((self.filters,))

    def call(self, inputs: Any) -> Any:
        """Convolve twice, add the bias, activate."""
        kernels = self.depthwise_kernel, self.pointwise_kernel
        x = ops.separable_conv(inputs, *kernels, *self._window)
        return self.finish(x, self.channel_axis)


class SeparableConv1D(SeparableConv):
    """Depthwise convolution along time, then one that mixes the channels.

    Input `(batch, time, channels)`, or channels first; output with `filters` channels.
    The arguments are those of `SeparableConv2D`.

    Example:
        >>> keras.layers.SeparableConv1D(8, 3)(np.ones((2, 10, 4))).shape
        (2, 8, 8)
    """

    rank = 1


@defaults(strides=(1, 1), dilation_rate=(1, 1))
class SeparableConv2D(SeparableConv):
    """Depthwise convolution of images, then one that mixes the channels at each place.

    Chollet, 2016, "Xception", arXiv:1610.02357.

    Args:
        filters: the number of channels of the output.
        kernel_size, strides, padding, data_format, dilation_rate, depth_multiplier: of
            the depthwise convolution, as in `DepthwiseConv2D`.
        depthwise_initializer, ..., pointwise_initializer, ...: of the two kernels.
        activation, use_bias, bias_initializer, ...: as in `Dense`.

    Input of shape `(batch, height, width, channels)`, or channels first; output with
    `filters` channels.

    Example:
        >>> keras.layers.SeparableConv2D(8, 3)(np.ones((1, 8, 8, 4))).shape
        (1, 6, 6, 8)
    """

    rank = 2
