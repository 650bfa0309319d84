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
    """A function that returns the result of `fn` and its gradients.

    Args:
        fn: a function that returns a scalar, or `(scalar, aux)` with `has_aux`.
        variables: a variable or a list of them, which `fn` reads (and may write), to
            take gradients with respect to; None for gradients of arguments.
        argnums: the positional arguments to differentiate (nested structures of
            tensors), if `variables` is None.
        has_aux: whether `fn` returns something beside the scalar.

    Returns:
        A function of the arguments of `fn` that returns `(value, gradients)`, or
        `((value, aux), gradients)` with `has_aux`. There is one gradient or a list of
        them, like `variables` or `argnums`. The gradient is zero where the scalar does
        not depend on the value.

    Raises:
        TypeError: a value to differentiate is not of a float type.
        ValueError: the result is not a scalar.

    Example:
        >>> keras.ops.value_and_grad(lambda x: keras.ops.sum(x * x))([1.0, 3.0])
        (array(10.), array([2., 6.]))
    """
    is_single = isinstance(variables, Variable)
    sources: list[Variable] | None = None
    if variables is not None:
        sources = [variables] if isinstance(variables, Variable) else list(variables)
    for variable in sources or ():
        _check_float(variable.dtype, f"the variable {variable.path!r}")
    numbers = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    @functools.wraps(fn)
    def scalar(*args: Any, **kwargs: Any) -> Any:
        out = fn(*args, **kwargs)
        value = out[0] if has_aux else out
        if tuple(getattr(value, "shape", ())) != ():
            raise ValueError(
                "value_and_grad: the function must return a scalar; it gave shape "
                f"{tuple(value.shape)}. Reduce it with keras.ops.sum or mean"
                + ("." if has_aux else ", or use `has_aux=True` for (scalar, aux).")
            )
        return out

    @functools.wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        backend = current()
        if sources is None:
            args = _differentiable(backend, args, numbers)
        run = backend.value_and_grad(scalar, sources, argnums, has_aux)
        value, grads = run(*args, **kwargs)

        if sources is not None:
            grads = [
                _zero_gradient(backend, variable) if grad is None else grad
                for grad, variable in zip(grads, sources)
            ]
        return value, grads[0] if is_single else grads

    return wrapped


def _zero_gradient(backend: Any, variable: Variable) -> Any:
    """Zeros like the variable, wherever it is stored."""
    zero = dtypes.numpy_dtype(variable.dtype).type(0)
    return backend.convert_to_tensor(zero) * variable.value


def grad(
    fn: Callable,
    variables: Variable | Sequence[Variable] | None = None,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
) -> Callable:
    """A function that returns the gradients of `fn`; see `value_and_grad`.

    Returns:
        A function of the arguments of `fn` that returns the gradients, or
        `(gradients, aux)` with `has_aux`.

    Example:
        >>> keras.ops.grad(lambda x: keras.ops.sum(x * x))([1.0, 3.0])
        array([2., 6.])
    """
    run = value_and_grad(fn, variables, argnums, has_aux)

    @functools.wraps(fn)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        value, grads = run(*args, **kwargs)
        return (grads, value[1]) if has_aux else grads

    return wrapped


def _differentiable(backend: Any, args: tuple, numbers: tuple[int, ...]) -> tuple:
    """The arguments, with those to be differentiated as tensors of a float type."""
    out = list(args)
    for i in numbers:
        if not -len(args) <= i < len(args):
            raise ValueError(
                f"value_and_grad: `argnums` names argument {i}, but the call has "
                f"{len(args)} positional arguments."
            )

        # A list with numbers in it is one tensor, else a structure of tensors.
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
    """Jacobian-vector product: a function's value and its derivative in a direction.

    Args:
        fun: a function of tensors.
        primals: a tuple or list of the arguments.
        tangents: the direction, a tuple or list of the structure of `primals`.
        has_aux: whether `fun` returns `(value, aux)`.

    Returns:
        `(value, derivative)`, or `(value, derivative, aux)` with `has_aux`.

    Raises:
        TypeError: `primals` or `tangents` is not a tuple or list.

    Example:
        >>> keras.ops.jvp(lambda x: x * x, (3.0,), (1.0,))
        (array(9.), array(6.))
    """
    for name, value in (("primals", primals), ("tangents", tangents)):
        if not isinstance(value, (list, tuple)):
            raise TypeError(
                f"jvp: `{name}` must be a tuple or list with an entry for each "
                f"argument of the function; received {type(value).__name__}."
            )
    tree.assert_same_structure(tuple(primals), tuple(tangents))
    convert = functools.partial(tree.map_structure, current().convert_to_tensor)
    return _jvp(fun, convert(tuple(primals)), convert(tuple(tangents)), has_aux)


def custom_gradient(f: Callable) -> Callable:
    """A decorator that gives a function its own gradient.

    Args:
        f: a function `(*args) -> (output, grad)`. `grad(*upstream)` takes the gradients
            with respect to the outputs and returns one for each argument.

    Returns:
        A function `(*args) -> output`.

    Example:
        >>> @keras.ops.custom_gradient
        ... def clipped(x):
        ...     return x, lambda upstream: keras.ops.clip(upstream, -1.0, 1.0)
    """
    by_backend: dict[str, Callable] = {}

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        backend = current()
        args = tree.map_structure(backend.convert_to_tensor, args)
        if kwargs:
            return backend.custom_gradient(functools.partial(f, **kwargs))(*args)
        if backend.name not in by_backend:
            by_backend[backend.name] = backend.custom_gradient(f)
        return by_backend[backend.name](*args)

    return wrapped
