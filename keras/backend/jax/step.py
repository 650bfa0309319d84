"""How JAX evaluates: shapes, gradients and compiled functions over variables."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Sequence
from typing import Any

import jax

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
            wrt = [v.read_unscaled() for v in variables]
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


class _Recording(StatelessFrame):
    """Notes which variables a function reads and writes."""

    def __init__(self, parent: Any) -> None:
        super().__init__(parent, {})
        self.touched: dict[int, Variable] = {}

    def read(self, variable: Variable) -> Any:
        self.touched.setdefault(id(variable), variable)
        return super().read(variable)

    def write(self, variable: Variable, value: Any) -> None:
        self.touched.setdefault(id(variable), variable)
        super().write(variable, value)


def compile(fn: Callable) -> Callable:
    """`fn` under jax.jit; variables it reads and writes go in and out as arguments.

    Which they are is found by running it abstractly first, once for each set of
    shapes and static arguments.
    """
    versions: dict[Any, Callable] = {}

    def call(*args: Any) -> Any:
        leaves, treedef = tree.flatten_with_def(args)
        places = [i for i, leaf in enumerate(leaves) if _is_data(leaf)]
        static = tuple(leaf for leaf in leaves if not _is_data(leaf))
        data = [leaves[i] for i in places]
        key = (treedef, static, tuple((d.shape, d.dtype) for d in data))
        step = versions.get(key)
        if step is None:
            step = versions[key] = _lift(fn, leaves, treedef, places, data)
        return step(data)

    return call


def _is_data(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and hasattr(leaf, "shape")


def _lift(
    fn: Callable, leaves: list, treedef: Any, places: list[int], data: list
) -> Callable:
    """One compiled version of `fn`: for one set of shapes and static arguments."""
    leaves = [None if _is_data(leaf) else leaf for leaf in leaves]

    def with_data(data: list) -> Any:
        filled = list(leaves)
        for i, value in zip(places, data):
            filled[i] = value
        return tree.unflatten(treedef, filled)

    recorded: list[_Recording] = []

    def discover(data: list) -> None:
        with frame(_Recording) as recording:
            fn(*with_data(data))
        recorded[:] = [recording]

    jax.eval_shape(discover, jax.tree.map(_abstract, data))
    written = list(recorded[0].written.values())
    fixed = [
        v for key, v in recorded[0].touched.items() if key not in recorded[0].written
    ]
    form: list[Any] = []

    @functools.partial(jax.jit, donate_argnums=0)
    def step(changing: list, constant: list, data: list) -> Any:
        table = {id(v): x for v, x in zip(written, changing)}
        table.update({id(v): x for v, x in zip(fixed, constant)})
        with frame(StatelessFrame, table) as inner:
            out = fn(*with_data(data))
        flat, structure = tree.flatten_with_def(out)
        dynamic = [i for i, x in enumerate(flat) if is_tensor(x)]
        form[:] = [structure, [None if is_tensor(x) else x for x in flat], dynamic]
        return [flat[i] for i in dynamic], [inner.values[id(v)] for v in written]

    def call(data: list) -> Any:
        flat, new = step([v.value for v in written], [v.value for v in fixed], data)
        for variable, value in zip(written, new):
            variable.assign(value)
        structure, static, dynamic = form
        result = list(static)
        for i, value in zip(dynamic, flat):
            result[i] = value
        return tree.unflatten(structure, result)

    return call


def _abstract(x: Any) -> Any:
    return jax.ShapeDtypeStruct(x.shape, jax.dtypes.canonicalize_dtype(x.dtype))


def compile_step(step: Callable, train: bool, jit_compile: Any) -> Callable:
    """A step of the trainer, compiled unless `jit_compile` is False."""
    return step if jit_compile is False else compile(step)


def without_gradients(fn: Callable) -> Callable:
    """JAX keeps nothing for gradients that are not asked for."""
    return fn


def no_gradients() -> Any:
    """JAX keeps nothing for gradients that are not asked for."""
    return contextlib.nullcontext()


def remat(fn: Callable) -> Callable:
    """Recompute in the backward pass."""
    return jax.checkpoint(fn)


def custom_gradient(fn: Callable) -> Callable:
    """`fn(*args) -> (output, grad_fn)`; `grad_fn(*cotangents)` gives the gradients."""

    @jax.custom_gradient
    def run(*args: Any) -> Any:
        output, grad_fn = fn(*args)
        return output, lambda cotangent: grad_fn(*jax.tree.leaves(cotangent))

    return run
