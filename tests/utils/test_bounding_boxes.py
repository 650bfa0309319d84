"""Bounding boxes: there and back, in graphs, beside the picture; wrong input.

Values are compared with Keras in tests/ops/test_oracle_image.py.
"""

import numpy as np
import pytest
from ops.helpers import compiled

import keras
from keras import ops
from keras.utils import bounding_boxes as api
from keras.utils.bounding_boxes.formats import FORMATS

BOXES = np.array([[[2, 3, 14, 17], [5, 1, 9, 30]], [[0, 4, 20, 6], [1, 1, 2, 2]]], "f4")


def host(x):
    return ops.convert_to_numpy(x)


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", ["xyxy", "rel_center_xywh"])
def test_there_and_back(source, target, backend):
    there = api.convert_format(BOXES, source, target, height=40, width=20)
    back = api.convert_format(there, target, source, height=40, width=20)
    np.testing.assert_allclose(host(back), BOXES, rtol=1e-5, atol=1e-5)


def test_formats_say_what_they_say(backend):
    """One box, 10 to the right and 20 down, 4 wide and 8 high, in 100 by 50 pixels."""
    box = [[10.0, 20.0, 14.0, 28.0]]
    for target, want in {
        "yxyx": [20, 10, 28, 14],
        "xywh": [10, 20, 4, 8],
        "center_xywh": [12, 24, 4, 8],
        "center_yxhw": [24, 12, 8, 4],
        "rel_xyxy": [0.2, 0.2, 0.28, 0.28],
        "rel_xywh": [0.2, 0.2, 0.08, 0.08],
    }.items():
        got = api.convert_format(box, "xyxy", target, height=100, width=50)
        np.testing.assert_allclose(host(got), [want], rtol=1e-6)


def test_a_dict_keeps_its_other_entries(backend):
    given = {"boxes": BOXES, "labels": np.array([[1, 2], [3, 4]])}
    got = api.convert_format(given, "xyxy", "xywh")
    assert got["labels"] is given["labels"]
    assert tuple(got["boxes"].shape) == BOXES.shape


def test_sizes_that_differ_from_image_to_image(backend):
    sizes = np.array([[40.0], [80.0]], "f4")
    got = api.convert_format(BOXES, "xyxy", "rel_xyxy", height=sizes, width=sizes)
    np.testing.assert_allclose(host(got), BOXES / sizes[..., None], rtol=1e-6)


def test_iou_counts_pixels(backend):
    """The overlap of boxes with whole corners is a number of pixels."""
    masks = np.zeros((2, 2, 40, 40), bool)
    for i in range(2):
        for j, (left, top, right, bottom) in enumerate(BOXES[i].astype(int)):
            masks[i, j, top:bottom, left:right] = True
    a, b = masks[:, :, None], masks[:, None]
    want = (a & b).sum((-1, -2)) / (a | b).sum((-1, -2))
    got = api.compute_iou(BOXES, BOXES, "xyxy")
    np.testing.assert_allclose(host(got), want, rtol=1e-5)


def test_ciou_of_relative_boxes(backend):
    got = api.compute_ciou(BOXES / 40, BOXES[::-1] / 40, "rel_xyxy", (40, 40, 3))
    want = api.compute_ciou(BOXES, BOXES[::-1].copy(), "xyxy")
    np.testing.assert_allclose(host(got), host(want), rtol=1e-4, atol=1e-5)


def test_geometry_in_every_format(backend):
    """What is done to corners is done to the other formats alike."""
    for source in ("yxyx", "xywh", "center_xywh", "center_yxhw"):
        given = api.convert_format(BOXES, "xyxy", source)
        for run in (
            lambda x, f: api.crop(x, 2, 3, 12, 10, f),
            lambda x, f: api.pad(x, 2, 3, bounding_box_format=f),
            lambda x, f: api.affine_transform(
                x, 30.0, 0.1, 0.0, 1.1, 5.0, 0.0, 40, 20, bounding_box_format=f
            ),
            lambda x, f: api.clip_to_image_size(
                {"boxes": x, "labels": np.ones((2, 2), "int32")}, 15, 12, f
            )["boxes"],
        ):
            want = api.convert_format(run(BOXES, "xyxy"), "xyxy", source)
            np.testing.assert_allclose(
                host(run(given, source)), host(want), rtol=1e-4, atol=1e-4
            )


def test_encoding_there_and_back(backend):
    anchors = BOXES[0] + 1.5
    for variance in (None, [0.1, 0.1, 0.2, 0.2]):
        options = {"variance": variance}
        deltas = api.encode_box_to_deltas(anchors, BOXES, "xyxy", "xyxy", **options)
        back = api.decode_deltas_to_boxes(anchors, deltas, "xyxy", "xyxy", **options)
        np.testing.assert_allclose(host(back), BOXES, rtol=1e-4, atol=1e-4)


def test_decoding_by_level(backend):
    deltas = np.zeros((2, 2, 4), "f4")
    got = api.decode_deltas_to_boxes({"P3": BOXES[0]}, {"P3": deltas}, "xyxy", "xyxy")
    np.testing.assert_allclose(host(got["P3"])[0], BOXES[0], rtol=1e-5)


def test_compiled(backend):
    def run(x):
        return (
            api.convert_format(x, "xyxy", "rel_center_xywh", 40, 20),
            api.compute_iou(x, x, "xyxy", use_masking=True),
            api.compute_ciou(x, x, "xyxy"),
            api.affine_transform(x, 30.0, 0.1, 0.0, 1.1, 5.0, 0.0, 40, 20),
            api.crop(x, 2, 3, 12, 10),
        )

    x = ops.convert_to_tensor(BOXES)
    for a, b in zip(compiled(run, [0])(x), run(x)):
        np.testing.assert_allclose(host(a), host(b), rtol=1e-5, atol=1e-5)


def test_symbolic(backend):
    x = keras.KerasTensor((None, 5, 4))
    assert api.convert_format(x, "xyxy", "rel_xywh", 40, 20).shape == (None, 5, 4)
    assert api.compute_iou(x, x, "xyxy").shape == (None, 5, 5)
    moved = api.affine_transform(x, 30.0, 0.1, 0.0, 1.1, 5.0, 0.0, 40, 20)
    assert moved.shape == (None, 5, 4)


class TestMistakes:
    def test_format(self, backend):
        with pytest.raises(ValueError, match="Did you mean 'xywh'"):
            api.convert_format(BOXES, "xyxy", "xywhh")

    def test_size_is_missing(self, backend):
        with pytest.raises(ValueError, match="`height` and `width`"):
            api.convert_format(BOXES, "xyxy", "rel_xywh")
        with pytest.raises(ValueError, match="`image_shape` is needed"):
            api.compute_iou(BOXES, BOXES, "rel_xyxy")
        with pytest.raises(ValueError, match="`height` and `width`"):
            api.clip_to_image_size({"boxes": BOXES, "labels": np.ones((2, 2))})

    def test_relative_boxes_have_no_pixels(self, backend):
        with pytest.raises(ValueError, match="must be in pixels"):
            api.crop(BOXES, 1, 1, 5, 5, "rel_xyxy")

    def test_shape(self, backend):
        with pytest.raises(ValueError, match="four numbers along the last axis"):
            api.convert_format(np.ones((2, 3), "f4"), "xyxy", "xywh")
        with pytest.raises(ValueError, match="with rank 2 or 3"):
            api.compute_iou(BOXES[0, 0], BOXES, "xyxy")

    def test_dicts(self, backend):
        with pytest.raises(TypeError, match="Pass its entry 'boxes'"):
            api.crop({"boxes": BOXES}, 1, 1, 5, 5)
        with pytest.raises(ValueError, match="'boxes' and 'labels'"):
            api.clip_to_image_size(BOXES, 5, 5)
        with pytest.raises(ValueError, match="the same keys"):
            api.decode_deltas_to_boxes({"a": BOXES}, BOXES, "xyxy", "xyxy")

    def test_variance(self, backend):
        with pytest.raises(ValueError, match="`variance` must have four numbers"):
            api.encode_box_to_deltas(BOXES, BOXES, "xyxy", "xyxy", variance=[1, 2])
