"""Tables from lists of names, and stand-ins for types that a function lacks."""

import math

import numpy as np
import pytest

from keras import ops
from keras.backend.tables import as_tuple, functions_of, in_wider


def test_names_and_other_names():
    table = functions_of(np, "exp arcsin=asin det=linalg.det")
    assert table == {"exp": np.exp, "arcsin": np.asin, "det": np.linalg.det}
    wrapped = functions_of(math, "sqrt", lambda fn: lambda x: fn(x) + 1)
    assert wrapped["sqrt"](4) == 3
    with pytest.raises(AttributeError, match="nothing"):
        functions_of(np, "exp nothing")


def test_in_wider():
    seen = []

    def double(x, n, other=None):
        seen.append(x[0].dtype if isinstance(x, list) else x.dtype)
        return (x[0] if isinstance(x, list) else x) * n, "static"

    wider = {np.dtype("int8"): np.dtype("int32")}
    run = in_wider(double, wider, np.ndarray.astype)
    for x in (np.ones(2, "int8"), [np.ones(2, "int8")]):
        out, static = run(x, 2)
        assert out.dtype == "int8" and static == "static"
    assert seen == ["int32", "int32"]
    out, _ = run(np.ones(2, "float32"), 2)
    assert out.dtype == seen[-1] == "float32"
    keep = in_wider(double, wider, np.ndarray.astype, back=False)
    assert keep(np.ones(2, "int8"), 2)[0].dtype == "int32"


def test_as_tuple():
    assert as_tuple(3) == (3,) and as_tuple([1, 2]) == (1, 2)


@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes_without_elements(backend, name):
    extreme = getattr(ops, name)
    assert tuple(extreme(ops.zeros((0, 3)), axis=1).shape) == (0,)
    assert tuple(extreme(ops.zeros((0, 3)), axis=0, initial=5.0).shape) == (3,)
    assert float(extreme(ops.zeros((0,)), initial=5.0)) == 5.0
    for axis in (None, 0, (0, 1)):
        with pytest.raises(ValueError, match=r"shape \(0, 3\): give `initial`"):
            extreme(ops.zeros((0, 3)), axis=axis)
