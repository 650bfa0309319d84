"""Linear algebra in PyTorch."""

from __future__ import annotations

from typing import Any

import torch

from keras.backend.tables import functions_of


def lu_factor(x: Any) -> tuple[Any, Any]:
    lu, pivots = torch.linalg.lu_factor(x)
    return lu, pivots - 1


TABLE: dict = {
    **functions_of(torch.linalg, "_det=det _inv=inv _solve=solve _svdvals=svdvals"),
    "_cholesky": lambda x, upper: torch.linalg.cholesky(x, upper=upper),
    "_eig": lambda x: tuple(torch.linalg.eig(x)),
    "_eigh": lambda x: tuple(torch.linalg.eigh(x)),
    "_pinv": lambda x, rcond: torch.linalg.pinv(x, rtol=rcond),
    "_lu_factor": lu_factor,
    "_qr": lambda x, mode: tuple(torch.linalg.qr(x, mode)),
    "_svd": lambda x, full_matrices: tuple(torch.linalg.svd(x, full_matrices)),
    "_solve_triangular": lambda a, b, lower: torch.linalg.solve_triangular(
        a, b, upper=not lower
    ),
}
