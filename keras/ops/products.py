"""Products of vectors and matrices, and what is built of them.

Matrices of int8 are multiplied into int32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.core.errors import check_choice, check_number, shape_error
from keras.core.op import Tensor, Tensors, op, primitive
from keras.core.scope import current
from keras.ops import reductions
from keras.ops.casts import multiplied
from keras.ops.core import shape
from keras.ops.elementwise import clip, conjugate, sqrt
from keras.ops.pairwise import not_equal, subtract
from keras.ops.shaping import flip, moveaxis, ravel, reshape, stack, transpose


@primitive(cast=multiplied)
def matmul(x1: Tensor, x2: Tensor) -> Tensor:
    """The product of matrices: shapes (..., n, k) and (..., k, m) to (..., n, m).

    The other axes broadcast. A tensor of one axis is a row at the left, a column at the
    right; the result lacks that axis.
    """


@op(name="_linear", cast="common")
def linear(x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """`x @ kernel + bias`, in one kernel where the backend has it."""
    product = matmul(x, kernel)
    return product if bias is None else product + bias


@op(cast="common")
def dot(x1: Tensor, x2: Tensor) -> Tensor:
    """The sum over the last axis of `x1` and the last but one of `x2`.

    The axes of `x1` come first in the result; with a number this is `multiply`.
    """
    if not len(x1.shape) or not len(x2.shape):
        return x1 * x2
    if len(x1.shape) <= 2 and len(x2.shape) <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, ((-1,), (-2 if len(x2.shape) > 1 else -1,)))


@op(cast="common")
def inner(x1: Tensor, x2: Tensor) -> Tensor:
    """The sum over the last axes of both."""
    if not len(x1.shape) or not len(x2.shape):
        return x1 * x2
    return tensordot(x1, x2, ((-1,), (-1,)))


@op(cast="common")
def outer(x1: Tensor, x2: Tensor) -> Tensor:
    """The matrix of every element of `x1` times every element of `x2`."""
    return reshape(x1, (-1, 1)) * reshape(x2, (1, -1))


@op(cast="common")
def vdot(x1: Tensor, x2: Tensor) -> Tensor:
    """The sum of the products of all elements; those of `x1` are conjugated."""
    return matmul(conjugate(ravel(x1)), ravel(x2))


@primitive(cast="common")
def tensordot(x1: Tensor, x2: Tensor, axes: int | Sequence[Any] = 2) -> Tensor:
    """The sum of products over several axes at once.

    `axes` says how many at the end of `x1` and the beginning of `x2`, or gives a pair
    of the axes of each. Those that are left follow one another in the result.

    Example:
        >>> keras.ops.tensordot(keras.ops.ones((2, 3)), keras.ops.ones((3, 2)), 1)
        array([[3., 3.], [3., 3.]])
    """


@primitive(name="einsum", cast=multiplied)
def _einsum(operands: Tensors, subscripts: str) -> Tensor: ...


def einsum(subscripts: str, *operands: Tensor, **kwargs: Any) -> Tensor:
    """Sums of products, written with a letter for each axis, such as "ij,jk->ik".

    Letters that the result lacks are summed over, "..." stands for axes that broadcast.

    Example:
        >>> keras.ops.einsum("ij,j->i", [[1, 2], [3, 4]], [1, 1])
        array([3, 7])
    """
    if kwargs:
        raise TypeError(f"einsum: unknown arguments {sorted(kwargs)}.")
    return _einsum(list(operands), subscripts)


@op(cast="common")
def kron(x1: Tensor, x2: Tensor) -> Tensor:
    """Kronecker's product: every element of `x1` times the whole of `x2`, as blocks.

    Example:
        >>> keras.ops.kron([1, 10], [1, 2])
        array([1, 2, 10, 20])
    """
    rank = max(len(x1.shape), len(x2.shape))
    a = [1] * (rank - len(x1.shape)) + list(shape(x1))
    b = [1] * (rank - len(x2.shape)) + list(shape(x2))
    left = reshape(x1, [n for size in a for n in (size, 1)])
    right = reshape(x2, [n for size in b for n in (1, size)])
    return reshape(left * right, [m * n for m, n in zip(a, b)])


@op(cast="common")
def cross(
    x1: Tensor,
    x2: Tensor,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Tensor:
    """The vector at right angles to two of 3 numbers, or of 2, whose third is 0.

    `axisa` and `axisb` are the axes of the vectors, `axisc` that in the result; `axis`
    is one for all three. Two vectors of 2 numbers give the third number alone.

    Example:
        >>> keras.ops.cross([1, 0, 0], [0, 1, 0])
        array([0, 0, 1])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = moveaxis(x1, axisa, -1), moveaxis(x2, axisb, -1)
    sizes = a.shape[-1], b.shape[-1]
    if not set(sizes) <= {2, 3}:
        raise ValueError(
            "cross: vectors have 2 or 3 numbers; received shapes "
            f"{tuple(x1.shape)} and {tuple(x2.shape)}, with {sizes[0]} and {sizes[1]} "
            "along their axes."
        )
    third = a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
    if sizes == (2, 2):
        return third
    a3 = a[..., 2] if sizes[0] == 3 else a[..., 0] * 0
    b3 = b[..., 2] if sizes[1] == 3 else b[..., 0] * 0
    first = a[..., 1] * b3 - a3 * b[..., 1]
    second = a3 * b[..., 0] - a[..., 0] * b3
    return stack([first, second, third], axisc)


def correlate(x1: Tensor, x2: Tensor, mode: str = "valid") -> Tensor:
    """The products of `x1` with `x2` moved along it; both have one axis.

    `mode` is "valid" where they overlap wholly; "same", as long as the longer one;
    "full" wherever they overlap.

    Example:
        >>> keras.ops.correlate([1.0, 2.0, 3.0], [0.0, 1.0])
        array([2., 3.])
    """
    check_choice(mode, ("valid", "same", "full"), "mode", "correlate")
    return _correlate(x1, x2, mode)


@op(name="correlate", cast="float")
def _correlate(x1: Tensor, x2: Tensor, mode: str) -> Tensor:
    if len(x1.shape) != 1 or len(x2.shape) != 1:
        raise shape_error("correlate: both tensors have one axis", x1, x2)
    if x1.shape[0] is not None and x1.shape[0] < (x2.shape[0] or 0):
        return flip(_correlate(conjugate(x2), conjugate(x1), mode), 0)
    n, m = shape(x1)[0], shape(x2)[0]
    before = {"valid": 0, "same": m // 2, "full": m - 1}[mode]
    after = {"valid": 0, "same": m - 1 - m // 2, "full": m - 1}[mode]
    table = current().TABLE
    x1 = table["_pad"](x1, ((before, after),), "constant", 0)
    starts = table["arange"](0, n + before + after - m + 1, 1, "int32")
    steps = table["arange"](0, m, 1, "int32")
    windows = table["take"](x1, starts[:, None] + steps[None, :], 0)
    return matmul(windows, conjugate(x2))


@op(cast="float")
def corrcoef(x: Tensor) -> Tensor:
    """Pearson's coefficients of correlation between the rows of a matrix.

    From `(variables, observations)` to `(variables, variables)`; of one axis, 1.

    Example:
        >>> keras.ops.corrcoef([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
        array([[1., -1.], [-1., 1.]])
    """
    if len(x.shape) > 2:
        raise shape_error("corrcoef: `x` has one axis or two", x)
    rows = x if len(x.shape) == 2 else x[None]
    rows = rows - reductions.mean(rows, -1, keepdims=True)
    products = matmul(rows, transpose(rows))
    scale = sqrt(current().TABLE["diagonal"](products))
    out = clip(products / scale[:, None] / scale[None, :], -1.0, 1.0)
    return out if len(x.shape) == 2 else out[0, 0]


@op(cast="common")
def diff(a: Tensor, n: int = 1, axis: int = -1) -> Tensor:
    """The differences between neighbours along an axis, taken `n` times."""
    check_number(n, "n", "diff", least=0)
    minus = not_equal if current().dtype_of(a) == "bool" else subtract
    key: list[Any] = [slice(None)] * len(a.shape)
    for _ in range(n):
        key[axis] = slice(1, None)
        after = a[tuple(key)]
        key[axis] = slice(None, -1)
        a = minus(after, a[tuple(key)])
    return a


@op(cast="float")
def trapezoid(
    y: Tensor, x: Tensor | None = None, dx: float = 1.0, axis: int = -1
) -> Tensor:
    """The integral along an axis, by the trapezoidal rule.

    `x` are the places of the values, along one axis or for each; else they are `dx`
    apart.
    """
    moved = moveaxis(y, axis, -1)
    width: Any = dx
    if x is not None:
        places = x if len(x.shape) == 1 else moveaxis(x, axis, -1)
        width = places[..., 1:] - places[..., :-1]
    return reductions.sum((moved[..., 1:] + moved[..., :-1]) * 0.5 * width, -1)


@primitive(cast="float")
def slogdet(x: Tensor) -> tuple[Tensor, Tensor]:
    """The sign of the determinant and the logarithm of its absolute value.

    Matrices `(..., n, n)` give two tensors `(...)`.
    """
