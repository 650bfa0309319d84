"""Making more places out of each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras import ops
from keras.core.config.limits import charge
from keras.core.errors import check_choice, check_positive_int, standardize_tuple
from keras.core.variable import finds_shapes
from keras.layers.layer import Layer
from keras.layers.ranks import Spatial, defaults

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")


class UpSampling(Spatial, Layer):
    """Repeats places along the spatial axes."""

    size: Any

    def __init__(self, size: Any, data_format: str | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.size = standardize_tuple(size, self.rank, "size", type(self).__name__)
        self.keep_layout(data_format)

    def call(self, inputs: Any) -> Any:
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
    _unwritten = ("data_format",)

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        size = check_positive_int(size, "size", "UpSampling1D")
        super().__init__(size, "channels_last", **kwargs)
        self.size = size

    def call(self, inputs: Any) -> Any:
        return ops.repeat(inputs, self.size, axis=1)


class UpSampling2D(UpSampling):
    """Upsamples images by repetition or interpolation.

    Args:
        size: upsampling factor, an integer or one each for height and width.
        data_format: "channels_last" or "channels_first".
        interpolation: "nearest", "bilinear", "bicubic", "lanczos3" or "lanczos5".

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
        super().__init__(size, data_format, **kwargs)
        self.interpolation = check_choice(
            interpolation, INTERPOLATIONS, "interpolation", "UpSampling2D"
        )

    def call(self, inputs: Any) -> Any:
        """Repeat or interpolate."""
        if self.interpolation == "nearest":
            return super().call(inputs)
        letters = "abcd"
        for axis, times in zip(self.spatial_axes, self.size):
            if times > 1:
                mix = self._mixing(ops.shape(inputs)[axis], times)
                mix = ops.convert_to_tensor(mix, ops.dtype(inputs))
                out = letters.replace(letters[axis], "z")
                inputs = ops.einsum(f"{letters},{letters[axis]}z->{out}", inputs, mix)
        return inputs

    def _mixing(self, size: int, times: int) -> Any:
        """The interpolation matrix: rows are input positions, columns output positions.

        Weights depend on the distance. Each column is normalized to sum 1, which shares
        the weight of positions outside the image among those inside.
        """
        charge((3, size, size * times), 8, "The matrix of an UpSampling layer")
        if finds_shapes():  # of an axis that may have many thousands of places
            return ops.zeros((size, size * times), "float32")

        centers = (np.arange(size * times) + 0.5) / times - 0.5
        distance = np.abs(centers - np.arange(size)[:, None])
        weights = _KERNELS[self.interpolation](distance)
        return (weights / weights.sum(0)).astype("float32")


def _cubic(x: np.ndarray) -> np.ndarray:
    """Keys, 1981, "Cubic convolution interpolation", with a = -1/2."""
    near = (1.5 * x - 2.5) * x * x + 1
    far = ((-0.5 * x + 2.5) * x - 4) * x + 2
    return np.where(x <= 1, near, np.where(x < 2, far, 0))


def _lanczos(radius: int) -> Callable[[np.ndarray], np.ndarray]:
    return lambda x: np.where(x < radius, np.sinc(x) * np.sinc(x / radius), 0)


_KERNELS = {
    "bilinear": lambda x: np.maximum(1 - x, 0),
    "bicubic": _cubic,
    "lanczos3": _lanczos(3),
    "lanczos5": _lanczos(5),
}


@defaults(size=(2, 2, 2))
class UpSampling3D(UpSampling):
    """Upsamples volumes by repetition.

    Args:
        size: upsampling factor, an integer or one for each axis.
        data_format: "channels_last" or "channels_first".

    Input of shape `(batch, depth, height, width, channels)`, or channels first.

    Example:
        >>> keras.layers.UpSampling3D(2)(np.ones((1, 3, 3, 3, 1))).shape
        (1, 6, 6, 6, 1)
    """

    rank = 3
