"""Boston housing prices, of historical interest."""

from __future__ import annotations

from keras.datasets.stored import check_test_split, fetch_npz, shuffle, split


def load_data(
    path: str = "boston_housing.npz", test_split: float = 0.2, seed: int = 113
) -> tuple[tuple, tuple]:
    """Load the Boston housing prices: 506 samples of 13 attributes.

    This dataset has an ethical problem: one attribute was engineered on the
    assumption that racial segregation is good for prices. Don't use it but to study
    that; `california_housing` takes its place. By D. Harrison and D. L. Rubinfeld,
    1978, from the StatLib library of Carnegie Mellon University.

    Args:
        path: The file's name in the cache.
        test_split: The fraction kept for the test.
        seed: Determines the order of the samples.

    Returns:
        `(x_train, y_train), (x_test, y_test)`, all float64: `x` of shape
        `(samples, 13)`, `y` of shape `(samples,)`, prices in thousands of dollars.

    Raises:
        ValueError: `test_split` is not in [0, 1).
    """
    check_test_split(test_split)
    data = fetch_npz("boston_housing.npz", path)
    return split(shuffle((data["x"], data["y"]), seed), test_split)
