"""CIFAR-100: small colour images of a hundred classes."""

from __future__ import annotations

from keras.core.errors import check_choice
from keras.datasets.cifar import read_batches


def load_data(label_mode: str = "fine") -> tuple[tuple, tuple]:
    """Load CIFAR-100: 50,000 and 10,000 colour images of 32x32 pixels.

    By A. Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.

    Args:
        label_mode: `"fine"` for the 100 classes, `"coarse"` for the 20 groups that
            they form.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: `x` uint8 of shape
        `(samples, 32, 32, 3)` from 0 to 255, `y` int64 of shape `(samples, 1)`.

    Raises:
        ValueError: another `label_mode`.

    Example:
        >>> (x_train, y_train), (x_test, y_test) = keras.datasets.cifar100.load_data()
    """
    check_choice(label_mode, ("fine", "coarse"), "label_mode", "cifar100.load_data")

    def read(file: str) -> tuple:
        return read_batches(
            "cifar-100-python",
            "85cd44d02ba6437773c5bbd22e183051d648de2e7d6b014e1ef29b855ba677a7",
            "cifar-100-python",
            [file],
            f"{label_mode}_labels".encode(),
        )

    return read("train"), read("test")
