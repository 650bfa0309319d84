"""Convolutions over one, two and three spatial axes."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.configurable import inherited
from keras.core.errors import check_positive_int
from keras.layers.ranks import Windowed, defaults
from keras.layers.weighted import KernelLayer


class Conv(Windowed, KernelLayer):
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

    def convolution_op(self, inputs: Any, kernel: Any) -> Any:
        """The convolution alone, without bias and activation; for overriding."""
        return ops.conv(inputs, kernel, *self._window)

    def call(self, inputs: Any) -> Any:
        return self.finish(self.convolution_op(inputs, self.kernel), self.channel_axis)


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
        activation: a name or a function; None for none.
        use_bias: whether a bias is added.
        kernel_initializer, bias_initializer: how the weights start.
        kernel_regularizer, bias_regularizer: penalties on the weights.
        activity_regularizer: a penalty on the output.
        kernel_constraint, bias_constraint: projections after each update.

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
