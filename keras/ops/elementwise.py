"""Mathematics element by element, of one tensor.

Integers and booleans become floats where the result is real; `floatx()` says which.
"""

from __future__ import annotations

import math

from keras.core.op import Mask, Tensor, elementwise, op
from keras.core.scope import current
from keras.ops.casts import not_bool


@elementwise(cast="common")
def absolute(x: Tensor) -> Tensor:
    """The absolute value; for complex numbers the modulus.

    Example:
        >>> keras.ops.absolute([-1.5, 2.0])
        array([1.5, 2.])
    """


abs = absolute


@elementwise
def angle(x: Tensor) -> Tensor:
    """The angle of a complex number in radians; 0 or pi for real numbers.

    Example:
        >>> keras.ops.angle([1.0, -1.0])
        array([0., 3.1416])
    """


@elementwise
def arccos(x: Tensor) -> Tensor:
    """The inverse cosine, in [0, pi]; nan outside [-1, 1].

    Example:
        >>> keras.ops.arccos([1.0, 0.0])
        array([0., 1.5708])
    """


@elementwise
def arccosh(x: Tensor) -> Tensor:
    """The inverse hyperbolic cosine; nan below 1.

    Example:
        >>> keras.ops.arccosh([1.0, 2.0])
        array([0., 1.317])
    """


@elementwise
def arcsin(x: Tensor) -> Tensor:
    """The inverse sine, in [-pi/2, pi/2]; nan outside [-1, 1].

    Example:
        >>> keras.ops.arcsin([0.0, 1.0])
        array([0., 1.5708])
    """


@elementwise
def arcsinh(x: Tensor) -> Tensor:
    """The inverse hyperbolic sine.

    Example:
        >>> keras.ops.arcsinh([0.0, 1.0])
        array([0., 0.8814])
    """


@elementwise
def arctan(x: Tensor) -> Tensor:
    """The inverse tangent, in [-pi/2, pi/2].

    Example:
        >>> keras.ops.arctan([0.0, 1.0])
        array([0., 0.7854])
    """


@elementwise
def arctanh(x: Tensor) -> Tensor:
    """The inverse hyperbolic tangent; nan outside [-1, 1].

    Example:
        >>> keras.ops.arctanh([0.0, 0.5])
        array([0., 0.5493])
    """


@elementwise
def cbrt(x: Tensor) -> Tensor:
    """The cube root, also of negative numbers.

    Example:
        >>> keras.ops.cbrt([8.0, -27.0])
        array([2., -3.])
    """


@elementwise
def ceil(x: Tensor) -> Tensor:
    """The smallest whole number that is not below the element, as a float.

    Example:
        >>> keras.ops.ceil([1.2, -1.2])
        array([2., -1.])
    """


@elementwise(cast=not_bool)
def clip(x: Tensor, x_min: Tensor | None, x_max: Tensor | None) -> Tensor:
    """Every element brought into the interval from `x_min` to `x_max`.

    Args:
        x: tensor.
        x_min, x_max: numbers or tensors that broadcast with `x`; None for no bound.

    Example:
        >>> keras.ops.clip([-1.0, 0.5, 3.0], 0.0, 1.0)
        array([0., 0.5, 1.])
    """


@elementwise(cast="common")
def conjugate(x: Tensor) -> Tensor:
    """The complex conjugate; real numbers stay as they are.

    Example:
        >>> keras.ops.conjugate([1 + 2j, 3 - 1j])
        array([1 - 2j, 3 + 1j])
    """


conj = conjugate


@elementwise(cast="common")
def copy(x: Tensor) -> Tensor:
    """A new tensor with the same elements.

    Example:
        >>> keras.ops.copy([1, 2])
        array([1, 2])
    """


@elementwise
def cos(x: Tensor) -> Tensor:
    """The cosine of an angle in radians.

    Example:
        >>> keras.ops.cos([0.0, 3.14159265])
        array([1., -1.])
    """


@elementwise
def cosh(x: Tensor) -> Tensor:
    """The hyperbolic cosine.

    Example:
        >>> keras.ops.cosh([0.0, 1.0])
        array([1., 1.5431])
    """


@elementwise(primitive=False)
def deg2rad(x: Tensor) -> Tensor:
    """Degrees as radians.

    Example:
        >>> keras.ops.deg2rad([0.0, 180.0])
        array([0., 3.1416])
    """
    return x * (math.pi / 180)


@elementwise
def exp(x: Tensor) -> Tensor:
    """e to the power of each element.

    Example:
        >>> keras.ops.exp([0.0, 1.0])
        array([1., 2.7183])
    """


@elementwise(primitive=False)
def exp2(x: Tensor) -> Tensor:
    """2 to the power of each element.

    Example:
        >>> keras.ops.exp2([0.0, 3.0])
        array([1., 8.])
    """
    return 2.0**x


@elementwise
def expm1(x: Tensor) -> Tensor:
    """exp(x) - 1, exact also for small x.

    Example:
        >>> keras.ops.expm1([0.0, 1e-5])
        array([0., 1.000005e-05])
    """


@elementwise(primitive=False)
def fabs(x: Tensor) -> Tensor:
    """The absolute value, as a float.

    Example:
        >>> keras.ops.fabs([-1, 2])
        array([1., 2.])
    """
    return absolute(x)


@elementwise
def floor(x: Tensor) -> Tensor:
    """The largest whole number that is not above the element, as a float.

    Example:
        >>> keras.ops.floor([1.8, -1.2])
        array([1., -2.])
    """


@elementwise
def i0(x: Tensor) -> Tensor:
    """The modified Bessel function of the first kind, of order 0.

    Example:
        >>> keras.ops.i0([0.0, 1.0])
        array([1., 1.2661])
    """


@elementwise(cast="common")
def imag(x: Tensor) -> Tensor:
    """The imaginary part; 0 for real numbers.

    Example:
        >>> keras.ops.imag([1 + 2j, 3 - 1j])
        array([2., -1.])
    """


@elementwise
def isfinite(x: Tensor) -> Tensor:
    """Whether an element is neither infinite nor nan.

    Example:
        >>> keras.ops.isfinite([1.0, float('inf'), float('nan')])
        array([True, False, False])
    """


@elementwise
def isinf(x: Tensor) -> Tensor:
    """Whether an element is infinite, of either sign.

    Example:
        >>> keras.ops.isinf([1.0, float('-inf')])
        array([False, True])
    """


@elementwise
def isnan(x: Tensor) -> Tensor:
    """Whether an element is not a number.

    Example:
        >>> keras.ops.isnan([1.0, float('nan')])
        array([False, True])
    """


@elementwise(primitive=False)
def isneginf(x: Tensor) -> Tensor:
    """Whether an element is minus infinity.

    Example:
        >>> keras.ops.isneginf([float('inf'), float('-inf')])
        array([False, True])
    """
    return x == -math.inf


@elementwise(primitive=False)
def isposinf(x: Tensor) -> Tensor:
    """Whether an element is plus infinity.

    Example:
        >>> keras.ops.isposinf([float('inf'), float('-inf')])
        array([True, False])
    """
    return x == math.inf


@elementwise(cast="common")
def isreal(x: Tensor) -> Tensor:
    """Whether the imaginary part is zero; true for every real number.

    Example:
        >>> keras.ops.isreal([1 + 0j, 1j])
        array([True, False])
    """


@elementwise
def log(x: Tensor) -> Tensor:
    """The natural logarithm; -inf at 0, nan below.

    Example:
        >>> keras.ops.log([1.0, 2.7182818])
        array([0., 1.])
    """


@elementwise(primitive=False)
def log10(x: Tensor) -> Tensor:
    """The logarithm to base 10.

    Example:
        >>> keras.ops.log10([1.0, 100.0])
        array([0., 2.])
    """
    return log(x) * (1.0 / math.log(10.0))


@elementwise
def log1p(x: Tensor) -> Tensor:
    """log(1 + x), exact also for small x.

    Example:
        >>> keras.ops.log1p([0.0, 1e-5])
        array([0., 9.99995e-06])
    """


@elementwise(primitive=False)
def log2(x: Tensor) -> Tensor:
    """The logarithm to base 2.

    Example:
        >>> keras.ops.log2([1.0, 8.0])
        array([0., 3.])
    """
    return log(x) * (1.0 / math.log(2.0))


@op(elementwise=True, primitive=True)
def logical_not(x: Mask) -> Tensor:
    """Whether an element is false, or zero.

    Example:
        >>> keras.ops.logical_not([True, False])
        array([False, True])
    """


@elementwise(cast="common")
def nan_to_num(
    x: Tensor,
    nan: float = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """Numbers in place of nan and the infinities; integers stay as they are.

    Args:
        x: tensor.
        nan: what stands for nan.
        posinf, neginf: what stands for the infinities; by default the largest and
            the smallest number of the type.

    Example:
        >>> keras.ops.nan_to_num([1.0, float("nan"), float("inf")], posinf=9.0)
        array([1., 0., 9.])
    """


@elementwise(cast="common")
def negative(x: Tensor) -> Tensor:
    """The number with the other sign.

    Example:
        >>> keras.ops.negative([1.0, -2.0])
        array([-1., 2.])
    """


@elementwise(primitive=False)
def rad2deg(x: Tensor) -> Tensor:
    """Radians as degrees.

    Example:
        >>> keras.ops.rad2deg([0.0, 3.14159265])
        array([0., 180.])
    """
    return x * (180 / math.pi)


@elementwise(cast="common")
def real(x: Tensor) -> Tensor:
    """The real part.

    Example:
        >>> keras.ops.real([1 + 2j, 3 - 1j])
        array([1., 3.])
    """


@elementwise(primitive=False)
def reciprocal(x: Tensor) -> Tensor:
    """1 / x.

    Example:
        >>> keras.ops.reciprocal([2.0, -4.0])
        array([0.5, -0.25])
    """
    return 1.0 / x


@elementwise(cast="common")
def round(x: Tensor, decimals: int = 0) -> Tensor:
    """The nearest number with so many decimals; halves go to the even neighbour.

    Args:
        x: tensor.
        decimals: how many digits stay after the point; negative rounds to tens,
            hundreds and so on, integers too.

    Example:
        >>> keras.ops.round([0.5, 1.5, 2.26], decimals=1)
        array([0.5, 1.5, 2.3])
    """


@elementwise(cast="common")
def sign(x: Tensor) -> Tensor:
    """-1, 0 or 1 by the sign; nan for nan.

    Example:
        >>> keras.ops.sign([-3.0, 0.0, 2.0])
        array([-1., 0., 1.])
    """


@elementwise(cast="common")
def signbit(x: Tensor) -> Tensor:
    """Whether the sign bit is set: true for -0.0, false for 0.0.

    Example:
        >>> keras.ops.signbit([-1.0, 0.0, 2.0])
        array([True, False, False])
    """


@elementwise
def sin(x: Tensor) -> Tensor:
    """The sine of an angle in radians.

    Example:
        >>> keras.ops.sin([0.0, 1.57079633])
        array([0., 1.])
    """


@elementwise(primitive=False)
def sinc(x: Tensor) -> Tensor:
    """sin(pi x) / (pi x), and 1 at 0.

    Example:
        >>> keras.ops.sinc([0.0, 0.5])
        array([1., 0.6366])
    """
    angle = x * math.pi
    zero = angle == 0
    where = current().TABLE["where"]
    # The inner choice keeps 0 / 0 out of the gradient.
    safe = where(zero, angle + 1, angle)
    return where(zero, safe, sin(safe) / safe)


@elementwise
def sinh(x: Tensor) -> Tensor:
    """The hyperbolic sine.

    Example:
        >>> keras.ops.sinh([0.0, 1.0])
        array([0., 1.1752])
    """


@elementwise
def sqrt(x: Tensor) -> Tensor:
    """The square root; nan below 0.

    Example:
        >>> keras.ops.sqrt([4.0, 2.0])
        array([2., 1.4142])
    """


@elementwise(cast=not_bool, primitive=False)
def square(x: Tensor) -> Tensor:
    """x * x.

    Example:
        >>> keras.ops.square([3.0, -2.0])
        array([9., 4.])
    """
    return x * x


@elementwise
def tan(x: Tensor) -> Tensor:
    """The tangent of an angle in radians.

    Example:
        >>> keras.ops.tan([0.0, 0.78539816])
        array([0., 1.])
    """


@elementwise
def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent, in (-1, 1).

    Example:
        >>> keras.ops.tanh([0.0, 1.0])
        array([0., 0.7616])
    """


@elementwise(cast="common")
def trunc(x: Tensor) -> Tensor:
    """The whole part: towards zero.

    Example:
        >>> keras.ops.trunc([1.8, -1.8])
        array([1., -1.])
    """


@elementwise(cast="common")
def bitwise_not(x: Tensor) -> Tensor:
    """Every bit turned over; for booleans, not.

    Example:
        >>> keras.ops.bitwise_not([0, 5])
        array([-1, -6])
    """


bitwise_invert = bitwise_not
