"""What a layer reads as a weight: a variable, or a value derived from variables."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.core import tree
from keras.core.fields import field
from keras.core.operators import Operators
from keras.core.scalars import readable

if TYPE_CHECKING:
    from keras.backend.contract import Backend


class Weight(Operators):
    """A named value of one backend that ops, NumPy and the frameworks take as a tensor.

    A subclass says what the value is. All that reads weights asks for this class; only
    what changes or counts them asks for a `Variable`.
    """

    name: str = field("The last part of the path.")
    path: str = field("The names from the outermost model down, with slashes between.")
    shape: tuple[int, ...] = field("The sizes of the axes.")
    dtype: str = field("The type of the elements.")
    backend: Backend

    if TYPE_CHECKING:  # what a subclass supplies

        @property
        def value(self) -> Any:
            """The value as a tensor of the backend."""

        def assign(self, value: Any) -> Any:
            """Replace the value; returns the new one as a tensor."""

    def numpy(self) -> Any:
        """A copy of the value as a NumPy array; a NumPy scalar when it has no axes."""
        # A copy: PyTorch's array would change with the variable, JAX's is read-only.
        return readable(np.array(self.backend.convert_to_numpy(self.value)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        array = np.asarray(self.backend.convert_to_numpy(self.value))
        if dtype is not None:
            return array.astype(dtype)
        # NumPy leaves the copy to us; PyTorch's array changes with the variable.
        return array.copy() if copy else array

    def _scalar(self, kind: Callable[[Any], Any]) -> Any:
        if self.shape and any(d != 1 for d in self.shape):
            raise TypeError(
                f"{type(self).__name__} {self.path!r} has shape "
                f"{self.shape}; only one element can be turned into a number."
            )
        return kind(np.asarray(self.numpy()).item())

    def __float__(self) -> float:
        return self._scalar(float)

    def __int__(self) -> int:
        return self._scalar(int)

    def __bool__(self) -> bool:
        return self._scalar(bool)

    def __index__(self) -> int:
        return self._scalar(int)

    def __jax_array__(self) -> Any:
        return self.value

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        return self.backend.convert_to_tensor(self.value, dtype)

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        args, kwargs = tree.map_structure(
            lambda x: x.value if isinstance(x, Weight) else x, (args, kwargs or {})
        )
        return func(*args, **kwargs)
