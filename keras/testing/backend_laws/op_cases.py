"""A call of every primitive op, with what NumPy says of it.

The table is for `check_backend`: it reaches each function that a backend's TABLE must
have. Formulas need NumPy and the standard library alone, so that a plug-in can run them
anywhere, and hold in float64 too, where finite differences of them give the gradients.
"""

from __future__ import annotations

import dataclasses
import math
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np

from keras import ops

_RNG = np.random.default_rng(7)


@dataclasses.dataclass(frozen=True)
class OpCase:
    """One call of an op.

    Args:
        name: the op's name.
        args: its arguments; NumPy arrays in them become tensors.
        kwargs: its static arguments.
        expected: a function of the same arguments in NumPy, by default NumPy's own.
        run: the op, or a function of its results where these are not unique, as for
            a decomposition.
        differentiated: the places of the arguments that have a gradient.
        has_fixed_shape: whether the shape of the result depends on no values.
        tolerance: relative and absolute.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    expected: Callable[..., Any]
    run: Callable[..., Any]
    differentiated: tuple[int, ...]
    has_fixed_shape: bool
    tolerance: float

    def __str__(self) -> str:
        shapes = [str(_described(x)) for x in self.args]
        shapes += [f"{key}={value!r}" for key, value in self.kwargs.items()]
        return f"{self.name}({', '.join(shapes)})"


def _described(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return f"{value.dtype}{list(value.shape)}"
    return [_described(v) for v in value] if isinstance(value, list) else value


def _case(
    name: str,
    *args: Any,
    expected: Callable[..., Any] | None = None,
    run: Callable[..., Any] | None = None,
    grad: bool | tuple[int, ...] = True,
    has_fixed_shape: bool = True,
    tolerance: float = 2e-5,
    **kwargs: Any,
) -> OpCase:
    """A case; `grad` is True for all float arrays, False for none, or some places."""
    places = range(len(args)) if grad is True else grad or ()
    return OpCase(
        name=name,
        args=args,
        kwargs=kwargs,
        expected=expected or getattr(np, name),
        run=run or getattr(ops, name),
        differentiated=tuple(i for i in places if _is_float(args[i])),
        has_fixed_shape=has_fixed_shape,
        tolerance=tolerance,
    )


def _is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype == np.float32


def _floats(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Distinct float32 numbers, none of which is 0: no op has a kink at one of them."""
    size = math.prod(shape)
    values = low + (high - low) * (np.arange(size) + 0.44) / size
    return _RNG.permutation(values).reshape(shape).astype("float32")


def _ints(*shape: int, low: int = -5, high: int = 6) -> np.ndarray:
    return _RNG.integers(low, high, shape).astype("int32")


X = _floats(3, 4)
Y = _floats(3, 4, low=-1.9, high=2.1)
CUBE = _floats(2, 3, 4)
LINE = _floats(5)
POSITIVE = _floats(3, 4, low=0.2, high=3.0)
UNIT = _floats(3, 4, low=-0.9, high=0.9)
SQUARE = _floats(3, 3) + 3 * np.eye(3, dtype="float32")
SYMMETRIC = SQUARE @ SQUARE.T
INTS = _ints(3, 4)
COUNTS = _ints(3, 4, low=1, high=9)
BITS = _ints(3, 4, low=0, high=6)
SHAPES = _ints(3, 4, low=1, high=5).astype("float32")
TRUTHS = INTS > 0
COMPLEX = (X + 1j * Y).astype("complex64")
ODD = np.array([[np.nan, np.inf, -np.inf, -0.0], [1.5, -2.5, 0.0, 7.0]], "float32")
IMAGES = _floats(2, 6, 6, 4)
KERNEL = _floats(3, 3, 2, 3)


# Formulas


def _each(fn: Callable[[float], float]) -> Callable[[np.ndarray], np.ndarray]:
    """A function of one number, on arrays of floats."""
    return lambda x: np.vectorize(fn, otypes=[x.dtype])(x)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def _gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _selu(x: np.ndarray) -> np.ndarray:
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    return scale * np.where(x > 0, x, alpha * np.expm1(x))


def _softmax(x: np.ndarray, axis: int = -1) -> np.ndarray:
    powers = np.exp(x - x.max(axis, keepdims=True))
    return powers / powers.sum(axis, keepdims=True)


def _windows(x: np.ndarray, size: int, stride: int) -> np.ndarray:
    """Windows of an image batch: (batch, rows, columns, channels, size, size)."""
    found = np.lib.stride_tricks.sliding_window_view(x, (size, size), (1, 2))
    return found[:, ::stride, ::stride]


def _convolution(x: np.ndarray, kernel: np.ndarray, strides: int = 1) -> np.ndarray:
    return np.einsum("brcijk,jkio->brco", _windows(x, kernel.shape[0], strides), kernel)


def _transposed_convolution(
    x: np.ndarray, kernel: np.ndarray, strides: int
) -> np.ndarray:
    """Each pixel adds the kernel, times its value, to the result."""
    size = kernel.shape[0]
    batch, rows, columns, _ = x.shape
    shape = (batch, *((n - 1) * strides + size for n in (rows, columns)))
    out = np.zeros((*shape, kernel.shape[2]), x.dtype)
    for r in range(rows):
        for c in range(columns):
            top, left = r * strides, c * strides
            out[:, top : top + size, left : left + size] += np.einsum(
                "bi,jkoi->bjko", x[:, r, c], kernel
            )
    return out


def _segment_sum(data: np.ndarray, ids: np.ndarray, num_segments: int) -> np.ndarray:
    out = np.zeros((num_segments, *data.shape[1:]), data.dtype)
    np.add.at(out, ids, data)
    return out


def _with_updates(
    x: np.ndarray, indices: np.ndarray, updates: np.ndarray
) -> np.ndarray:
    out = x.copy()
    out[tuple(indices.T)] = updates
    return out


def _with_slice(x: np.ndarray, start: Any, updates: np.ndarray) -> np.ndarray:
    out = x.copy()
    place = [slice(s, s + n) for s, n in zip(start, updates.shape)]
    out[tuple(place)] = updates
    return out


def _steady(x: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.argsort(x, axis=axis, kind="stable")


def _times(*factors: Any) -> Any:
    """The product of matrices, to check a decomposition."""
    out = factors[0]
    for factor in factors[1:]:
        out = ops.matmul(out, factor)
    return out


def _same(x: np.ndarray) -> np.ndarray:
    return x


def _erlang(a: np.ndarray, x: np.ndarray) -> np.ndarray:
    """The distribution function of the sum of `a` waiting times, for integers `a`."""
    terms = (np.where(k < a, x**k / math.factorial(k), 0.0) for k in range(5))
    return 1 - np.exp(-x) * sum(terms)


# The table

_ELEMENTWISE = [
    *(_case(n, X) for n in "absolute arcsinh arctan cbrt cos cosh exp expm1".split()),
    *(_case(n, X) for n in "negative sin sinh tan tanh conjugate copy real".split()),
    *(_case(n, UNIT) for n in "arccos arcsin arctanh".split()),
    *(_case(n, POSITIVE) for n in "log log1p sqrt".split()),
    *(_case(n, X, grad=False) for n in "ceil floor trunc sign".split()),
    *(_case(n, ODD, grad=False) for n in "isfinite isinf isnan signbit sign".split()),
    *(_case(n, COMPLEX) for n in "absolute angle conjugate real imag isreal".split()),
    *(_case(n, INTS) for n in "absolute negative sign".split()),
    _case("angle", X, grad=False),
    _case("arccosh", POSITIVE + 1),
    _case("bitwise_not", INTS, expected=np.invert),
    _case(
        "celu", X, 0.7, expected=lambda x, a: np.where(x > 0, x, a * np.expm1(x / a))
    ),
    _case("clip", X, -0.5, 0.7),
    _case("elu", X, 0.7, expected=lambda x, a: np.where(x > 0, x, a * np.expm1(x))),
    _case("erf", X, expected=_each(math.erf)),
    _case("erfc", X, expected=_each(math.erfc)),
    _case(
        "erfinv",
        UNIT,
        expected=_each(
            lambda p: statistics.NormalDist().inv_cdf((p + 1) / 2) / math.sqrt(2)
        ),
    ),
    _case("gelu", X, expected=_gelu),
    _case("hard_sigmoid", X, expected=lambda x: np.clip(x / 6 + 0.5, 0, 1)),
    _case("hard_silu", X, expected=lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    _case("hard_tanh", X, expected=lambda x: np.clip(x, -1, 1)),
    _case("i0", X),
    _case("imag", X, grad=False),
    _case("isreal", X, grad=False),
    _case("leaky_relu", X, 0.3, expected=lambda x, a: np.where(x > 0, x, a * x)),
    _case("log_sigmoid", X, expected=lambda x: np.log(_sigmoid(x))),
    _case("logical_not", TRUTHS),
    _case("nan_to_num", ODD, nan=3.0, posinf=8.0, neginf=-9.0, grad=False),
    _case("relu", X, expected=lambda x: np.maximum(x, 0)),
    _case("relu6", 4 * X, expected=lambda x: np.clip(x, 0, 6)),
    _case("round", X, decimals=1, grad=False),
    _case("rsqrt", POSITIVE, expected=lambda x: 1 / np.sqrt(x)),
    _case("selu", X, expected=_selu),
    _case("sigmoid", X, expected=_sigmoid),
    _case("silu", X, expected=lambda x: x * _sigmoid(x)),
    _case("softplus", X, expected=lambda x: np.log1p(np.exp(x))),
    _case("softsign", X, expected=lambda x: x / (1 + np.abs(x))),
]

_PAIRS = [
    *(
        _case(n, X, _floats(4, low=-1.7))
        for n in "add subtract multiply divide maximum minimum".split()
    ),
    *(_case(n, X, 1.5) for n in "add subtract multiply divide maximum".split()),
    *(_case(n, INTS, _ints(4)) for n in "add subtract multiply maximum".split()),
    *(
        _case(n, INTS, BITS)
        for n in "equal not_equal greater greater_equal less less_equal".split()
    ),
    *(_case(n, X, 0.3, grad=False) for n in ("greater", "less_equal", "not_equal")),
    *(_case(f"logical_{n}", TRUTHS, BITS > 2) for n in ("and", "or", "xor")),
    *(_case(f"bitwise_{n}", INTS, BITS) for n in ("and", "or", "xor")),
    *(_case(f"{n}_shift", INTS, BITS) for n in ("left", "right")),
    *(_case(n, INTS, COUNTS) for n in "floor_divide mod fmod gcd lcm".split()),
    *(_case(n, X, POSITIVE, grad=(0,)) for n in ("mod", "fmod")),
    _case("floor_divide", X, POSITIVE, grad=False),
    _case("gammainc", SHAPES, POSITIVE, expected=_erlang, grad=(1,)),
    _case(
        "gammaincc",
        SHAPES,
        POSITIVE,
        expected=lambda a, x: 1 - _erlang(a, x),
        grad=(1,),
    ),
    _case("arctan2", X, Y),
    _case("nextafter", X, Y, grad=False, tolerance=0),
    _case("power", POSITIVE, X),
    _case("power", INTS, 2),
    _case("where", TRUTHS, X, Y),
    _case("where", TRUTHS, X, 0.0),
]

_REDUCTIONS = [
    *(
        _case(n, CUBE, **options)
        for n in "sum mean var std max min prod".split()
        for options in ({}, {"axis": 1}, {"axis": (0, -1), "keepdims": True})
    ),
    *(_case(n, TRUTHS, axis=1) for n in ("all", "any")),
    *(_case(n, INTS, axis=1) for n in "sum max min prod".split()),
    *(_case(n, X, axis=1, grad=False) for n in ("argmax", "argmin")),
    *(_case(n, X, axis=axis) for n in ("cumsum", "cumprod") for axis in (None, -1)),
    _case("count_nonzero", INTS, axis=1),
    _case(
        "logsumexp",
        X,
        axis=1,
        expected=lambda x, axis: np.log(np.exp(x).sum(axis)),
    ),
    _case("softmax", X, expected=_softmax),
    _case("log_softmax", X, expected=lambda x: np.log(_softmax(x))),
    _case("segment_sum", X, np.array([0, 2, 0], "int32"), 3, expected=_segment_sum),
]

_ORDER = [
    _case("sort", X),
    _case("sort", INTS, axis=0),
    _case("argsort", X, expected=_steady, grad=False),
    _case("argsort", INTS, expected=_steady),
    _case("searchsorted", np.sort(LINE), X, "left", grad=False),
    _case("bincount", BITS[0], None, 7, has_fixed_shape=False),
    _case(
        "top_k",
        X,
        2,
        expected=lambda x, k: (
            np.sort(x)[:, ::-1][:, :k],
            np.argsort(-x)[:, :k].astype("int32"),
        ),
        grad=False,
    ),
    _case("nonzero", INTS, has_fixed_shape=False),
]

_SHAPES = [
    _case("broadcast_to", _floats(3, 1), (2, 3, 4)),
    _case("concatenate", [X, Y], axis=1),
    _case("stack", [X, Y], axis=1),
    _case("expand_dims", X, (0, -1)),
    _case("flip", CUBE, axis=(0, 2)),
    _case("moveaxis", CUBE, (0, 1), (-1, 0)),
    _case("pad", X, ((1, 2), (0, 3)), constant_values=7.0),
    _case("pad", X, ((1, 2), (2, 1)), mode="reflect"),
    _case("repeat", X, 3, axis=1),
    _case("reshape", X, (-1, 2, 2)),
    _case("roll", X, (1, -2), axis=(0, 1)),
    _case("split", _floats(7, 2), [2, 3]),
    _case("squeeze", _floats(3, 1, 4, 1), axis=1),
    _case("swapaxes", CUBE, 0, -1),
    _case("tile", X, (2, 1, 3)),
    _case("transpose", CUBE, (1, 2, 0)),
    _case("unstack", CUBE, axis=1, expected=lambda x, axis: list(np.moveaxis(x, 1, 0))),
    _case("view", INTS, "float32", expected=lambda x, dtype: x.view(dtype)),
]

_PLACES = [
    *(
        _case("get_item", CUBE, key, expected=lambda x, key: x[key])
        for key in (
            1,
            (slice(None), slice(None, None, 2)),
            (Ellipsis, None, -1),
            (slice(None), slice(None, None, -1), slice(2, None, -2)),
            ([1, 0, 1],),
            ([0, 1], slice(1, 3), [2, 3]),
        )
    ),
    _case("take", X, _ints(2, 2, low=-3, high=3), axis=0),
    _case("take_along_axis", X, _ints(3, 2, low=0, high=4), axis=1),
    _case("diag", LINE, k=1),
    _case("diag", X, k=-1),
    _case("diagonal", CUBE, offset=1, axis1=1, axis2=2),
    _case("tril", CUBE, k=-1),
    _case("triu", X, k=1),
    _case(
        "scatter",
        np.array([[0], [3], [0]], "int32"),
        _floats(3),
        (5,),
        expected=lambda i, x, shape: _segment_sum(x, i[:, 0], shape[0]),
    ),
    _case(
        "scatter_update",
        X,
        np.array([[0, 1], [2, 3]], "int32"),
        _floats(2),
        expected=_with_updates,
    ),
    _case("slice", X, (1, 0), (2, 3), expected=lambda x, start, shape: x[1:3, 0:3]),
    _case("slice_update", X, (1, 0), _floats(2, 3), expected=_with_slice),
]

_CREATION = [
    _case("arange", 0, 7, 2, "int32", has_fixed_shape=False),
    _case("arange", 0.0, 2.0, 0.3, "float32", has_fixed_shape=False),
    _case("full", (2, 3), 2.5, "float32", has_fixed_shape=False),
    _case("full_like", INTS, 7, None),
]

_PRODUCTS = [
    _case("matmul", X, _floats(4, 2)),
    _case("matmul", _floats(2, 1, 3, 4), _floats(5, 4, 2)),
    _case("matmul", INTS, _ints(4, 2)),
    _case("tensordot", CUBE, _floats(3, 4, 2), axes=2),
    _case(
        "einsum",
        [X, Y],
        "ij,kj->ik",
        expected=lambda xs, subscripts: np.einsum(subscripts, *xs),
        run=lambda xs, subscripts: ops.einsum(subscripts, *xs),
    ),
]

_MATRICES = [
    _case("cholesky", SYMMETRIC, expected=np.linalg.cholesky, grad=False),
    _case("det", SQUARE, expected=np.linalg.det),
    _case("inv", SQUARE, expected=np.linalg.inv),
    _case("pinv", X, expected=np.linalg.pinv, grad=False),
    _case("slogdet", SQUARE, expected=np.linalg.slogdet, grad=False),
    _case("solve", SQUARE, _floats(3, 2), expected=np.linalg.solve),
    _case(
        "solve_triangular",
        SQUARE,
        _floats(3, 2),
        lower=True,
        expected=lambda a, b, lower: np.linalg.solve(np.tril(a), b),
    ),
    _case("qr", X, run=lambda x: _times(*ops.qr(x)), expected=_same, grad=False),
    _case(
        "eigh",
        SYMMETRIC,
        run=lambda x: ops.eigh(x)[0],
        expected=np.linalg.eigvalsh,
        grad=False,
        tolerance=1e-4,
    ),
    _case(
        "eig",
        SYMMETRIC,
        run=lambda x: ops.sort(ops.real(ops.eig(x)[0])),
        expected=np.linalg.eigvalsh,
        grad=False,
        tolerance=1e-4,
    ),
    _case(
        "svd",
        X,
        run=lambda x: _times(*_scaled(*ops.svd(x, full_matrices=False))),
        expected=_same,
        grad=False,
    ),
    _case(
        "svd",
        X,
        compute_uv=False,
        expected=lambda x, compute_uv: np.linalg.svd(x, compute_uv=False),
        grad=False,
    ),
    _case(
        "lu_factor",
        SQUARE,
        run=lambda x: ops.abs(ops.prod(ops.diagonal(ops.lu_factor(x)[0]))),
        expected=lambda x: np.abs(np.linalg.det(x)),
        grad=False,
    ),
]


def _scaled(u: Any, s: Any, v: Any) -> tuple[Any, Any]:
    return u * s, v


def _pair(z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A complex array as Keras has it: the real part and the imaginary one."""
    return z.real, z.imag


_SIGNALS = [
    _case("fft", [X, Y], expected=lambda z: _pair(np.fft.fft(z[0] + 1j * z[1]))),
    _case("ifft2", [X, Y], expected=lambda z: _pair(np.fft.ifft2(z[0] + 1j * z[1]))),
    _case("rfft", X, expected=lambda x: _pair(np.fft.rfft(x))),
    _case(
        "irfft",
        [X, Y],
        expected=lambda z: np.fft.irfft(
            np.concatenate([z[0][:, :1], z[0][:, 1:3] + 1j * z[1][:, 1:3]], 1)
        ),
        run=lambda z: ops.irfft(
            [z[0][:, :3], ops.concatenate([0 * z[1][:, :1], z[1][:, 1:3]], 1)]
        ),
    ),
    _case(
        "extract_sequences",
        LINE,
        3,
        2,
        expected=lambda x, size, stride: np.stack([x[:3], x[2:5]]),
    ),
]

_IMAGES = [
    _case("conv", IMAGES, _floats(3, 3, 4, 2), expected=_convolution, tolerance=1e-4),
    _case(
        "conv",
        IMAGES,
        _floats(3, 3, 4, 2),
        strides=2,
        expected=_convolution,
        tolerance=1e-4,
    ),
    _case(
        "conv_transpose",
        _floats(1, 3, 3, 3),
        KERNEL,
        strides=2,
        expected=_transposed_convolution,
        tolerance=1e-4,
    ),
    _case(
        "max_pool",
        IMAGES,
        2,
        2,
        expected=lambda x, size, stride: _windows(x, size, stride).max((-2, -1)),
    ),
    _case(
        "average_pool",
        IMAGES,
        3,
        1,
        expected=lambda x, size, stride: _windows(x, size, stride).mean((-2, -1)),
    ),
]

_LOSSES = [
    _case(
        "sparse_categorical_crossentropy",
        np.array([0, 3, 1], "int32"),
        _softmax(X),
        expected=lambda target, p: -np.log(
            (p / p.sum(-1, keepdims=True))[np.arange(3), target]
        ),
    ),
    _case(
        "sparse_categorical_crossentropy",
        np.array([0, 3, 1], "int32"),
        X,
        from_logits=True,
        expected=lambda target, x, from_logits: -np.log(
            _softmax(x)[np.arange(3), target]
        ),
    ),
]

OP_CASES: list[OpCase] = [
    *_ELEMENTWISE,
    *_PAIRS,
    *_REDUCTIONS,
    *_ORDER,
    *_SHAPES,
    *_PLACES,
    *_CREATION,
    *_PRODUCTS,
    *_MATRICES,
    *_SIGNALS,
    *_IMAGES,
    *_LOSSES,
]
