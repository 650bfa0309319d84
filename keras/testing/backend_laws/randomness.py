"""Laws of random numbers."""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

from keras.backend import portable_random
from keras.backend.contract import Backend
from keras.random import draws
from keras.random.seed_generator import SeedGenerator
from keras.testing.backend_laws import threefry
from keras.testing.backend_laws.common import (
    LAWS,
    X,
    require,
    require_close,
    to_host,
)


@LAWS.add("random", ["uniform", "normal"])
def portable_draws_are_those_of_threefry(backend: Backend, kind: str) -> None:
    """Portable draws are Threefry-2x32, bit for bit."""
    seed = backend.random.seed_of(7)
    draw = getattr(backend.random, f"portable_{kind}")
    found = to_host(draw((5, 33), "float32", seed))
    if kind == "uniform":
        expected = threefry.uniform((7, 0), (5, 33))
    else:
        places = (threefry.bits((7, 0), (5, 33)) >> 9 << 2) + 1
        expected = _normal_at(places.astype("int32"))
    require(np.array_equal(found, expected), f"expected {expected}, found {found}.")


def _normal_at(places: np.ndarray) -> np.ndarray:
    return portable_random.normal_at(
        places,
        np.where,
        lambda x: x.astype("float32"),
        lambda x: x.view("int32"),
        lambda table, index: table[index],
    )


@LAWS.add("random")
def portable_integers_are_those_of_threefry(backend: Backend) -> None:
    """portable_randint is Threefry-2x32, and split gives its keys."""
    rng = backend.random
    found = to_host(rng.portable_randint((200,), -3, 11, "int32", rng.seed_of(7)))
    expected = threefry.randint((7, 0), (200,), -3, 11)
    require(np.array_equal(found, expected), f"expected {expected}, found {found}.")

    for part, key in zip(rng.split(rng.seed_of(7), 3), threefry.split((7, 0), 3)):
        numbers = to_host(rng.portable_uniform((9,), "float32", part))
        require_close(numbers, threefry.uniform(key, (9,)), "a draw of a split seed")


@LAWS.add("random")
def normal_at_inverts_the_distribution(backend: Backend) -> None:
    """normal_at(p) is the normal value below which the mass is p / 2**25."""
    places = np.array([1, 2**10, 2**24 - 1, 2**24, 2**25 - 5], "int32")
    expected = [NormalDist().inv_cdf(p / 2**25) for p in places.tolist()]
    found = backend.random.normal_at(backend.convert_to_tensor(places))
    require_close(found, np.array(expected), tolerance=1e-4)


_DISTRIBUTIONS: list[tuple[str, Callable[..., Any], float, float]] = [
    ("uniform", lambda seed: draws.uniform((20000,), seed=seed), 1 / 2, 1 / 12),
    ("normal", lambda seed: draws.normal((20000,), seed=seed), 0, 1),
    ("randint", lambda seed: draws.randint((20000,), 2, 8, seed=seed), 4.5, 35 / 12),
    ("gamma", lambda seed: draws.gamma((20000,), 3.0, seed=seed), 3, 3),
    (
        "binomial",
        lambda seed: draws.binomial((20000,), 12.0, 0.25, seed=seed),
        3,
        9 / 4,
    ),
    ("dropout", lambda seed: draws.dropout(np.ones(20000), 0.2, seed=seed), 1, 1 / 4),
]


class _Named(tuple):
    """A row of a table that a report calls by its first item."""

    def __str__(self) -> str:
        return str(self[0])


@LAWS.add("random", [_Named(row) for row in _DISTRIBUTIONS])
def moments_are_those_of_the_distribution(backend: Backend, row: tuple) -> None:
    """Mean and variance of 20,000 draws are right."""
    _, draw, mean, variance = row
    numbers = to_host(draw(3)).astype("float64")
    spread = np.sqrt(variance / numbers.size)
    require(
        abs(numbers.mean() - mean) < 5 * spread,
        f"the mean is {numbers.mean()}, not {mean}.",
    )
    require(
        0.9 * variance < numbers.var() < 1.1 * variance,
        f"the variance is {numbers.var()}, not {variance}.",
    )


@LAWS.add("random", [_Named(row) for row in _DISTRIBUTIONS])
def the_same_seed_gives_the_same_numbers(backend: Backend, row: tuple) -> None:
    """One seed gives the same numbers, another other ones."""
    draw = row[1]
    first, again, other = (to_host(draw(seed)) for seed in (3, 3, 4))
    require(np.array_equal(first, again), "The same seed gave other numbers.")
    require(not np.array_equal(first, other), "Another seed gave the same numbers.")


@LAWS.add("random")
def a_generator_counts_up(backend: Backend) -> None:
    """A SeedGenerator's state is [seed, counter] and each draw counts."""
    generator = SeedGenerator(5)
    first, second = (to_host(draws.uniform((50,), seed=generator)) for _ in range(2))
    require(not np.array_equal(first, second), "Two draws gave the same numbers.")
    require_close(generator.state, np.array([5, 2]), "the state")

    generator.state.assign(np.array([5, 0], "uint32"))
    again = to_host(draws.uniform((50,), seed=generator))
    require(np.array_equal(first, again), "The same state gave other numbers.")


@LAWS.add("random")
def dropout_keeps_or_scales(backend: Backend) -> None:
    """Dropout gives 0 or x / (1 - rate), and noise broadcasts."""
    found = to_host(draws.dropout(X, 0.25, noise_shape=(3, 1), seed=1))
    for row, expected in zip(found, X / np.float32(0.75)):
        require_close(row, expected if row.any() else expected * 0, "a row")


@LAWS.add("random")
def the_framework_can_be_seeded(backend: Backend) -> None:
    """seed_framework takes an integer."""
    backend.random.seed_framework(3)
