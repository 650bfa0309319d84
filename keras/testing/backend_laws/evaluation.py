"""Laws of control flow, gradients and compiled steps."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np

from keras import ops
from keras.backend.contract import Backend
from keras.core import tree
from keras.core.scope import backend_scope
from keras.core.variable import Variable
from keras.random import draws
from keras.random.seed_generator import SeedGenerator
from keras.testing.backend_laws.common import (
    LAWS,
    X,
    need_gradients,
    require,
    require_close,
    require_equal,
    to_host,
    to_tensors,
)
from keras.testing.backend_laws.op_cases import OP_CASES, OpCase
from keras.testing.backend_laws.report import Skip

# Control flow


@LAWS.add("control")
def cond_runs_one_branch(backend: Backend) -> None:
    """cond gives the branch's result, now and compiled."""

    def choose(x: Any) -> Any:
        return ops.cond(ops.sum(x) > 0, lambda: x * 2, lambda: x - 1)

    for run in (choose, backend.compile(choose)):
        require_close(run(ops.convert_to_tensor(X + 9)), (X + 9) * 2)
        require_close(run(ops.convert_to_tensor(X - 9)), X - 10)


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
        require_close(found, X * 32)
    require_close(total, np.float32(10), "what the body assigned")

    count = ops.while_loop(lambda i: i < 5, lambda i: i + 1, 0, maximum_iterations=3)
    require_close(count, np.array(3))


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
        require_close(carry, sums[-1], "the carry")
        require_close(stacked, sums[::-1] if reverse else sums, "the results")


@LAWS.add("control")
def scan_needs_no_sequence(backend: Backend) -> None:
    """scan counts without `xs`, and nests of them are taken apart."""
    carry, _ = ops.scan(lambda c, _: (c * 2, None), ops.ones(2), None, length=3)
    require_close(carry, np.full(2, 8.0))

    nest = {"a": X, "b": X[:, 0]}
    _, found = ops.scan(lambda c, x: (c, x["a"] * x["b"]), ops.ones(()), nest)
    require_close(found, X * X[:, :1])


@LAWS.add("control")
def vectorized_map_maps(backend: Backend) -> None:
    """vectorized_map is a loop over the first axis."""
    found = ops.vectorized_map(lambda x: ops.sum(x * x), ops.convert_to_tensor(X))
    require_close(found, (X * X).sum(1))


# Gradients


_DIFFERENTIATED = [case for case in OP_CASES if case.differentiated]


@LAWS.add("gradients", _DIFFERENTIATED)
def gradients_are_those_of_small_steps(backend: Backend, case: OpCase) -> None:
    """The gradient of an op is what finite differences of NumPy's formula give."""
    need_gradients(backend)
    results = tree.flatten(case.expected(*case.args, **case.kwargs))
    weights = [
        np.cos(np.arange(np.size(x)) + i).reshape(np.shape(x))
        for i, x in enumerate(results)
    ]
    of_results = to_tensors([w.astype("float32") for w in weights])

    def total(*differentiated: Any) -> Any:
        args = to_tensors(list(case.args))
        for place, x in zip(case.differentiated, differentiated):
            args[place] = x
        found = tree.flatten(case.run(*args, **case.kwargs))
        parts = [ops.sum(x * w) for x, w in zip(found, of_results)]
        return sum(parts[1:], parts[0])

    # Compiled: where each operation is compiled on its own, it takes half the time.
    numbers = tuple(range(len(case.differentiated)))
    run = backend.compile(ops.grad(total, argnums=numbers))
    gradients = run(*to_tensors([case.args[i] for i in case.differentiated]))
    for place, gradient in zip(case.differentiated, gradients):
        expected = _differences(case, place, weights)
        require_close(gradient, expected, f"the gradient of argument {place}", 3e-3)


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
    need_gradients(backend)
    weight, count, unused = Variable(X), Variable(0.0), Variable(X)

    def loss() -> Any:
        count.assign_add(1.0)
        return ops.sum(weight * weight), "aux"

    run = ops.value_and_grad(loss, [weight, unused], has_aux=True)
    (value, aux), (gradient, nothing) = run()
    require_close(value, (X * X).sum(), "the value")
    require_close(gradient, 2 * X, "the gradient")
    require_equal(aux, "aux", "aux")
    require(nothing is None or not to_host(nothing).any(), f"unused: {nothing}.")
    require_close(count, np.float32(1), "what the function assigned")


@LAWS.add("gradients")
def gradients_nest(backend: Backend) -> None:
    """The gradient of a gradient is the second derivative; jvp is forward mode."""
    need_gradients(backend)
    x = ops.convert_to_tensor(X)
    first = ops.grad(lambda x: ops.sum(x**3))
    second = ops.grad(lambda x: ops.sum(first(x)))
    require_close(second(x), 6 * X, tolerance=1e-4)

    value, slope = ops.jvp(lambda x: x**3, (x,), (ops.ones_like(x),))
    require_close(value, X**3)
    require_close(slope, 3 * X**2, tolerance=1e-4)


@LAWS.add("gradients")
def gradients_can_be_stopped_and_replaced(backend: Backend) -> None:
    """stop_gradient, custom_gradient and remat do what they say."""
    x = ops.convert_to_tensor(X)

    @ops.custom_gradient
    def strange(x: Any) -> Any:
        return x * 2, lambda cotangent: cotangent * 7

    require_close(ops.stop_gradient(x), X)
    require_close(strange(x), 2 * X)
    require_close(backend.remat(ops.tanh)(x), np.tanh(X))
    need_gradients(backend)

    stopped = ops.grad(lambda x: ops.sum(x * ops.stop_gradient(x)))
    require_close(stopped(x), X, "with stop_gradient")
    replaced = ops.grad(lambda x: ops.sum(strange(x)))
    require_close(replaced(x), np.full_like(X, 7), "with custom_gradient")
    again = ops.grad(lambda x: ops.sum(backend.remat(ops.tanh)(x)))
    require_close(again(x), 1 - np.tanh(X) ** 2, "with remat")


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
        return [to_host(v) for v in self.variables()]


_BATCHES = [{"x": X + i} for i in range(4)]


@LAWS.add("steps", ["variables known", "variables not known"])
def a_compiled_step_equals_the_plain_one(backend: Backend, how: str) -> None:
    """compile_step gives the results and leaves the state of the plain step."""
    plain, compiled = _Program(), _Program()
    variables = compiled.variables if how == "variables known" else None
    run = backend.compile_step(compiled.step, True, "auto", variables)
    last = {"x": X[:2]}  # of another shape
    for batch in (*_BATCHES, last, *_BATCHES):
        require_close(run(batch), tree.map_structure(to_host, plain.step(batch)))
        require_close(compiled.state(), plain.state(), "the state")


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
        expected = [tree.map_structure(to_host, single.step(b)) for b in _BATCHES]
        if collect == "all":
            expected = tree.map_structure(lambda *parts: np.stack(parts), *expected)
        else:
            expected = expected[-1]  # type: ignore[assignment]
        require_close(found, expected, "the results")
        require_close(looped.state(), single.state(), "the state")


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
            require_close(function(x), 4 * X)
            require_close(variable, 2 * X, "the variable")


@LAWS.add("steps")
def compiled_calls_run_in_threads(backend: Backend) -> None:
    """Functions compiled by compile_call may be called from several threads."""
    variable = Variable(X)
    function = backend.compile_call(lambda x: x * variable, lambda: [variable])
    results: list[np.ndarray] = []

    def work() -> None:
        with backend_scope(backend):  # a new thread starts with the default
            x = ops.convert_to_tensor(X)
            results.extend(to_host(function(x)) for _ in range(5))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    require_equal(len(results), 15, "the number of results")
    for found in results:
        require_close(found, X * X)


@LAWS.add("steps")
def numbers_are_those_of_the_host(backend: Backend) -> None:
    """number(x), opaque, no_gradients and block leave values as they are."""
    x = ops.convert_to_tensor(2.5)
    require_close(backend.number(x), np.array(2.5))
    require_close(backend.opaque(ops.multiply)(x, 2.0), np.array(5.0))
    require_close(backend.without_gradients(ops.multiply)(x, 2.0), np.array(5.0))
    with backend.no_gradients(), backend.outside_trace():
        require_close(x * 2, np.array(5.0))
    require(not backend.is_recording(), "is_recording is True outside of a step.")
    require(backend.runs_eagerly(x), "runs_eagerly is False for a tensor.")
    backend.block([x])
