"""A size in a symbolic shape holds for every real size of the unknown axes.

The actual shape is found by the same abstract evaluation, with real sizes given: it
costs no memory, so sizes may be many thousands. That it equals the shape of computed
values is shown in `tests/ops` and `tests/layers/test_every_layer.py`.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from layers.layer_cases import CASES as LAYER_CASES
from layers.layer_cases import Of, Several
from ops.helpers import VALUES_DECIDE
from ops.numpy_rows import ROWS
from oracle.layers_cases import CASES as ORACLE_LAYERS
from oracle.layers_cases import Sub
from oracle.ops_cases import CASES as ORACLE_OPS
from oracle.spec import A

import keras
from keras import layers, ops
from keras.core import tree

# Few sizes, of every kind: 1, windows that do not fit, an odd number, very large ones.
SIZES = st.one_of(
    st.integers(1, 9),
    st.integers(1, 600),
    st.sampled_from([1, 2, 4096, 12_345, 50_000, 100_003]),
)

# How often sizes are drawn for each op and layer.
EXAMPLES = int(os.environ.get("KERAS_SHAPE_EXAMPLES", "4"))
# What ops, layers and frameworks raise for inputs that do not fit.
REFUSALS = (TypeError, ValueError, RuntimeError, IndexError, ZeroDivisionError)


class Symbol:
    """A tensor among the arguments of a case."""

    def __init__(self, shape, dtype):
        self.shape = tuple(shape)
        self.dtype = dtype


def symbols_of(value):
    """The arguments of a case, with a `Symbol` for each array that is a tensor."""
    if isinstance(value, np.ndarray):
        return Symbol(value.shape, value.dtype.name)
    if isinstance(value, A):
        return value.draw(0) if value.raw else Symbol(value.shape, value.dtype)
    if isinstance(value, (list, tuple)):
        return type(value)(symbols_of(v) for v in value)
    if isinstance(value, dict):
        return {k: symbols_of(v) for k, v in value.items()}
    return value


def op_cases():
    """The calls in the tables of ops, by name."""
    found = {}
    for row in ROWS:
        if row.symbolic and row.name not in VALUES_DECIDE:
            found.setdefault(row.name, []).append((row.args, row.kwargs))
    for case in ORACLE_OPS.values():
        if case.sym and not case.call:
            found.setdefault(case.name, []).append((case.args, case.kwargs))
    calls = {name: [symbols_of(c) for c in cases] for name, cases in found.items()}
    return {n: c for n, c in calls.items() if any(map(has_axes, c))}


def has_axes(call):
    return any(isinstance(x, Symbol) and x.shape for x in tree.flatten(call))


def keras_tensors(arguments, sizes):
    """Each axis whose size in the table is a key of `sizes` has the value as its size.

    Axes of equal size in one call usually belong together.
    """

    def convert(leaf):
        if not isinstance(leaf, Symbol):
            return leaf
        shape = [sizes.get(dim, dim) for dim in leaf.shape]
        return keras.KerasTensor(shape, leaf.dtype)

    return tree.map_structure(convert, arguments)


def dims_of(case):
    """The sizes of axes in the arguments of a case."""
    leaves = [leaf for leaf in tree.flatten(case) if isinstance(leaf, Symbol)]
    return sorted({dim for leaf in leaves for dim in leaf.shape})


def draw_sizes(data, case):
    """Some of the sizes in the arguments, with real sizes for them."""
    unknown = data.draw(st.sets(st.sampled_from(dims_of(case)), min_size=1), "unknown")
    return {dim: data.draw(SIZES, f"size for {dim}") for dim in sorted(unknown)}


def check_fits(call, arguments, sizes):
    """The shapes of `call` with unknown axes fit those with real sizes.

    Returns whether there was something to compare: real sizes may be no valid input,
    and some axes must be known.
    """
    try:
        actual = call(keras_tensors(arguments, sizes))
        symbolic = call(keras_tensors(arguments, dict.fromkeys(sizes)))
    except REFUSALS:
        return False

    found, expected = tree.flatten(symbolic), tree.flatten(actual)
    assert len(found) == len(expected)
    for spec, real in zip(found, expected):
        if isinstance(spec, keras.KerasTensor):
            assert len(spec.shape) == len(real.shape)
            fits = [a in (None, b) for a, b in zip(spec.shape, real.shape)]
            assert all(fits), f"{spec.shape} does not fit the actual {real.shape}"
    return True


def check_op(name, case, sizes):
    if name == "squeeze":  # an unknown axis stays, so it must not have size 1
        sizes = {dim: size + 1 for dim, size in sizes.items()}
    return check_fits(lambda a: getattr(ops, name)(*a[0], **a[1]), case, sizes)


def make(value):
    """A layer of a table, or a value of its arguments."""
    if isinstance(value, Of):
        return getattr(layers, value.name)(**make(value.arguments))
    if isinstance(value, Sub):
        return getattr(layers, value.cls)(**make(value.config))
    if isinstance(value, dict):
        return {k: make(v) for k, v in value.items()}
    return [make(v) for v in value] if isinstance(value, list) else value


def layer_cases():
    """The layers of the tables, by name: the call's arguments and a description."""
    found = {}
    for name, config, inputs in LAYER_CASES:
        args = inputs.inputs if isinstance(inputs, Several) else (inputs,)
        dtype = "int32" if name == "Embedding" else "float32"
        args = tuple(described_inputs(x, dtype) for x in args)
        found.setdefault(name, []).append((args, {}, Of(name, config)))
    for case in ORACLE_LAYERS.values():
        args, kwargs = symbols_of((case.args, case.kwargs))
        found.setdefault(case.cls, []).append(
            (args, kwargs, Sub(case.cls, case.config))
        )
    return found


def described_inputs(value, dtype):
    """A `Symbol` for each shape or array."""
    if isinstance(value, list):
        return [described_inputs(v, dtype) for v in value]
    if isinstance(value, np.ndarray):
        return Symbol(value.shape, value.dtype.name)
    return Symbol(value, dtype)


def check_layer(name, case, sizes):
    layer = make(case[2])
    try:
        args, kwargs = keras_tensors(case[:2], dict.fromkeys(sizes))
        layer(*args, **kwargs)  # the weights are made for unknown axes
    except REFUSALS:
        return False
    return check_fits(lambda a: layer(*a[0], **a[1]), case[:2], sizes)


OPS = op_cases()
LAYERS = layer_cases()
CHECKS = [
    *(pytest.param(check_op, OPS, name, id=name) for name in sorted(OPS)),
    *(pytest.param(check_layer, LAYERS, name, id=name) for name in sorted(LAYERS)),
]
every_op_and_layer = pytest.mark.parametrize("check,table,name", CHECKS)


def run_examples(check, cases, name):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def examples(data):
        case = data.draw(st.sampled_from(cases), "arguments")
        check(name, case, draw_sizes(data, case))

    examples()


@pytest.mark.slow
@every_op_and_layer
def test_known_sizes_hold_for_all_inputs(backend, check, table, name):
    cases = [case for case in table[name] if has_axes(case)]
    own = [(case, {dim: dim}) for case in cases for dim in dims_of(case)]
    assert any(check(name, case, sizes) for case, sizes in own)
    run_examples(check, cases, name)


def shape(function, *shapes):
    return function(*(keras.KerasTensor(s) for s in shapes)).shape


@pytest.mark.parametrize(
    "function,expected",
    [
        (lambda x: x[:, :50], (None, None, 8)),
        (lambda x: x[:, :2], (None, None, 8)),
        (lambda x: x[:, 1:2], (None, None, 8)),
        (lambda x: x[:, -3:], (None, None, 8)),
        (lambda x: x[:, :48_000], (None, None, 8)),
        (lambda x: x[:, :1], (None, 1, 8)),
        (lambda x: x[:, -1:], (None, 1, 8)),
        (lambda x: x[:, :, :3], (None, None, 3)),
        (layers.Conv1D(4, 16, strides=128), (None, None, 4)),
        (layers.MaxPooling1D(90, padding="same"), (None, None, 8)),
        (layers.AveragePooling1D(100, padding="same"), (None, None, 8)),
        (layers.AveragePooling1D(44_100, padding="same"), (None, None, 8)),
        (layers.Conv1D(4, 300), (None, None, 4)),
        (layers.Lambda(lambda x: x[:, :4000]), (None, None, 8)),
    ],
)
def test_a_window_may_be_wider_than_the_input(function, expected):
    assert shape(function, (None, None, 8)) == expected


def test_convolution_over_small_and_large_images(backend):
    convolution = layers.Conv2D(4, 16, strides=128)
    assert shape(convolution, (None, None, None, 3)) == (None, None, None, 4)


def test_flatten_after_a_strided_convolution_refuses_an_unknown_length(backend):
    x = layers.Conv1D(4, 16, strides=128)(keras.Input((None, 8)))
    with pytest.raises(ValueError, match="Dense"):
        layers.Dense(2)(layers.Flatten()(x))


def test_unknown_axes_against_known_ones(backend):
    assert shape(ops.add, (None, 8), (4, 8)) == (4, 8)
    assert shape(ops.add, (None, 8), (None, 8)) == (None, 8)
    assert shape(ops.add, (None, None, 8), (None, 8)) == (None, None, 8)
    assert shape(ops.add, (None, None, 8), (4, 8)) == (None, 4, 8)
    assert shape(ops.matmul, (None, 3, 4), (5, 4, 2)) == (5, 3, 2)


def test_equal_sizes_of_two_axes_hide_nothing(backend):
    def repeated(x):
        return ops.zeros((x.shape[0], x.shape[1] // x.shape[2]))

    ratio = layers.Lambda(repeated)
    assert shape(ratio, (None, None, None, 3)) == (None, None)
    assert shape(ops.correlate, (None,), (None,)) == (None,)


def test_sizes_that_divide_no_usual_number(backend):
    pieces = ops.split(keras.KerasTensor((None, 2)), 13)
    assert [piece.shape for piece in pieces] == [(None, 2)] * 13
    assert ops.reshape(keras.KerasTensor((None, 8)), (-1, 88)).shape == (None, 88)


def test_a_squeezed_axis_of_size_1_says_nothing(backend):
    squeeze = layers.Lambda(ops.squeeze)
    assert shape(squeeze, (None, 1, 8)) == (None, 8)


def test_the_number_of_slices_must_be_known(backend):
    x = keras.KerasTensor((None, 3))
    with pytest.raises(ValueError, match="unstack.*`num`"):
        ops.unstack(x)
    assert [y.shape for y in ops.unstack(x, num=2)] == [(3,), (3,)]


class Loop(layers.Layer):
    """A user's loop over the steps, with a weight."""

    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(4)
        self.steps = 0

    def call(self, x):
        total = 0
        for i in range(x.shape[1]):
            total = total + self.dense(x[:, i])
            self.steps += 1
        return total


def test_a_loop_over_an_unknown_axis_is_not_run_many_thousand_times(backend):
    layer = Loop()
    assert shape(layer, (None, None, 8)) == (None, 4)
    assert layer.steps < 600


def test_an_unrolled_layer_is_not_unrolled_to_find_a_shape(backend, monkeypatch):
    layer = layers.SimpleRNN(4, unroll=True)
    asked = []
    scan = layer._backend.scan
    monkeypatch.setattr(
        layer._backend, "scan", lambda *a: asked.append(a[-1]) or scan(*a)
    )
    assert shape(layer, (None, None, 8)) == (None, 4)
    assert set(asked) == {1}


class Inner(layers.Layer):
    """A layer that makes weights of another layer when it is first called."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def call(self, x):
        return self.inner(x)


def test_a_weight_must_not_depend_on_an_unknown_axis(backend):
    with pytest.raises(ValueError) as caught:
        Inner(layers.PReLU())(keras.KerasTensor((None, None, 8)))
    note = caught.value.__notes__[-1]
    assert "(None, None, 8)" in note and "(120, 120, 8)" in note


def test_an_error_names_the_symbolic_and_the_tried_shapes(backend):
    with pytest.raises((TypeError, ValueError, RuntimeError)) as caught:
        ops.matmul(keras.KerasTensor((None, 8)), keras.KerasTensor((9, 8)))
    note = caught.value.__notes__[-1]
    assert "(None, 8), (9, 8)" in note and "(60, 8), (9, 8)" in note


def test_a_bug_of_the_user_is_raised_at_once(backend):
    calls = []

    def function(x):
        calls.append(x)
        return x + missing  # noqa: F821

    with pytest.raises(NameError, match="missing"):
        layers.Lambda(function)(keras.KerasTensor((None, 8)))
    assert len(calls) == 1
