"""Branches, loops and maps over functions."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.core import tree
from keras.core.op import op
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.ops import numpy as knp


def _tensors(structure: Any) -> Any:
    """Every leaf as a tensor of the backend in force."""
    convert = current().convert_to_tensor
    return tree.map_structure(lambda x: x if x is None else convert(x), structure)


def _stacked(xs: Any) -> Any:
    """`_tensors`, but a nested list of numbers is one tensor."""
    if any(isinstance(x, (bool, int, float)) for x in tree.flatten(xs)):
        return current().convert_to_tensor(xs)
    return _tensors(xs)


def _keeping(body: Callable, start: Any, what: str) -> Callable:
    """`body`, whose first result is checked to be like the state it starts from."""
    backend, checked = current(), False
    old = tree.flatten(start)

    def run(*args: Any) -> Any:
        nonlocal checked
        new = body(*args)
        pair = isinstance(new, (list, tuple)) and len(new) == 2
        state = new[0] if what == "scan" and pair else new
        if checked:
            return new
        found = tree.flatten(state)
        if len(found) != len(old) or (what == "scan" and not pair):
            wanted = "a pair (carry, y)" if what == "scan" else "its state again"
            raise TypeError(
                f"{what}: the function must return {wanted}, with {len(old)} tensors "
                f"of state; it returned {new!r}."
            )
        for i, (a, b) in enumerate(zip(found, old)):
            a = backend.convert_to_tensor(a)
            sizes = [x for x in zip(a.shape, b.shape) if None not in x]
            kinds = backend.dtype_of(a), backend.dtype_of(b)
            same_shape = len(a.shape) == len(b.shape) and all(m == n for m, n in sizes)
            if not same_shape or kinds[0] != kinds[1]:
                raise (TypeError if same_shape else ValueError)(
                    f"{what}: shapes and types must stay from step to step. The state "
                    f"number {i} starts with shape {tuple(b.shape)}, {kinds[1]}, and "
                    f"has shape {tuple(a.shape)}, {kinds[0]}, after a step."
                )
        checked = True
        return new

    return run


def cond(pred: Any, true_fn: Callable, false_fn: Callable) -> Any:
    """The result of one of two functions, which are alike.

    While a function is traced both branches are, and only one runs. A symbolic `pred`
    (in a functional model) computes both and selects.

    Example:
        >>> x = keras.ops.convert_to_tensor(3.0)
        >>> keras.ops.cond(x > 2, lambda: x * 2, lambda: x)
        array(6.)
    """
    if isinstance(pred, KerasTensor):
        select = functools.partial(knp.where, pred)
        return tree.map_structure(select, true_fn(), false_fn())
    if isinstance(pred, (bool, np.bool_)):
        return true_fn() if pred else false_fn()
    pred = current().convert_to_tensor(pred)
    if len(pred.shape):
        raise ValueError(
            f"cond: `pred` must be a scalar; received shape {tuple(pred.shape)}. For a "
            "choice of elements use keras.ops.where."
        )
    return current().cond(pred, true_fn, false_fn)


def switch(index: Any, branches: Sequence[Callable], *operands: Any) -> Any:
    """Call the branch number `index` (or the nearest there is) with the operands.

    The branches' results are alike.

    Example:
        >>> keras.ops.switch(1, [keras.ops.add, keras.ops.subtract], 5.0, 3.0)
        array(2.)
    """
    if not branches:
        raise ValueError("switch: `branches` is empty; there is nothing to call.")
    last = len(branches) - 1
    if isinstance(index, (int, np.integer)):
        return branches[max(0, min(int(index), last))](*operands)

    def pick(i: int) -> Any:
        if i == last:
            return branches[i](*operands)
        return cond(index <= i, lambda: branches[i](*operands), lambda: pick(i + 1))

    return pick(0)


@op
def while_loop(
    cond: Callable,
    body: Callable,
    loop_vars: Any,
    maximum_iterations: int | None = None,
) -> Any:
    """Repeat `loop_vars = body(*loop_vars)` while `cond(*loop_vars)` holds.

    `loop_vars` is a tuple or list of (nests of) tensors, or one tensor; `body` keeps
    their structure, shapes and types.

    Example:
        >>> keras.ops.while_loop(lambda i: i < 10, lambda i: i + 3, 0)
        array(12)
    """
    for name, function in (("cond", cond), ("body", body)):
        if not callable(function):
            raise TypeError(f"while_loop: `{name}` must be callable; got {function!r}.")
    loop_vars = _tensors(loop_vars)
    body = _keeping(body, loop_vars, "while_loop")
    return current().while_loop(cond, body, loop_vars, maximum_iterations)


@op
def scan(
    f: Callable,
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
    unroll: int | bool = 1,
) -> tuple[Any, Any]:
    """`carry, y = f(carry, x)` along the first axis of `xs`.

    Args:
        f: the step; the carry keeps its structure, shapes and types.
        init: the first carry.
        xs: a nest of tensors with a common first axis, or None (then give `length`).
        length: the number of steps, needed without `xs`.
        reverse: go from the last to the first; the results keep their places.
        unroll: how many steps to write out in a row; True for all.

    Returns:
        The last carry, and the results `y` stacked along a new first axis.

    Example:
        >>> carry, ys = keras.ops.scan(lambda c, x: (c + x, c), 0.0, [1.0, 2.0, 3.0])
        >>> float(carry), ys
        (6.0, array([0., 1., 3.]))
    """
    if not callable(f):
        raise TypeError(f"scan: `f` must be callable; received {f!r}.")
    if not isinstance(unroll, bool) and (not isinstance(unroll, int) or unroll < 1):
        raise ValueError(
            f"scan: `unroll` must be a positive integer or a boolean; "
            f"received {unroll!r}."
        )
    init, xs = _tensors(init), _stacked(xs)
    sizes = {x.shape[0] for x in tree.flatten(xs) if x is not None}
    sizes |= set() if length is None else {length}
    if len(sizes - {None}) > 1 or not sizes:
        raise ValueError(
            "scan: the first axes of `xs` and `length` must agree, and one of them "
            f"must be given; received sizes {sorted(sizes - {None})}."
        )
    f = _keeping(f, init, "scan")
    return current().scan(f, init, xs, length, reverse, unroll)


@op
def map(f: Callable, xs: Any) -> Any:
    """`f` on each slice along the first axis of nested tensors, the results stacked."""
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


@op
def fori_loop(lower: Any, upper: Any, body_fun: Callable, init_val: Any) -> Any:
    """`for i in range(lower, upper): val = body_fun(i, val)`.

    The body keeps structure, shapes and types. Gradients go through it on every backend
    when both bounds are Python integers.
    """
    convert = current().convert_to_tensor
    val = _tensors(init_val)
    body_fun = _keeping(body_fun, val, "fori_loop")
    if isinstance(lower, int) and isinstance(upper, int):
        if upper <= lower:
            return val
        step = lambda state, _: ((state[0] + 1, body_fun(*state)), None)  # noqa: E731
        first, length = (convert(lower), val), upper - lower
        return current().scan(step, first, None, length, False, 1)[0][1]
    upper = convert(upper, "int32")
    _, val = current().while_loop(
        lambda i, _: i < upper,
        lambda i, val: (i + 1, body_fun(i, val)),
        (convert(lower, "int32"), val),
        None,
    )
    return val


@op
def vectorized_map(function: Callable, elements: Any) -> Any:
    """`function` on all slices along the first axis at once; it has no side effects."""
    return current().vectorized_map(function, _stacked(elements))


def vmap(fn: Callable, in_axes: Any = 0, out_axes: int = 0) -> Callable:
    """`fn` on all slices of its arguments at once.

    Args:
        fn: a function of tensors and nests of them, without side effects.
        in_axes: the axis along which each argument is sliced, None for one that every
            call gets whole: a number for all, or a list with an entry for each.
        out_axes: where the results are stacked.

    Returns:
        A function of the same arguments.

    Raises:
        ValueError: `in_axes` has another length than the arguments, or only None.

    Example:
        >>> scaled = keras.ops.vmap(lambda row, c: row * c, in_axes=(0, None))
        >>> scaled(keras.ops.ones((2, 3)), 5.0).shape
        (2, 3)
    """

    @functools.wraps(fn)
    def mapped(*args: Any) -> Any:
        several = isinstance(in_axes, (list, tuple))
        axes = list(in_axes) if several else [in_axes] * len(args)
        if len(axes) != len(args) or all(axis is None for axis in axes):
            raise ValueError(
                f"vmap: `in_axes` needs an axis for each of the {len(args)} arguments, "
                f"and not only None; received {in_axes!r}."
            )
        rows = [
            tree.map_structure(lambda x, a=a: knp.moveaxis(x, a, 0), _stacked(arg))
            for arg, a in zip(args, axes)
            if a is not None
        ]

        def one(rows: list) -> Any:
            left = iter(rows)
            whole = [x if a is None else next(left) for x, a in zip(args, axes)]
            return fn(*whole)

        out = vectorized_map(one, rows)
        return tree.map_structure(lambda y: knp.moveaxis(y, 0, out_axes), out)

    return mapped


@op
def associative_scan(
    f: Callable, elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """All prefixes combined by an associative function, in log2(n) rounds.

    Blelloch, 1990: "Prefix sums and their applications".

    Args:
        f: `(a, b) -> c` on slices of `elems`, element by element along `axis`.
        elems: a nest of tensors of the same size along `axis`.
        reverse: combine from the end.

    Example:
        >>> keras.ops.associative_scan(keras.ops.add, keras.ops.arange(5))
        array([ 0,  1,  3,  6, 10])
    """
    if not callable(f):
        raise TypeError(f"associative_scan: `f` must be callable; received {f!r}.")
    elems = _stacked(elems)
    flat = tree.flatten(elems)
    axis = axis % len(flat[0].shape)
    sizes = {x.shape[axis] for x in flat}
    if len(sizes) != 1 or None in sizes:
        raise ValueError(
            f"associative_scan: every array needs the same known size along axis "
            f"{axis}; received shapes {[tuple(x.shape) for x in flat]}."
        )
    at = (slice(None),) * axis

    def cut(xs: list, *where: int | None) -> list:
        return [knp.get_item(x, (*at, slice(*where))) for x in xs]

    def combine(left: list, right: list) -> list:
        out = f(tree.pack_sequence_as(elems, left), tree.pack_sequence_as(elems, right))
        return tree.flatten(out)

    def joined(left: list, right: list) -> list:
        return [knp.concatenate(pair, axis=axis) for pair in zip(left, right)]

    def scanned(xs: list) -> list:
        n = xs[0].shape[axis]
        if n < 2:
            return xs
        odd = scanned(combine(cut(xs, 0, n - 1, 2), cut(xs, 1, None, 2)))
        before = odd if n % 2 else cut(odd, 0, n // 2 - 1)
        rest = cut(xs, 2, None, 2)
        even = joined(cut(xs, 0, 1), combine(before, rest)) if n > 2 else cut(xs, 0, 1)
        return [interleave(a, b) for a, b in zip(even, odd)]

    def interleave(even: Any, odd: Any) -> Any:
        n = even.shape[axis] + odd.shape[axis]
        around = [(0, 0)] * len(even.shape)
        around[axis] = (0, n % 2)
        pairs = knp.stack([even, knp.pad(odd, around)], axis=axis + 1)
        whole = [*even.shape[:axis], n + n % 2, *even.shape[axis + 1 :]]
        return knp.get_item(knp.reshape(pairs, whole), (*at, slice(0, n)))

    if reverse:
        flat = [knp.flip(x, axis=axis) for x in flat]
    out = scanned(flat)
    if reverse:
        out = [knp.flip(x, axis=axis) for x in out]
    return tree.pack_sequence_as(elems, out)
