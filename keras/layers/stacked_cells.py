"""Cells upon cells, and what any cell is."""

from __future__ import annotations

import inspect
from typing import Any

from keras.core import tree
from keras.layers.layer import Layer
from keras.layers.recurrent_cells import zero_states


class StackedRNNCells(Layer):
    """Cells one upon the other, as one cell: each takes the output of the one before.

    Args:
        cells: the cells, the lowest first.

    Raises:
        ValueError: one of them is no cell.

    Example:
        >>> cells = [keras.layers.LSTMCell(8), keras.layers.GRUCell(4)]
        >>> layer = keras.layers.RNN(keras.layers.StackedRNNCells(cells))
        >>> layer(np.ones((2, 5, 3))).shape
        (2, 4)
    """

    def __init__(self, cells: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.cells = [check_cell(c, "StackedRNNCells", "cells") for c in cells]
        if not self.cells:
            raise ValueError("StackedRNNCells: `cells` is empty; give cells.")

    @property
    def state_size(self) -> list[Any]:
        """The state sizes, cell by cell."""
        return [c.state_size for c in self.cells]

    @property
    def output_size(self) -> Any:
        """The size of the output of the last cell."""
        return _output_size(self.cells[-1])

    def get_initial_state(self, batch_size: Any = None) -> list[Any]:
        """States of zeros, cell by cell."""
        return [initial_state(c, batch_size, self.compute_dtype) for c in self.cells]

    def build(self, input_shape: Any) -> None:
        """Build the cells, each for the output of the one before."""
        for c in self.cells:
            if isinstance(c, Layer) and not c.built:
                c.build(input_shape)
            size = _output_size(c)
            size = size if isinstance(size, (list, tuple)) else (size,)
            input_shape = (input_shape[0], *size)

    def call(
        self, inputs: Any, states: Any, training: Any = False, **kwargs: Any
    ) -> tuple[Any, list[Any]]:
        """One step of all cells."""
        new_states = []
        for c, state in zip(self.cells, states):
            nested = isinstance(state, (list, tuple))
            inputs, new = call_cell(
                c, inputs, list(state) if nested else [state], training, **kwargs
            )
            new_states.append(new if nested else tree.flatten(new)[0])
        return inputs, new_states


def check_cell(cell: Any, who: str, argument: str = "cell") -> Any:
    """`cell` if it can be one, else an error that says what a cell has."""
    for name in ("call", "state_size"):
        if not hasattr(cell, name):
            raise ValueError(
                f"{who}: `{argument}`: a cell has a method `call(inputs, states)` and "
                f"an attribute `state_size`: the size of its state, or a list of "
                f"sizes; received {cell!r}, which has no `{name}`."
            )
    return cell


def initial_state(cell: Any, batch_size: Any, dtype: Any) -> Any:
    """A cell's own first states, or zeros."""
    own = getattr(cell, "get_initial_state", None)
    if own is not None:
        return own(batch_size=batch_size)
    return zero_states(cell.state_size, batch_size, dtype)


def call_cell(
    cell: Any, inputs: Any, states: Any, training: Any, **kwargs: Any
) -> tuple[Any, Any]:
    """One step of a cell, which takes part in `training` if its `call` has it."""
    if isinstance(cell, Layer) or _takes_training(cell):
        kwargs["training"] = training
    run = cell if callable(cell) else cell.call
    return run(inputs, states, **kwargs)


def _takes_training(cell: Any) -> bool:
    return "training" in inspect.signature(cell.call).parameters


def _output_size(cell: Any) -> Any:
    size = getattr(cell, "output_size", None)
    if size is None:
        size = cell.state_size
        size = size[0] if isinstance(size, (list, tuple)) else size
    return size


def is_builtin(cls: type) -> bool:
    """Whether a layer's class is one of this package's."""
    return cls.__module__.startswith("keras.layers.")
