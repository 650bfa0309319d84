"""Arithmetic, comparison and logic of two tensors, element by element.

The two broadcast and are promoted to one type; a Python number takes the type of the
tensor where it can.
"""

from __future__ import annotations

import math

from keras.core.op import Index, Mask, Tensor, elementwise, kernel, op
from keras.core.scope import current
from keras.ops import reductions
from keras.ops.casts import not_bool
from keras.ops.core import cast
from keras.ops.elementwise import exp, exp2, isnan, log1p

_where = kernel("where")
_reshape = kernel("reshape")
_logical_not = kernel("logical_not")


@elementwise(cast="common")
def add(x1: Tensor, x2: Tensor) -> Tensor:
    """Addition: x1 + x2."""


@elementwise(cast="common")
def subtract(x1: Tensor, x2: Tensor) -> Tensor:
    """Subtraction: x1 - x2."""


@elementwise(cast="common")
def multiply(x1: Tensor, x2: Tensor) -> Tensor:
    """Multiplication: x1 * x2."""


@elementwise
def divide(x1: Tensor, x2: Tensor) -> Tensor:
    """Division: x1 / x2, a float also for integers."""


@elementwise(primitive=False)
def true_divide(x1: Tensor, x2: Tensor) -> Tensor:
    """Division, under the name that the operator `/` has in saved models."""
    return current().TABLE["divide"](x1, x2)


@elementwise(primitive=False)
def divide_no_nan(x1: Tensor, x2: Tensor) -> Tensor:
    """Division with 0 where `x2` is 0."""
    zero = x2 == 0
    return _where(zero, 0.0, x1 / _where(zero, 1.0, x2))


@elementwise(cast=not_bool)
def floor_divide(x1: Tensor, x2: Tensor) -> Tensor:
    """Floor division: the largest integer not above x1 / x2."""


@elementwise(cast=not_bool)
def mod(x1: Tensor, x2: Tensor) -> Tensor:
    """Remainder of `floor_divide`; it has the sign of `x2`.

    Example:
        >>> keras.ops.mod([7, -7], 4)
        array([3, 1])
    """


@elementwise(cast=not_bool)
def fmod(x1: Tensor, x2: Tensor) -> Tensor:
    """Remainder of division rounded towards zero; it has the sign of `x1`.

    Example:
        >>> keras.ops.fmod([7, -7], 4)
        array([3, -3])
    """


@elementwise(cast=not_bool)
def power(x1: Tensor, x2: Tensor) -> Tensor:
    """Power: x1 ** x2."""


@elementwise(cast="common")
def maximum(x1: Tensor, x2: Tensor) -> Tensor:
    """Maximum of two tensors; nan if either is nan."""


@elementwise(cast="common")
def minimum(x1: Tensor, x2: Tensor) -> Tensor:
    """Minimum of two tensors; nan if either is nan."""


@elementwise(cast="common", primitive=False)
def fmax(x1: Tensor, x2: Tensor) -> Tensor:
    """Maximum of two tensors; a number if one of them is nan."""
    larger = maximum(x1, x2)
    return _where(x1 != x1, x2, _where(x2 != x2, x1, larger))


@elementwise(cast="common", primitive=False)
def fmin(x1: Tensor, x2: Tensor) -> Tensor:
    """Minimum of two tensors; a number if one of them is nan."""
    smaller = minimum(x1, x2)
    return _where(x1 != x1, x2, _where(x2 != x2, x1, smaller))


@elementwise
def arctan2(x1: Tensor, x2: Tensor) -> Tensor:
    """Angle of the point (x2, x1) in radians, in [-pi, pi]."""


@elementwise(primitive=False)
def hypot(x1: Tensor, x2: Tensor) -> Tensor:
    """Hypotenuse: sqrt(x1 ** 2 + x2 ** 2), without overflow."""
    # The larger one is only a scale; no gradient goes through it.
    scale = current().stop_gradient(maximum(abs(x1), abs(x2)))

    # Where the scale cannot divide, it is the result.
    is_result = (scale == 0) | (scale == math.inf)
    safe = _where(is_result, 1.0, scale)
    ratio = (x1 / safe) ** 2 + (x2 / safe) ** 2
    return _where(is_result, scale, safe * _where(is_result, 1.0, ratio) ** 0.5)


@elementwise(primitive=False)
def logaddexp(x1: Tensor, x2: Tensor) -> Tensor:
    """log(exp(x1) + exp(x2)), without overflow."""
    # Equal ones share the gradient; they may be infinite, and their difference nan.
    same = x1 == x2
    larger = _where(same, 0.5 * x1 + 0.5 * x2, maximum(x1, x2))
    gap = _where(same, 0.0, x1 - x2)
    return larger + log1p(exp(-abs(gap)))


@elementwise(primitive=False)
def logaddexp2(x1: Tensor, x2: Tensor) -> Tensor:
    """log2(2 ** x1 + 2 ** x2), without overflow."""
    return logaddexp(x1 * math.log(2.0), x2 * math.log(2.0)) * (1.0 / math.log(2.0))


@elementwise(primitive=False)
def heaviside(x1: Tensor, x2: Tensor) -> Tensor:
    """Step function: 0 where `x1` is negative, 1 where positive, `x2` where it is 0.

    Example:
        >>> keras.ops.heaviside([-1.0, 0.0, 2.0], 0.5)
        array([0., 0.5, 1.])
    """
    step = cast(x1 > 0, current().dtype_of(x1))
    return _where(x1 == 0, x2, _where(isnan(x1), x1, step))


@elementwise
def nextafter(x1: Tensor, x2: Tensor) -> Tensor:
    """Next representable number after `x1` in the direction of `x2`."""


@elementwise(primitive=False)
def ldexp(x1: Tensor, x2: Index) -> Tensor:
    """x1 * 2 ** x2 for floats `x1` and integers `x2`.

    Raises:
        TypeError: `x2` does not hold integers.
    """
    backend = current()
    dtype = backend.dtype_of(x2)
    if "int" not in dtype:
        raise TypeError(f"ldexp: `x2` must hold integers; received dtype {dtype}.")
    return x1 * exp2(backend.cast(x2, backend.dtype_of(x1)))


@elementwise(cast="common")
def gcd(x1: Tensor, x2: Tensor) -> Tensor:
    """Greatest common divisor of integers."""


@elementwise(cast="common")
def lcm(x1: Tensor, x2: Tensor) -> Tensor:
    """Least common multiple of integers."""


@elementwise(cast="common")
def equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether the two are equal."""


@elementwise(cast="common")
def not_equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether the two differ."""


@elementwise(cast="common")
def greater(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether `x1` is larger."""


@elementwise(cast="common")
def greater_equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether `x1` is not smaller."""


@elementwise(cast="common")
def less(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether `x1` is smaller."""


@elementwise(cast="common")
def less_equal(x1: Tensor, x2: Tensor) -> Tensor:
    """Whether `x1` is not larger."""


@elementwise(cast="common", primitive=False)
def isclose(
    x1: Tensor,
    x2: Tensor,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> Tensor:
    """Whether |x1 - x2| <= atol + rtol * |x2|, or both are nan with `equal_nan`."""
    backend = current()
    if backend.dtype_of(x1) not in ("float32", "float64", "complex64", "complex128"):
        x1, x2 = backend.cast(x1, "float32"), backend.cast(x2, "float32")
    close = abs(x1 - x2) <= atol + rtol * abs(x2)
    # An infinite tolerance would make everything close to an infinity.
    close = (x1 == x2) | (close & (abs(x2) != math.inf))
    return close | ((x1 != x1) & (x2 != x2)) if equal_nan else close


def allclose(
    x1: Tensor,
    x2: Tensor,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    equal_nan: bool = False,
) -> Tensor:
    """Whether all elements are close, as `isclose` says."""
    return reductions.all(isclose(x1, x2, rtol, atol, equal_nan))


@op(cast="common")
def isin(
    x1: Tensor, x2: Tensor, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Whether each element of `x1` is among those of `x2`.

    Args:
        x1, x2: tensors.
        assume_unique: whether neither has a value twice; the result is the same.
        invert: whether to return the opposite.

    Returns:
        Booleans of the shape of `x1`.

    Example:
        >>> keras.ops.isin([1, 2, 3], [3, 1])
        array([True, False, True])
    """
    is_member = reductions.any(x1[..., None] == _reshape(x2, (-1,)), axis=-1)
    return _logical_not(is_member) if invert else is_member


@op(elementwise=True, primitive=True)
def logical_and(x1: Mask, x2: Mask) -> Tensor:
    """Whether both are true."""


@op(elementwise=True, primitive=True)
def logical_or(x1: Mask, x2: Mask) -> Tensor:
    """Whether either is true."""


@op(elementwise=True, primitive=True)
def logical_xor(x1: Mask, x2: Mask) -> Tensor:
    """Whether exactly one is true."""


@elementwise(cast="common")
def bitwise_and(x: Tensor, y: Tensor) -> Tensor:
    """Bitwise and: the bits set in both integers."""


@elementwise(cast="common")
def bitwise_or(x: Tensor, y: Tensor) -> Tensor:
    """Bitwise or: the bits set in either integer."""


@elementwise(cast="common")
def bitwise_xor(x: Tensor, y: Tensor) -> Tensor:
    """Bitwise exclusive or: the bits set in exactly one of the integers."""


@elementwise(cast=not_bool)
def left_shift(x: Tensor, y: Tensor) -> Tensor:
    """Shift the bits left by `y` places: x * 2 ** y."""


@elementwise(cast=not_bool)
def right_shift(x: Tensor, y: Tensor) -> Tensor:
    """Shift the bits right by `y` places, keeping the sign."""


bitwise_left_shift = left_shift
bitwise_right_shift = right_shift
