"""Making more places out of each."""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.errors import check_choice, check_positive_int, standardize_tuple
from keras.layers.layer import Layer
from keras.layers.ranks import Spatial

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class UpSampling(Spatial, Layer):
    """Repeats places along the spatial axes."""

    size: tuple[int, ...]

    def call(self, inputs: Any) -> Any:
        """Repeat."""
        for axis, times in zip(self.spatial_axes, self.size):
            if times > 1:
                inputs = ops.repeat(inputs, times, axis=axis)
        return inputs


class UpSampling1D(UpSampling):
    """Each time step several times.

    Args:
        size: how many times.

    Input of shape `(batch, time, features)`.

    Example:
        >>> keras.layers.UpSampling1D(2)(np.ones((2, 10, 4))).shape
        (2, 20, 4)
    """

    rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = check_positive_int(size, "size", "UpSampling1D")  # type: ignore
        self.keep_layout("channels_last")

    def call(self, inputs: Any) -> Any:
        """Repeat."""
        return ops.repeat(inputs, self.size, axis=1)


class UpSampling2D(UpSampling):
    """Each row and column of an image several times, or values between them.

    Args:
        size: how many times, an integer or one for height and width.
        data_format: "channels_last" or "channels_first".
        interpolation: "nearest" repeats; "bilinear", "bicubic", "lanczos3" and
            "lanczos5" compute values between.

    Input of shape `(batch, height, width, channels)`, or channels first.

    Example:
        >>> keras.layers.UpSampling2D(2)(np.ones((1, 7, 7, 3))).shape
        (1, 14, 14, 3)
    """

    rank = 2

    def __init__(
        self,
        size: int | tuple[int, int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = standardize_tuple(size, 2, "size", "UpSampling2D")
        self.interpolation = check_choice(
            interpolation, INTERPOLATIONS, "interpolation", "UpSampling2D"
        )
        if self.interpolation != "nearest":
            raise NotImplementedError(
                f"UpSampling2D: interpolation={interpolation!r} is not supported yet; "
                "only 'nearest' is."
            )
        self.keep_layout(data_format)

    def call(self, inputs: Any) -> Any:
        """Repeat each place."""
        return super().call(inputs)


class UpSampling3D(UpSampling):
    """Each place of a volume several times along each axis.

    Args:
        size: how many times, an integer or one for each axis.
        data_format: "channels_last" or "channels_first".

    Input of shape `(batch, depth, height, width, channels)`, or channels first.

    Example:
        >>> keras.layers.UpSampling3D(2)(np.ones((1, 3, 3, 3, 1))).shape
        (1, 6, 6, 6, 1)
    """

    rank = 3

    def __init__(
        self,
        size: int | tuple[int, int, int] = (2, 2, 2),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.size = standardize_tuple(size, 3, "size", "UpSampling3D")
        self.keep_layout(data_format)
