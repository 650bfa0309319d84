"""Max and average pooling: windowed, adaptive and global."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops
from keras.core.errors import standardize_tuple
from keras.layers.layer import Layer
from keras.layers.ranks import Spatial, check_padding, defaults


class Pooling(Spatial, Layer):
    """Base of the pooling layers; see `MaxPooling2D` for the arguments."""

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
    """Max pooling over windows of time steps; see `MaxPooling2D`.

    Input `(batch, time, channels)`, or channels first.

    Example:
        >>> keras.layers.MaxPooling1D(2)(np.ones((2, 10, 4))).shape
        (2, 5, 4)
    """

    rank = 1
    _pool = staticmethod(ops.max_pool)


@defaults(pool_size=(2, 2))
class MaxPooling2D(Pooling):
    """Max pooling over windows of an image.

    Args:
        pool_size: size of the window, an integer or one per spatial axis.
        strides: step of the window; by default `pool_size`.
        padding: "valid" for none, or "same": the output size is ceil(size / stride).
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
    """Max pooling over windows of a volume; see `MaxPooling2D`.

    Input `(batch, depth, height, width, channels)`, or channels first.

    Example:
        >>> keras.layers.MaxPooling3D(2)(np.ones((1, 8, 8, 8, 1))).shape
        (1, 4, 4, 4, 1)
    """

    rank = 3
    _pool = staticmethod(ops.max_pool)


class AveragePooling1D(Pooling):
    """Average pooling over windows of time steps.

    Input `(batch, time, channels)`, or channels first. The arguments are those of
    `MaxPooling2D`; padded positions do not count.

    Example:
        >>> keras.layers.AveragePooling1D(2)(np.ones((2, 10, 4))).shape
        (2, 5, 4)
    """

    rank = 1
    _pool = staticmethod(ops.average_pool)


class AveragePooling2D(Pooling):
    """Average pooling over windows of an image.

    Input `(batch, height, width, channels)`, or channels first. The arguments are those
    of `MaxPooling2D`; padded positions do not count.

    Example:
        >>> keras.layers.AveragePooling2D(2)(np.ones((1, 28, 28, 8))).shape
        (1, 14, 14, 8)
    """

    rank = 2
    _pool = staticmethod(ops.average_pool)


class AveragePooling3D(Pooling):
    """Average pooling over windows of a volume.

    Input `(batch, depth, height, width, channels)`, or channels first. The arguments
    are those of `MaxPooling2D`; padded positions do not count.

    Example:
        >>> keras.layers.AveragePooling3D(2)(np.ones((1, 8, 8, 8, 1))).shape
        (1, 4, 4, 4, 1)
    """

    rank = 3
    _pool = staticmethod(ops.average_pool)


class AdaptivePooling(Spatial, Layer):
    """Base of adaptive pooling; see `AdaptiveAveragePooling2D` for the arguments."""

    _pool: Callable

    def __init__(
        self,
        output_size: int | tuple[int, ...],
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.output_size = standardize_tuple(
            output_size, self.rank, "output_size", type(self).__name__
        )
        self.keep_layout(data_format)

    def call(self, inputs: Any) -> Any:
        return self._pool(inputs, self.output_size, self.data_format)


class AdaptiveAveragePooling1D(AdaptivePooling):
    """Adaptive average pooling to a fixed number of time steps.

    Input `(batch, time, channels)`, or channels first. The arguments are those of
    `AdaptiveAveragePooling2D`.

    Example:
        >>> keras.layers.AdaptiveAveragePooling1D(3)(np.ones((2, 10, 4))).shape
        (2, 3, 4)
    """

    rank = 1
    _pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling2D(AdaptivePooling):
    """Adaptive average pooling of images to a fixed size.

    Args:
        output_size: size of the output, an integer or one per spatial axis. Output i
            of m averages the positions floor(i * n / m) to ceil((i + 1) * n / m) of n.
        data_format: "channels_last" or "channels_first"; by default
            `keras.config.image_data_format()`.

    Input of shape `(batch, height, width, channels)`, or channels first.

    Example:
        >>> keras.layers.AdaptiveAveragePooling2D((3, 2))(np.ones((1, 7, 7, 8))).shape
        (1, 3, 2, 8)
    """

    rank = 2
    _pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling3D(AdaptivePooling):
    """Adaptive average pooling of volumes to a fixed size.

    Input `(batch, depth, height, width, channels)`, or channels first. The arguments
    are those of `AdaptiveAveragePooling2D`.

    Example:
        >>> keras.layers.AdaptiveAveragePooling3D(2)(np.ones((1, 5, 5, 5, 1))).shape
        (1, 2, 2, 2, 1)
    """

    rank = 3
    _pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveMaxPooling1D(AdaptivePooling):
    """Adaptive max pooling to a fixed number of time steps.

    Input `(batch, time, channels)`, or channels first. The arguments are those of
    `AdaptiveAveragePooling2D`.

    Example:
        >>> keras.layers.AdaptiveMaxPooling1D(3)(np.ones((2, 10, 4))).shape
        (2, 3, 4)
    """

    rank = 1
    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling2D(AdaptivePooling):
    """Adaptive max pooling of images to a fixed size.

    Input `(batch, height, width, channels)`, or channels first. The arguments are those
    of `AdaptiveAveragePooling2D`.

    Example:
        >>> keras.layers.AdaptiveMaxPooling2D(3)(np.ones((1, 7, 7, 8))).shape
        (1, 3, 3, 8)
    """

    rank = 2
    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling3D(AdaptivePooling):
    """Adaptive max pooling of volumes to a fixed size.

    Input `(batch, depth, height, width, channels)`, or channels first. The arguments
    are those of `AdaptiveAveragePooling2D`.

    Example:
        >>> keras.layers.AdaptiveMaxPooling3D(2)(np.ones((1, 5, 5, 5, 1))).shape
        (1, 2, 2, 2, 1)
    """

    rank = 3
    _pool = staticmethod(ops.adaptive_max_pool)


class GlobalPooling(Spatial, Layer):
    """Base of global pooling; see `GlobalMaxPooling2D` for the arguments."""

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
    """Global max pooling over time; see `GlobalMaxPooling2D`.

    Input `(batch, time, channels)`, or channels first; output `(batch, channels)`.

    Example:
        >>> keras.layers.GlobalMaxPooling1D()(np.ones((2, 10, 4))).shape
        (2, 4)
    """

    rank = 1
    _reduce = staticmethod(ops.max)


class GlobalMaxPooling2D(GlobalPooling):
    """Global max pooling of images.

    Args:
        data_format: "channels_last" or "channels_first"; by default
            `keras.config.image_data_format()`.
        keepdims: whether the spatial axes are kept with size 1.

    Input of shape `(batch, height, width, channels)`, or channels first; output
    `(batch, channels)`.

    Example:
        >>> keras.layers.GlobalMaxPooling2D()(np.ones((1, 7, 7, 8))).shape
        (1, 8)
    """

    rank = 2
    _reduce = staticmethod(ops.max)


class GlobalMaxPooling3D(GlobalPooling):
    """Global max pooling of volumes.

    Input `(batch, depth, height, width, channels)`, or channels first; output
    `(batch, channels)`. The arguments are those of `GlobalMaxPooling2D`.

    Example:
        >>> keras.layers.GlobalMaxPooling3D()(np.ones((1, 7, 7, 7, 8))).shape
        (1, 8)
    """

    rank = 3
    _reduce = staticmethod(ops.max)


class GlobalAveragePooling1D(GlobalPooling):
    """Global average pooling over time; masked steps do not count.

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
        """None: the output has no time axis."""


class GlobalAveragePooling2D(GlobalPooling):
    """Global average pooling of images.

    Input `(batch, height, width, channels)`, or channels first; output
    `(batch, channels)`. The arguments are those of `GlobalMaxPooling2D`.

    Example:
        >>> keras.layers.GlobalAveragePooling2D()(np.ones((1, 7, 7, 8))).shape
        (1, 8)
    """

    rank = 2
    _reduce = staticmethod(ops.mean)


class GlobalAveragePooling3D(GlobalPooling):
    """Global average pooling of volumes.

    Input `(batch, depth, height, width, channels)`, or channels first; output
    `(batch, channels)`. The arguments are those of `GlobalMaxPooling2D`.

    Example:
        >>> keras.layers.GlobalAveragePooling3D()(np.ones((1, 7, 7, 7, 8))).shape
        (1, 8)
    """

    rank = 3
    _reduce = staticmethod(ops.mean)
