"""Gamma and binomial distributions, from the uniform and normal numbers of a backend.

Both use rejection with a fixed number of tries. No loop depends on the values, so the
same code runs eagerly and compiled, and gives the same numbers on every backend.
"""

from __future__ import annotations

from typing import Any

from keras import ops
from keras.core.scope import current
from keras.core.typing import Seed

_GAMMA_TRIES = 6  # at least 95 % are accepted at each: one in 10**8 is left over
_BINOMIAL_TRIES = 16  # at least 70 %
# Below this mean, inversion sums this many terms of the distribution; what is left over
# is less than a float32 resolves.
_INVERSION_BELOW = 10.0
_INVERSION_TERMS = 64


def gamma(shape: tuple[int, ...], alpha: Any, dtype: str, seed: Seed) -> Any:
    """Gamma numbers of scale 1, by rejection (Marsaglia & Tsang, 2000)."""
    rng = current().random
    seeds = rng.split(seed, 3)
    tries = (_GAMMA_TRIES, *shape)
    x = rng.portable_normal(tries, dtype, seeds[0])
    u = rng.portable_uniform(tries, dtype, seeds[1])

    # The method is for shapes of at least 1; smaller ones come from alpha + 1 below.
    is_small = alpha < 1
    d = ops.where(is_small, alpha + 1, alpha) - 1 / 3
    v = (1 + x / ops.sqrt(9 * d)) ** 3
    log_v = ops.log(ops.where(v > 0, v, ops.ones_like(v)))
    accepted = (v > 0) & (ops.log(u) < 0.5 * x * x + d * (1 - v + log_v))
    out = _first_accepted(accepted, d * v, d)

    # Gamma(a) = Gamma(a + 1) * U ** (1 / a)
    boost = 1 - rng.portable_uniform(shape, dtype, seeds[2])
    return ops.where(is_small, out * boost ** (1 / alpha), out)


def binomial(
    shape: tuple[int, ...], counts: Any, probabilities: Any, dtype: str, seed: Seed
) -> Any:
    """Binomial numbers: how many of `counts` trials succeed.

    By inversion where the mean is small, else by the algorithm BTRS (Hörmann, 1993).
    """
    seeds = current().random.split(seed, 3)

    # Both methods want probabilities up to 1/2: else count the failures.
    counts_failures = probabilities > 0.5
    p = ops.where(counts_failures, 1 - probabilities, probabilities)
    has_small_mean = counts * p < _INVERSION_BELOW

    # Both run everywhere. Each gets harmless arguments where the other is used.
    small_p = ops.where(has_small_mean, p, ops.zeros_like(p))
    large_n = ops.where(has_small_mean, ops.zeros_like(counts) + 100, counts)
    large_p = ops.where(has_small_mean, ops.zeros_like(p) + 0.5, p)
    out = ops.where(
        has_small_mean,
        _by_inversion(shape, counts, small_p, dtype, seeds[0]),
        _by_rejection(shape, large_n, large_p, dtype, seeds[1:]),
    )
    return ops.where(counts_failures, counts - out, out)


def _by_inversion(
    shape: tuple[int, ...], n: Any, p: Any, dtype: str, seed: Seed
) -> Any:
    """The number of partial sums of the distribution that a uniform number passes."""
    u = current().random.portable_uniform(shape, dtype, seed)
    k = ops.reshape(ops.arange(_INVERSION_TERMS, dtype=dtype), (-1, *[1] * len(shape)))

    # P(0), and from P(k) to P(k + 1) by a ratio.
    first = ops.exp(n * ops.log1p(-p)) + ops.zeros((1, *shape), dtype)
    ratios = p / (1 - p) * ops.maximum(n - k, 0.0) / (k + 1)
    masses = ops.concatenate([first, first * ops.cumprod(ratios, axis=0)], axis=0)

    passed = ops.cast(u >= ops.cumsum(masses, axis=0), dtype)
    return ops.minimum(ops.sum(passed, axis=0), n)


def _by_rejection(
    shape: tuple[int, ...], n: Any, p: Any, dtype: str, seeds: Any
) -> Any:
    """Algorithm BTRS, in the notation of the paper."""
    rng = current().random
    tries = (_BINOMIAL_TRIES, *shape)
    u = rng.portable_uniform(tries, dtype, seeds[0]) - 0.5
    v = 1 - rng.portable_uniform(tries, dtype, seeds[1])

    # Constants of the distribution.
    stddev = ops.sqrt(n * p * (1 - p))
    b = 1.15 + 2.53 * stddev
    a = -0.0873 + 0.0248 * b + 0.01 * p
    odds = p / (1 - p)
    mode = ops.floor((n + 1) * p)

    # Candidates; those outside the range are replaced, as their logarithms are nan.
    room = 0.5 - ops.abs(u)
    k = ops.floor((2 * a / room + b) * u + n * p + 0.5)
    is_inside = (k >= 0) & (k <= n)
    k = ops.where(is_inside, k, mode + ops.zeros_like(k))

    # Most are accepted by a cheap test, the others by the ratio of the densities.
    at_once = (room >= 0.07) & (v <= 0.92 - 4.2 / b)
    height = v * (2.83 + 5.1 / b) * stddev / (a / (room * room) + b)
    bound = (
        (mode + 0.5) * ops.log((mode + 1) / (odds * (n - mode + 1)))
        + (n + 1) * ops.log((n - mode + 1) / (n - k + 1))
        + (k + 0.5) * ops.log(odds * (n - k + 1) / (k + 1))
        + _stirling(mode)
        + _stirling(n - mode)
        - _stirling(k)
        - _stirling(n - k)
    )
    accepted = is_inside & (at_once | (ops.log(height) <= bound))
    return _first_accepted(accepted, k, mode)


def _stirling(k: Any) -> Any:
    """The terms of Stirling's series for log(k!) after the leading ones."""
    k = k + 1
    square = k * k
    return (1 / 12 - (1 / 360 - 1 / 1260 / square) / square) / k


def _first_accepted(accepted: Any, values: Any, otherwise: Any) -> Any:
    """The first accepted value along the first axis, the one of the tries."""
    out = otherwise
    for i in reversed(range(values.shape[0])):
        out = ops.where(accepted[i], values[i], out)
    return out
