"""Compiled calls of a model outside `fit`, for the engine.

A call with the same shapes that comes again and again runs compiled, if it leaves
nothing behind but its outputs and the variables it writes. Others run as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from keras.core import masks, tree
from keras.core.inspection import inspect_model, is_builtin
from keras.core.scope import backend_scope, current
from keras.core.variable import current_frame
from keras.layers.call import CallContext, call_context, convert_tensor

# Compiling pays for itself after some calls with the same shapes, but not for every
# shape there may be.
CALLS = 8
SHAPES = 32


class CompiledCalls:
    """Runs the graph of a model, by a compiled function where that changes nothing.

    Args:
        model: a model with a graph.
        run: `(inputs, training) -> outputs` of the graph.

    Attributes:
        not_repeatable: the objects in the graph whose code must run each time.
    """

    def __init__(self, model: Any, run: Callable) -> None:
        self.not_repeatable = inspect_model(model._graph).not_repeatable

        self._model = model
        self._plain = run
        self._compiled = model._backend.compile_call(run, model._all_variables)
        self._counts: dict[Any, int] = {}
        # Whether calls of the whole model on arrays of a shape, type and mode come to
        # nothing but the compiled function.
        self._direct: dict[Any, bool] = {}
        owner = type(model)
        self._has_own_call = not is_builtin(owner.call) or "call" in vars(model)

    def direct(self, x: Any, training: Any) -> tuple | None:
        """The outputs of a whole call of the model in a tuple, past `Layer.__call__`.

        Args:
            x: the only input, as it was given.
            training: the mode, as it was given.

        Returns:
            None if the call must take the usual way.
        """
        if (
            not self._counts
            or type(x) is not np.ndarray
            or masks._any
            or call_context.get() is not None
            or current_frame() is not None
        ):
            return None
        key = (x.shape, x.dtype, training)
        is_direct = self._direct.get(key)
        if is_direct is None:
            is_direct = self._find_direct(key, x)
        if not is_direct:
            return None

        backend = self._model._backend
        # The function may be traced or recorded now; then its layers ask for the mode.
        token = call_context.set(CallContext(training, self._model._with_losses))
        try:
            if current() is backend:
                return (self._compiled(x, training),)
            with backend_scope(backend):
                return (self._compiled(x, training),)
        finally:
            call_context.reset(token)

    def _find_direct(self, key: tuple, x: np.ndarray) -> bool:
        """Whether the model would call the compiled function on `x` as it is."""
        if self._has_own_call:
            return False
        model = self._model
        with backend_scope(model._backend):
            tensor = convert_tensor(model, x)
            same_type = model._backend.dtype_name(tensor.dtype) == x.dtype.name
        count = self._counts.get(_key(*tree.flatten_with_def(tensor), key[-1]))
        if count != CALLS:
            return False  # not yet; it is asked again then
        if len(self._direct) < SHAPES:
            self._direct[key] = same_type
        return same_type

    def __call__(self, inputs: Any, training: Any) -> Any:
        """The outputs of the graph."""
        leaves, treedef = tree.flatten_with_def(inputs)
        if not self._may_repeat(leaves):
            return self._plain(inputs, training)

        key = _key(leaves, treedef, training)
        count = self._counts.get(key, 0)
        if count == CALLS:
            return self._compiled(inputs, training)

        outputs = self._plain(inputs, training)
        if self._model._with_losses or _masked(tree.flatten(outputs)):
            count = CALLS  # it leaves more behind than its outputs
        if count or len(self._counts) < SHAPES:
            self._counts[key] = count + 1
        return outputs

    def explain(self) -> str:
        """How calls run, in words."""
        if self.not_repeatable:
            code = ", ".join(dict.fromkeys(self.not_repeatable))
            return f"runs as written: {code} may do anything"
        counts = list(self._counts.values())
        if CALLS in counts:
            return self._compiled.explain()
        if any(count > CALLS for count in counts):
            return "runs as written: it leaves losses or masks behind"
        most = max(counts, default=0)
        return (
            f"not compiled yet: {most} of the {CALLS} calls with the same shapes that "
            "come first were made"
        )

    def _may_repeat(self, leaves: list[Any]) -> bool:
        """Whether a call depends on nothing but its arguments and variables."""
        model = self._model
        context = call_context.get()
        return (
            not self.not_repeatable
            and current_frame() is None
            and context is not None
            and context.with_losses is model._with_losses  # the outermost call
            and all(model._backend.sparse.kind_of(x) is None for x in leaves)
            and all(model._backend.runs_eagerly(x) for x in leaves)
            and not _masked(leaves)
        )


def _key(leaves: list[Any], treedef: Any, training: Any) -> tuple:
    """What calls have in common that one compilation serves."""
    return (treedef, training, *((tuple(x.shape), x.dtype) for x in leaves))


def _masked(tensors: list[Any]) -> bool:
    return masks._any and any(masks.get_mask(x) is not None for x in tensors)
