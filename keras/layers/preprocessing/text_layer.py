"""`TextLayer`: a data layer that takes text, on the host where the backend has none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras.core import backends, tree
from keras.core.foreign import framework_of, is_text, text_array
from keras.core.scope import current
from keras.core.tensor import any_symbolic
from keras.layers.input_spec import layer_label
from keras.layers.preprocessing.base import DataLayer


class TextLayer(DataLayer):
    """Base of the layers whose input or output may be text, and of those that hash it.

    Only TensorFlow and NumPy have tensors of text. On other backends such a layer runs
    on the host, whatever it is called on; inside a model the data are sent through it
    before the compiled step (`keras/training/host_part.py`).
    """

    # A model runs the layer on the host if its backend has no text.
    needs_text = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any_symbolic(args) or any_symbolic(kwargs.values()):
            return super().__call__(*args, **kwargs)

        args = tuple(map(text_array, args))
        outputs = super().__call__(*args, **kwargs)
        owner = super()._backend_for((args, kwargs))
        if owner.text is None and isinstance(outputs, np.ndarray):
            return outputs if is_text(outputs) else owner.convert_to_tensor(outputs)
        return outputs

    def _backend_for(self, values: Any) -> Any:
        backend = super()._backend_for(values)
        if backend.text is not None:
            return backend
        for leaf in tree.flatten(values):
            traced = framework_of(leaf) is not None and not backend.runs_eagerly(leaf)
            if traced:
                raise ValueError(
                    f"{layer_label(self)} runs on the host, and was called inside a "
                    f"compiled function of {backend.name!r}, where its input (shape "
                    f"{tuple(leaf.shape)}) has no values yet. Call it on the data "
                    "before, or make it part of a model from keras.Input on: then the "
                    "model's data pass through it first."
                )
        return backends.load(backends.HOST)


class TextTable:
    """A vocabulary of text, with what each backend needs to look it up.

    Args:
        tokens: the texts, each once.
        numbers: what `find` gives for each; by default its position.
        missing: what `find` gives for text that is not among them.
    """

    _not_copied = ("tokens", "numbers", "_of_backends")  # nothing there computes

    def __init__(
        self,
        tokens: Sequence[str],
        numbers: Sequence[int] | None = None,
        missing: int = -1,
    ) -> None:
        self.tokens = list(tokens)
        self.numbers = range(len(self.tokens)) if numbers is None else numbers
        self.missing = missing
        self._of_backends: dict[str, Any] = {}

    def find(self, x: Any) -> Any:
        """The number of each text, as int64."""
        text, table = self._here()
        return text.find(table, x)

    def tokens_at(self, positions: Any, default: str) -> Any:
        """The text at each position, `default` where there is none."""
        text, table = self._here()
        return text.tokens_at(table, positions, default)

    def _here(self) -> tuple[Any, Any]:
        backend = current()
        text: Any = backend.text
        if backend.name not in self._of_backends:
            self._of_backends[backend.name] = text.make_table(
                self.tokens, self.numbers, self.missing
            )
        return text, self._of_backends[backend.name]

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_of_backends": {}}
