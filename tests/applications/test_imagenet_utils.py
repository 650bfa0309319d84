"""`preprocess_input` and `decode_predictions`."""

import importlib
import json

import numpy as np
import pytest

import keras
from keras.applications import imagenet_utils
from keras.applications.imagenet_utils import decode_predictions, preprocess_input

MEAN, STDDEV = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
CAFFE = np.array([103.939, 116.779, 123.68])
IMAGE = np.random.RandomState(0).randint(0, 256, (2, 4, 5, 3))
EXPECTED = {
    "caffe": IMAGE[..., ::-1] - CAFFE,
    "tf": IMAGE / 127.5 - 1,
    "torch": (IMAGE / 255 - MEAN) / STDDEV,
}
MODULES = {
    "caffe": ("resnet", "resnet50", "vgg16", "vgg19"),
    "tf": (
        "inception_resnet_v2",
        "inception_v3",
        "mobilenet",
        "mobilenet_v2",
        "nasnet",
        "resnet_v2",
        "xception",
    ),
    "torch": ("densenet",),
}


@pytest.mark.parametrize("mode", EXPECTED)
@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32"])
def test_preprocess_input_scales_pixels(backend, mode, dtype):
    image = IMAGE.astype(dtype)
    before = image.copy()

    scaled = preprocess_input(image, mode=mode)

    assert isinstance(scaled, np.ndarray) and scaled.dtype == "float32"
    np.testing.assert_allclose(scaled, EXPECTED[mode], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(image, before)

    tensor = preprocess_input(keras.ops.convert_to_tensor(image), mode=mode)
    assert keras.ops.is_tensor(tensor)
    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(tensor), EXPECTED[mode], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("mode", EXPECTED)
def test_preprocess_input_with_channels_first(mode):
    first = np.moveaxis(IMAGE, -1, 1).astype("float32")
    expected = np.moveaxis(EXPECTED[mode], -1, 1)

    batch = preprocess_input(first, "channels_first", mode)
    one = preprocess_input(first[0], "channels_first", mode)

    np.testing.assert_allclose(batch, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(one, expected[0], rtol=1e-4, atol=1e-4)


def test_preprocess_input_inside_a_model(backend):
    image = keras.Input((None, None, 3))
    model = keras.Model(image, keras.applications.vgg16.preprocess_input(image))

    scaled = model(IMAGE.astype("float32"))

    np.testing.assert_allclose(
        keras.ops.convert_to_numpy(scaled), EXPECTED["caffe"], rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize(
    ("module", "mode"), [(m, mode) for mode, ms in MODULES.items() for m in ms]
)
def test_each_module_scales_as_its_network_was_trained(module, mode):
    module = importlib.import_module(f"keras.applications.{module}")
    scaled = module.preprocess_input(IMAGE.astype("float32"))
    np.testing.assert_allclose(scaled, EXPECTED[mode], rtol=1e-4, atol=1e-4)
    assert module.decode_predictions is decode_predictions


def test_what_preprocess_input_refuses():
    with pytest.raises(ValueError, match="mode.*'caffe', 'tf', 'torch'.*'tensorflow'"):
        preprocess_input(IMAGE, mode="tensorflow")
    with pytest.raises(ValueError, match="data_format"):
        preprocess_input(IMAGE, "last")
    with pytest.raises(ValueError, match=r"three channels.*\(2, 4, 5, 1\)"):
        preprocess_input(IMAGE[..., :1])


@pytest.fixture
def class_names(tmp_path, monkeypatch):
    """The file of names in the cache, with made-up names."""
    names = {str(i): [f"n{i:08}", f"thing_{i}"] for i in range(1000)}
    path = tmp_path / "imagenet_class_index.json"
    path.write_text(json.dumps(names))
    file = imagenet_utils.CLASS_NAMES
    monkeypatch.setattr(type(file), "fetch", lambda self, who: str(path))


def test_decode_predictions_names_the_best_classes(backend, class_names):
    scores = np.zeros((2, 1000), "float32")
    scores[0, [7, 3]] = 0.75, 0.25
    scores[1, 999] = 1.0

    found = decode_predictions(keras.ops.convert_to_tensor(scores), top=2)

    assert found[0] == [("n00000007", "thing_7", 0.75), ("n00000003", "thing_3", 0.25)]
    assert found[1][0] == ("n00000999", "thing_999", 1.0)


def test_decode_predictions_refuses_other_classes():
    with pytest.raises(ValueError, match=r"\(batch, 1000\).*\(2, 10\)"):
        decode_predictions(np.zeros((2, 10)))
