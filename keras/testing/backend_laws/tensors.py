"""Laws of members, tensors, ops, shapes and variables."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np

from keras import ops
from keras.backend import contract
from keras.backend.contract import Backend
from keras.core import backends, dtypes, tree
from keras.core.op import KERNELS, OPS
from keras.core.variable import Variable
from keras.testing.backend_laws.common import (
    LAWS,
    X,
    require,
    require_close,
    require_equal,
    to_host,
    to_tensors,
)
from keras.testing.backend_laws.op_cases import OP_CASES, OpCase

# What every framework stores. Others may become the next one that there is.
COMMON_DTYPES = "bool uint8 int8 int16 int32 float16 bfloat16 float32".split()
OTHER_DTYPES = ("uint16", "uint32", "int64", "float64")

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
        require(not missing, f"{what} lacks {missing}.")

        functions = [n for n in names if callable(getattr(protocol, n, None))]
        dead = [n for n in functions if not callable(getattr(module, n))]
        require(not dead, f"{what} has {dead}, which are not callable.")


@LAWS.add("members")
def the_registry_knows_it(backend: Backend) -> None:
    """Name and HAS_GRADIENTS are those of the BackendInfo."""
    info = backends.find(backend.name)
    require_equal(backend.name, info.name, "`name`")
    require_equal(info.has_gradients, backend.HAS_GRADIENTS, "info.has_gradients")


# Tensors


@LAWS.add("tensors", COMMON_DTYPES)
def a_dtype_makes_the_round_trip(backend: Backend, dtype: str) -> None:
    """NumPy to tensor to NumPy keeps the values and the dtype."""
    array = np.array([[0, 1, 3], [1, 0, 2]]).astype(dtypes.numpy_dtype(dtype))
    tensor = backend.convert_to_tensor(array)

    require(backend.is_tensor(tensor), "is_tensor is False for a new tensor.")
    require(type(tensor) in backend.NATIVE, f"NATIVE lacks {type(tensor)}.")
    require_equal(backend.dtype_of(tensor), dtype, "dtype_of")
    require_equal(backend.dtype_name(tensor.dtype), dtype, "dtype_name(x.dtype)")
    require_equal(backend.shape_of(tensor), (2, 3), "shape_of")

    back = backend.convert_to_numpy(tensor)
    require_equal(back.dtype, array.dtype, "the dtype of convert_to_numpy")
    require(np.array_equal(back, array), f"expected {array}, found {back}.")


@LAWS.add("tensors", OTHER_DTYPES)
def values_of_other_dtypes_are_kept(backend: Backend, dtype: str) -> None:
    """Values survive where the framework stores another dtype in its place."""
    array = np.array([0, 1, 60000], dtype)
    tensor = backend.convert_to_tensor(array)
    require_close(tensor, array)
    require(backend.dtype_of(tensor) in dtypes.ALLOWED, "dtype_of names no dtype.")


@LAWS.add("tensors", ["int32", "float16", "bfloat16", "bool", "uint8"])
def cast_is_that_of_numpy(backend: Backend, dtype: str) -> None:
    """cast(x, dtype) is NumPy's astype."""
    array = np.array([0.0, 1.5, 2.25, 100.0], "float32")
    found = backend.cast(backend.convert_to_tensor(array), dtype)
    require_equal(backend.dtype_of(found), dtype, "dtype_of")
    require_close(found, array.astype(dtypes.numpy_dtype(dtype)).astype("float32"))


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
        require_equal(backend.dtype_of(tensor), dtype, f"the dtype of {value!r}")
        require_close(tensor, np.array(value))
    require_equal(
        backend.dtype_of(backend.convert_to_tensor(1, "float16")), "float16", "dtype="
    )


@LAWS.add("tensors")
def a_tensor_is_not_the_callers_array(backend: Backend) -> None:
    """A tensor does not change with the array that it was made of."""
    array = X.copy()
    tensor = backend.convert_to_tensor(array)
    array[:] = 0
    require_close(tensor, X)


@LAWS.add("tensors")
def variables_and_lists_of_tensors_convert(backend: Backend) -> None:
    """A Variable becomes its value, a list of tensors a stacked tensor."""
    require_close(backend.convert_to_tensor(Variable(X)), X)
    require_close(backend.convert_to_numpy(Variable(X)), X)
    rows = [backend.convert_to_tensor(row) for row in X]
    require_close(backend.convert_to_tensor(rows), X)


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
    require(isinstance(found, np.ndarray), f"`.numpy()` gave {type(found)}.")
    require_close(found, 2 * X)


# Ops


@LAWS.add("ops")
def the_table_has_every_primitive(backend: Backend) -> None:
    """TABLE has every primitive op and kernel, and WEAK names ops."""
    wanted = {name for name, op in OPS.items() if op.primitive} | KERNELS
    missing = sorted(wanted - set(backend.TABLE))
    require(not missing, f"TABLE lacks {missing}.")

    unknown = sorted(set(backend.TABLE) - set(OPS) - KERNELS)
    require(not unknown, f"TABLE has {unknown}, which are not ops.")
    wrong = sorted(n for n in backend.WEAK if n not in OPS or OPS[n].cast is None)
    require(not wrong, f"WEAK has {wrong}, whose tensors do not meet in one type.")


@LAWS.add("ops", OP_CASES)
def an_op_computes_what_numpy_does(backend: Backend, case: OpCase) -> None:
    """An op has NumPy's values, shapes and kinds of dtype."""
    found = case.run(*to_tensors(list(case.args)), **case.kwargs)
    expected = case.expected(*case.args, **case.kwargs)
    require_close(found, expected, tolerance=case.tolerance)
    for tensor, want in zip(tree.flatten(found), tree.flatten(expected)):
        require_equal(to_host(tensor).dtype.kind, np.asarray(want).dtype.kind, "kind")


@LAWS.add("ops")
def empty_tensors_are_tensors(backend: Backend) -> None:
    """Ops work on tensors without elements."""
    empty = ops.zeros((0, 4))
    require_equal(tuple(ops.sum(empty, axis=0).shape), (4,), "the shape of a sum")
    require_close(ops.sum(empty), np.float32(0))
    require_equal(tuple(ops.concatenate([empty, X]).shape), (3, 4), "concatenate")


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
    require_equal(found, actual, "(shape, dtype) of the results")


@LAWS.add("shapes")
def eval_shape_leaves_nothing_behind(backend: Backend) -> None:
    """Variables read as their shape and dtype; what is assigned is dropped."""
    variable = Variable(X)

    def run(tensors: list[Any]) -> Any:
        variable.assign(variable.value * 2)
        return ops.matmul(tensors[0], ops.transpose(variable.value)), "static"

    found = backend.eval_shape(run, [((5, 4), "float32")], lambda *spec: [_spec(*spec)])
    require_equal(found, ([((5, 3), "float32")], "static"), "the result")
    require_close(variable, X)


# Variables


@LAWS.add("variables")
def a_variable_is_read_and_assigned(backend: Backend) -> None:
    """A Variable keeps what it is assigned, and ops take its value."""
    variable = Variable(X, name="v")
    require_close(backend.TABLE["negative"](variable.value), -X)
    variable.assign(X + 1)
    variable.assign_add(X)
    require_close(variable, 2 * X + 1)
    require_close(ops.multiply(variable, 2.0), 4 * X + 2)


@LAWS.add("variables")
def values_read_before_stay(backend: Backend) -> None:
    """An array read from a Variable does not change with it."""
    variable = Variable(X)
    before = variable.numpy()
    variable.assign(X * 0)
    require_close(before, X)


@LAWS.add("variables")
def variables_are_copied_and_pickled(backend: Backend) -> None:
    """Deep copies and pickles have the value, and a life of their own."""
    variable = Variable(X)
    others = copy.deepcopy(variable), pickle.loads(pickle.dumps(variable))
    variable.assign(X * 0)
    for other in others:
        require_close(other, X)


@LAWS.add("variables")
def trainable_can_be_set(backend: Backend) -> None:
    """Integers and floats may be frozen and thawed."""
    for value in (X, np.arange(3)):
        variable = Variable(value, trainable=False)
        variable.trainable = True
        variable.trainable = False
        variable.assign(value + 1)
        require_close(variable, value + 1)
