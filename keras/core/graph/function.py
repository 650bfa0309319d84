"""`Function`: an operation that runs the graph between symbolic tensors."""

from __future__ import annotations

from typing import Any

from keras.core.graph.graph import Graph
from keras.core.graph.operation import Operation
from keras.core.tensor import KerasTensor
from keras.core.typing import Nested, SymbolicInputs


def is_functional(operation: Any) -> bool:
    """Whether this is a model made of a graph; a Sequential is not."""
    graph = getattr(operation, "_graph", None)
    return graph is not None and not hasattr(operation, "_layers")


class Function(Operation):
    """Run the graph between symbolic inputs and outputs on data.

    It has the weights of the layers in the graph and makes none: a way to look at what
    a model computes inside.

    Args:
        inputs: a symbolic tensor, or a list, tuple or dict of them.
        outputs: likewise; the results come back in the same structure.
        name: a name, by default automatic.

    Raises:
        ValueError: the outputs need an input that is not among `inputs`.

    Example:
        >>> x = keras.Input((3,))
        >>> f = keras.Function(x, keras.ops.exp(x) + 1)
        >>> f(np.zeros((1, 3)))
        array([[2., 2., 2.]], dtype=float32)
        >>> hidden = keras.layers.Dense(8, name="hidden")
        >>> model = keras.Sequential([keras.Input((3,)), hidden, keras.layers.Dense(1)])
        >>> features = keras.Function(model.inputs, model.get_layer("hidden").output)
    """

    graph: Graph

    def __init__(
        self, inputs: SymbolicInputs, outputs: SymbolicInputs, name: str | None = None
    ) -> None:
        super().__init__(name)
        self.graph = Graph(inputs, outputs, self._label())

    def _label(self) -> str:
        return f"{type(self).__name__} {self.name!r}"

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs as a list."""
        return self.graph.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs as a list."""
        return self.graph.outputs

    @property
    def operations(self) -> list[Operation]:
        """The operations, each once, the farthest from the outputs first."""
        return self.graph.operations

    def call(self, inputs: Nested) -> Nested:
        """Run the graph."""
        return self.graph.run(inputs, self._label())

    def compute_output_spec(self, inputs: Nested) -> Nested:
        """Run the graph on symbolic tensors of other shapes."""
        return self.graph.symbolic(inputs, self._label())

    def symbolic_call(self, inputs: Nested) -> Nested:
        """Add this function's operations to the graph that `inputs` belong to."""
        return self.call(inputs)
