"""Linear algebra: factorizations, equations, norms."""

from __future__ import annotations

from typing import Any

import ml_dtypes

from keras.core import dtypes
from keras.core.errors import check_choice
from keras.core.op import Tensor, op, primitive
from keras.ops.autodiff import jvp
from keras.ops.core import check_axis, dtype

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


def _matrix(who: str, x: Any, square: bool = True, name: str = "x") -> None:
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


def _tiny(x: Any) -> float:
    """The distance from 1 to the next number, times the larger side of the matrix."""
    eps = ml_dtypes.finfo(dtypes.numpy_dtype(dtype(x))).eps
    return float(eps) * max(x.shape[-2], x.shape[-1])


@primitive
def _cholesky(x: Tensor, upper: bool) -> Tensor:
    """The triangular factor."""


@op(cast="float")
def cholesky(x: Tensor, upper: bool = False) -> Tensor:
    """The triangular factor L of a positive definite matrix, x = L L^T.

    Args:
        x: `(..., n, n)`, symmetric and positive definite.
        upper: give L^T instead.

    Raises:
        ValueError: the matrices are not square.
    """
    _matrix("cholesky", x)
    return _cholesky(x, upper)


@op(cast="float")
def cholesky_inverse(x: Tensor, upper: bool = False) -> Tensor:
    """The inverse of L L^T, given its triangular factor.

    Args:
        x: `(..., n, n)`, L as `cholesky` gives it; only its triangle is looked at.
        upper: `x` is the upper factor.
    """
    from keras.ops.numpy import eye, matmul, swapaxes

    _matrix("cholesky_inverse", x)
    unit = eye(x.shape[-1], dtype=dtype(x))
    inverse = solve_triangular(x, _like_batch(unit, x), lower=not upper)
    turned = swapaxes(inverse, -1, -2)
    return matmul(inverse, turned) if upper else matmul(turned, inverse)


def _like_batch(matrix: Any, x: Any) -> Any:
    from keras.ops.core import shape
    from keras.ops.numpy import broadcast_to

    if len(x.shape) == 2:
        return matrix
    return broadcast_to(matrix, (*shape(x)[:-2], *matrix.shape))


@primitive
def _det(x: Tensor) -> Tensor:
    """The determinant."""


@op(cast="float")
def det(x: Tensor) -> Tensor:
    """The determinant of square matrices: `(..., n, n)` to `(...)`."""
    _matrix("det", x)
    return _det(x)


@op(cast="float")
def logdet(x: Tensor) -> Tensor:
    """The logarithm of the determinant of positive definite matrices.

    Args:
        x: `(..., n, n)`, symmetric (hermitian) and positive definite.
    """
    from keras.ops.numpy import diagonal, log, real, sum

    _matrix("logdet", x)
    factor = diagonal(_cholesky(x, False), axis1=-2, axis2=-1)
    return 2 * sum(log(real(factor)), axis=-1)


@primitive
def _eig(x: Tensor) -> tuple[Any, Any]:
    """Eigenvalues and right eigenvectors, complex."""


@op(cast="float")
def eig(x: Tensor) -> tuple[Any, Any]:
    """Eigenvalues and eigenvectors of square matrices.

    Args:
        x: `(..., n, n)`.

    Returns:
        `(values, vectors)`, complex, `(..., n)` and `(..., n, n)`: the columns are the
        vectors. On JAX this runs on the CPU only.
    """
    _matrix("eig", x)
    return _eig(x)


@primitive
def _eigh(x: Tensor) -> tuple[Any, Any]:
    """Of symmetric matrices, values rising."""


@op(cast="float")
def eigh(x: Tensor) -> tuple[Any, Any]:
    """Eigenvalues (rising) and eigenvectors of symmetric (hermitian) matrices.

    Args:
        x: `(..., n, n)`.

    Returns:
        `(values, vectors)`: the columns of `vectors` belong to the values.
    """
    _matrix("eigh", x)
    return _eigh(x)


@primitive
def _inv(x: Tensor) -> Tensor:
    """The inverse."""


@op(cast="float")
def inv(x: Tensor) -> Tensor:
    """The inverse of square matrices `(..., n, n)`."""
    _matrix("inv", x)
    return _inv(x)


@primitive
def _pinv(x: Tensor, rcond: float) -> Tensor:
    """The pseudo-inverse."""


@op(cast="float")
def pinv(x: Tensor, rcond: float | None = None) -> Tensor:
    """The Moore-Penrose pseudo-inverse: `(..., m, n)` to `(..., n, m)`.

    Args:
        x: matrices of known size.
        rcond: singular values up to `rcond` times the largest count as 0; by default 10
            times the precision of the type times the larger side.
    """
    _matrix("pinv", x, square=False)
    return _pinv(x, 10 * _tiny(x) if rcond is None else float(rcond))


@op(cast="float")
def lstsq(a: Tensor, b: Tensor, rcond: float | None = None) -> Tensor:
    """The shortest x with the least ||a x - b||.

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
    from keras.ops.numpy import matmul

    if len(a.shape) != 2 or len(b.shape) not in (1, 2) or a.shape[0] != b.shape[0]:
        raise ValueError(
            "lstsq: needs `a` of shape (m, n) and `b` of shape (m,) or (m, k); "
            f"received {tuple(a.shape)} and {tuple(b.shape)}."
        )
    return matmul(_pinv(a, _tiny(a) if rcond is None else float(rcond)), b)


@op(cast="float")
def matrix_rank(x: Tensor, tol: float | None = None) -> Tensor:
    """How many singular values are not 0.

    Args:
        x: `(..., m, n)`.
        tol: up to which value one counts as 0; by default the largest times the
            precision of the type times the larger side.

    Returns:
        Integers of shape `(...)`.
    """
    from keras.ops.core import cast
    from keras.ops.numpy import max, sum

    _matrix("matrix_rank", x, square=False)
    values = _svdvals(x)
    limit = max(values, axis=-1, keepdims=True) * _tiny(x) if tol is None else tol
    return sum(cast(values > limit, "int32"), axis=-1)


@primitive
def _lu_factor(x: Tensor) -> tuple[Any, Any]:
    """LU with partial pivoting, as LAPACK packs it, pivots from 0."""


@op(cast="float")
def lu_factor(x: Tensor) -> tuple[Any, Any]:
    """The LU factorization with partial pivoting.

    Args:
        x: `(..., n, n)`.

    Returns:
        `(lu, pivots)`: L below the diagonal (ones on it left out) and U in one matrix,
        and for each row, in turn, the row it was exchanged with (int32).
    """
    _matrix("lu_factor", x)
    return _lu_factor(x)


@primitive
def _qr(x: Tensor, mode: str) -> tuple[Any, Any]:
    """QR."""


@op(cast="float")
def qr(x: Tensor, mode: str = "reduced") -> tuple[Any, Any]:
    """x = Q R with orthonormal columns in Q and R upper triangular.

    Args:
        x: `(..., m, n)`.
        mode: "reduced": Q is `(..., m, k)`, R `(..., k, n)`, k = min(m, n);
            "complete": Q is `(..., m, m)`, R `(..., m, n)`.
    """
    _matrix("qr", x, square=False)
    check_choice(mode, ("reduced", "complete"), "mode", "qr")
    return _qr(x, mode)


@primitive
def _svd(x: Tensor, full_matrices: bool) -> tuple[Any, Any, Any]:
    """u, s, v^H."""


@primitive
def _svdvals(x: Tensor) -> Tensor:
    """The singular values."""


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
    _matrix("svd", x, square=False)
    return _svd(x, full_matrices) if compute_uv else _svdvals(x)


@primitive
def _solve(a: Tensor, b: Tensor) -> Tensor:
    """x with a x = b, both of one rank."""


@primitive
def _solve_triangular(a: Tensor, b: Tensor, lower: bool) -> Tensor:
    """x with a x = b, of a triangle of a, both of one rank."""


def _equations(who: str, a: Any, b: Any, solver: Any) -> Any:
    """Check; one right-hand side is a matrix of one column."""
    from keras.ops.numpy import expand_dims, squeeze

    _matrix(who, a, name="a")
    column = len(b.shape) == len(a.shape) - 1
    rows = b.shape[-1 if column else -2] if len(b.shape) > (not column) else None
    if (
        not column
        and len(b.shape) != len(a.shape)
        or (None not in (rows, a.shape[-1]) and rows != a.shape[-1])
    ):
        raise ValueError(
            f"{who}: `b` of shape {tuple(b.shape)} does not fit matrices of shape "
            f"{tuple(a.shape)}: it needs shape (..., {a.shape[-1]}) or "
            f"(..., {a.shape[-1]}, k)."
        )
    if column:
        return squeeze(solver(a, expand_dims(b, -1)), -1)
    return solver(a, b)


@op(cast="float")
def solve(a: Tensor, b: Tensor) -> Tensor:
    """x with a x = b.

    Args:
        a: `(..., n, n)`.
        b: `(..., n)` or `(..., n, k)`.

    Raises:
        ValueError: the shapes do not fit.

    Example:
        >>> keras.ops.solve([[2.0, 0.0], [0.0, 4.0]], [2.0, 2.0])
        array([1. , 0.5])
    """
    return _equations("solve", a, b, _solve)


@op(cast="float")
def solve_triangular(a: Tensor, b: Tensor, lower: bool = False) -> Tensor:
    """x with a x = b for triangular a.

    Args:
        a: `(..., n, n)`; the other triangle is not looked at.
        b: `(..., n)` or `(..., n, k)`.
        lower: which triangle `a` is.

    Raises:
        ValueError: the shapes do not fit.
    """
    return _equations(
        "solve_triangular", a, b, lambda a, b: _solve_triangular(a, b, lower)
    )


@op(cast="float")
def norm(
    x: Tensor,
    ord: int | float | str | None = None,
    axis: int | tuple[int, ...] | None = None,
    keepdims: bool = False,
) -> Tensor:
    """The norm of vectors or matrices.

    Args:
        x: a tensor.
        ord: of vectors any number, `inf`, `-inf` or 0 (how many are not 0); of matrices
            "fro", "nuc", 1, -1, 2, -2, `inf`, `-inf`. None: the root of the sum of
            squares.
        axis: one axis for vectors, two for matrices; None for all.
        keepdims: keep the axes, at size 1.

    Raises:
        ValueError: there is no such norm.

    Example:
        >>> keras.ops.norm([3.0, 4.0])
        array(5.)
    """
    rank = len(x.shape)
    given = axis
    if axis is None:
        axes = tuple(range(rank))
    elif isinstance(axis, (tuple, list)):
        axes = tuple(check_axis(a, rank, "norm") for a in axis)
    else:
        axes = (check_axis(axis, rank, "norm"),)
    if len(axes) == 2 and axes[0] == axes[1]:
        raise ValueError(f"norm: the two axes must differ; received axis={given!r}.")
    if (
        ord is None
        or (ord == 2 and len(axes) == 1)
        or (ord == "fro" and len(axes) == 2)
    ):
        return _euclidean(x, axes, keepdims)
    if len(axes) == 1 and not isinstance(ord, str):
        return _vector_norm(x, ord, axes[0], keepdims)
    if len(axes) == 2:
        return _matrix_norm(x, ord, axes, keepdims)
    raise ValueError(
        f"norm: there is no norm ord={ord!r} over {len(axes)} axes (axis={given!r}, "
        f"input of shape {tuple(x.shape)}). Vectors take a number, matrices 'fro', "
        "'nuc', 1, -1, 2, -2, inf or -inf."
    )


def _euclidean(x: Any, axes: tuple, keepdims: bool) -> Any:
    from keras.ops import numpy as knp

    squares = knp.square(knp.absolute(x))
    return knp.sqrt(knp.sum(squares, axis=axes, keepdims=keepdims))


def _vector_norm(x: Any, ord: float, axis: int, keepdims: bool) -> Any:
    from keras.ops import numpy as knp
    from keras.ops.core import cast

    size = knp.absolute(x)
    if ord in (float("inf"), float("-inf")):
        reduce = knp.max if ord > 0 else knp.min
        return reduce(size, axis=axis, keepdims=keepdims)
    if ord == 0:
        return knp.sum(cast(size != 0, dtype(size)), axis=axis, keepdims=keepdims)
    if ord == 1:
        return knp.sum(size, axis=axis, keepdims=keepdims)
    total = knp.sum(knp.power(size, float(ord)), axis=axis, keepdims=keepdims)
    return knp.power(total, 1.0 / ord)


def _matrix_norm(x: Any, ord: Any, axes: tuple, keepdims: bool) -> Any:
    from keras.ops import numpy as knp

    allowed = ("nuc", 1, -1, 2, -2, float("inf"), float("-inf"))
    check_choice(ord, (None, "fro", *allowed), "ord", "norm (of matrices)")
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
