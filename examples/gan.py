"""A generative adversarial network of scanned digits (Goodfellow et al., 2014).

The generator makes images of noise, the discriminator tells them from scans; each
learns from the other, with its own optimizer, in one `train_step`. A judge that neither
has seen, a classifier of real digits, says how well it went: the distance between its
features of real and of generated images (Frechet's, as in FID) falls.
"""

import argparse

import numpy as np
from sklearn.datasets import load_digits

import keras
from keras import layers, ops

NOISE = 32


def network(inputs: int, outputs: int, last: str | None = None) -> keras.Sequential:
    """Two hidden layers, leaky, and one on top."""
    hidden = [layers.Dense(256, activation="leaky_relu") for _ in range(2)]
    top = layers.Dense(outputs, activation=last)
    return keras.Sequential([keras.Input((inputs,)), *hidden, top])


class GAN(keras.Model):
    """Two networks that play against each other."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = network(NOISE, 64, last="tanh")
        self.discriminator = network(64, 1)
        self.seeds = keras.random.SeedGenerator()

    def call(self, noise):
        """Images from -1 to 1 of noise."""
        return self.generator(noise)

    def compile(self, generator_optimizer, discriminator_optimizer) -> None:
        """Each player learns in its own way."""
        super().compile()
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer

    def fake(self, count):
        """As many new images."""
        return self(keras.random.normal((count, NOISE), seed=self.seeds))

    def train_step(self, data):
        """One move of each player."""
        real = data
        count = real.shape[0]

        def discriminate():
            true, false = self.discriminator(real), self.discriminator(fake)
            return ops.mean(ops.softplus(-true)) + ops.mean(ops.softplus(false))

        def generate():
            return ops.mean(ops.softplus(-self.discriminator(self.fake(count))))

        fake = self.fake(count)
        weights = self.discriminator.trainable_variables
        d_loss, grads = ops.value_and_grad(discriminate, weights)()
        self.discriminator_optimizer.apply(grads, weights)
        weights = self.generator.trainable_variables
        g_loss, grads = ops.value_and_grad(generate, weights)()
        self.generator_optimizer.apply(grads, weights)
        return {"discriminator": d_loss, "generator": g_loss}


class Judge:
    """A classifier of real digits, and what it thinks of other images."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        image = keras.Input((64,))
        features = layers.Dense(64, activation="relu")(image)
        digit = layers.Dense(10, activation="softmax")(features)
        self.digit, self.features = (
            keras.Model(image, digit),
            keras.Model(image, features),
        )
        self.digit.compile("adam", "sparse_categorical_crossentropy")
        self.digit.fit(x, y, epochs=30, verbose=0)
        self.real = self.moments(x)

    def moments(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and covariance of the features."""
        features = self.features.predict(images, verbose=0)
        return features.mean(0), np.cov(features, rowvar=False)

    def __call__(self, images: np.ndarray) -> tuple[float, float, np.ndarray]:
        """Distance from real images, mean certainty, how often which digit is seen."""
        (mean, spread), (other, wide) = self.real, self.moments(images)
        roots = np.sqrt(np.linalg.eigvals(spread @ wide).real.clip(0))
        distance = sum((mean - other) ** 2) + np.trace(spread + wide) - 2 * sum(roots)
        guesses = self.digit.predict(images, verbose=0)
        seen = np.bincount(guesses.argmax(-1), minlength=10) / len(images)
        return float(distance), float(guesses.max(-1).mean()), seen


def show(images: np.ndarray) -> None:
    """Print images of 8 x 8 side by side."""
    for row in (images.reshape(-1, 8, 8).transpose(1, 0, 2) + 1) / 2:
        print("   ".join("".join(" .:*#"[int(4.99 * p)] for p in r) for r in row))


def main() -> dict[str, tuple]:
    """Train, and let the judge compare real digits, noise and what was generated."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100)
    options = parser.parse_args()
    keras.utils.set_random_seed(1)
    digits = load_digits()
    x, y = (digits.data / 8 - 1).astype("float32"), digits.target
    judge = Judge(x[:1300], y[:1300])
    model = GAN()
    model.compile(*(keras.optimizers.Adam(2e-4, beta_1=0.5) for _ in range(2)))
    found = {"real": judge(x[1300:])}
    found["untrained"] = judge(ops.convert_to_numpy(model.fake(1000)))
    model.fit(x, batch_size=64, epochs=options.epochs, verbose=0)
    images = ops.convert_to_numpy(model.fake(1000))
    found["generated"] = judge(images)
    show(images[:10])
    for name, (distance, certainty, seen) in found.items():
        digits_seen = " ".join(f"{share:.2f}" for share in seen)
        print(
            f"{name:10} distance {distance:7.2f}, certainty {certainty:.2f}, "
            f"digits 0 to 9: {digits_seen}"
        )
    return found


if __name__ == "__main__":
    main()
