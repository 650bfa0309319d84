"""MNIST: handwritten digits."""

from __future__ import annotations

from keras.datasets.stored import fetch_npz


def load_data(path: str = "mnist.npz") -> tuple[tuple, tuple]:
    """Load MNIST: 60,000 and 10,000 images of 28x28 pixels of ten handwritten digits.

    By Y. LeCun, C. Cortes and C. J. C. Burges, under CC BY-SA 3.0.

    Args:
        path: The file's name in the cache.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all uint8: `x` of shape
        `(samples, 28, 28)` from 0 to 255, `y` of shape `(samples,)` from 0 to 9.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = keras.datasets.mnist.load_data()
    """
    data = fetch_npz("mnist.npz", path)
    return (data["x_train"], data["y_train"]), (data["x_test"], data["y_test"])
