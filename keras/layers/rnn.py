"""The recurrent layer around any cell."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from keras import ops
from keras.core import tree
from keras.core.config.limits import check_repeats
from keras.core.dtypes import is_float_dtype
from keras.core.scope import current
from keras.core.variable import (
    AutocastFrame,
    Variable,
    current_frame,
    finds_shapes,
)
from keras.layers.input_spec import InputSpec, layer_label
from keras.layers.layer import Layer
from keras.layers.recurrent_cells import RecurrentCell, Step
from keras.layers.stacked_cells import (
    StackedRNNCells,
    call_cell,
    check_cell,
    initial_state,
    is_builtin,
)


class RNN(Layer):
    """Steps a cell along a sequence.

    Args:
        cell: a cell, or a list of cells, one upon the other. A cell is a layer with
            `call(inputs, states)` that returns `(output, new_states)`, and an attribute
            `state_size`: the size of its state, or a list of sizes.
        return_sequences: whether the outputs of all steps are returned, not the last.
        return_state: whether the states after the last step are returned too.
        go_backwards: whether to begin with the last step; the outputs come in the order
            in which they were computed.
        stateful: whether the states after a batch are those before the next one, until
            `reset_state()`. The batch size must be known, and stay.
        unroll: whether the loop is written out: faster for short sequences, slower
            to compile.
        zero_output_for_mask: whether the output of a masked step is 0, not that of the
            step before.

    Input `(batch, time, ...)`, with a mask `(batch, time)`: masked steps are left out.
    Output `(batch, ...)`, or `(batch, time, ...)` with `return_sequences`; with
    `return_state` a tuple of it and each state.

    Example:
        >>> layer = keras.layers.RNN(keras.layers.LSTMCell(4), return_sequences=True)
        >>> layer(np.ones((2, 5, 3))).shape
        (2, 5, 4)
    """

    _not_parts = ("states",)  # neither weights nor saved, like the data they come from

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        zero_output_for_mask: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if isinstance(cell, (list, tuple)):
            cell = StackedRNNCells(cell)
        self.cell = check_cell(cell, type(self).__name__)
        self.return_sequences = bool(return_sequences)
        self.return_state = bool(return_state)
        self.go_backwards = bool(go_backwards)
        self.stateful = bool(stateful)
        self.unroll = bool(unroll)
        self.zero_output_for_mask = bool(zero_output_for_mask)
        self.supports_masking = True
        self.input_spec = InputSpec(min_ndim=2)
        self.states: Any = None

    @property
    def state_size(self) -> list[Any]:
        """The sizes of the cell's states."""
        size = self.cell.state_size
        return list(size) if isinstance(size, (list, tuple)) else [size]

    def build(self, sequences_shape: Any, initial_state_shape: Any = None) -> None:
        """Build the cell, and the states if they are kept."""
        if isinstance(self.cell, Layer) and not self.cell.built:
            self.cell.build((sequences_shape[0], *sequences_shape[2:]))
        if self.stateful:
            batch_size = sequences_shape[0]
            if batch_size is None:
                raise ValueError(
                    f"{layer_label(self)}: with stateful=True the batch size must be "
                    f"known; received shape {tuple(sequences_shape)}. Give it: "
                    "keras.Input(batch_shape=(batch_size, ...))."
                )
            with current().outside_trace():
                self.states = tree.map_structure(
                    lambda zeros: Variable(
                        zeros, trainable=False, autocast=False, name="rnn_state"
                    ),
                    self.get_initial_state(batch_size),
                )

    def get_initial_state(self, batch_size: Any) -> list[Any]:
        """The states before the first step: the cell's own, or zeros."""
        first = initial_state(self.cell, batch_size, self.compute_dtype)
        return list(first) if isinstance(first, (list, tuple)) else [first]

    def reset_state(self) -> None:
        """Set the states that are kept between batches to 0."""
        for variable in tree.flatten(self.states):
            if variable is not None:
                variable.assign(ops.zeros(variable.shape, variable.dtype))

    def reset_states(self) -> None:
        """Set the states that are kept between batches to 0."""
        self.reset_state()

    def compute_mask(self, _: Any, mask: Any) -> Any:
        """The mask of the sequence, if one is returned."""
        mask = tree.flatten(mask)[0] if self.return_sequences else None
        if not self.return_state:
            return mask
        return [mask] + [None] * len(tree.flatten(self.state_size))

    def call(
        self,
        sequences: Any,
        initial_state: Any = None,
        mask: Any = None,
        training: Any = False,
    ) -> Any:
        """Step along the sequence."""
        mask = tree.flatten(mask)[0]
        self._check_call(sequences, mask)
        if not is_float_dtype(ops.dtype(sequences)):
            sequences = ops.cast(sequences, self.compute_dtype)
        states = None if initial_state is None else self._as_states(initial_state)
        run = self._run_whole
        if current().runs_eagerly(sequences) and self._may_compile():
            if self._compiled is None:
                self._compiled = current().compile(self._run_whole)
            run = self._compiled
        return run(sequences, states, mask, training)

    _compiled: Any

    def _may_compile(self) -> bool:
        """Whether a call depends on nothing but its arguments and variables."""
        cells = getattr(self.cell, "cells", [self.cell])
        plain = all(isinstance(f, AutocastFrame) for f in _frames())
        return plain and all(is_builtin(type(c)) for c in (self, self.cell, *cells))

    def _run_whole(self, sequences: Any, states: Any, mask: Any, training: Any) -> Any:
        if states is None and self.stateful:
            # `+ 0`: on PyTorch the value itself is about to change in place.
            states = tree.map_structure(lambda v: v.value + 0, self.states)
        elif states is None:
            states = self.get_initial_state(ops.shape(sequences)[0])
        if mask is not None:
            mask = ops.cast(mask, "bool")
        last, outputs, states = self.inner_loop(sequences, states, mask, training)
        if self.stateful:
            for variable, new in zip(tree.flatten(self.states), tree.flatten(states)):
                variable.assign(ops.cast(new, variable.dtype))
        output = outputs if self.return_sequences else last
        return (output, *tree.flatten(states)) if self.return_state else output

    def inner_loop(
        self, sequences: Any, initial_state: Any, mask: Any, training: Any = False
    ) -> tuple[Any, Any, Any]:
        """The loop: `(last output, outputs of all steps or None, states)`."""
        with self._fresh_dropout(sequences, initial_state, training):
            kernel = self._fused_kernel(training)
            if kernel is not None:
                return self._run_fused(kernel, sequences, initial_state, mask, training)
            xs = ops.swapaxes(sequences, 0, 1)
            xs, step = self._prepare(xs, initial_state, training)
            if mask is not None:
                return self._scan_masked(step, xs, initial_state, mask)
            return self._scan(step, xs, initial_state)

    use_cudnn: Any = "auto"

    def _fused_kernel(self, training: Any) -> Any:
        """The framework's kernel for whole sequences, where it computes the same."""
        if not self.use_cudnn or finds_shapes():
            return None
        cell, found = self.cell, None
        if self._in_halves() and not self.unroll:
            found = current().FUSED_RNN.get(cell.fused_kind())
            if training and (
                cell.recurrent_dropout or (cell.dropout and cell.implementation == 1)
            ):
                found = None
        if found is None and self.use_cudnn is True:
            raise ValueError(
                f"{layer_label(self)}: use_cudnn=True, but {current().name} has no "
                f"kernel for whole sequences for {cell!r} with these arguments. "
                "Pass use_cudnn='auto' to use one only where there is one."
            )
        return found

    def _run_fused(
        self, kernel: Any, sequences: Any, states: Any, mask: Any, training: Any
    ) -> tuple[Any, Any, Any]:
        cell = self.cell
        if training and cell.dropout:
            drop = cell.get_dropout_mask(sequences[:, 0])
            sequences = sequences * ops.expand_dims(drop, 1)
        if self.go_backwards:
            sequences = ops.flip(sequences, axis=1)
            mask = None if mask is None else ops.flip(mask, axis=1)
        weights = [
            None if w is None else w.value
            for w in (cell.kernel, cell.recurrent_kernel, cell.bias)
        ]
        return kernel(sequences, states, weights, mask, self.zero_output_for_mask)

    def _prepare(self, xs: Any, states: Any, training: Any) -> tuple[Any, Step]:
        """The input of all steps, and the step; what can be is done for all at once."""
        cell = self.cell
        if self._in_halves():
            project, step = cell.halves(xs[0], states, training)
            if current().projects_sequences():
                return project(xs), step
            return xs, lambda x, states: step(project(x), states)

        def whole(x: Any, states: Any) -> tuple[Any, Any]:
            output, new = call_cell(cell, x, states, training)
            return output, self._like(new, states)

        return xs, whole

    def _in_halves(self) -> bool:
        """Whether the cell's own `call` may be left out."""
        cell = self.cell
        return (
            isinstance(cell, RecurrentCell)
            and is_builtin(type(cell))
            and cell.compute_dtype == self.compute_dtype
            and cell.activity_regularizer is None
        )

    def _like(self, new: Any, old: Any) -> Any:
        """The new states, nested and typed as the old ones."""
        new, given = tree.flatten(new), tree.flatten(old)
        shapes = [tuple(s.shape) for s in new]
        wanted = [tuple(s.shape) for s in given]
        if len(shapes) != len(wanted):
            raise ValueError(
                f"{layer_label(self)}: the cell {self.cell!r} returned {len(shapes)} "
                f"new states of shapes {shapes}; it was given {len(wanted)} of shapes "
                f"{wanted} (state_size={self.cell.state_size})."
            )
        new = [ops.cast(n, ops.dtype(o)) for n, o in zip(new, given)]
        return tree.pack_sequence_as(old, new)

    @contextmanager
    def _fresh_dropout(
        self, sequences: Any, states: Any, training: Any
    ) -> Iterator[None]:
        """Draw what the cells drop before the loop: it is the same at every step."""
        cells = getattr(self.cell, "cells", [self.cell])
        droppers = [c for c in cells if training and isinstance(c, RecurrentCell)]
        inputs = sequences[:, 0] if droppers else None
        for c, state in zip(cells, states if len(cells) > 1 else [states]):
            first = tree.flatten(state)[0]
            if c in droppers:
                c.reset_dropout_mask()
                c.reset_recurrent_dropout_mask()
                c.get_dropout_mask(inputs)
                c.get_recurrent_dropout_mask(first)
            inputs = first  # the output of a cell is like its first state
        try:
            yield
        finally:
            for c in droppers:
                c.reset_dropout_mask()
                c.reset_recurrent_dropout_mask()

    # Loops over time-major sequences

    def _scan(self, step: Step, xs: Any, states: Any) -> tuple[Any, Any, Any]:
        if self.return_sequences:
            return self._stacked(
                *self._loop(lambda states, x: step(x, states)[::-1], states, xs)
            )
        if self._in_halves():  # the output is the first state

            def advance(states: Any, x: Any) -> Any:
                return step(x, states)[1], None

            states, _ = self._loop(advance, states, xs)
            return tree.flatten(states)[0], None, states

        def keep_last(carry: Any, x: Any) -> Any:
            output, new = step(x, carry[0])
            return (new, output), None

        carry = states, ops.zeros_like(step(xs[0], states)[0])
        (states, last), _ = self._loop(keep_last, carry, xs)
        return last, None, states

    def _scan_masked(
        self, step: Step, xs: Any, states: Any, mask: Any
    ) -> tuple[Any, Any, Any]:
        """A masked step leaves states and output as they are, or gives 0."""

        def advance(carry: Any, x: Any) -> Any:
            states, last = carry
            x, real = x
            output, new = step(x, states)
            new = tree.map_structure(lambda n, o: _where(real, n, o), new, states)
            output = _where(real, output, zeros if self.zero_output_for_mask else last)
            return (new, output), output if self.return_sequences else None

        like = states[0] if self._in_halves() else step(xs[0], states)[0]
        zeros = ops.zeros_like(like)
        real = ops.expand_dims(ops.swapaxes(mask, 0, 1), -1)
        (states, last), ys = self._loop(advance, (states, zeros), (xs, real))
        if not self.return_sequences:
            return last, None, states
        return last, self._stacked(states, ys)[1], states

    def _loop(self, body: Any, carry: Any, xs: Any) -> Any:
        unroll: Any = 1
        if self.unroll:
            steps = tree.flatten(xs)[0].shape[0]
            check_repeats(steps, f"{self.name!r} with `unroll=True`: its steps")
            # One step tells the shapes; an unknown number of them may be very large.
            unroll = 1 if finds_shapes() else True
        return current().scan(body, carry, xs, None, self.go_backwards, unroll)

    def _stacked(self, states: Any, ys: Any) -> tuple[Any, Any, Any]:
        if self.go_backwards:
            ys = ops.flip(ys, axis=0)
        return ys[-1], ops.swapaxes(ys, 0, 1), states

    # Checks

    def _check_call(self, sequences: Any, mask: Any) -> None:
        shape = tuple(sequences.shape)
        if len(shape) > 1 and shape[1] == 0:
            raise ValueError(
                f"{layer_label(self)}: the sequence of shape {shape} has no steps."
            )
        if mask is not None and len(mask.shape) != 2:
            raise ValueError(
                f"{layer_label(self)}: `mask` must have shape (batch, time), such as "
                f"{shape[:2]}; received shape {tuple(mask.shape)}."
            )
        if self.stateful and self.states is not None:
            kept = tree.flatten(self.states)[0].shape
            if shape[0] not in (None, kept[0]):
                raise ValueError(
                    f"{layer_label(self)} keeps states for batches of {kept[0]} "
                    f"(stateful=True); received a batch of {shape[0]} (shape {shape})."
                )

    def _as_states(self, given: Any) -> Any:
        """The initial state as the cell takes it."""
        flat = tree.flatten(given)
        sizes = tree.flatten(self.state_size)
        shapes = [tuple(s.shape) for s in flat if hasattr(s, "shape")]
        fits = len(shapes) == len(flat) == len(sizes) and all(
            size in (shape[-1], -1) or shape[-1] is None
            for shape, size in zip(shapes, sizes)
        )
        if not fits:
            raise ValueError(
                f"{layer_label(self)}: `initial_state` must hold {len(sizes)} "
                f"tensor(s), one for each state, of sizes {self.state_size}; received "
                f"{len(flat)} of shapes {shapes}."
            )
        flat = [ops.convert_to_tensor(s, self.compute_dtype) for s in flat]
        return tree.pack_sequence_as(self.state_size, flat)


def _frames() -> Iterator[Any]:
    """The frames around, through which variables are read and written."""
    found = current_frame()
    while found is not None:
        yield found
        found = found.parent


def _where(real: Any, new: Any, old: Any) -> Any:
    """`new` in the rows whose step is real, else `old`."""
    extra = len(new.shape) - 2
    if extra:
        real = ops.reshape(real, (-1, 1, *(1,) * extra))
    return ops.where(real, new, old)
