"""Linear algebra in JAX."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import lax

from keras.backend.tables import functions_of


def lu_factor(x: Any) -> tuple[Any, Any]:
    lu, pivots, _ = lax.linalg.lu(x)
    return lu, pivots


def solve_triangular(a: Any, b: Any, lower: bool) -> Any:
    from jax.scipy import linalg  # which takes longer to import than all the rest

    return linalg.solve_triangular(a, b, lower=lower)


TABLE: dict = {
    **functions_of(jnp.linalg, "_det=det _inv=inv _solve=solve"),
    "_cholesky": lambda x, upper: jnp.linalg.cholesky(x, upper=upper),
    "_eig": lambda x: tuple(jnp.linalg.eig(x)),
    "_eigh": lambda x: tuple(jnp.linalg.eigh(x)),
    "_pinv": lambda x, rcond: jnp.linalg.pinv(x, rtol=rcond),
    "_lu_factor": lu_factor,
    "_qr": lambda x, mode: tuple(jnp.linalg.qr(x, mode)),
    "_svd": lambda x, full_matrices: tuple(jnp.linalg.svd(x, full_matrices)),
    "_svdvals": lambda x: jnp.linalg.svd(x, compute_uv=False),
    "_solve_triangular": solve_triangular,
}
