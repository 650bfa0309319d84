"""CIFAR-10: small colour images of ten classes."""

from __future__ import annotations

from keras.datasets.cifar import read_batches


def load_data() -> tuple[tuple, tuple]:
    """Load CIFAR-10: 50,000 and 10,000 colour images of 32x32 pixels of ten classes.

    The classes are airplane, automobile, bird, cat, deer, dog, frog, horse, ship and
    truck. By A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images",
    2009.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all uint8: `x` of shape
        `(samples, 32, 32, 3)` from 0 to 255, `y` of shape `(samples, 1)` from 0 to 9.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = keras.datasets.cifar10.load_data()
    """

    def read(files: list[str]) -> tuple:
        x, y = read_batches(
            "cifar-10-python",
            "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
            "cifar-10-batches-py",
            files,
            b"labels",
        )
        return x, y.astype("uint8")

    return read([f"data_batch_{i}" for i in range(1, 6)]), read(["test_batch"])
