"""From a folder of pictures to a model that names them.

The pictures are Fashion-MNIST (`--data fashion`) or scikit-learn's scanned digits,
written out as PNG files, one folder for each class. From there on it is what one does
with files of one's own: two subsets, augmentation, training, and a look at the mistakes
(`mistakes.png`). `KERAS_BACKEND` chooses the backend; none needs TensorFlow.
"""

import argparse
import pathlib

import numpy as np

import keras
from keras import layers

CLOTHES = (
    "t-shirt trouser pullover dress coat sandal shirt sneaker bag ankle-boot".split()
)


def write_pictures(data: str, folder: pathlib.Path, count: int) -> int:
    """Write PNG files as `folder/class/number.png`; returns their height."""
    if data == "fashion":
        (images, labels), _ = keras.datasets.fashion_mnist.load_data()
        names = CLOTHES
    else:
        from sklearn.datasets import load_digits

        digits = load_digits()
        images, labels = (digits.images * 15.9375).astype("uint8"), digits.target
        names = [str(digit) for digit in range(10)]

    for number, (image, label) in enumerate(zip(images[:count], labels[:count])):
        path = folder / names[label] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        keras.utils.save_img(path, image[..., None], scale=False)
    return images.shape[1]


def shifted(images: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> tuple:
    """Move each picture by up to one pixel: other draws in each epoch."""
    moves = rng.integers(-1, 2, (len(images), 2))
    moved = [np.roll(image, move, (0, 1)) for image, move in zip(images, moves)]
    return np.stack(moved), labels


def build(side: int, classes: int) -> keras.Model:
    """Two convolutions and two dense layers."""
    return keras.Sequential(
        [
            keras.Input((side, side, 1)),
            layers.Conv2D(32, 3, activation="relu", padding="same"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(64, activation="relu"),
            layers.Dense(classes, activation="softmax"),
        ]
    )


def draw_mistakes(model: keras.Model, data: keras.data.Dataset, path: str) -> None:
    """A sheet of pictures with the guess; mistakes first, in red."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    images, labels = zip(*data)
    images, labels = np.concatenate(images), np.concatenate(labels)
    guesses = model.predict(images, verbose=0).argmax(-1)

    order = np.argsort(guesses == labels, kind="stable")[:32]
    figure, axes = plt.subplots(4, 8, figsize=(11, 6))
    for axis, i in zip(axes.flat, order):
        axis.imshow(images[i, ..., 0], cmap="gray_r")
        color = "black" if guesses[i] == labels[i] else "red"
        axis.set_title(data.class_names[guesses[i]], color=color, fontsize=10)
    for axis in axes.flat:
        axis.axis("off")
    figure.suptitle("Validation pictures and what the model takes them for")
    figure.tight_layout()
    figure.savefig(path, dpi=90)


def main() -> float:
    """The whole way; returns the accuracy on pictures that were set aside."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", choices=("fashion", "digits"), default="digits")
    parser.add_argument("--folder", type=pathlib.Path, default="pictures")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=10)
    options = parser.parse_args()
    keras.utils.set_random_seed(1)
    folder = options.folder / options.data
    side = write_pictures(options.data, folder, options.count)

    train, validation = keras.utils.image_dataset_from_directory(
        folder,
        color_mode="grayscale",
        image_size=(side, side),
        batch_size=32,
        validation_split=0.2,
        subset="both",
    )
    # Scaled, and moved about with other draws in each epoch; or decoded once and kept.
    train = train.map(lambda x, y: (x / 255, y)).map(shifted)
    validation = validation.map(lambda x, y: (x / 255, y)).cache()

    model = build(side, len(train.class_names))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(train, epochs=options.epochs, validation_data=validation, verbose=2)
    _, accuracy = model.evaluate(validation, verbose=0)
    draw_mistakes(model, validation, str(options.folder / "mistakes.png"))
    print(f"accuracy {accuracy:.3f} on {keras.config.backend()}")
    return accuracy


if __name__ == "__main__":
    main()
