"""A model or function as a pure program, with what it reads and writes.

Variables make a function impure: it reads values that are not among its arguments and
leaves others behind. Lifting finds out which, by one abstract run on any backend, and
turns them into arguments and results.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras.core import tree
from keras.core.graph.infer import infer_outputs
from keras.core.scope import backend_scope, current
from keras.core.tensor import KerasTensor
from keras.core.typing import Nested
from keras.core.variable import Frame, StatelessFrame, Variable, frame


class RecordingFrame(StatelessFrame):
    """Notes which variables are read and written; they stay as they are."""

    touched: dict[int, Variable]

    def __init__(self, parent: Frame | None) -> None:
        super().__init__(parent, {})
        self.touched = {}

    def read(self, variable: Variable) -> Any:
        self.touched.setdefault(id(variable), variable)
        return super().read(variable)

    def write(self, variable: Variable, value: Any) -> None:
        self.touched.setdefault(id(variable), variable)
        super().write(variable, value)


class Lifted:
    """A pure program: `run(values, inputs) -> (outputs, new values)`.

    Made by `lift`.
    """

    reads: list[Variable]  # `values` are theirs, in this order
    writes: list[Variable]  # `new values` are theirs; each is among `reads`
    inputs: tuple[Nested, ...]  # symbolic tensors: shapes and types
    outputs: Nested

    def __init__(
        self,
        fn: Callable[..., Any],
        options: dict[str, Any],
        recorded: RecordingFrame,
        inputs: tuple[Nested, ...],
        outputs: Nested,
    ) -> None:
        self._fn = fn
        self._options = options
        self._backend = current()
        self.reads = list(recorded.touched.values())
        self.writes = list(recorded.written.values())
        self.inputs = inputs
        self.outputs = outputs

    def run(self, values: Sequence[Any], inputs: Sequence[Any]) -> tuple[Any, list]:
        """The outputs and the new values of `writes`; no variable changes.

        Args:
            values: tensors in the places of the variables in `reads`.
            inputs: the positional arguments of the function.
        """
        table = {id(v): x for v, x in zip(self.reads, values, strict=True)}
        with backend_scope(self._backend), frame(StatelessFrame, table) as inner:
            outputs = self._fn(*inputs, **self._options)
        return outputs, [inner.values[id(v)] for v in self.writes]


def lift(fn: Callable[..., Any], *inputs: Nested, **options: Any) -> Lifted:
    """Lift a model, layer or function of tensors into a pure program.

    Args:
        fn: what is called; a layer must be built.
        *inputs: symbolic tensors (`None` for an axis of any size) or tensors, in the
            structures in which `fn` takes them.
        **options: keyword arguments that stay as they are, such as `training`.

    Example:
        >>> from keras.core.lift import lift
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(2)])
        >>> x = keras.ops.ones((3, 8))
        >>> lifted = lift(model, keras.KerasTensor((None, 8)), training=True)
        >>> values = [v.value for v in lifted.reads]
        >>> outputs, new = lifted.run(values, [x])
    """
    recorded: list[RecordingFrame] = []

    def run(*tensors: Any) -> Any:
        with frame(RecordingFrame) as recording:
            out = fn(*tensors, **options)
        recorded[:] = [recording]
        return out

    specs = tree.map_structure(_spec, inputs)
    with backend_scope(getattr(fn, "_backend", current())):
        outputs = infer_outputs(run, specs, {})
        return Lifted(fn, options, recorded[0], specs, outputs)


def _spec(x: Any) -> KerasTensor:
    dtype = x.dtype if isinstance(x, KerasTensor) else current().dtype_name(x.dtype)
    return KerasTensor(tuple(x.shape), dtype)
