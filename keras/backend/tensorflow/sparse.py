"""Sparse and ragged tensors of TensorFlow, as `contract.py` says."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from keras.backend.scipy_matrices import parts
from keras.core.op import OPS
from keras.core.scope import current
from keras.core.sparse import Coo

HAS_SPARSE = True
HAS_RAGGED = True
TAKES_DATA = True


def kind_of(x: Any) -> str | None:
    """ "sparse" or "ragged", None for anything else."""
    if isinstance(x, tf.SparseTensor):
        return "sparse"
    return "ragged" if isinstance(x, tf.RaggedTensor) else None


def canonical(x: Any) -> Any:
    """TensorFlow's own functions expect unique indices, and so do we."""
    return x


def values_of(x: Any) -> tf.Tensor:
    """The stored values, or those of all rows of a ragged tensor."""
    return x.values if isinstance(x, tf.SparseTensor) else x.flat_values


def with_values(x: Any, values: tf.Tensor) -> Any:
    """A tensor with other values at the same places."""
    if isinstance(x, tf.SparseTensor):
        return x.with_values(values)
    return x.with_flat_values(values)


def take_apart(x: tf.SparseTensor) -> Coo:
    """The parts of a sparse tensor."""
    return Coo(x.indices, x.values, _sizes(x))


def _sizes(x: tf.SparseTensor) -> tuple[Any, ...]:
    """The sizes; a scalar tensor for each that the graph does not know."""
    static = x.shape.as_list()
    return tuple(
        tf.cast(x.dense_shape[i], "int32") if size is None else size
        for i, size in enumerate(static)
    )


def put_together(
    indices: tf.Tensor,
    values: tf.Tensor,
    shape: Sequence[Any],
    is_sorted: bool = False,
    is_unique: bool = False,
) -> tf.SparseTensor:
    """A sparse tensor made of its parts."""
    if not is_unique:
        indices, values = sum_duplicates(indices, values, shape)
    sizes = tf.stack([tf.cast(size, "int64") for size in shape])
    x = tf.SparseTensor(tf.cast(indices, "int64"), values, sizes)
    x.set_shape([size if isinstance(size, int) else None for size in shape])
    return x if is_sorted or not is_unique else tf.sparse.reorder(x)


def sum_duplicates(
    indices: tf.Tensor, values: tf.Tensor, shape: Sequence[Any]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Ascending unique indices, and the sums of their values."""
    sizes = tf.stack([tf.cast(size, "int64") for size in shape])
    strides = tf.math.cumprod(sizes, exclusive=True, reverse=True)
    places = tf.reduce_sum(tf.cast(indices, "int64") * strides, 1)

    order = tf.argsort(places)
    unique, segments = tf.unique(tf.gather(places, order))
    sums = tf.math.segment_sum(tf.gather(values, order), segments)
    return unique[:, None] // strides % sizes, sums


def values_at(x: tf.Tensor, columns: Sequence[Any], outside: Any) -> tf.Tensor:
    """The elements of a tensor at these indices."""
    return tf.gather_nd(x, tf.stack(columns, 1))


def to_dense(x: Any) -> tf.Tensor:
    """A dense tensor; rows of a ragged one end in zeros."""
    if isinstance(x, tf.RaggedTensor):
        return x.to_tensor()
    if x.dtype != tf.bool:
        dense = tf.sparse.to_dense(x, validate_indices=False)
    else:
        dense = tf.cast(tf.sparse.to_dense(tf.cast(x, tf.int8), 0, False), tf.bool)
    return tf.ensure_shape(dense, x.shape)


def abstract(x: tf.Tensor, kind: str, shape: Sequence[Any]) -> Any:
    """A sparse or ragged tensor of the same shape and type."""
    if kind == "ragged":
        open_axes = [axis for axis, size in enumerate(shape) if size is None]
        rank = max(open_axes[-1:] + [1])
        inner = [None, *x.shape[rank + 1 :]]
        splits = [tf.compat.v1.placeholder("int64", (None,)) for _ in range(rank)]
        return tf.RaggedTensor.from_nested_row_splits(
            tf.compat.v1.placeholder(x.dtype, inner), splits, validate=False
        )
    indices = tf.compat.v1.placeholder("int64", (None, x.shape.rank))
    values = tf.compat.v1.placeholder(x.dtype, (None,))
    return put_together(indices, values, x.shape.as_list(), True, True)


def update_rows(gradient: Any, kept: Sequence[tf.Variable], update: Callable) -> bool:
    """Change the rows of variables that a gradient has, and no others."""
    if not isinstance(gradient, tf.IndexedSlices):
        return False
    indices, places = tf.unique(gradient.indices)
    sums = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(indices))

    rows = [tf.gather(variable, indices) for variable in kept]
    for variable, new in zip(kept, update(sums, *rows)):
        variable.scatter_update(tf.IndexedSlices(new, indices))
    return True


def on_ragged(op: Any, args: Sequence[Any]) -> Any:
    """The result of an op of ragged tensors.

    An op that works element by element is run on the values of all rows together, if
    the dense arguments beside them are the same for each; TensorFlow's function
    broadcasts others.
    """
    own = _RAGGED.get(op.name)
    if own is not None:
        return own(*args)
    if not op.elementwise:
        return NotImplemented

    inner = min(x.flat_values.shape.rank for x in args if kind_of(x) == "ragged")
    dense = [x for x in args if isinstance(x, tf.Tensor)]
    if all(x.shape.rank < inner for x in dense):
        return tf.ragged.map_flat_values(op.public, *args)
    return current().TABLE[op.name](*args)


def from_matrix(matrix: Any) -> tf.SparseTensor:
    """A sparse tensor of a matrix of SciPy."""
    indices, values = parts(matrix)
    return tf.SparseTensor(indices, values, matrix.shape)


def _matmul(x1: Any, x2: Any) -> Any:
    """The matrix product of two matrices, sparse if both are."""
    if x1.shape.rank != 2 or x2.shape.rank != 2:
        return NotImplemented
    kinds = kind_of(x1), kind_of(x2)
    if kinds == ("sparse", "sparse"):
        return _sparse_matmul(x1, x2)
    if kinds[0]:
        return tf.sparse.sparse_dense_matmul(x1, x2)
    return tf.transpose(
        tf.sparse.sparse_dense_matmul(x2, x1, adjoint_a=True, adjoint_b=True)
    )


def _sparse_matmul(x1: tf.SparseTensor, x2: tf.SparseTensor) -> tf.SparseTensor:
    """The sparse product of two sparse matrices, through the form by rows."""
    left, right = (
        tf.raw_ops.SparseTensorToCSRSparseMatrix(
            indices=x.indices, values=x.values, dense_shape=x.dense_shape
        )
        for x in (x1, x2)
    )
    product = tf.raw_ops.SparseMatrixSparseMatMul(a=left, b=right, type=x1.dtype)
    out = tf.SparseTensor(
        *tf.raw_ops.CSRSparseMatrixToSparseTensor(sparse_matrix=product, type=x1.dtype)
    )
    out.set_shape((x1.shape[0], x2.shape[1]))
    return out


def _reshape(x: Any, newshape: Any) -> tf.SparseTensor:
    """Another shape with the same elements in order."""
    shape = [newshape] if isinstance(newshape, int) else list(newshape)
    shape = [-1 if size is None else size for size in shape]
    out = tf.sparse.reshape(x, shape)
    known = [n if isinstance(n, int) and n != -1 else None for n in shape]
    sizes = x.shape.as_list()
    if known.count(None) == 1 and None not in sizes:
        rest = math.prod(n for n in known if n is not None)
        known[known.index(None)] = math.prod(sizes) // rest if rest else 0
    out.set_shape(known)
    return out


TABLE: dict[str, Callable] = {
    "matmul": _matmul,
    "reshape": _reshape,
}


def _ragged_matmul(x1: Any, x2: Any) -> Any:
    """The product of vectors in rows of different lengths and a matrix."""
    is_dense = isinstance(x2, tf.Tensor) and x2.shape.rank == 2
    if is_dense and x1.flat_values.shape.rank > 1:
        return tf.ragged.map_flat_values(tf.linalg.matmul, x1, x2)
    return tf.linalg.matmul(x1, x2)


def _ragged_reduction(fn: Callable) -> Callable:
    return lambda x, axis=None, keepdims=False: fn(x, axis, keepdims)


def _ragged_take(x: Any, indices: Any, axis: int | None = None) -> Any:
    if isinstance(x, tf.RaggedTensor):
        return tf.gather(x, indices, axis=axis or 0)
    take = current().TABLE["take"]
    return tf.ragged.map_flat_values(lambda i: take(x, i, axis), indices)


_RAGGED: dict[str, Callable] = {
    "all": _ragged_reduction(tf.reduce_all),
    "any": _ragged_reduction(tf.reduce_any),
    "concatenate": lambda xs, axis=0: tf.concat(xs, axis),
    "convert_to_tensor": to_dense,
    "expand_dims": tf.expand_dims,
    "full_like": lambda x, value, dtype=None: x.with_flat_values(
        current().TABLE["full_like"](x.flat_values, value, dtype)
    ),
    "get_item": lambda x, key: x[key],
    "matmul": _ragged_matmul,
    "max": _ragged_reduction(tf.reduce_max),
    "mean": _ragged_reduction(tf.reduce_mean),
    "min": _ragged_reduction(tf.reduce_min),
    "one_hot": lambda x, *rest: tf.ragged.map_flat_values(
        OPS["one_hot"].public, x, *rest
    ),
    "prod": _ragged_reduction(tf.reduce_prod),
    "std": _ragged_reduction(tf.math.reduce_std),
    "stack": lambda xs, axis=0: tf.stack(xs, axis),
    "sum": _ragged_reduction(tf.reduce_sum),
    "take": _ragged_take,
    "tile": lambda x, repeats: tf.tile(x, repeats),
    "var": _ragged_reduction(tf.math.reduce_variance),
    "where": tf.where,
}
