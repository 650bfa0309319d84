"""Products of vectors and matrices, and functions built from them.

Products of int8 matrices are summed as int32.
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
    """Matrix product: `(..., n, k)` and `(..., k, m)` to `(..., n, m)`.

    The other axes broadcast. A vector is a row on the left and a column on the right;
    the result does not have that axis.
    """


@op(name="_linear", cast="common")
def linear(x: Tensor, kernel: Tensor, bias: Tensor | None = None) -> Tensor:
    """Affine map: `x @ kernel + bias`, in one kernel where the backend has it."""
    product = matmul(x, kernel)
    return product if bias is None else product + bias


@op(cast="common")
def dot(x1: Tensor, x2: Tensor) -> Tensor:
    """Dot product over the last axis of `x1` and the second to last of `x2`.

    The axes of `x1` come first in the result. With a scalar it is `multiply`.
    """
    if not len(x1.shape) or not len(x2.shape):
        return x1 * x2
    if len(x1.shape) <= 2 and len(x2.shape) <= 2:
        return matmul(x1, x2)
    return tensordot(x1, x2, ((-1,), (-2 if len(x2.shape) > 1 else -1,)))


@op(cast="common")
def inner(x1: Tensor, x2: Tensor) -> Tensor:
    """Inner product over the last axes of both."""
    if not len(x1.shape) or not len(x2.shape):
        return x1 * x2
    return tensordot(x1, x2, ((-1,), (-1,)))


@op(cast="common")
def outer(x1: Tensor, x2: Tensor) -> Tensor:
    """Outer product: the matrix of every element of `x1` times every one of `x2`."""
    return reshape(x1, (-1, 1)) * reshape(x2, (1, -1))


@op(cast="common")
def vdot(x1: Tensor, x2: Tensor) -> Tensor:
    """Dot product of the flattened tensors; `x1` is conjugated."""
    return matmul(conjugate(ravel(x1)), ravel(x2))


@primitive(cast="common")
def tensordot(x1: Tensor, x2: Tensor, axes: int | Sequence[Any] = 2) -> Tensor:
    """Sum of products over several axes.

    Args:
        x1, x2: tensors.
        axes: the number of last axes of `x1` and first axes of `x2`, or a pair of lists
            of axes.

    Returns:
        A tensor with the remaining axes of `x1`, then those of `x2`.

    Example:
        >>> keras.ops.tensordot(keras.ops.ones((2, 3)), keras.ops.ones((3, 2)), 1)
        array([[3., 3.], [3., 3.]])
    """


@primitive(name="einsum", cast=multiplied)
def _einsum(operands: Tensors, subscripts: str) -> Tensor: ...


def einsum(subscripts: str, *operands: Tensor, **kwargs: Any) -> Tensor:
    """Einstein summation: sums of products, with a letter for each axis.

    Args:
        subscripts: the axes, such as "ij,jk->ik". Letters that are not in the result
            are summed over; "..." stands for axes that broadcast.
        *operands: the tensors.

    Example:
        >>> keras.ops.einsum("ij,j->i", [[1, 2], [3, 4]], [1, 1])
        array([3, 7])
    """
    if kwargs:
        raise TypeError(f"einsum: unknown arguments {sorted(kwargs)}.")
    return _einsum(list(operands), subscripts)


@op(cast="common")
def kron(x1: Tensor, x2: Tensor) -> Tensor:
    """Kronecker product: every element of `x1` times the whole of `x2`, as blocks.

    Example:
        >>> keras.ops.kron([1, 10], [1, 2])
        array([1, 2, 10, 20])
    """
    rank = max(len(x1.shape), len(x2.shape))
    sizes1 = [1] * (rank - len(x1.shape)) + list(shape(x1))
    sizes2 = [1] * (rank - len(x2.shape)) + list(shape(x2))

    # The axes in turn, so that they can be merged: (m, 1) times (1, n) is (m, n).
    left = reshape(x1, [n for size in sizes1 for n in (size, 1)])
    right = reshape(x2, [n for size in sizes2 for n in (1, size)])
    return reshape(left * right, [m * n for m, n in zip(sizes1, sizes2)])


@op(cast="common")
def cross(
    x1: Tensor,
    x2: Tensor,
    axisa: int = -1,
    axisb: int = -1,
    axisc: int = -1,
    axis: int | None = None,
) -> Tensor:
    """Cross product of vectors of 3 components, or of 2 (the third is then 0).

    Args:
        x1, x2: tensors of vectors.
        axisa, axisb: the axes of the vectors in `x1` and `x2`.
        axisc: the axis of the vectors in the result.
        axis: one axis for all three.

    Returns:
        A tensor of vectors of 3 components. Two vectors of 2 components give only the
        third one, without an axis for it.

    Raises:
        ValueError: a vector does not have 2 or 3 components.

    Example:
        >>> keras.ops.cross([1, 0, 0], [0, 1, 0])
        array([0, 0, 1])
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a = moveaxis(x1, axisa, -1)
    b = moveaxis(x2, axisb, -1)
    sizes = (a.shape[-1], b.shape[-1])
    if not set(sizes) <= {2, 3}:
        raise ValueError(
            "cross: vectors must have 2 or 3 components; received shapes "
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
    """Cross-correlation of two vectors.

    Args:
        x1, x2: tensors of rank 1.
        mode: "valid" for the positions where they overlap completely; "same" for a
            result as long as the longer one; "full" for all positions where they
            overlap.

    Raises:
        ValueError: a rank is not 1, or `mode` is not known.

    Example:
        >>> keras.ops.correlate([1.0, 2.0, 3.0], [0.0, 1.0])
        array([2., 3.])
    """
    check_choice(mode, ("valid", "same", "full"), "mode", "correlate")
    return _correlate(x1, x2, mode)


@op(name="correlate", cast="float")
def _correlate(x1: Tensor, x2: Tensor, mode: str) -> Tensor:
    if len(x1.shape) != 1 or len(x2.shape) != 1:
        raise shape_error("correlate: `x1` and `x2` must have rank 1", x1, x2)
    if x1.shape[0] is not None and x1.shape[0] < (x2.shape[0] or 0):
        return flip(_correlate(conjugate(x2), conjugate(x1), mode), 0)

    size = shape(x1)[0]
    width = shape(x2)[0]
    before = {"valid": 0, "same": width // 2, "full": width - 1}[mode]
    after = {"valid": 0, "same": width - 1 - width // 2, "full": width - 1}[mode]

    # All windows of `x1` as the rows of a matrix.
    table = current().TABLE
    x1 = table["_pad"](x1, ((before, after),), "constant", 0)
    starts = table["arange"](0, size + before + after - width + 1, 1, "int32")
    steps = table["arange"](0, width, 1, "int32")
    windows = table["take"](x1, starts[:, None] + steps[None, :], 0)
    return matmul(windows, conjugate(x2))


@op(cast="float")
def corrcoef(x: Tensor) -> Tensor:
    """Pearson correlation coefficients between the rows of a matrix.

    Args:
        x: `(variables, observations)`, or `(observations,)` for one variable.

    Returns:
        `(variables, variables)`, or the scalar 1.

    Raises:
        ValueError: the rank is more than 2.

    Example:
        >>> keras.ops.corrcoef([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])
        array([[1., -1.], [-1., 1.]])
    """
    if len(x.shape) > 2:
        raise shape_error("corrcoef: `x` must have rank 1 or 2", x)
    rows = x if len(x.shape) == 2 else x[None]
    rows = rows - reductions.mean(rows, -1, keepdims=True)

    products = matmul(rows, transpose(rows))
    scale = sqrt(current().TABLE["diagonal"](products))
    out = clip(products / scale[:, None] / scale[None, :], -1.0, 1.0)
    return out if len(x.shape) == 2 else out[0, 0]


@op(cast="common")
def diff(a: Tensor, n: int = 1, axis: int = -1) -> Tensor:
    """Differences between neighbors along an axis, taken `n` times.

    Example:
        >>> keras.ops.diff([1, 4, 9])
        array([3, 5])
    """
    check_number(n, "n", "diff", least=0)
    difference = not_equal if current().dtype_of(a) == "bool" else subtract

    key: list[Any] = [slice(None)] * len(a.shape)
    for _ in range(n):
        key[axis] = slice(1, None)
        after = a[tuple(key)]
        key[axis] = slice(None, -1)
        before = a[tuple(key)]
        a = difference(after, before)
    return a


@op(cast="float")
def trapezoid(
    y: Tensor, x: Tensor | None = None, dx: float = 1.0, axis: int = -1
) -> Tensor:
    """Integral along an axis, by the trapezoidal rule.

    Args:
        y: the values.
        x: the points at which they are, a vector or a tensor of the shape of `y`; None
            for points `dx` apart.
        dx: the distance between points.
        axis: the axis.

    Example:
        >>> keras.ops.trapezoid([1.0, 2.0, 3.0])
        array(4.)
    """
    moved = moveaxis(y, axis, -1)
    width: Any = dx
    if x is not None:
        places = x if len(x.shape) == 1 else moveaxis(x, axis, -1)
        width = places[..., 1:] - places[..., :-1]
    return reductions.sum((moved[..., 1:] + moved[..., :-1]) * 0.5 * width, -1)


@primitive(cast="float")
def slogdet(x: Tensor) -> tuple[Tensor, Tensor]:
    """Sign of the determinant, and the logarithm of its absolute value.

    Args:
        x: matrices, `(..., n, n)`.

    Returns:
        `(sign, logarithm)`, both `(...)`.
    """
