"""Special functions, by formulas that work on whole arrays.

The error function is by the rational approximations of Cody, "Rational Chebyshev
approximations for the error function" (1969), to the last digits of a float64; for
narrower types a shorter one does. Its inverse starts from the polynomials of Giles,
"Approximating the erfinv function" (2010). The incomplete gamma function is the series
of DLMF 8.7.1 below its shape and the continued fraction of DLMF 8.9.2 above.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

# Cody's coefficients, the highest power first: erf up to 0.46875, erfc up to 4, and
# erfc beyond, each a numerator and a denominator.
_NEAR = (
    [
        1.85777706184603153e-1,
        3.16112374387056560e0,
        1.13864154151050156e2,
        3.77485237685302021e2,
        3.20937758913846947e3,
    ],
    [
        1.0,
        2.36012909523441209e1,
        2.44024637934444173e2,
        1.28261652607737228e3,
        2.84423683343917062e3,
    ],
)
_MIDDLE = (
    [
        2.15311535474403846e-8,
        5.64188496988670089e-1,
        8.88314979438837594e0,
        6.61191906371416295e1,
        2.98635138197400131e2,
        8.81952221241769090e2,
        1.71204761263407058e3,
        2.05107837782607147e3,
        1.23033935479799725e3,
    ],
    [
        1.0,
        1.57449261107098347e1,
        1.17693950891312499e2,
        5.37181101862009858e2,
        1.62138957456669019e3,
        3.29079923573345963e3,
        4.36261909014324716e3,
        3.43936767414372164e3,
        1.23033935480374942e3,
    ],
)
_FAR = (
    [
        1.63153871373020978e-2,
        3.05326634961232344e-1,
        3.60344899949804439e-1,
        1.25781726111229246e-1,
        1.60837851487422766e-2,
        6.58749161529837803e-4,
    ],
    [
        1.0,
        2.56852019228982242e0,
        1.87295284992346725e0,
        5.27905102951428412e-1,
        6.05183413124413191e-2,
        2.33520497626869185e-3,
    ],
)
# For 24 bits: erf(x) = x P(x^2) / Q(x^2) for |x| < 4, as in Eigen and XLA.
_SHORT = (
    [
        -2.72614225801306e-10,
        2.77068142495902e-08,
        -2.10102402082508e-06,
        -5.69250639462346e-05,
        -7.34990630326855e-04,
        -2.95459980854025e-03,
        -1.60960333262415e-02,
    ],
    [
        -1.45660718464996e-05,
        -2.13374055278905e-04,
        -1.68282697438203e-03,
        -7.37332916720468e-03,
        -1.42647390514189e-02,
    ],
)
# Giles's polynomials in w - 2.5 and sqrt(w) - 3, for w = -log(1 - x^2).
_CENTRAL = [
    2.81022636e-08,
    3.43273939e-07,
    -3.5233877e-06,
    -4.39150654e-06,
    0.00021858087,
    -0.00125372503,
    -0.00417768164,
    0.246640727,
    1.50140941,
]
_TAIL = [
    -0.000200214257,
    0.000100950558,
    0.00134934322,
    -0.00367342844,
    0.00573950773,
    -0.0076224613,
    0.00943887047,
    1.00167406,
    2.83297682,
]


def _polynomial(coefficients: list[float], x: Any) -> Any:
    """By Horner's rule, the highest power first."""
    out = np.full_like(x, coefficients[0])
    for c in coefficients[1:]:
        out *= x
        out += x.dtype.type(c)
    return out


def _ratio(pair: tuple[list[float], list[float]], x: Any) -> Any:
    numerator, denominator = pair
    return _polynomial(numerator, x) / _polynomial(denominator, x)


def _complement(x: Any) -> Any:
    """erfc of float64 from 0.46875 up."""
    far = x > 4
    out = np.empty_like(x)
    middle = x[~far]
    out[~far] = _ratio(_MIDDLE, middle)
    beyond = x[far]
    inverse = 1 / (beyond * beyond)
    rest = inverse * _ratio(_FAR, inverse)
    out[far] = (1 / math.sqrt(math.pi) - rest) / beyond

    # exp(-x^2) in two factors, so that no digit of the square is lost.
    coarse = np.trunc(x * 16) / 16
    return out * np.exp(-coarse * coarse) * np.exp((coarse - x) * (coarse + x))


def _both(x: Any) -> tuple[Any, Any]:
    """erf and erfc of float64 values, in one row."""
    size = np.abs(x)
    near = ~(size > 0.46875)  # nan too
    error, complement = np.empty_like(x), np.empty_like(x)

    inside = x[near]
    error[near] = inside * _ratio(_NEAR, inside * inside)
    complement[near] = 1 - error[near]

    outside = ~near
    tail = _complement(size[outside])
    negative = x[outside] < 0
    error[outside] = np.where(negative, tail - 1, 1 - tail)
    complement[outside] = np.where(negative, 2 - tail, tail)
    return error, complement


def _exact(x: Any) -> Any:
    """The values as plain float64 in one row."""
    return np.asarray(x, "float64").reshape(-1)


def erf(x: Any) -> Any:
    """The error function."""
    if x.dtype == np.float64:
        return _both(_exact(x))[0].reshape(x.shape)
    wide = np.clip(np.asarray(x, "float32"), -4, 4)
    return (wide * _ratio(_SHORT, wide * wide)).astype(x.dtype, copy=False)


def erfc(x: Any) -> Any:
    """1 - erf(x), exact where that is small."""
    return _both(_exact(x))[1].reshape(x.shape).astype(x.dtype, copy=False)


def erfinv(x: Any) -> Any:
    """The inverse of the error function."""
    wide = _exact(x)
    w = -np.log((1 - wide) * (1 + wide))
    central, tail = _polynomial(_CENTRAL, w - 2.5), _polynomial(_TAIL, np.sqrt(w) - 3)
    start = np.where(w < 5, central, tail)
    y, size = np.abs(start * wide), np.abs(wide)

    # The polynomials are for 24 bits. Closer to 1, the first terms of the asymptotic
    # series of the complement are inverted.
    t = -np.log((1 - size) * math.sqrt(math.pi))
    y = np.where((w > 16) & np.isfinite(w), np.sqrt(t - np.log(t) / 2), y)

    # Halley's method triples the digits, of which the polynomials have 7, and fewer
    # close to 1. There the distance is taken from the complement, which has some left.
    for _ in range(3):
        error, complement = _both(y)
        distance = np.where(size > 0.5, (1 - size) - complement, error - size)
        step = distance / (2 / math.sqrt(math.pi) * np.exp(-y * y))
        better = y - step / (1 + y * step)
        y = np.where(np.isfinite(better), better, y)
    return np.copysign(y, wide).reshape(x.shape).astype(x.dtype, copy=False)


def _log_gamma(a: Any) -> Any:
    return np.array([math.lgamma(value) for value in a.tolist()])


def _below(a: Any, x: Any) -> Any:
    """The sum of x^n / (a (a + 1) ... (a + n)): the lower integral over x^a exp(-x)."""
    term = 1 / a
    total = term.copy()
    n = 0
    while (term > total * 1e-17).any():
        n += 1
        term = term * x / (a + n)
        total += term
    return total


def _above(a: Any, x: Any) -> Any:
    """The continued fraction of the upper integral over x^a exp(-x), from the front.

    By the algorithm of Lentz in the form of Thompson and Barnett (1986).
    """
    b = x + 1 - a
    c, d = np.full_like(x, np.inf), 1 / b
    total = d.copy()
    n, change = 0, np.full_like(x, 2.0)
    while (np.abs(change - 1) > 1e-16).any() and n < 10_000:
        n += 1
        factor = n * (a - n)
        b = b + 2
        d = 1 / (factor * d + b)
        c = b + factor / c
        change = c * d
        total *= change
    return total


def _incomplete_gamma(a: Any, x: Any) -> tuple[Any, Any]:
    """The lower and the upper function of float64 values, in one row each."""
    lower, upper = np.full_like(x, np.nan), np.full_like(x, np.nan)
    lower[(a > 0) & (x == 0)], upper[(a > 0) & (x == 0)] = 0, 1
    ends = (a == 0) & (x > 0) | (a >= 0) & np.isfinite(a) & (x == np.inf)
    lower[ends], upper[ends] = 1, 0

    inside = (a > 0) & (x > 0) & np.isfinite(a) & np.isfinite(x)
    for region, compute, one, other in (
        (inside & (x < a + 1), _below, lower, upper),
        (inside & (x >= a + 1), _above, upper, lower),
    ):
        shape, limit = a[region], x[region]
        scale = np.exp(shape * np.log(limit) - limit - _log_gamma(shape))
        one[region] = scale * compute(shape, limit)
        other[region] = 1 - one[region]
    return lower, upper


def _of_incomplete_gamma(which: int, a: Any, x: Any) -> Any:
    wide, limit = np.broadcast_arrays(np.asarray(a), np.asarray(x))
    found = _incomplete_gamma(_exact(wide), _exact(limit))[which]
    return found.reshape(wide.shape).astype(x.dtype, copy=False)


def gammainc(a: Any, x: Any) -> Any:
    """The regularized lower incomplete gamma function."""
    return _of_incomplete_gamma(0, a, x)


def gammaincc(a: Any, x: Any) -> Any:
    """The regularized upper incomplete gamma function."""
    return _of_incomplete_gamma(1, a, x)
