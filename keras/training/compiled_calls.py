"""Compiled calls of a model outside `fit`, for the engine.

A call with the same shapes that comes again and again runs compiled, if it leaves
nothing behind but its outputs and the variables it writes. Others run as they are.
"""

from __future__ import annotations

from typing import Any

from keras.core import masks, tree
from keras.core.inspection import inspect_model
from keras.core.variable import current_frame
from keras.layers.call import call_context

# Compiling pays for itself after some calls with the same shapes, but not for every
# shape there may be.
CALLS = 8
SHAPES = 32


class CompiledCalls:
    """Runs the graph of a model, by a compiled function where that changes nothing.

    Args:
        model: a model with a graph.

    Attributes:
        not_repeatable: the objects in the graph whose code must run each time.
    """

    def __init__(self, model: Any) -> None:
        self.not_repeatable = inspect_model(model._graph).not_repeatable

        def run(inputs: Any, training: Any) -> Any:
            return model._graph.run(inputs, model._label())

        self._model = model
        self._plain = run
        self._compiled = model._backend.compile_call(run, model._all_variables)
        self._counts: dict[Any, int] = {}

    def __call__(self, inputs: Any, training: Any) -> Any:
        """The outputs of the graph."""
        leaves, treedef = tree.flatten_with_def(inputs)
        if not self._may_repeat(leaves):
            return self._plain(inputs, training)

        shapes = ((tuple(x.shape), x.dtype) for x in leaves)
        key = (treedef, training, *shapes)
        count = self._counts.get(key, 0)
        if count == CALLS:
            return self._compiled(inputs, training)

        outputs = self._plain(inputs, training)
        if self._model._with_losses or _masked(tree.flatten(outputs)):
            count = CALLS  # it leaves more behind than its outputs
        if count or len(self._counts) < SHAPES:
            self._counts[key] = count + 1
        return outputs

    def _may_repeat(self, leaves: list[Any]) -> bool:
        """Whether a call depends on nothing but its arguments and variables."""
        model = self._model
        context = call_context.get()
        return (
            not self.not_repeatable
            and current_frame() is None
            and context is not None
            and context.with_losses is model._with_losses  # the outermost call
            and all(model._backend.runs_eagerly(x) for x in leaves)
            and not _masked(leaves)
        )


def _masked(tensors: list[Any]) -> bool:
    return masks._any and any(masks.get_mask(x) is not None for x in tensors)
