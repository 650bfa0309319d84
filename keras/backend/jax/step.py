"""How JAX evaluates: shapes, gradients and compiled functions over variables."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from keras.backend.jax.tensor import dtype_of, is_tensor
from keras.core import dtypes, tree
from keras.core.variable import MetaFrame, StatelessFrame, Variable, frame


def eval_shape(fn: Callable, specs: Sequence[tuple], make_spec: Callable) -> Any:
    """Run `fn` on abstract arrays; a nest of specs comes back."""
    found: list[Any] = []

    def run(*tensors: Any) -> Any:
        with frame(MetaFrame, lambda value: value):
            out = fn(list(tensors))
        found[:] = [
            tree.map_structure(
                lambda t: make_spec(tuple(t.shape), dtype_of(t)) if is_tensor(t) else t,
                out,
            )
        ]
        return None

    jax.eval_shape(
        run, *(jax.ShapeDtypeStruct(s, dtypes.numpy_dtype(d)) for s, d in specs)
    )
    return found[0]


def value_and_grad(
    fn: Callable, variables: Sequence[Variable] | None, argnums: Any, has_aux: bool
) -> Callable:
    """`fn` with the gradients of its (first) result; see keras.ops.value_and_grad."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        written: list[Variable] = []

        def pure(wrt: Any) -> Any:
            values = {}
            call_args = list(args)
            if variables is not None:
                values = {id(v): value for v, value in zip(variables, wrt)}
            else:
                for i, value in zip(_numbers(argnums), wrt):
                    call_args[i] = value
            with frame(StatelessFrame, values) as inner:
                out = fn(*call_args, **kwargs)
            value, aux = out if has_aux else (out, None)
            written[:] = inner.written.values()
            return value, (aux, [inner.values[id(v)] for v in written])

        if variables is not None:
            wrt = [v.value for v in variables]
        else:
            wrt = [args[i] for i in _numbers(argnums)]
        (value, (aux, new)), grads = jax.value_and_grad(pure, has_aux=True)(wrt)
        for variable, new_value in zip(written, new):
            variable.assign(new_value)
        if variables is None and isinstance(argnums, int):
            grads = grads[0]
        return ((value, aux) if has_aux else value), grads

    return wrapped


def _numbers(argnums: Any) -> tuple[int, ...]:
    return (argnums,) if isinstance(argnums, int) else tuple(argnums)


def compile(fn: Callable, variables: Sequence[Variable]) -> Callable:
    """`fn` under jax.jit; the variables' values go in and out as arguments."""
    jitted: dict[Any, Callable] = {}
    held = list(variables)

    def call(*args: Any) -> Any:
        leaves, treedef = tree.flatten_with_def(args)
        places = [i for i, leaf in enumerate(leaves) if _is_data(leaf)]
        static = tuple(leaf for leaf in leaves if not _is_data(leaf))
        data = [leaves[i] for i in places]
        key = (treedef, static, tuple(places), tuple((d.shape, d.dtype) for d in data))
        step = jitted.get(key)
        if step is None:
            step = jitted[key] = _lift(fn, held, leaves, treedef, places, data)
        return step(data)

    return call


def _is_data(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and hasattr(leaf, "shape")


def _lift(
    fn: Callable, held: list, leaves: list, treedef: Any, places: list, data: list
) -> Callable:
    """One compiled version of `fn`: for one set of shapes and static arguments."""
    leaves = [None if _is_data(leaf) else leaf for leaf in leaves]
    out_def: list[Any] = []
    written: list[int] = []

    def run(values: list, data: list) -> tuple[list, dict]:
        filled = list(leaves)
        for i, value in zip(places, data):
            filled[i] = value
        table = {id(v): value for v, value in zip(held, values)}
        with frame(StatelessFrame, table) as inner:
            out = fn(*tree.unflatten(treedef, filled))
        flat, structure = tree.flatten_with_def(out)
        dynamic = [i for i, x in enumerate(flat) if is_tensor(x)]
        out_def[:] = [structure, [None if is_tensor(x) else x for x in flat], dynamic]
        return [flat[i] for i in dynamic], {
            i: inner.values[id(v)] for i, v in enumerate(held) if id(v) in inner.written
        }

    values = [v.value for v in held]
    abstract = functools.partial(jax.tree.map, _abstract)
    _, new = jax.eval_shape(run, abstract(values), abstract(data))
    written[:] = sorted(new)
    fixed = [i for i in range(len(held)) if i not in new]

    @functools.partial(jax.jit, donate_argnums=0)
    def step(changing: list, constant: list, data: list) -> Any:
        values: list[Any] = [None] * len(held)
        for i, value in zip(written, changing):
            values[i] = value
        for i, value in zip(fixed, constant):
            values[i] = value
        flat, new = run(values, data)
        return flat, [new[i] for i in written]

    def call(data: list) -> Any:
        flat, new = step(
            [held[i].value for i in written], [held[i].value for i in fixed], data
        )
        for i, value in zip(written, new):
            held[i].assign(value)
        structure, static, dynamic = out_def
        result = list(static)
        for i, value in zip(dynamic, flat):
            result[i] = value
        return tree.unflatten(structure, result)

    return call


def _abstract(x: Any) -> Any:
    x = x if hasattr(x, "dtype") else jnp.asarray(x)
    return jax.ShapeDtypeStruct(x.shape, jax.dtypes.canonicalize_dtype(x.dtype))


def remat(fn: Callable) -> Callable:
    """Recompute in the backward pass."""
    return jax.checkpoint(fn)


def custom_gradient(fn: Callable) -> Callable:
    """`fn(*args) -> (output, grad_fn)`; `grad_fn(*cotangents)` gives the gradients."""
    return jax.custom_gradient(fn)
