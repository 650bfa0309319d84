"""Weights that are computed from stored variables each time they are read."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, Any

from keras.core.scope import backend_scope, current
from keras.core.variable import Variable
from keras.core.weight import Weight

if TYPE_CHECKING:
    from keras.backend.contract import Backend


class Derived(Weight):
    """A weight that is computed from stored variables each time it is read.

    A layer reads `self.kernel` as before, whatever the kernel is: a variable, an int8
    table times a scale, or a base plus a low-rank product. So a layer needs no code for
    any of them. The stored variables are kept in attributes; they are weights of the
    layer that keeps the derived one, and are trained, saved and moved as all others.

    A subclass defines `compute`. Gradients go through it to the variables that train,
    and in mixed precision the variables are read in the layer's compute type.

    Args:
        name: the last part of the path.
        path: the place of the layer, and the name.
        shape: the shape of the value.
        dtype: the type of the value outside of any layer.

    Example: a table of int8 with a scale for each column.
        >>> class Int8(Derived):
        ...     def __init__(self, kernel, table, scale):
        ...         super().__init__(kernel.name, kernel.path, kernel.shape, "float32")
        ...         self.table, self.scale = table, scale
        ...
        ...     def compute(self):
        ...         table = keras.ops.cast(self.table, self.scale.value.dtype)
        ...         return table * self.scale
    """

    is_saved_whole: bool = False  # do files hold the value, or the stored variables?

    def __init__(
        self, name: str, path: str, shape: tuple[int, ...], dtype: str
    ) -> None:
        self.name = name
        self.path = path
        self.shape = tuple(shape)
        self.dtype = dtype

    @abc.abstractmethod
    def compute(self) -> Any:
        """The value as a tensor, from the stored variables; a subclass defines it."""

    @property
    def variables(self) -> list[Variable]:
        """The stored variables."""
        return [v for v in vars(self).values() if isinstance(v, Variable)]

    @property
    def frozen(self) -> list[Variable]:
        """The stored variables that are never trained, whatever the layer is told."""
        return []

    @property
    def backend(self) -> Backend:  # type: ignore[override]
        """The backend of the stored variables."""
        return self.variables[0].backend

    @property
    def value(self) -> Any:
        """The value as a tensor of the backend."""
        if current() is self.backend:
            return self.compute()
        with backend_scope(self.backend):
            return self.compute()

    def rows(self, indices: Any) -> Any:
        """The rows of the value at these indices.

        A subclass may compute those rows alone, where the value is a large table.
        """
        return current().TABLE["take"](self.value, indices, 0)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} path={self.path}, shape={self.shape}, "
            f"dtype={self.dtype}, backend={self.backend.name}>"
        )
