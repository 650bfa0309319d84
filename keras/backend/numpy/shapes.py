"""What shape and type each op gives: the rules by which shapes are found out.

A rule is given the op's function and its arguments, hollow tensors among them. Types
are found by running the function on arrays of one element; sizes by arithmetic, or by
views that take no memory (`hollow.form`). An op of no rule here has a body in other
ops, which is run instead.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from keras.backend.numpy.array import Array, as_array, quiet
from keras.backend.numpy.hollow import (
    Hollow,
    form,
    hollow_like,
    hollow_scope,
    indexed_shape,
    is_hollow,
    joint_shape,
    tiny,
)
from keras.backend.tables import as_tuple, check_elements
from keras.backend.windows import Window, reach
from keras.core import tree
from keras.core.dtypes import numpy_dtype, standardize_dtype
from keras.core.variable import MetaFrame, frame

Rule = Callable[..., Any]


def eval_shape(fn: Callable, specs: Sequence[tuple], make_spec: Callable, /) -> Any:
    """The nest of specs that `fn` gives for tensors of these shapes and types."""
    tensors = [Hollow(shape, numpy_dtype(dtype)) for shape, dtype in specs]
    with hollow_scope(), frame(MetaFrame, hollow_like):
        out = fn(tensors)
    return tree.map_structure(
        lambda t: make_spec(t.shape, standardize_dtype(t.dtype))
        if isinstance(t, (Hollow, Array))
        else t,
        out,
    )


def table_of(functions: Mapping[str, Callable]) -> dict[str, Callable]:
    """A backend's TABLE of functions: they give tensors, or hollow ones by rule."""
    return {name: _dispatched(name, fn) for name, fn in functions.items()}


def _dispatched(name: str, fn: Callable) -> Callable:
    compute = quiet(fn)
    rule = RULES.get(name)

    @functools.wraps(fn)
    def run(*args: Any) -> Any:
        if is_hollow():
            return NotImplemented if rule is None else rule(fn, *args)
        out = compute(*args)
        return out if type(out) is Array else _arrays(out)

    return run


def _arrays(out: Any) -> Any:
    """NumPy's arrays and scalars as tensors, also in a list or tuple."""
    if isinstance(out, (list, tuple)):
        return type(out)([_arrays(part) for part in out])
    return as_array(out)


# --- by element -------------------------------------------------------------------


def _ones(args: Any, rank: int = 1) -> list:
    """The arguments, with arrays of one element for the tensors among them."""
    return [
        tiny(x.dtype, rank) if isinstance(x, (Hollow, np.ndarray)) else x for x in args
    ]


def elementwise(fn: Callable, *args: Any) -> Hollow:
    """Tensors that broadcast; the other arguments change no shape."""
    found = quiet(fn)(*_ones(args))
    tensors = [x for x in args if isinstance(x, (Hollow, np.ndarray))]
    return Hollow(joint_shape(*tensors), found.dtype)


def same(fn: Callable, x: Any, *args: Any) -> Hollow:
    """The shape and the type of the first argument."""
    return Hollow(x.shape, x.dtype)


# --- fewer elements ---------------------------------------------------------------


def _reduced(shape: Any, axis: Any, keepdims: bool) -> tuple[int, ...]:
    rank = len(shape)
    axes = range(rank) if axis is None else [_axis(a, rank) for a in as_tuple(axis)]
    if keepdims:
        return tuple(1 if a in axes else n for a, n in enumerate(shape))
    return tuple(n for a, n in enumerate(shape) if a not in axes)


def _axis(axis: int, rank: int) -> int:
    """`axis` counted from the front; one that is not there raises as in NumPy."""
    return np.lib.array_utils.normalize_axis_index(axis, rank)


def reduction(
    fn: Callable, x: Any, axis: Any = None, keepdims: bool = False, *rest: Any
) -> Hollow:
    """One element for all along some axes."""
    found = quiet(fn)(tiny(x.dtype, max(x.ndim, 1)))
    return Hollow(_reduced(x.shape, axis, keepdims), found.dtype)


def extreme(
    fn: Callable, x: Any, axis: Any = None, keepdims: bool = False, initial: Any = None
) -> Hollow:
    """A reduction that needs an element, unless it is given one."""
    if initial is None:
        check_elements(x.shape, axis)
    return Hollow(_reduced(x.shape, axis, keepdims), x.dtype)


def ordered(fn: Callable, x: Any, axis: Any = -1) -> Hollow:
    """The elements sorted, or their places: by default along the last axis."""
    return running(fn, x, axis)


def running(fn: Callable, x: Any, axis: Any = None) -> Hollow:
    """As many elements as there were; in one row without an axis."""
    shape = (math.prod(x.shape),) if axis is None else x.shape
    if axis is not None:
        _axis(axis, len(shape))
    return Hollow(shape, quiet(fn)(tiny(x.dtype)).dtype)


# --- other shapes -----------------------------------------------------------------


def viewed(fn: Callable, x: Any, *args: Any) -> Any:
    """What takes no memory: NumPy finds out the shape."""
    out = fn(form(x.shape), *args)
    if isinstance(out, list):
        return [Hollow(part.shape, x.dtype) for part in out]
    return Hollow(out.shape, x.dtype)


def item(fn: Callable, x: Any, key: Any) -> Hollow:
    """`x[key]`."""
    return Hollow(indexed_shape(x.shape, key), x.dtype)


def ravelled(fn: Callable, x: Any) -> Hollow:
    """All elements in one row."""
    return Hollow((math.prod(x.shape),), x.dtype)


def joined(fn: Callable, xs: list, axis: int = 0) -> Hollow:
    """Tensors one after the other along an axis."""
    first = xs[0].shape
    axis = _axis(axis, len(first))
    rest = {(*x.shape[:axis], *x.shape[axis + 1 :]) for x in xs}
    if len(rest) > 1:
        shapes = [x.shape for x in xs]
        raise ValueError(
            f"concatenate: all axes but axis {axis} must have the same size; the "
            f"shapes are {shapes}."
        )
    total = sum(x.shape[axis] for x in xs)
    return Hollow((*first[:axis], total, *first[axis + 1 :]), xs[0].dtype)


def stacked(fn: Callable, xs: list, axis: int = 0) -> Hollow:
    """Tensors of one shape along a new axis."""
    shapes = {x.shape for x in xs}
    if len(shapes) > 1:
        raise ValueError(
            f"stack: all tensors must have one shape; received {sorted(shapes)}."
        )
    (shape,) = shapes
    axis = _axis(axis, len(shape) + 1)
    return Hollow((*shape[:axis], len(xs), *shape[axis:]), xs[0].dtype)


def taken(fn: Callable, x: Any, indices: Any, axis: Any = None) -> Hollow:
    """Elements or slices at places."""
    shape = (math.prod(x.shape),) if axis is None else x.shape
    axis = _axis(axis or 0, len(shape))
    return Hollow((*shape[:axis], *indices.shape, *shape[axis + 1 :]), x.dtype)


def taken_along(fn: Callable, x: Any, indices: Any, axis: Any = None) -> Hollow:
    """Elements at places that differ from row to row."""
    if axis is None:
        return Hollow((math.prod(indices.shape),), x.dtype)
    shape = list(x.shape)
    axis = _axis(axis, len(shape))
    shape[axis] = 1
    places = list(indices.shape)
    count, places[axis] = places[axis], 1
    shape = list(np.broadcast_shapes(tuple(shape), tuple(places)))
    shape[axis] = count
    return Hollow(shape, x.dtype)


def tiled(fn: Callable, x: Any, repeats: Any) -> Hollow:
    """The whole tensor again and again."""
    counts = as_tuple(repeats)
    rank = max(len(counts), x.ndim)
    counts = (1,) * (rank - len(counts)) + counts
    shape = (1,) * (rank - x.ndim) + x.shape
    return Hollow([n * int(c) for n, c in zip(shape, counts)], x.dtype)


def repeated(fn: Callable, x: Any, repeats: Any, axis: Any) -> Hollow:
    """Each element again and again."""
    shape = list(x.shape) if axis is not None else [math.prod(x.shape)]
    axis = _axis(axis or 0, len(shape))
    if isinstance(repeats, int):
        shape[axis] *= repeats
    elif len(repeats) != shape[axis]:
        raise ValueError(
            f"repeat: {len(repeats)} counts do not fit axis {axis} of size "
            f"{shape[axis]}."
        )
    else:
        shape[axis] = sum(repeats)
    return Hollow(shape, x.dtype)


def padded(fn: Callable, x: Any, width: Any, mode: str, value: Any) -> Hollow:
    """More elements at the ends."""
    sizes = [n + before + after for n, (before, after) in zip(x.shape, width)]
    return Hollow(sizes, x.dtype)


def diagonal_matrix(fn: Callable, x: Any, k: int = 0) -> Hollow:
    """A matrix of a diagonal, or the diagonal of a matrix."""
    if x.ndim == 2:
        return Hollow(np.diagonal(form(x.shape), k).shape, x.dtype)
    size = x.shape[0] + abs(k)
    return Hollow((size, size), x.dtype)


def counted(fn: Callable, start: Any, stop: Any, step: Any, dtype: str) -> Hollow:
    """Numbers counted up; the bounds are numbers."""
    count = math.ceil((stop - start) / step)
    return Hollow((max(count, 0),), numpy_dtype(dtype))


def filled(fn: Callable, shape: Any, value: Any, dtype: str) -> Hollow:
    """One value throughout."""
    return Hollow(shape, numpy_dtype(dtype))


def filled_like(fn: Callable, x: Any, value: Any, dtype: Any) -> Hollow:
    """One value throughout, in the shape of a tensor."""
    return Hollow(x.shape, x.dtype if dtype is None else numpy_dtype(dtype))


def read_as(fn: Callable, x: Any, dtype: str) -> Hollow:
    """The same bytes in another type."""
    wanted = numpy_dtype(dtype)
    if wanted.itemsize == x.dtype.itemsize:
        return Hollow(x.shape, wanted)
    last = x.shape[-1] * x.dtype.itemsize // wanted.itemsize
    return Hollow((*x.shape[:-1], last), wanted)


def bins(fn: Callable, x: Any, weights: Any, minlength: int) -> Hollow:
    """As many counts as were asked for; more depend on the values."""
    dtype = "int32" if weights is None else weights.dtype
    return Hollow((*x.shape[:-1], minlength), dtype)


def searched(fn: Callable, sequence: Any, values: Any, side: str) -> Hollow:
    """A place for each value."""
    return Hollow(values.shape, "int32")


# --- products ---------------------------------------------------------------------


def _product(x1: Any, x2: Any) -> tuple[int, ...]:
    """The shape of a product of matrices."""
    left, right = x1.shape, x2.shape
    rows = left if len(left) > 1 else (1, *left)
    columns = right if len(right) > 1 else (*right, 1)
    if not left or not right or rows[-1] != columns[-2]:
        raise ValueError(
            f"matmul: the shapes {left} and {right} do not fit: the last axis of the "
            "first and the last but one of the second must have the same size."
        )
    lead = np.broadcast_shapes(rows[:-2], columns[:-2])
    out = (rows[-2],) if len(left) > 1 else ()
    return (*lead, *out, *((columns[-1],) if len(right) > 1 else ()))


def matrices(fn: Callable, x1: Any, x2: Any) -> Hollow:
    """The product of matrices."""
    return Hollow(_product(x1, x2), x1.dtype)


def contracted(fn: Callable, x1: Any, x2: Any, axes: Any = 2) -> Hollow:
    """The axes of both that are not summed over."""
    if isinstance(axes, int):
        pair = [list(range(x1.ndim - axes, x1.ndim)), list(range(axes))]
    else:
        pair = [list(as_tuple(a)) for a in axes]
    first, second = (
        [_axis(a, x.ndim) for a in found] for x, found in zip((x1, x2), pair)
    )
    if [x1.shape[a] for a in first] != [x2.shape[a] for a in second]:
        raise ValueError(
            f"tensordot: the axes {axes} of the shapes {x1.shape} and {x2.shape} do "
            "not have the same sizes."
        )
    kept = [n for a, n in enumerate(x1.shape) if a not in first]
    kept += [n for a, n in enumerate(x2.shape) if a not in second]
    return Hollow(kept, x1.dtype)


def summed(fn: Callable, operands: list, subscripts: str) -> Hollow:
    """The axes that einsum's letters name."""
    text = subscripts.replace(" ", "")
    inputs, arrow, output = text.partition("->")
    parts = inputs.split(",")
    sizes: dict[str, int] = {}
    free: list[tuple[int, ...]] = []  # what "..." stands for, tensor by tensor
    if len(parts) != len(operands):
        raise ValueError(
            f"einsum: {subscripts!r} names {len(parts)} tensors; received "
            f"{len(operands)}."
        )
    for part, x in zip(parts, operands):
        front, dots, back = part.partition("...")
        count = x.ndim - len(front) - len(back)
        if count < 0 or count and not dots:
            raise ValueError(
                f"einsum: {part!r} of {subscripts!r} does not fit shape {x.shape}."
            )
        middle = x.shape[len(front) : len(front) + count]
        free.append(middle)
        ends = (*x.shape[: len(front)], *x.shape[x.ndim - len(back) :])
        for letter, n in zip(front + back, ends):
            if sizes.setdefault(letter, n) not in (n, 1) and n != 1:
                raise ValueError(
                    f"einsum: the axis {letter!r} of {subscripts!r} has the sizes "
                    f"{sizes[letter]} and {n}."
                )
            sizes[letter] = max(sizes[letter], n)

    dots_shape = np.broadcast_shapes(*free)
    if not arrow:
        letters = inputs.replace(",", "").replace(".", "")
        output = "..." + "".join(sorted(a for a in sizes if letters.count(a) == 1))
    front, dots, back = output.partition("...")
    lead = [sizes[a] for a in front]
    last = [sizes[a] for a in back]
    return Hollow((*lead, *(dots_shape if dots else ()), *last), operands[0].dtype)


# --- windows ----------------------------------------------------------------------


def _windowed(x: Any, window: Window, channels: int) -> tuple[int, ...]:
    """The shape after a sliding window, with so many channels."""
    dims = x.shape[1:-1] if window.channels_last else x.shape[2:]
    if window.padding == "same":
        places = [-(-n // s) for n, s in zip(dims, window.strides)]
    else:
        lengths = zip(dims, reach(window), window.strides)
        places = [(n - k) // s + 1 for n, k, s in lengths]
    return _laid_out(x.shape[0], places, channels, window)


def _laid_out(batch: int, places: Any, channels: int, window: Window) -> tuple:
    if window.channels_last:
        return (batch, *places, channels)
    return (batch, channels, *places)


def convolved(fn: Callable, x: Any, kernel: Any, window: Window, *rest: Any) -> Hollow:
    """A place for each window, a channel for each filter."""
    return Hollow(_windowed(x, window, kernel.shape[-1]), x.dtype)


def widened(fn: Callable, x: Any, kernel: Any, window: Window, sizes: Any) -> Hollow:
    """A transposed convolution, whose sizes are given."""
    places = [size for _, size in sizes]
    return Hollow(_laid_out(x.shape[0], places, kernel.shape[-2], window), x.dtype)


def pooled(fn: Callable, x: Any, window: Window) -> Hollow:
    """A place for each window."""
    channels = x.shape[-1 if window.channels_last else 1]
    return Hollow(_windowed(x, window, channels), x.dtype)


def picked(fn: Callable, values: Any, classes: Any, axis: int) -> Hollow:
    """One value for each class number."""
    return Hollow(classes.shape, values.dtype)


# --- blocks, segments, transforms -------------------------------------------------


def top(
    fn: Callable, x: Any, k: int, sorted: bool, is_stable: bool
) -> tuple[Hollow, Hollow]:
    """The largest elements of each row, and their places."""
    shape = (*x.shape[:-1], k)
    return Hollow(shape, x.dtype), Hollow(shape, "int32")


def sequences(fn: Callable, x: Any, length: int, stride: int) -> Hollow:
    """Windows along the last axis."""
    count = (x.shape[-1] - length) // stride + 1
    return Hollow((*x.shape[:-1], count, length), x.dtype)


def real_transform(fn: Callable, x: Any, n: int | None) -> Hollow:
    """The frequencies of real values."""
    length = x.shape[-1] if n is None else n
    kind = np.result_type(x.dtype, np.complex64)
    return Hollow((*x.shape[:-1], length // 2 + 1), kind)


def inverse_transform(fn: Callable, z: Any, n: int | None) -> Hollow:
    """The real values of frequencies."""
    length = 2 * (z.shape[-1] - 1) if n is None else n
    return Hollow((*z.shape[:-1], length), _real(z.dtype))


def _real(dtype: Any) -> Any:
    """The type of the parts of a complex number."""
    return np.zeros((), dtype).real.dtype


# --- linear algebra ---------------------------------------------------------------


def _wide(dtype: Any) -> Any:
    return np.result_type(dtype, np.complex64)


def _of_matrices(*forms: Callable) -> Rule:
    """Results of each matrix: their shape from its rows and columns, and the type."""

    def rule(fn: Callable, x: Any, *args: Any) -> Any:
        *lead, m, n = x.shape
        found = tuple(Hollow((*lead, *f(m, n)[0]), f(m, n)[1](x.dtype)) for f in forms)
        return found if len(found) > 1 else found[0]

    return rule


def _kept(dtype: Any) -> Any:
    return dtype


def orthogonal(fn: Callable, x: Any, mode: str) -> tuple[Hollow, Hollow]:
    """The two factors of `qr`."""
    *lead, m, n = x.shape
    k = m if mode == "complete" else min(m, n)
    return Hollow((*lead, m, k), x.dtype), Hollow((*lead, k, n), x.dtype)


def singular(fn: Callable, x: Any, full: bool) -> tuple[Hollow, Hollow, Hollow]:
    """The three factors of `svd`."""
    *lead, m, n = x.shape
    k = min(m, n)
    return (
        Hollow((*lead, m, m if full else k), x.dtype),
        Hollow((*lead, k), _real(x.dtype)),
        Hollow((*lead, n if full else k, n), x.dtype),
    )


def solved(fn: Callable, a: Any, b: Any, *rest: Any) -> Hollow:
    """The solutions of equations."""
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return Hollow((*lead, *b.shape[-2:]), b.dtype)


RULES: dict[str, Rule] = {
    **dict.fromkeys(
        """
        absolute angle arccos arccosh arcsin arcsinh arctan arctanh bitwise_not cbrt
        ceil conjugate copy cos cosh deg2rad erf erfc erfinv exp exp2 expm1 floor i0
        imag isfinite isinf isnan isreal log log10 log1p log2 logical_not nan_to_num
        negative rad2deg real reciprocal round rsqrt sign signbit sin sinc sinh sqrt
        square tan tanh trunc

        add arctan2 bitwise_and bitwise_or bitwise_xor clip _complex divide equal
        floor_divide fmax fmin fmod gammainc gammaincc gcd greater greater_equal
        heaviside hypot lcm left_shift less less_equal logaddexp logaddexp2 logical_and
        logical_or logical_xor maximum minimum mod multiply nextafter not_equal power
        right_shift subtract where

        celu elu gelu hard_sigmoid hard_silu hard_tanh leaky_relu log_sigmoid relu
        relu6 selu sigmoid silu softplus softsign
        """.split(),
        elementwise,
    ),
    **dict.fromkeys(
        """
        _cholesky _fft _ifft _inv _log_softmax _scatter_update _slice_update _softmax
        roll tril triu
        """.split(),
        same,
    ),
    **dict.fromkeys(
        "_prod all any argmax argmin count_nonzero logsumexp mean std sum var".split(),
        reduction,
    ),
    **dict.fromkeys(["max", "min"], extreme),
    **dict.fromkeys(["argsort", "sort"], ordered),
    **dict.fromkeys(["cumprod", "cumsum"], running),
    **dict.fromkeys(
        """
        _split _unstack broadcast_to diagonal expand_dims flip moveaxis reshape squeeze
        swapaxes transpose
        """.split(),
        viewed,
    ),
    **dict.fromkeys(["_average_pool", "_max_pool"], pooled),
    **dict.fromkeys(["_solve", "_solve_triangular"], solved),
    "_conv": convolved,
    "_conv_and_bias": convolved,
    "_conv_transpose": widened,
    "_det": _of_matrices(lambda m, n: ((), _kept)),
    "_eig": _of_matrices(lambda m, n: ((n,), _wide), lambda m, n: ((n, n), _wide)),
    "_eigh": _of_matrices(lambda m, n: ((n,), _real), lambda m, n: ((n, n), _kept)),
    "_extract_sequences": sequences,
    "_irfft": inverse_transform,
    "_lu_factor": _of_matrices(
        lambda m, n: ((m, n), _kept),
        lambda m, n: ((min(m, n),), lambda _: np.dtype("int32")),
    ),
    "_pad": padded,
    "_pick": picked,
    "_pinv": _of_matrices(lambda m, n: ((n, m), _kept)),
    "_qr": orthogonal,
    "_repeat": repeated,
    "_rfft": real_transform,
    "_scatter": lambda fn, indices, values, shape: Hollow(shape, values.dtype),
    "_segment": lambda fn, data, ids, num, how: Hollow(
        (num, *data.shape[1:]), data.dtype
    ),
    "_slice": lambda fn, x, starts, sizes: Hollow(sizes, x.dtype),
    "_svd": singular,
    "_svdvals": _of_matrices(lambda m, n: ((min(m, n),), _real)),
    "_top_k": top,
    "_view": read_as,
    "arange": counted,
    "bincount": bins,
    "concatenate": joined,
    "diag": diagonal_matrix,
    "einsum": summed,
    "full": filled,
    "full_like": filled_like,
    "get_item": item,
    "matmul": matrices,
    "ravel": ravelled,
    "searchsorted": searched,
    "slogdet": _of_matrices(lambda m, n: ((), _kept), lambda m, n: ((), _real)),
    "stack": stacked,
    "take": taken,
    "take_along_axis": taken_along,
    "tensordot": contracted,
    "tile": tiled,
}
