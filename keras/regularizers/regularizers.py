"""Regularizers: penalties on weights or outputs, added to the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from keras import ops
from keras.core.config.configurable import Configurable
from keras.core.config.family import Family, table_of
from keras.core.errors import check_choice


class Regularizer(Configurable):
    """Base class of regularizers: a callable from a weight to a scalar penalty.

    A subclass defines `__call__(x)`. Arguments of its constructor are kept under their
    own names, and `get_config` follows.

    Example:
        >>> class Range(keras.regularizers.Regularizer):
        ...     def __call__(self, x):
        ...         return keras.ops.max(x) - keras.ops.min(x)
    """

    def __call__(self, x: Any) -> Any:
        """The penalty of `x`: 0 where a subclass defines no other."""
        return 0.0


class L1L2(Regularizer):
    """The penalty `l1 * sum(|x|) + l2 * sum(x**2)`.

    Args:
        l1: the factor of the sum of absolute values, not negative.
        l2: the factor of the sum of squares, not negative.

    Raises:
        ValueError: a factor is negative or not a finite number.

    Example:
        >>> penalty = keras.regularizers.L1L2(l1=0.1, l2=0.01)
        >>> layer = keras.layers.Dense(3, kernel_regularizer=penalty)
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = _factor(l1, "l1", self)
        self.l2 = _factor(l2, "l2", self)

    def __call__(self, x: Any) -> Any:
        penalty: Any = 0.0
        if self.l1:
            penalty = penalty + self.l1 * ops.sum(ops.abs(x))
        if self.l2:
            penalty = penalty + self.l2 * ops.sum(ops.square(x))
        return penalty


class L1(Regularizer):
    """The penalty `l1 * sum(|x|)`, which makes weights sparse.

    Args:
        l1: the factor, not negative.

    Example:
        >>> float(keras.regularizers.L1(0.1)(keras.ops.ones((2, 2))))
        0.4
    """

    def __init__(self, l1: float = 0.01) -> None:
        self.l1 = _factor(l1, "l1", self)

    def __call__(self, x: Any) -> Any:
        return self.l1 * ops.sum(ops.abs(x))


class L2(Regularizer):
    """The penalty `l2 * sum(x**2)`, which keeps weights small.

    Args:
        l2: the factor, not negative.

    Example:
        >>> float(keras.regularizers.L2(0.1)(keras.ops.ones((2, 2))))
        0.4
    """

    def __init__(self, l2: float = 0.01) -> None:
        self.l2 = _factor(l2, "l2", self)

    def __call__(self, x: Any) -> Any:
        return self.l2 * ops.sum(ops.square(x))


class OrthogonalRegularizer(Regularizer):
    """Encourages the rows (or columns) of a matrix to be orthogonal.

    The penalty is `factor` times the mean, over the pairs of different rows, of the
    absolute value of the cosine between them.

    Args:
        factor: the factor, not negative.
        mode: "rows" or "columns".

    Raises:
        ValueError: `mode` is unknown; when called, `x` is not a matrix.

    Example:
        >>> regularizer = keras.regularizers.OrthogonalRegularizer(0.01)
        >>> layer = keras.layers.Dense(4, kernel_regularizer=regularizer)
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = _factor(factor, "factor", self)
        who = "OrthogonalRegularizer"
        self.mode = check_choice(mode, ("rows", "columns"), "mode", who)

    def __call__(self, x: Any) -> Any:
        if len(x.shape) != 2:
            raise ValueError(
                "OrthogonalRegularizer: a matrix is needed; received a tensor of shape "
                f"{tuple(x.shape)}."
            )
        if self.mode == "columns":
            x = ops.transpose(x)
        x = ops.convert_to_tensor(x)
        norms = ops.sqrt(ops.sum(ops.square(x), axis=1, keepdims=True))
        # As in the reference, a zero row has norm 1.
        x = x / ops.where(norms == 0, ops.ones_like(norms), norms)
        size = x.shape[0]
        cosines = ops.matmul(x, ops.transpose(x)) * (1 - ops.eye(size, dtype=x.dtype))
        pairs = max(size * (size - 1) / 2, 1)
        return self.factor * 0.5 * ops.sum(ops.abs(cosines)) / pairs


def _factor(value: Any, argument: str, who: object) -> float:
    """A penalty's factor; None is 0."""
    if value is None:
        return 0.0
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not 0 <= number < math.inf:
        raise ValueError(
            f"{type(who).__name__}: `{argument}` must be a finite number that is not "
            f"negative; received {value!r}."
        )
    return number


_FAMILY = Family(
    "regularizer",
    table_of(
        [L1, L2, OrthogonalRegularizer], L1L2=L1L2, l1_l2=L1L2, l1l2=L1L2, L1_L2=L1L2
    ),
)


def get(identifier: Any) -> Any:
    """The regularizer for a name, a class, a config or a callable.

    Args:
        identifier: "l2", "L2", `L2`, an instance, a function `x -> penalty`, a config,
            or None.

    Raises:
        ValueError: no regularizer has that name.

    Example:
        >>> keras.regularizers.get("l2").l2
        0.01
    """
    return _FAMILY.get(identifier)


def serialize(regularizer: Any) -> Any:
    """A regularizer as data."""
    return _FAMILY.serialize(regularizer)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A regularizer from a name or `serialize`'s data; `custom_objects` adds names."""
    return _FAMILY.deserialize(config, custom_objects)
