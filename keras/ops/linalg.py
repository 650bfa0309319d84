"""Linear algebra: factorizations, equations, norms."""

from __future__ import annotations

from typing import Any

import ml_dtypes

from keras.core import dtypes
from keras.core.errors import check_choice, shape_error, shapes_fit
from keras.core.op import Tensor, kernel, op
from keras.core.typing import Axis
from keras.ops import numpy as knp
from keras.ops.autodiff import jvp
from keras.ops.core import cast, check_axis, dtype, shape

__all__ = [
    "cholesky",
    "cholesky_inverse",
    "det",
    "eig",
    "eigh",
    "inv",
    "jvp",
    "lstsq",
    "lu_factor",
    "matrix_rank",
    "norm",
    "pinv",
    "qr",
    "solve",
    "solve_triangular",
    "svd",
]

_cholesky = kernel("_cholesky")  # (x, upper)
_det = kernel("_det")
_eig = kernel("_eig")
_eigh = kernel("_eigh")  # values in ascending order
_inv = kernel("_inv")
_lu_factor = kernel("_lu_factor")  # as LAPACK packs it, pivots from 0
_pinv = kernel("_pinv")  # (x, rcond)
_qr = kernel("_qr")  # (x, mode)
_solve = kernel("_solve")  # (a, b), both of one rank
_solve_triangular = kernel("_solve_triangular")  # (a, b, lower), both of one rank
_svd = kernel("_svd")  # (x, full_matrices) -> u, s, v^H
_svdvals = kernel("_svdvals")

INFINITIES = (float("inf"), float("-inf"))


def _check_matrix(who: str, x: Any, square: bool = False, name: str = "x") -> Any:
    """`x` if it is a matrix or a batch of matrices, else a ValueError."""
    dims = tuple(x.shape)
    if len(dims) < 2:
        raise shape_error(
            f"{who}: `{name}` must be a matrix or a batch of matrices, of rank 2 or "
            "more",
            x,
        )
    if square and None not in dims[-2:] and dims[-2] != dims[-1]:
        raise shape_error(
            f"{who}: `{name}` must be a square matrix or a batch of them", x
        )
    return x


def _check_square(who: str, x: Any) -> Any:
    return _check_matrix(who, x, square=True)


def _relative_tolerance(x: Any) -> float:
    """The precision of the type times the larger side of the matrix."""
    eps = ml_dtypes.finfo(dtypes.numpy_dtype(dtype(x))).eps
    return float(eps) * max(x.shape[-2], x.shape[-1])


@op(cast="float")
def cholesky(x: Tensor, upper: bool = False) -> Tensor:
    """Cholesky factor of a positive definite matrix: L with x = L L^T.

    Args:
        x: `(..., n, n)`, symmetric and positive definite.
        upper: whether to return L^T, which is upper triangular, instead.

    Example:
        >>> keras.ops.cholesky([[4.0, 2.0], [2.0, 5.0]])
        array([[2., 0.], [1., 2.]])
    """
    return _cholesky(_check_square("cholesky", x), upper)


@op(cast="float")
def cholesky_inverse(x: Tensor, upper: bool = False) -> Tensor:
    """Inverse of L L^T, from the Cholesky factor.

    Args:
        x: `(..., n, n)`, L as `cholesky` returns it; only its triangle is read.
        upper: whether `x` is the upper factor L^T.
    """
    _check_square("cholesky_inverse", x)
    identity = knp.broadcast_to(knp.eye(x.shape[-1], dtype=dtype(x)), shape(x))
    inverse = _solve_triangular(x, identity, not upper)
    transposed = knp.swapaxes(inverse, -1, -2)
    if upper:
        return knp.matmul(inverse, transposed)
    return knp.matmul(transposed, inverse)


@op(cast="float")
def det(x: Tensor) -> Tensor:
    """Determinant of square matrices: `(..., n, n)` to `(...)`."""
    return _det(_check_square("det", x))


@op(cast="float")
def logdet(x: Tensor) -> Tensor:
    """Logarithm of the determinant of positive definite matrices `(..., n, n)`."""
    factor = _cholesky(_check_square("logdet", x), False)
    diagonal = knp.real(knp.diagonal(factor, axis1=-2, axis2=-1))
    return 2 * knp.sum(knp.log(diagonal), axis=-1)


@op(cast="float")
def eig(x: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of square matrices.

    Args:
        x: `(..., n, n)`. JAX computes this on the CPU only.

    Returns:
        `(values, vectors)`, both complex: `(..., n)`, and `(..., n, n)` with the
        vectors as columns.
    """
    return _eig(_check_square("eig", x))


@op(cast="float")
def eigh(x: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues and eigenvectors of symmetric (Hermitian) matrices.

    Args:
        x: `(..., n, n)`.

    Returns:
        `(values, vectors)`: `(..., n)` in ascending order, and `(..., n, n)` with the
        vectors as columns.
    """
    return _eigh(_check_square("eigh", x))


@op(cast="float")
def inv(x: Tensor) -> Tensor:
    """Inverse of square matrices `(..., n, n)`."""
    return _inv(_check_square("inv", x))


@op(cast="float")
def pinv(x: Tensor, rcond: float | None = None) -> Tensor:
    """Moore-Penrose pseudo-inverse.

    Args:
        x: `(..., m, n)`, of known sizes.
        rcond: singular values up to `rcond` times the largest count as 0; by default 10
            times the precision of the type times the larger side.

    Returns:
        `(..., n, m)`.
    """
    _check_matrix("pinv", x)
    return _pinv(x, 10 * _relative_tolerance(x) if rcond is None else float(rcond))


@op(cast="float")
def lstsq(a: Tensor, b: Tensor, rcond: float | None = None) -> Tensor:
    """Least squares: the shortest x with the least ||a x - b||.

    Args:
        a: `(m, n)`.
        b: `(m,)` or `(m, k)`.
        rcond: singular values up to `rcond` times the largest count as 0; by default
            the precision of the type times the larger side.

    Returns:
        `(n,)` or `(n, k)`.

    Raises:
        ValueError: the shapes do not fit.
    """
    if len(a.shape) != 2 or len(b.shape) not in (1, 2) or a.shape[0] != b.shape[0]:
        raise shape_error(
            "lstsq: `a` must have shape (m, n) and `b` (m,) or (m, k)", a, b
        )
    tolerance = _relative_tolerance(a) if rcond is None else float(rcond)
    return knp.matmul(_pinv(a, tolerance), b)


@op(cast="float")
def matrix_rank(x: Tensor, tol: float | None = None) -> Tensor:
    """Rank of matrices: the number of singular values above a tolerance.

    Args:
        x: `(..., m, n)`.
        tol: the tolerance, by default the largest singular value times the precision of
            the type times the larger side.

    Returns:
        int32, `(...)`.
    """
    values = _svdvals(_check_matrix("matrix_rank", x))
    tolerance: Any = tol
    if tol is None:
        largest = knp.max(values, axis=-1, keepdims=True)
        tolerance = largest * _relative_tolerance(x)
    return knp.sum(cast(values > tolerance, "int32"), axis=-1)


@op(cast="float")
def lu_factor(x: Tensor) -> tuple[Tensor, Tensor]:
    """LU factorization with partial pivoting.

    Args:
        x: `(..., n, n)`.

    Returns:
        `(lu, pivots)`. `lu` `(..., n, n)` has U, and below the diagonal L without its
        ones. `pivots` `(..., n)`, int32, has for each row in turn the row it was
        exchanged with.
    """
    return _lu_factor(_check_square("lu_factor", x))


@op(cast="float")
def qr(x: Tensor, mode: str = "reduced") -> tuple[Tensor, Tensor]:
    """QR factorization: x = Q R, with orthonormal columns in Q and R upper triangular.

    Args:
        x: `(..., m, n)`.
        mode: "reduced" or "complete".

    Returns:
        `(q, r)`: `(..., m, k)` and `(..., k, n)`, where k is min(m, n) with "reduced"
        and m with "complete".
    """
    check_choice(mode, ("reduced", "complete"), "mode", "qr")
    return _qr(_check_matrix("qr", x), mode)


@op(cast="float")
def svd(x: Tensor, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """Singular value decomposition: x = u diag(s) vh.

    Args:
        x: `(..., m, n)`.
        full_matrices: whether u is `(..., m, m)` and vh `(..., n, n)`; False leaves
            min(m, n) columns and rows.
        compute_uv: whether to compute u and vh.

    Returns:
        `(u, s, vh)`, or `s` alone; s is in descending order.
    """
    _check_matrix("svd", x)
    return _svd(x, full_matrices) if compute_uv else _svdvals(x)


def _as_columns(who: str, a: Any, b: Any) -> tuple[Any, bool]:
    """The right side `b` as matrices of columns, and whether it was one column."""
    _check_matrix(who, a, square=True, name="a")
    size = a.shape[-1]
    is_vector = len(b.shape) == len(a.shape) - 1
    rows = b.shape[-1:] if is_vector else b.shape[-2:-1]
    if len(b.shape) not in (len(a.shape) - 1, len(a.shape)) or not shapes_fit(
        rows, (size,)
    ):
        raise ValueError(
            f"{who}: `b` must have shape (..., {size}) or (..., {size}, k) for "
            f"matrices `a` of shape {tuple(a.shape)}; received shape {tuple(b.shape)}."
        )
    return knp.expand_dims(b, -1) if is_vector else b, is_vector


@op(cast="float")
def solve(a: Tensor, b: Tensor) -> Tensor:
    """Solve the linear equations a x = b.

    Args:
        a: `(..., n, n)`.
        b: `(..., n)` or `(..., n, k)`.

    Returns:
        x, of the shape of `b`.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> keras.ops.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
        array([1., 0.5])
    """
    b, is_vector = _as_columns("solve", a, b)
    x = _solve(a, b)
    return knp.squeeze(x, -1) if is_vector else x


@op(cast="float")
def solve_triangular(a: Tensor, b: Tensor, lower: bool = False) -> Tensor:
    """Solve a x = b for triangular a, which is `lower` or upper; see `solve`."""
    b, is_vector = _as_columns("solve_triangular", a, b)
    x = _solve_triangular(a, b, lower)
    return knp.squeeze(x, -1) if is_vector else x


@op(cast="float")
def norm(
    x: Tensor,
    ord: int | float | str | None = None,
    axis: Axis = None,
    keepdims: bool = False,
) -> Tensor:
    """Norm of vectors or matrices.

    Args:
        x: a tensor.
        ord: the order. For vectors a number, `inf`, `-inf`, or 0 for the number of
            elements that are not 0; for matrices "fro", "nuc", 1, -1, 2, -2, `inf` or
            `-inf`. None is the root of the sum of squares.
        axis: one axis for vectors, two for matrices; None for all.
        keepdims: whether the reduced axes stay, with size 1.

    Raises:
        ValueError: there is no such norm over that number of axes.

    Example:
        >>> keras.ops.norm([[3.0, 4.0], [0.0, 1.0]], axis=1)
        array([5., 1.])
    """
    rank = len(x.shape)
    if axis is None:
        axes = tuple(range(rank))
    else:
        given = [axis] if isinstance(axis, int) else axis
        axes = tuple(check_axis(a, rank, "norm") for a in given)
    if len(set(axes)) < len(axes):
        raise ValueError(f"norm: the two axes must differ; received axis={axis!r}.")

    if ord is None or (ord, len(axes)) in ((2, 1), ("fro", 2)):
        squares = knp.square(knp.absolute(x))
        return knp.sqrt(knp.sum(squares, axis=axes, keepdims=keepdims))
    if len(axes) == 1 and not isinstance(ord, str):
        return _vector_norm(knp.absolute(x), ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)

    raise ValueError(
        f"norm: `ord` must be a number for vectors, and 'fro', 'nuc', 1, -1, 2, -2, "
        f"inf or -inf for matrices; received ord={ord!r} for {len(axes)} axes "
        f"(axis={axis!r}, input of shape {tuple(x.shape)})."
    )


def _vector_norm(magnitudes: Any, ord: Any, axis: int, keepdims: bool) -> Any:
    """(sum |x|^p)^(1/p), and its limits."""
    if ord in INFINITIES:
        reduce = knp.max if ord > 0 else knp.min
        return reduce(magnitudes, axis=axis, keepdims=keepdims)
    if ord == 0:
        nonzero = cast(magnitudes != 0, dtype(magnitudes))
        return knp.sum(nonzero, axis=axis, keepdims=keepdims)
    if ord == 1:
        return knp.sum(magnitudes, axis=axis, keepdims=keepdims)

    total = knp.sum(knp.power(magnitudes, float(ord)), axis=axis, keepdims=keepdims)
    return knp.power(total, 1.0 / ord)


def _matrix_norm(x: Any, ord: Any, axes: tuple, keepdims: bool) -> Any:
    """A reduction of the singular values, or of sums of rows (inf) or columns (1)."""
    allowed = (None, "fro", "nuc", 1, -1, 2, -2, *INFINITIES)
    check_choice(ord, allowed, "ord", "norm (of matrices)")

    if ord in ("nuc", 2, -2):
        values = _svdvals(knp.moveaxis(x, axes, (-2, -1)))
        reduce: Any = {"nuc": knp.sum, 2: knp.max, -2: knp.min}[ord]
        out = reduce(values, axis=-1)
    else:
        row, column = axes
        summed, reduced = (row, column) if ord in (1, -1) else (column, row)
        sums = knp.sum(knp.absolute(x), axis=summed, keepdims=True)
        reduce = knp.max if ord > 0 else knp.min
        out = knp.squeeze(reduce(sums, axis=reduced, keepdims=True), axes)
    return knp.expand_dims(out, sorted(axes)) if keepdims else out
