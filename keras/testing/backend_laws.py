"""The laws of the contract, for `check_backend`.

Each law is a function of the backend, which is in force while it runs. It reads as what
a plug-in's author may rely on being asked for, and no law looks into a framework.
"""

from __future__ import annotations

import copy
import os
import pickle
import tempfile
import threading
from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import ml_dtypes
import numpy as np

from keras import layers, ops
from keras.backend import contract, portable_random
from keras.backend.contract import Backend
from keras.core import backends, dtypes, tree
from keras.core.device import device
from keras.core.op import KERNELS, OPS
from keras.core.scope import backend_scope
from keras.core.variable import Variable
from keras.layers import Input
from keras.models import Sequential
from keras.random import draws
from keras.random.seed_generator import SeedGenerator
from keras.saving import load_model, save_model
from keras.testing import threefry
from keras.testing.op_cases import OP_CASES, OpCase
from keras.testing.report import Laws, Skip

LAWS = Laws()

X = np.arange(12, dtype="float32").reshape(3, 4) / 10 - 0.55
# What every framework stores. Others may become the next one that there is.
COMMON_DTYPES = "bool uint8 int8 int16 int32 float16 bfloat16 float32".split()
OTHER_DTYPES = ("uint16", "uint32", "int64", "float64")


def _require(holds: Any, message: str) -> None:
    if not holds:
        raise AssertionError(message)


def _require_equal(found: Any, expected: Any, what: str) -> None:
    _require(found == expected, f"{what}: expected {expected!r}, found {found!r}.")


def _host(x: Any) -> np.ndarray:
    """A tensor's values; narrow floats as float32."""
    array = np.asarray(ops.convert_to_numpy(x))
    if array.dtype.kind == "V" or array.dtype in (np.float16, ml_dtypes.bfloat16):
        return array.astype("float32")
    return array


def _require_close(
    found: Any, expected: Any, what: str = "the value", tolerance: float = 1e-5
) -> None:
    """Raise unless both nests hold the same arrays, up to a tolerance."""
    arrays = [_host(x) for x in tree.flatten(found)]
    wanted = [np.asarray(x) for x in tree.flatten(expected)]
    shapes = [x.shape for x in arrays]
    _require_equal(shapes, [x.shape for x in wanted], f"the shapes of {what}")

    for array, want in zip(arrays, wanted):
        close = np.isclose(array, want, tolerance, tolerance, equal_nan=True)
        if not close.all():
            place = tuple(int(i) for i in np.argwhere(~close)[0])
            raise AssertionError(
                f"{what}: at {place} expected {want[place]}, found {array[place]}; "
                f"{(~close).sum()} of {close.size} elements differ by more than "
                f"{tolerance}."
            )


def _tensors(nest: Any) -> Any:
    return tree.map_structure(
        lambda x: ops.convert_to_tensor(x) if isinstance(x, np.ndarray) else x, nest
    )


# Members


@LAWS.add("members")
def every_member_is_there(backend: Backend) -> None:
    """The module has every name of the Protocol, functions are callable."""
    for protocol, module, what in (
        (contract.Backend, backend, "The backend"),
        (contract.RandomBackend, backend.random, "Its `random`"),
    ):
        names = contract.members(protocol)
        missing = [name for name in names if not hasattr(module, name)]
        _require(not missing, f"{what} lacks {missing}.")

        functions = [n for n in names if callable(getattr(protocol, n, None))]
        dead = [n for n in functions if not callable(getattr(module, n))]
        _require(not dead, f"{what} has {dead}, which are not callable.")


@LAWS.add("members")
def the_registry_knows_it(backend: Backend) -> None:
    """Name and HAS_GRADIENTS are those of the BackendInfo."""
    info = backends.find(backend.name)
    _require_equal(backend.name, info.name, "`name`")
    _require_equal(info.has_gradients, backend.HAS_GRADIENTS, "info.has_gradients")


# Tensors


@LAWS.add("tensors", COMMON_DTYPES)
def a_dtype_makes_the_round_trip(backend: Backend, dtype: str) -> None:
    """NumPy to tensor to NumPy keeps the values and the dtype."""
    array = np.array([[0, 1, 3], [1, 0, 2]]).astype(dtypes.numpy_dtype(dtype))
    tensor = backend.convert_to_tensor(array)

    _require(backend.is_tensor(tensor), "is_tensor is False for a new tensor.")
    _require(type(tensor) in backend.NATIVE, f"NATIVE lacks {type(tensor)}.")
    _require_equal(backend.dtype_of(tensor), dtype, "dtype_of")
    _require_equal(backend.dtype_name(tensor.dtype), dtype, "dtype_name(x.dtype)")
    _require_equal(backend.shape_of(tensor), (2, 3), "shape_of")

    back = backend.convert_to_numpy(tensor)
    _require_equal(back.dtype, array.dtype, "the dtype of convert_to_numpy")
    _require(np.array_equal(back, array), f"expected {array}, found {back}.")


@LAWS.add("tensors", OTHER_DTYPES)
def values_of_other_dtypes_are_kept(backend: Backend, dtype: str) -> None:
    """Values survive where the framework stores another dtype in its place."""
    array = np.array([0, 1, 60000], dtype)
    tensor = backend.convert_to_tensor(array)
    _require_close(tensor, array)
    _require(backend.dtype_of(tensor) in dtypes.ALLOWED, "dtype_of names no dtype.")


@LAWS.add("tensors", ["int32", "float16", "bfloat16", "bool", "uint8"])
def cast_is_that_of_numpy(backend: Backend, dtype: str) -> None:
    """cast(x, dtype) is NumPy's astype."""
    array = np.array([0.0, 1.5, 2.25, 100.0], "float32")
    found = backend.cast(backend.convert_to_tensor(array), dtype)
    _require_equal(backend.dtype_of(found), dtype, "dtype_of")
    _require_close(found, array.astype(dtypes.numpy_dtype(dtype)).astype("float32"))


@LAWS.add("tensors")
def python_values_have_default_dtypes(backend: Backend) -> None:
    """Floats become floatx(), ints int32, lists arrays of these."""
    for value, dtype in (
        (1.5, "float32"),
        (3, "int32"),
        (True, "bool"),
        ([1.0, 2.0], "float32"),
        ([[1], [2]], "int32"),
    ):
        tensor = backend.convert_to_tensor(value)
        _require_equal(backend.dtype_of(tensor), dtype, f"the dtype of {value!r}")
        _require_close(tensor, np.array(value))
    _require_equal(
        backend.dtype_of(backend.convert_to_tensor(1, "float16")), "float16", "dtype="
    )


@LAWS.add("tensors")
def a_tensor_is_not_the_callers_array(backend: Backend) -> None:
    """A tensor does not change with the array that it was made of."""
    array = X.copy()
    tensor = backend.convert_to_tensor(array)
    array[:] = 0
    _require_close(tensor, X)


@LAWS.add("tensors")
def variables_and_lists_of_tensors_convert(backend: Backend) -> None:
    """A Variable becomes its value, a list of tensors a stacked tensor."""
    _require_close(backend.convert_to_tensor(Variable(X)), X)
    _require_close(backend.convert_to_numpy(Variable(X)), X)
    rows = [backend.convert_to_tensor(row) for row in X]
    _require_close(backend.convert_to_tensor(rows), X)


@LAWS.add("tensors")
def foreign_tensors_are_refused(backend: Backend) -> None:
    """A tensor of another framework raises a TypeError."""
    packages = [
        package
        for package in backends.tensor_packages()
        if backends.owner_of_package(package) != backend.name
    ]
    foreign = type("Tensor", (), {"__module__": packages[0], "shape": (2,)})
    try:
        backend.convert_to_tensor(foreign())
    except TypeError:
        return
    raise AssertionError("No TypeError: call keras.core.foreign.refuse_foreign.")


@LAWS.add("tensors")
def results_have_numpy(backend: Backend) -> None:
    """Results have a `.numpy()` that works, also with gradients."""
    found = (ops.convert_to_tensor(X) + Variable(X)).numpy()
    _require(isinstance(found, np.ndarray), f"`.numpy()` gave {type(found)}.")
    _require_close(found, 2 * X)


# Ops


@LAWS.add("ops")
def the_table_has_every_primitive(backend: Backend) -> None:
    """TABLE has every primitive op and kernel, and WEAK names ops."""
    wanted = {name for name, op in OPS.items() if op.primitive} | KERNELS
    missing = sorted(wanted - set(backend.TABLE))
    _require(not missing, f"TABLE lacks {missing}.")

    unknown = sorted(set(backend.TABLE) - set(OPS) - KERNELS)
    _require(not unknown, f"TABLE has {unknown}, which are not ops.")
    wrong = sorted(n for n in backend.WEAK if n not in OPS or OPS[n].cast is None)
    _require(not wrong, f"WEAK has {wrong}, whose tensors do not meet in one type.")


@LAWS.add("ops", OP_CASES)
def an_op_computes_what_numpy_does(backend: Backend, case: OpCase) -> None:
    """An op has NumPy's values, shapes and kinds of dtype."""
    found = case.run(*_tensors(list(case.args)), **case.kwargs)
    expected = case.expected(*case.args, **case.kwargs)
    _require_close(found, expected, tolerance=case.tolerance)
    for tensor, want in zip(tree.flatten(found), tree.flatten(expected)):
        _require_equal(_host(tensor).dtype.kind, np.asarray(want).dtype.kind, "kind")


@LAWS.add("ops")
def empty_tensors_are_tensors(backend: Backend) -> None:
    """Ops work on tensors without elements."""
    empty = ops.zeros((0, 4))
    _require_equal(tuple(ops.sum(empty, axis=0).shape), (4,), "the shape of a sum")
    _require_close(ops.sum(empty), np.float32(0))
    _require_equal(tuple(ops.concatenate([empty, X]).shape), (3, 4), "concatenate")


# Shapes


def _spec(shape: tuple[int, ...], dtype: str) -> tuple[tuple[int, ...], str]:
    return tuple(shape), dtype


@LAWS.add("shapes", [case for case in OP_CASES if case.has_fixed_shape])
def eval_shape_agrees_with_the_result(backend: Backend, case: OpCase) -> None:
    """eval_shape finds shape and dtype without computing."""
    leaves, structure = tree.flatten_with_def(list(case.args))
    places = [i for i, x in enumerate(leaves) if isinstance(x, np.ndarray)]
    held = [ops.convert_to_tensor(leaves[i]) for i in places]

    def run(tensors: list[Any]) -> Any:
        filled = list(leaves)
        for place, tensor in zip(places, tensors):
            filled[place] = tensor
        out = case.run(*tree.unflatten(structure, filled), **case.kwargs)
        return tree.flatten(out)

    specs = [(tuple(x.shape), backend.dtype_of(x)) for x in held]
    found = backend.eval_shape(run, specs, lambda *spec: [_spec(*spec)])
    actual = [[_spec(tuple(x.shape), backend.dtype_of(x))] for x in run(held)]
    _require_equal(found, actual, "(shape, dtype) of the results")


@LAWS.add("shapes")
def eval_shape_leaves_nothing_behind(backend: Backend) -> None:
    """Variables read as their shape and dtype; what is assigned is dropped."""
    variable = Variable(X)

    def run(tensors: list[Any]) -> Any:
        variable.assign(variable.value * 2)
        return ops.matmul(tensors[0], ops.transpose(variable.value)), "static"

    found = backend.eval_shape(run, [((5, 4), "float32")], lambda *spec: [_spec(*spec)])
    _require_equal(found, ([((5, 3), "float32")], "static"), "the result")
    _require_close(variable, X)


# Variables


@LAWS.add("variables")
def a_variable_is_read_and_assigned(backend: Backend) -> None:
    """A Variable keeps what it is assigned, and ops take its value."""
    variable = Variable(X, name="v")
    _require_close(backend.TABLE["negative"](variable.value), -X)
    variable.assign(X + 1)
    variable.assign_add(X)
    _require_close(variable, 2 * X + 1)
    _require_close(ops.multiply(variable, 2.0), 4 * X + 2)


@LAWS.add("variables")
def values_read_before_stay(backend: Backend) -> None:
    """An array read from a Variable does not change with it."""
    variable = Variable(X)
    before = variable.numpy()
    variable.assign(X * 0)
    _require_close(before, X)


@LAWS.add("variables")
def variables_are_copied_and_pickled(backend: Backend) -> None:
    """Deep copies and pickles have the value, and a life of their own."""
    variable = Variable(X)
    others = copy.deepcopy(variable), pickle.loads(pickle.dumps(variable))
    variable.assign(X * 0)
    for other in others:
        _require_close(other, X)


@LAWS.add("variables")
def trainable_can_be_set(backend: Backend) -> None:
    """Integers and floats may be frozen and thawed."""
    for value in (X, np.arange(3)):
        variable = Variable(value, trainable=False)
        variable.trainable = True
        variable.trainable = False
        variable.assign(value + 1)
        _require_close(variable, value + 1)


# Random numbers


@LAWS.add("random", ["uniform", "normal"])
def portable_draws_are_those_of_threefry(backend: Backend, kind: str) -> None:
    """Portable draws are Threefry-2x32, bit for bit."""
    seed = backend.random.seed_of(7)
    draw = getattr(backend.random, f"portable_{kind}")
    found = _host(draw((5, 33), "float32", seed))
    if kind == "uniform":
        expected = threefry.uniform((7, 0), (5, 33))
    else:
        places = (threefry.bits((7, 0), (5, 33)) >> 9 << 2) + 1
        expected = _normal_at(places.astype("int32"))
    _require(np.array_equal(found, expected), f"expected {expected}, found {found}.")


def _normal_at(places: np.ndarray) -> np.ndarray:
    return portable_random.normal_at(
        places,
        np.where,
        lambda x: x.astype("float32"),
        lambda x: x.view("int32"),
        lambda table, index: table[index],
    )


@LAWS.add("random")
def portable_integers_are_those_of_threefry(backend: Backend) -> None:
    """portable_randint is Threefry-2x32, and split gives its keys."""
    rng = backend.random
    found = _host(rng.portable_randint((200,), -3, 11, "int32", rng.seed_of(7)))
    expected = threefry.randint((7, 0), (200,), -3, 11)
    _require(np.array_equal(found, expected), f"expected {expected}, found {found}.")

    for part, key in zip(rng.split(rng.seed_of(7), 3), threefry.split((7, 0), 3)):
        numbers = _host(rng.portable_uniform((9,), "float32", part))
        _require_close(numbers, threefry.uniform(key, (9,)), "a draw of a split seed")


@LAWS.add("random")
def normal_at_inverts_the_distribution(backend: Backend) -> None:
    """normal_at(p) is the normal value below which the mass is p / 2**25."""
    places = np.array([1, 2**10, 2**24 - 1, 2**24, 2**25 - 5], "int32")
    expected = [NormalDist().inv_cdf(p / 2**25) for p in places.tolist()]
    found = backend.random.normal_at(backend.convert_to_tensor(places))
    _require_close(found, np.array(expected), tolerance=1e-4)


_DISTRIBUTIONS: list[tuple[str, Callable[..., Any], float, float]] = [
    ("uniform", lambda seed: draws.uniform((20000,), seed=seed), 1 / 2, 1 / 12),
    ("normal", lambda seed: draws.normal((20000,), seed=seed), 0, 1),
    ("randint", lambda seed: draws.randint((20000,), 2, 8, seed=seed), 4.5, 35 / 12),
    ("gamma", lambda seed: draws.gamma((20000,), 3.0, seed=seed), 3, 3),
    (
        "binomial",
        lambda seed: draws.binomial((20000,), 12.0, 0.25, seed=seed),
        3,
        9 / 4,
    ),
    ("dropout", lambda seed: draws.dropout(np.ones(20000), 0.2, seed=seed), 1, 1 / 4),
]


class _Named(tuple):
    """A row of a table that a report calls by its first item."""

    def __str__(self) -> str:
        return str(self[0])


@LAWS.add("random", [_Named(row) for row in _DISTRIBUTIONS])
def moments_are_those_of_the_distribution(backend: Backend, row: tuple) -> None:
    """Mean and variance of 20,000 draws are right."""
    _, draw, mean, variance = row
    numbers = _host(draw(3)).astype("float64")
    spread = np.sqrt(variance / numbers.size)
    _require(
        abs(numbers.mean() - mean) < 5 * spread,
        f"the mean is {numbers.mean()}, not {mean}.",
    )
    _require(
        0.9 * variance < numbers.var() < 1.1 * variance,
        f"the variance is {numbers.var()}, not {variance}.",
    )


@LAWS.add("random", [_Named(row) for row in _DISTRIBUTIONS])
def the_same_seed_gives_the_same_numbers(backend: Backend, row: tuple) -> None:
    """One seed gives the same numbers, another other ones."""
    draw = row[1]
    first, again, other = (_host(draw(seed)) for seed in (3, 3, 4))
    _require(np.array_equal(first, again), "The same seed gave other numbers.")
    _require(not np.array_equal(first, other), "Another seed gave the same numbers.")


@LAWS.add("random")
def a_generator_counts_up(backend: Backend) -> None:
    """A SeedGenerator's state is [seed, counter] and each draw counts."""
    generator = SeedGenerator(5)
    first, second = (_host(draws.uniform((50,), seed=generator)) for _ in range(2))
    _require(not np.array_equal(first, second), "Two draws gave the same numbers.")
    _require_close(generator.state, np.array([5, 2]), "the state")

    generator.state.assign(np.array([5, 0], "uint32"))
    again = _host(draws.uniform((50,), seed=generator))
    _require(np.array_equal(first, again), "The same state gave other numbers.")


@LAWS.add("random")
def dropout_keeps_or_scales(backend: Backend) -> None:
    """Dropout gives 0 or x / (1 - rate), and noise broadcasts."""
    found = _host(draws.dropout(X, 0.25, noise_shape=(3, 1), seed=1))
    for row, expected in zip(found, X / np.float32(0.75)):
        _require_close(row, expected if row.any() else expected * 0, "a row")


@LAWS.add("random")
def the_framework_can_be_seeded(backend: Backend) -> None:
    """seed_framework takes an integer."""
    backend.random.seed_framework(3)


# Control flow


@LAWS.add("control")
def cond_runs_one_branch(backend: Backend) -> None:
    """cond gives the branch's result, now and compiled."""

    def choose(x: Any) -> Any:
        return ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: x - 1)

    for run in (choose, backend.compile(choose)):
        _require_close(run(ops.convert_to_tensor(X + 9)), (X + 9) * 2)
        _require_close(run(ops.convert_to_tensor(X - 9)), X - 10)


@LAWS.add("control")
def while_loop_repeats(backend: Backend) -> None:
    """while_loop stops by its condition or count, and may assign."""
    total = Variable(0.0)

    def body(i: Any, x: Any) -> Any:
        total.assign_add(1.0)
        return i + 1, x * 2

    def loop(x: Any) -> Any:
        return ops.while_loop(lambda i, x: i < 5, body, (0, x))

    for run in (loop, backend.compile(loop)):
        _, found = run(ops.convert_to_tensor(X))
        _require_close(found, X * 32)
    _require_close(total, np.float32(10), "what the body assigned")

    count = ops.while_loop(lambda i: i < 5, lambda i: i + 1, 0, maximum_iterations=3)
    _require_close(count, np.array(3))


@LAWS.add("control", [False, True])
def scan_carries_and_stacks(backend: Backend, reverse: bool) -> None:
    """scan gives the last carry and the stacked results, backwards too."""
    rows = X[::-1] if reverse else X
    sums = np.cumsum(rows, axis=0)

    def step(carry: Any, row: Any) -> Any:
        return carry + row, carry + row

    def run(x: Any) -> Any:
        return ops.scan(step, ops.zeros(4), x, reverse=reverse)

    for function in (run, backend.compile(run)):
        carry, stacked = function(ops.convert_to_tensor(X))
        _require_close(carry, sums[-1], "the carry")
        _require_close(stacked, sums[::-1] if reverse else sums, "the results")


@LAWS.add("control")
def scan_needs_no_sequence(backend: Backend) -> None:
    """scan counts without `xs`, and nests of them are taken apart."""
    carry, _ = ops.scan(lambda c, _: (c * 2, None), ops.ones(2), None, length=3)
    _require_close(carry, np.full(2, 8.0))

    nest = {"a": X, "b": X[:, 0]}
    _, found = ops.scan(lambda c, x: (c, x["a"] * x["b"]), ops.ones(()), nest)
    _require_close(found, X * X[:, :1])


@LAWS.add("control")
def vectorized_map_maps(backend: Backend) -> None:
    """vectorized_map is a loop over the first axis."""
    found = ops.vectorized_map(lambda x: ops.sum(x * x), ops.convert_to_tensor(X))
    _require_close(found, (X * X).sum(1))


# Gradients


def _need_gradients(backend: Backend) -> None:
    if not backend.HAS_GRADIENTS:
        raise Skip("the backend has no gradients")


_DIFFERENTIATED = [case for case in OP_CASES if case.differentiated]


@LAWS.add("gradients", _DIFFERENTIATED)
def gradients_are_those_of_small_steps(backend: Backend, case: OpCase) -> None:
    """The gradient of an op is what finite differences of NumPy's formula give."""
    _need_gradients(backend)
    results = tree.flatten(case.expected(*case.args, **case.kwargs))
    weights = [
        np.cos(np.arange(np.size(x)) + i).reshape(np.shape(x))
        for i, x in enumerate(results)
    ]

    def total(*differentiated: Any) -> Any:
        args = _tensors(list(case.args))
        for place, x in zip(case.differentiated, differentiated):
            args[place] = x
        found = tree.flatten(case.run(*args, **case.kwargs))
        parts = [ops.sum(x * w.astype("float32")) for x, w in zip(found, weights)]
        return sum(parts[1:], parts[0])

    # Compiled: where each operation is compiled on its own, it takes half the time.
    numbers = tuple(range(len(case.differentiated)))
    run = backend.compile(ops.grad(total, argnums=numbers))
    gradients = run(*_tensors([case.args[i] for i in case.differentiated]))
    for place, gradient in zip(case.differentiated, gradients):
        expected = _differences(case, place, weights)
        _require_close(gradient, expected, f"the gradient of argument {place}", 3e-3)


def _differences(case: OpCase, place: int, weights: list[np.ndarray]) -> np.ndarray:
    """The gradient in float64, by a small step up and down in each element."""
    args = [x.astype("float64") if _is_float(x) else x for x in case.args]
    step = 1e-5

    def total(x: np.ndarray) -> float:
        changed = [*args[:place], x, *args[place + 1 :]]
        found = tree.flatten(case.expected(*changed, **case.kwargs))
        return float(sum((np.asarray(v) * w).sum() for v, w in zip(found, weights)))

    gradient = np.zeros(args[place].shape)
    for index in np.ndindex(gradient.shape):
        up, down = args[place].copy(), args[place].copy()
        up[index] += step
        down[index] -= step
        gradient[index] = (total(up) - total(down)) / (2 * step)
    return gradient


def _is_float(x: Any) -> bool:
    return isinstance(x, np.ndarray) and x.dtype.kind == "f"


@LAWS.add("gradients")
def variables_have_gradients(backend: Backend) -> None:
    """value_and_grad gives gradients for variables, aux, and keeps assignments."""
    _need_gradients(backend)
    weight, count, unused = Variable(X), Variable(0.0), Variable(X)

    def loss() -> Any:
        count.assign_add(1.0)
        return ops.sum(weight * weight), "aux"

    run = ops.value_and_grad(loss, [weight, unused], has_aux=True)
    (value, aux), (gradient, nothing) = run()
    _require_close(value, (X * X).sum(), "the value")
    _require_close(gradient, 2 * X, "the gradient")
    _require_equal(aux, "aux", "aux")
    _require(nothing is None or not _host(nothing).any(), f"unused: {nothing}.")
    _require_close(count, np.float32(1), "what the function assigned")


@LAWS.add("gradients")
def gradients_nest(backend: Backend) -> None:
    """The gradient of a gradient is the second derivative; jvp is forward mode."""
    _need_gradients(backend)
    x = ops.convert_to_tensor(X)
    first = ops.grad(lambda x: ops.sum(x**3))
    second = ops.grad(lambda x: ops.sum(first(x)))
    _require_close(second(x), 6 * X, tolerance=1e-4)

    value, slope = ops.jvp(lambda x: x**3, (x,), (ops.ones_like(x),))
    _require_close(value, X**3)
    _require_close(slope, 3 * X**2, tolerance=1e-4)


@LAWS.add("gradients")
def gradients_can_be_stopped_and_replaced(backend: Backend) -> None:
    """stop_gradient, custom_gradient and remat do what they say."""
    x = ops.convert_to_tensor(X)

    @ops.custom_gradient
    def strange(x: Any) -> Any:
        return x * 2, lambda cotangent: cotangent * 7

    _require_close(ops.stop_gradient(x), X)
    _require_close(strange(x), 2 * X)
    _require_close(backend.remat(ops.tanh)(x), np.tanh(X))
    _need_gradients(backend)

    stopped = ops.grad(lambda x: ops.sum(x * ops.stop_gradient(x)))
    _require_close(stopped(x), X, "with stop_gradient")
    replaced = ops.grad(lambda x: ops.sum(strange(x)))
    _require_close(replaced(x), np.full_like(X, 7), "with custom_gradient")
    again = ops.grad(lambda x: ops.sum(backend.remat(ops.tanh)(x)))
    _require_close(again(x), 1 - np.tanh(X) ** 2, "with remat")


# Steps


class _Program:
    """A step with state: it adds up its data and moves a weight."""

    def __init__(self) -> None:
        self.weight = Variable(np.ones(4, "float32"))
        self.total = Variable(0.0, trainable=False)
        self.seeds = SeedGenerator(1)

    def variables(self) -> list[Variable]:
        return [self.weight, self.total, self.seeds.state]

    def step(self, batch: Any) -> Any:
        x = ops.convert_to_tensor(batch["x"])
        self.total.assign_add(ops.sum(x))
        self.weight.assign_sub(0.1 * ops.mean(x * self.weight, axis=0))
        noise = draws.uniform((3,), seed=self.seeds)
        return {"total": self.total.value + 0.0, "noise": noise}

    def state(self) -> list[np.ndarray]:
        return [_host(v) for v in self.variables()]


_BATCHES = [{"x": X + i} for i in range(4)]


@LAWS.add("steps", ["variables known", "variables not known"])
def a_compiled_step_equals_the_plain_one(backend: Backend, how: str) -> None:
    """compile_step gives the results and leaves the state of the plain step."""
    plain, compiled = _Program(), _Program()
    variables = compiled.variables if how == "variables known" else None
    run = backend.compile_step(compiled.step, True, "auto", variables)
    last = {"x": X[:2]}  # of another shape
    for batch in (*_BATCHES, last, *_BATCHES):
        _require_close(run(batch), tree.map_structure(_host, plain.step(batch)))
        _require_close(compiled.state(), plain.state(), "the state")


@LAWS.add("steps", ["last", "all"])
def a_loop_equals_single_steps(backend: Backend, collect: str) -> None:
    """compile_loop gives what single steps give."""
    single, looped = _Program(), _Program()
    step = backend.compile_step(looped.step, True, "auto", looped.variables)
    loop = backend.compile_loop(step, "auto", collect=collect == "all")
    if loop is None:
        raise Skip("the backend has no loops")

    stack = {"x": np.stack([batch["x"] for batch in _BATCHES])}
    for _ in range(3):
        found = loop(stack, 4)
        expected = [tree.map_structure(_host, single.step(b)) for b in _BATCHES]
        if collect == "all":
            expected = tree.map_structure(lambda *parts: np.stack(parts), *expected)
        else:
            expected = expected[-1]  # type: ignore[assignment]
        _require_close(found, expected, "the results")
        _require_close(looped.state(), single.state(), "the state")


@LAWS.add("steps")
def compiled_functions_see_their_variables(backend: Backend) -> None:
    """Functions compiled by compile and compile_call read and write live variables."""
    variable = Variable(X)

    def run(x: Any) -> Any:
        variable.assign_add(x)
        return variable.value * 2.0

    x = ops.convert_to_tensor(X)
    functions = backend.compile(run), backend.compile_call(run, lambda: [variable])
    for function in functions:
        for _ in range(3):
            variable.assign(X)
            _require_close(function(x), 4 * X)
            _require_close(variable, 2 * X, "the variable")


@LAWS.add("steps")
def compiled_calls_run_in_threads(backend: Backend) -> None:
    """Functions compiled by compile_call may be called from several threads."""
    variable = Variable(X)
    function = backend.compile_call(lambda x: x * variable, lambda: [variable])
    results: list[np.ndarray] = []

    def work() -> None:
        with backend_scope(backend):  # a new thread starts with the default
            x = ops.convert_to_tensor(X)
            results.extend(_host(function(x)) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _require_equal(len(results), 15, "the number of results")
    for found in results:
        _require_close(found, X * X)


@LAWS.add("steps")
def numbers_are_those_of_the_host(backend: Backend) -> None:
    """number(x), opaque, no_gradients and block leave values as they are."""
    x = ops.convert_to_tensor(2.5)
    _require_close(backend.number(x), np.array(2.5))
    _require_close(backend.opaque(ops.multiply)(x, 2.0), np.array(5.0))
    _require_close(backend.without_gradients(ops.multiply)(x, 2.0), np.array(5.0))
    with backend.no_gradients(), backend.outside_trace():
        _require_close(x * 2, np.array(5.0))
    _require(not backend.is_recording(), "is_recording is True outside of a step.")
    _require(backend.runs_eagerly(x), "runs_eagerly is False for a tensor.")
    backend.block([x])


# Devices


@LAWS.add("devices")
def devices_have_names(backend: Backend) -> None:
    """list_devices gives names such as "cpu:0", of all or of a kind"""
    names = backend.list_devices()
    _require(names, "list_devices() is empty.")
    kinds = {name.partition(":")[0] for name in names}
    for kind in kinds:
        found = backend.list_devices(kind)
        _require(found and set(found) <= set(names), f"of kind {kind!r}: {found}.")


@LAWS.add("devices")
def tensors_are_made_on_a_device(backend: Backend) -> None:
    """Ops work inside device_scope of every device."""
    for name in backend.list_devices():
        with device(name):
            _require_close(ops.add(X, X), 2 * X, f"on {name}")


# Models


def _model() -> Any:
    model = Sequential([Input((4,)), layers.Dense(8, "tanh"), layers.Dense(1)])
    rng = np.random.default_rng(0)
    model.set_weights([rng.normal(size=w.shape) for w in model.weights])
    return model


def _by_numpy(weights: list[np.ndarray]) -> np.ndarray:
    kernel, bias, last_kernel, last_bias = weights
    return np.tanh(X @ kernel + bias) @ last_kernel + last_bias


@LAWS.add("models")
def a_model_predicts(backend: Backend) -> None:
    """A small model predicts and evaluates what NumPy computes."""
    model = _model()
    expected = _by_numpy(model.get_weights())
    _require_close(model.predict(X, verbose=0), expected)
    _require_close(model(X), expected, "a call")

    model.compile(loss="mse")
    loss = model.evaluate(X, expected - 2, verbose=0)
    _require_close(np.array(loss), np.array(4.0), "the loss", tolerance=1e-4)


@LAWS.add("models")
def a_recurrent_model_predicts(backend: Backend) -> None:
    """A layer with a loop and a mask runs, and equals its steps."""
    cell = layers.GRUCell(3)
    layer = layers.RNN(cell, return_sequences=True)
    sequence = ops.convert_to_tensor(np.stack([X, X[::-1]]))
    found = layer(sequence)

    state = ops.zeros((2, 3))
    for i in range(3):
        state, _ = cell(sequence[:, i], [state])
        _require_close(found[:, i], _host(state), f"step {i}")


@LAWS.add("models")
def a_model_trains(backend: Backend) -> None:
    """fit lowers the loss of a small model, in compiled steps and plain ones."""
    _need_gradients(backend)
    target = X.sum(1, keepdims=True)
    for eagerly in (False, True):
        model = _model()
        model.compile("adam", "mse", run_eagerly=eagerly)
        history = model.fit(X, target, batch_size=3, epochs=20, verbose=0).history
        losses = history["loss"]
        _require(losses[-1] < losses[0], f"the loss went {losses[0]} -> {losses[-1]}.")


@LAWS.add("models")
def a_model_moves_to_the_backend(backend: Backend) -> None:
    """A model is saved, loaded and copied with its numbers."""
    model = _model()
    expected = _by_numpy(model.get_weights())
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.keras")
        save_model(model, path)
        loaded = load_model(path)
    for other in (loaded, model.to_backend(backend.name)):
        _require_close(other.predict(X, verbose=0), expected)
