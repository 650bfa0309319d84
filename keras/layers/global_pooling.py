"""Pooling over all places."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops
from keras.layers.layer import Layer
from keras.layers.ranks import Spatial


class GlobalPooling(Spatial, Layer):
    """Pooling over all places; `GlobalMaxPooling2D` tells its arguments."""

    _reduce: Callable

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.keep_layout(data_format)
        self.keepdims = bool(keepdims)

    def call(self, inputs: Any) -> Any:
        return self._reduce(inputs, axis=self.spatial_axes, keepdims=self.keepdims)


class GlobalMaxPooling1D(GlobalPooling):
    """The largest value over time of each channel.

    Input `(batch, time, channels)`, or channels first; output `(batch, channels)`. The
    arguments are those of `GlobalMaxPooling2D`.

    Example:
        >>> keras.layers.GlobalMaxPooling1D()(np.ones((2, 10, 4))).shape
        (2, 4)
    """

    rank = 1
    _reduce = staticmethod(ops.max)


class GlobalMaxPooling2D(GlobalPooling):
    """The largest value of each channel of an image.

    Args:
        data_format: "channels_last" or "channels_first"; by default
            `keras.config.image_data_format()`.
        keepdims: keep the spatial axes, at size 1.

    Input of shape `(batch, height, width, channels)`, or channels first; output
    `(batch, channels)`.

    Example:
        >>> keras.layers.GlobalMaxPooling2D()(np.ones((1, 7, 7, 8))).shape
        (1, 8)
    """

    rank = 2
    _reduce = staticmethod(ops.max)


class GlobalMaxPooling3D(GlobalPooling):
    """The largest value of each channel of a volume.

    Input `(batch, depth, height, width, channels)`, or channels first; output
    `(batch, channels)`. The arguments are those of `GlobalMaxPooling2D`.

    Example:
        >>> keras.layers.GlobalMaxPooling3D()(np.ones((1, 7, 7, 7, 8))).shape
        (1, 8)
    """

    rank = 3
    _reduce = staticmethod(ops.max)


class GlobalAveragePooling1D(GlobalPooling):
    """The mean over time of each channel; of the steps that are not masked.

    Input `(batch, time, channels)`, or channels first, and a mask `(batch, time)`;
    output `(batch, channels)`, zeros where every step is masked. The arguments are
    those of `GlobalMaxPooling2D`.

    Example:
        >>> keras.layers.GlobalAveragePooling1D()(np.ones((2, 10, 4))).shape
        (2, 4)
    """

    rank = 1
    _reduce = staticmethod(ops.mean)

    def __init__(
        self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The mean over time."""
        if mask is None:
            return super().call(inputs)
        (time,) = self.spatial_axes
        mask = ops.expand_dims(ops.cast(mask, ops.dtype(inputs)), self.channel_axis)
        total = ops.sum(inputs * mask, axis=time, keepdims=self.keepdims)
        count = ops.sum(mask, axis=time, keepdims=self.keepdims)
        return total / ops.maximum(count, 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """None: no time is left to be masked."""


class GlobalAveragePooling2D(GlobalPooling):
    """The mean of each channel of an image.

    Input `(batch, height, width, channels)`, or channels first; output
    `(batch, channels)`. The arguments are those of `GlobalMaxPooling2D`.

    Example:
        >>> keras.layers.GlobalAveragePooling2D()(np.ones((1, 7, 7, 8))).shape
        (1, 8)
    """

    rank = 2
    _reduce = staticmethod(ops.mean)


class GlobalAveragePooling3D(GlobalPooling):
    """The mean of each channel of a volume.

    Input `(batch, depth, height, width, channels)`, or channels first; output
    `(batch, channels)`. The arguments are those of `GlobalMaxPooling2D`.

    Example:
        >>> keras.layers.GlobalAveragePooling3D()(np.ones((1, 7, 7, 7, 8))).shape
        (1, 8)
    """

    rank = 3
    _reduce = staticmethod(ops.mean)
