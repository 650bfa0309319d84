"""Loops and choices of Keras 2's backend."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from keras import ops
from keras._tf_keras.legacy.backend_math import ndim
from keras.core.op import Tensor
from keras.core.typing import ArrayLike, DTypeLike

# Control


def switch(condition: ArrayLike, then_expression: Any, else_expression: Any) -> Any:
    """One of two tensors or of what two functions return.

    A condition with axes chooses element by element, and stands for all the axes that
    the tensors have behind its own.
    """
    functions = [
        x if callable(x) else (lambda x=x: ops.convert_to_tensor(x))
        for x in (then_expression, else_expression)
    ]
    condition = ops.cast(condition, "bool")
    if ndim(condition) == 0:
        return ops.cond(condition, *functions)

    branches = [function() for function in functions]
    missing = ndim(branches[0]) - ndim(condition)
    condition = ops.reshape(condition, (*ops.shape(condition), *[1] * missing))
    return ops.where(condition, *branches)


def map_fn(
    fn: Callable[[Any], Any],
    elems: Any,
    name: str | None = None,
    dtype: DTypeLike = None,
) -> Any:
    """`fn` of each element along the first axis, stacked."""
    out = ops.map(fn, elems)
    return out if dtype is None else ops.cast(out, dtype)


def foldl(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    name: str | None = None,
) -> Any:
    """`fn(fn(initializer, elems[0]), elems[1])` and so on; see `functools.reduce`."""
    rows = ops.unstack(ops.convert_to_tensor(elems))
    start = () if initializer is None else (initializer,)
    return functools.reduce(fn, rows, *start)


def foldr(
    fn: Callable[[Any, Any], Any],
    elems: Any,
    initializer: Any = None,
    name: str | None = None,
) -> Any:
    """As `foldl`, from the last element to the first."""
    return foldl(fn, ops.flip(elems, axis=0), initializer)


def rnn(
    step_function: Callable[[Any, Any], tuple[Any, Any]],
    inputs: Any,
    initial_states: Sequence[Any],
    go_backwards: bool = False,
    mask: ArrayLike | None = None,
    constants: Sequence[Any] | None = None,
    unroll: bool = False,
    input_length: int | None = None,
    time_major: bool = False,
    zero_output_for_mask: bool = False,
    return_all_outputs: bool = True,
) -> tuple[Any, Any, tuple]:
    """A loop over the steps of sequences.

    Args:
        step_function: `(input, states) -> (output, states)`; constants are at the end
            of its states.
        inputs: shape (samples, steps, ...), or (steps, samples, ...) if `time_major`.
        initial_states: a list of tensors.
        go_backwards: from the last step to the first.
        mask: booleans of shape (samples, steps); a step where it is False keeps the
            states and repeats the output before.
        constants: tensors that every step gets.
        unroll: repeat the step in the graph instead of looping.
        input_length: the number of steps, where the shape does not say it.
        time_major: whether steps are the first axis, of outputs too.
        zero_output_for_mask: outputs of masked steps are zeros.
        return_all_outputs: else only the last output is in `outputs`.

    Returns:
        `(last_output, outputs, states)`.
    """
    xs = ops.convert_to_tensor(inputs)
    xs = xs if time_major else ops.swapaxes(xs, 0, 1)
    states = [ops.convert_to_tensor(s) for s in initial_states]
    extra = list(constants or ())
    keep = None
    if mask is not None:
        keep = ops.cast(mask, "bool")
        keep = keep if time_major else ops.swapaxes(keep, 0, 1)
    if go_backwards:
        xs = ops.flip(xs, axis=0)
        keep = None if keep is None else ops.flip(keep, axis=0)

    first, _ = step_function(xs[0], states + extra)
    zero = ops.zeros_like(first)

    def choose(real: Tensor, new: Tensor, old: Tensor) -> Tensor:
        missing = ndim(new) - ndim(real)
        return ops.where(
            ops.reshape(real, (*ops.shape(real), *[1] * missing)), new, old
        )

    def step(carry: Any, x: Any) -> Any:
        old_states, old_output = carry
        value, real = x if keep is not None else (x, None)
        output, new_states = step_function(value, [*old_states, *extra])
        if real is None:
            return (list(new_states), output), output
        pairs = zip(new_states, old_states)
        new_states = [choose(real, new, old) for new, old in pairs]
        shown = choose(real, output, zero if zero_output_for_mask else old_output)
        return (new_states, choose(real, output, old_output)), shown

    loop_inputs = xs if keep is None else (xs, keep)
    (states, last), outputs = ops.scan(
        step, (states, zero), loop_inputs, unroll=bool(unroll)
    )
    if not return_all_outputs:
        outputs = ops.expand_dims(last, 0)
    if not time_major:
        outputs = ops.swapaxes(outputs, 0, 1)
    return last, outputs, tuple(states)
