"""How JAX evaluates: shapes, gradients and compiled functions over variables."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from keras.backend.defaults import dtype_of, is_data
from keras.backend.explain import counted, described
from keras.backend.jax.cpu import on_cpu
from keras.backend.jax.sparse import from_matrix, kind_of
from keras.backend.jax.tensor import is_tensor
from keras.backend.scipy_matrices import is_matrix
from keras.core import dtypes, tree
from keras.core.lift import RecordingFrame
from keras.core.variable import (
    MetaFrame,
    StatelessFrame,
    Variable,
    current_frame,
    frame,
    numbers,
)


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


_turns = threading.RLock()


class Compiled:
    """`fn` under jax.jit; variables it reads and writes go in and out as arguments.

    Which they are is found by running it abstractly first, once for each set of
    shapes and static arguments.

    Args:
        fn: the function.
        loop: "last" or "all" if a call is `(arguments, count)`, with stacked arguments:
            `fn` runs on each of the first `count`, in one loop on the device, and
            gives its last results, or all of them, stacked.
        shared: whether several threads may call it at the same time; then variables
            are written by one after the other, and not in place.
    """

    def __init__(
        self, fn: Callable, loop: str | None = None, shared: bool = False
    ) -> None:
        self.fn, self._loop, self._shared = fn, loop, shared
        self._versions: dict[Any, Lifted] = {}

    def __call__(self, *args: Any) -> Any:
        count: tuple = ()
        if self._loop:
            *args, number = args  # type: ignore[assignment]
            count = (np.int32(number),)
        step, data = self._version(args)
        if self._shared and (step.writes is None or step.writes):
            with _turns:
                return step(data, *count)
        return step(data, *count)

    def prepare(self, *args: Any) -> None:
        """Begin to compile for arguments like these, while other things run."""
        step, data = self._version(args)
        step.prepare(data)

    def explain(self) -> str:
        """How it runs, in words."""
        return f"compiled by jax.jit{counted(len(self._versions))}"

    def _version(self, args: Sequence[Any]) -> tuple[Lifted, list]:
        """The function for the shapes of these arguments, and the data in them."""
        data, filled, form = tree.partition(tuple(args), is_data)
        data = [from_matrix(x, pad=True) if is_matrix(x) else x for x in data]
        key = (form, tuple((d.shape, d.dtype) for d in data))
        step = self._versions.get(key)
        if step is None:
            step = Lifted(self.fn, filled, self._loop, self._shared)
            self._versions[key] = step
        return step, data


def compile(fn: Callable) -> Callable:
    """`fn` compiled; the variables it reads and writes stay live."""
    return Compiled(fn)


def compile_step(
    step: Callable, train: bool, jit_compile: Any, variables: Callable | None = None
) -> Callable:
    """A step of the trainer, compiled unless `jit_compile` is False."""
    if jit_compile is False:
        return described(step, "runs step by step, because jit_compile=False")
    return Compiled(step, shared=not train)


def compile_loop(compiled: Any, jit_compile: Any, collect: bool) -> Callable | None:
    """`(stacked batches, count) -> the results of the last`: one loop on the device."""
    if jit_compile is False:
        return None
    loop = "all" if collect else "last"
    return Compiled(compiled.fn, loop, shared=compiled._shared)


def compile_call(fn: Callable, variables: Callable) -> Callable:
    """A function for calls from anywhere, from several threads too."""
    return Compiled(fn, shared=True)


class Lifted:
    """`fn` compiled for one set of shapes, its variables lifted to arguments.

    Args:
        fn: the function.
        filled: its arguments, as a function of the data in them.
        loop: run it on each of the first `count` items of the data, in one loop.
        shared: leave the old values of variables alone; see `Compiled`.
    """

    def __init__(
        self,
        fn: Callable,
        filled: Callable,
        loop: str | None = None,
        shared: bool = False,
    ) -> None:
        self._fn, self._filled = fn, filled
        self._given_away = () if shared else (0,)
        self.writes: bool | None = None  # known after the first call
        self._loop = loop
        self._result: Any = None  # the result, as a function of the tensors in it
        self._step: Any = None
        self._one_by_one = False
        self._compiling: threading.Thread | None = None

    def prepare(self, data: list) -> None:
        """Trace now, compile in a thread; JAX keeps what that made."""
        if self._step is not None or current_frame() is not None:
            return
        step = self._trace(data)
        changing, constant = (
            [v._value for v in found] for found in (self._written, self._read)
        )
        lowered = step.lower(changing, constant, data)

        def work() -> None:
            with contextlib.suppress(Exception):  # the call will meet it too
                lowered.compile()

        compiling = threading.Thread(target=work, daemon=True)
        compiling.start()
        self._compiling = compiling  # only now may another thread wait for it

    def _trace(self, data: list) -> Any:
        self._find_variables(data)
        in_loop = self._loop and not self._one_by_one
        run = self._steps if in_loop else self._once
        self._step = jax.jit(run, donate_argnums=self._given_away)
        self.writes = bool(self._written)
        return self._step

    def __call__(self, data: list, *count: Any) -> Any:
        if self._step is None:
            self._trace(data)
        if (compiling := self._compiling) is not None:
            compiling.join()
            self._compiling = None
        if not self._one_by_one:
            return self._run(data, *count)
        results = [self._run([d[i] for d in data]) for i in range(count[0])]
        if self._loop == "last":
            return results[-1]
        return tree.map_structure(lambda *parts: np.stack(parts), *results)

    def _run(self, data: list, *count: Any) -> Any:
        if current_frame() is None:
            changing = [_owned(v) for v in self._written]
            constant = [v._value for v in self._read]
            flat, new = self._step(changing, constant, data, *count)
            for variable, value in zip(self._written, new):
                variable._value = value
        else:
            changing = [jnp.copy(v.value) for v in self._written]
            constant = [v.value for v in self._read]
            flat, new = self._step(changing, constant, data, *count)
            for variable, value in zip(self._written, new):
                variable.assign(value)
        return self._result(flat)

    def _find_variables(self, data: list) -> None:
        recorded: list[RecordingFrame] = []

        def discover(data: list) -> list:
            with frame(RecordingFrame) as recording:
                out = self._flatten(self._fn(*self._filled(data)))
            recorded[:] = [recording]
            return out

        one = [_abstract(x, x.shape[1:] if self._loop else x.shape) for x in data]
        for _ in range(2):  # gradients and slots are for weights that were there
            start = next(numbers)
            # A new function each time: JAX remembers what it has traced.
            traced, self._results = jax.make_jaxpr(
                lambda data: discover(data), return_shape=True
            )(one)
            touched = recorded[0].touched
            if not any(v.made_trainable and v.number > start for v in touched.values()):
                break
        if self._loop and on_cpu():  # where XLA's convolutions are slow in loops
            self._one_by_one = "conv_general_dilated" in str(traced)
        written = recorded[0].written
        self._written = list(written.values())
        self._read = [v for key, v in touched.items() if key not in written]

    def _flatten(self, out: Any) -> list:
        tensors, self._result, _ = tree.partition(out, is_tensor)
        return tensors

    def _once(self, changing: list, constant: list, data: list) -> Any:
        table = {id(v): x for v, x in zip(self._written, changing)}
        table.update({id(v): x for v, x in zip(self._read, constant)})
        with frame(StatelessFrame, table) as inner:
            out = self._fn(*self._filled(data))
        return self._flatten(out), [inner.values[id(v)] for v in self._written]

    def _steps(self, changing: list, constant: list, data: list, count: Any) -> Any:
        collect = self._loop == "all"

        def body(i: Any, carry: Any) -> Any:
            item = [jax.lax.dynamic_index_in_dim(d, i, 0, False) for d in data]
            found, changing = self._once(carry[1], constant, item)
            if collect:
                found = [
                    jax.lax.dynamic_update_index_in_dim(room, new, i, 0)
                    for room, new in zip(carry[0], found)
                ]
            return found, changing

        lead = data[0].shape[:1] if collect else ()
        results = [jnp.zeros(lead + r.shape, r.dtype) for r in self._results]
        return jax.lax.fori_loop(0, count, body, (results, changing))


def _owned(variable: Variable) -> Any:
    """The value as an array that nobody else holds: its memory is given away."""
    if variable._lent:
        variable._value = jnp.copy(variable._value)
        variable._lent = False
    return variable._value


def _abstract(x: Any, shape: Any) -> Any:
    if kind_of(x):  # it has several arrays
        return jax.tree.map(lambda part: _abstract(part, part.shape), x)
    return jax.ShapeDtypeStruct(shape, jax.dtypes.canonicalize_dtype(x.dtype))


def remat(fn: Callable) -> Callable:
    """Recompute in the backward pass; `fn` may assign to variables."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        tensors, filled, _ = tree.partition((args, kwargs), is_tensor)
        written: list[Variable] = []

        def pure(tensors: list) -> Any:
            args, kwargs = filled(tensors)
            with frame(StatelessFrame, {}) as inner:
                out = fn(*args, **kwargs)
            written[:] = inner.written.values()
            return out, [inner.values[id(v)] for v in written]

        out, new = jax.checkpoint(pure)(tensors)
        for variable, value in zip(written, new):
            variable.assign(value)
        return out

    return wrapped


def custom_gradient(fn: Callable) -> Callable:
    """`fn(*args) -> (output, grad_fn)`; `grad_fn(*cotangents)` gives the gradients."""

    @jax.custom_gradient
    def run(*args: Any) -> Any:
        output, grad_fn = fn(*args)
        return output, lambda cotangent: grad_fn(*jax.tree.leaves(cotangent))

    return run


def number(x: Any) -> Any:
    """A scalar stays on the device."""
    return x


def fused_update(name: str) -> None:
    """No kernels: XLA fuses what an optimizer's `update` says."""
    return None
