"""Sparse tensors of PyTorch, in the layouts COO and CSR, as `contract.py` says.

Many functions of PyTorch take them as they are. `keras/core/sparse.py` is asked for the
others, and for all on the meta device, where shapes are found out.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from keras.backend.no_sparse import put_together as on_ragged  # noqa: F401
from keras.backend.no_sparse import update_rows  # noqa: F401
from keras.backend.scipy_matrices import parts
from keras.core.sparse import Coo

HAS_SPARSE = True
HAS_RAGGED = False
# A model over modules of PyTorch may take dense tensors only.
TAKES_DATA = False


def kind_of(x: Any) -> str | None:
    """ "sparse" for a tensor that is not strided, None for anything else."""
    is_sparse = isinstance(x, torch.Tensor) and x.layout is not torch.strided
    return "sparse" if is_sparse else None


def canonical(x: torch.Tensor) -> torch.Tensor:
    """A coalesced COO tensor whose axes are all sparse."""
    if x.layout is not torch.sparse_coo:
        x = x.to_sparse_coo()
    if x.dense_dim():
        x = x.to_dense().to_sparse()
    return x if x.is_coalesced() else x.coalesce()


def values_of(x: torch.Tensor) -> torch.Tensor:
    """The stored values."""
    return x.values()


def with_values(x: torch.Tensor, values: torch.Tensor) -> torch.Tensor:
    """A tensor with other values at the same places."""
    return _coo(x.indices(), values, tuple(x.shape))


def _coo(indices: Any, values: Any, shape: Any) -> torch.Tensor:
    return torch.sparse_coo_tensor(
        indices,
        values,
        shape,
        device=values.device,
        is_coalesced=True,
        check_invariants=False,
    )


def take_apart(x: torch.Tensor) -> Coo:
    """The parts of a sparse tensor."""
    x = canonical(x)
    return Coo(x.indices().t(), x.values(), tuple(x.shape))


def put_together(
    indices: torch.Tensor,
    values: torch.Tensor,
    shape: Sequence[int],
    is_sorted: bool = False,
    is_unique: bool = False,
) -> torch.Tensor:
    """A sparse tensor made of its parts."""
    if not (is_sorted and is_unique):
        indices, values = sum_duplicates(indices, values, shape)
    return _coo(indices.t(), values, tuple(shape))


def sum_duplicates(
    indices: torch.Tensor, values: torch.Tensor, shape: Sequence[int]
) -> tuple[torch.Tensor, torch.Tensor]:
    """Ascending unique indices, and the sums of their values."""
    if values.device.type == "meta":
        return indices, values  # how many there are says nothing of the shape
    x = torch.sparse_coo_tensor(
        indices.t(), values, (*shape, *values.shape[1:]), check_invariants=False
    ).coalesce()
    return x.indices().t(), x.values()


def values_at(x: torch.Tensor, columns: Sequence[Any], outside: Any) -> torch.Tensor:
    """The elements of a tensor at these indices."""
    return x[tuple(column.long() for column in columns)]


def to_dense(x: torch.Tensor) -> torch.Tensor:
    """A dense tensor."""
    if x.device.type == "meta":
        return torch.empty(x.shape, dtype=x.dtype, device="meta")
    return x.to_dense()


def abstract(x: torch.Tensor, kind: str, shape: Any) -> torch.Tensor:
    """A sparse tensor of the same shape and type on the meta device."""
    indices = torch.empty((x.dim(), 1), dtype=torch.long, device=x.device)
    values = torch.empty((1,), dtype=x.dtype, device=x.device)
    return _coo(indices, values, tuple(x.shape))


def from_matrix(matrix: Any) -> torch.Tensor:
    """A sparse tensor of a matrix of SciPy: by rows if the matrix is."""
    if matrix.format == "csr":
        starts, columns, values = (
            torch.from_numpy(np.array(a))
            for a in (matrix.indptr, matrix.indices, matrix.data)
        )
        with warnings.catch_warnings():  # that the layout is in a beta state
            warnings.simplefilter("ignore")
            return torch.sparse_csr_tensor(
                starts, columns, values, matrix.shape, check_invariants=False
            )
    indices, values = (torch.from_numpy(a) for a in parts(matrix))
    return put_together(indices, values, matrix.shape, True, True)


def _matmul(x1: torch.Tensor, x2: torch.Tensor) -> Any:
    """The shape of a matrix product, on the meta device."""
    if x1.device.type != "meta" or x1.dim() != 2 or x2.dim() != 2:
        return NotImplemented
    rows, columns = x1.shape[0], x2.shape[1]
    if x1.shape[1] != x2.shape[0]:
        raise RuntimeError(f"matmul of the shapes {x1.shape} and {x2.shape}")
    out = torch.empty((rows, columns), dtype=x1.dtype, device="meta")
    both = kind_of(x1) and kind_of(x2)
    return abstract(out, "sparse", None) if both else out


TABLE: dict[str, Callable] = {"matmul": _matmul}
