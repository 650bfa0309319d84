"""Ops on functions: gradients, compiling, branches, loops and maps, alike everywhere.

Each row is a program and what it gives; `run` compares every leaf of the result.
"""

import numpy as np
import pytest

import keras
from keras import ops
from keras.ops import (
    associative_scan,
    cond,
    fori_loop,
    grad,
    scan,
    switch,
    value_and_grad,
    vectorized_map,
    vmap,
    while_loop,
)

jit, remat = keras.jit, keras.remat


def T(x):
    return ops.convert_to_tensor(x)


def V(x, **options):
    return keras.Variable(x, **options)


class Counter:
    """A method that reads and writes a variable."""

    def __init__(self, start):
        self.total = V(start)

    @jit
    def step(self, x, times=1, sign="plus"):
        self.total.assign_add(x * times)
        return self.total * (1.0 if sign == "plus" else -1.0)


def two_counters():
    a, b = Counter(1.0), Counter(1.0)
    one = T(1.0)
    first = [a.step(one), a.step(one, times=2), a.step(one, sign="minus")]
    return [*first, b.step(T(5.0)), a.total, b.total]


def with_variable(fn, start=0.0):
    """The result of `fn(v)` and what `v` holds afterwards."""
    v = V(start)
    return fn(v), v


def counted(v):
    """`i + 1`, and the variable one more."""

    def body(i, *rest):
        v.assign_add(1.0)
        return (i + 1, *rest) if rest else i + 1

    return body


def assigned(v, value):
    """A branch that writes."""

    def branch():
        v.assign(value)
        return T(value)

    return branch


def same_mask_twice(compiled):
    """The gradient of a dropout is its mask, also when it is computed again."""
    layer, x = keras.layers.Dropout(0.5, seed=1), ops.ones((50,))

    def loss(x):
        out = remat(lambda x: layer(x, training=True))(x)
        return ops.sum(out), out

    run = value_and_grad(loss, has_aux=True)
    (_, out), gradient = (jit(run) if compiled else run)(x)
    return out - gradient


SUM3 = [1.0, 2.0, 3.0]
JIT = {
    "keywords": (lambda: jit(lambda x, scale=1: x * scale)(T(2.0), scale=3), 6.0),
    "method": (two_counters, [2.0, 4.0, -5.0, 6.0, 5.0, 6.0]),
    "flag": (lambda: jit(lambda x, up=False: x + 1 if up else x)(T(1.0), up=True), 2.0),
    "1 is not 1.0": (
        lambda: (lambda f: [f(T(1.5), 1), f(T(1.5), 1.0), f(T(1.5), True)])(
            jit(lambda x, n: x + {int: 1.0, float: 2.0, bool: 3.0}[type(n)])
        ),
        [2.5, 3.5, 4.5],
    ),
    "numpy": (lambda: jit(ops.sum)(np.ones(3, "float32")), 3.0),
    "nested": (lambda: jit(lambda x: jit(lambda y: y * 2)(x) + 1)(T(2.0)), 5.0),
    "variable": (
        lambda: with_variable(lambda v: jit(lambda x: v.assign_add(x))(T(3.0)), 1.0),
        [4.0, 4.0],
    ),
    "given variables": (
        lambda: (lambda f, v, w: [f(v), f(w), f(v), v, w])(
            jit(lambda v: v.assign_add(1.0)), V(1.0), V(5.0)
        ),
        [2.0, 6.0, 3.0, 3.0, 6.0],
    ),
    "gradient inside": (
        lambda: (
            lambda v: jit(lambda x: value_and_grad(lambda: v * v * x, [v])())(3.0)
        )(V(2.0)),
        (12.0, [12.0]),
    ),
}
GRAD = {
    "twice": (lambda: grad(grad(lambda x: x**3))(T(2.0)), 12.0),
    "three times, compiled": (
        lambda: jit(grad(grad(grad(lambda x: x**4))))(T(2.0)),
        48.0,
    ),
    "of a gradient by a variable": (
        lambda: (lambda v: grad(lambda x: grad(lambda: v * v * x, v)())(T(3.0)))(
            V(2.0)
        ),
        4.0,
    ),
    "by a variable of a gradient": (
        lambda: (lambda v: grad(lambda: grad(lambda x: v * x * x)(T(3.0)), v)())(
            V(2.0)
        ),
        6.0,
    ),
    "arguments": (
        lambda: grad(lambda x, y: x * y, argnums=(0, 1))(T(2.0), T(3.0)),
        [3.0, 2.0],
    ),
    "last argument": (
        lambda: grad(lambda x, y: x * y, argnums=-1)(T(2.0), T(3.0)),
        2.0,
    ),
    "aux": (
        lambda: value_and_grad(lambda x: (x * x, {"y": x}), has_aux=True)(T(3.0)),
        ((9.0, {"y": 3.0}), 6.0),
    ),
    "of a nest": (
        lambda: grad(lambda d: d["a"] * d["b"])({"a": T(2.0), "b": T(3.0)}),
        {"a": 3.0, "b": 2.0},
    ),
    "unconnected": (
        lambda: (lambda v, w: grad(lambda: v * v, [v, w])())(V(3.0), V(1.0)),
        [6.0, 0.0],
    ),
    "writes": (
        lambda: with_variable(
            lambda c: (lambda v: grad(lambda: (c.assign_add(1.0), v * v)[1], v)())(
                V(3.0)
            )
        ),
        [6.0, 1.0],
    ),
    "not trainable": (
        lambda: (lambda v: grad(lambda: v * v, v)())(V(3.0, trainable=False)),
        6.0,
    ),
    "keywords": (lambda: grad(lambda x, k=1.0: x * x * k)(T(3.0), k=2.0), 12.0),
    "stopped": (lambda: grad(lambda x: ops.stop_gradient(x) * x)(T(3.0)), 3.0),
}
REMAT = {
    "argument": (
        lambda: grad(lambda x: remat(lambda z: ops.sin(z) * z)(x))(T(1.0)),
        np.sin(1) + np.cos(1),
    ),
    "compiled": (
        lambda: jit(grad(lambda x: remat(lambda z: ops.sin(z) * z)(x)))(T(1.0)),
        np.sin(1) + np.cos(1),
    ),
    "variable": (
        lambda: (lambda v: grad(lambda: remat(lambda z: ops.sin(z) * v)(T(1.0)), v)())(
            V(2.0)
        ),
        np.sin(1),
    ),
    "writes count once": (
        lambda: with_variable(
            lambda c: grad(lambda x: remat(lambda z: (c.assign_add(1.0), z * z)[1])(x))(
                T(2.0)
            )
        ),
        [4.0, 1.0],
    ),
    "constants": (
        lambda: [
            wrap(lambda x: remat(lambda x, up=False: x * 2 if up else x)(x, up=True))(
                T(1.0)
            )
            for wrap in (jit, lambda f: f)
        ],
        [2.0, 2.0],
    ),
    "the same dropout": (lambda: same_mask_twice(False), np.zeros(50)),
    "the same dropout, compiled": (
        lambda: same_mask_twice(True),
        np.zeros(50),
    ),
}
BRANCH = {
    "writes": (
        lambda: with_variable(
            lambda v: [
                cond(T(True), assigned(v, 1.0), assigned(v, 2.0)),
                jit(lambda p: cond(p, assigned(v, 3.0), assigned(v, 4.0)))(T(False)),
            ]
        ),
        [1.0, 4.0, 4.0],
    ),
    "one branch writes": (
        lambda: with_variable(
            lambda v: [
                (jit(lambda p: cond(p, assigned(v, 5.0), lambda: T(0.0)))(T(p)), v + 0)
                for p in (False, True)
            ]
        ),
        [0.0, 0.0, 5.0, 5.0, 5.0],
    ),
    "gradient": (
        lambda: [
            wrap(grad(lambda z: cond(z > 0, lambda: z * z, lambda: -z)))(T(x))
            for wrap in (jit, lambda f: f)
            for x in (3.0, -3.0)
        ],
        [6.0, -1.0, 6.0, -1.0],
    ),
    "nests": (
        lambda: jit(
            lambda p: cond(
                p, lambda: {"a": T(1.0), "b": (T(2.0),)}, lambda: {"a": p, "b": (p,)}
            )["b"]
            if p is None
            else cond(p, lambda: {"a": T(1.0)}, lambda: {"a": T(3.0)})
        )(T(False)),
        {"a": 3.0},
    ),
    "inside another": (
        lambda: jit(
            lambda x: cond(
                x > 0, lambda: cond(x > 1, lambda: x * 10, lambda: x), lambda: -x
            )
        )(T(2.0)),
        20.0,
    ),
    "switch": (
        lambda: [
            jit(lambda i: switch(i, [lambda x: x + 1, lambda x: x * 10], T(5.0)))(T(n))
            for n in (-1, 0, 1, 7)
        ],
        [6.0, 6.0, 50.0, 50.0],
    ),
    "switch, gradient": (
        lambda: grad(lambda x: switch(T(1), [lambda x: x, lambda x: x * 10], x))(
            T(5.0)
        ),
        10.0,
    ),
    "switch, writes": (
        lambda: with_variable(
            lambda v: jit(lambda i: switch(i, [assigned(v, 1.0), assigned(v, 2.0)]))(
                T(1)
            )
        ),
        [2.0, 2.0],
    ),
}
LOOP = {
    "while writes": (
        lambda: with_variable(
            lambda v: [
                while_loop(lambda i: i < 3, counted(v), 0),
                jit(lambda: while_loop(lambda i: i < 3, counted(v), 0))(),
            ]
        ),
        [3, 3, 6.0],
    ),
    "while reads what it wrote": (
        lambda: with_variable(
            lambda v: while_loop(lambda i: v < 2.5, counted(v), 0), 0.0
        ),
        [3, 3.0],
    ),
    "while bounded": (
        lambda: while_loop(
            lambda i, y: y < 100.0, lambda i, y: [i + 1, y * 2.0], [0, 1.0], 3
        ),
        [3, 8.0],
    ),
    "for": (lambda: fori_loop(0, 5, lambda i, v: v + i, 0), 10),
    "for, gradient": (
        lambda: grad(lambda x: fori_loop(0, 3, lambda i, v: v * x, T(1.0)))(T(2.0)),
        12.0,
    ),
    "for, bounds known late": (
        lambda: jit(lambda n: fori_loop(0, n, lambda i, v: v + i, 0))(T(5)),
        10,
    ),
    "for, writes": (
        lambda: with_variable(
            lambda v: [
                fori_loop(0, 3, lambda i, x: counted(v)(x), 0),
                jit(lambda n: fori_loop(0, n, lambda i, x: counted(v)(x), 0))(T(3)),
            ]
        ),
        [3, 3, 6.0],
    ),
    "scan": (
        lambda: scan(lambda c, x: (c + x, c), T(0.0), T(SUM3), reverse=True),
        (6.0, [5.0, 3.0, 0.0]),
    ),
    "scan of nothing": (
        lambda: scan(lambda c, x: (c + x, x), T(0.0), ops.zeros((0,))),
        (0.0, np.zeros(0)),
    ),
    "scan, nested": (
        lambda: scan(
            lambda c, row: (c + scan(lambda d, x: (d + x, None), 0.0, row)[0], c),
            T(0.0),
            T([[1.0, 2.0], [3.0, 4.0]]),
        ),
        (10.0, [0.0, 3.0]),
    ),
    "scan, writes": (
        lambda: with_variable(
            lambda v: [
                wrap(lambda: scan(lambda c, x: (c, v.assign_add(x)), 0.0, T(SUM3)))()[1]
                for wrap in (jit, lambda f: f)
            ]
        ),
        [[1.0, 3.0, 6.0], [7.0, 9.0, 12.0], 12.0],
    ),
    "scan, gradient by a variable": (
        lambda: (
            lambda v: jit(
                value_and_grad(
                    lambda: scan(lambda c, x: (c * v + x, None), 1.0, T([1.0, 2.0]))[0],
                    v,
                )
            )()
        )(V(3.0)),
        (14.0, 7.0),
    ),
}
MAP = {
    "map": (
        lambda: ops.map(
            lambda d: {"s": d["a"] + d["b"]}, {"a": T([1.0, 2.0]), "b": T([3.0, 4.0])}
        ),
        {"s": [4.0, 6.0]},
    ),
    "map, gradient": (
        lambda: grad(lambda x: ops.sum(ops.map(lambda r: r * r, x)))(T([1.0, 2.0])),
        [2.0, 4.0],
    ),
    "vectorized": (
        lambda: vectorized_map(lambda t: t[0] * t[1], (T([1.0, 2.0]), T([3.0, 4.0]))),
        [3.0, 8.0],
    ),
    "vectorized twice": (
        lambda: vectorized_map(
            lambda r: vectorized_map(lambda x: x + 1, r), T([[1.0, 2.0]])
        ),
        [[2.0, 3.0]],
    ),
    "gradient inside": (
        lambda: vectorized_map(grad(lambda z: z**3), T([1.0, 2.0])),
        [3.0, 12.0],
    ),
    "gradient by a variable inside": (
        lambda: (lambda v: vmap(lambda x: grad(lambda: v * v * x, v)())(T([1.0, 2.0])))(
            V(3.0)
        ),
        [6.0, 12.0],
    ),
    "gradient outside": (
        lambda: jit(grad(lambda x: ops.sum(vectorized_map(lambda z: z**3, x))))(
            T([1.0, 2.0])
        ),
        [3.0, 12.0],
    ),
    "vmap": (
        lambda: vmap(lambda a, b: a * b, in_axes=(1, None), out_axes=1)(
            T([[1.0, 2.0], [3.0, 4.0]]), T([10.0, 20.0])
        ),
        [[10.0, 20.0], [60.0, 80.0]],
    ),
    "associative scan, gradient": (
        lambda: grad(lambda x: ops.sum(associative_scan(ops.multiply, x)))(T(SUM3)),
        [9.0, 4.0, 2.0],
    ),
    "associative scan, compiled": (
        lambda: jit(lambda x: associative_scan(ops.add, x, reverse=True))(T(SUM3)),
        [6.0, 5.0, 3.0],
    ),
}
ROWS = {
    f"{kind}: {name}": row
    for kind, rows in {
        "jit": JIT,
        "grad": GRAD,
        "remat": REMAT,
        "branch": BRANCH,
        "loop": LOOP,
        "map": MAP,
    }.items()
    for name, row in rows.items()
}


def numbers(result):
    """The leaves as arrays; lists of numbers are arrays already."""
    return [np.asarray(ops.convert_to_numpy(x)) for x in keras.tree.flatten(result)]


def marked(names):
    """The names of rows, those marked that need gradients."""
    wanted = ("grad", "remat", "gradient")
    return [
        pytest.param(n, marks=pytest.mark.gradients)
        if n != "remat: constants" and any(word in n for word in wanted)
        else n
        for n in names
    ]


@pytest.mark.parametrize("name", marked(ROWS))
def test_gives(name, backend):
    program, expected = ROWS[name]
    found = np.concatenate([x.ravel() for x in numbers(program())])
    wanted = [np.ravel(x) for x in keras.tree.flatten(expected)]
    np.testing.assert_allclose(found, np.concatenate(wanted), rtol=1e-6)


def double(x):
    return ops.concatenate([x, x])


MISTAKES = {
    "pred": (
        lambda: cond(T([True, False]), lambda: 1, lambda: 2),
        r"must be a scalar; received shape \(2,\)",
    ),
    "while shape": (
        lambda: while_loop(
            lambda i, x: i < 3, lambda i, x: (i, double(x)), (0, T([1.0]))
        ),
        r"number 1 starts with shape \(1,\), float32, and has shape \(2,\)",
    ),
    "while type": (
        lambda: while_loop(lambda x: x < 3, lambda x: ops.cast(x, "float32"), 0),
        "int32, and has shape .*float32",
    ),
    "while structure": (
        lambda: while_loop(lambda i, x: i < 3, lambda i, x: (i + 1,), (0, 1)),
        "with 2 tensors of state",
    ),
    "while function": (
        lambda: while_loop(3, 4, 0),
        "`cond` must be callable; received 3",
    ),
    "for": (
        lambda: fori_loop(0, 3, lambda i, x: double(x), T([1.0])),
        "fori_loop: shapes and types must stay",
    ),
    "scan carry": (
        lambda: scan(lambda c, x: (double(c), x), T([0.0]), T(SUM3)),
        "scan: shapes and types must stay",
    ),
    "scan pair": (
        lambda: scan(lambda c, x: c + x, 0.0, T(SUM3)),
        r"a pair \(carry, y\)",
    ),
    "vmap axes": (
        lambda: vmap(lambda a, b: a, in_axes=(0,))(T(SUM3), 1),
        "an axis for each of the 2 arguments",
    ),
    "grad of an integer": (lambda: grad(lambda x: x)(T(3)), "gradients need a float"),
    "grad of a vector": (lambda: grad(lambda x: x)(T([3.0])), r"gave shape \(1,\)"),
}


@pytest.mark.parametrize("name", marked(MISTAKES))
def test_mistakes(name, backend):
    program, message = MISTAKES[name]
    with pytest.raises((TypeError, ValueError), match=message):
        program()


def test_compiled_layers_and_seeds(backend):
    layer = keras.layers.Dense(2)
    assert jit(layer)(ops.ones((3, 4))).shape == (3, 2) and layer.built
    seeds = keras.random.SeedGenerator(1)
    draw = jit(lambda: keras.random.normal((3,), seed=seeds))
    first, second = numbers([draw(), draw()])
    assert (first != second).all() and seeds.state.numpy()[1] == 2


def test_glu_needs_an_even_size(backend):
    with pytest.raises(ValueError, match="glu.*even"):
        ops.glu(np.ones((2, 3), "float32"))
