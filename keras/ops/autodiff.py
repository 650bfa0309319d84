"""Derivatives of functions, by each framework's own automatic differentiation."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from keras.core import dtypes, tree
from keras.core.op import kernel
from keras.core.scope import current
from keras.core.variable import Variable


def value_and_grad(
    fn: Callable,
    variables: Variable | Sequence[Variable] | None = None,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
) -> Callable:
    """A function that gives the result of `fn` and the gradients of it.

    Args:
        fn: gives a scalar, or `(scalar, aux)` with `has_aux`.
        variables: take gradients with respect to these variables, which `fn` reads
            (they may be written by it too); None for gradients of arguments.
        argnums: which positional arguments to differentiate (nests of tensors), where
            `variables` is None.
        has_aux: `fn` returns further things beside the scalar.

    Returns:
        A function of the arguments of `fn` giving `(value, gradients)`, or
        `((value, aux), gradients)` with `has_aux`. The gradients come as `variables` or
        `argnums` are given: one, or a list. What the scalar does not depend on has
        gradient zero.

    Raises:
        TypeError: something to differentiate is not of a float type.
        ValueError: the result is not a scalar.

    Example:
        >>> keras.ops.value_and_grad(lambda x: keras.ops.sum(x * x))([1.0, 3.0])
        (array(10.), array([2., 6.]))
    """
    single = isinstance(variables, Variable)
    held: list[Variable] | None = None
    if variables is not None:
        held = [variables] if isinstance(variables, Variable) else list(variables)
    for variable in held or ():
        _check_float(variable.dtype, f"the variable {variable.path!r}")
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(fn)
    def scalar(*args: Any, **kwargs: Any) -> Any:
        out = fn(*args, **kwargs)
        value = out[0] if has_aux else out
        if tuple(getattr(value, "shape", ())) != ():
            raise ValueError(
                "value_and_grad: gradients exist of a scalar; the function gave shape "
                f"{tuple(value.shape)}. Reduce it with keras.ops.sum or mean"
                + ("." if has_aux else ", or say `has_aux=True` for (scalar, rest).")
            )
        return out

    @functools.wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        backend = current()
        if held is None:
            args = _differentiable(backend, args, numbers)
        run = backend.value_and_grad(scalar, held, argnums, has_aux)
        value, grads = run(*args, **kwargs)
        if held is not None:
            grads = [
                backend.convert_to_tensor(dtypes.numpy_dtype(v.dtype).type(0)) * v.value
                if g is None
                else g
                for g, v in zip(grads, held)
            ]
        return value, grads[0] if single else grads

    return wrapped


def grad(
    fn: Callable,
    variables: Variable | Sequence[Variable] | None = None,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
) -> Callable:
    """A function that gives the gradients of `fn`; see `value_and_grad`.

    With `has_aux` it gives `(gradients, aux)`.
    """
    run = value_and_grad(fn, variables, argnums, has_aux)

    @functools.wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, grads = run(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return wrapped


def _differentiable(backend: Any, args: tuple, numbers: tuple[int, ...]) -> tuple:
    out = list(args)
    for i in numbers:
        if not -len(args) <= i < len(args):
            raise ValueError(
                f"value_and_grad: argument {i} is to be differentiated, but the call "
                f"has {len(args)} positional arguments."
            )
        leaves = tree.flatten(args[i])
        if any(isinstance(x, (bool, int, float)) for x in leaves):
            out[i] = backend.convert_to_tensor(args[i])
        else:
            out[i] = tree.map_structure(backend.convert_to_tensor, args[i])
        for leaf in tree.flatten(out[i]):
            _check_float(backend.dtype_of(leaf), f"argument {i}")
    return tuple(out)


def _check_float(dtype: str, what: str) -> None:
    if dtype not in dtypes.FLOATS and dtype not in dtypes.COMPLEX:
        raise TypeError(
            f"value_and_grad: {what} has type {dtype}; gradients need a float type. "
            "Cast it with keras.ops.cast, or leave it out."
        )


_jvp = kernel("_jvp")  # (fun, primals, tangents, has_aux)


def jvp(fun: Callable, primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """The value of a function and its derivative along a direction (forward mode).

    Args:
        fun: a function of tensors.
        primals: a tuple or list of the arguments.
        tangents: the direction: a tuple or list like `primals`.
        has_aux: `fun` returns `(value, aux)`.

    Returns:
        `(value, derivative)`, and `aux` third with `has_aux`.

    Example:
        >>> keras.ops.jvp(lambda x: x * x, (3.0,), (1.0,))
        (array(9.), array(6.))
    """
    for name, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, (list, tuple)):
            raise TypeError(
                f"jvp: `{name}` must be a tuple or list, one entry per argument; "
                f"received {type(value).__name__}."
            )
    tree.assert_same_structure(tuple(primals), tuple(tangents))
    convert = functools.partial(tree.map_structure, current().convert_to_tensor)
    return _jvp(fun, convert(tuple(primals)), convert(tuple(tangents)), has_aux)


def custom_gradient(f: Callable) -> Callable:
    """Give a function a gradient of its own.

    Args:
        f: `(*args) -> (output, grad)`; `grad(*upstream)` takes the gradients with
            respect to the outputs and gives one for each argument.

    Returns:
        A function `(*args) -> output`.

    Example:
        >>> @keras.ops.custom_gradient
        ... def clipped(x):
        ...     return x, lambda upstream: keras.ops.clip(upstream, -1.0, 1.0)
    """
    made: dict[str, Callable] = {}

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        backend = current()
        args = tree.map_structure(backend.convert_to_tensor, args)
        if kwargs:
            return backend.custom_gradient(functools.partial(f, **kwargs))(*args)
        if backend.name not in made:
            made[backend.name] = backend.custom_gradient(f)
        return made[backend.name](*args)

    return wrapped
