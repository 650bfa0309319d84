"""A convolutional network of about 100,000 weights on Fashion-MNIST.

The files come from the cache folder, from Debian's package `dataset-fashion-mnist`, or
from the network. `KERAS_BACKEND` chooses the backend.
"""

import argparse
import time

import keras
from keras import layers


def build() -> keras.Model:
    """Two blocks of convolution and pooling, then dense layers."""
    return keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(48, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def main() -> float:
    """Train, evaluate, and return the test accuracy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--samples", type=int, default=60_000)
    options = parser.parse_args()
    keras.utils.set_random_seed(1)
    (x, y), (x_test, y_test) = keras.datasets.fashion_mnist.load_data()
    x, y = x[: options.samples, ..., None] / 255.0, y[: options.samples]
    x, x_test = x.astype("float32"), (x_test[..., None] / 255.0).astype("float32")
    model = build()
    print(f"{model.count_params()} weights on {keras.config.backend()}")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    start = time.time()
    model.fit(x, y, batch_size=64, epochs=options.epochs, verbose=2)
    _, accuracy = model.evaluate(x_test, y_test, verbose=0)
    print(f"test accuracy {accuracy:.4f} after {time.time() - start:.0f} s")
    return accuracy


if __name__ == "__main__":
    main()
