"""Sparse arrays of JAX, `jax.experimental.sparse.BCOO`, as `contract.py` says.

A compiled function is compiled for the number of stored elements. Batches of data are
therefore padded: the indices of the padding are out of bounds, where JAX writes
nothing, and its values are 0.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from keras.backend.no_sparse import put_together as on_ragged  # noqa: F401
from keras.backend.no_sparse import update_rows  # noqa: F401
from keras.backend.scipy_matrices import parts
from keras.core.sparse import Coo

HAS_SPARSE = True
HAS_RAGGED = False
TAKES_DATA = True
_CLASSES = frozenset(("BCOO", "BCSR"))


@functools.cache
def _sparse() -> Any:
    """The module, which takes longer to import than the rest of a small program."""
    from jax.experimental import sparse

    return sparse


def kind_of(x: Any) -> str | None:
    """ "sparse" for a sparse array, None for anything else."""
    cls = type(x)
    is_sparse = cls.__name__ in _CLASSES and cls.__module__.startswith("jax.")
    return "sparse" if is_sparse else None


def canonical(x: Any) -> Any:
    """A BCOO whose axes are all sparse and whose indices are unique."""
    if type(x).__name__ == "BCSR":
        x = x.to_bcoo()
    if x.n_batch or x.n_dense:
        x = _sparse().bcoo_update_layout(x, n_batch=0, n_dense=0)
    return x if x.unique_indices else x.sum_duplicates(nse=x.nse)


def values_of(x: Any) -> Any:
    """The stored values."""
    return x.data


def with_values(x: Any, values: Any) -> Any:
    """A sparse array with other values at the same places."""
    return _sparse().BCOO(
        (values, x.indices),
        shape=x.shape,
        indices_sorted=x.indices_sorted,
        unique_indices=x.unique_indices,
    )


def take_apart(x: Any) -> Coo:
    """The parts of a sparse array, ascending."""
    x = canonical(x)
    if not x.indices_sorted:
        x = x.sort_indices()
    return Coo(x.indices, x.data, tuple(x.shape))


def put_together(
    indices: Any,
    values: Any,
    shape: Sequence[int],
    is_sorted: bool = False,
    is_unique: bool = False,
) -> Any:
    """A sparse array made of its parts."""
    return _sparse().BCOO(
        (values, indices),
        shape=tuple(shape),
        indices_sorted=is_sorted,
        unique_indices=is_unique,
    )


def sum_duplicates(
    indices: Any, values: Any, shape: Sequence[int]
) -> tuple[jax.Array, jax.Array]:
    """Unique indices and the sums of their values; as many, so that some are padding.

    The values may have one axis more.
    """
    shape = (*shape, *values.shape[1:])
    array = _sparse().BCOO((values, indices), shape=shape)
    summed = array.sum_duplicates(nse=array.nse)
    return summed.indices, summed.data


def values_at(x: jax.Array, columns: Sequence[Any], outside: Any) -> jax.Array:
    """The elements of an array at these indices, and `outside` beyond its bounds."""
    return x.at[tuple(columns)].get(mode="fill", fill_value=outside)


def to_dense(x: Any) -> jax.Array:
    """A dense array."""
    if x.dtype == bool:
        return with_values(x, x.data.astype("int8")).todense().astype(bool)
    return x.todense()


def abstract(x: jax.Array, kind: str, shape: Any) -> Any:
    """A sparse array of the same shape and type."""
    indices = jnp.zeros((1, x.ndim), "int32")
    return put_together(indices, jnp.zeros(1, x.dtype), x.shape, True, True)


def from_matrix(matrix: Any, pad: bool = False) -> Any:
    """A sparse array of a matrix of SciPy.

    Args:
        matrix: the matrix.
        pad: whether to store a few elements more, so that matrices with about as many
            share one compilation.
    """
    indices, values = parts(matrix, "int32")
    more = _padded(len(values)) - len(values) if pad else 0
    if more:
        values = np.concatenate([values, np.zeros(more, values.dtype)])
        beyond = np.full((more, indices.shape[1]), matrix.shape, "int32")
        indices = np.concatenate([indices, beyond])
    arrays = (jnp.asarray(indices), jnp.asarray(values))
    return put_together(*arrays, matrix.shape, True, True)


def _padded(size: int) -> int:
    """The next larger of 8 sizes between powers of two, at least 16."""
    step = 1 << max(size.bit_length() - 4, 4)
    return max(-(-size // step), 1) * step


def _matmul(x1: Any, x2: Any) -> Any:
    """The matrix product, sparse if both are."""
    if x1.ndim > 2 or x2.ndim > 2 and kind_of(x2):
        return NotImplemented
    return x1 @ x2


def _reshape(x: Any, newshape: Any) -> Any:
    """Another shape with the same elements in order."""
    return x.reshape(newshape)


TABLE: dict[str, Callable] = {
    "get_item": lambda x, key: x[key],
    "matmul": _matmul,
    "reshape": _reshape,
}
