"""`pad_sequences`. The values are those of Keras 3.15.1."""

import numpy as np
import pytest

from keras.utils.numerical_utils import pad_sequences

THREE = [[1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5]]),
        ({"maxlen": 2, "padding": "post", "value": 9}, [[1, 9], [2, 3], [5, 6]]),
        ({"maxlen": 4, "padding": "post"}, [[1, 0, 0, 0], [2, 3, 0, 0], [4, 5, 6, 0]]),
        ({"maxlen": 0}, [[], [], []]),
    ],
)
def test_values(options, expected):
    for given in (THREE, tuple(map(tuple, THREE)), (np.array(row) for row in THREE)):
        result = pad_sequences(given, **options)
        assert result.dtype == "int32" and result.tolist() == expected


def test_items_of_a_shape():
    result = pad_sequences([[[1, 1]], [[2, 1], [3, 1]], []], maxlen=3)
    assert result.tolist() == [
        [[0, 0], [0, 0], [1, 1]],
        [[0, 0], [2, 1], [3, 1]],
        [[0, 0], [0, 0], [0, 0]],
    ]


def test_strings():
    words = [["a"], ["b", "longer"]]
    for dtype in (object, str):
        result = pad_sequences(words, dtype=dtype, value="pad")
        assert result.tolist() == [["pad", "a"], ["b", "longer"]]


def test_dtype():
    result = pad_sequences([[1.5], []], dtype="float32", value=2.5)
    assert result.dtype == "float32" and result.tolist() == [[1.5], [2.5]]


def test_nothing_to_pad():
    assert pad_sequences([]).shape == (0, 0)
    assert pad_sequences([], maxlen=3).shape == (0, 3)
    assert pad_sequences([[], []], maxlen=2).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize(
    ("sequences", "options", "words"),
    [
        (3, {}, "iterable of sequences; received 3"),
        ([[1], 2], {}, "position 1 there is 2"),
        ([[1]], {"padding": "left"}, "`padding` must be one of .*'post'.*'left'"),
        ([[1]], {"truncating": "left"}, "`truncating`.*'left'"),
        ([["a"]], {"value": "z"}, "`value='z'`.*dtype=object"),
        ([[[1, 1]], [[2, 1, 1]]], {}, r"position 1 have shape \(3,\).*\(2,\)"),
    ],
)
def test_errors(sequences, options, words):
    with pytest.raises(ValueError, match=words):
        pad_sequences(sequences, **options)
