"""One line per op: its value, type, gradient, and shapes with axes not known.

A `Row` is a call. `check_value`, `check_gradient`, `check_symbolic`, `check_compiled`
say what every op must hold to, on the backend in force.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, NamedTuple

import numpy as np

import keras
from keras import ops
from keras.core import tree

RANDOM = np.random.default_rng(7)
KINDS = {"f": "float32", "i": "int32", "u": "int32", "b": "bool", "c": "complex64"}


def floats(*shape: int, low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Distinct float32 numbers, evenly spread and shuffled.

    None is 0, and few of two tensors of different size are equal: `maximum` and its kin
    have no derivative there.
    """
    n = int(np.prod(shape))
    values = low + (high - low) * (np.arange(n) + 0.44) / max(n, 1)
    return RANDOM.permutation(values).reshape(shape).astype("float32")


def ints(*shape: int, low: int = -5, high: int = 6) -> np.ndarray:
    """int32 numbers."""
    return RANDOM.integers(low, high, shape).astype("int32")


def bools(*shape: int) -> np.ndarray:
    """Truth values."""
    return RANDOM.random(shape) < 0.6


# Ops with axes whose size depends on values.
VALUES_DECIDE = ("unique", "nonzero")


class Row(NamedTuple):
    """A call of `keras.ops.<name>` and what it must give.

    `expected` is a function of the NumPy arguments, by default NumPy's of that name.
    `grad` says which arguments are differentiated. `symbolic=False` is for ops whose
    shape depends on values, or that take no tensor.
    """

    name: str
    args: tuple
    kwargs: dict
    expected: Callable | None
    grad: tuple[int, ...]
    symbolic: bool
    rtol: float

    def __str__(self) -> str:
        shapes = tree.map_structure(
            lambda x: x.shape if isinstance(x, np.ndarray) else x, self.args
        )
        return f"{self.name}{shapes}{self.kwargs or ''}".replace(" ", "")


def row(
    name: str,
    *args: Any,
    expected: Callable | None = None,
    grad: Any = None,
    symbolic: bool = True,
    rtol: float = 1e-5,
    **kwargs: Any,
) -> Row:
    """A row; float arguments are differentiated unless `grad` names others."""
    if grad is None:
        grad = tuple(
            i
            for i, x in enumerate(args)
            if isinstance(x, np.ndarray) and x.dtype == np.float32
        )
    return Row(name, args, kwargs, expected, tuple(grad or ()), symbolic, rtol)


def is_array(x: Any) -> bool:
    """Whether an argument is data, not a setting."""
    return isinstance(x, np.ndarray)


def tensors(args: Any) -> Any:
    """The arrays in `args` as tensors."""
    return tree.map_structure(
        lambda x: ops.convert_to_tensor(x) if is_array(x) else x, args
    )


def call(r: Row, args: Any = None) -> Any:
    """The result on tensors."""
    return attrgetter(r.name)(ops)(
        *(tensors(r.args) if args is None else args), **r.kwargs
    )


def reference(r: Row, args: Any = None) -> Any:
    """What the result should be, computed in NumPy."""
    args = r.args if args is None else args
    return (r.expected or getattr(np, r.name))(*args, **r.kwargs)


def leaves(x: Any) -> list[Any]:
    """A result opened up."""
    return [v for v in tree.flatten(x) if v is not None]


def wide(args: Any) -> Any:
    """float32 arrays as float64."""
    return tree.map_structure(
        lambda x: x.astype("float64") if is_array(x) and x.dtype.kind == "f" else x,
        args,
    )


def check_value(r: Row) -> None:
    """Values, shapes and types are NumPy's; 64-bit results have 32 bits here."""
    got, want = leaves(call(r)), leaves(reference(r))
    assert len(got) == len(want)
    for a, b in zip(got, want):
        b = np.asarray(b)
        a_host = np.asarray(ops.convert_to_numpy(a))
        assert a_host.shape == b.shape
        if ops.is_tensor(a):
            assert keras.backend.standardize_dtype(a.dtype) == KINDS[b.dtype.kind]
        np.testing.assert_allclose(a_host, b, rtol=r.rtol, atol=r.rtol)


def check_gradient(r: Row) -> None:
    """The gradient is what small steps in float64 give."""
    weights = [
        np.cos(np.arange(np.size(b)) + i).reshape(np.shape(b))
        for i, b in enumerate(leaves(reference(r)))
    ]

    def total(*args: Any) -> Any:
        found = leaves(call(r, args))
        parts = [
            ops.sum(ops.multiply(x, w.astype("float32")))
            for x, w in zip(found, weights)
        ]
        return sum(parts[1:], parts[0])

    # One program compiles faster than its many steps.
    run = compiled(ops.grad(total, argnums=r.grad), r.grad)
    gradients = run(*tensors(r.args))
    for i, gradient in zip(r.grad, gradients):
        want = _steps(r, i, weights)
        got = np.asarray(ops.convert_to_numpy(gradient))
        np.testing.assert_allclose(got, want, rtol=2e-3, atol=2e-3)


def compiled(fn: Callable, places: Any) -> Callable:
    """`fn` as one program on JAX, where each operation that is run alone is compiled.

    `places` says which positional arguments are data; the others are static.
    """
    if keras.backend.backend() != "jax":
        return fn

    def run(*args: Any) -> Any:
        import jax

        def of_data(data: list) -> Any:
            filled = list(args)
            for i, x in zip(places, data):
                filled[i] = x
            return fn(*filled)

        return jax.jit(of_data)([args[i] for i in places])

    return run


def _steps(r: Row, i: int, weights: list[np.ndarray]) -> np.ndarray:
    args = list(wide(r.args))
    step = 1e-5

    def total(x: np.ndarray) -> float:
        found = leaves(reference(r, [*args[:i], x, *args[i + 1 :]]))
        return float(sum((np.asarray(v) * w).sum() for v, w in zip(found, weights)))

    out = np.zeros(np.shape(args[i]))
    for place in np.ndindex(out.shape):
        x = args[i].copy()
        x[place] += step
        up = total(x)
        x[place] -= 2 * step
        out[place] = (up - total(x)) / (2 * step)
    return out


def lead_of(r: Row) -> Callable[[np.ndarray], bool]:
    """Which arrays share the first axis, whose size is left open."""
    arrays = [x for x in leaves((r.args, r.kwargs)) if is_array(x) and x.ndim]
    rank = max(x.ndim for x in arrays)
    size = next(x.shape[0] for x in arrays if x.ndim == rank)
    return lambda x: x.ndim == rank and x.shape[0] == size and size > 1


def check_symbolic(r: Row) -> None:
    """The shape and type found without values are those of the result."""
    lead = lead_of(r)
    got = leaves(call(r))
    for is_open in (lambda x: False, lead):
        args = tree.map_structure(
            lambda x, is_open=is_open: keras.KerasTensor(
                (None, *x.shape[1:]) if is_open(x) else x.shape, x.dtype.name
            )
            if is_array(x)
            else x,
            r.args,
        )
        found = leaves(call(r, args))
        assert len(found) == len(got)
        for spec, actual in zip(found, got):
            assert spec.dtype == keras.backend.standardize_dtype(actual.dtype)
            assert len(spec.shape) == len(actual.shape)
            if is_open is lead:
                assert all(a in (None, b) for a, b in zip(spec.shape, actual.shape))
            else:
                decided = r.name in VALUES_DECIDE
                assert decided or spec.shape == tuple(actual.shape)


def check_compiled(r: Row, backend: str) -> None:
    """Inside a compiled function, with a first axis of open size, it gives the same."""
    parts, structure = tree.flatten_with_def(tensors(r.args))
    places = [i for i, x in enumerate(parts) if ops.is_tensor(x)]

    def run(*data: Any) -> Any:
        filled = list(parts)
        for i, x in zip(places, data):
            filled[i] = x
        return leaves(call(r, tree.unflatten(structure, filled)))

    data = [parts[i] for i in places]
    got = leaves(_compiled(run, data, backend, lead_of(r))(*data))
    for a, b in zip(got, leaves(call(r))):
        np.testing.assert_allclose(
            ops.convert_to_numpy(a), ops.convert_to_numpy(b), rtol=1e-5, atol=1e-5
        )


def _compiled(run: Callable, data: list, backend: str, lead: Callable) -> Callable:
    if backend == "jax":
        import jax

        return jax.jit(run)
    import tensorflow as tf

    signature = tree.map_structure(
        lambda x: tf.TensorSpec(
            (None, *x.shape[1:]) if lead(x.numpy()) else x.shape, x.dtype
        ),
        data,
    )
    return tf.function(run, signature, autograph=False)
