"""What ops do with sparse tensors, on every backend: the rules of `core/sparse.py`.

A rule is given the op and its arguments, converted and of one type, of which at least
one is sparse. It is written in terms of indices and values, so that it holds for every
backend; a backend's own table comes first where its framework has something faster.

- An op that leaves zeros zero is run on the stored values: `ZERO_TO_ZERO`.
- An op whose result is not sparse is run on dense tensors: `DENSE`.
- Two sparse tensors are brought to the same indices, and the op is run on the values.
- Products look up the elements of a dense factor at the indices of the sparse one.
- An op that moves elements changes the indices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras.core.dtypes import INTEGERS
from keras.core.scope import current
from keras.core.sparse import Coo, NoSparseForm, densified, rule, to_dense
from keras.ops import numpy as knp
from keras.ops import segments
from keras.ops.core import cast, check_axis
from keras.ops.core import dtype as dtype_of
from keras.ops.encoding import counted

ZERO_TO_ZERO = """
    absolute arcsin arcsinh arctan arctanh cast ceil celu conjugate copy deg2rad elu
    erf erfinv expm1 floor gelu hard_shrink hard_silu hard_tanh imag isinf isnan
    isneginf isposinf leaky_relu log1p nan_to_num negative rad2deg real relu relu6
    round selu sign signbit silu sin sinh soft_shrink softsign sqrt square
    stop_gradient tan tanh tanh_shrink trunc cbrt saturate_cast
"""
DENSE = """
    arccos arccosh cos cosh erfc exp exp2 hard_sigmoid isfinite log log10 log2
    log_sigmoid log_softmax logical_not logsumexp reciprocal rsqrt sigmoid sinc
    softmax softplus sparse_plus sparse_sigmoid sparsemax squareplus
"""


@rule(ZERO_TO_ZERO)
def on_values(op: Any, x: Any, *rest: Any) -> Any:
    """Run an op on the stored values: it leaves zeros zero."""
    sparse = current().sparse
    return sparse.with_values(x, op.public(sparse.values_of(x), *rest))


rule(DENSE)(densified)


def is_sparse(x: Any) -> bool:
    """Whether `x` is a sparse tensor of the current backend."""
    return current().sparse.kind_of(x) == "sparse"


def build(
    indices: Any,
    values: Any,
    shape: Sequence[Any],
    is_sorted: bool = False,
    is_unique: bool = True,
) -> Any:
    """A sparse tensor made of its parts."""
    sparse = current().sparse
    return sparse.put_together(indices, values, tuple(shape), is_sorted, is_unique)


# Pairs


@rule("add subtract maximum minimum logical_or logical_xor")
def on_both(op: Any, x1: Any, x2: Any) -> Any:
    """Run an op on the values of two sparse tensors at all indices of both.

    Beside a dense tensor the result is dense: where one tensor is zero, it has the
    elements of the other.
    """
    if not (is_sparse(x1) and is_sparse(x2)) or tuple(x1.shape) != tuple(x2.shape):
        return densified(op, x1, x2)
    indices, values1, values2, shape = aligned(x1, x2)
    return build(indices, op.public(values1, values2), shape, is_sorted=True)


def aligned(x1: Any, x2: Any) -> tuple[Any, Any, Any, tuple[Any, ...]]:
    """The values of two sparse tensors at all indices of both, and these.

    Each tensor gets zeros at the other's indices, and then both have the same indices,
    of which those that repeat are summed.
    """
    a, b = (current().sparse.take_apart(x) for x in (x1, x2))
    kind = dtype_of(a.values)
    kinds = [cast(v, "int32") if kind == "bool" else v for v in (a.values, b.values)]

    first = knp.concatenate([kinds[0], knp.zeros_like(kinds[1])])
    second = knp.concatenate([knp.zeros_like(kinds[0]), kinds[1]])
    indices, pairs = current().sparse.sum_duplicates(
        knp.concatenate([a.indices, b.indices]),
        knp.stack([first, second], -1),
        a.shape,
    )
    return indices, cast(pairs[:, 0], kind), cast(pairs[:, 1], kind), a.shape


@rule("multiply logical_and")
def product(op: Any, x1: Any, x2: Any) -> Any:
    """The elements of a sparse factor times those of the other at the same indices."""
    if is_sparse(x1) and is_sparse(x2):
        if tuple(x1.shape) == tuple(x2.shape):
            return on_both(op, x1, x2)
        x2 = to_dense(x2)
    sparse, other = (x1, x2) if is_sparse(x1) else (x2, x1)
    elements = looked_up(other, sparse, 0)
    if elements is None:
        return densified(op, x1, x2)
    values = current().sparse.values_of(sparse)
    pair = (values, elements) if sparse is x1 else (elements, values)
    return current().sparse.with_values(sparse, op.public(*pair))


@rule("divide true_divide divide_no_nan floor_divide mod")
def quotient(op: Any, x1: Any, x2: Any) -> Any:
    """The elements of a sparse dividend by those of a dense divisor.

    A zero that is not stored stays one, whatever it is divided by, as in SciPy.
    """
    elements = None if is_sparse(x2) else looked_up(x2, x1, 1)
    if elements is None:
        return densified(op, x1, x2)
    sparse = current().sparse
    return sparse.with_values(x1, op.public(sparse.values_of(x1), elements))


def looked_up(x: Any, sparse: Any, outside: Any) -> Any:
    """The elements of a dense tensor at the indices of a sparse one.

    Args:
        x: the dense tensor, or a number; it is broadcast.
        sparse: the sparse tensor.
        outside: what a padding gets.

    Returns:
        None if the sparse tensor would have to be broadcast.
    """
    shape = tuple(getattr(x, "shape", ()))
    if not shape:
        return x
    more = len(sparse.shape) - len(shape)
    pairs = list(zip(shape, tuple(sparse.shape)[max(more, 0) :]))
    if more < 0 or any(a not in (1, b) for a, b in pairs if None not in (a, b)):
        return None
    if any(b == 1 != a or (b is None and a not in (1, None)) for a, b in pairs):
        return None

    indices = current().sparse.take_apart(sparse).indices
    columns = [indices[:, axis + more] for axis in range(len(shape))]
    columns = [c * 0 if n == 1 else c for c, n in zip(columns, shape)]
    return current().sparse.values_at(x, columns, outside)


@rule("matmul")
def matmul(op: Any, x1: Any, x2: Any) -> Any:
    """The product of two matrices; other ranks are made dense."""
    if len(x1.shape) != 2 or len(x2.shape) != 2:
        return densified(op, x1, x2)
    if is_sparse(x2):
        if is_sparse(x1):
            return densified(op, x1, x2)
        return knp.transpose(op.public(knp.transpose(x2), knp.transpose(x1)))
    a = current().sparse.take_apart(x1)
    rows = knp.take(x2, a.indices[:, 1], axis=0) * a.values[:, None]
    return segments.segment_sum(rows, a.indices[:, 0], x1.shape[0], sorted=True)


rule("tensordot einsum hypot")(densified)


@rule("take")
def take(op: Any, x: Any, indices: Any, axis: int | None = None) -> Any:
    """Elements that are not stored look up the first row."""
    if is_sparse(x):
        raise NoSparseForm(op, "sparse")
    return densified(op, x, indices, axis)


# Elements that move


@rule("transpose")
def transpose(op: Any, x: Any, axes: Sequence[int] | None = None) -> Any:
    """Reorder the columns of the indices."""
    a = current().sparse.take_apart(x)
    rank = len(a.shape)
    order = [n % rank for n in axes] if axes is not None else [*range(rank)][::-1]
    columns = [a.indices[:, axis] for axis in order]
    return build(knp.stack(columns, 1), a.values, [a.shape[axis] for axis in order])


@rule("reshape")
def reshape(op: Any, x: Any, newshape: Any) -> Any:
    """Count the elements in order, and find the indices of those numbers again."""
    a = current().sparse.take_apart(x)
    newshape = (newshape,) if isinstance(newshape, int) else tuple(newshape)
    shape = _filled(a.shape, newshape)
    place: Any = 0
    for axis, size in enumerate(a.shape):
        place = place * size + a.indices[:, axis]

    columns = []
    for size in shape[:0:-1]:
        columns.append(place % size)
        place = place // size
    if shape:
        columns.append(place)
    return build(knp.stack(columns[::-1], 1), a.values, shape, is_sorted=True)


def _filled(shape: Sequence[int], newshape: Sequence[int]) -> list[int]:
    """The new shape with the size in the place of -1."""
    total = known = 1
    for size in shape:
        total *= size
    for size in newshape:
        known *= size if size not in (-1, None) else 1
    return [total // known if n in (-1, None) else n for n in newshape]


@rule("expand_dims")
def expand_dims(op: Any, x: Any, axis: Any) -> Any:
    """Add columns of zeros to the indices."""
    a = current().sparse.take_apart(x)
    axes = (axis,) if isinstance(axis, int) else tuple(axis)
    rank = len(a.shape) + len(axes)
    new = {n % rank for n in axes}
    old = iter(range(len(a.shape)))
    places = [None if n in new else next(old) for n in range(rank)]

    zeros = a.indices[:, 0] * 0
    columns = [zeros if n is None else a.indices[:, n] for n in places]
    shape = [1 if n is None else a.shape[n] for n in places]
    return build(knp.stack(columns, 1), a.values, shape, is_sorted=True)


@rule("squeeze")
def squeeze(op: Any, x: Any, axis: Any = None) -> Any:
    """Drop columns of the indices."""
    a = current().sparse.take_apart(x)
    rank = len(a.shape)
    if axis is None:
        axes = [n for n, size in enumerate(tuple(x.shape)) if size == 1]
    else:
        given = (axis,) if isinstance(axis, int) else axis
        axes = [check_axis(n, rank, "squeeze") for n in given]
    wrong = [n for n in axes if isinstance(a.shape[n], int) and a.shape[n] != 1]
    if wrong:
        raise ValueError(
            f"squeeze: axis {wrong[0]} of shape {tuple(x.shape)} has size "
            f"{a.shape[wrong[0]]}; only axes of size 1 can be dropped."
        )
    return without_axes(a, axes, is_unique=True)


def without_axes(a: Coo, axes: Sequence[int], is_unique: bool) -> Any:
    """A tensor without some axes; elements that fall on one another are summed."""
    kept = [n for n in range(len(a.shape)) if n not in axes]
    if not kept:
        return knp.sum(a.values)
    indices = knp.stack([a.indices[:, n] for n in kept], 1)
    shape = [a.shape[n] for n in kept]
    return build(indices, a.values, shape, is_sorted=is_unique, is_unique=is_unique)


@rule("concatenate")
def concatenate(op: Any, xs: list[Any], axis: int = 0) -> Any:
    """Shift the indices of each tensor by the sizes of those before it."""
    if not all(is_sparse(x) for x in xs):
        return densified(op, xs, axis)
    found = [current().sparse.take_apart(x) for x in xs]
    rank = len(found[0].shape)
    axis = check_axis(axis, rank, "concatenate")

    start: Any = 0
    indices = []
    for a in found:
        columns = [a.indices[:, n] for n in range(rank)]
        columns[axis] = columns[axis] + cast(start, dtype_of(columns[axis]))
        indices.append(knp.stack(columns, 1))
        start = start + a.shape[axis]
    shape = list(found[0].shape)
    shape[axis] = start
    values = knp.concatenate([a.values for a in found])
    # A padding may have come to lie inside; its value is 0.
    return build(knp.concatenate(indices), values, shape)


@rule("stack")
def stack(op: Any, xs: list[Any], axis: int = 0) -> Any:
    """Give each tensor the new axis, and concatenate along it."""
    if not all(is_sparse(x) for x in xs):
        return densified(op, xs, axis)
    return knp.concatenate([knp.expand_dims(x, axis) for x in xs], axis)


# Reductions


@rule("sum")
def total(op: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum along axes: sparse but for a scalar."""
    a = current().sparse.take_apart(x)
    rank = len(a.shape)
    given = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    axes = sorted(check_axis(n, rank, op.name) for n in given)
    kind = dtype_of(a.values)
    if kind == "bool" or kind in INTEGERS:
        a = a._replace(values=cast(a.values, dtype_of(op.public(a.values))))

    if keepdims:
        columns = [a.indices[:, n] for n in range(rank)]
        columns = [c * 0 if n in axes else c for n, c in enumerate(columns)]
        shape = [1 if n in axes else size for n, size in enumerate(a.shape)]
        return build(knp.stack(columns, 1), a.values, shape, is_unique=False)
    return without_axes(a, axes, is_unique=False)


@rule("mean")
def mean(op: Any, x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    """The sum divided by the number of elements, zeros included."""
    shape = current().sparse.take_apart(x).shape
    given = range(len(shape)) if axis is None else (axis,)
    count: Any = 1
    for n in given if not isinstance(axis, (list, tuple)) else axis:
        count = count * shape[n]
    summed = knp.sum(x, axis, keepdims)
    return knp.true_divide(summed, cast(count, dtype_of(summed)))


@rule("full_like")
def full_like(op: Any, x: Any, value: Any, dtype: Any = None) -> Any:
    """A dense tensor of the same shape."""
    shape = current().sparse.take_apart(x).shape
    return knp.full(shape, value, dtype or dtype_of(x))


@rule("bincount")
def bincount(op: Any, x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often integers are stored in each row, as a sparse tensor.

    Elements that are not stored are not counted.
    """
    a = current().sparse.take_apart(x)
    weights = None if weights is None else current().sparse.values_of(weights)
    rows = [a.indices[:, n] for n in range(len(a.shape) - 1)]
    return counted(rows, a.values, weights, a.shape[:-1], minlength)


rule("max min prod all any argmax argmin count_nonzero std var")(densified)
