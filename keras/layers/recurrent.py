"""The recurrent layers with a cell of their own: SimpleRNN, LSTM, GRU."""

from __future__ import annotations

from typing import Any

from keras.core.errors import check_choice
from keras.layers.input_spec import InputSpec
from keras.layers.recurrent_cells import GRUCell, LSTMCell, SimpleRNNCell
from keras.layers.rnn import RNN


class OfCell:
    """An attribute that the layer's cell keeps."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, layer: Any, owner: Any = None) -> Any:
        if layer is None:
            return self
        try:
            return getattr(layer.__dict__["cell"], self.name)
        except KeyError:
            raise AttributeError(self.name) from None

    def __set__(self, layer: Any, value: Any) -> None:
        raise AttributeError(
            f"{type(layer).__name__}.{self.name} is fixed when the layer is made."
        )


class CellLayer(RNN):
    """A recurrent layer that makes its own cell and shows the cell's arguments."""

    rank = 0  # the number of axes of a step's input beside batch and channels
    _unwritten: tuple[str, ...] = ("cell", "use_cudnn")

    activation = OfCell()
    use_bias = OfCell()
    kernel_initializer = OfCell()
    recurrent_initializer = OfCell()
    bias_initializer = OfCell()
    kernel_regularizer = OfCell()
    recurrent_regularizer = OfCell()
    bias_regularizer = OfCell()
    kernel_constraint = OfCell()
    recurrent_constraint = OfCell()
    bias_constraint = OfCell()
    dropout = OfCell()
    recurrent_dropout = OfCell()
    seed = OfCell()

    def __init__(self, cell: Any, use_cudnn: Any = "auto", **kwargs: Any) -> None:
        choices = ("auto", True, False)
        check_choice(use_cudnn, choices, "use_cudnn", type(self).__name__)
        super().__init__(cell, **kwargs)
        self.use_cudnn = use_cudnn
        self.input_spec = InputSpec(ndim=3 + self.rank)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"activity_regularizer": None, **super().get_config()}


def of_cell(name: str, kwargs: dict[str, Any]) -> dict[str, Any]:
    """What a layer's further arguments say about its cell."""
    shared = {k: kwargs[k] for k in ("dtype", "trainable") if k in kwargs}
    if "implementation" in kwargs:
        shared["implementation"] = kwargs.pop("implementation")
    return {"name": name, **shared}


class SimpleRNN(CellLayer):
    """A fully connected layer that sees its own last output too.

    `h = activation(x @ kernel + h @ recurrent_kernel + bias)` at each step.

    Args:
        units: the size of the state, which is the output.
        activation: a name or a function.
        use_bias: whether a bias is added.
        kernel_initializer, recurrent_initializer, bias_initializer: how weights start.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: penalties on them.
        activity_regularizer: a penalty on the output.
        kernel_constraint, recurrent_constraint, bias_constraint: projections after each
            update.
        dropout, recurrent_dropout: how likely an element of the input, of the state, is
            set to 0 while training, the same at all steps.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        seed: an integer, or None.

    Input `(batch, time, features)`, output `(batch, units)`, or `(batch, time, units)`
    with `return_sequences`.

    Example:
        >>> keras.layers.SimpleRNN(4)(np.ones((2, 5, 3))).shape
        (2, 4)
    """

    _unwritten = ("cell", "use_cudnn", "seed")

    units = OfCell()

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        cell = SimpleRNNCell(
            units,
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **of_cell("simple_rnn_cell", kwargs),
        )
        super().__init__(
            cell,
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            **kwargs,
        )


class LSTM(CellLayer):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997).

    At each step, with `i, f, g, o = split(x @ kernel + h @ recurrent_kernel + bias)`:
    `c = sigmoid(f) * c + sigmoid(i) * tanh(g)` and `h = sigmoid(o) * tanh(c)`.

    Args:
        units: the size of `h`, which is the output, and of `c`.
        activation: in place of tanh.
        recurrent_activation: in place of sigmoid.
        unit_forget_bias: whether the forget gate's bias starts at 1.
        use_cudnn: whether PyTorch's kernel for whole sequences runs: "auto" where it
            computes the same (usual activations, no `unroll`, no dropout of states),
            True or nothing, False never. Other backends compile the loop.

    The other arguments are those of `SimpleRNN`. Input `(batch, time, features)`;
    output `(batch, units)`, or `(batch, time, units)` with `return_sequences`; the
    states are `h` and `c`.

    Raises:
        ValueError: `use_cudnn` is True and there is no such kernel.

    Example:
        >>> layer = keras.layers.LSTM(4, return_state=True)
        >>> output, h, c = layer(np.ones((2, 5, 3)))
    """

    units = OfCell()
    recurrent_activation = OfCell()
    unit_forget_bias = OfCell()

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = LSTMCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            unit_forget_bias=unit_forget_bias,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            **of_cell("lstm_cell", kwargs),
        )
        super().__init__(
            cell,
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            use_cudnn=use_cudnn,
            **kwargs,
        )


class GRU(CellLayer):
    """Gated recurrent units (Cho et al., 2014, arXiv:1406.1078).

    At each step an update gate `z` and a reset gate `r` are made of input and state;
    `h = z * h + (1 - z) * candidate`.

    Args:
        units: the size of the state, which is the output.
        activation: the candidate's activation.
        recurrent_activation: that of the gates.
        reset_after: whether the reset gate multiplies the state's product (as cuDNN
            does) instead of the state. The bias is then `(2, 3 * units)`.
        use_cudnn: as with `LSTM`.

    The other arguments are those of `SimpleRNN`. Input `(batch, time, features)`;
    output `(batch, units)`, or `(batch, time, units)` with `return_sequences`.

    Example:
        >>> keras.layers.GRU(4, return_sequences=True)(np.ones((2, 5, 3))).shape
        (2, 5, 4)
    """

    units = OfCell()
    recurrent_activation = OfCell()
    reset_after = OfCell()

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
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        cell = GRUCell(
            units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            seed=seed,
            reset_after=reset_after,
            **of_cell("gru_cell", kwargs),
        )
        super().__init__(
            cell,
            activity_regularizer=activity_regularizer,
            return_sequences=return_sequences,
            return_state=return_state,
            go_backwards=go_backwards,
            stateful=stateful,
            unroll=unroll,
            use_cudnn=use_cudnn,
            **kwargs,
        )
