"""Control flow: branches, loops and maps over functions of tensors."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.core import tree
from keras.core.errors import shapes_fit
from keras.core.op import Tensor, op
from keras.core.scope import current
from keras.core.tensor import KerasTensor
from keras.ops import numpy as knp


def _tensors(structure: Any) -> Any:
    """The structure with every leaf as a tensor of the current backend."""
    convert = current().convert_to_tensor
    return tree.map_structure(lambda x: x if x is None else convert(x), structure)


def _stacked(xs: Any) -> Any:
    """`_tensors`, but a nested list of numbers is one tensor, to be sliced."""
    if any(isinstance(x, (bool, int, float)) for x in tree.flatten(xs)):
        return current().convert_to_tensor(xs)
    return _tensors(xs)


def _check_state(body: Callable, initial: Any, who: str) -> Callable:
    """`body` with a check that its first result is like the state it starts from.

    Frameworks disagree on what a changing state means: some raise, some broadcast, some
    run until memory is gone. Checked here, the message is the same everywhere.
    """
    backend = current()
    old = tree.flatten(initial)
    is_scan = who == "scan"
    checked = False

    def run(*args: Any) -> Any:
        nonlocal checked
        result = body(*args)
        if checked:
            return result

        is_pair = isinstance(result, (list, tuple)) and len(result) == 2
        new = tree.flatten(result[0] if is_scan and is_pair else result)
        if len(new) != len(old) or (is_scan and not is_pair):
            expected = "a pair (carry, y)" if is_scan else "its state again"
            raise TypeError(
                f"{who}: the function must return {expected}, with {len(old)} tensors "
                f"of state; it returned {result!r}."
            )

        for i, (after, before) in enumerate(zip(new, old)):
            after = backend.convert_to_tensor(after)
            same_shape = shapes_fit(after.shape, before.shape)
            type_after = backend.dtype_of(after)
            type_before = backend.dtype_of(before)
            if not same_shape or type_after != type_before:
                raise (TypeError if same_shape else ValueError)(
                    f"{who}: shapes and types must stay from step to step. The state "
                    f"number {i} starts with shape {tuple(before.shape)}, "
                    f"{type_before}, and has shape {tuple(after.shape)}, {type_after}, "
                    "after a step."
                )

        checked = True
        return result

    return run


def cond(pred: Tensor, true_fn: Callable, false_fn: Callable) -> Any:
    """The result of `true_fn()` if `pred` is true, else of `false_fn()`.

    While a function is compiled both branches are traced, and only one runs. A symbolic
    `pred` (in a functional model) computes both and selects.

    Args:
        pred: a boolean scalar.
        true_fn, false_fn: functions without arguments, whose results have the same
            structure, shapes and types.

    Raises:
        ValueError: `pred` is not a scalar.

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
            f"cond: `pred` must be a scalar; received shape {tuple(pred.shape)}. To "
            "choose element by element use keras.ops.where."
        )
    return current().cond(pred, true_fn, false_fn)


def switch(index: Tensor, branches: Sequence[Callable], *operands: Any) -> Any:
    """The result of one of several functions, chosen by number.

    Args:
        index: an integer scalar; outside 0 ... len(branches) - 1 the nearest counts.
        branches: functions of the operands, whose results have the same structure,
            shapes and types.
        *operands: the arguments of the branch.

    Raises:
        ValueError: there are no branches.

    Example:
        >>> keras.ops.switch(1, [keras.ops.add, keras.ops.subtract], 5.0, 3.0)
        array(2.)
    """
    if not branches:
        raise ValueError("switch: `branches` must have at least one function.")
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
    """While loop: `loop_vars = body(*loop_vars)` as long as `cond(*loop_vars)` is true.

    Args:
        cond: a function of the state that returns a boolean scalar.
        body: a function of the state that returns the next one, of the same structure,
            shapes and types.
        loop_vars: the initial state: a tuple or list of tensors or nested structures of
            them, or one tensor.
        maximum_iterations: the largest number of steps; None for no limit.

    Returns:
        The last state.

    Raises:
        TypeError: `cond` or `body` is not callable, or the state changes its structure
            or types.
        ValueError: the state changes its shapes.

    Example:
        >>> keras.ops.while_loop(lambda i: i < 10, lambda i: i + 3, 0)
        array(12)
    """
    for name, function in (("cond", cond), ("body", body)):
        if not callable(function):
            raise TypeError(
                f"while_loop: `{name}` must be callable; received {function!r}."
            )
    loop_vars = _tensors(loop_vars)
    body = _check_state(body, loop_vars, "while_loop")
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
    """Scan: `carry, y = f(carry, x)` for each slice x along the first axis of `xs`.

    Args:
        f: the step, a function `(carry, x) -> (carry, y)` that keeps the structure,
            shapes and types of the carry.
        init: the first carry.
        xs: a nested structure of tensors with a common first axis, or None.
        length: the number of steps; it must be given if `xs` is None.
        reverse: whether to go from the last slice to the first. The results are in the
            order of the slices in any case.
        unroll: the number of steps to unroll in the compiled loop; True for all.

    Returns:
        The last carry, and the results `y` stacked along a new first axis.

    Raises:
        TypeError: `f` is not callable, or changes the structure or types of the carry.
        ValueError: the sizes do not agree, none is given, `unroll` is not positive, or
            `f` changes the shapes of the carry.

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

    init = _tensors(init)
    xs = _stacked(xs)
    sizes = {x.shape[0] for x in tree.flatten(xs) if x is not None}
    if length is not None:
        sizes.add(length)
    known = sorted(sizes - {None})
    if len(known) > 1 or not sizes:
        raise ValueError(
            "scan: the first axes of `xs` and `length` must agree, and one of them "
            f"must be given; received sizes {known}."
        )

    f = _check_state(f, init, "scan")
    return current().scan(f, init, xs, length, reverse, unroll)


@op
def map(f: Callable, xs: Any) -> Any:
    """Apply `f` to each slice along the first axis, one after the other.

    Args:
        f: a function of a slice.
        xs: a tensor, or a nested structure of tensors with a common first axis.

    Returns:
        The results, stacked along a new first axis.

    Example:
        >>> keras.ops.map(lambda row: keras.ops.sum(row), [[1, 2], [3, 4]])
        array([3, 7])
    """
    return scan(lambda carry, x: (carry, f(x)), (), xs)[1]


@op
def fori_loop(lower: Any, upper: Any, body_fun: Callable, init_val: Any) -> Any:
    """For loop: `for i in range(lower, upper): val = body_fun(i, val)`.

    Gradients go through it on every backend if both bounds are Python integers.

    Args:
        lower, upper: integers, or integer scalars.
        body_fun: a function `(i, val) -> val` that keeps structure, shapes and types.
        init_val: the first value, a nested structure of tensors.

    Returns:
        The last value.

    Example:
        >>> keras.ops.fori_loop(0, 4, lambda i, total: total + i, 0)
        array(6)
    """
    convert = current().convert_to_tensor
    val = _tensors(init_val)
    body_fun = _check_state(body_fun, val, "fori_loop")

    # With a known number of steps it is a scan, which every backend differentiates.
    if isinstance(lower, int) and isinstance(upper, int):
        if upper <= lower:
            return val

        def step(state: tuple, _: Any) -> tuple:
            i, val = state
            return (i + 1, body_fun(i, val)), None

        first = (convert(lower), val)
        (_, val), _ = current().scan(step, first, None, upper - lower, False, 1)
        return val

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
    """Apply a function without side effects to all slices along the first axis at once.

    Args:
        function: a function of a slice (or of a structure of slices).
        elements: a tensor, or a nested structure of tensors with a common first axis.

    Returns:
        The results, stacked along a new first axis.
    """
    return current().vectorized_map(function, _stacked(elements))


def vmap(fn: Callable, in_axes: Any = 0, out_axes: int = 0) -> Callable:
    """Vectorize a function: apply it to all slices of its arguments at once.

    Args:
        fn: a function of tensors and nested structures of them, without side effects.
        in_axes: the axis along which each argument is sliced: a number for all, or a
            list with an entry for each. None for an argument that every call gets
            whole.
        out_axes: the axis along which the results are stacked.

    Returns:
        A function of the same arguments.

    Raises:
        ValueError: the number of `in_axes` differs from that of the arguments, or all
            are None.

    Example:
        >>> scaled = keras.ops.vmap(lambda row, c: row * c, in_axes=(0, None))
        >>> scaled(keras.ops.ones((2, 3)), 5.0).shape
        (2, 3)
    """

    @functools.wraps(fn)
    def mapped(*args: Any) -> Any:
        is_list = isinstance(in_axes, (list, tuple))
        axes = list(in_axes) if is_list else [in_axes] * len(args)
        if len(axes) != len(args) or all(axis is None for axis in axes):
            raise ValueError(
                f"vmap: `in_axes` must have an axis for each of the {len(args)} "
                f"arguments, not all None; received {in_axes!r}."
            )

        sliced = [
            tree.map_structure(lambda x, a=a: knp.moveaxis(x, a, 0), _stacked(arg))
            for arg, a in zip(args, axes)
            if a is not None
        ]

        def call_on_slices(slices: list) -> Any:
            following = iter(slices)
            arguments = [
                arg if a is None else next(following) for arg, a in zip(args, axes)
            ]
            return fn(*arguments)

        out = vectorized_map(call_on_slices, sliced)
        return tree.map_structure(lambda y: knp.moveaxis(y, 0, out_axes), out)

    return mapped


@op
def associative_scan(
    f: Callable, elems: Any, reverse: bool = False, axis: int = 0
) -> Any:
    """Combine all prefixes by an associative function, in log2(n) rounds.

    Blelloch, 1990, "Prefix sums and their applications".

    Args:
        f: an associative function `(a, b) -> c` of slices of `elems`, which works
            element by element along `axis`.
        elems: a nested structure of tensors of the same known size along `axis`.
        reverse: whether to combine from the end.
        axis: the axis.

    Returns:
        A structure like `elems`: element i along `axis` combines the elements up to i.

    Raises:
        TypeError: `f` is not callable.
        ValueError: the sizes along the axis differ or are not known.

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
            f"associative_scan: all tensors must have the same known size along axis "
            f"{axis}; received shapes {[tuple(x.shape) for x in flat]}."
        )

    def combine(left: list, right: list) -> list:
        out = f(tree.pack_sequence_as(elems, left), tree.pack_sequence_as(elems, right))
        return tree.flatten(out)

    if reverse:
        flat = [knp.flip(x, axis=axis) for x in flat]
    out = _scan_prefixes(flat, combine, axis)
    if reverse:
        out = [knp.flip(x, axis=axis) for x in out]
    return tree.pack_sequence_as(elems, out)


def _scan_prefixes(xs: list, combine: Callable, axis: int) -> list:
    """The prefixes of flat tensors: those of odd places from a scan of half the size.

    With `*` for the function, `[a, b, c, d]` gives the pairs `[a*b, c*d]`, whose scan
    `[a*b, a*b*c*d]` are the results at the odd places. Each of these and the element
    after it give the next result at an even place: `a*b` and `c` give `a*b*c`.
    """
    size = xs[0].shape[axis]
    if size < 2:
        return xs

    def cut(xs: list, start: int, stop: int | None, step: int = 1) -> list:
        key = (*(slice(None),) * axis, slice(start, stop, step))
        return [knp.get_item(x, key) for x in xs]

    pairs = combine(cut(xs, 0, size - 1, 2), cut(xs, 1, None, 2))
    odd = _scan_prefixes(pairs, combine, axis)

    even = cut(xs, 0, 1)
    if size > 2:
        before = odd if size % 2 else cut(odd, 0, size // 2 - 1)
        later = combine(before, cut(xs, 2, None, 2))
        even = [knp.concatenate(parts, axis=axis) for parts in zip(even, later)]

    return [_interleave(a, b, axis) for a, b in zip(even, odd)]


def _interleave(even: Any, odd: Any, axis: int) -> Any:
    """Elements of two tensors in turn; `even` may have one more."""
    size = even.shape[axis] + odd.shape[axis]
    around = [(0, 0)] * len(even.shape)
    around[axis] = (0, size % 2)
    pairs = knp.stack([even, knp.pad(odd, around)], axis=axis + 1)

    merged = [*even.shape[:axis], size + size % 2, *even.shape[axis + 1 :]]
    key = (*(slice(None),) * axis, slice(0, size))
    return knp.get_item(knp.reshape(pairs, merged), key)
