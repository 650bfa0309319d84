"""Folders, series and splits give what Keras gives, in its order."""

import json
import pathlib

import numpy as np
import pytest
from oracle.datasets_cases import (
    FOLDER_CASES,
    SERIES_CASES,
    SPLIT_CASES,
    WRITERS,
    function_of,
)

import keras

HERE = pathlib.Path(__file__).parents[1] / "oracle" / "data"
STORED = json.loads((HERE / "datasets.json").read_text(encoding="utf-8"))
ARRAYS = np.load(HERE / "datasets.npz")
# TensorFlow decodes JPEGs by faster integers, which are a few of 255 levels off.
JPEG_TOLERANCE = 4


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folders")
    for kind, write in WRITERS.items():
        write(folder / kind)
    return folder


def check(element, stored, tolerance=0.0, exact_type=True):
    """An element of ours against a stored one: structure, type, shape, values."""
    for kind in (tuple, list):
        if kind.__name__ in stored:
            assert type(element) is kind
            for item, want in zip(element, stored[kind.__name__], strict=True):
                check(item, want, tolerance, exact_type)
            return
    if "text" in stored:
        texts = np.asarray(element, object)
        assert list(texts.shape) == stored["shape"]
        assert [t.rstrip("�") for t in stored["text"]] == texts.reshape(-1).tolist()
    elif "array" in stored:
        want = ARRAYS[stored["array"]]
        found = np.asarray(element)
        if exact_type:
            assert found.dtype == want.dtype
        assert found.shape == want.shape
        np.testing.assert_allclose(found, want, rtol=1e-5, atol=tolerance)
    else:
        assert list(element) == list(stored)
        for key in stored:
            check(element[key], stored[key], tolerance, exact_type)


@pytest.mark.parametrize("name", FOLDER_CASES)
def test_folder(name, root):
    kind, kwargs = FOLDER_CASES[name]
    function = function_of(keras, kind)
    made = function(root / kind, **kwargs)
    parts = made if isinstance(made, tuple) else [made]
    for part, stored in zip(parts, STORED[name], strict=True):
        paths = [
            pathlib.Path(p).relative_to(root / kind).as_posix() for p in part.file_paths
        ]
        if stored["file_paths"]:
            assert paths == stored["file_paths"]
        assert part.class_names == stored["class_names"]
        tolerance = JPEG_TOLERANCE if kind == "image" else 1e-3
        for element, want in zip(part, stored["elements"], strict=True):
            check(element, want, tolerance)


def test_pngs_are_exact(root):
    """The tolerance for JPEGs is not for the others."""
    for name, (kind, kwargs) in FOLDER_CASES.items():
        if kind != "image" or kwargs.get("image_size") == (1, 1):
            continue
        # TensorFlow takes the weights of "bicubic" from a table of 1,024 rows, and
        # rounds gray levels of colors down.
        tolerance = 0.2 if kwargs.get("interpolation") == "bicubic" else 2e-3
        tolerance = 1.01 if kwargs.get("color_mode") == "grayscale" else tolerance
        made = function_of(keras, kind)(root / kind, **kwargs)
        stored = iter(STORED[name][0]["elements"])
        paths = iter(made.file_paths)
        for element, want in zip(made, stored, strict=True):
            pictures = np.asarray(element[0])
            wanted = ARRAYS[want["tuple"][0]["array"]]
            for picture, one in zip(
                pictures if kwargs["batch_size"] else [pictures],
                wanted if kwargs["batch_size"] else [wanted],
            ):
                if ".jp" not in next(paths):
                    np.testing.assert_allclose(picture, one, rtol=0, atol=tolerance)


@pytest.mark.parametrize("name", SERIES_CASES)
def test_series(name):
    made = keras.utils.timeseries_dataset_from_array(**SERIES_CASES[name])
    for element, want in zip(made, STORED[f"series {name}"], strict=True):
        check(element, want)


@pytest.mark.parametrize("name", SPLIT_CASES)
def test_split(name):
    data, kwargs = SPLIT_CASES[name]
    parts = keras.utils.split_dataset(data, **kwargs)
    for part, stored in zip(parts, STORED[f"split {name}"], strict=True):
        for element, want in zip(part, stored, strict=True):
            # An array of int64 alone comes out of TensorFlow as int32.
            check(element, want, exact_type=type(data) is not np.ndarray)
