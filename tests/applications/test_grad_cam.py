"""The example's Grad-CAM, on a small network, against gradients by hand."""

import pathlib
import runpy

import numpy as np
import pytest

import keras

EXAMPLES = pathlib.Path(__file__).parents[2] / "examples"


@pytest.mark.gradients
def test_grad_cam_weighs_channels_by_the_gradient(backend):
    pytest.importorskip("sklearn", reason="the example's photographs are from there")
    grad_cam = runpy.run_path(str(EXAMPLES / "grad_cam.py"))["grad_cam"]
    image = keras.Input((6, 6, 3))
    maps = keras.layers.Conv2D(4, 3, activation="relu", name="maps")(image)
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    model = keras.Model(image, keras.layers.Dense(2, name="top")(pooled))
    photo = np.random.default_rng(0).random((1, 6, 6, 3), "float32")

    heat = grad_cam(model, "maps", photo, 1)

    # Behind an average and a dense layer the gradient is the kernel over the places.
    features = keras.Model(image, maps)(photo)
    kernel = model.get_layer("top").kernel.numpy()[:, 1]
    by_hand = np.maximum((keras.ops.convert_to_numpy(features)[0] * kernel).sum(-1), 0)
    np.testing.assert_allclose(heat, by_hand / max(by_hand.max(), 1e-12), 1e-4, 1e-5)
