"""Convolutional LSTM layers."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.config.configurable import arguments
from keras.core.tensor import KerasTensor
from keras.layers.input_spec import layer_label
from keras.layers.ranks import Windowed
from keras.layers.recurrent import CellLayer
from keras.layers.recurrent_cells import LSTMCell, RecurrentCell
from keras.layers.weighted import add_described
from keras.ops.convolution import per_channel


class ConvLSTMCell(Windowed, LSTMCell):
    """One step of a convolutional LSTM over `rank` spatial axes."""

    has_kinds = False
    _size_argument = "filters"
    _unwritten = ("units",)

    def __init__(
        self,
        rank: int,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        **kwargs: Any,
    ) -> None:
        super().__init__(filters, **kwargs)
        self.rank = rank
        self.filters = self.units
        self.keep_window(kernel_size, strides, padding, data_format, dilation_rate)
        self.state_size = [-1, -1]  # images, whose size depends on the input's

    def build(self, input_shape: Any) -> None:
        """Make the kernels, for one step's input."""
        channels = self.read_channels(input_shape)
        columns = 4 * self.filters
        shape = (*self.kernel_size, channels, columns)
        self.kernel = add_described(self, "kernel", shape)
        shape = (*self.kernel_size, self.filters, columns)
        self.add_recurrent_weights(shape, (columns,))

        sizes = [input_shape[axis] for axis in self.spatial_axes]
        if None in sizes:
            raise ValueError(
                f"{layer_label(self)} keeps images as its states, so the sizes of the "
                "spatial axes must be known; received steps of shape "
                f"{tuple(input_shape)}. Give them in `Input`."
            )

        images = KerasTensor((1, *input_shape[1:]), self.compute_dtype)
        shape = (*self.kernel_size, channels, self.filters)
        kernel = KerasTensor(shape, self.compute_dtype)
        self._state_shape = self.input_product(images, kernel).shape[1:]

    def input_product(self, x: Any, kernel: Any) -> Any:
        """The convolution of the input of one step, or of all steps at once."""
        lead = x.shape[: -self.rank - 1]
        if len(lead) > 1:
            steps = ops.shape(x)[0]
            x = ops.reshape(x, (-1, *x.shape[2:]))
        x = ops.conv(x, kernel, *self._window)
        return x if len(lead) == 1 else ops.reshape(x, (steps, -1, *x.shape[1:]))

    def recurrent_product(self, h: Any, kernel: Any) -> Any:
        """The convolution of the state, which keeps its size."""
        return ops.conv(h, kernel, 1, "same", self.data_format)

    def input_bias(self, bias: Any) -> Any:
        """The bias, along the channels."""
        return per_channel(bias, self.rank, self.channel_axis == -1)

    @property
    def gate_axis(self) -> int:  # type: ignore[override]
        """The axis of the channels, from the end."""
        return -1 if self.channel_axis == -1 else -self.rank - 1

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """Images of zeros."""
        shape = (batch_size, *self._state_shape)
        return [ops.zeros(shape, self.compute_dtype) for _ in range(2)]

    def fused_kind(self) -> str | None:
        """No backend has a kernel for it."""
        return None


class ConvLSTM(CellLayer):
    """Base of the convolutional LSTM layers; see `ConvLSTM2D` for the arguments."""

    _cell_class = ConvLSTMCell

    def __init__(
        self,
        filters: int,
        kernel_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: int | tuple[int, ...] = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**arguments(locals()))

    def _make_cell(self, **kwargs: Any) -> RecurrentCell:
        return self._cell_class(self.rank, **kwargs)


class ConvLSTM1D(ConvLSTM):
    """Convolutional LSTM over sequences of 1D signals.

    Input `(batch, time, steps, channels)`, or channels before steps with
    `data_format="channels_first"`. The arguments are those of `ConvLSTM2D`.

    Example:
        >>> keras.layers.ConvLSTM1D(4, 3)(np.ones((2, 5, 8, 1))).shape
        (2, 6, 4)
    """

    rank = 1


class ConvLSTM2D(ConvLSTM):
    """Convolutional LSTM over sequences of images (Shi et al., 2015, arXiv:1506.04214).

    Both products of `LSTM` are convolutions; that of the state keeps its size.

    Args:
        filters: the number of channels of the output and of both states.
        kernel_size: the window, an integer or one per spatial axis.
        strides, padding, dilation_rate: of the input's convolution, as for `Conv2D`.
        data_format: "channels_last" or "channels_first"; by default
            `keras.config.image_data_format()`.

    The other arguments are those of `LSTM`. Input
    `(batch, time, height, width, channels)`, whose sizes must be known but for batch
    and time; output `(batch, height, width, filters)`, with the axis of time if
    `return_sequences` is True.

    Raises:
        ValueError: a spatial axis is of unknown size.

    Example:
        >>> keras.layers.ConvLSTM2D(4, 3)(np.ones((1, 5, 8, 8, 1))).shape
        (1, 6, 6, 4)
    """

    rank = 2


class ConvLSTM3D(ConvLSTM):
    """Convolutional LSTM over sequences of volumes; see `ConvLSTM2D`.

    Input `(batch, time, depth, height, width, channels)`, or channels first.

    Example:
        >>> keras.layers.ConvLSTM3D(2, 2)(np.ones((1, 2, 4, 4, 4, 1))).shape
        (1, 3, 3, 3, 2)
    """

    rank = 3
