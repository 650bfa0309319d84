"""Pooling over windows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops
from keras.core.errors import standardize_tuple
from keras.layers.layer import Layer
from keras.layers.ranks import Spatial, check_padding, defaults


class Pooling(Spatial, Layer):
    """Pooling over windows; `MaxPooling2D` tells its arguments."""

    _pool: Callable

    def __init__(
        self,
        pool_size: int | tuple[int, ...],
        strides: int | tuple[int, ...] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, **kwargs)
        who = type(self).__name__
        self.pool_size = standardize_tuple(pool_size, self.rank, "pool_size", who)
        self.strides = self.pool_size
        if strides is not None:
            self.strides = standardize_tuple(strides, self.rank, "strides", who)
        self.padding = check_padding(padding, who)
        self.keep_layout(data_format)

    def call(self, inputs: Any) -> Any:
        return self._pool(
            inputs, self.pool_size, self.strides, self.padding, self.data_format
        )


@defaults(pool_size=2)
class MaxPooling1D(Pooling):
    """The largest value in each window of time steps.

    Input `(batch, time, channels)`, or channels first. The arguments are those of
    `MaxPooling2D`.

    Example:
        >>> keras.layers.MaxPooling1D(2)(np.ones((2, 10, 4))).shape
        (2, 5, 4)
    """

    rank = 1
    _pool = staticmethod(ops.max_pool)


@defaults(pool_size=(2, 2))
class MaxPooling2D(Pooling):
    """The largest value in each window of an image.

    Args:
        pool_size: the window, an integer or one per spatial axis.
        strides: its step; by default `pool_size`.
        padding: "valid"; "same": the output has ceil(size / stride) places.
        data_format: "channels_last" or "channels_first"; by default
            `keras.config.image_data_format()`.

    Input of shape `(batch, height, width, channels)`, or channels first.

    Example:
        >>> keras.layers.MaxPooling2D(2)(np.ones((1, 28, 28, 8))).shape
        (1, 14, 14, 8)
    """

    rank = 2
    _pool = staticmethod(ops.max_pool)


@defaults(pool_size=(2, 2, 2))
class MaxPooling3D(Pooling):
    """The largest value in each window of a volume.

    Input `(batch, depth, height, width, channels)`, or channels first. The arguments
    are those of `MaxPooling2D`.

    Example:
        >>> keras.layers.MaxPooling3D(2)(np.ones((1, 8, 8, 8, 1))).shape
        (1, 4, 4, 4, 1)
    """

    rank = 3
    _pool = staticmethod(ops.max_pool)


class AveragePooling1D(Pooling):
    """The mean of each window of time steps.

    Input `(batch, time, channels)`, or channels first. The arguments are those of
    `MaxPooling2D`; what "same" adds at the rim does not count.

    Example:
        >>> keras.layers.AveragePooling1D(2)(np.ones((2, 10, 4))).shape
        (2, 5, 4)
    """

    rank = 1
    _pool = staticmethod(ops.average_pool)


class AveragePooling2D(Pooling):
    """The mean of each window of an image.

    Input `(batch, height, width, channels)`, or channels first. The arguments are those
    of `MaxPooling2D`; what "same" adds at the rim does not count.

    Example:
        >>> keras.layers.AveragePooling2D(2)(np.ones((1, 28, 28, 8))).shape
        (1, 14, 14, 8)
    """

    rank = 2
    _pool = staticmethod(ops.average_pool)


class AveragePooling3D(Pooling):
    """The mean of each window of a volume.

    Input `(batch, depth, height, width, channels)`, or channels first. The arguments
    are those of `MaxPooling2D`; what "same" adds at the rim does not count.

    Example:
        >>> keras.layers.AveragePooling3D(2)(np.ones((1, 8, 8, 8, 1))).shape
        (1, 4, 4, 4, 1)
    """

    rank = 3
    _pool = staticmethod(ops.average_pool)
