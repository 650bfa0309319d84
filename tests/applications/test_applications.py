"""What a user may ask of an image classifier, and what is refused."""

import inspect

import numpy as np
import pytest

import keras
from keras import applications
from keras.applications import MobileNet, MobileNetV2, ResNet50
from keras.applications.files import PublishedFile

SMALL = {"weights": None, "alpha": 0.25, "input_shape": (32, 32, 3)}


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    return tmp_path


def numpy(x):
    return keras.ops.convert_to_numpy(x)


def test_a_classifier_gives_a_probability_for_each_class(backend):
    model = MobileNet(**SMALL, classes=5)

    scores = numpy(model(np.ones((2, 32, 32, 3), "float32")))

    assert scores.shape == (2, 5)
    np.testing.assert_allclose(scores.sum(-1), 1, rtol=1e-4)


@pytest.mark.parametrize("pooling", [None, "avg", "max"])
def test_without_a_classifier_it_gives_features(backend, pooling):
    model = MobileNet(weights=None, alpha=0.25, include_top=False, pooling=pooling)
    image = np.random.default_rng(0).random((1, 64, 96, 3), "float32")

    features = numpy(model(image))

    assert model.input_shape == (None, None, None, 3)
    assert features.shape == ((1, 2, 3, 256) if pooling is None else (1, 256))


def test_an_input_tensor_is_the_image(backend):
    image = keras.Input((40, 40, 3), name="photo")
    scaled = keras.layers.Activation("tanh", name="scaled")(image)

    model = MobileNet(
        weights=None, alpha=0.25, include_top=False, input_tensor=scaled, pooling="avg"
    )

    assert [layer.name for layer in model.layers[:3]] == ["photo", "scaled", "conv1"]
    assert numpy(model(np.ones((1, 40, 40, 3), "float32"))).shape == (1, 256)


@pytest.mark.parametrize(
    "name", ["MobileNet", pytest.param("DenseNet121", marks=pytest.mark.slow)]
)
def test_channels_first_computes_the_same(backend, name):
    """The same weights, the axes of the image in another order."""
    make = getattr(applications, name)
    kwargs = {"weights": None, "include_top": False, "pooling": "avg"}
    image = np.random.default_rng(0).random((1, 40, 40, 3), "float32")
    last = make(**kwargs)

    keras.config.set_image_data_format("channels_first")
    try:
        first = make(**kwargs)
    finally:
        keras.config.set_image_data_format("channels_last")
    first.set_weights(last.get_weights())

    assert first.input_shape == (None, 3, None, None)
    np.testing.assert_allclose(
        numpy(first(np.moveaxis(image, -1, 1))), numpy(last(image)), 1e-3, 1e-5
    )


def test_the_model_is_saved_and_loaded(backend, tmp_path):
    model = MobileNetV2(weights=None, alpha=0.35, include_top=False, pooling="avg")
    image = np.ones((1, 32, 32, 3), "float32")
    model.save(tmp_path / "model.keras")

    again = keras.models.load_model(tmp_path / "model.keras")

    np.testing.assert_array_equal(numpy(again(image)), numpy(model(image)))


def test_weights_from_a_file_of_ours(backend, tmp_path):
    model = MobileNet(**SMALL, classes=3)
    path = tmp_path / "mine.weights.h5"
    model.save_weights(path)

    again = MobileNet(**{**SMALL, "weights": path}, classes=3)

    for mine, other in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_signatures_show_the_default_name():
    parameters = inspect.signature(ResNet50).parameters
    assert parameters["name"].default == "resnet50"
    assert list(parameters)[:2] == ["include_top", "weights"]
    assert ResNet50.__name__ == "ResNet50"
    assert "He et al., 2015" in (ResNet50.__doc__ or "")


# What is refused


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"weights": "imagenet1k"}, "ResNet50: `weights`.*'imagenet1k'.*no such file"),
        ({"weights": "imagenet", "classes": 10}, "1000 classes.*classes=10"),
        ({"pooling": "mean", "include_top": False}, "pooling.*'avg', 'max'.*'mean'"),
        ({"classes": 0}, "`classes` must be a positive integer"),
        ({"input_shape": (16, 16, 3)}, r"at least 32; received input_shape=\(16, 16"),
        ({"input_shape": (64, 64)}, r"`input_shape` must have.*\(64, 64\)"),
        ({"input_shape": (None, 64, 3)}, "must be known.*None, 64, 3"),
        (
            {"weights": "imagenet", "input_shape": (96, 96, 3)},
            r"\(224, 224, 3\).*\(96, 96, 3\).*include_top=False",
        ),
        (
            {"weights": "imagenet", "include_top": False, "input_shape": (64, 64, 1)},
            "3 channels.*64, 64, 1",
        ),
        (
            {"weights": "imagenet", "classifier_activation": "relu"},
            "`classifier_activation`.*'softmax' or None.*'relu'",
        ),
        ({"input_tensor": np.ones((1, 64, 64, 3))}, "symbolic tensor.*ndarray"),
    ],
)
def test_arguments_that_do_not_go_together(kwargs, message):
    with pytest.raises(ValueError, match=message):
        ResNet50(**{"weights": None, **kwargs})


@pytest.mark.parametrize(
    ("make", "kwargs", "message"),
    [
        (MobileNet, {"alpha": 0.3}, "`alpha` must be one of.*0.25.*0.3"),
        (MobileNet, {"depth_multiplier": 2}, "`depth_multiplier` must be one of"),
        (MobileNetV2, {"alpha": 0.3}, "`alpha` must be one of.*0.35.*0.3"),
    ],
)
def test_widths_without_published_weights(make, kwargs, message):
    with pytest.raises(ValueError, match=message):
        make(weights="imagenet", **kwargs)


def test_weights_of_another_architecture_are_named(tmp_path):
    path = tmp_path / "mobilenet.weights.h5"
    MobileNet(**SMALL, classes=3).save_weights(path)

    with pytest.raises(ValueError, match="does not fit") as caught:
        MobileNet(**{**SMALL, "weights": path}, classes=4)

    message = str(caught.value)
    assert "(1, 1, 256, 4)" in message and "(1, 1, 256, 3)" in message
    assert "MobileNet was built with include_top=True, classes=4" in str(
        caught.value.__notes__
    )


def test_without_a_network_it_says_where_the_file_goes(tmp_path):
    file = PublishedFile("w.h5", (tmp_path / "nothing" / "w.h5").as_uri(), "0" * 32)

    with pytest.raises(OSError, match="ResNet50.*Without a network, copy") as caught:
        file.fetch("ResNet50")

    assert str(tmp_path / "models" / "w.h5") in str(caught.value)


def test_a_corrupt_download_is_refused(tmp_path):
    served = tmp_path / "w.h5"
    served.write_bytes(b"half of it")

    with pytest.raises(ValueError, match="does not have the md5 hash"):
        PublishedFile("w.h5", served.as_uri(), "0" * 32).fetch("ResNet50")
    assert not (tmp_path / "models" / "w.h5").exists()
