"""Transposed convolutions: they widen where convolutions narrow."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.configurable import arguments, inherited
from keras.core.errors import check_positive_int, standardize_tuple
from keras.layers.ranks import Windowed, defaults
from keras.layers.weighted import KernelLayer


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
    """Transposed convolution along time.

    Input `(batch, time, channels)`, or channels first; output with `filters` channels
    and about `strides` times as many steps. The arguments are those of
    `Conv2DTranspose`.

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
        activation, use_bias, kernel_initializer, bias_initializer, kernel_regularizer,
            bias_regularizer, activity_regularizer, kernel_constraint, bias_constraint:
            as in `Conv2D`.

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
