"""Pillow images and arrays: load, save, convert."""

from __future__ import annotations

import os
import warnings
from typing import Any, Literal, TypeAlias

import numpy as np

from keras import ops
from keras.core import dtypes, settings
from keras.core.errors import check_choice, optional_import, standardize_tuple
from keras.core.scope import backend_scope
from keras.core.typing import ArrayLike, DataFormat, DTypeLike
from keras.ops.resizing import Interpolation
from keras.utils.image_files import (
    COLOR_MODES,
    ColorMode,
    ImageSource,
    name_of,
    open_image,
    read_bytes,
    reading,
    to_mode,
)

Resampling: TypeAlias = (
    Literal["nearest", "bilinear", "bicubic", "hamming", "box", "lanczos"] | str
)
RESAMPLINGS = ("nearest", "bilinear", "bicubic", "hamming", "box", "lanczos")


def load_img(
    path: ImageSource,
    color_mode: ColorMode = "rgb",
    target_size: tuple[int, int] | None = None,
    interpolation: Resampling = "nearest",
    keep_aspect_ratio: bool = False,
) -> Any:
    """Load an image file with Pillow.

    Needs the extra `image`.

    Args:
        path: a path, the bytes of a file, or a file that is open for reading.
        color_mode: "grayscale", "rgb" or "rgba". Gray levels of more than 8 bits are
            kept with "grayscale".
        target_size: height and width to resize to; None for those of the file.
        interpolation: "nearest", "bilinear", "bicubic", "hamming", "box" or "lanczos".
        keep_aspect_ratio: whether the image is first cropped, about its center, to the
            aspect ratio of `target_size`.

    Returns:
        A `PIL.Image.Image`; `keras.utils.img_to_array` makes an array of it.

    Raises:
        OSError: the file does not exist, is broken, or has more pixels than
            `PIL.Image.MAX_IMAGE_PIXELS`; the message names it.

    Example:
        >>> import numpy as np
        >>> keras.utils.save_img("dot.png", np.zeros((4, 6, 3)))
        >>> keras.utils.load_img("dot.png", target_size=(2, 3)).size
        (3, 2)
    """
    check_choice(color_mode, COLOR_MODES, "color_mode", "load_img")
    check_choice(interpolation, RESAMPLINGS, "interpolation", "load_img")
    name = name_of(path)
    image = open_image(read_bytes(path), name)
    with reading(name):
        image.load()
        if color_mode == "grayscale":
            is_deep = image.mode in ("I;16", "I")
            image = image if is_deep else to_mode(image, "L")
        else:
            image = to_mode(image, color_mode.upper())
    if target_size is None:
        return image

    height, width = standardize_tuple(target_size, 2, "target_size", "load_img")
    if image.size == (width, height):
        return image
    box = _centered_box(image, height, width) if keep_aspect_ratio else None
    pillow = optional_import("PIL.Image", "image", "load_img")
    method = pillow.Resampling[interpolation.upper()]
    return image.resize((width, height), method, box=box)


def _centered_box(image: Any, height: int, width: int) -> tuple[int, ...]:
    """The largest part about the center with the ratio of height to width."""
    columns, rows = image.size
    kept_rows = min(rows, columns * height // width)
    kept_columns = min(columns, rows * width // height)
    top, left = (rows - kept_rows) // 2, (columns - kept_columns) // 2
    return left, top, left + kept_columns, top + kept_rows


def img_to_array(
    img: Any,
    data_format: DataFormat | None = None,
    dtype: DTypeLike | None = None,
) -> np.ndarray:
    """Convert a Pillow image to an array.

    Args:
        img: a Pillow image, or an array of rank 2 or 3 with the channels last.
        data_format: of the result; by default `keras.config.image_data_format()`.
        dtype: of the result; by default `keras.config.floatx()`.

    Returns:
        `(height, width, channels)`, or channels first. Values are not scaled.

    Raises:
        ValueError: the rank is not 2 or 3, or `data_format` is not known.

    Example:
        >>> import numpy as np
        >>> image = keras.utils.array_to_img(np.zeros((4, 6, 3)))
        >>> keras.utils.img_to_array(image).shape
        (4, 6, 3)
    """
    data_format = settings.standardize_data_format(data_format)
    dtype = dtypes.standardize_dtype(settings.floatx() if dtype is None else dtype)
    pixels = np.array(img, dtype=dtypes.numpy_dtype(dtype))
    if pixels.ndim not in (2, 3):
        raise ValueError(
            "img_to_array: an image must have rank 2 or 3; received shape "
            f"{pixels.shape}."
        )

    pixels = pixels[..., None] if pixels.ndim == 2 else pixels
    return np.moveaxis(pixels, -1, 0) if data_format == "channels_first" else pixels


def array_to_img(
    x: ArrayLike,
    data_format: DataFormat | None = None,
    scale: bool = True,
    dtype: DTypeLike | None = None,
) -> Any:
    """Convert an array to a Pillow image.

    Needs the extra `image`.

    Args:
        x: `(height, width, channels)` with 1, 3 or 4 channels, or channels first.
        data_format: by default `keras.config.image_data_format()`.
        scale: whether the values are shifted and scaled, so that the smallest becomes 0
            and the largest 255. Else they must be from 0 to 255 already.
        dtype: the type in which that is computed; by default
            `keras.config.floatx()`.

    Returns:
        A `PIL.Image.Image`. One channel with values above 255 gives integers of 32
        bits.

    Raises:
        ValueError: the shape is not that of an image, or `data_format` is not known.

    Example:
        >>> import numpy as np
        >>> keras.utils.array_to_img(np.random.rand(4, 6, 3)).size
        (6, 4)
    """
    pillow = optional_import("PIL.Image", "image", "array_to_img")
    data_format = settings.standardize_data_format(data_format)
    dtype = dtypes.standardize_dtype(settings.floatx() if dtype is None else dtype)
    pixels = np.array(_on_host(x), dtype=dtypes.numpy_dtype(dtype))
    if pixels.ndim != 3:
        raise ValueError(
            "array_to_img: one image of rank 3 is needed; received shape "
            f"{pixels.shape}."
        )

    if data_format == "channels_first":
        pixels = np.moveaxis(pixels, 0, -1)
    if scale:
        pixels = pixels - np.min(pixels)
        largest = np.max(pixels)
        pixels = pixels * (255 / largest if largest else 1)

    channels = pixels.shape[-1]
    if channels == 1 and np.max(pixels) > 255:
        return pillow.fromarray(pixels[..., 0].astype("int32"))
    if channels not in (1, 3, 4):
        raise ValueError(
            "array_to_img: an image must have 1, 3 or 4 channels; received shape "
            f"{pixels.shape} (channels last)."
        )

    levels = pixels.clip(0, 255).astype("uint8")
    return pillow.fromarray(levels[..., 0] if channels == 1 else levels)


def _on_host(x: Any) -> Any:
    """A tensor as an array; what is on the host already needs no backend."""
    is_host = isinstance(x, (np.ndarray, list, tuple))
    return x if is_host else ops.convert_to_numpy(x)


def save_img(
    path: ImageSource,
    x: ArrayLike,
    data_format: DataFormat | None = None,
    file_format: str | None = None,
    scale: bool = True,
    **kwargs: Any,
) -> None:
    """Save an array as an image file.

    Needs the extra `image`.

    Args:
        path: a path, or a file that is open for writing.
        x: one image, as in `array_to_img`.
        data_format: by default `keras.config.image_data_format()`.
        file_format: such as "png" or "jpeg"; by default the ending of `path` says it. A
            file object has none.
        scale: whether the values are scaled to 0 to 255, as in `array_to_img`.
        **kwargs: options of `PIL.Image.Image.save`, such as `quality=95`.

    Raises:
        ValueError: the shape is not that of an image, or the format is not known.

    Example:
        >>> import numpy as np
        >>> keras.utils.save_img("noise.png", np.random.rand(8, 8, 3))
    """
    image = array_to_img(x, data_format=data_format, scale=scale)
    is_jpeg = _is_jpeg(path, file_format)
    if image.mode == "RGBA" and is_jpeg:
        warnings.warn(
            "save_img: JPEG files have no transparency; the alpha channel is left out.",
            stacklevel=2,
        )
        image = image.convert("RGB")
    image.save(path, format="jpeg" if is_jpeg else file_format, **kwargs)


def _is_jpeg(path: Any, file_format: str | None) -> bool:
    if file_format is not None:
        return file_format.lower() in ("jpg", "jpeg")
    is_path = isinstance(path, (str, os.PathLike))
    return is_path and os.fspath(path).lower().endswith((".jpg", ".jpeg"))


def smart_resize(
    x: ArrayLike,
    size: tuple[int, int],
    interpolation: Interpolation = "bilinear",
    data_format: DataFormat | None = "channels_last",
    **kwargs: Any,
) -> Any:
    """Resize images without distorting them: crop to the aspect ratio, then resize.

    Args:
        x: `(batch, height, width, channels)` or one image, or channels first.
        size: the new height and width.
        interpolation: see `keras.ops.image.resize`.
        data_format: "channels_last" or "channels_first".
        **kwargs: only `backend_module=None` is accepted, for compatibility.

    Returns:
        A NumPy array if `x` is one, of its type, computed without a framework; else a
        tensor.

    Raises:
        ValueError: the rank is not 3 or 4, or `interpolation` is not known.
        TypeError: another argument is given.

    Example:
        >>> import numpy as np
        >>> keras.preprocessing.image.smart_resize(np.zeros((9, 6, 3)), (4, 4)).shape
        (4, 4, 3)
    """
    if kwargs.pop("backend_module", None) is not None or kwargs:
        raise TypeError(
            f"smart_resize: unknown arguments {sorted(kwargs) or ['backend_module']}. "
            "To choose a backend, enter it with keras.config.backend_scope."
        )

    def resize() -> Any:
        return ops.image.resize(
            x,
            size,
            interpolation=interpolation,
            crop_to_aspect_ratio=True,
            data_format=data_format,
        )

    if type(x) is not np.ndarray:  # a tensor of the NumPy backend is a subclass
        return resize()
    with backend_scope("numpy"):
        return ops.convert_to_numpy(resize())
