"""Linear algebra: factorizations, equations, norms."""

from __future__ import annotations

from typing import Any

import ml_dtypes

from keras.core import dtypes
from keras.core.errors import check_choice, shape_error
from keras.core.op import Tensor, kernel, op
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
_eigh = kernel("_eigh")  # values rising
_inv = kernel("_inv")
_lu_factor = kernel("_lu_factor")  # as LAPACK packs it, pivots from 0
_pinv = kernel("_pinv")  # (x, rcond)
_qr = kernel("_qr")  # (x, mode)
_solve = kernel("_solve")  # (a, b), both of one rank
_solve_triangular = kernel("_solve_triangular")  # (a, b, lower), both of one rank
_svd = kernel("_svd")  # (x, full_matrices) -> u, s, v^H
_svdvals = kernel("_svdvals")

INFINITIES = (float("inf"), float("-inf"))


def _matrix(who: str, x: Any, square: bool = False, name: str = "x") -> Any:
    """`x`, if it holds matrices."""
    dims = tuple(x.shape)
    if len(dims) < 2:
        raise ValueError(
            f"{who}: `{name}` must be a matrix or a batch of them, of rank 2 or more; "
            f"received shape {dims}."
        )
    if square and None not in dims[-2:] and dims[-2] != dims[-1]:
        raise ValueError(
            f"{who}: `{name}` must hold square matrices; received shape {dims}."
        )
    return x


def _square(who: str, x: Any) -> Any:
    return _matrix(who, x, square=True)


def _tiny(x: Any) -> float:
    """The distance from 1 to the next number, times the larger side of the matrix."""
    eps = ml_dtypes.finfo(dtypes.numpy_dtype(dtype(x))).eps
    return float(eps) * max(x.shape[-2], x.shape[-1])


@op(cast="float")
def cholesky(x: Tensor, upper: bool = False) -> Tensor:
    """The triangular factor L of a positive definite matrix, x = L L^T.

    Args:
        x: `(..., n, n)`, symmetric and positive definite.
        upper: give L^T instead.
    """
    return _cholesky(_square("cholesky", x), upper)


@op(cast="float")
def cholesky_inverse(x: Tensor, upper: bool = False) -> Tensor:
    """The inverse of L L^T, given its triangular factor.

    Args:
        x: `(..., n, n)`, L as `cholesky` gives it; only its triangle is looked at.
        upper: `x` is the upper factor.
    """
    _square("cholesky_inverse", x)
    unit = knp.broadcast_to(knp.eye(x.shape[-1], dtype=dtype(x)), shape(x))
    inverse = _solve_triangular(x, unit, not upper)
    turned = knp.swapaxes(inverse, -1, -2)
    return knp.matmul(inverse, turned) if upper else knp.matmul(turned, inverse)


@op(cast="float")
def det(x: Tensor) -> Tensor:
    """The determinant of square matrices: `(..., n, n)` to `(...)`."""
    return _det(_square("det", x))


@op(cast="float")
def logdet(x: Tensor) -> Tensor:
    """The logarithm of the determinant of positive definite matrices `(..., n, n)`."""
    factor = _cholesky(_square("logdet", x), False)
    diagonal = knp.real(knp.diagonal(factor, axis1=-2, axis2=-1))
    return 2 * knp.sum(knp.log(diagonal), axis=-1)


@op(cast="float")
def eig(x: Tensor) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of square matrices.

    Returns:
        `(values, vectors)` of `x` of shape `(..., n, n)`: complex, `(..., n)` and
        `(..., n, n)`, the columns being the vectors. On JAX this runs on the CPU only.
    """
    return _eig(_square("eig", x))


@op(cast="float")
def eigh(x: Tensor) -> tuple[Any, Any]:
    """Eigenvalues (rising) and eigenvectors of symmetric (hermitian) matrices.

    Returns:
        `(values, vectors)` of `x` of shape `(..., n, n)`: the columns of `vectors`
        belong to the values.
    """
    return _eigh(_square("eigh", x))


@op(cast="float")
def inv(x: Tensor) -> Tensor:
    """The inverse of square matrices `(..., n, n)`."""
    return _inv(_square("inv", x))


@op(cast="float")
def pinv(x: Tensor, rcond: float | None = None) -> Tensor:
    """The Moore-Penrose pseudo-inverse: `(..., m, n)`, sizes known, to `(..., n, m)`.

    Singular values up to `rcond` times the largest count as 0; by default 10 times the
    precision of the type times the larger side.
    """
    _matrix("pinv", x)
    return _pinv(x, 10 * _tiny(x) if rcond is None else float(rcond))


@op(cast="float")
def lstsq(a: Tensor, b: Tensor, rcond: float | None = None) -> Tensor:
    """The shortest x with the least ||a x - b||.

    From `a` `(m, n)` and `b` `(m,)` or `(m, k)` to `(n,)` or `(n, k)`. Singular values
    up to `rcond` times the largest count as 0; by default the precision of the type
    times the larger side.
    """
    if len(a.shape) != 2 or len(b.shape) not in (1, 2) or a.shape[0] != b.shape[0]:
        raise shape_error(
            "lstsq: needs `a` of shape (m, n) and `b` of shape (m,) or (m, k)", a, b
        )
    return knp.matmul(_pinv(a, _tiny(a) if rcond is None else float(rcond)), b)


@op(cast="float")
def matrix_rank(x: Tensor, tol: float | None = None) -> Tensor:
    """How many singular values are above `tol`: `(..., m, n)` to integers `(...)`.

    By default that is the largest times the precision of the type times the larger
    side.
    """
    values = _svdvals(_matrix("matrix_rank", x))
    limit = knp.max(values, axis=-1, keepdims=True) * _tiny(x) if tol is None else tol
    return knp.sum(cast(values > limit, "int32"), axis=-1)


@op(cast="float")
def lu_factor(x: Tensor) -> tuple[Any, Any]:
    """The LU factorization of matrices `(..., n, n)` with partial pivoting.

    Returns:
        `(lu, pivots)`: L below the diagonal (ones on it left out) and U in one matrix,
        and for each row, in turn, the row it was exchanged with (int32).
    """
    return _lu_factor(_square("lu_factor", x))


@op(cast="float")
def qr(x: Tensor, mode: str = "reduced") -> tuple[Any, Any]:
    """x = Q R with orthonormal columns in Q and R upper triangular.

    Args:
        x: `(..., m, n)`.
        mode: "reduced": Q is `(..., m, k)`, R `(..., k, n)`, k = min(m, n);
            "complete": Q is `(..., m, m)`, R `(..., m, n)`.
    """
    check_choice(mode, ("reduced", "complete"), "mode", "qr")
    return _qr(_matrix("qr", x), mode)


@op(cast="float")
def svd(x: Tensor, full_matrices: bool = True, compute_uv: bool = True) -> Any:
    """The singular value decomposition x = u diag(s) vh.

    Args:
        x: `(..., m, n)`.
        full_matrices: u is `(..., m, m)` and vh `(..., n, n)`; else with min(m, n)
            columns and rows.
        compute_uv: False gives s alone.

    Returns:
        `(u, s, vh)`, or `s`; s falls.
    """
    _matrix("svd", x)
    return _svd(x, full_matrices) if compute_uv else _svdvals(x)


def _equations(who: str, a: Any, b: Any) -> tuple[Any, Any]:
    """`b` as matrices of columns, checked, and whether it was one column."""
    _matrix(who, a, square=True, name="a")
    size, rank = a.shape[-1], len(a.shape)
    column = len(b.shape) == rank - 1
    rows = b.shape[-1 if column else -2] if column or len(b.shape) == rank else -1
    if rows != size and (rows == -1 or None not in (rows, size)):
        raise ValueError(
            f"{who}: `b` of shape {tuple(b.shape)} does not fit matrices of shape "
            f"{tuple(a.shape)}: it needs shape (..., {size}) or (..., {size}, k)."
        )
    return knp.expand_dims(b, -1) if column else b, column


@op(cast="float")
def solve(a: Tensor, b: Tensor) -> Tensor:
    """x with a x = b, for a `(..., n, n)` and b `(..., n)` or `(..., n, k)`."""
    b, column = _equations("solve", a, b)
    return knp.squeeze(_solve(a, b), -1) if column else _solve(a, b)


@op(cast="float")
def solve_triangular(a: Tensor, b: Tensor, lower: bool = False) -> Tensor:
    """x with a x = b for triangular a, `lower` or upper; see `solve`."""
    b, column = _equations("solve_triangular", a, b)
    out = _solve_triangular(a, b, lower)
    return knp.squeeze(out, -1) if column else out


@op(cast="float")
def norm(
    x: Tensor,
    ord: int | float | str | None = None,
    axis: int | tuple[int, ...] | None = None,
    keepdims: bool = False,
) -> Tensor:
    """The norm of vectors or matrices.

    Args:
        ord: of vectors any number, `inf`, `-inf` or 0 (how many are not 0); of matrices
            "fro", "nuc", 1, -1, 2, -2, `inf`, `-inf`. None: the root of the sum of
            squares.
        axis: one axis for vectors, two for matrices; None for all.
        keepdims: keep the axes, at size 1.
    """
    rank = len(x.shape)
    given = range(rank) if axis is None else [axis] if isinstance(axis, int) else axis
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
        f"norm: there is no norm ord={ord!r} over {len(axes)} axes (axis={axis!r}, "
        f"input of shape {tuple(x.shape)}). Vectors take a number, matrices 'fro', "
        "'nuc', 1, -1, 2, -2, inf or -inf."
    )


def _vector_norm(size: Any, ord: Any, axis: int, keepdims: bool) -> Any:
    if ord in INFINITIES:
        reduce = knp.max if ord > 0 else knp.min
        return reduce(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return knp.sum(cast(size != 0, dtype(size)), axis=axis, keepdims=keepdims)
    if ord == 1:
        return knp.sum(size, axis=axis, keepdims=keepdims)
    total = knp.sum(knp.power(size, float(ord)), axis=axis, keepdims=keepdims)
    return knp.power(total, 1.0 / ord)


def _matrix_norm(x: Any, ord: Any, axes: tuple, keepdims: bool) -> Any:
    allowed = (None, "fro", "nuc", 1, -1, 2, -2, *INFINITIES)
    check_choice(ord, allowed, "ord", "norm (of matrices)")
    row, column = axes
    if ord in ("nuc", 2, -2):
        values = _svdvals(knp.moveaxis(x, axes, (-2, -1)))
        reduce: Any = {"nuc": knp.sum, 2: knp.max, -2: knp.min}[ord]
        out = reduce(values, axis=-1)
    else:
        first, last = (row, column) if ord in (1, -1) else (column, row)
        sums = knp.sum(knp.absolute(x), axis=first, keepdims=True)
        reduce = knp.max if ord > 0 else knp.min
        out = knp.squeeze(reduce(sums, axis=last, keepdims=True), axes)
    return knp.expand_dims(out, sorted(axes)) if keepdims else out
