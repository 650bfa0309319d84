"""Folders, series and splits that real Keras and ours make datasets of.

Files are written in the same way for both; only what comes out is stored.
"""

from __future__ import annotations

import pathlib
import wave
from typing import Any

import numpy as np

IMAGES = {
    "cat/rgb.png": ((13, 17, 3), {}),
    "cat/gray.png": ((9, 9), {}),
    "cat/more/rgba.png": ((20, 10, 4), {}),
    "cat/more/deep/b.png": ((11, 8, 3), {}),
    "cat/A.PNG": ((6, 5, 3), {}),
    "dog/still.png": ((10, 12), {}),
    "dog/smooth.jpg": ((32, 24, 3), {"quality": 95}),
    "dog/smooth.jpeg": ((24, 24), {"quality": 95}),
    "Zebra/10.png": ((7, 31, 3), {}),
    "Zebra/9.png": ((31, 7, 3), {}),
    "Zebra/ä 猫.png": ((12, 12, 3), {}),
}
TEXTS = {
    "a/1.txt": "One line.\n",
    "a/10.txt": "Zwölf Boxkämpfer jagen Viktor 🐈 quer über den Sylter Deich.",
    "a/2.txt": "",
    "b/x/y.txt": "  deep\tdown ",
    "b/x.txt": "猫と犬",
    "c/only.txt": "the last",
}
WAVES = {  # samples, channels, bytes
    "low/a.wav": (9, 1, 2),
    "low/b.wav": (5, 1, 2),
    "high/c.wav": (12, 1, 2),
    "high/d.wav": (3, 1, 2),
}


def write_images(root: pathlib.Path) -> None:
    """Noise; for JPEGs a smooth picture, which decoders agree on."""
    from PIL import Image

    rng = np.random.RandomState(0)
    for name, (shape, options) in IMAGES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix.startswith(".jp"):
            rows = np.linspace(30, 220, shape[0])[:, None]
            columns = np.linspace(-20, 20, shape[1])
            pixels = (rows + columns).reshape(shape[0], shape[1], *[1] * len(shape[2:]))
            pixels = np.broadcast_to(pixels, shape).astype("uint8")
        else:
            pixels = rng.randint(0, 256, shape).astype("uint8")
        Image.fromarray(np.ascontiguousarray(pixels)).save(path, **options)


def write_png(root: pathlib.Path) -> None:
    """The same without JPEGs, which TensorFlow does not read as four channels."""
    write_images(root)
    for path in (root / "dog").glob("*.jp*"):
        path.unlink()


def write_texts(root: pathlib.Path) -> None:
    """Short texts with characters of one to four bytes."""
    for name, text in TEXTS.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def write_waves(root: pathlib.Path) -> None:
    """Noise of 16 bits."""
    rng = np.random.RandomState(1)
    for name, (samples, channels, width) in WAVES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = rng.randint(-(2**15), 2**15, (samples, channels)).astype("<i2")
        with wave.open(str(path), "wb") as file:
            file.setnchannels(channels)
            file.setsampwidth(width)
            file.setframerate(8000)
            file.writeframes(data.tobytes())


WRITERS = {
    "image": write_images,
    "png": write_png,
    "text": write_texts,
    "audio": write_waves,
}


def function_of(keras: Any, kind: str) -> Any:
    """The function for a kind of folder."""
    name = "image" if kind == "png" else kind
    return getattr(keras.utils, f"{name}_dataset_from_directory")


_QUIET: dict[str, Any] = {"shuffle": False, "verbose": False}
_SMALL = {**_QUIET, "image_size": (6, 5), "batch_size": 4}


def _image(**kwargs: Any) -> tuple[str, dict]:
    return "image", {**_SMALL, **kwargs}


def _text(**kwargs: Any) -> tuple[str, dict]:
    return "text", {**_QUIET, "batch_size": 4, **kwargs}


def _audio(**kwargs: Any) -> tuple[str, dict]:
    return "audio", {**_QUIET, "batch_size": 3, **kwargs}


FOLDER_CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "image": _image(),
    "image nearest": _image(interpolation="nearest"),
    "image bicubic": _image(interpolation="bicubic"),
    "image area": _image(interpolation="area"),
    "image lanczos3": _image(interpolation="lanczos3"),
    "image lanczos5": _image(interpolation="lanczos5"),
    "image gaussian": _image(interpolation="gaussian"),
    "image mitchellcubic": _image(interpolation="mitchellcubic"),
    "image larger": _image(image_size=(15, 21), batch_size=11),
    "image crop": _image(crop_to_aspect_ratio=True),
    "image crop nearest": _image(crop_to_aspect_ratio=True, interpolation="nearest"),
    "image pad": _image(pad_to_aspect_ratio=True),
    "image channels first": _image(data_format="channels_first"),
    "image grayscale": _image(color_mode="grayscale"),
    "image rgba": ("png", {**_SMALL, "color_mode": "rgba"}),
    "image single": _image(batch_size=None),
    "image categorical": _image(label_mode="categorical", image_size=(1, 1)),
    "image no labels": _image(labels=None, label_mode=None, image_size=(1, 1)),
    "image label_mode None": _image(label_mode=None, image_size=(1, 1)),
    "image given labels": _image(labels=list(range(11)), image_size=(1, 1)),
    "image class_names": _image(class_names=["dog", "cat", "Zebra"], image_size=(1, 1)),
    "image training": _image(
        validation_split=0.3, subset="training", image_size=(1, 1)
    ),
    "image validation": _image(
        validation_split=0.3, subset="validation", image_size=(1, 1)
    ),
    "image both": _image(validation_split=0.3, subset="both", image_size=(1, 1)),
    "text": _text(),
    "text max_length": _text(max_length=7),
    "text single": _text(batch_size=None),
    "text both": _text(validation_split=0.5, subset="both"),
    "audio": _audio(),
    "audio length": _audio(output_sequence_length=6),
    "audio binary": _audio(label_mode="binary"),
    "audio single": _audio(batch_size=None),
}

_SERIES = np.arange(60, dtype="float32").reshape(30, 2)
_TARGETS = np.arange(30, dtype="int64") * 10
SERIES_CASES: dict[str, dict[str, Any]] = {
    "plain": {"data": _SERIES, "targets": _TARGETS, "sequence_length": 4},
    "no targets": {"data": _SERIES, "targets": None, "sequence_length": 4},
    "stride": {
        "data": _SERIES,
        "targets": _TARGETS,
        "sequence_length": 4,
        "sequence_stride": 3,
        "sampling_rate": 2,
        "batch_size": 3,
    },
    "range": {
        "data": _SERIES,
        "targets": _TARGETS,
        "sequence_length": 3,
        "start_index": 5,
        "end_index": 14,
    },
    "range without targets": {
        "data": _SERIES,
        "targets": None,
        "sequence_length": 3,
        "sampling_rate": 3,
        "start_index": 5,
        "end_index": 20,
    },
    "few targets": {"data": _SERIES, "targets": _TARGETS[:7], "sequence_length": 3},
    "future": {"data": _SERIES[:-4], "targets": _TARGETS[4:], "sequence_length": 4},
    "single": {
        "data": _SERIES,
        "targets": _TARGETS,
        "sequence_length": 28,
        "batch_size": None,
    },
}

SPLIT_CASES: dict[str, tuple[Any, dict[str, Any]]] = {
    "array": (np.arange(11), {"left_size": 0.8}),
    "half": (np.arange(5), {"left_size": 0.5}),
    "right": (np.arange(11), {"right_size": 0.25}),
    "both": (np.arange(20), {"left_size": 5, "right_size": 0.2}),
    "ints": (np.arange(20), {"left_size": 5, "right_size": 9}),
    "tuple": ((np.arange(6), np.arange(12).reshape(6, 2)), {"left_size": 4}),
    "list": ([np.arange(6), np.arange(12).reshape(6, 2)], {"left_size": 4}),
}
