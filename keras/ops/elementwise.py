"""Mathematics of one tensor, element by element.

Where the result is real, integers and booleans become floats of type `floatx()`.
"""

from __future__ import annotations

import math

from keras.core.op import Mask, Tensor, elementwise, kernel, op
from keras.ops.casts import not_bool

_where = kernel("where")


@elementwise(cast="common")
def absolute(x: Tensor) -> Tensor:
    """Absolute value; the modulus of complex numbers."""


abs = absolute


@elementwise
def angle(x: Tensor) -> Tensor:
    """Angle of a complex number in radians; 0 or pi for real numbers."""


@elementwise
def arccos(x: Tensor) -> Tensor:
    """Inverse cosine, in [0, pi]; nan outside [-1, 1]."""


@elementwise
def arccosh(x: Tensor) -> Tensor:
    """Inverse hyperbolic cosine; nan below 1."""


@elementwise
def arcsin(x: Tensor) -> Tensor:
    """Inverse sine, in [-pi/2, pi/2]; nan outside [-1, 1]."""


@elementwise
def arcsinh(x: Tensor) -> Tensor:
    """Inverse hyperbolic sine."""


@elementwise
def arctan(x: Tensor) -> Tensor:
    """Inverse tangent, in [-pi/2, pi/2]."""


@elementwise
def arctanh(x: Tensor) -> Tensor:
    """Inverse hyperbolic tangent; nan outside [-1, 1]."""


@elementwise
def cbrt(x: Tensor) -> Tensor:
    """Cube root, also of negative numbers."""


@elementwise
def ceil(x: Tensor) -> Tensor:
    """Ceiling: the smallest integer that is not below the element, as a float."""


@elementwise(cast=not_bool)
def clip(x: Tensor, x_min: Tensor | None, x_max: Tensor | None) -> Tensor:
    """Clip to the range from `x_min` to `x_max`; None is no bound."""


@elementwise(cast="common")
def conjugate(x: Tensor) -> Tensor:
    """Complex conjugate; real numbers stay as they are."""


conj = conjugate


@elementwise(cast="common")
def copy(x: Tensor) -> Tensor:
    """Copy: a new tensor with the same elements."""


@elementwise
def cos(x: Tensor) -> Tensor:
    """Cosine of an angle in radians."""


@elementwise
def cosh(x: Tensor) -> Tensor:
    """Hyperbolic cosine."""


@elementwise(primitive=False)
def deg2rad(x: Tensor) -> Tensor:
    """Degrees to radians."""
    return x * (math.pi / 180)


@elementwise
def exp(x: Tensor) -> Tensor:
    """Exponential: e ** x."""


@elementwise(primitive=False)
def exp2(x: Tensor) -> Tensor:
    """Power of two: 2 ** x."""
    return 2.0**x


@elementwise
def expm1(x: Tensor) -> Tensor:
    """exp(x) - 1, exact also for small x."""


@elementwise(primitive=False)
def fabs(x: Tensor) -> Tensor:
    """Absolute value, as a float."""
    return absolute(x)


@elementwise
def floor(x: Tensor) -> Tensor:
    """Floor: the largest integer that is not above the element, as a float."""


@elementwise
def i0(x: Tensor) -> Tensor:
    """Modified Bessel function of the first kind, of order 0."""


@elementwise(cast="common")
def imag(x: Tensor) -> Tensor:
    """Imaginary part; 0 for real numbers."""


@elementwise
def isfinite(x: Tensor) -> Tensor:
    """Whether an element is neither infinite nor nan."""


@elementwise
def isinf(x: Tensor) -> Tensor:
    """Whether an element is infinite, of either sign."""


@elementwise
def isnan(x: Tensor) -> Tensor:
    """Whether an element is not a number."""


@elementwise(primitive=False)
def isneginf(x: Tensor) -> Tensor:
    """Whether an element is minus infinity."""
    return x == -math.inf


@elementwise(primitive=False)
def isposinf(x: Tensor) -> Tensor:
    """Whether an element is plus infinity."""
    return x == math.inf


@elementwise(cast="common")
def isreal(x: Tensor) -> Tensor:
    """Whether the imaginary part is zero; true for every real number."""


@elementwise
def log(x: Tensor) -> Tensor:
    """Natural logarithm; -inf at 0, nan below."""


@elementwise(primitive=False)
def log10(x: Tensor) -> Tensor:
    """Logarithm to base 10."""
    return log(x) * (1.0 / math.log(10.0))


@elementwise
def log1p(x: Tensor) -> Tensor:
    """log(1 + x), exact also for small x."""


@elementwise(primitive=False)
def log2(x: Tensor) -> Tensor:
    """Logarithm to base 2."""
    return log(x) * (1.0 / math.log(2.0))


@op(elementwise=True, primitive=True)
def logical_not(x: Mask) -> Tensor:
    """Whether an element is false, or zero."""


@elementwise(cast="common")
def nan_to_num(
    x: Tensor,
    nan: float = 0.0,
    posinf: float | None = None,
    neginf: float | None = None,
) -> Tensor:
    """Replace nan and infinities by numbers; integers stay as they are.

    Args:
        x: a tensor.
        nan: the number for nan.
        posinf, neginf: the numbers for the infinities; by default the largest and the
            smallest number of the type.
    """


@elementwise(cast="common")
def negative(x: Tensor) -> Tensor:
    """Negation: -x."""


@elementwise(primitive=False)
def rad2deg(x: Tensor) -> Tensor:
    """Radians to degrees."""
    return x * (180 / math.pi)


@elementwise(cast="common")
def real(x: Tensor) -> Tensor:
    """Real part."""


@elementwise(primitive=False)
def reciprocal(x: Tensor) -> Tensor:
    """Reciprocal: 1 / x."""
    return 1.0 / x


@elementwise(cast="common")
def round(x: Tensor, decimals: int = 0) -> Tensor:
    """Round to a number of decimals; halves go to the even neighbor.

    Negative `decimals` round to tens, hundreds and so on, also for integers.
    """


@elementwise(cast="common")
def sign(x: Tensor) -> Tensor:
    """Sign: -1, 0 or 1; nan for nan."""


@elementwise(cast="common")
def signbit(x: Tensor) -> Tensor:
    """Whether the sign bit is set: true for -0.0, false for 0.0."""


@elementwise
def sin(x: Tensor) -> Tensor:
    """Sine of an angle in radians."""


@elementwise(primitive=False)
def sinc(x: Tensor) -> Tensor:
    """Normalized sinc: sin(pi x) / (pi x), and 1 at 0."""
    angle = x * math.pi
    zero = angle == 0
    # The inner choice keeps 0 / 0 out of the gradient.
    safe = _where(zero, angle + 1, angle)
    return _where(zero, safe, sin(safe) / safe)


@elementwise
def sinh(x: Tensor) -> Tensor:
    """Hyperbolic sine."""


@elementwise
def sqrt(x: Tensor) -> Tensor:
    """Square root; nan below 0."""


@elementwise(cast=not_bool, primitive=False)
def square(x: Tensor) -> Tensor:
    """Square: x * x."""
    return x * x


@elementwise
def tan(x: Tensor) -> Tensor:
    """Tangent of an angle in radians."""


@elementwise
def tanh(x: Tensor) -> Tensor:
    """Hyperbolic tangent, in (-1, 1)."""


@elementwise(cast="common")
def trunc(x: Tensor) -> Tensor:
    """Truncation: round towards zero."""


@elementwise(cast="common")
def bitwise_not(x: Tensor) -> Tensor:
    """Bitwise not; the logical one for booleans."""


bitwise_invert = bitwise_not
