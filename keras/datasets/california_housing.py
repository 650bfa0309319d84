"""California housing prices."""

from __future__ import annotations

from keras.core.errors import check_choice
from keras.datasets.stored import check_test_split, fetch_npz, shuffle, split


def load_data(
    version: str = "large",
    path: str = "california_housing.npz",
    test_split: float = 0.2,
    seed: int = 113,
) -> tuple[tuple, tuple]:
    """Load the California housing prices of 1990: median house values of districts.

    The eight attributes are longitude, latitude, median age of the houses, total
    rooms, total bedrooms, population, households and median income. By R. K. Pace and
    R. Barry, "Sparse Spatial Autoregressions", 1997.

    Args:
        version: `"large"` for all 20,640 samples, `"small"` for the first 600.
        path: The file's name in the cache.
        test_split: The fraction kept for the test.
        seed: Determines the order of the samples.

    Returns:
        `(x_train, y_train), (x_test, y_test)`: `x` of shape `(samples, 8)`, `y` of
        shape `(samples,)`, in dollars.

    Raises:
        ValueError: another `version`, or `test_split` is not in [0, 1).

    Example:
        >>> (x, y), test = keras.datasets.california_housing.load_data("small")
    """
    check_test_split(test_split)
    check_choice(version, ("small", "large"), "version", "california_housing.load_data")
    data = fetch_npz("california_housing.npz", path)
    count = 600 if version == "small" else None
    return split(shuffle((data["x"][:count], data["y"][:count]), seed), test_split)
