"""The class of models made from symbolic inputs and outputs."""

from __future__ import annotations

from typing import Any

from keras.core.config.serialization import wire_name
from keras.models.model import Model


@wire_name("keras.src.models.functional", "Functional", "Functional")
class Functional(Model):
    """A model made from symbolic inputs and outputs; `keras.Model(x, y)` is one."""

    def __init__(
        self, inputs: Any, outputs: Any, name: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(inputs=inputs, outputs=outputs, name=name, **kwargs)
