"""What a node of a graph performs: an `Operation`, or the call of an op.

Layers are operations too; what they add is in `keras/layers/layer.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras.core.naming import auto_name, to_snake_case
from keras.core.op import Op, symbolic
from keras.core.tensor import any_symbolic


class Operation:
    """What a node of a graph performs: an op with its arguments, or a layer.

    Args:
        name: the node's name; by default automatic, from the class's.
    """

    name: str

    def __init__(self, name: str | None = None) -> None:
        self.name = name or auto_name(to_snake_case(type(self).__name__))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args) or any_symbolic(kwargs.values()):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs from tensors. A subclass defines it."""
        raise NotImplementedError(
            f"{type(self).__name__} has no `call` method: define `call` in the class."
        )

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Find the output's shape and add a node to the graph."""
        from keras.core.graph.node import Node

        outputs = self.compute_output_spec(*args, **kwargs)
        return Node(self, args, kwargs, outputs).outputs

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """The outputs as symbolic tensors, found by running `call` abstractly."""
        from keras.core.graph.infer import infer_outputs

        return infer_outputs(self.call, args, kwargs)

    def rematerialized_call(self, fn: Callable, *args: Any, **kwargs: Any) -> Callable:
        """`fn`, as it runs on such arguments where it was made in a `RematScope`.

        Args:
            fn: a function of tensors.
            *args, **kwargs: what it will be called on.

        Returns:
            `fn`, if no scope asks for more; else a function that gives the same and
            runs again in the backward pass.
        """
        return fn

    @property
    def input(self) -> Any:
        """The symbolic input of the one call made on it so far."""
        return self._only_node("input").inputs_as_given

    @property
    def output(self) -> Any:
        """The symbolic output of the one call made on it so far."""
        return self._only_node("output").outputs

    def _only_node(self, what: str) -> Any:
        from keras.core.graph.node import nodes_of

        nodes = nodes_of(self)
        if len(nodes) != 1:
            raise AttributeError(
                f"{type(self).__name__} {self.name!r} has {len(nodes)} symbolic calls, "
                f"so `{what}` is not one thing. It is defined after exactly one call."
            )
        return nodes[0]

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """An operation like the one `config` was taken from."""
        return cls(**config)


class OpCall(Operation):
    """An op as it stands in a graph. Its static arguments are kept by the node."""

    op: Op

    def __init__(self, spec: Op, name: str | None = None) -> None:
        super().__init__(name or auto_name(spec.name))
        self.op = spec

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the op; on symbolic tensors, add a node of this call to the graph."""
        if any_symbolic(args) or (kwargs and any_symbolic(kwargs.values())):
            return symbolic(self.op, args, kwargs, self)
        return self.op.run(args, kwargs)

    call = __call__
    symbolic_call = __call__

    def __deepcopy__(self, memo: dict[int, Any]) -> OpCall:
        memo[id(self)] = new = OpCall(self.op, self.name)
        return new

    def __repr__(self) -> str:
        return f"<OpCall {self.name}>"
