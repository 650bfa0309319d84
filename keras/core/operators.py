"""Python's operators for what is not a framework tensor: variables and symbols."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

# The namespace with the functions behind the operators; `keras.ops` registers itself.
_namespace: Any = None


def register_ops(namespace: Any) -> None:
    """Use the functions of this namespace (`add`, `matmul`, ...) for the operators."""
    global _namespace
    _namespace = namespace


def registered_ops() -> Any:
    """The namespace that `register_ops` was given."""
    return _namespace


def _binary(name: str) -> tuple[Callable, Callable]:
    """The operator of the op `name`, and its form for a left side of another kind."""

    def operator(self: Any, other: Any) -> Any:
        return getattr(_namespace, name)(self, other)

    def reflected(self: Any, other: Any) -> Any:
        return getattr(_namespace, name)(other, self)

    return operator, reflected


class Operators:
    """Arithmetic, comparison and indexing by `keras.ops`."""

    __array_priority__ = 100  # NumPy arrays on the left give way.

    shape: tuple[int | None, ...]
    dtype: str

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    __add__, __radd__ = _binary("add")
    __sub__, __rsub__ = _binary("subtract")
    __mul__, __rmul__ = _binary("multiply")
    __truediv__, __rtruediv__ = _binary("true_divide")
    __floordiv__, __rfloordiv__ = _binary("floor_divide")
    __mod__, __rmod__ = _binary("mod")
    __pow__, __rpow__ = _binary("power")
    __matmul__, __rmatmul__ = _binary("matmul")
    __and__, __rand__ = _binary("logical_and")
    __or__, __ror__ = _binary("logical_or")
    __xor__, __rxor__ = _binary("logical_xor")
    __lt__, __gt__ = _binary("less")[0], _binary("greater")[0]
    __le__, __ge__ = _binary("less_equal")[0], _binary("greater_equal")[0]
    __eq__, __ne__ = _binary("equal")[0], _binary("not_equal")[0]  # type: ignore

    def __neg__(self) -> Any:
        return _namespace.negative(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return _namespace.absolute(self)

    def __invert__(self) -> Any:
        return _namespace.logical_not(self)

    def __hash__(self) -> int:
        return id(self)

    def __round__(self, ndigits: int | None = None) -> Any:
        return _namespace.round(self, decimals=ndigits or 0)

    def __getitem__(self, index: Any) -> Any:
        return _namespace.get_item(self, index)
