"""Every function of `keras.ops.numpy`, a line or two each."""

from __future__ import annotations

import numpy as np
from ops.helpers import Row, bools, floats, ints, row

X = floats(3, 4)
Y = floats(3, 4)
WIDE = floats(2, 3, 4)
POSITIVE = floats(3, 4, low=0.2, high=3)
UNIT = floats(3, 4, low=-0.9, high=0.9)
LINE = floats(5)
SQUARE = floats(3, 3) + 2 * np.eye(3, dtype="float32")
I = ints(3, 4)  # noqa: E741
COUNTS = ints(3, 4, low=1, high=9)
B = bools(3, 4)
C = (floats(3, 4) + 1j * floats(3, 4)).astype("complex64")
HOLES = np.where(np.arange(12).reshape(3, 4) % 5 == 2, np.nan, X).astype("float32")
ODD = np.array([[np.nan, np.inf, -np.inf, -0.0], [1.5, -2.5, 0.0, 7.0]], "float32")


def _steady(x, **kw):
    return np.argsort(x, kind="stable", **kw)


def _histogram(*args):
    counts, edges = np.histogram(*args)
    return counts.astype("float32"), edges.astype("float32")


UNARY = [
    *(
        row(n, X)
        for n in "absolute abs angle arcsinh arctan cbrt conj cos cosh".split()
    ),
    *(row(n, X) for n in "conjugate deg2rad exp exp2 expm1 fabs i0 negative".split()),
    *(
        row(n, X)
        for n in "rad2deg real sin sinc sinh square tan tanh reciprocal".split()
    ),
    *(row(n, UNIT) for n in "arccos arcsin arctanh".split()),
    *(row(n, POSITIVE) for n in "log log10 log1p log2 sqrt".split()),
    *(row(n, X, grad=()) for n in "ceil floor trunc sign signbit imag".split()),
    *(row(n, ODD, grad=()) for n in "isfinite isinf isnan isneginf isposinf".split()),
    *(row(n, ODD, grad=()) for n in "signbit sign trunc isreal nan_to_num".split()),
    *(row(n, C) for n in "absolute angle conj real imag isreal exp square".split()),
    *(row(n, I) for n in "absolute negative sign square bitwise_not real".split()),
    row("arccosh", POSITIVE + 1),
    row("bitwise_invert", I, expected=np.invert),
    row("bitwise_not", B, expected=np.invert),
    row("clip", X, -0.5, 0.7),
    row("clip", X, floats(4, high=-1), floats(3, 1, low=1.1)),
    row("clip", X, None, 0.5),
    row("clip", I, -2, 2),
    row("copy", X),
    row("logical_not", I),
    row("nan_to_num", ODD, nan=3.0, posinf=8.0, neginf=-9.0, grad=()),
    row("round", X, decimals=1, grad=()),
    row("round", X, grad=()),
    row("round", ints(3, 4, low=-300, high=300), decimals=-2),
    row("round", np.arange(-50, 50, 5, "int32"), decimals=-1),
]

ARITHMETIC = (
    "add subtract multiply divide true_divide maximum minimum fmax fmin".split()
)
COMPARING = "equal not_equal greater greater_equal less less_equal".split()
PAIRS = [
    *(row(n, X, floats(4)) for n in ARITHMETIC),
    *(row(n, X, 1.5) for n in ARITHMETIC),
    *(row(n, 2.5, X) for n in ARITHMETIC),
    *(row(n, I, ints(4)) for n in ("add", "subtract", "multiply", "maximum")),
    *(row(n, X, POSITIVE, grad=(0,)) for n in ("floor_divide", "mod", "fmod")),
    *(row(n, I, COUNTS) for n in ("floor_divide", "mod", "fmod", "gcd", "lcm")),
    *(row(n, X, Y) for n in ("arctan2", "hypot", "logaddexp", "logaddexp2")),
    *(row(n, I, ints(3, 4)) for n in COMPARING),
    *(row(n, X, 0.3, grad=()) for n in COMPARING),
    *(row(f"logical_{n}", B, bools(4)) for n in ("and", "or", "xor")),
    *(row(f"bitwise_{n}", I, ints(4)) for n in ("and", "or", "xor")),
    *(row(f"bitwise_{n}", B, bools(4)) for n in ("and", "or", "xor")),
    *(row(f"{n}_shift", I, ints(4, low=0)) for n in ("left", "right")),
    row("bitwise_left_shift", I, 2, expected=np.left_shift),
    row("bitwise_right_shift", I, 2, expected=np.right_shift),
    row("divide", I, COUNTS, expected=lambda a, b: (a / b)),
    row("divide_no_nan", X, Y, expected=np.divide),
    row("divide_no_nan", LINE, LINE * 0, expected=lambda a, b: a * 0, grad=()),
    row("fmax", ODD, ODD[::-1].copy(), grad=()),
    row("fmin", ODD, ODD[::-1].copy(), grad=()),
    row("maximum", ODD, 1.0, grad=()),
    row("heaviside", X, 0.5, grad=()),
    row("heaviside", ODD, 0.5, grad=()),
    row("ldexp", X, I),
    row("nextafter", X, Y, rtol=0, grad=()),
    row("power", POSITIVE, X),
    row("power", X, 3),
    row("power", 2.0, X),
    row("power", I, 2),
    row("isclose", X, X * (1 + 2e-5), rtol=1e-5, grad=()),
    row("isclose", ODD, ODD, equal_nan=True, grad=()),
    row("allclose", X, X, grad=()),
    row("isin", I, ints(3)),
    row("isin", I, ints(3), invert=True),
]

AXES = ({}, {"axis": 1}, {"axis": (0, -1), "keepdims": True})
REDUCTIONS = [
    *(row(n, WIDE, **k) for n in "sum mean var std max min prod".split() for k in AXES),
    *(row(n, WIDE, **k) for n in "amax amin ptp".split() for k in AXES),
    *(row(n, B, **k) for n in ("all", "any") for k in AXES),
    *(row(n, I, axis=1) for n in "sum mean max min prod".split()),
    *(row(n, X, axis=1, keepdims=True, grad=()) for n in ("argmax", "argmin")),
    *(row(n, X, grad=()) for n in ("argmax", "argmin")),
    *(row(n, X, axis=k) for n in ("cumsum", "cumprod") for k in (None, 0, -1)),
    *(row(n, HOLES, axis=1, grad=()) for n in ("nancumsum", "nancumprod")),
    *(
        row(f"nan{n}", HOLES, axis=1, keepdims=True, grad=())
        for n in "sum prod mean var std max min median".split()
    ),
    *(
        row(f"nan{n}", X, expected=getattr(np, n))
        for n in "sum prod mean var std max min median".split()
    ),
    *(row(n, HOLES, axis=1, grad=()) for n in ("nanargmax", "nanargmin")),
    row("max", X, axis=1, initial=1.0),
    row("min", X, axis=0, initial=-1.0),
    row("max", np.zeros((3, 0), "float32"), axis=1, initial=1.0, grad=()),
    row("average", X, axis=1),
    row(
        "average",
        X,
        1,
        floats(4, low=0.5),
        expected=lambda x, axis, w: np.average(x, axis, weights=w),
    ),
    row("count_nonzero", I, axis=1),
    row("median", X, axis=1),
    row("median", WIDE, axis=(0, 2)),
    *(
        row("quantile", floats(5, 4), 0.37, axis=0, method=m)
        for m in ("linear", "lower", "higher", "midpoint", "nearest")
    ),
    row("quantile", X, [0.25, 0.5], axis=1, keepdims=True),
    row("quantile", HOLES, 0.5, axis=1, grad=()),
    row("nanquantile", HOLES, [0.25, 0.5], axis=1, grad=()),
    row("percentile", X, 30.0, axis=1),
    row("nanpercentile", HOLES, [10.0, 50.0], axis=0, grad=()),
]

ORDER = [
    row("sort", X),
    row("sort", ints(3, 4), axis=0),
    row("sort", X, axis=None),
    row("sort", ODD, grad=()),
    row("argsort", X, expected=_steady, grad=()),
    row("argsort", ODD, expected=_steady, grad=()),
    row("argsort", ints(3, 9), expected=_steady, axis=-1),
    row("argsort", X, axis=None, expected=_steady, grad=()),
    row("argpartition", X, 1, expected=lambda x, k: np.argsort(x), grad=()),
    row("searchsorted", np.sort(LINE), X, grad=()),
    row("searchsorted", np.arange(5, dtype="int32"), I, side="right"),
    row("digitize", X, np.sort(LINE), grad=()),
    row("unique", I),
    row("unique", I, return_index=True, return_inverse=True, return_counts=True),
    row("unique", ints(4, 2, low=0, high=2), axis=0, return_inverse=True),
    row("bincount", ints(9, low=0), symbolic=False),
    row("bincount", ints(5, low=0), floats(5), minlength=9, symbolic=False, grad=()),
    row("histogram", floats(20), 5, grad=(), expected=_histogram),
    row("histogram", floats(20), 4, (-1.0, 1.5), grad=(), expected=_histogram),
]

SHAPES = [
    row("append", X, floats(2, 4), axis=0),
    row("append", X, floats(2)),
    row("array_split", floats(3, 7), 3, axis=1),
    row("split", floats(3, 6), 3, axis=1),
    row("split", floats(7, 2), [2, 3], expected=np.split),
    row("hsplit", floats(3, 6), [2, 3]),
    row("vsplit", floats(4, 3), 2),
    row("dsplit", floats(2, 3, 4), 2),
    row("broadcast_to", floats(3, 1), (2, 3, 4)),
    row("concatenate", [X, floats(3, 2)], axis=1, grad=()),
    row("concatenate", [X, I], expected=lambda xs: np.concatenate(xs).astype("f4")),
    row("stack", [X, Y], axis=1),
    row("hstack", [X, Y]),
    row("vstack", [LINE, LINE]),
    row("dstack", [X, Y]),
    row("expand_dims", X, (0, -1)),
    row("flip", WIDE, axis=(0, 2)),
    row("flip", X),
    row("fliplr", X),
    row("flipud", X),
    row("moveaxis", WIDE, (0, 1), (-1, 0)),
    row("moveaxis", WIDE, 0, 1),
    row("ndim", X, symbolic=False, grad=(), expected=np.ndim),
    row("size", X, symbolic=False, grad=(), expected=np.size),
    row("pad", X, ((1, 2), (0, 3)), constant_values=7.0),
    *(row("pad", X, ((1, 2), (2, 1)), mode=m) for m in ("reflect", "symmetric")),
    *(row("pad", X, ((0, 0), (2, 6)), mode=m) for m in ("edge", "wrap")),
    row("ravel", X),
    row("repeat", X, 3, axis=1),
    row("repeat", X, 2),
    row("repeat", floats(2, 3), [2, 0, 1], axis=-1),
    row("reshape", X, (-1, 2, 2)),
    row("reshape", X, (3, None, 2), expected=lambda x, s: x.reshape(3, 2, 2)),
    row("roll", X, 2),
    row("roll", X, (1, -2), axis=(0, 1)),
    *(row("rot90", WIDE, k=k, axes=(2, 0)) for k in (1, 2, 3, 4)),
    row("squeeze", floats(3, 1, 4, 1)),
    row("squeeze", floats(3, 1, 4, 1), axis=1),
    row("swapaxes", WIDE, 0, -1),
    row("tile", X, (2, 1, 3)),
    row("transpose", WIDE),
    row("transpose", WIDE, (1, -1, 0)),
    row("view", I, "float32", expected=lambda x, t: x.view(t)),
]

PLACES = [
    *(
        row("get_item", WIDE, key, expected=lambda x, k: x[k])
        for key in (
            1,
            slice(0, 2),
            (slice(None), slice(None, None, 2)),
            (Ellipsis, None, 1),
            (slice(None), slice(None, None, -1), slice(2, None, -2)),
            ([1, 0, 1],),
            (slice(None), [2, -1]),
            (slice(None), np.array([[0, 1], [2, 2]]), 1),
            ([0, 1], slice(1, 3), [2, 3]),
            (slice(None), np.array([0, 2]), slice(None, None, -1)),
            (Ellipsis, np.array([1, 1])),
            (None, 0, [1, 2]),
        )
    ),
    row("take", X, ints(2, 2, low=-3, high=3), axis=0),
    row("take", X, ints(3, low=0, high=12)),
    row("take_along_axis", X, ints(3, 2, low=0, high=4), axis=1),
    row("take_along_axis", X, ints(2, 4, low=-3, high=3), axis=0),
    row("where", B, X, floats(4)),
    row("where", B, X, 0.0),
    row("where", I, 1, I),
    row("nonzero", I),
    row("select", [B, bools(3, 4)], [X, Y], 7.0),
    row("diag", LINE, k=1),
    row("diag", X, k=-1),
    row("diagflat", X, k=1),
    row("diagonal", WIDE, offset=1, axis1=1, axis2=2),
    row("trace", WIDE, offset=-1, axis1=2, axis2=1),
    row("tril", WIDE, k=-1),
    row("triu", X, k=1),
    row("unravel_index", ints(4, low=0, high=24), (2, 3, 4)),
]

CREATION = [
    row("arange", 5, symbolic=False),
    row("arange", 0.0, 2.0, 0.3, symbolic=False),
    row("arange", 5, 1, -1, symbolic=False),
    row("array", [[1, 2], [3, 4]], symbolic=False),
    *(row(n, (2, 3), symbolic=False) for n in ("zeros", "ones")),
    *(row(f"{n}_like", I) for n in ("zeros", "ones")),
    *(row(n, 3, 4, 1, symbolic=False) for n in ("eye", "tri")),
    *(row(n, 6, symbolic=False) for n in "bartlett blackman hamming hanning".split()),
    row("empty", (2, 3), symbolic=False, expected=np.zeros),
    row("empty_like", X, expected=np.zeros_like, grad=()),
    row("full", (2, 3), 2.5, symbolic=False),
    row("full", (2, 3), floats(3)),
    row("full_like", I, 7),
    row("full_like", X, floats(4), grad=(1,)),
    row("identity", 3, symbolic=False),
    row("kaiser", 6, 3.0, symbolic=False),
    row("linspace", LINE, floats(5, low=3, high=9), 4, axis=1),
    row("linspace", 0.0, 5.0, 7, False, True, symbolic=False),
    row("linspace", 0, 9, 4, dtype="int32", symbolic=False),
    row("logspace", 0.0, 3.0, 4, base=2.0, symbolic=False),
    row("geomspace", 1.0, 100.0, 5, symbolic=False),
    row("geomspace", -1.0, -8.0, 3, False, symbolic=False),
    row("meshgrid", LINE, floats(3)),
    row("meshgrid", LINE, floats(3), indexing="ij"),
    row("vander", LINE, 3),
    row("vander", LINE, 4, increasing=True),
]

PRODUCTS = [
    row("matmul", X, floats(4, 2)),
    row("matmul", WIDE, floats(4, 2)),
    row("matmul", floats(2, 1, 3, 4), floats(5, 4, 2)),
    row("matmul", floats(4), WIDE.swapaxes(1, 2).copy()),
    row("matmul", WIDE, floats(4)),
    row("matmul", I, ints(4, 2)),
    row("dot", WIDE, floats(5, 4, 2)),
    row("dot", LINE, LINE + 1),
    row("dot", X, 2.0),
    row("inner", X, floats(2, 4)),
    row("outer", X, LINE),
    row("vdot", X, Y),
    row("vdot", C, C),
    row("kron", X, floats(2, 3)),
    row("kron", LINE, floats(2, 2)),
    row("cross", floats(4, 3), floats(4, 3)),
    row("cross", floats(4, 2), floats(4, 3)),
    row("cross", floats(4, 3), floats(3, 4), axisa=1, axisb=0, axisc=0),
    row("tensordot", WIDE, floats(3, 4, 2)),
    row("tensordot", WIDE, floats(2, 4, 3), axes=[[1, 2], [2, 1]]),
    row("tensordot", X, LINE, axes=0),
    row("einsum", "ij,kj->ik", X, Y, grad=(1, 2)),
    row("einsum", "...ij,jk->...ik", WIDE, floats(4, 2), grad=(1, 2)),
    row("einsum", "ij,ij->", I, I),
    *(
        row("correlate", floats(7), floats(3), m, expected=np.correlate)
        for m in ("valid", "same", "full")
    ),
    row("correlate", floats(3), floats(6), mode="full"),
    row("corrcoef", floats(3, 6)),
    row("diff", X, n=2),
    row("diff", B, axis=0),
    row("trapezoid", X, dx=0.3, axis=0),
    row("trapezoid", X, floats(4)),
    row("slogdet", np.stack([SQUARE, SQUARE.T]), expected=np.linalg.slogdet),
]

ROWS: list[Row] = [
    *UNARY,
    *PAIRS,
    *REDUCTIONS,
    *ORDER,
    *SHAPES,
    *PLACES,
    *CREATION,
    *PRODUCTS,
]
