"""`keras.ops` against the results of Keras 3.15.1 (tests/oracle/data/ops.*).

Values, dtypes, shapes and symbolic shapes of single calls; dtypes (and values) of
whole dtype sweeps, one test per op that lists every row that differs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracle import ops_cases
from oracle.spec import Expected, digest, draw_all, leaves, map_arrays, unknown_axis
from scipy.optimize import brentq

import keras
from keras import ops
from keras.core import tree
from keras.core.scope import current

# Ops that are not written yet. A name that exists must leave this list.
NOT_YET: set[str] = set()

# Rows in which our one rule for types is kept where real Keras has an exception to its
# own, or where the value is not defined.
DELIBERATE = {
    # Integers become floatx, int64 too.
    **dict.fromkeys(
        ("cbrt", "deg2rad", "rad2deg", "i0", "corrcoef"), {"int64", "uint32"}
    ),
    # A Python number does not widen a tensor.
    **dict.fromkeys(
        ("arctan2", "logaddexp"),
        {"float16,float", "float,float16", "bfloat16,float", "float,bfloat16"},
    ),
    # Division by a zero among integers.
    **dict.fromkeys(("floor_divide", "mod", "fmod"), {"bool,bool", "int64,bool"}),
    # The common type of all three decides.
    "clip_": {"bool,uint8"},
}

# Symbolic shapes where real Keras takes an unknown size for known: the diagonal of a
# matrix with an unknown number of rows, and slices that reach over the end of a short
# axis.
UNKNOWN = {
    "diag-2": [[None]],
    "get_item-0": [[None, 2]],
    "split-1": [[None, 3], [None, 3], [None, 3]],
    "hsplit-1": [[None], [None], [None]],
    "vsplit-1": [[1, 3], [None, 3], [None, 3]],
}


def simplex(x: np.ndarray) -> np.ndarray:
    """Sparsemax by definition, for one sample: max(x - t, 0) that sums to 1."""
    total = lambda t: np.maximum(x - t, 0).sum() - 1  # noqa: E731
    return np.maximum(x - brentq(total, x.min() - 1, x.max()), 0)


# Calls where real Keras is wrong (its sparsemax sums to 1 on the last axis only), and
# what is right.
WRONG_THERE = {"sparsemax-1": simplex}

EXPECTED = Expected("ops")
SWEEPS = ops_cases.sweeps()
TOLERANCE = {
    "float16": (4e-3, 2e-3),
    "bfloat16": (2e-2, 1e-2),
    "float32": (1e-5, 1e-5),
    "float64": (1e-5, 1e-5),  # stored as float32
    "complex64": (1e-5, 1e-5),
    "complex128": (1e-5, 1e-5),
}
# What stands for the types that PyTorch stores but does not compute with.
STAND_IN = {"int32": "uint16", "int64": "uint32"}
WIDE = {"int32": "int64", "uint32": "uint64", "float32": "float64"}
NARROW = {wide: narrow for narrow, wide in WIDE.items()}


def convert(x: np.ndarray, spec: Any) -> Any:
    """An input as the case hands it over."""
    return x if spec.raw else ops.convert_to_tensor(x, dtype=spec.dtype)


def plain(x: Any) -> tuple[str, Any]:
    """A result as (dtype, NumPy array); Python values as ("py", value)."""
    backend = current()
    if backend.is_tensor(x):
        dtype = backend.dtype_of(x)
        x = ops.cast(x, "float32") if dtype == "bfloat16" else x
        return dtype, np.asarray(ops.convert_to_numpy(x))
    if isinstance(x, (np.ndarray, np.generic)):
        return x.dtype.name, np.asarray(x)
    return "py", x


def dtype_is_right(dtype: str, backend: str, known: dict[str, str]) -> bool:
    """Ours is real Keras's on this backend, or, where its backends differ, another's.

    Real Keras on JAX has no 64-bit types, so its 32-bit ones may stand for those.
    """
    own = known.get(backend)
    if dtype == own:
        return True
    if backend == "jax":
        return dtype in {NARROW.get(d, d) for d in known.values()}
    others = {d for b, d in known.items() if b != "jax"}
    if own is None and not others:
        return NARROW.get(dtype, dtype) == known["jax"]
    if backend == "torch" and STAND_IN.get(dtype) in known.values():
        return True
    narrow = WIDE.get(dtype) in others
    return dtype in others or (dtype == known.get("jax") and not narrow)


def difference(dtype: str, got: np.ndarray, want: np.ndarray, tol=None) -> str:
    """What is wrong with a value, or nothing."""
    if got.shape != want.shape:
        return f"shape {got.shape}, not {want.shape}"
    if dtype not in TOLERANCE:
        same = np.array_equal(got, want)
        return "" if same else f"{got.tolist()}, not {want.tolist()}"
    rtol, atol = tol or TOLERANCE[dtype]
    kind = "complex128" if "complex" in dtype else "float64"
    a, b = got.astype(kind), want.astype(kind)
    if np.allclose(a, b, rtol, atol, equal_nan=True):
        return ""
    with np.errstate(invalid="ignore"):
        gap = np.abs(a - b)
    return f"off by {np.nanmax(gap):.3g}: {got.tolist()}, not {want.tolist()}"[:600]


def known_dtypes(entry: dict, i: int) -> dict[str, str]:
    """What each backend of real Keras says of output i."""
    return {b: dtypes[i] for b, dtypes in entry["dtype"].items() if i < len(dtypes)}


def run(case: Any) -> list[tuple[str, Any]]:
    given = draw_all((case.args, case.kwargs), case.id, convert)
    function = getattr(ops, case.name)
    if case.call:
        args, kwargs = given
        out = case.call(ops, *args, **kwargs)
    elif current().name == "jax" and case.sym:
        out = as_one_program(function, given)
    else:
        args, kwargs = given
        out = function(*args, **kwargs)
    return [plain(x) for x in leaves(out)]


def as_one_program(function: Any, given: tuple) -> Any:
    """The call compiled whole: on JAX faster than each of its operations by itself."""
    import jax

    parts, structure = tree.flatten_with_def(given)
    places = [i for i, x in enumerate(parts) if current().is_tensor(x)]

    def of_data(data: list) -> Any:
        filled = list(parts)
        for i, x in zip(places, data):
            filled[i] = x
        args, kwargs = tree.unflatten(structure, filled)
        return function(*args, **kwargs)

    return jax.jit(of_data)([parts[i] for i in places])


def case_keys(symbolic: bool = False) -> list[str]:
    return [
        key
        for key, case in ops_cases.CASES.items()
        if case.name not in NOT_YET
        and key in EXPECTED.index
        and (not symbolic or "sym" in EXPECTED.index[key])
    ]


def test_not_yet_is_not_there() -> None:
    there = {name for name in NOT_YET if hasattr(ops, name)}
    assert not there, f"exist now, take them off NOT_YET: {sorted(there)}"


def test_data_belongs_to_the_cases() -> None:
    stale = [
        key
        for key, entry in EXPECTED.index.items()
        if not key.startswith("sweep:")
        and entry["spec"]
        != digest(
            ops_cases.CASES[key].name,
            ops_cases.CASES[key].args,
            ops_cases.CASES[key].kwargs,
        )
    ]
    assert not stale, f"run tests/oracle/make_ops.py again: {stale}"


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(k, marks=pytest.mark.gradients) if k.startswith("jvp") else k
        for k in case_keys()
    ],
)
def test_call(key: str, backend: str) -> None:
    case, entry = ops_cases.CASES[key], EXPECTED.index[key]
    got = run(case)
    for i, (dtype, _) in enumerate(got):
        known = known_dtypes(entry, i)
        assert dtype_is_right(dtype, backend, known), (
            f"output {i}: dtype {dtype}, real Keras has {known}"
        )
    want = entry["out"]
    assert len(got) == len(want), f"{len(got)} outputs, not {len(want)}"
    for (dtype, value), ref in zip(got, want):
        if dtype == "py":
            assert value == ref
        elif case.values:
            right = EXPECTED.get(ref)
            if key in WRONG_THERE:
                (x,) = draw_all(case.args, case.id, lambda x, spec: x.astype("float64"))
                right = WRONG_THERE[key](x)
            problem = difference(dtype, value, right, case.tol)
            assert not problem, problem
        else:
            assert list(value.shape) == ref[2]


@pytest.mark.parametrize("key", case_keys(symbolic=True))
def test_symbolic(key: str, backend: str) -> None:
    case, entry = ops_cases.CASES[key], EXPECTED.index[key]
    lead = unknown_axis(case)

    def symbol(a: Any) -> Any:
        shape = (None, *a.shape[1:]) if lead(a) else a.shape
        return keras.KerasTensor(shape, a.dtype)

    args, kwargs = map_arrays(symbol, (case.args, case.kwargs))
    out = [*leaves(getattr(ops, case.name)(*args, **kwargs))]
    assert [list(x.shape) for x in out] == UNKNOWN.get(key, entry["sym"])
    for i, x in enumerate(out):
        known = known_dtypes(entry, i)
        assert dtype_is_right(x.dtype, backend, known), f"{x.dtype}, not {known}"


def sweep_keys() -> list[str]:
    return [
        key
        for key, rows in SWEEPS.items()
        if next(iter(rows.values()))[0] not in NOT_YET
    ]


@pytest.mark.parametrize("key", sweep_keys())
def test_dtypes(key: str, backend: str) -> None:
    wrong = {}
    for row, want in EXPECTED.index[f"sweep:{key}"].items():
        if row in DELIBERATE.get(key.partition("/")[0], ()):
            continue
        name, args = SWEEPS[key][row]
        known = dict(zip(("jax", "tensorflow", "torch"), want[0] * 3))
        if len(want[0]) == 3:
            known = {b: d for b, d in zip(known, want[0]) if d}
        drawn = None
        try:
            if ops_cases.eager_row(key, row):
                drawn = draw_all(args, key + row, convert)
                got = [plain(x) for x in leaves(ops_cases.call(ops, name, drawn))]
            else:
                symbols = map_arrays(
                    lambda a: keras.KerasTensor(a.shape, a.dtype), args
                )
                out = ops_cases.call(ops, name, symbols)
                got = [(x.dtype, None) for x in leaves(out)]
        except Exception as e:
            if backend in known:  # else real Keras refuses it on this backend too
                wrong[row] = f"{type(e).__name__}: {e}"[:200]
            continue
        dtypes = [dtype for dtype, _ in got]
        if not all(
            dtype_is_right(d, backend, {b: k.split("/")[i] for b, k in known.items()})
            for i, d in enumerate(dtypes)
        ):
            wrong[row] = f"dtype {dtypes}, real Keras has {known}"
        elif drawn is not None and len(want) > 1:
            for (dtype, value), ref in zip(got, want[1]):
                problem = difference(dtype, value, EXPECTED.get(ref))
                if problem:
                    wrong[row] = problem
    assert not wrong, "\n" + "\n".join(f"{row}: {why}" for row, why in wrong.items())
