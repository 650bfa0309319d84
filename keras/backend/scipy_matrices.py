"""SciPy's sparse matrices as data, for the backends that make sparse tensors of them.

SciPy itself is not imported: what is no matrix of it is told by its class.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def is_matrix(x: Any) -> bool:
    """Whether `x` is a sparse matrix or array of SciPy."""
    return type(x).__module__.startswith("scipy.sparse")


def parts(matrix: Any, dtype: str = "int64") -> tuple[np.ndarray, np.ndarray]:
    """The indices, (n, rank), ascending and each once, and the values, (n,).

    Args:
        matrix: a sparse matrix, which stays as it is.
        dtype: that of the indices.
    """
    if matrix.ndim == 2:
        matrix = matrix.tocsr()
    if not matrix.has_canonical_format:
        matrix = matrix.copy()
        matrix.sum_duplicates()
    if matrix.ndim != 2:
        coo = matrix.tocoo()
        return np.stack([np.asarray(c, dtype) for c in coo.coords], 1), coo.data

    indices = np.empty((len(matrix.data), 2), dtype)
    counts = np.diff(matrix.indptr)
    indices[:, 0] = np.repeat(np.arange(len(counts), dtype=dtype), counts)
    indices[:, 1] = matrix.indices
    return indices, matrix.data
