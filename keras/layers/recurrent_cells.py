"""Cells: one step of a recurrent layer.

A cell is a layer with a `state_size`, called on the input of one step and a list of
states; it returns its output and the new states. Those here come in two halves, so
that a recurrent layer can do the first one for all steps at once: `project` multiplies
the input by the kernel, `step` does the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras import activations, ops, random
from keras.core.config.configurable import inherited
from keras.core.errors import check_fraction, check_positive_int
from keras.initializers.initializer import HostInitializer
from keras.layers.layer import Layer
from keras.layers.weighted import add_described, describe_weights, size_of_axis

Step = Callable[[Any, list[Any]], tuple[Any, list[Any]]]


class RecurrentCell(Layer):
    """Base of the built-in cells: kernel, recurrent kernel, bias and dropout.

    A subclass has as many `gates`, for which both kernels hold columns side by side,
    and defines `make_step`.
    """

    _not_copied = (*Layer._not_copied, "_dropout_mask", "_recurrent_dropout_mask")
    gates = 1
    gate_axis = -1  # the axis of the products along which the gates are concatenated
    has_kinds = True  # of implementation
    bias: Any = None
    _size_argument = "units"
    _dropout_mask: Any
    _recurrent_dropout_mask: Any

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        who = type(self).__name__
        implementation = kwargs.pop("implementation", 2) if self.has_kinds else 1
        super().__init__(**kwargs)
        if implementation == 0:  # of files of Keras 1, which had three
            implementation = 1
        if implementation not in (1, 2):
            raise ValueError(
                f"{who}: `implementation` must be 1 or 2; received {implementation!r}."
            )

        self.units = check_positive_int(units, self._size_argument, who)
        self.activation = activations.get(activation)
        self.use_bias = bool(use_bias)
        describe_weights(self, locals(), "kernel", "recurrent", "bias")
        self.dropout = check_fraction(dropout, "dropout", who)
        self.recurrent_dropout = check_fraction(
            recurrent_dropout, "recurrent_dropout", who
        )

        self.implementation = 1 if recurrent_dropout else implementation
        self.seed = seed
        self.seed_generator = random.SeedGenerator(seed)

        self.state_size: Any = self.units
        self.output_size = self.units
        self.reset_dropout_mask()
        self.reset_recurrent_dropout_mask()

    def build(self, input_shape: Any) -> None:
        """Make the weights, for one step's input of shape `(batch, features)`."""
        features, columns = size_of_axis(self, input_shape), self.gates * self.units
        self.kernel = add_described(self, "kernel", (features, columns))
        self.add_recurrent_weights((self.units, columns), (columns,))

    def add_recurrent_weights(self, shape: tuple, bias_shape: tuple) -> None:
        """Make the recurrent kernel and the bias."""
        name = "recurrent_kernel"
        self.recurrent_kernel = add_described(self, "recurrent", shape, name)
        if self.use_bias:
            start = self.start_bias()
            self.bias = add_described(self, "bias", bias_shape, initializer=start)

    def start_bias(self) -> Any:
        """The initializer of the bias."""
        return self.bias_initializer

    def call(
        self, inputs: Any, states: Any, training: Any = False
    ) -> tuple[Any, list[Any]]:
        """One step; the output is the first of the new states."""
        given = states if isinstance(states, (list, tuple)) else [states]
        project, step = self.halves(inputs, list(given), training)
        output, new = step(project(inputs), list(given))
        return output, (new if isinstance(states, (list, tuple)) else new[0])

    def halves(
        self, inputs: Any, states: list[Any], training: Any
    ) -> tuple[Callable, Step]:
        """`project(inputs)` and `step(projected, states)`, for any number of steps.

        Weights are read and dropout is drawn now, once for all these steps.
        """
        drop = recurrent_drop = None
        if training:
            drop = self.get_dropout_mask(inputs)
            recurrent_drop = self.get_recurrent_dropout_mask(states[0])
        kernel, recurrent = self.kernel.value, self.recurrent_kernel.value
        bias = None if self.bias is None else self.bias.value

        def project(x: Any) -> Any:
            x = self.dropped(self.input_product, x, kernel, drop)
            return x if bias is None else x + self.input_bias(bias)

        return project, self.make_step(recurrent, bias, recurrent_drop)

    def dropped(self, product: Callable, x: Any, kernel: Any, mask: Any) -> Any:
        """`product(x, kernel)` with dropout of `x`: one mask, or one for each gate."""
        if mask is None:
            return product(x, kernel)
        if not isinstance(mask, list):
            return product(x * mask, kernel)
        parts = ops.split(kernel, len(mask), axis=-1)
        found = [product(x * m, k) for m, k in zip(mask, parts)]
        return ops.concatenate(found, axis=self.gate_axis)

    def input_product(self, x: Any, kernel: Any) -> Any:
        """The input times the kernel."""
        return ops.matmul(x, kernel)

    def recurrent_product(self, h: Any, kernel: Any) -> Any:
        """The state times the recurrent kernel."""
        return ops.matmul(h, kernel)

    def input_bias(self, bias: Any) -> Any:
        """The part of the bias that is added to the projected input."""
        return bias

    def make_step(self, recurrent: Any, bias: Any, drop: Any) -> Step:
        """The other half of the cell, given the weights and the dropout of states."""
        raise NotImplementedError(f"{type(self).__name__} must define `make_step`.")

    def fused_kind(self) -> str | None:
        """The kernel for whole sequences that computes what this cell does."""
        return None

    # Dropout

    def get_dropout_mask(self, step_input: Any) -> Any:
        """What inputs are multiplied with while training: the same at every step.

        With `implementation=1`, or dropout of states, a list with one for each gate.
        """
        if self._dropout_mask is None and self.dropout:
            self._dropout_mask = self._draw(step_input, self.dropout)
        return self._dropout_mask

    def get_recurrent_dropout_mask(self, step_input: Any) -> Any:
        """What states are multiplied with while training."""
        if self._recurrent_dropout_mask is None and self.recurrent_dropout:
            self._recurrent_dropout_mask = self._draw(
                step_input, self.recurrent_dropout
            )
        return self._recurrent_dropout_mask

    def _draw(self, like: Any, rate: float) -> Any:
        one = ops.ones_like(like)
        count = self.gates if self.implementation == 1 else 1
        if count == 1:
            return random.dropout(one, rate, seed=self.seed_generator)
        # One draw: JAX would compile each.
        drawn = random.dropout(ops.stack([one] * count), rate, seed=self.seed_generator)
        return [drawn[i] for i in range(count)]

    def reset_dropout_mask(self) -> None:
        """Draw another mask at the next step."""
        self._dropout_mask = None

    def reset_recurrent_dropout_mask(self) -> None:
        """Draw another mask at the next step."""
        self._recurrent_dropout_mask = None

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """States of zeros for a batch."""
        return zero_states(self.state_size, batch_size, self.compute_dtype)


def zero_states(sizes: Any, batch_size: Any, dtype: Any) -> list[Any]:
    """A list of zeros `(batch_size, *size)` for every size (an integer or a shape)."""
    sizes = sizes if isinstance(sizes, (list, tuple)) else [sizes]
    return [
        ops.zeros((batch_size, *(s if isinstance(s, (list, tuple)) else (s,))), dtype)
        for s in sizes
    ]


class SimpleRNNCell(RecurrentCell):
    """One step of `SimpleRNN`: `h = tanh(x @ kernel + h @ recurrent_kernel + bias)`.

    Its arguments are those of `SimpleRNN`. Called on an input `(batch, features)` and
    the list of the state `(batch, units)`.

    Example:
        >>> cell = keras.layers.SimpleRNNCell(4)
        >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
    """

    has_kinds = False

    def call(
        self, sequence: Any, states: Any, training: Any = False
    ) -> tuple[Any, list[Any]]:
        """One step; the output is the new state."""
        return super().call(sequence, states, training)

    def make_step(self, recurrent: Any, bias: Any, drop: Any) -> Step:
        """Add the state's product and activate."""

        def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
            x = x + self.dropped(self.recurrent_product, states[0], recurrent, drop)
            h = self.activation(x)
            return h, [h]

        return step

    def fused_kind(self) -> str | None:
        """`simple_rnn`, as long as the activation is tanh."""
        return "simple_rnn" if self.activation is activations.tanh else None


class _OpenForgetGate(HostInitializer):
    """1 for the second of four gates, and what another initializer gives for the rest.

    (Jozefowicz et al., 2015: "An Empirical Exploration of Recurrent Network
    Architectures".)
    """

    def __init__(self, others: Any) -> None:
        self.others = others

    def draw(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        """The values."""
        n = shape[0] // 4
        first, ones, rest = self._drawn((n,), dtype), np.ones(n), (2 * n,)
        parts = [first, ones.astype(first.dtype), self._drawn(rest, dtype)]
        return np.concatenate(parts)

    def _drawn(self, shape: tuple[int, ...], dtype: str) -> np.ndarray:
        if getattr(self.others, "draw", None) is not None:
            return np.asarray(self.others.draw(shape, dtype))
        return ops.convert_to_numpy(self.others(shape, dtype=dtype))


class LSTMCell(RecurrentCell):
    """One step of `LSTM` (Hochreiter & Schmidhuber, 1997).

    With the gates `i, f, g, o` in this order along the columns of the kernels:
    `c = sigmoid(f) * c + sigmoid(i) * tanh(g)`, `h = sigmoid(o) * tanh(c)`. Its
    arguments are those of `LSTM`. Called on an input `(batch, features)` and the list
    of the states `h` and `c`, each `(batch, units)`.

    Example:
        >>> cell = keras.layers.LSTMCell(4)
        >>> output, (h, c) = cell(np.ones((2, 3)), cell.get_initial_state(2))
    """

    gates = 4

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**inherited(LSTMCell, locals()))
        self.recurrent_activation = activations.get(recurrent_activation)
        self.unit_forget_bias = bool(unit_forget_bias)
        self.state_size = [self.units, self.units]

    def start_bias(self) -> Any:
        """The initializer of the bias; if asked for, the forget gate's is 1."""
        start = super().start_bias()
        return _OpenForgetGate(start) if self.unit_forget_bias else start

    def make_step(self, recurrent: Any, bias: Any, drop: Any) -> Step:
        gate, activation = self.recurrent_activation, self.activation

        def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
            h, c = states
            x = x + self.dropped(self.recurrent_product, h, recurrent, drop)
            i, f, g, o = ops.split(x, 4, axis=self.gate_axis)
            c = gate(f) * c + gate(i) * activation(g)
            h = gate(o) * activation(c)
            return h, [h, c]

        return step

    def fused_kind(self) -> str | None:
        """`lstm`, with the usual activations."""
        usual = self.activation is activations.tanh
        return "lstm" if usual and _is_sigmoid(self.recurrent_activation) else None


class GRUCell(RecurrentCell):
    """One step of `GRU` (Cho et al., 2014, arXiv:1406.1078).

    With the update gate `z`, the reset gate `r` and the candidate in this order along
    the columns of the kernels: `h = z * h + (1 - z) * candidate`. With `reset_after`,
    `r` multiplies the state's product and not the state (arXiv:1412.3555 as cuDNN has
    it). Its arguments are those of `GRU`. Called on an input `(batch, features)` and
    the list of the state `(batch, units)`.

    Example:
        >>> cell = keras.layers.GRUCell(4)
        >>> output, states = cell(np.ones((2, 3)), cell.get_initial_state(2))
    """

    gates = 3

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**inherited(GRUCell, locals()))
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = bool(reset_after)

    def add_recurrent_weights(self, shape: tuple, bias_shape: tuple) -> None:
        """Make the recurrent kernel and the bias, one for each product."""
        if self.reset_after:
            bias_shape = (2, *bias_shape)
        super().add_recurrent_weights(shape, bias_shape)

    def input_bias(self, bias: Any) -> Any:
        """The bias of the input's product."""
        return bias[0] if self.reset_after else bias

    def make_step(self, recurrent: Any, bias: Any, drop: Any) -> Step:
        gate, units = self.recurrent_activation, self.units
        after = None if bias is None or not self.reset_after else bias[1]
        if not self.reset_after:
            recurrent, last = recurrent[:, : 2 * units], recurrent[:, 2 * units :]
        early, late = (drop[:2], drop[2]) if isinstance(drop, list) else (drop, drop)
        product = self.recurrent_product

        def step(x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
            h = states[0]
            xz, xr, xg = ops.split(x, 3, axis=-1)
            if self.reset_after:
                inner = self.dropped(product, h, recurrent, drop)
                inner = inner if after is None else inner + after
                hz, hr, hg = ops.split(inner, 3, axis=-1)
                hg = gate(xr + hr) * hg
            else:
                hz, hr = ops.split(
                    self.dropped(product, h, recurrent, early), 2, axis=-1
                )
                hg = self.dropped(product, gate(xr + hr) * h, last, late)
            z = gate(xz + hz)
            h = z * h + (1 - z) * self.activation(xg + hg)
            return h, [h]

        return step

    def fused_kind(self) -> str | None:
        """`gru`, with the usual activations and `reset_after`."""
        usual = self.activation is activations.tanh and self.reset_after
        return "gru" if usual and _is_sigmoid(self.recurrent_activation) else None


def _is_sigmoid(fn: Any) -> bool:
    return fn is activations.sigmoid
