"""SimpleRNN, LSTM and GRU."""

from __future__ import annotations

from typing import Any

from keras.core.config.configurable import argument_names, arguments
from keras.core.errors import check_choice
from keras.core.naming import to_snake_case
from keras.layers.input_spec import InputSpec
from keras.layers.layer import Layer
from keras.layers.recurrent_cells import GRUCell, LSTMCell, RecurrentCell, SimpleRNNCell
from keras.layers.rnn import RNN


class OfCell:
    """An attribute that the layer's cell keeps."""

    def __init__(self, name: str) -> None:
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
    _cell_class: type[RecurrentCell]
    _unwritten: tuple[str, ...] = ("cell", "use_cudnn")

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "_cell_class" in vars(cls):
            for name in cls._names_of_cell():
                setattr(cls, name, OfCell(name))

    @classmethod
    def _names_of_cell(cls) -> frozenset[str]:
        """The arguments that are the cell's and not every layer's."""
        cell = cls._cell_class
        others = argument_names(Layer) | {"rank", *cell._unwritten}
        return argument_names(cell) - others

    def __init__(self, use_cudnn: Any = "auto", **kwargs: Any) -> None:
        choices = ("auto", True, False)
        check_choice(use_cudnn, choices, "use_cudnn", type(self).__name__)
        shared = {k: kwargs[k] for k in ("dtype", "trainable") if k in kwargs}
        names = self._names_of_cell() | {"implementation"}
        own = {k: kwargs.pop(k) for k in names if k in kwargs}
        name = to_snake_case(self._cell_class.__name__)
        cell = self._make_cell(name=name, **own, **shared)
        super().__init__(cell, **kwargs)
        self.use_cudnn = use_cudnn
        self.input_spec = InputSpec(ndim=3 + self.rank)

    def _make_cell(self, **kwargs: Any) -> RecurrentCell:
        return self._cell_class(**kwargs)

    def get_config(self) -> dict[str, Any]:
        return {"activity_regularizer": None, **super().get_config()}


class SimpleRNN(CellLayer):
    """A fully connected recurrent layer.

    `h = activation(x @ kernel + h @ recurrent_kernel + bias)` at each step.

    Args:
        units: the size of the state, which is the output.
        activation, use_bias, activity_regularizer: as in `Dense`.
        kernel_initializer, recurrent_initializer, bias_initializer, ...: initializer,
            regularizer and constraint of each weight.
        dropout: dropout rate of the inputs, with the same mask at all steps.
        recurrent_dropout: dropout rate of the states, likewise.
        return_sequences, return_state, go_backwards, stateful, unroll: see `RNN`.
        seed: an integer, or None.

    Input `(batch, time, features)`, output `(batch, units)`, or `(batch, time, units)`
    with `return_sequences`.

    Example:
        >>> keras.layers.SimpleRNN(4)(np.ones((2, 5, 3))).shape
        (2, 4)
    """

    _cell_class = SimpleRNNCell
    _unwritten = ("cell", "use_cudnn", "seed")

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
        super().__init__(**arguments(locals()))


class LSTM(CellLayer):
    """Long short-term memory (Hochreiter & Schmidhuber, 1997).

    At each step, with `i, f, g, o = split(x @ kernel + h @ recurrent_kernel + bias)`:
    `c = sigmoid(f) * c + sigmoid(i) * tanh(g)` and `h = sigmoid(o) * tanh(c)`.

    Args:
        units: the size of `h`, which is the output, and of `c`.
        activation: activation of the candidate and of the output.
        recurrent_activation: activation of the gates.
        unit_forget_bias: whether the bias of the forget gate is initialized to 1.
        use_cudnn: whether the backend's kernel for whole sequences is used: "auto"
            where it computes the same (default activations, no `unroll`, no dropout of
            states), True requires it, False never. PyTorch has one; other backends
            compile the loop.

    The other arguments are those of `SimpleRNN`. Input `(batch, time, features)`;
    output `(batch, units)`, or `(batch, time, units)` with `return_sequences`; the
    states are `h` and `c`.

    Raises:
        ValueError: `use_cudnn` is True and the backend has no such kernel.

    Example:
        >>> layer = keras.layers.LSTM(4, return_state=True)
        >>> output, h, c = layer(np.ones((2, 5, 3)))
    """

    _cell_class = LSTMCell

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
        super().__init__(**arguments(locals()))


class GRU(CellLayer):
    """Gated recurrent unit (Cho et al., 2014, arXiv:1406.1078).

    At each step an update gate `z` and a reset gate `r` are made of input and state;
    `h = z * h + (1 - z) * candidate`.

    Args:
        units: the size of the state, which is the output.
        activation: activation of the candidate.
        recurrent_activation: activation of the gates.
        reset_after: whether the reset gate multiplies the state's product (as cuDNN
            does) instead of the state. The bias is then `(2, 3 * units)`.
        use_cudnn: as with `LSTM`.

    The other arguments are those of `SimpleRNN`. Input `(batch, time, features)`;
    output `(batch, units)`, or `(batch, time, units)` with `return_sequences`.

    Example:
        >>> keras.layers.GRU(4, return_sequences=True)(np.ones((2, 5, 3))).shape
        (2, 5, 4)
    """

    _cell_class = GRUCell

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
        super().__init__(**arguments(locals()))
