"""A variational autoencoder of scanned digits (Kingma and Welling, 2013).

The encoder gives a normal distribution over four numbers for each image, the decoder a
probability for each of its 64 black or white pixels. `train_step` maximizes a lower
bound of the log-likelihood (the ELBO), and `test_step` measures it on images not seen.
New digits are decoded from numbers drawn at random.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits

import keras
from keras import layers, ops


def load() -> tuple[np.ndarray, np.ndarray]:
    """Black and white images `(count, 64)` of 0 and 1, split into two."""
    pixels = (load_digits().data >= 8).astype("float32")
    pixels = pixels[np.random.default_rng(0).permutation(len(pixels))]
    return pixels[:1500], pixels[1500:]


class VAE(keras.Model):
    """An encoder, a decoder, and the step that trains both."""

    def __init__(self, pixels: int = 64, size: int = 4) -> None:
        super().__init__()
        self.size = size
        self.encoder = keras.Sequential(
            [
                layers.Dense(256, activation="relu"),
                layers.Dense(128, activation="relu"),
                layers.Dense(2 * size),
            ]
        )
        self.decoder = keras.Sequential(
            [
                layers.Dense(128, activation="relu"),
                layers.Dense(256, activation="relu"),
                layers.Dense(pixels),
            ]
        )
        self.seeds = keras.random.SeedGenerator()
        self.bound = keras.metrics.Mean(name="negative_elbo")

    def call(self, x):
        """The logits of the pixels, by way of a draw, and the draw's divergence."""
        mean, log_variance = ops.split(self.encoder(x), 2, axis=-1)
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        logits = self.decoder(mean + ops.exp(0.5 * log_variance) * noise)
        # Kullback-Leibler divergence from the standard normal distribution
        divergence = mean**2 + ops.exp(log_variance) - 1 - log_variance
        return logits, 0.5 * ops.sum(divergence, axis=-1)

    def negative_elbo(self, x):
        """The bound on -log p(x), in nats an image."""
        logits, divergence = self(x)
        surprise = ops.softplus(logits) - x * logits  # -log p(pixel), Bernoulli
        return ops.mean(ops.sum(surprise, axis=-1) + divergence)

    def train_step(self, data):
        """Differentiate the bound, change the weights."""
        x = data
        variables = self.trainable_variables
        value, grads = ops.value_and_grad(lambda: self.negative_elbo(x), variables)()
        self.optimizer.apply(grads, variables)
        self.bound.update_state(value, sample_weight=ops.shape(x)[0])
        return {"negative_elbo": self.bound.result()}

    def test_step(self, data):
        """The bound on images not seen."""
        x = data
        self.bound.update_state(self.negative_elbo(x), sample_weight=ops.shape(x)[0])
        return {"negative_elbo": self.bound.result()}

    def sample(self, count: int):
        """Probabilities of the pixels of new images, `(count, pixels)`."""
        noise = keras.random.normal((count, self.size), seed=self.seeds)
        return ops.sigmoid(self.decoder(noise))


def show(images: np.ndarray) -> None:
    """Print images of 8 x 8 side by side."""
    for row in images.reshape(-1, 8, 8).transpose(1, 0, 2):
        print("   ".join("".join(" .:*#"[int(4.99 * p)] for p in r) for r in row))


def main() -> dict[str, float]:
    """Train, compare with pixels that know nothing of each other, draw new digits."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=150)
    options = parser.parse_args()
    keras.utils.set_random_seed(1)
    x, x_test = load()
    model = VAE()
    model.compile(keras.optimizers.Adam(1e-3))
    model.fit(x, batch_size=50, epochs=options.epochs, verbose=2)
    bound = model.evaluate(x_test, verbose=0, return_dict=True)["negative_elbo"]
    p = x.mean(0).clip(0.001, 0.999)
    alone = -(x_test * np.log(p) + (1 - x_test) * np.log(1 - p)).sum(1).mean()
    show(ops.convert_to_numpy(model.sample(10)))
    print(f"nats an image: {bound:.2f}; independent pixels: {alone:.2f}")
    return {"bound": bound, "alone": float(alone)}


if __name__ == "__main__":
    main()
