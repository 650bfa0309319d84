"""Loops and branches on JAX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp


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
    """`carry, y = f(carry, x)` along the first axis."""
    return jax.lax.scan(f, init, xs, length=length, reverse=reverse, unroll=unroll)


def vectorized_map(function: Callable, elements: Any) -> Any:
    """Map over the first axis."""
    return jax.vmap(function)(elements)
