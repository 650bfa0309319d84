"""Image files as arrays: decoding for data pipelines, checked before memory is taken.

Pillow reads them. JPEGs are decoded by `simplejpeg` where that package is installed: it
gives the same pixels sooner. Nothing here needs a backend, so that it runs in workers.
"""

from __future__ import annotations

import functools
import io
import os
from typing import Any, Literal, TypeAlias

import numpy as np

from keras.core.errors import check_choice, optional_import

ColorMode: TypeAlias = Literal["grayscale", "rgb", "rgba"] | str
# A path, the bytes of a file, or a file that is open for reading.
ImageSource: TypeAlias = str | os.PathLike[str] | bytes | Any

# Pillow's name of each color mode, and simplejpeg's.
_PILLOW_MODES = {"grayscale": "L", "rgb": "RGB", "rgba": "RGBA"}
_JPEG_MODES = {"grayscale": "GRAY", "rgb": "RGB"}
COLOR_MODES = tuple(_PILLOW_MODES)
_JPEG_START = b"\xff\xd8"
# Gray levels in 16 bits, in any byte order; Pillow cuts them off at 255.
_WIDE_MODES = ("I;16", "I;16L", "I;16B", "I;16N", "I")


class ImageFileError(OSError):
    """An image file that cannot be decoded, or that is too large to be decoded."""


def decode_image(
    source: ImageSource,
    color_mode: ColorMode = "rgb",
    size_hint: tuple[int, int] | None = None,
) -> np.ndarray:
    """Decode an image file into bytes.

    Args:
        source: a path, the bytes of the file, or a file that is open for reading.
        color_mode: "grayscale", "rgb" or "rgba". Gray levels of 16 bits keep their
            upper 8; of several frames the first one is read.
        size_hint: height and width that are needed. A JPEG that is at least twice as
            large is decoded at a half, a quarter or an eighth of its size, which is
            never smaller than this; it takes a fraction of the time.

    Returns:
        An array of type uint8, `(height, width, channels)` with 1, 3 or 4 channels.

    Raises:
        ImageFileError: the file is broken, of an unknown format, or has more pixels
            than `PIL.Image.MAX_IMAGE_PIXELS`; the message names the file.
        FileNotFoundError: there is no such file.

    Example:
        >>> import numpy as np
        >>> keras.utils.save_img("dot.png", np.zeros((4, 6, 3)))
        >>> from keras.utils.image_files import decode_image
        >>> decode_image("dot.png").shape
        (4, 6, 3)
    """
    check_choice(color_mode, COLOR_MODES, "color_mode", "decode_image")
    data = read_bytes(source)
    name = name_of(source)
    if data.startswith(_JPEG_START) and color_mode in _JPEG_MODES:
        decoder = _simplejpeg()
        if decoder is not None:
            pixels = _decode_jpeg(decoder, data, name, color_mode, size_hint)
            if pixels is not None:
                return pixels

    image = open_image(data, name)
    if size_hint is not None and image.format == "JPEG":
        image.draft(None, (size_hint[1], size_hint[0]))
    with reading(name):
        return as_bytes(image, color_mode)


def read_bytes(source: ImageSource) -> bytes:
    """The content of a file."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        return bytes(source)
    if hasattr(source, "read"):
        return source.read()
    with open(source, "rb") as file:
        return file.read()


def name_of(source: ImageSource) -> str:
    """What an error calls a file."""
    if isinstance(source, (str, os.PathLike)):
        return repr(os.fspath(source))
    name = getattr(source, "name", None)
    return repr(name) if isinstance(name, str) else "given as bytes"


class reading:
    """A context in which what a decoder raises becomes an error that names the file."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if isinstance(error, Exception) and not isinstance(error, ImageFileError):
            # Pillow's decoders raise a dozen types for broken data.
            raise ImageFileError(
                f"The image file {self.name} cannot be decoded: {error}"
            ) from error


def open_image(data: bytes, name: str) -> Any:
    """A Pillow image whose header is read and whose size was checked."""
    pillow = optional_import("PIL.Image", "image", "Reading image files")
    with reading(name):
        image = pillow.open(io.BytesIO(data))
    _check_size(image.height, image.width, name)
    return image


def _check_size(height: int, width: int, name: str) -> None:
    """Refuse a file that would take more memory than an image should.

    A few kilobytes can be a header that promises gigapixels.
    """
    pillow = optional_import("PIL.Image", "image", "Reading image files")
    most = pillow.MAX_IMAGE_PIXELS
    if most is not None and height * width > most:
        raise ImageFileError(
            f"The image file {name} has {height} x {width} pixels, more than {most}, "
            "and may be a decompression bomb. If you trust it, raise "
            "PIL.Image.MAX_IMAGE_PIXELS."
        )


def as_bytes(image: Any, color_mode: str) -> np.ndarray:
    """The pixels of a Pillow image, `(height, width, channels)`, as uint8."""
    pixels = np.array(to_mode(image, _PILLOW_MODES[color_mode]))
    return pixels[..., None] if pixels.ndim == 2 else pixels


def to_mode(image: Any, mode: str) -> Any:
    """A Pillow image in another mode of 8 bits; deep gray levels are scaled to them."""
    if image.mode in _WIDE_MODES:
        pillow = optional_import("PIL.Image", "image", "Reading image files")
        levels = np.clip(np.asarray(image).astype("int32"), 0, 2**16 - 1)
        image = pillow.fromarray((levels >> 8).astype("uint8"))
    return image if image.mode == mode else image.convert(mode)


@functools.cache
def _simplejpeg() -> Any:
    """The package `simplejpeg`, or None."""
    try:
        import simplejpeg
    except ImportError:
        return None
    return simplejpeg


def _decode_jpeg(
    decoder: Any,
    data: bytes,
    name: str,
    color_mode: str,
    size_hint: tuple[int, int] | None,
) -> np.ndarray | None:
    """The pixels of a JPEG; None for one that Pillow must decode (CMYK)."""
    with reading(name):
        height, width, space, _ = decoder.decode_jpeg_header(data)
    if space in ("CMYK", "YCCK"):
        return None
    _check_size(height, width, name)

    least_height, least_width = size_hint or (0, 0)
    with reading(name):
        return decoder.decode_jpeg(
            data,
            colorspace=_JPEG_MODES[color_mode],
            min_height=least_height,
            min_width=least_width,
        )
