"""Linear algebra in TensorFlow."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras.backend.tables import functions_of


def cholesky(x: Any, upper: bool) -> Any:
    lower = tf.linalg.cholesky(x)
    return tf.linalg.adjoint(lower) if upper else lower


def lu_factor(x: Any) -> tuple[Any, Any]:
    """TensorFlow gives the permutation; the exchanges that made it are found again."""
    lu, order = tf.linalg.lu(x)
    n = x.shape[-1]
    rows = tf.broadcast_to(tf.range(n), tf.shape(order))
    pivots = []
    for i in range(n):
        place = tf.argmax(rows == order[..., i : i + 1], axis=-1, output_type="int32")
        pivots.append(place)
        at_i = tf.range(n) == i
        at_place = tf.range(n) == place[..., None]
        moved = tf.where(at_place, rows[..., i : i + 1], rows)
        rows = tf.where(at_i, order[..., i : i + 1], moved)
    return lu, tf.stack(pivots, axis=-1)


def svd(x: Any, full_matrices: bool) -> tuple[Any, Any, Any]:
    values, u, v = tf.linalg.svd(x, full_matrices=full_matrices)
    return u, values, tf.linalg.adjoint(v)


TABLE: dict = {
    **functions_of(tf.linalg, "_det=det _inv=inv _pinv=pinv _solve=solve"),
    "_cholesky": cholesky,
    "_eig": lambda x: tuple(tf.linalg.eig(x)),
    "_eigh": lambda x: tuple(tf.linalg.eigh(x)),
    "_lu_factor": lu_factor,
    "_qr": lambda x, mode: tuple(tf.linalg.qr(x, full_matrices=mode == "complete")),
    "_svd": svd,
    "_svdvals": lambda x: tf.linalg.svd(x, compute_uv=False),
    "_solve_triangular": lambda a, b, lower: tf.linalg.triangular_solve(
        a, b, lower=lower
    ),
}
