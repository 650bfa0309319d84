"""The graph inside a functional or sequential model."""

from __future__ import annotations

from collections import Counter

from keras.core.graph.graph import Graph
from keras.core.tensor import KerasTensor, any_symbolic
from keras.core.typing import SymbolicInputs
from keras.layers.layer import Layer


class GraphBody(Graph):
    """A graph whose operations are known by name, as a model's are.

    Args:
        inputs, outputs: the symbolic ends of the graph.
        owner: the model, in the words of an error message.

    Raises:
        ValueError: two operations have the same name.
    """

    layers: list[Layer]

    def __init__(
        self, inputs: SymbolicInputs, outputs: SymbolicInputs, owner: str
    ) -> None:
        super().__init__(inputs, outputs, owner)
        self.results_struct = without_list_of_one(outputs)
        self.layers = [op for op in self.operations if isinstance(op, Layer)]

        names = [op.name for op in self.operations]
        repeated = sorted(name for name, n in Counter(names).items() if n > 1)
        if repeated:
            raise ValueError(
                f"{owner}: layer names must be unique; {repeated} stand for more than "
                f"one layer. All names: {names}."
            )


def without_list_of_one(ends: SymbolicInputs) -> SymbolicInputs:
    """The tensor itself for a list of one: `Model([x], [y])` is as `Model(x, y)`."""
    if isinstance(ends, (list, tuple)) and len(ends) == 1:
        (only,) = ends
        return only if isinstance(only, KerasTensor) else ends
    return ends


def is_functional_call(args: tuple, kwargs: dict) -> bool:
    """Whether a model's constructor got `inputs` and `outputs`."""
    return (
        len(args) >= 2
        or (len(args) == 1 and "outputs" in kwargs)
        or ("inputs" in kwargs and "outputs" in kwargs)
    ) and any_symbolic((*args[:2], *kwargs.values()))
