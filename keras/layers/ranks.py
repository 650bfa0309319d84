"""Families of layers that differ in the number of spatial axes: Conv1D, Conv2D, ...

The logic of a family is in one base class with a `rank`; each member is a plain class
that gives its rank. Where the defaults of a member are written differently
(`strides=(1, 1)` for `strides=1`), the decorator `defaults` changes them.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from keras.core.errors import check_choice, standardize_tuple
from keras.core.settings import standardize_data_format
from keras.layers.input_spec import InputSpec
from keras.layers.weighted import size_of_axis


def defaults(**values: Any) -> Callable[[type], type]:
    """Give the inherited constructor of a class other defaults."""

    def apply(cls: type) -> type:
        inherited = cls.__init__  # type: ignore[misc]
        signature = inspect.signature(inherited)
        places = {name: i - 1 for i, name in enumerate(signature.parameters)}

        @functools.wraps(inherited)
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            for name, value in values.items():
                if places[name] >= len(args):
                    kwargs.setdefault(name, value)
            inherited(self, *args, **kwargs)

        __init__.__signature__ = signature.replace(  # type: ignore[attr-defined]
            parameters=[
                p.replace(default=values.get(p.name, p.default))
                for p in signature.parameters.values()
            ]
        )
        cls.__init__ = __init__  # type: ignore[misc]
        return cls

    return apply


def check_padding(value: Any, who: str, causal: bool = False) -> str:
    """The name of a padding, in lower case."""
    known = ("valid", "same", "causal") if causal else ("valid", "same")
    return check_choice(
        value.lower() if isinstance(value, str) else value, known, "padding", who
    )


class Spatial:
    """Mixed into layers over inputs with `rank` axes beside batch and channels."""

    rank: int
    data_format: str

    def keep_layout(self, data_format: str | None) -> None:
        """Store the data format, and the rank that inputs must have."""
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    @property
    def channel_axis(self) -> int:
        """The axis of the channels: -1 or 1."""
        return -1 if self.data_format == "channels_last" else 1

    @property
    def spatial_axes(self) -> tuple[int, ...]:
        """The other axes, without that of the batch."""
        first = 1 if self.data_format == "channels_last" else 2
        return tuple(range(first, first + self.rank))


class Windowed(Spatial):
    """Mixed into layers whose kernel slides over the spatial axes."""

    def keep_window(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        causal: bool = False,
    ) -> None:
        """Check and keep the arguments that describe the window."""
        who = type(self).__name__
        self.keep_layout(data_format)
        self.kernel_size = standardize_tuple(kernel_size, self.rank, "kernel_size", who)
        self.strides = standardize_tuple(strides, self.rank, "strides", who)
        self.padding = check_padding(padding, who, causal and self.rank == 1)
        self.dilation_rate = standardize_tuple(
            dilation_rate, self.rank, "dilation_rate", who
        )

    @property
    def _window(self) -> tuple[Any, ...]:
        """The arguments that a convolution op takes after the kernels."""
        return self.strides, self.padding, self.data_format, self.dilation_rate

    def read_channels(self, input_shape: Any) -> int:
        """The number of channels; inputs must have as many from now on."""
        axis = self.channel_axis
        channels = size_of_axis(self, input_shape, axis)  # type: ignore[arg-type]
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={axis: channels})
        return channels
