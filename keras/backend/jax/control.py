"""Loops and branches on JAX."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from keras.core.variable import StatelessFrame, Variable, frame


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """Run one of two functions; only a traced `pred` needs both to be looked at."""
    if not isinstance(pred, jax.core.Tracer):
        return true_fn() if pred else false_fn()

    def trace(writes: _Writes, values: list) -> Any:
        branches = [functools.partial(writes.run, fn) for fn in (true_fn, false_fn)]
        return jax.lax.cond(pred, *branches, values)

    return _threaded(trace)


def while_loop(
    cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None
) -> Any:
    """Repeat `body` while `cond` holds; `body` may assign to variables."""
    single = not isinstance(loop_vars, (list, tuple))
    state = (loop_vars,) if single else tuple(loop_vars)

    def trace(writes: _Writes, values: list) -> Any:
        def step(carry: Any) -> Any:
            count, state, values = carry
            new, values = writes.run(body, values, *state)
            return count + 1, (new,) if single else tuple(new), values

        def goes_on(carry: Any) -> Any:
            count, state, values = carry
            wanted, _ = writes.run(cond, values, *state)
            if maximum_iterations is None:
                return wanted
            return jnp.logical_and(wanted, count < maximum_iterations)

        start = jnp.asarray(0, "int32"), state, values
        return jax.lax.while_loop(goes_on, step, start)[1:]

    out = _threaded(trace)
    return out[0] if single else type(loop_vars)(out)


def scan(
    f: Callable, init: Any, xs: Any, length: int | None, reverse: bool, unroll: Any
) -> Any:
    """`carry, y = f(carry, x)` along the first axis; `f` may assign to variables."""

    def trace(writes: _Writes, values: list) -> Any:
        def step(carry: Any, x: Any) -> Any:
            state, values = carry
            (state, y), values = writes.run(f, values, state, x)
            return (state, values), y

        (carry, values), ys = jax.lax.scan(
            step, (init, values), xs, length=length, reverse=reverse, unroll=unroll
        )
        return (carry, ys), values

    return _threaded(trace)


class _Found(Exception):
    """A traced function writes variables that were not known to be written."""


class _Writes:
    """The variables that traced functions are known to write."""

    def __init__(self) -> None:
        self.known: list[Variable] = []

    def run(self, fn: Callable, values: list, *args: Any) -> tuple[Any, list]:
        """The result, and what the known variables hold afterwards."""
        table = {id(v): value for v, value in zip(self.known, values)}
        with frame(StatelessFrame, table) as inner:
            out = fn(*args)
        known = set(map(id, self.known))
        found = [v for key, v in inner.written.items() if key not in known]
        if found:
            self.known += found
            raise _Found
        return out, [inner.values[id(v)] for v in self.known]


def _threaded(trace: Callable[[_Writes, list], tuple[Any, list]]) -> Any:
    """What JAX traces, the variables it writes going in and out as values.

    Writing any is rare, so the first attempt assumes that there are none.
    """
    writes = _Writes()
    while True:
        try:
            out, new = trace(writes, [v.read_unscaled() for v in writes.known])
        except _Found:
            continue
        for variable, value in zip(writes.known, new):
            variable.assign(value)
        return out


def runs_eagerly(x: Any) -> bool:
    """Whether ops on `x` run one by one: it is not part of a trace."""
    return not isinstance(x, jax.core.Tracer)


def vectorized_map(function: Callable, elements: Any) -> Any:
    """Map over the first axis."""
    return jax.vmap(function)(elements)
