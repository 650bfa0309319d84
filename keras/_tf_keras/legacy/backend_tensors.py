"""Variables and tensors of Keras 2's backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras import ops, random
from keras.core.op import Tensor
from keras.core.settings import floatx
from keras.core.typing import ArrayLike, DTypeLike, Seed
from keras.core.variable import Variable

# Variables


def variable(
    value: ArrayLike,
    dtype: DTypeLike = None,
    name: str | None = None,
    constraint: Callable[[Any], Any] | None = None,
) -> Variable:
    """A variable with a first value; `constraint` is kept for optimizers."""
    made = Variable(value, dtype=dtype or floatx(), name=name)
    made.constraint = constraint
    return made


def update(x: Variable, new_x: ArrayLike) -> Variable:
    """Give a variable a new value."""
    x.assign(new_x)
    return x


def update_add(x: Variable, increment: ArrayLike) -> Variable:
    """Add to a variable."""
    x.assign_add(increment)
    return x


def update_sub(x: Variable, decrement: ArrayLike) -> Variable:
    """Subtract from a variable."""
    x.assign_sub(decrement)
    return x


def moving_average_update(
    x: Variable, value: ArrayLike, momentum: ArrayLike
) -> Variable:
    """Set a variable to `x * momentum + value * (1 - momentum)`."""
    return update(x, x * momentum + ops.cast(value, x.dtype) * (1 - momentum))


def get_value(x: Variable | ArrayLike) -> np.ndarray:
    """The values as a NumPy array."""
    return ops.convert_to_numpy(x)


eval = get_value


def set_value(x: Variable, value: ArrayLike) -> None:
    """Set a variable from a NumPy array."""
    x.assign(value)


def batch_get_value(tensors: Sequence[Any]) -> list[np.ndarray]:
    """The values of several variables."""
    return [get_value(x) for x in tensors]


def batch_set_value(tuples: Sequence[tuple[Variable, Any]]) -> None:
    """Set several variables, given as (variable, value)."""
    for x, value in tuples:
        set_value(x, value)


def count_params(x: Any) -> int:
    """The number of elements."""
    return int(np.prod(x.shape))


# Making tensors


def constant(
    value: ArrayLike,
    dtype: DTypeLike = None,
    shape: Sequence[int] | None = None,
    name: str | None = None,
) -> Tensor:
    """A tensor of these values, broadcast to `shape`."""
    made = ops.convert_to_tensor(value, dtype or floatx())
    return made if shape is None else ops.broadcast_to(made, shape)


def eye(size: int, dtype: DTypeLike = None, name: str | None = None) -> Tensor:
    """The identity matrix."""
    return ops.eye(size, dtype=dtype or floatx())


def cast_to_floatx(x: ArrayLike) -> Any:
    """The values in the default float type; NumPy arrays stay NumPy arrays."""
    if ops.is_tensor(x) or isinstance(x, Variable):
        return ops.cast(x, floatx())
    return np.asarray(x, floatx())


def random_bernoulli(
    shape: Sequence[int], p: float = 0.0, dtype: DTypeLike = None, seed: Seed = None
) -> Tensor:
    """Ones with probability `p`, else zeros."""
    drawn = random.uniform(shape, seed=seed)
    return ops.cast(ops.less(drawn, p), dtype or floatx())


def random_normal_variable(
    shape: Sequence[int],
    mean: float,
    scale: float,
    dtype: DTypeLike = None,
    name: str | None = None,
    seed: Seed = None,
) -> Variable:
    """A variable with values from a normal distribution."""
    return variable(random.normal(shape, mean, scale, seed=seed), dtype, name)


def random_uniform_variable(
    shape: Sequence[int],
    low: float,
    high: float,
    dtype: DTypeLike = None,
    name: str | None = None,
    seed: Seed = None,
) -> Variable:
    """A variable with values from a uniform distribution."""
    return variable(random.uniform(shape, low, high, seed=seed), dtype, name)
