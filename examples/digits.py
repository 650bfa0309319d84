"""Train a small convolutional network on scanned digits, from data to pictures.

scikit-learn ships 1,797 scanned handwritten digits of 8 x 8 pixels. This program
trains on most of them, stops early, keeps the best model in a file, loads that file in
a new process, and writes two pictures: the training curves and some predictions.
"""

import argparse
import pathlib
import subprocess
import sys
import time

import numpy as np
from sklearn.datasets import load_digits

import keras
from keras import layers

HERE = pathlib.Path(__file__).resolve()
READ = """
import numpy as np, keras
model = keras.models.load_model("best.keras")
np.save("predictions.npy", model.predict(np.load("images.npy"), verbose=0))
print("a new process on", keras.config.backend(), "loaded the model and predicted")
"""


def load() -> tuple:
    """Images as `(count, 8, 8, 1)` from 0 to 1 and labels, split into two."""
    digits = load_digits()
    images = (digits.images / 16.0).astype("float32")[..., None]
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], digits.target[order].astype("int32")
    return (images[:1400], labels[:1400]), (images[1400:], labels[1400:])


def build() -> keras.Model:
    """Two convolutions, a pooling, a dense layer."""
    return keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(32, 3, activation="relu", padding="same"),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.25),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dropout(0.25),
            layers.Dense(10, activation="softmax"),
        ]
    )


def draw(
    images: np.ndarray, labels: np.ndarray, guesses: np.ndarray, path: str
) -> None:
    """A sheet of digits, each with the prediction; mistakes in red, and first."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    found = guesses.argmax(-1)
    order = np.argsort(found == labels, kind="stable")[:32]
    figure, axes = plt.subplots(4, 8, figsize=(10, 6))
    for axis, i in zip(axes.flat, order):
        axis.imshow(images[i, ..., 0], cmap="gray_r")
        right = found[i] == labels[i]
        title = f"{found[i]}  {guesses[i].max():.0%}"
        axis.set_title(title, color="black" if right else "red", fontsize=11)
        axis.axis("off")
    figure.suptitle("Predictions on the test set; mistakes in red")
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main() -> None:
    """The whole job."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--output", type=pathlib.Path, default="demo_output")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    start = time.time()
    keras.utils.set_random_seed(1)
    (x, y), (x_test, y_test) = load()
    model = build()
    model.summary()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    best = options.output / "best.keras"
    history = model.fit(
        x,
        y,
        batch_size=32,
        epochs=options.epochs,
        validation_split=0.15,
        callbacks=[
            keras.callbacks.EarlyStopping(
                patience=5, monitor="val_loss", restore_best_weights=True
            ),
            keras.callbacks.ModelCheckpoint(best, save_best_only=True),
        ],
    )
    loss, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test loss {loss:.4f}, test accuracy {accuracy:.4f}")
    np.save(options.output / "images.npy", x_test)
    subprocess.run([sys.executable, "-c", READ], cwd=options.output, check=True)
    guesses = np.load(options.output / "predictions.npy")
    difference = abs(guesses - model.predict(x_test, verbose=0)).max()
    print(f"largest difference from this process's predictions: {difference:.2g}")
    history.plot(options.output / "curves.png")
    draw(x_test, y_test, guesses, options.output / "predictions.png")
    pictures = ", ".join(
        str(options.output / p) for p in ("curves.png", "predictions.png")
    )
    print(
        f"pictures: {pictures}; {time.time() - start:.0f} s on {keras.config.backend()}"
    )
    if accuracy < 0.97:
        sys.exit(f"expected a test accuracy of at least 0.97, got {accuracy:.4f}")


if __name__ == "__main__":
    main()
