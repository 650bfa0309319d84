"""Depthwise convolutions, and separable ones, which mix the channels afterwards."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.configurable import inherited
from keras.core.errors import check_positive_int
from keras.layers.ranks import Windowed, defaults
from keras.layers.weighted import BiasLayer, add_described, describe_weights


class Depthwise(Windowed, BiasLayer):
    """What depthwise and separable convolutions share: the depthwise kernel."""

    depth_multiplier: int

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
    """Convolution of each channel by itself, along time.

    Input `(batch, time, channels)`, or channels first; output with
    `channels * depth_multiplier` channels. The arguments are those of
    `DepthwiseConv2D`.

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
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: of the
            kernel.
        activation, use_bias, bias_initializer, bias_regularizer, activity_regularizer,
            bias_constraint: as in `Conv2D`.

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
        depthwise_initializer, depthwise_regularizer, depthwise_constraint: of the first
            kernel.
        pointwise_initializer, pointwise_regularizer, pointwise_constraint: of the
            second.
        activation, use_bias, bias_initializer, bias_regularizer, activity_regularizer,
            bias_constraint: as in `Conv2D`.

    Input of shape `(batch, height, width, channels)`, or channels first; output with
    `filters` channels.

    Example:
        >>> keras.layers.SeparableConv2D(8, 3)(np.ones((1, 8, 8, 4))).shape
        (1, 6, 6, 8)
    """

    rank = 2
