"""NumPy's functions, on every backend."""

from __future__ import annotations

from typing import Any

from keras.core.op import Tensor, Tensors, elementwise, op, primitive


@elementwise(cast="common")
def add(x1: Tensor, x2: Tensor) -> Tensor:
    """Sum, element by element, with broadcasting.

    Example:
        >>> keras.ops.add([1.0, 2.0], 3.0)
        array([4., 5.])
    """


@elementwise(cast="common")
def multiply(x1: Tensor, x2: Tensor) -> Tensor:
    """Product, element by element, with broadcasting."""


@elementwise
def exp(x: Tensor) -> Tensor:
    """e to the power of each element."""


@primitive(cast="common")
def concatenate(xs: Tensors, axis: int = 0) -> Tensor:
    """Join tensors along an axis that exists."""


@primitive
def get_item(x: Tensor, index: Any) -> Tensor:
    """`x[index]`."""


@op
def squareplus_demo(x: Tensor) -> Tensor:
    """Demo."""
    return add(exp(x), 1.0)
