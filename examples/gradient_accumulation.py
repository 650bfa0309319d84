"""Gradient accumulation: batches larger than memory, in three ways that agree.

One network is trained on scanned digits from the same start, in the same order: on
batches of 256; by a `train_step` that takes the gradients of 8 slices of 32 one after
the other and applies their mean; and on batches of 32 by an optimizer that changes the
weights after every 8. All end with the same weights; memory is needed for 32 images
in the second and third.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits

import keras
from keras import layers, ops


class Accumulating(keras.Sequential):
    """A model that splits each batch and adds up the gradients."""

    slices = 8

    def train_step(self, data):
        """The mean of the gradients of the slices, applied once."""
        x, y = (ops.split(part, self.slices) for part in data)
        weights = self.trainable_variables

        def loss(x, y):
            y_pred = self(x, training=True)
            return self.compute_loss(x, y, y_pred), y_pred

        total = [ops.zeros(w.shape) for w in weights]
        for one_x, one_y in zip(x, y):
            run = ops.value_and_grad(loss, weights, has_aux=True)
            (_, y_pred), grads = run(one_x, one_y)
            total = [a + g / self.slices for a, g in zip(total, grads)]
            logs = self.compute_metrics(one_x, one_y, y_pred)
        self.optimizer.apply(total, weights)
        return logs


def build(kind: type = keras.Sequential) -> keras.Model:
    """Always the same start: the seed determines weights and order."""
    keras.utils.set_random_seed(1)
    return kind(
        [
            keras.Input((64,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def main() -> dict[str, tuple[float, float]]:
    """Train in three ways; print accuracies and how far the weights are apart."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=30)
    options = parser.parse_args()
    digits = load_digits()
    x, y = (digits.data / 16).astype("float32"), digits.target
    x, y, x_test, y_test = x[:1280], y[:1280], x[1280:], y[1280:]
    ways = {
        "one large batch": (build, 256, None),
        "own train_step": (lambda: build(Accumulating), 256, None),
        "the optimizer": (build, 32, 8),
    }
    found, reference = {}, None
    for name, (make, batch, every) in ways.items():
        model = make()
        model.compile(
            keras.optimizers.SGD(0.2, momentum=0.9, gradient_accumulation_steps=every),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
        )
        model.fit(x, y, batch_size=batch, epochs=options.epochs, verbose=0)
        weights = np.concatenate([w.ravel() for w in model.get_weights()])
        reference = weights if reference is None else reference
        apart = float(abs(weights - reference).max())
        accuracy = model.evaluate(x_test, y_test, verbose=0, return_dict=True)
        found[name] = accuracy["accuracy"], apart
        print(f"{name:15}: accuracy {found[name][0]:.4f}, weights {apart:.1e} apart")
    return found


if __name__ == "__main__":
    main()
