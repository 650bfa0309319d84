"""Elastic deformation of images."""

from __future__ import annotations

from typing import Any, Literal

from keras.core.errors import check_number
from keras.core.op import Tensor, op
from keras.core.typing import DataFormat, Seed
from keras.ops import numpy as knp
from keras.ops.core import shape
from keras.ops.filters import correlate_axis, gaussian
from keras.ops.image_format import as_batch
from keras.ops.sampling import FillMode, check_sampling, sample


@op
def elastic_transform(
    images: Tensor,
    alpha: float = 20.0,
    sigma: float = 5.0,
    interpolation: Literal["nearest", "bilinear"] | str = "bilinear",
    fill_mode: FillMode = "reflect",
    fill_value: float = 0.0,
    seed: Seed = None,
    data_format: DataFormat | None = None,
) -> Tensor:
    """Deform images by a smooth random field of displacements (Simard et al., 2003).

    Args:
        images: `(batch, height, width, channels)` or one image, or channels first.
        alpha: the strength of the deformation.
        sigma: the standard deviation of the Gaussian by which the field is smoothed, in
            pixels.
        interpolation: "nearest" or "bilinear".
        fill_mode, fill_value: how the image continues beyond its edges, as in
            `affine_transform`.
        seed: an integer for the same deformation each time, a
            `keras.random.SeedGenerator` for new ones each time, or None.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        Images of the same shape and type; integers are rounded. Each image of a batch
        is deformed in its own way.

    Raises:
        ValueError: the rank is not 3 or 4, or an argument is not known.

    Example:
        >>> x = keras.ops.ones((2, 16, 16, 3))
        >>> keras.ops.image.elastic_transform(x, seed=1).shape
        (2, 16, 16, 3)
    """
    from keras.random import normal

    order = check_sampling("elastic_transform", interpolation, fill_mode)
    if isinstance(sigma, (int, float)):
        check_number(sigma, "sigma", "elastic_transform", above=0)
    batch, restore = as_batch("elastic_transform", images, data_format)
    count, height, width, _ = shape(batch)

    noise = normal((2, *shape(batch)[:3]), dtype="float32", seed=seed)
    places = displaced(noise, alpha, sigma, int(6 * sigma) | 1)
    return restore(sample(batch, places, order, fill_mode, fill_value))


def displaced(noise: Any, alpha: Any, sigma: Any, size: int) -> list[Any]:
    """Where the pixels of a deformed image read: rows and columns.

    Args:
        noise: normal numbers `(2, batch, height, width)`, which say where each pixel is
            moved along both axes.
        alpha, sigma: as in `elastic_transform`.
        size: how many pixels along an axis the smoothing takes in.
    """
    _, _, height, width = shape(noise)
    taps = gaussian(size, sigma)
    for axis in (2, 3):
        noise = correlate_axis(noise, taps, axis, True)

    rows = knp.arange(height, dtype="float32")[:, None] + alpha * sigma * noise[0]
    columns = knp.arange(width, dtype="float32") + alpha * sigma * noise[1]
    return [rows, columns]
