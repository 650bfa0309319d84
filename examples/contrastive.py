"""Contrastive learning of scanned digits without labels (SimCLR, Chen et al., 2020).

Two distorted views of one image shall lie near each other and far from the views of
all others. The encoder that learns this has seen no label; then a few labelled digits
are enough to name the rest by their nearest neighbours, better than raw pixels do.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

import keras
from keras import layers, ops


def distort(images, seeds):
    """Turn, stretch, shear and shift images `(batch, 8, 8)`, each in its own way."""
    count = ops.shape(images)[0]
    matrix = keras.random.normal((count, 2, 2), stddev=0.2, seed=seeds) + ops.eye(2)
    shift = keras.random.uniform((count, 1, 2), -1.0, 1.0, seed=seeds)
    places = np.stack(np.mgrid[:8, :8], -1).reshape(1, 64, 2) - 3.5
    source = ops.matmul(ops.convert_to_tensor(places, "float32"), matrix) + shift + 3.5
    # Each new pixel is a mixture of the four nearest: bilinear interpolation.
    near = ops.relu(1 - ops.abs(source[..., None] - ops.arange(8, dtype="float32")))
    mixed = ops.einsum("bpi,bpj,bij->bp", near[:, :, 0], near[:, :, 1], images)
    noise = keras.random.normal((count, 64), stddev=0.1, seed=seeds)
    return ops.reshape(mixed + noise, (-1, 8, 8))


class Contrastive(keras.Model):
    """An encoder, and a head that is thrown away after training."""

    def __init__(self, temperature: float = 0.2) -> None:
        super().__init__()
        self.temperature = temperature
        self.encoder = keras.Sequential(
            [
                layers.Flatten(),
                layers.Dense(512, activation="relu"),
                layers.Dense(256, activation="relu"),
                layers.Dense(128),
            ]
        )
        self.head = keras.Sequential([layers.ReLU(), layers.Dense(64)])
        self.seeds = keras.random.SeedGenerator()

    def call(self, images):
        """Unit vectors to compare."""
        return ops.normalize(self.head(self.encoder(images)), axis=-1)

    def contrast(self, images):
        """How hard it is to find the other view of an image, and how often it is."""
        views = ops.concatenate([distort(images, self.seeds) for _ in range(2)])
        vectors = self(views)
        count = images.shape[0]
        itself = 1e9 * ops.eye(2 * count)
        scores = ops.matmul(vectors, ops.transpose(vectors)) / self.temperature - itself
        other = ops.roll(ops.arange(2 * count), count)
        loss = keras.losses.sparse_categorical_crossentropy(other, scores, True)
        found = ops.argmax(scores, axis=-1) == ops.cast(other, "int32")
        return ops.mean(loss), ops.mean(ops.cast(found, "float32"))

    def train_step(self, data):
        """No labels in `data`."""
        images = data
        weights = self.trainable_variables
        run = ops.value_and_grad(lambda: self.contrast(images), weights, has_aux=True)
        (loss, found), grads = run()
        self.optimizer.apply(grads, weights)
        return {"loss": loss, "found": found}


def name_by_neighbours(x, y, x_test, y_test, labels: int, draws: int = 20) -> float:
    """Mean accuracy of the nearest neighbour among a few digits with labels."""
    rng, found = np.random.default_rng(0), []
    for _ in range(draws):
        order = rng.permutation(len(y))
        few = np.concatenate([order[y[order] == d][:labels] for d in range(10)])
        nearest = KNeighborsClassifier(1, metric="cosine").fit(x[few], y[few])
        found.append(nearest.score(x_test, y_test))
    return float(np.mean(found))


def main() -> dict[int, tuple[float, float]]:
    """Train without labels; then compare with raw pixels at 1, 3 and 10 labels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args()
    keras.utils.set_random_seed(1)
    digits = load_digits()
    x, y = (digits.images / 16).astype("float32"), digits.target
    model = Contrastive()
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(x[:1400], batch_size=200, epochs=options.epochs, verbose=0)
    vectors = ops.convert_to_numpy(model.encoder(x))
    accuracy = {}
    for labels in (1, 3, 10):
        accuracy[labels] = tuple(
            name_by_neighbours(z[:1400], y[:1400], z[1400:], y[1400:], labels)
            for z in (x.reshape(-1, 64), vectors)
        )
        pixels, learned = accuracy[labels]
        print(f"{labels:2} labels a digit: pixels {pixels:.3f}, learned {learned:.3f}")
    return accuracy


if __name__ == "__main__":
    main()
