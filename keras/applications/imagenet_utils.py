"""Images as ImageNet's classifiers want them, and names for what they predict."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np

from keras import ops
from keras.applications.files import PublishedFile
from keras.core.dtypes import is_float_dtype
from keras.core.errors import check_choice
from keras.core.foreign import to_host
from keras.core.settings import floatx, standardize_data_format
from keras.core.typing import ArrayLike, DataFormat

MODES = ("caffe", "tf", "torch")
# Statistics of the pixels of ImageNet; those of Caffe in the order blue, green, red.
CAFFE_MEAN = (103.939, 116.779, 123.68)
MEAN = (0.485, 0.456, 0.406)
STDDEV = (0.229, 0.224, 0.225)

CLASS_NAMES = PublishedFile(
    "imagenet_class_index.json",
    "https://storage.googleapis.com/download.tensorflow.org/data/"
    "imagenet_class_index.json",
    "c2c37ea517e94d9795004a39431a14cb",
)


def preprocess_input(
    x: ArrayLike, data_format: DataFormat | None = None, mode: str = "caffe"
) -> Any:
    """Scale pixels as the network was trained with.

    Args:
        x: images with pixels from 0 to 255, `(height, width, 3)` or
            `(batch, height, width, 3)`, or with channels first; red, green, blue. An
            array, a tensor or a symbolic tensor.
        data_format: by default `keras.config.image_data_format()`.
        mode: "caffe": blue, green, red, each minus its mean over ImageNet; "tf": from
            -1 to 1; "torch": from 0 to 1, minus the mean, over the standard deviation.

    Returns:
        Floats of the shape of `x`; an array for an array. `x` itself is not changed.

    Raises:
        ValueError: an unknown mode or data format, or not three channels.

    Example:
        >>> image = np.array([[[255, 127.5, 0]]], "float32")
        >>> keras.applications.imagenet_utils.preprocess_input(image, mode="tf")
        array([[[ 1.,  0., -1.]]], dtype=float32)
    """
    who = "preprocess_input"
    check_choice(mode, MODES, "mode", who)
    data_format = standardize_data_format(data_format)
    is_array = isinstance(x, np.ndarray)
    x = x if is_array else ops.convert_to_tensor(x)

    axis = -1 if data_format == "channels_last" else -3
    if len(x.shape) not in (3, 4) or x.shape[axis] not in (3, None):
        raise ValueError(
            f"{who}: images of three channels, `(height, width, 3)` or `(batch, "
            f"height, width, 3)` in the data format {data_format!r}, are expected; "
            f"received the shape {tuple(x.shape)}."
        )
    if not is_float_dtype(ops.dtype(x)):
        x = x.astype(floatx()) if is_array else ops.cast(x, floatx())

    if mode == "tf":
        return x / 127.5 - 1.0
    if mode == "caffe":
        x = np.flip(x, axis) if is_array else ops.flip(x, axis)
        return x - _by_channel(CAFFE_MEAN, x, axis)
    x = x / 255.0
    return (x - _by_channel(MEAN, x, axis)) / _by_channel(STDDEV, x, axis)


def _by_channel(values: tuple[float, ...], x: Any, axis: int) -> np.ndarray:
    """Three values, along the axis of the channels, in the type of `x`."""
    shape = (3,) + (1,) * (-axis - 1)
    return np.asarray(values, "float64").reshape(shape).astype(ops.dtype(x))


def preprocessing(mode: str | None) -> Callable[..., Any]:
    """The `preprocess_input` of an architecture; without a mode it changes nothing."""

    def preprocess_input(x: ArrayLike, data_format: DataFormat | None = None) -> Any:
        """Prepare images for the network; see `keras.applications.imagenet_utils`.

        Args:
            x: images with pixels from 0 to 255, `(height, width, 3)` or
                `(batch, height, width, 3)`, or with channels first.
            data_format: by default `keras.config.image_data_format()`.

        Returns:
            What the network takes, in the shape of `x`.
        """
        if mode is None:
            standardize_data_format(data_format)
            return x
        return _scaled(x, data_format, mode=mode)

    preprocess_input.__qualname__ = "preprocess_input"
    return preprocess_input


_scaled = preprocess_input


def decode_predictions(
    preds: ArrayLike, top: int = 5
) -> list[list[tuple[str, str, float]]]:
    """The names of the classes with the highest scores.

    The names are those of ImageNet's 1000 classes, from a file that is downloaded once.

    Args:
        preds: scores, `(batch, 1000)`.
        top: how many classes to give for each image.

    Returns:
        For each image a list of `(WordNet id, name, score)`, the best first.

    Raises:
        ValueError: `preds` has another shape.
    """
    scores = preds if isinstance(preds, np.ndarray) else np.asarray(to_host(preds))
    if scores.ndim != 2 or scores.shape[1] != 1000:
        raise ValueError(
            "decode_predictions: the scores of ImageNet's classes, of shape (batch, "
            f"1000), are expected; received shape {scores.shape}. A model with other "
            "classes, or without its classifier, has no names for them."
        )
    with open(CLASS_NAMES.fetch("decode_predictions")) as file:
        names = json.load(file)

    best = np.argsort(scores, axis=-1)[:, ::-1][:, :top]
    return [
        [(*names[str(i)], row[i]) for i in indices]
        for row, indices in zip(scores, best)
    ]
