"""One model on three backends at once, trained batch by batch in turn.

The model is built once, moved to every installed backend, and each copy takes every
batch. The three go down the same curve, in one process.
"""

import argparse

import numpy as np

import keras
from keras import layers
from keras.core import backends


def build() -> keras.Model:
    """A small classifier without dropout."""
    model = keras.Sequential(
        [
            keras.Input((10,)),
            layers.Dense(32, activation="relu"),
            layers.BatchNormalization(),
            layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(
        keras.optimizers.Adam(0.01),
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def main() -> dict[str, list[float]]:
    """Train the copies in turn and print their losses side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=60)
    options = parser.parse_args()
    keras.utils.set_random_seed(7)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(32 * options.steps, 10)).astype("float32")
    y = (x[:, :3] + 0.3 * x[:, 3:6]).argmax(1)
    model = build()
    trainable = [i.name for i in backends.known() if i.is_installed and i.has_gradients]
    copies = {name: model.to_backend(name) for name in trainable}
    losses: dict[str, list[float]] = {name: [] for name in copies}
    for step in range(options.steps):
        batch = slice(32 * step, 32 * (step + 1))
        for name, copy in copies.items():
            copy.reset_metrics()
            logs = copy.train_on_batch(x[batch], y[batch], return_dict=True)
            losses[name].append(logs["loss"])
        if step % 10 == 0:
            line = "  ".join(
                f"{name} {curve[-1]:.6f}" for name, curve in losses.items()
            )
            print(f"step {step:3}: {line}")
    print("current backend:", keras.config.backend())
    for name, copy in copies.items():
        print(name, copy.evaluate(x, y, verbose=0, return_dict=True))
    keras.utils.compare_backends(model, x, y)
    return losses


if __name__ == "__main__":
    main()
