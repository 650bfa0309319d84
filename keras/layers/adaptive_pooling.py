"""Pooling to a given size."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import ops
from keras.core.errors import standardize_tuple
from keras.layers.layer import Layer
from keras.layers.ranks import Spatial


class AdaptivePooling(Spatial, Layer):
    """Pooling to a given size; `AdaptiveAveragePooling2D` tells its arguments."""

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
    """Means over windows chosen so that `output_size` time steps are left.

    Input `(batch, time, channels)`, or channels first. The arguments are those of
    `AdaptiveAveragePooling2D`.

    Example:
        >>> keras.layers.AdaptiveAveragePooling1D(3)(np.ones((2, 10, 4))).shape
        (2, 3, 4)
    """

    rank = 1
    _pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveAveragePooling2D(AdaptivePooling):
    """Means over windows chosen so that the image gets a given size.

    Args:
        output_size: an integer or one per spatial axis. Output i of m looks at places
            floor(i * n / m) to ceil((i + 1) * n / m) of n.
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
    """Means over windows chosen so that the volume gets a given size.

    Input `(batch, depth, height, width, channels)`, or channels first. The arguments
    are those of `AdaptiveAveragePooling2D`.

    Example:
        >>> keras.layers.AdaptiveAveragePooling3D(2)(np.ones((1, 5, 5, 5, 1))).shape
        (1, 2, 2, 2, 1)
    """

    rank = 3
    _pool = staticmethod(ops.adaptive_average_pool)


class AdaptiveMaxPooling1D(AdaptivePooling):
    """Maxima over windows chosen so that `output_size` time steps are left.

    Input `(batch, time, channels)`, or channels first. The arguments are those of
    `AdaptiveAveragePooling2D`.

    Example:
        >>> keras.layers.AdaptiveMaxPooling1D(3)(np.ones((2, 10, 4))).shape
        (2, 3, 4)
    """

    rank = 1
    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling2D(AdaptivePooling):
    """Maxima over windows chosen so that the image gets a given size.

    Input `(batch, height, width, channels)`, or channels first. The arguments are those
    of `AdaptiveAveragePooling2D`.

    Example:
        >>> keras.layers.AdaptiveMaxPooling2D(3)(np.ones((1, 7, 7, 8))).shape
        (1, 3, 3, 8)
    """

    rank = 2
    _pool = staticmethod(ops.adaptive_max_pool)


class AdaptiveMaxPooling3D(AdaptivePooling):
    """Maxima over windows chosen so that the volume gets a given size.

    Input `(batch, depth, height, width, channels)`, or channels first. The arguments
    are those of `AdaptiveAveragePooling2D`.

    Example:
        >>> keras.layers.AdaptiveMaxPooling3D(2)(np.ones((1, 5, 5, 5, 1))).shape
        (1, 2, 2, 2, 1)
    """

    rank = 3
    _pool = staticmethod(ops.adaptive_max_pool)
