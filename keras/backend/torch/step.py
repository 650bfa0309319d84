"""How PyTorch evaluates: shapes on the meta device, gradients by autograd."""

from __future__ import annotations

import contextlib
import contextvars
import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.utils.checkpoint

from keras.backend.explain import described
from keras.backend.torch.capture import Captured, is_recording, opaque
from keras.backend.torch.host import gradient_depth
from keras.backend.torch.memory import before_training
from keras.backend.torch.meta import MetaMode, to_meta
from keras.backend.torch.tensor import DTYPES, device_scope, dtype_of, is_tensor
from keras.core import tree
from keras.core.variable import MetaFrame, StatelessFrame, Variable, frame, repeatable


def eval_shape(fn: Callable, specs: Sequence[tuple], make_spec: Callable) -> Any:
    """Run `fn` on tensors of the meta device; a nest of specs comes back."""
    with (
        device_scope("meta"),
        torch.no_grad(),
        frame(MetaFrame, to_meta),
        MetaMode(),
    ):
        tensors = [
            torch.empty(shape, dtype=DTYPES[dtype], device="meta")
            for shape, dtype in specs
        ]
        out = fn(tensors)
    return tree.map_structure(
        lambda t: make_spec(tuple(t.shape), dtype_of(t))
        if isinstance(t, torch.Tensor)
        else t,
        out,
    )


def value_and_grad(
    fn: Callable, variables: Sequence[Variable] | None, argnums: Any, has_aux: bool
) -> Callable:
    """`fn` with the gradients of its (first) result; see keras.ops.value_and_grad."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if torch._C._functorch.peek_interpreter_stack() is not None:
            transformed = _transformed(fn, variables, argnums, has_aux)
            return transformed(*args, **kwargs)

        call_args = list(args)
        numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        nested = gradient_depth.get() > 0
        token = gradient_depth.set(gradient_depth.get() + 1)

        try:
            with torch.enable_grad(), _followed(variables or ()) as wrt:
                if variables is None:
                    for i in numbers:
                        call_args[i] = tree.map_structure(_follow, call_args[i])
                    wrt = tree.flatten([call_args[i] for i in numbers])
                out = fn(*call_args, **kwargs)
                value, aux = out if has_aux else (out, None)
                grads: Any = [None] * len(wrt)
                asked = [i for i, t in enumerate(wrt) if t.requires_grad]
                if value.requires_grad and asked:
                    found = torch.autograd.grad(
                        value,
                        [wrt[i] for i in asked],
                        allow_unused=True,
                        create_graph=nested,
                    )
                    for i, gradient in zip(asked, found):
                        grads[i] = gradient
        finally:
            gradient_depth.reset(token)

        # An argument that the value does not depend on has zeros; a variable has None.
        if variables is None:
            grads = [
                torch.zeros_like(t) if g is None else g for g, t in zip(grads, wrt)
            ]
            grads = tree.pack_sequence_as([call_args[i] for i in numbers], grads)
            if isinstance(argnums, int):
                grads = grads[0]

        if not nested:
            value, aux = tree.map_structure(_detach, (value, aux))
        return ((value, aux) if has_aux else value), grads

    return wrapped


def _transformed(
    fn: Callable, variables: Sequence[Variable] | None, argnums: Any, has_aux: bool
) -> Callable:
    """The same inside torch.vmap, where gradients are asked for in another way."""

    def run(values: list, *args: Any, **kwargs: Any) -> Any:
        table = {id(v): value for v, value in zip(variables or (), values)}
        with frame(StatelessFrame, table):
            return fn(*args, **kwargs)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        numbers: Any = 0
        if variables is None:
            several = isinstance(argnums, (list, tuple))
            shifted = [(n % len(args)) + 1 for n in (argnums if several else [argnums])]
            numbers = tuple(shifted) if several else shifted[0]
        values = [v.read_unscaled() for v in variables or ()]
        found = torch.func.grad_and_value(run, numbers, has_aux)
        grads, value = found(values, *args, **kwargs)
        return value, grads

    return wrapped


@contextlib.contextmanager
def _followed(variables: Sequence[Variable]) -> Any:
    """The variables' tensors, also of variables that autograd does not follow yet."""
    tensors = [v.read_unscaled() for v in variables]
    if all(t.requires_grad for t in tensors):
        yield tensors
        return
    followed = [_follow(t) for t in tensors]
    table = {
        id(v): new for v, t, new in zip(variables, tensors, followed) if new is not t
    }
    with frame(StatelessFrame, table) as inner:
        yield followed
    for variable in inner.written.values():
        variable.assign(inner.values[id(variable)])


def _follow(x: torch.Tensor) -> torch.Tensor:
    """The tensor, or a copy of it that autograd follows."""
    return x if x.requires_grad else x.detach().requires_grad_()


def _detach(x: Any) -> Any:
    """A tensor without its history; anything else as it is."""
    return x.detach() if isinstance(x, torch.Tensor) else x


def compile(fn: Callable) -> Callable:
    """PyTorch runs eagerly: the function is its own compiled form."""
    return fn


def compile_step(
    step: Callable, train: bool, jit_compile: Any, variables: Callable | None = None
) -> Callable:
    """A step of the trainer, recorded and replayed, or under torch.compile."""
    if train:
        before_training()
    if jit_compile is True:
        step = torch.compile(step)
    if not train:
        step = without_gradients(step)
    if jit_compile is True:
        return described(step, "runs under torch.compile, because jit_compile=True")
    if variables is None:
        return described(
            step,
            "runs step by step, because its calls may not be recorded: {code} may do "
            "anything",
        )
    return Captured(step, variables)


def compile_loop(compiled: Any, jit_compile: Any, collect: bool) -> Callable | None:
    """Many steps with their data converted at once, where calls are replayed."""
    if not isinstance(compiled, Captured):
        return None
    return functools.partial(compiled.loop, collect=collect)


def compile_call(fn: Callable, variables: Callable) -> Callable:
    """A function for calls from anywhere, recorded and replayed."""
    return Captured(fn, variables)


def without_gradients(fn: Callable) -> Callable:
    """`fn` without keeping what gradients would need."""
    return torch.no_grad()(fn)


def no_gradients() -> Any:
    """A context in which nothing is kept for gradients."""
    return torch.no_grad()


def remat(fn: Callable) -> Callable:
    """Recompute in the backward pass."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        run = repeatable(fn, lambda value: value.detach().clone())
        return torch.utils.checkpoint.checkpoint(
            run, *args, use_reentrant=False, **kwargs
        )

    def call(*args: Any, **kwargs: Any) -> Any:
        if not is_recording():
            return wrapped(*args, **kwargs)

        # Single calls, replayed, would keep their results. So `fn` runs as a whole each
        # time, in the scopes that are open now.
        tensors, filled, _ = tree.partition((args, kwargs), is_tensor)
        context: contextvars.Context | None = None
        put_back: Callable = tuple

        def run(tensors: list) -> list:
            nonlocal context, put_back
            context = context or contextvars.copy_context()
            args, kwargs = filled(tensors)
            out = context.copy().run(wrapped, *args, **kwargs)
            leaves, put_back, _ = tree.partition(out, is_tensor)
            return leaves

        leaves = opaque(run)(tensors)
        return put_back(leaves)

    return call


def custom_gradient(fn: Callable) -> Callable:
    """`fn(*args) -> (output, grad_fn)`; `grad_fn(*cotangents)` gives the gradients."""

    class Custom(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, *args: Any) -> Any:
            output, ctx.grad_fn = fn(*args)
            return output

        @staticmethod
        def backward(ctx: Any, *cotangents: Any) -> Any:
            return ctx.grad_fn(*cotangents)

    return Custom.apply
