"""`image_dataset_from_directory`: a folder of pictures as batches of arrays."""

from __future__ import annotations

import functools
import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.core.errors import check_choice, standardize_tuple
from keras.core.settings import floatx, standardize_data_format
from keras.core.typing import DataFormat
from keras.data.folders import FolderArguments, batches_of, folder_datasets
from keras.utils.image_files import COLOR_MODES, ColorMode, decode_image
from keras.utils.image_resizing import (
    INTERPOLATIONS,
    crop_box,
    resize,
    resize_with_pad,
)

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png")


def image_dataset_from_directory(
    directory: str | os.PathLike,
    labels: Any = "inferred",
    label_mode: str | None = "int",
    class_names: Sequence[str] | None = None,
    color_mode: ColorMode = "rgb",
    batch_size: int | None = 32,
    image_size: tuple[int, int] = (256, 256),
    shuffle: bool = True,
    seed: int | None = None,
    validation_split: float | None = None,
    subset: str | None = None,
    interpolation: str = "bilinear",
    follow_links: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    data_format: DataFormat | None = None,
    format: str | None = None,
    verbose: bool = True,
    on_error: str = "raise",
) -> Any:
    """Make a dataset of the pictures (`.png`, `.jpg`, `.bmp`, `.gif`) in a folder.

    With one subfolder for each class:

    ```
    pets/
        cat/   1.jpg 2.jpg …
        dog/   1.jpg 2.jpg …
    ```

    Files are read and decoded by threads, one for each core, while the model trains;
    `prefetch` changes that. Needs the extra `image` (Pillow); where `simplejpeg` is
    installed, it decodes the JPEGs.

    Args:
        directory: the folder.
        labels: `"inferred"` from the subfolders, None for no labels, or a list with an
            integer for each file, in the order of the sorted paths.
        label_mode: `"int"` (int32), `"binary"` (floats of shape `(batch, 1)`),
            `"categorical"` (one-hot rows), or None for no labels.
        class_names: the subfolders in the order of their labels; sorted by default.
        color_mode: `"grayscale"`, `"rgb"` or `"rgba"`: 1, 3 or 4 channels. 16-bit
            pictures become 8-bit ones, and of a GIF the first frame is taken.
        batch_size: pictures in a batch; None for single pictures.
        image_size: height and width that all pictures are resized to.
        shuffle: whether each epoch has a new random order. Else files come by class and
            then by name.
        seed: determines the order, and the split; by default as
            `keras.utils.set_random_seed` does.
        validation_split: which part of the files to set aside, from 0 to 1.
        subset: `"training"`, `"validation"` or `"both"` (a pair), if
            `validation_split` is given.
        interpolation: `"bilinear"`, `"nearest"`, `"bicubic"`, `"area"`, `"lanczos3"`,
            `"lanczos5"`, `"gaussian"` or `"mitchellcubic"`.
        follow_links: whether to enter folders behind symbolic links.
        crop_to_aspect_ratio: whether to cut a picture to the ratio of `image_size`
            first, so that it is not distorted.
        pad_to_aspect_ratio: whether to keep its ratio instead, with zeros around it.
        data_format: by default `keras.config.image_data_format()`.
        format: None for a `keras.data.Dataset`, or `"tf"`, `"torch"`, `"grain"`.
        verbose: whether to print how many files there are.
        on_error: `"raise"`, or `"skip"` to leave out files that can't be decoded, with
            a warning that names each.

    Returns:
        A dataset of `(pictures, labels)`; pictures are float32 from 0 to 255 of shape
        `(batch, height, width, channels)`, uint8 for `"nearest"`. It has the attributes
        `class_names` and `file_paths`.

    Raises:
        NotADirectoryError: there is no such folder.
        ValueError: there are no such files, or arguments do not match.

    Example:
        >>> import os
        >>> for name in ("cat", "dog"):
        ...     os.makedirs(f"pets/{name}")
        ...     keras.utils.save_img(f"pets/{name}/1.png", np.random.rand(20, 30, 3))
        >>> pets = keras.utils.image_dataset_from_directory(
        ...     "pets", image_size=(16, 16), verbose=False
        ... )
        >>> pictures, labels = pets[0]
        >>> pictures.shape, sorted(labels.tolist()), pets.class_names
        ((2, 16, 16, 3), [0, 1], ['cat', 'dog'])
    """
    who = "image_dataset_from_directory"
    check_choice(color_mode, COLOR_MODES, "color_mode", who)
    check_choice(interpolation, INTERPOLATIONS, "interpolation", who)
    if crop_to_aspect_ratio and pad_to_aspect_ratio:
        raise ValueError(
            f"{who}: only one of `crop_to_aspect_ratio` and `pad_to_aspect_ratio` can "
            "be True; received both."
        )

    height, width = standardize_tuple(image_size, 2, "image_size", who)
    arguments = FolderArguments(
        who, directory, labels, label_mode, class_names, shuffle, seed,
        validation_split, subset, follow_links, verbose, on_error,
    )  # fmt: skip

    fit = "crop" if crop_to_aspect_ratio else "pad" if pad_to_aspect_ratio else None
    read = functools.partial(
        read_image,
        color_mode=color_mode,
        size=(height, width),
        interpolation=interpolation,
        fit=fit,
        channels_first=standardize_data_format(data_format) == "channels_first",
    )
    return folder_datasets(arguments, SUFFIXES, read, batches_of(batch_size), format)


def read_image(
    path: str,
    color_mode: ColorMode,
    size: tuple[int, int],
    interpolation: str,
    fit: str | None,
    channels_first: bool,
) -> np.ndarray:
    """A picture of a file, decoded and resized.

    Args:
        path: the file.
        color_mode: "grayscale", "rgb" or "rgba".
        size: the new height and width.
        interpolation: how it is resized.
        fit: "crop" or "pad" to keep the ratio of height to width; None to distort.
        channels_first: whether the channels are the first axis of the result.

    Returns:
        Floats from 0 to 255; uint8 for "nearest".
    """
    image = decode_image(path, color_mode)
    if fit == "crop":
        top, left, height, width = crop_box(image.shape[:2], size)
        image = image[top : top + height, left : left + width]

    change = resize_with_pad if fit == "pad" else resize
    image = change(image, size, interpolation)
    if interpolation != "nearest":
        image = image.astype(floatx(), copy=False)
    return np.ascontiguousarray(image.transpose(2, 0, 1)) if channels_first else image
