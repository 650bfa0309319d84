"""Loops and branches on JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from keras.core.variable import StatelessFrame, Variable, frame


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """Run one of two functions; only a traced `pred` needs both to be looked at."""
    if not isinstance(pred, jax.core.Tracer):
        return true_fn() if pred else false_fn()
    return jax.lax.cond(pred, true_fn, false_fn)


def while_loop(
    cond: Callable, body: Callable, loop_vars: Any, maximum_iterations: int | None
) -> Any:
    """Repeat `body` while `cond` holds."""
    single = not isinstance(loop_vars, (list, tuple))
    state = (loop_vars,) if single else tuple(loop_vars)

    def step(carry: Any) -> Any:
        count, values = carry
        new = body(*values)
        return count + 1, (new,) if single else tuple(new)

    def goes_on(carry: Any) -> Any:
        count, values = carry
        wanted = cond(*values)
        if maximum_iterations is None:
            return wanted
        return jnp.logical_and(wanted, count < maximum_iterations)

    _, out = jax.lax.while_loop(goes_on, step, (jnp.asarray(0, "int32"), state))
    return out[0] if single else type(loop_vars)(out)


def scan(
    f: Callable, init: Any, xs: Any, length: int | None, reverse: bool, unroll: Any
) -> Any:
    """`carry, y = f(carry, x)` along the first axis; `f` may assign to variables."""
    changed: list[Variable] = []

    def run(first: list[Any]) -> tuple[Any, list[Variable]]:
        written: dict[int, Variable] = {}

        def step(carry: Any, x: Any) -> Any:
            state, values = carry
            table = {id(v): value for v, value in zip(changed, values)}
            with frame(StatelessFrame, table) as inner:
                state, y = f(state, x)
            written.update(inner.written)
            return (state, [inner.values[id(v)] for v in changed]), y

        out = jax.lax.scan(
            step, (init, first), xs, length=length, reverse=reverse, unroll=unroll
        )
        return out, list(written.values())

    ((carry, values), ys), written = run([])
    if written:  # rare, so found out by trying: now their values go round the loop
        changed = written
        ((carry, values), ys), _ = run([v.value for v in changed])
        for variable, value in zip(changed, values):
            variable.assign(value)
    return carry, ys


def runs_eagerly(x: Any) -> bool:
    """Whether ops on `x` run one by one: it is not part of a trace."""
    return not isinstance(x, jax.core.Tracer)


def vectorized_map(function: Callable, elements: Any) -> Any:
    """Map over the first axis."""
    return jax.vmap(function)(elements)
