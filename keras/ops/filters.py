"""Filters of images: blur, edges, and the similarity that is built on a blur."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.core.dtypes import FLOATS
from keras.core.errors import check_number, shape_error, shapes_fit, standardize_tuple
from keras.core.op import Tensor, op
from keras.core.typing import DataFormat, IntOrInts
from keras.ops import numpy as knp
from keras.ops.core import cast, convert_to_tensor, dtype, shape
from keras.ops.image_format import along_axis, as_batch, in_float

# From this many taps on, a product with a matrix is faster than a sum of slices.
_LONG = 12


@op(name="_correlate_axis")
def correlate_axis(x: Tensor, taps: Tensor, axis: int, pad: bool) -> Tensor:
    """Correlate along one axis: `sum(taps[i] * x[n + i])`.

    Args:
        x: floats.
        taps: a vector.
        axis: the axis.
        pad: whether zeros are put around, so that the size is kept.
    """
    count = taps.shape[0]
    before = (count - 1) // 2 if pad else 0
    old = shape(x)[axis]
    new = old if pad else old - count + 1
    taps = cast(taps, dtype(x))

    if count >= _LONG:
        # A matrix with the taps in each row, one place further from row to row.
        rows, columns = knp.arange(new)[:, None], knp.arange(old)
        place = columns - rows + before
        band = knp.take(taps, knp.clip(place, 0, count - 1), axis=0)
        inside = knp.logical_and(place >= 0, place < count)
        return along_axis(x, knp.where(inside, band, 0.0), axis)

    if pad:
        width = [(0, 0)] * len(x.shape)
        width[axis] = (before, count - 1 - before)
        x = knp.pad(x, width)
    out: Any = None
    for i in range(count):
        part = taps[i] * x[(slice(None),) * axis + (slice(i, i + new),)]
        out = part if out is None else out + part
    return out


def gaussian(size: int, sigma: Any) -> Any:
    """A normal distribution at `size` places around its center, of sum 1."""
    places = knp.arange(size, dtype="float32") - (size - 1) / 2
    values = knp.exp(-0.5 * knp.square(places / sigma))
    return values / knp.sum(values)


@op
def gaussian_blur(
    images: Tensor,
    kernel_size: IntOrInts = (3, 3),
    sigma: float | Sequence[float] = (1.0, 1.0),
    data_format: DataFormat | None = None,
) -> Tensor:
    """Blur images by a Gaussian kernel; beyond the edges they are 0.

    Args:
        images: `(batch, height, width, channels)` or one image, or channels first.
        kernel_size: height and width of the kernel in pixels.
        sigma: the standard deviations along the height and the width, in pixels.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        Images of the same shape and type; integers are rounded.

    Raises:
        ValueError: the rank is not 3 or 4, or a size or deviation is not positive.

    Example:
        >>> x = keras.ops.reshape(keras.ops.eye(3), (3, 3, 1))
        >>> keras.ops.image.gaussian_blur(x).shape
        (3, 3, 1)
    """
    sizes = standardize_tuple(kernel_size, 2, "kernel_size", "gaussian_blur")
    sigmas = [sigma, sigma] if isinstance(sigma, (int, float)) else sigma
    for value in sigmas:
        if isinstance(value, (int, float)):
            check_number(value, "sigma", "gaussian_blur", above=0)

    batch, restore_layout = as_batch("gaussian_blur", images, data_format)
    out, restore_type = in_float(batch)
    for axis in (0, 1):
        taps = gaussian(sizes[axis], sigmas[axis])
        out = correlate_axis(out, taps, axis + 1, True)
    return restore_layout(restore_type(out))


@op
def sobel_edges(images: Tensor, data_format: DataFormat | None = None) -> Tensor:
    """Sobel filter: the slopes of images along their height and width.

    At the edges the image continues as its mirror image.

    Args:
        images: `(batch, height, width, channels)` or one image, or channels first.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        A tensor of the shape of `images` with an axis of size 2 at the end: the slope
        along the height, and along the width. Those of integers are float32.

    Raises:
        ValueError: the rank is not 3 or 4.

    Example:
        >>> x = keras.ops.zeros((1, 4, 4, 3))
        >>> keras.ops.image.sobel_edges(x).shape
        (1, 4, 4, 3, 2)
    """
    batch, restore_layout = as_batch("sobel_edges", images, data_format)
    values, _ = in_float(batch)
    own = dtype(images) if dtype(images) in FLOATS else dtype(values)
    padded = knp.pad(values, ((0, 0), (1, 1), (1, 1), (0, 0)), mode="reflect")

    smooth_rows = padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]
    smooth_columns = padded[:, :, :-2] + 2 * padded[:, :, 1:-1] + padded[:, :, 2:]
    slopes = (
        smooth_columns[:, 2:] - smooth_columns[:, :-2],
        smooth_rows[:, :, 2:] - smooth_rows[:, :, :-2],
    )
    return knp.stack([restore_layout(cast(s, own)) for s in slopes], axis=-1)


@op(cast="float")
def ssim(
    image1: Tensor,
    image2: Tensor,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: DataFormat | None = None,
) -> Tensor:
    """Structural similarity of images (Wang et al., 2004): 1 where they are equal.

    Means, variances and the covariance are taken in Gaussian windows that lie inside of
    the image.

    Args:
        image1, image2: `(batch, height, width, channels)` or one image, or channels
            first; of the same shape.
        max_val: the difference between the largest and the smallest possible value.
        filter_size: height and width of the window.
        filter_sigma: its standard deviation.
        k1, k2: the constants of the formula, which keep quotients of small numbers
            stable.
        data_format: by default `keras.config.image_data_format()`.

    Returns:
        One number for each image, the mean over windows and channels.

    Raises:
        ValueError: the shapes differ, or the window is larger than the image.

    Example:
        >>> x = keras.random.uniform((2, 16, 16, 3), seed=1)
        >>> keras.ops.image.ssim(x, x)
        array([1., 1.], dtype=float32)
    """
    if not shapes_fit(image1.shape, image2.shape):
        raise shape_error(
            "ssim: `image1` and `image2` must have the same shape", image1, image2
        )
    is_one = len(image1.shape) == 3
    a, _ = as_batch("ssim", image1, data_format)
    b, _ = as_batch("ssim", image2, data_format)
    for size in a.shape[1:3]:
        if size is not None and size < filter_size:
            raise shape_error(
                f"ssim: images must be at least as large as the window of "
                f"filter_size={filter_size}",
                image1,
            )

    a, restore_type = in_float(a)
    b, _ = in_float(b)
    taps = convert_to_tensor(gaussian(filter_size, filter_sigma))

    def local_mean(x: Any) -> Any:
        return correlate_axis(correlate_axis(x, taps, 1, False), taps, 2, False)

    # The products are taken of differences from the mean of the image: with those of
    # the values themselves, the variances of bright images would lose their digits.
    shift = knp.mean(a, axis=(1, 2), keepdims=True)
    a_centered, b_centered = a - shift, b - shift
    a_mean, b_mean = local_mean(a_centered), local_mean(b_centered)
    variances = local_mean(a_centered * a_centered + b_centered * b_centered)
    variances = variances - a_mean * a_mean - b_mean * b_mean
    covariance = local_mean(a_centered * b_centered) - a_mean * b_mean

    c1, c2 = (k1 * max_val) ** 2, (k2 * max_val) ** 2
    a_mean, b_mean = a_mean + shift, b_mean + shift
    luminance = (2 * a_mean * b_mean + c1) / (a_mean * a_mean + b_mean * b_mean + c1)
    structure = (2 * covariance + c2) / (variances + c2)
    out = restore_type(knp.mean(luminance * structure, axis=(1, 2, 3)))
    return out[0] if is_one else out
