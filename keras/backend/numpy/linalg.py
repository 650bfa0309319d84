"""Linear algebra in NumPy; matrices are the last two axes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras.backend.numpy.numpy import in_float32
from keras.backend.tables import functions_of


def cholesky(x: Any, upper: bool) -> Any:
    """The triangular factor of positive definite matrices."""
    lower = np.linalg.cholesky(x)
    return np.conj(np.swapaxes(lower, -1, -2)) if upper else lower


def lu_factor(x: Any) -> tuple[Any, Any]:
    """Both triangular factors in one matrix, and the rows exchanged at each step.

    Gaussian elimination with the largest pivot of each column, for all matrices of a
    batch at once.
    """
    rows, columns = x.shape[-2:]
    lu = np.array(x).reshape(-1, rows, columns)
    steps = min(rows, columns)
    pivots = np.zeros((len(lu), steps), "int32")
    batch = np.arange(len(lu))

    for i in range(steps):
        place = i + np.argmax(np.abs(lu[:, i:, i]), axis=1)
        pivots[:, i] = place
        chosen = lu[batch, place].copy()
        lu[batch, place] = lu[:, i]
        lu[:, i] = chosen

        pivot = lu[:, i, i, None]
        below = lu[:, i + 1 :, i] / np.where(pivot == 0, np.ones_like(pivot), pivot)
        lu[:, i + 1 :, i] = below
        lu[:, i + 1 :, i + 1 :] -= below[:, :, None] * lu[:, i, None, i + 1 :]
    return lu.reshape(x.shape), pivots.reshape(*x.shape[:-2], steps)


def solve_triangular(a: Any, b: Any, lower: bool) -> Any:
    """The solution of triangular equations; the other triangle is not looked at."""
    return np.linalg.solve(np.tril(a) if lower else np.triu(a), b)


TABLE: dict[str, Callable] = {
    **functions_of(np.linalg, "_det=det _inv=inv _solve=solve", in_float32),
    "_cholesky": in_float32(cholesky),
    "_eig": in_float32(lambda x: _complexes(np.linalg.eig(x))),
    "_eigh": in_float32(lambda x: tuple(np.linalg.eigh(x))),
    "_lu_factor": in_float32(lu_factor),
    "_pinv": in_float32(lambda x, rcond: np.linalg.pinv(x, rcond)),
    "_qr": in_float32(lambda x, mode: tuple(np.linalg.qr(x, mode))),
    "_solve_triangular": in_float32(solve_triangular),
    "_svd": in_float32(lambda x, full: tuple(np.linalg.svd(x, full))),
    "_svdvals": in_float32(lambda x: np.linalg.svd(x, compute_uv=False)),
}


def _complexes(pair: Any) -> tuple[Any, Any]:
    """Eigenvalues and vectors as complex numbers, also where they are all real."""
    values, vectors = pair
    kind = np.result_type(values.dtype, np.complex64)
    return values.astype(kind), vectors.astype(kind)
