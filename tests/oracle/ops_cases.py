"""The calls of `keras.ops` whose results are compared with Keras 3.15.1.

`CASES`: single calls, odd shapes and non-default arguments. `UNARY`, `REDUCE`,
`BINARY`, `CREATE`: dtype sweeps, each op at every dtype (or pair of dtypes).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .spec import PROBS, RAW, SPD, WELL, A, B, C, Case, D, F, I, V, number

NAN = float("nan")
INF = float("inf")
EDGES = V([0.0, -0.0, 1.0, -1.0, INF, -INF, NAN, 2.5])


def case(name: str, *args: Any, **kwargs: Any) -> Case:
    """A plain call `ops.name(*args, **kwargs)`."""
    return Case(name, args, kwargs)


def sure(name: str, *args: Any, **kwargs: Any) -> Case:
    """A call not made symbolically: its shape depends on values, or it has none."""
    return Case(name, args, kwargs, sym=False)


def loose(name: str, tol: float, *args: Any, **kwargs: Any) -> Case:
    """A call whose result is ill-conditioned: compared at `tol`."""
    return Case(name, args, kwargs, tol=(tol, tol))


def together(name: str, *args: Any, **kwargs: Any) -> Case:
    """Symbolically, every array's leading axis is the same unknown batch."""
    return Case(name, args, kwargs, sym="all")


def via(name: str, call: Any, *args: Any, **kwargs: Any) -> Case:
    """`call(ops, *args)`: for function arguments and results up to a sign."""
    return Case(name, args, kwargs, call=call, sym=False)


# --- elementwise, one argument: every op on two shapes -------------------------
UNIT = ("arccos", "arcsin", "arctanh", "erfinv")
POSITIVE = ("log", "log10", "log2", "sqrt", "rsqrt", "reciprocal")
ANYREAL = (
    "abs absolute arcsinh arctan cbrt ceil conj conjugate copy cos cosh deg2rad "
    "erf erfc exp exp2 expm1 fabs floor i0 isfinite isinf isnan isneginf isposinf "
    "isreal logical_not negative rad2deg ravel real imag angle round sign signbit "
    "sin sinc sinh square tan tanh trunc nan_to_num celu elu gelu hard_shrink "
    "hard_sigmoid hard_silu hard_tanh leaky_relu log_sigmoid relu relu6 selu "
    "sigmoid silu soft_shrink softplus softsign sparse_plus sparse_sigmoid "
    "squareplus tanh_shrink stop_gradient ones_like zeros_like"
).split()
EDGY = (
    "abs ceil exp floor isfinite isinf isnan isneginf isposinf log log1p sign "
    "signbit sqrt square tanh trunc nan_to_num relu sigmoid softplus round "
    "reciprocal sinc logical_not relu6 log_sigmoid erf cbrt expm1"
).split()

ELEMENTWISE = [
    *(case(n, F(3, 5)) for n in ANYREAL),
    *(sure(n, F(2, 1, 3, lo=-9, hi=9)) for n in ANYREAL),
    *(case(n, F(3, 5, lo=-0.95, hi=0.95)) for n in UNIT),
    *(sure(n, F(7, lo=-0.5, hi=0.5)) for n in UNIT),
    *(case(n, F(3, 5, lo=0.1, hi=9)) for n in POSITIVE),
    *(sure(n, F(2, 1, 3, lo=1e-3, hi=0.5)) for n in POSITIVE),
    *(sure(n, EDGES) for n in EDGY),
    case("arccosh", F(3, 5, lo=1.01, hi=9)),
    case("arccosh", F(2, 1, 3, lo=1.5, hi=2)),
    case("log1p", F(3, 5, lo=-0.9, hi=9)),
    case("log1p", F(2, 1, 3, lo=-1e-4, hi=1e-4)),
    case("celu", F(3, 4), alpha=0.3),
    case("elu", F(3, 4), alpha=0.3),
    case("gelu", F(3, 4), approximate=False),
    case("gelu", F(3, 4), False),
    case("glu", F(3, 4)),
    case("glu", F(4, 3), axis=0),
    case("hard_shrink", F(3, 4), threshold=1.1),
    case("soft_shrink", F(3, 4), threshold=1.1),
    case("leaky_relu", F(3, 4), negative_slope=0.01),
    case("squareplus", F(3, 4), b=1),
    case("threshold", F(3, 4), 0.3, -7.0),
    case("threshold", F(3, 4), threshold=-1.0, default_value=20.0),
    case("log_softmax", F(3, 4)),
    case("log_softmax", F(3, 4, 2), axis=1),
    case("softmax", F(3, 4, lo=-30, hi=30)),
    case("softmax", F(3, 4, 2), axis=1),
    case("softmax", F(3, 4, 2), axis=(1, 2)),
    case("softmax", F(3, 4, 2), axis=None),
    case("log_softmax", F(3, 4, 2), axis=None),
    # Real Keras is wrong on several rows at once (they do not sum to one).
    case("sparsemax", F(1, 5)),
    case("sparsemax", F(1, 7, 1), axis=1),
    case("round", F(3, 4, lo=-30, hi=30), decimals=1),
    case("round", F(3, 4, lo=-300, hi=300), decimals=-2),
    case("round", V([0.5, 1.5, 2.5, -0.5, -1.5])),
    case("round", I(3, 4, lo=-300, hi=300), decimals=-2),
    case("nan_to_num", V([[NAN, INF], [-INF, 1.0]]), nan=3.0, posinf=8.0, neginf=-9.0),
    case("nan_to_num", V([[NAN, INF], [-INF, 1.0]]), nan=-1.0),
    case("clip", F(3, 4), -0.5, 0.7),
    case("clip", F(3, 4), F(4, lo=-1, hi=0), F(3, 1, lo=0, hi=1)),
    case("clip", I(3, 4), -2, 2),
    case("clip", B(3, 4), 0, 1),
    case("logical_not", B(3, 4)),
    case("logical_not", I(3, 4, lo=0, hi=3)),
    case("bitwise_invert", I(3, 4)),
    case("bitwise_not", I(3, 4)),
    case("bitwise_not", B(3, 4)),
    case("cast", F(3, 4, lo=-9, hi=9), "int32"),
    case("cast", F(3, 4, lo=-9, hi=9), "bool"),
    case("cast", I(3, 4), "float16"),
    case("cast", B(3, 4), "float32"),
    case("cast", C(3, 4), dtype="float32"),
    case("saturate_cast", F(3, 4, lo=-500, hi=500), "uint8"),
    case("saturate_cast", F(3, 4, lo=-500, hi=500), "int8"),
    case("saturate_cast", I(3, 4, lo=-500, hi=500), "uint8"),
    case("saturate_cast", I(3, 4, lo=-5, hi=5), "bool"),
    case("saturate_cast", V([1e9, -1e9, 3.7]), "float16"),
    case("view", F(3, 4), dtype="int32"),
    case("view", I(3, 4), dtype="uint8"),
    case("view", A((3, 4), "uint8", 0, 200), dtype="int16"),
    *(case(n, C(3, 4)) for n in ("real", "imag", "conj", "angle", "abs", "exp")),
    case("isreal", V([1 + 0j, 1 + 2j, 3j], "complex64")),
    case("view_as_real", C(3, 4)),
    case("view_as_complex", F(3, 4, 2)),
    case("polar", F(3, 4, lo=0.1), F(3, 4)),
    sure("logdet", SPD(3, 3)),
    case("logdet", SPD(2, 4, 4)),
]

# --- elementwise, two arguments ------------------------------------------------
ARITHMETIC = (
    "add subtract multiply maximum minimum fmax fmin arctan2 equal greater "
    "greater_equal less less_equal not_equal hypot logaddexp logaddexp2 heaviside "
    "isclose logical_and logical_or logical_xor nextafter divide_no_nan"
).split()
DIVIDING = "divide true_divide floor_divide mod fmod".split()
BITWISE = "bitwise_and bitwise_or bitwise_xor".split()
SHIFTS = "bitwise_left_shift left_shift bitwise_right_shift right_shift".split()

PAIRWISE = [
    *(case(n, F(2, 3), F(3)) for n in ARITHMETIC),
    *(case(n, F(4, 1, 3), F(4, 2, 1)) for n in ARITHMETIC),
    *(case(n, F(3, 4), 1.5) for n in ARITHMETIC),
    *(case(n, 2, F(3, 4)) for n in ARITHMETIC),
    *(case(n, I(3, 4, lo=-2, hi=3), I(3, 4, lo=-2, hi=3)) for n in ARITHMETIC[:13]),
    *(
        sure(n, EDGES, V([1.0, -0.0, NAN, -INF, INF, 2.0, 1.0, NAN]))
        for n in ARITHMETIC
    ),
    *(case(n, F(2, 3, lo=-9, hi=9), F(3, lo=0.5, hi=4)) for n in DIVIDING),
    *(case(n, F(2, 3, lo=-9, hi=9), F(3, lo=-4, hi=-0.5)) for n in DIVIDING),
    *(case(n, I(5, 4, lo=-9, hi=9), I(5, 4, lo=1, hi=5)) for n in DIVIDING),
    *(case(n, I(5, 4, lo=-9, hi=9), I(4, lo=-5, hi=0)) for n in DIVIDING),
    *(case(n, F(3, 4), 1.5) for n in DIVIDING),
    *(case(n, I(3, 4), 2) for n in DIVIDING),
    *(case(n, 7, I(3, 4, lo=1, hi=5)) for n in DIVIDING),
    *(case(n, I(3, 4, lo=0, hi=30), I(4, lo=0, hi=30)) for n in BITWISE),
    *(case(n, B(3, 4), B(4)) for n in BITWISE),
    *(case(n, I(3, 4, lo=0, hi=30), 6) for n in BITWISE),
    *(case(n, I(3, 4, lo=-30, hi=30), I(4, lo=0, hi=5)) for n in SHIFTS),
    *(case(n, I(3, 4, lo=-30, hi=30), 2) for n in SHIFTS),
    case("gcd", I(3, 4, lo=-30, hi=30), I(4, lo=1, hi=30)),
    case("gcd", I(3, 4, lo=0, hi=30), 12),
    case("lcm", I(3, 4, lo=-30, hi=30), I(4, lo=1, hi=30)),
    case("lcm", I(3, 4, lo=0, hi=30), 12),
    case("ldexp", F(3, 4), I(4)),
    case("ldexp", F(3, 4), 3),
    case("power", F(3, 4, lo=0.1), F(4)),
    case("power", F(3, 4), 2),
    case("power", F(3, 4), 3.0),
    case("power", 2.0, F(3, 4)),
    case("power", I(3, 4), I(3, 4, lo=0, hi=4)),
    case("power", I(3, 4), 2),
    case("divide_no_nan", F(2, 3), V([0.0, 2.0, 0.0])),
    case("isclose", F(3, 4), F(3, 4), rtol=0.5, atol=0.5),
    case("isclose", V([1.0, NAN]), V([1.0, NAN]), equal_nan=True),
    case("allclose", F(3, 4), F(3, 4), rtol=0.5, atol=0.5),
    case("allclose", F(3, 4), F(3, 4), rtol=9.0, atol=9.0),
    case("logical_and", B(3, 4), B(4)),
    case("logical_or", B(3, 4), I(4, lo=0, hi=2)),
    case("logical_xor", B(3, 4), True),
    case("isin", I(3, 4), I(3)),
    case("isin", I(3, 4), I(3), invert=True),
    case("isin", I(3, 4), [1, 2, 3], assume_unique=True),
    case("where", B(3, 4), F(4), F(3, 1)),
    case("where", B(3, 4), 1.0, F(3, 4)),
    case("where", B(3, 4), I(3, 4), 2),
    case("where", F(3, 4), F(3, 4), I(3, 4)),
    sure("where", B(3, 4)),
    case("select", [B(3, 4), B(3, 4)], [F(3, 4), F(3, 4)], default=7),
    case("select", [B(3, 4), B(3, 4)], [F(3, 4), I(3, 4)]),
    case("cdist", F(3, 4), F(5, 4)),
    case("cdist", F(2, 3, 4), F(2, 5, 4)),
    case("psnr", F(2, 4, 4, 3, lo=0, hi=1), F(2, 4, 4, 3, lo=0, hi=1), max_val=1.0),
    case("psnr", F(3, 5, lo=0, hi=200), F(3, 5, lo=0, hi=200), 255),
    case("add", RAW(F(2, 3, dtype="float64")), F(3)),
    case("add", RAW(I(2, 3, dtype="int64")), F(3)),
    case("multiply", [1, 2, 3], F(2, 3)),
    case("maximum", RAW(F(2, 3)), RAW(I(3))),
]

# --- reductions ----------------------------------------------------------------
REDUCING = "sum mean max min amax amin prod std var median ptp".split()
NANREDUCING = "nansum nanmean nanmax nanmin nanprod nanstd nanvar nanmedian".split()
HOLES = V([[1.0, NAN, 3.0, -2.0], [NAN, 5.0, NAN, 0.5], [2.0, 2.5, -1.0, NAN]])
REDUCTIONS = [
    *(case(n, F(3, 4, 5)) for n in REDUCING),
    *(case(n, F(3, 4, 5), axis=1) for n in REDUCING),
    *(case(n, F(3, 4, 5), axis=(0, -1), keepdims=True) for n in REDUCING),
    *(case(n, I(3, 5), axis=-1) for n in REDUCING),
    *(case(n, HOLES) for n in (*NANREDUCING, "sum", "max", "mean")),
    *(case(n, HOLES, axis=1) for n in NANREDUCING),
    *(case(n, HOLES, axis=0, keepdims=True) for n in NANREDUCING),
    *(case(n, I(3, 5), axis=0) for n in NANREDUCING),
    *(case(n, V([[NAN, NAN], [1.0, NAN]]), axis=1) for n in ("nansum", "nanprod")),
    case("max", F(3, 4), axis=1, initial=1.0),
    case("min", F(3, 4), axis=0, keepdims=True, initial=-1.0),
    case("max", F(3, 4), initial=0.5),
    case("prod", F(3, 4), axis=1, dtype="float16"),
    case("prod", I(3, 4, lo=1, hi=4), axis=1, dtype="float32"),
    *(case(n, B(3, 4), axis=1) for n in ("all", "any")),
    *(case(n, B(3, 4)) for n in ("all", "any")),
    *(case(n, F(3, 4), axis=(0, 1), keepdims=True) for n in ("all", "any")),
    *(case(n, I(3, 4, lo=0, hi=2), axis=0) for n in ("all", "any")),
    *(case(n, D(3, 4)) for n in ("argmax", "argmin", "nanargmax", "nanargmin")),
    *(case(n, D(3, 4), axis=1) for n in ("argmax", "argmin")),
    *(case(n, D(3, 4, 2), axis=-2, keepdims=True) for n in ("argmax", "argmin")),
    *(case(n, HOLES, axis=1) for n in ("nanargmax", "nanargmin")),
    *(case(n, HOLES, axis=0, keepdims=True) for n in ("nanargmax", "nanargmin")),
    *(case(n, V([[1.0, 3.0, 3.0], [2.0, 2.0, 1.0]]), axis=1) for n in ("argmax",)),
    case("average", F(3, 4)),
    case("average", F(3, 4), axis=1, weights=F(4, lo=0.1)),
    case("average", F(3, 4), axis=0, weights=F(3, 4, lo=0.1)),
    case("average", I(3, 4), axis=0),
    case("count_nonzero", I(3, 4, lo=0, hi=3)),
    case("count_nonzero", I(3, 4, lo=0, hi=3), axis=1),
    case("count_nonzero", B(3, 4, 2), axis=(0, 1)),
    *(case(n, F(3, 4)) for n in ("cumsum", "cumprod", "nancumsum", "nancumprod")),
    *(case(n, F(3, 4), axis=1) for n in ("cumsum", "cumprod")),
    *(case(n, HOLES, axis=-1) for n in ("nancumsum", "nancumprod")),
    case("cumsum", I(3, 4), axis=0, dtype="float32"),
    case("cumprod", I(3, 4, lo=1, hi=3), axis=0, dtype="float16"),
    case("cumsum", B(3, 4), axis=0),
    case("logsumexp", F(3, 4)),
    case("logsumexp", F(3, 4, lo=50, hi=99), axis=1),
    case("logsumexp", F(3, 4, 2), axis=(0, 2), keepdims=True),
    case("logsumexp", V([[-INF, -INF], [INF, 0.0]]), axis=1),
    case("quantile", F(3, 5), 0.3),
    case("quantile", F(3, 5), V([0.1, 0.5, 0.9]), axis=1),
    case("quantile", F(3, 5), 0.4, axis=0, keepdims=True),
    *(
        case("quantile", D(5, 4), 0.37, axis=0, method=m)
        for m in ("linear", "lower", "higher", "midpoint", "nearest")
    ),
    case("quantile", I(3, 5), 0.3, axis=1),
    case("nanquantile", HOLES, 0.3, axis=1),
    case("nanquantile", HOLES, V([0.25, 0.5]), axis=0, keepdims=True),
    case("percentile", F(3, 5), 30.0, axis=1),
    case("percentile", F(3, 5), V([10.0, 50.0]), axis=0, keepdims=True),
    case("percentile", D(3, 5), 35.0, axis=1, method="nearest"),
    case("nanpercentile", HOLES, 30.0, axis=1),
    case("nanpercentile", HOLES, V([10.0, 90.0])),
    case("moments", F(3, 4, 5), axes=[0, 1]),
    case("moments", F(3, 4, 5), axes=(2,), keepdims=True),
    case("moments", F(3, 4, dtype="float16"), axes=[0]),
    case("norm", F(3, 4)),
    case("norm", F(3, 4), axis=1),
    *(case("norm", F(3, 4), ord=o, axis=1) for o in (1, 2, 3.5, 0, INF, -INF, -1)),
    *(
        case("norm", F(2, 3, 4), ord=o, axis=(1, 2))
        for o in ("fro", "nuc", 1, -1, 2, -2, INF, -INF)
    ),
    case("norm", F(2, 3, 4), ord="fro", axis=(0, 2), keepdims=True),
    case("norm", I(3, 4), axis=1),
    case("normalize", F(3, 4)),
    case("normalize", F(3, 4), axis=0, order=1),
    case("normalize", F(3, 4), axis=1, order=3),
    case("normalize", V([[0.0, 0.0], [3.0, 4.0]]), epsilon=0.5),
    case("trace", F(3, 4)),
    case("trace", F(3, 4, 5), offset=1, axis1=1, axis2=2),
    case("trapezoid", F(3, 5)),
    case("trapezoid", F(3, 5), dx=0.3, axis=0),
    case("trapezoid", F(3, 5), x=V([0.0, 0.5, 0.7, 2.0, 3.5])),
    case("corrcoef", F(3, 6)),
    case("corrcoef", F(5)),
    together("in_top_k", I(3, lo=0, hi=5), D(3, 5), 2),
    together(
        "in_top_k", V([1, 0], "int32"), V([[0.5, 0.5, 0.1], [0.2, 0.3, 0.4]]), k=1
    ),
]

# --- shape and order -----------------------------------------------------------
SHAPES = [
    case("append", F(2, 3), F(4, 3), axis=0),
    case("append", F(2, 3), I(2, 2)),
    case("argsort", D(3, 5)),
    case("argsort", D(3, 5), axis=0),
    case("argsort", D(3, 5), axis=None),
    case("sort", D(3, 5)),
    case("sort", D(3, 5), axis=0),
    case("sort", I(3, 5)),
    via(
        "argpartition",
        lambda ops, x: ops.take_along_axis(x, ops.argpartition(x, 2), axis=-1)[:, 2],
        D(3, 5),
    ),
    via("argpartition", lambda ops, x: ops.argpartition(x, 0, axis=0)[0], D(4, 3)),
    case("top_k", D(3, 5), 2),
    case("top_k", D(3, 5), k=1, sorted=True),
    via(
        "top_k",
        lambda ops, x: ops.sort(ops.top_k(x, 3, sorted=False)[0]),
        D(3, 5),
    ),
    case("searchsorted", V([1.0, 2.0, 2.0, 5.0]), V([[0.0, 2.0], [3.0, 9.0]])),
    case("searchsorted", V([1, 2, 2, 5], "int32"), V([2, 7], "int32"), side="right"),
    case("digitize", F(3, 4, lo=-3, hi=3), V([-1.0, 0.0, 1.5])),
    case("digitize", I(3, 4), [-1, 0, 2]),
    case("array_split", F(7, 3), 3),
    case("array_split", F(3, 7), 3, axis=1),
    case("array_split", F(2, 7), 2, axis=-1),
    case("split", F(3, 6), 3, axis=1),
    case("split", F(7, 3), [2, 3]),
    case("split", F(3, 6), [1, 4], axis=-1),
    case("hsplit", F(3, 6), 2),
    case("hsplit", F(6), [2, 3]),
    case("vsplit", F(4, 3), 2),
    case("vsplit", F(5, 3), [1, 4]),
    case("dsplit", F(2, 3, 4), 2),
    case("dsplit", F(2, 3, 4), [1]),
    sure("broadcast_to", F(3, 1), (2, 3, 4)),
    sure("broadcast_to", F(1, 4), (3, 4)),
    case("concatenate", [F(3, 2), F(3, 4)], axis=1),
    case("concatenate", [F(3, 2), I(3, 2), B(3, 2)], axis=-1),
    case("concatenate", [F(1, 2), F(4, 2)]),
    case("stack", [F(3, 2), F(3, 2)]),
    case("stack", [F(3, 2), I(3, 2), F(3, 2)], axis=-1),
    case("hstack", [F(3, 2), F(3, 4)]),
    case("hstack", [F(3), F(2)]),
    case("vstack", [F(3, 2), F(1, 2)]),
    case("vstack", [F(3), I(3)]),
    case("dstack", [F(3, 2), F(3, 2)]),
    case("dstack", [F(3, 2, 2), F(3, 2, 1)]),
    case("unstack", F(3, 4), axis=1),
    sure("unstack", F(3, 4), num=3),
    case("diag", F(4)),
    case("diag", F(4), k=-1),
    case("diag", F(4, 5), k=1),
    case("diagflat", F(2, 3)),
    case("diagflat", F(3), k=-2),
    case("diagonal", F(3, 4)),
    case("diagonal", F(3, 4, 5), offset=-1, axis1=2, axis2=1),
    case("diff", F(3, 5)),
    case("diff", F(5, 3), n=2, axis=0),
    case("diff", I(3, 5)),
    case("expand_dims", F(3, 4), 1),
    case("expand_dims", F(3, 4), (0, -1)),
    case("flip", F(3, 4)),
    case("flip", F(3, 4, 2), axis=(0, 2)),
    case("flip", F(3, 4), axis=-1),
    case("fliplr", F(3, 4)),
    case("fliplr", I(2, 3, 2)),
    case("flipud", F(3, 4)),
    case("flipud", I(4)),
    case("get_item", F(5, 4), np.s_[1:4, ::2]),
    case("get_item", F(5, 4), np.s_[..., None, 1]),
    case("get_item", F(5, 4), np.s_[-2]),
    case("get_item", F(5, 4, 3), np.s_[::-1, 1:, -1]),
    case("get_item", F(5, 4), [3, 0, 3]),
    case("moveaxis", F(2, 3, 4), 0, -1),
    case("moveaxis", F(2, 3, 4), [0, 1], [-1, 0]),
    case("swapaxes", F(2, 3, 4), 0, -1),
    case("swapaxes", F(2, 3), axis1=1, axis2=0),
    case("transpose", F(2, 3, 4)),
    case("transpose", F(2, 3, 4), axes=(1, -1, 0)),
    case("pad", F(3, 4), 1),
    case("pad", F(3, 4), ((1, 2), (0, 3)), constant_values=7.0),
    case("pad", F(3, 4), ((1, 2), (0, 3)), mode="reflect"),
    case("pad", F(3, 4), ((1, 2), (0, 3)), mode="symmetric"),
    case("pad", F(3, 4, 2), ((0, 0), (2, 1), (0, 0)), mode="edge"),
    case("pad", F(3, 4, 2), ((0, 0), (2, 1), (0, 0)), mode="wrap"),
    case("pad", I(3, 4), (1, 2)),
    case("pad", I(3, 4), ((0, 0), (1, 0)), constant_values=3),
    case("ravel", I(3, 4)),
    case("repeat", F(3, 4), 2),
    case("repeat", F(3, 4), 3, axis=1),
    sure("repeat", F(3, 2), [1, 0, 3], axis=0),
    sure("repeat", F(2, 3), V([2, 0, 1], "int32"), axis=-1),
    sure("reshape", F(3, 4), (2, 6)),
    case("reshape", F(3, 4), (-1, 2, 2)),
    case("reshape", F(3, 4), -1),
    case("reshape", F(3, 4, 2), (3, -1)),
    case("roll", F(3, 4), 2),
    case("roll", F(3, 4), -1, axis=1),
    case("roll", F(3, 4), (1, -2), axis=(0, 1)),
    case("rot90", F(3, 4)),
    case("rot90", F(3, 4, 2), k=3, axes=(2, 0)),
    case("rot90", F(3, 4), k=-2),
    case("squeeze", F(3, 1, 4, 1)),
    case("squeeze", F(3, 1, 4, 1), axis=1),
    case("squeeze", F(3, 1, 4, 1), axis=(1, -1)),
    case("take", F(5, 4), I(2, 3, lo=0, hi=5), axis=0),
    case("take", F(5, 4), I(3, lo=-4, hi=4), axis=1),
    case("take", F(5, 4), I(2, 3, lo=0, hi=20)),
    case("take", F(3, 4), 2, axis=-1),
    case("take_along_axis", F(3, 4), I(3, 2, lo=0, hi=4), axis=1),
    case("take_along_axis", F(3, 4), I(2, 4, lo=-3, hi=3), axis=0),
    sure("take_along_axis", F(3, 4), I(6, lo=0, hi=12), axis=None),
    case("tile", F(2, 3), 2),
    case("tile", F(2, 3), (2, 1, 3)),
    case("tile", F(2, 3, 2), [2, 2]),
    case("tril", F(3, 4)),
    case("tril", F(2, 3, 4), k=-1),
    case("triu", F(3, 4), k=1),
    case("triu", F(2, 4, 4)),
    case("meshgrid", F(3), F(4)),
    case("meshgrid", F(3), F(4), I(2), indexing="ij"),
    sure("nonzero", I(3, 4, lo=0, hi=2)),
    sure("nonzero", V([0.0, 1.0, 0.0, -2.0])),
    sure("unique", V([3, 1, 3, 2, 1], "int32")),
    sure(
        "unique",
        V([[3, 1, 3], [2, 1, 9]], "int32"),
        return_index=True,
        return_inverse=True,
        return_counts=True,
    ),
    sure("unique", V([[1, 2], [0, 1], [1, 2]], "int32"), axis=0),
    sure(
        "unique",
        V([3.0, 1.0, 3.0, 2.0]),
        size=5,
        fill_value=-1.0,
        return_counts=True,
    ),
    case("unravel_index", I(5, lo=0, hi=24), (2, 3, 4)),
    case("unravel_index", I(2, 3, lo=-6, hi=6), (2, 3)),
    case("vander", F(4)),
    case("vander", F(3), N=5, increasing=True),
    case("rearrange", F(2, 6, 5), "b (h w) c -> b c w h", h=2),
    case("rearrange", F(2, 3, 4), "a b c -> (a c) b"),
    case("rearrange", F(6, 4), "(a b) c -> b a c", a=2),
    sure("shape", F(2, 3, 4)),
    sure("ndim", F(2, 3, 4)),
    # An int here, a tensor there.
    via("size", lambda ops, x: int(ops.size(x)), F(2, 3, 4)),
    sure("dtype", I(2, 3, dtype="int16")),
    sure("is_tensor", F(2)),
    sure("is_tensor", RAW(F(2))),
    sure("convert_to_tensor", RAW(F(2, 3, dtype="float64"))),
    sure("convert_to_tensor", RAW(I(2, 3, dtype="int64"))),
    sure("convert_to_tensor", [[1, 2], [3, 4]]),
    sure("convert_to_tensor", [[1, 2.5], [3, 4]]),
    sure("convert_to_tensor", [True, False]),
    sure("convert_to_tensor", 3),
    sure("convert_to_tensor", 3.5),
    sure("convert_to_tensor", True),
    sure("convert_to_tensor", [1, 2], dtype="float16"),
    sure("convert_to_tensor", RAW(F(3, lo=-9, hi=9)), dtype="int32"),
    sure("convert_to_numpy", F(2, 3)),
    sure("convert_to_numpy", I(2, 3, dtype="uint8")),
]

# --- creation ------------------------------------------------------------------
CREATION = [
    sure("arange", 5),
    sure("arange", 2, 11, 3),
    sure("arange", 0.0, 2.0, 0.3),
    sure("arange", 5.0),
    sure("arange", 5, 1, -1),
    sure("arange", 3, dtype="float32"),
    sure("arange", 1, 2, 0.25, dtype="bfloat16"),
    sure("array", [[1, 2], [3, 4]]),
    sure("array", [1.5, 2], dtype="int32"),
    sure("eye", 3),
    sure("eye", 3, 4, k=1, dtype="int32"),
    sure("eye", 4, 2, k=-2),
    sure("full", (2, 3), 2),
    sure("full", (2, 3), 2.5, dtype="int32"),
    sure("full", (2, 3), V([1.0, 2.0, 3.0])),
    sure("full", (2,), True, dtype="bool"),
    case("full_like", F(2, 3), 2),
    case("full_like", I(2, 3), 2.5, dtype="float32"),
    case("full_like", I(2, 3), 2),
    sure("ones", (2, 3)),
    sure("ones", 3, dtype="int32"),
    sure("zeros", (2, 3)),
    sure("zeros", [2, 0], dtype="bool"),
    case("ones_like", F(2, 3), dtype="int32"),
    case("zeros_like", I(2, 3)),
    Case("empty", ((2, 3),), sym=False, values=False),
    Case("empty", ((2,),), {"dtype": "int32"}, sym=False, values=False),
    Case("empty_like", (I(2, 3),), values=False),
    Case("empty_like", (I(2, 3),), {"dtype": "float16"}, values=False),
    sure("identity", 3),
    sure("identity", 2, dtype="int32"),
    sure("linspace", 0, 5, 7),
    sure("linspace", 0.0, 5.0, num=4, endpoint=False),
    sure("linspace", F(3), F(3), 5, axis=1),
    via(
        "linspace",
        lambda ops: [
            ops.convert_to_tensor(t, "float32")
            for t in ops.linspace(1, 3, 5, retstep=True)
        ],
    ),
    sure("linspace", 0, 10, 5, dtype="int32"),
    sure("logspace", 0, 2, 5),
    sure("logspace", 0.0, 3.0, 4, endpoint=False, base=2.0),
    sure("geomspace", 1.0, 100.0, 5),
    sure("geomspace", 2, 64, 4, endpoint=False),
    sure("tri", 3),
    sure("tri", 3, 5, k=1, dtype="int32"),
    *(sure(n, 5) for n in ("bartlett", "blackman", "hamming", "hanning")),
    *(sure(n, 8) for n in ("bartlett", "blackman", "hamming", "hanning")),
    *(sure(n, 1) for n in ("bartlett", "blackman", "hamming", "hanning")),
    sure("kaiser", 5, 3.5),
    sure("kaiser", 8, beta=14.0),
    case("one_hot", I(3, 2, lo=0, hi=4), 4),
    case("one_hot", I(3, 2, lo=0, hi=4), 4, axis=1, dtype="int32"),
    case("one_hot", I(3, lo=-1, hi=6), 4, axis=0),
    case("multi_hot", I(3, 2, lo=0, hi=4), 4),
    case("multi_hot", I(3, 4, 2, lo=0, hi=5), num_classes=5, axis=1, dtype="int32"),
    case("multi_hot", V([[0, 2, 2], [1, -1, -1]], "int32"), 3),
    sure("bincount", I(9, lo=0, hi=5)),
    sure("bincount", I(9, lo=0, hi=5), minlength=8),
    sure("bincount", I(9, lo=0, hi=5), weights=F(9)),
    sure("bincount", I(2, 7, lo=0, hi=5), minlength=5),
    sure("bincount", I(2, 7, lo=0, hi=5), weights=F(2, 7), minlength=7),
    sure("histogram", F(20), bins=5),
    sure("histogram", F(20), bins=4, range=(-1.0, 1.0)),
    sure("histogram", I(20), bins=6),
]

# --- products and linear algebra -----------------------------------------------
LINALG = [
    case("matmul", F(3, 4), F(4, 5)),
    case("matmul", F(2, 3, 4), F(4, 5)),
    case("matmul", F(4), F(4)),
    case("matmul", F(3, 4), F(4)),
    case("matmul", F(5, 1, 3, 4), F(2, 4, 2)),
    case("matmul", I(3, 4), I(4, 2)),
    case("dot", F(3, 4), F(4, 5)),
    case("dot", F(2, 3, 4), F(5, 4, 2)),
    case("dot", F(4), F(4)),
    case("dot", 3.0, F(2, 3)),
    case("inner", F(3, 4), F(5, 4)),
    case("inner", F(4), F(4)),
    case("outer", F(3), F(4)),
    case("outer", F(2, 3), I(2, 2)),
    case("vdot", F(3, 4), F(3, 4)),
    case("vdot", C(3), C(3)),
    case("kron", F(2, 3), F(3, 2)),
    case("kron", F(3), F(2)),
    case("cross", F(4, 3), F(4, 3)),
    sure("cross", F(3, 4), F(3, 4), axis=0),
    case("cross", F(4, 2), F(4, 3)),
    case("cross", F(4, 2), F(4, 2)),
    sure("cross", F(3, 4), F(4, 3), axisa=0, axisb=1, axisc=0),
    case("tensordot", F(2, 3, 4), F(3, 4, 5)),
    case("tensordot", F(2, 3, 4), F(4, 5), axes=1),
    case("tensordot", F(2, 3, 4), F(5, 4, 3), axes=[[1, 2], [2, 1]]),
    case("tensordot", F(2, 3), F(4), axes=0),
    case("einsum", "ij,jk->ik", F(3, 4), F(4, 5)),
    case("einsum", "bij,bjk->bik", F(2, 3, 4), F(2, 4, 5)),
    case("einsum", "...ij,...kj->...ik", F(2, 3, 4), F(2, 5, 4)),
    case("einsum", "abc->cb", F(2, 3, 4)),
    sure("einsum", "ii", F(3, 3)),
    case("einsum", "bnd,bmd,bnm->b", F(2, 3, 4), F(2, 5, 4), F(2, 3, 5)),
    case("einsum", "ij,jk", I(3, 4), I(4, 2)),
    case("correlate", F(7), F(3)),
    case("correlate", F(7), F(4), mode="same"),
    case("correlate", F(4), F(6), mode="full"),
    case("cholesky", SPD(3, 3)),
    case("cholesky", SPD(2, 4, 4), upper=True),
    case("cholesky_inverse", WELL(3, 3)),
    case("cholesky_inverse", WELL(2, 4, 4), upper=True),
    case("det", WELL(3, 3)),
    case("det", WELL(2, 4, 4)),
    sure("slogdet", WELL(3, 3)),
    case("slogdet", WELL(2, 4, 4)),
    case("inv", WELL(3, 3)),
    case("inv", WELL(2, 4, 4)),
    case("pinv", F(4, 3)),
    case("pinv", F(2, 3, 5), rcond=1e-3),
    case("solve", WELL(3, 3), F(3, 2)),
    case("solve", WELL(2, 4, 4), F(2, 4, 3)),
    case("solve", WELL(3, 3), F(3)),
    case("solve_triangular", WELL(3, 3), F(3, 2)),
    case("solve_triangular", WELL(2, 4, 4), F(2, 4, 3), lower=True),
    sure("lstsq", F(5, 3), F(5)),
    sure("lstsq", F(5, 3), F(5, 2), rcond=1e-3),
    sure("lstsq", F(3, 5), F(3)),
    case("matrix_rank", V([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])),
    case("matrix_rank", F(2, 4, 3)),
    case("matrix_rank", F(4, 3), tol=1.5),
    via(
        "lu_factor",
        lambda ops, x: ops.lu_factor(x),
        WELL(3, 3),
    ),
    via("lu_factor", lambda ops, x: ops.lu_factor(x), WELL(2, 4, 4)),
    via("qr", lambda ops, x: ops.matmul(*ops.qr(x)), F(4, 3)),
    via("qr", lambda ops, x: [ops.abs(t) for t in ops.qr(x)], F(4, 3)),
    via(
        "qr",
        lambda ops, x: [tuple(t.shape) for t in ops.qr(x, mode="complete")],
        F(4, 3),
    ),
    via("svd", lambda ops, x: ops.svd(x)[1], F(4, 3)),
    via("svd", lambda ops, x: ops.svd(x, compute_uv=False), F(2, 3, 4)),
    via("svd", lambda ops, x: [tuple(t.shape) for t in ops.svd(x)], F(2, 3, 4)),
    via(
        "svd",
        lambda ops, x: [ops.abs(t) for t in ops.svd(x, full_matrices=False)],
        F(4, 3),
    ),
    via("eigh", lambda ops, x: ops.eigh(x)[0], SPD(4, 4)),
    via("eigh", lambda ops, x: ops.abs(ops.eigh(x)[1]), SPD(2, 3, 3)),
    via(
        "eig",
        lambda ops, x: ops.sort(ops.real(ops.eig(x)[0])),
        SPD(4, 4),
    ),
    via(
        "jvp",
        lambda ops, x, t: ops.jvp(lambda y: ops.sin(y) * y, (x,), (t,)),
        F(3, 2),
        F(3, 2),
    ),
    via(
        "jvp",
        lambda ops, x, t: ops.jvp(
            lambda y: (ops.sum(y * y), ops.exp(y)), (x,), (t,), has_aux=True
        ),
        F(3),
        F(3),
    ),
]

# --- neural network ------------------------------------------------------------
POOLS = ("max_pool", "average_pool")
NN = [
    *(case(n, F(2, 7, 3), 2) for n in POOLS),
    *(case(n, F(2, 7, 3), 3, strides=2, padding="same") for n in POOLS),
    *(case(n, F(2, 7, 6, 3), (2, 3), strides=(2, 1)) for n in POOLS),
    *(case(n, F(2, 7, 6, 3), 3, strides=2, padding="same") for n in POOLS),
    *(
        case(n, F(2, 3, 7, 6), 2, padding="same", data_format="channels_first")
        for n in POOLS
    ),
    *(case(n, F(1, 5, 6, 5, 2), (2, 3, 2), strides=(1, 2, 3)) for n in POOLS),
    *(
        case(n, F(2, 9, 3), s)
        for n in ("adaptive_average_pool", "adaptive_max_pool")
        for s in (3, (4,))
    ),
    *(
        case(n, F(2, 7, 9, 3), (3, 4))
        for n in ("adaptive_average_pool", "adaptive_max_pool")
    ),
    *(
        case(n, F(2, 3, 8, 6), 2, data_format="channels_first")
        for n in ("adaptive_average_pool", "adaptive_max_pool")
    ),
    *(
        case(n, F(1, 4, 5, 6, 2), (2, 3, 2))
        for n in ("adaptive_average_pool", "adaptive_max_pool")
    ),
    case("conv", F(2, 9, 3), F(3, 3, 4)),
    case("conv", F(2, 9, 3), F(3, 3, 4), strides=2, padding="same"),
    case("conv", F(2, 9, 4), F(3, 2, 6), dilation_rate=2, padding="same"),
    case("conv", F(2, 7, 8, 3), F(3, 2, 3, 4), strides=(2, 1)),
    case("conv", F(2, 7, 8, 3), F(3, 2, 3, 4), strides=2, padding="same"),
    case("conv", F(2, 7, 8, 4), F(3, 3, 2, 6), dilation_rate=(2, 1)),
    case("conv", F(2, 3, 7, 8), F(3, 2, 3, 4), data_format="channels_first"),
    case("conv", F(1, 5, 6, 5, 2), F(2, 3, 2, 2, 3), padding="same"),
    case("conv", F(1, 5, 6, 5, 2), F(2, 3, 2, 2, 3), strides=(1, 2, 2)),
    case("depthwise_conv", F(2, 9, 3), F(3, 3, 2)),
    case("depthwise_conv", F(2, 7, 8, 3), F(3, 2, 3, 2), strides=2, padding="same"),
    case("depthwise_conv", F(2, 7, 8, 3), F(2, 2, 3, 1), dilation_rate=2),
    case("depthwise_conv", F(2, 3, 7, 8), F(3, 2, 3, 2), data_format="channels_first"),
    case("separable_conv", F(2, 9, 3), F(3, 3, 2), F(1, 6, 4), padding="same"),
    case("separable_conv", F(2, 7, 8, 3), F(3, 2, 3, 2), F(1, 1, 6, 5), strides=(2, 2)),
    case("conv_transpose", F(2, 5, 3), F(3, 4, 3)),
    case("conv_transpose", F(2, 5, 3), F(3, 4, 3), strides=2, padding="same"),
    case("conv_transpose", F(2, 5, 3), F(3, 4, 3), strides=3, output_padding=1),
    case("conv_transpose", F(2, 4, 5, 3), F(3, 2, 4, 3), strides=(2, 3)),
    case("conv_transpose", F(2, 4, 5, 3), F(3, 2, 4, 3), strides=2, padding="same"),
    case(
        "conv_transpose",
        F(2, 4, 5, 3),
        F(3, 3, 4, 3),
        strides=2,
        padding="same",
        output_padding=1,
    ),
    case("conv_transpose", F(2, 4, 5, 3), F(3, 3, 4, 3), dilation_rate=2),
    case(
        "conv_transpose",
        F(2, 3, 4, 5),
        F(2, 3, 4, 3),
        strides=2,
        padding="same",
        data_format="channels_first",
    ),
    case("conv_transpose", F(1, 3, 4, 3, 2), F(2, 3, 2, 3, 2), strides=2),
    case("batch_normalization", F(3, 4, 5), F(5), F(5, lo=0.2), -1, F(5), F(5), 1e-2),
    case("batch_normalization", F(3, 4, 5), F(4), F(4, lo=0.2), axis=1),
    case("batch_normalization", F(3, 4), F(4), F(4, lo=0.2), axis=1, scale=F(4)),
    case("layer_normalization", F(3, 4, 5)),
    case("layer_normalization", F(3, 4), F(4), F(4), epsilon=0.1),
    case("layer_normalization", F(3, 4, 5), F(4, 5), F(4, 5), axis=(1, 2)),
    case("layer_normalization", F(3, 4, 5), gamma=F(4), axis=1),
    case("rms_normalization", F(3, 4, 5)),
    case("rms_normalization", F(3, 4), F(4), epsilon=0.1),
    case("rms_normalization", F(3, 4, 5), scale=F(4, 5), axis=(1, 2)),
    together("binary_crossentropy", B(3, 4), F(3, 4, lo=0.05, hi=0.95)),
    together("binary_crossentropy", F(3, 4, lo=0, hi=1), F(3, 4), from_logits=True),
    together("categorical_crossentropy", PROBS(3, 4), PROBS(3, 4)),
    together("categorical_crossentropy", PROBS(3, 4), F(3, 4), from_logits=True),
    together("categorical_crossentropy", PROBS(3, 4, 2), F(3, 4, 2, lo=0.1), axis=1),
    together("sparse_categorical_crossentropy", I(3, lo=0, hi=4), PROBS(3, 4)),
    together(
        "sparse_categorical_crossentropy",
        I(3, 5, lo=0, hi=4),
        F(3, 5, 4),
        from_logits=True,
    ),
    case("dot_product_attention", F(2, 5, 3, 4), F(2, 6, 3, 4), F(2, 6, 3, 4)),
    case(
        "dot_product_attention",
        F(2, 5, 3, 4),
        F(2, 6, 3, 4),
        F(2, 6, 3, 4),
        bias=F(1, 3, 5, 6),
        mask=V(
            np.tile([[True, True, False, True, True, True]], (5, 1))[None, None], "bool"
        ),
        scale=0.3,
    ),
    case(
        "dot_product_attention",
        F(2, 5, 4, 3),
        F(2, 5, 2, 3),
        F(2, 5, 2, 3),
        is_causal=True,
    ),
    case("depth_to_space", F(2, 3, 4, 8), 2),
    case("depth_to_space", F(2, 18, 2, 3), 3, data_format="channels_first"),
    case("space_to_depth", F(2, 4, 6, 3), 2),
    case("space_to_depth", F(2, 2, 6, 3), 3, data_format="channels_first"),
    case("unfold", F(2, 3, 5, 6), 2),
    case("unfold", F(2, 3, 6, 7), (2, 3), dilation=2, padding=1, stride=(2, 1)),
    case("fold", F(2, 12, 20), (5, 6), 2),
    case("fold", F(2, 12, 16), (6, 7), 2, padding=1, stride=2),
    together(
        "ctc_loss",
        I(3, 4, lo=1, hi=5),
        F(3, 9, 5),
        V([4, 2, 3], "int32"),
        V([9, 7, 8], "int32"),
    ),
    together(
        "ctc_loss",
        I(2, 3, lo=0, hi=4),
        F(2, 8, 5),
        V([3, 2], "int32"),
        V([8, 6], "int32"),
        mask_index=4,
    ),
    sure("ctc_decode", D(2, 6, 4), V([6, 4], "int32")),
    sure(
        "ctc_decode",
        D(2, 6, 4),
        V([6, 5], "int32"),
        merge_repeated=False,
        mask_index=3,
    ),
    sure(
        "ctc_decode",
        D(2, 5, 4),
        V([5, 4], "int32"),
        strategy="beam_search",
        beam_width=12,
        top_paths=2,
    ),
]

# --- signal, segments, slices ----------------------------------------------------
SIGNAL = [
    case("extract_sequences", F(2, 11), 4, 3),
    case("extract_sequences", F(9), 3, 2),
    case("fft", (F(3, 5), F(3, 5))),
    case("fft", (F(8), F(8))),
    case("fft2", (F(2, 3, 5), F(2, 3, 5))),
    case("ifft2", (F(2, 3, 5), F(2, 3, 5))),
    case("rfft", F(3, 7)),
    case("rfft", F(3, 7), fft_length=10),
    case("rfft", F(3, 7), fft_length=4),
    case("irfft", (F(3, 5), F(3, 5))),
    case("irfft", (F(3, 5), F(3, 5)), fft_length=7),
    case("stft", F(2, 30), 8, 4, 8),
    case("stft", F(2, 30), 7, 3, 16, window="hamming", center=False),
    case("stft", F(25), 6, 2, 8, window=None),
    case("istft", (F(2, 5, 9), F(2, 5, 9)), 16, 8, 16),
    # Of what is a spectrogram; of other numbers real Keras's backends disagree.
    via(
        "istft",
        lambda ops, x: ops.istft(
            ops.stft(x, 12, 4, 16, window="hamming"), 12, 4, 16, 20, "hamming"
        ),
        F(2, 25),
    ),
    *(
        case(n, F(6, 3), V([0, 0, 2, 1, 2, 0], "int32"), num_segments=4)
        for n in ("segment_max", "segment_min", "segment_sum", "segment_prod")
    ),
    *(
        sure(n, I(6), V([0, 0, 1, 1, 1, 3], "int32"), num_segments=4, sorted=True)
        for n in ("segment_max", "segment_min", "segment_sum", "segment_prod")
    ),
    *(
        sure(n, F(5, 2), V([0, 0, 1, 1, 2], "int32"))
        for n in ("segment_max", "segment_sum")
    ),
    together("scatter", V([[0, 1], [2, 0], [0, 1]], "int32"), F(3), (3, 2)),
    case("scatter", V([[1], [3]], "int32"), F(2, 3), (5, 3)),
    *(
        case(
            "scatter_update",
            F(4, 3),
            V([[0, 1], [3, 2], [0, 1]], "int32"),
            V([5.0, 6.0, 5.0]),
            reduction=r,
        )
        for r in (None, "add", "max", "min", "mul")
    ),
    case("scatter_update", I(4, 3), V([[1], [3]], "int32"), I(2, 3)),
    case("slice", F(4, 5, 3), [1, 0, 2], [2, 4, 1]),
    case("slice", I(4, 5), V([1, 3], "int32"), (3, 2)),
    case("slice_update", F(4, 5), [1, 2], F(2, 3)),
    case("slice_update", F(4, 5, 2), V([0, 4, 1], "int32"), F(4, 1, 1)),
]

# --- control flow: a function is an argument ----------------------------------------
CONTROL = [
    via("map", lambda ops, x: ops.map(lambda e: ops.sum(e) * e, x), F(4, 3)),
    via(
        "map",
        lambda ops, x, y: ops.map(lambda e: {"s": e[0] + e[1], "d": e[0] - 1}, (x, y)),
        F(3, 2),
        F(3, 2),
    ),
    via(
        "scan",
        lambda ops, x: ops.scan(lambda c, e: (c + e, c * e), ops.zeros((3,)), x),
        F(4, 3),
    ),
    via(
        "scan",
        lambda ops, x: ops.scan(
            lambda c, e: (c * 0.5 + e, c), ops.ones((3,)), x, reverse=True
        ),
        F(4, 3),
    ),
    via(
        "scan",
        lambda ops: ops.scan(
            lambda c, _: (c * 2, c + 1), ops.ones(()), xs=None, length=4
        ),
    ),
    via(
        "associative_scan",
        lambda ops, x: ops.associative_scan(ops.add, x),
        F(5, 3),
    ),
    via(
        "associative_scan",
        lambda ops, x, y: ops.associative_scan(
            lambda a, b: (a[0] * b[0], a[1] * b[0] + b[1]), (x, y), reverse=True, axis=1
        ),
        F(2, 6),
        F(2, 6),
    ),
    via(
        "while_loop",
        lambda ops, x: ops.while_loop(
            lambda i, a: i < 4, lambda i, a: (i + 1, a * 1.5), (0, x)
        ),
        F(3),
    ),
    via(
        "while_loop",
        lambda ops, x: ops.while_loop(
            lambda a: ops.sum(a) < 100, lambda a: a * 2, x, maximum_iterations=3
        ),
        F(3, lo=0.5, hi=1),
    ),
    via(
        "fori_loop",
        lambda ops, x: ops.fori_loop(1, 4, lambda i, a: a * ops.cast(i, "float32"), x),
        F(3),
    ),
    via(
        "fori_loop",
        lambda ops, x: ops.fori_loop(
            0, 3, lambda i, a: (a[0] + 1, a[1] + a[0]), (x, x * 2)
        ),
        F(3),
    ),
    via(
        "cond",
        lambda ops, x: ops.cond(ops.sum(x) > -99, lambda: x + 1, lambda: x - 1),
        F(3),
    ),
    via("cond", lambda ops, x: ops.cond(False, lambda: x + 1, lambda: x - 1), F(3)),
    via(
        "switch",
        lambda ops, x, y: [
            ops.switch(i, [ops.add, ops.subtract, ops.multiply], x, y)
            for i in (-1, 0, 1, 2, 7)
        ],
        F(3),
        F(3),
    ),
    via(
        "vectorized_map",
        lambda ops, x: ops.vectorized_map(lambda e: ops.cumsum(e) * ops.max(e), x),
        F(4, 3),
    ),
    via(
        "vectorized_map",
        lambda ops, x, y: ops.vectorized_map(lambda e: ops.matmul(e[0], e[1]), (x, y)),
        F(4, 2, 3),
        F(4, 3),
    ),
    via(
        "vectorize",
        lambda ops, x, y: ops.vectorize(lambda a, b: a * b + 1)(x, y),
        F(4, 3),
        F(3),
    ),
    via(
        "vectorize",
        lambda ops, x, y: ops.vectorize(
            lambda a, b: ops.matmul(a, b), signature="(m,n),(n)->(m)"
        )(x, y),
        F(5, 2, 3),
        F(5, 3),
    ),
    via(
        "vectorize",
        lambda ops, x: ops.vectorize(lambda a, k: a + k, excluded={1})(x, 2.0),
        F(2, 3),
    ),
]

CASES: dict[str, Case] = number(
    ELEMENTWISE
    + PAIRWISE
    + REDUCTIONS
    + SHAPES
    + CREATION
    + LINALG
    + NN
    + SIGNAL
    + CONTROL
)

# --- dtype sweeps -----------------------------------------------------------------
DTYPES = (
    "bool",
    "uint8",
    "uint16",
    "uint32",
    "int8",
    "int16",
    "int32",
    "int64",
    "float16",
    "bfloat16",
    "float32",
    "float64",
)
SHORT = ("bool", "uint8", "int32", "int64", "float16", "bfloat16", "float32")


def operand(dtype: str, *shape: int, low: float = 1, high: float = 4) -> A:
    """Small positive numbers, exact in every dtype and in every op's domain."""
    return A(shape, dtype, low, high)


UNARY = {
    n: (operand("?", 3, low=1, high=4),)
    for n in (
        "abs absolute arcsinh arctan cbrt ceil conj copy cos cosh deg2rad exp exp2 "
        "expm1 fabs floor i0 imag real angle isfinite isinf isnan isneginf isposinf "
        "isreal log log10 log1p log2 logical_not nan_to_num negative rad2deg "
        "reciprocal round sign signbit sin sinc sinh sqrt rsqrt square tan tanh trunc "
        "erf erfc relu relu6 sigmoid silu softplus gelu elu celu selu leaky_relu "
        "softmax log_softmax hard_sigmoid hard_silu hard_tanh softsign squareplus "
        "sort argsort flip ravel transpose ones_like zeros_like cumsum cumprod "
        "nancumsum nancumprod diff diag diagflat tril bitwise_not"
    ).split()
}
UNARY |= {n: (operand("?", 3, low=0, high=1),) for n in UNIT}
UNARY |= {"arccosh": (operand("?", 3, low=1, high=4),)}
REDUCE = {
    n: (operand("?", 3, 4),)
    for n in (
        "sum mean max min amax amin prod std var median ptp all any argmax argmin "
        "average count_nonzero nansum nanmean nanmax nanmin nanprod nanstd nanvar "
        "nanmedian logsumexp norm normalize trace corrcoef moments"
    ).split()
} | {
    "quantile": (operand("?", 3, 4), 0.5),
    "percentile": (operand("?", 3, 4), 50.0),
    "clip": (operand("?", 3), 1, 2),
    "pad": (operand("?", 3), 1),
    "repeat": (operand("?", 3), 2),
    "expand_dims": (operand("?", 3), 0),
    "one_hot": (operand("?", 3), 4),
    "bincount": (operand("?", 5),),
    "top_k": (operand("?", 5), 2),
    "trapezoid": (operand("?", 5),),
    "unique": (operand("?", 5),),
    "vander": (operand("?", 3),),
    "histogram": (operand("?", 5), 3),
    "digitize": (operand("?", 3), [2]),
    "view_as_complex": (operand("?", 3, 2),),
    "round1": (operand("?", 3),),
}
REDUCE.pop("round1")

BINARY_FULL = ("add", "divide", "power", "maximum", "where_", "concatenate_")
BINARY_SHORT = (
    "subtract multiply minimum fmax fmin arctan2 equal less floor_divide mod fmod "
    "true_divide divide_no_nan hypot logaddexp logaddexp2 heaviside logical_and "
    "isclose matmul dot inner outer tensordot vdot kron append stack_ vstack_ "
    "hstack_ correlate cross einsum_ linspace_ digitize_ searchsorted full_like_ "
    "average_ select_ clip_ gcd lcm bitwise_and bitwise_xor bitwise_left_shift "
    "right_shift ldexp isin take_ nextafter"
).split()

# Names ending in _ : how the op takes its two arrays.
FORMS = {
    "where_": lambda ops, x, y: ops.where(ops.array([True, False, True]), x, y),
    "concatenate_": lambda ops, x, y: ops.concatenate([x, y]),
    "stack_": lambda ops, x, y: ops.stack([x, y]),
    "vstack_": lambda ops, x, y: ops.vstack([x, y]),
    "hstack_": lambda ops, x, y: ops.hstack([x, y]),
    "einsum_": lambda ops, x, y: ops.einsum("i,i->i", x, y),
    "linspace_": lambda ops, x, y: ops.linspace(x, y, 3),
    "digitize_": lambda ops, x, y: ops.digitize(x, ops.sort(y)),
    "full_like_": lambda ops, x, y: ops.full_like(x, y),
    "average_": lambda ops, x, y: ops.average(x, weights=y),
    "select_": lambda ops, x, y: ops.select([x > 1, y > 1], [x, y], 0),
    "clip_": lambda ops, x, y: ops.clip(x, y, 3),
    "take_": lambda ops, x, y: ops.take(x, y - y),
    "tensordot": lambda ops, x, y: ops.tensordot(x, y, 1),
}
SCALARS = {"int": 2, "float": 2.5, "bool": True}
BINARY_SCALAR = (
    "add subtract multiply divide power maximum floor_divide mod equal less "
    "logical_and arctan2 hypot where_ clip_ logaddexp heaviside bitwise_and fmin"
).split()

# Creation: the dtype argument, and what is made without it.
CREATE = {
    "arange(3)": lambda ops, d: ops.arange(3, dtype=d),
    "arange(3.0)": lambda ops, d: ops.arange(3.0, dtype=d),
    "zeros": lambda ops, d: ops.zeros((2,), dtype=d),
    "ones": lambda ops, d: ops.ones((2,), dtype=d),
    "full(2)": lambda ops, d: ops.full((2,), 2, dtype=d),
    "full(2.5)": lambda ops, d: ops.full((2,), 2.5, dtype=d),
    "full(True)": lambda ops, d: ops.full((2,), True, dtype=d),
    "eye": lambda ops, d: ops.eye(2, dtype=d),
    "identity": lambda ops, d: ops.identity(2, dtype=d),
    "tri": lambda ops, d: ops.tri(2, dtype=d),
    "linspace": lambda ops, d: ops.linspace(0, 4, 5, dtype=d),
    "logspace": lambda ops, d: ops.logspace(0, 2, 3, dtype=d),
    "array": lambda ops, d: ops.array([1, 2], dtype=d),
    "convert_to_tensor": lambda ops, d: ops.convert_to_tensor([1, 2], dtype=d),
    "cast": lambda ops, d: ops.cast(ops.array([1.5, 2.0]), d or "float32"),
    "one_hot": lambda ops, d: ops.one_hot(ops.array([1, 0]), 3, dtype=d),
    "multi_hot": lambda ops, d: ops.multi_hot(ops.array([1, 0]), 3, dtype=d),
    "cumsum": lambda ops, d: ops.cumsum(ops.array([1, 2, 3]), dtype=d),
    "prod": lambda ops, d: ops.prod(ops.array([1, 2, 3]), dtype=d),
}


def sweeps() -> dict[str, dict[str, tuple]]:
    """{sweep id: {row: (op name, arguments)}}; a row is a dtype or a pair."""
    out: dict[str, dict[str, tuple]] = {}
    for name, template in {**UNARY, **REDUCE}.items():
        rows = {}
        for dtype in DTYPES:
            first = A(template[0].shape, dtype, template[0].low, template[0].high)
            if dtype == "bool":
                first = A(first.shape, "bool")
            rows[dtype] = (name, (first, *template[1:]))
        out[f"{name}/dtypes"] = rows
    for name in (*BINARY_FULL, *BINARY_SHORT):
        dtypes = DTYPES if name in BINARY_FULL else SHORT
        out[f"{name}/pairs"] = {
            f"{d1},{d2}": (name, (operand(d1, 3), operand(d2, 3)))
            for d1 in dtypes
            for d2 in dtypes
        }
    for name in BINARY_SCALAR:
        rows = {}
        for dtype in DTYPES:
            for kind, scalar in SCALARS.items():
                rows[f"{dtype},{kind}"] = (name, (operand(dtype, 3), scalar))
                if name not in ("clip_",):
                    rows[f"{kind},{dtype}"] = (name, (scalar, operand(dtype, 3)))
        out[f"{name}/scalars"] = rows
    for name in CREATE:
        out[f"{name}/create"] = {str(d): (name, (d,)) for d in (None, *DTYPES)}
    return out


# Rows where real Keras's value makes no sense: only the dtype is compared.
_UNSIGNED = ("uint8", "uint16", "uint32")
SENSELESS = {
    "softmax/dtypes": _UNSIGNED,  # x - max(x) underflows
    "log_softmax/dtypes": _UNSIGNED,
    "fmod/pairs": ("bool,bool",),
    "searchsorted/pairs": ("float32,float16",),  # the sequence is not sorted
}


def eager_row(key: str, row: str) -> bool:
    """Whether a row is computed; most pairs are only asked for their dtype."""
    if row in SENSELESS.get(key, ()):
        return False
    if key.endswith("/pairs"):
        d1, d2 = row.split(",")
        return d1 in SHORT and d2 in SHORT and (d1 == d2 or "float32" in (d1, d2))
    if key.endswith("/scalars"):
        return bool({"int32", "bfloat16", "float32"} & {*row.split(",")})
    return True


def call(ops: Any, name: str, args: tuple, kwargs: dict | None = None) -> Any:
    """The op, or the form in which it takes these arguments."""
    kwargs = kwargs or {}
    if name in CREATE and len(args) == 1 and not isinstance(args[0], A):
        if args[0] is None or isinstance(args[0], str):
            return CREATE[name](ops, *args)
    if name in FORMS and not kwargs and len(args) == 2:
        return FORMS[name](ops, *args)
    return getattr(ops, name)(*args, **kwargs)
