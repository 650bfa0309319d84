"""Constraints: projections of weights after each optimizer step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from keras import ops
from keras.core.config.configurable import Configurable
from keras.core.config.family import Family, table_of
from keras.core.errors import check_number
from keras.core.settings import epsilon


class Constraint(Configurable):
    """Base class of constraints: a callable from a weight to its constrained value.

    A subclass defines `__call__(w)`, which returns a tensor of the same shape. The
    arguments of its constructor are kept under their own names; `get_config` follows.

    Example:
        >>> class NonPositive(keras.constraints.Constraint):
        ...     def __call__(self, w):
        ...         return keras.ops.minimum(w, 0.0)
    """

    def __call__(self, w: Any) -> Any:
        """The constrained value: `w` where a subclass defines no other."""
        return w


class MaxNorm(Constraint):
    """Constrains the norm of weights to at most `max_value`.

    Args:
        max_value: the greatest norm.
        axis: the axis, or axes, over which a norm is taken: 0 for a dense kernel (one
            norm for each unit), `[0, 1, 2]` for a kernel of Conv2D.

    Raises:
        ValueError: `max_value` is negative.

    Example:
        >>> short = keras.constraints.MaxNorm(2)
        >>> layer = keras.layers.Dense(3, kernel_constraint=short)
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        self.max_value = check_number(max_value, "max_value", "MaxNorm", least=0)
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        w = ops.convert_to_tensor(w)
        norms = _norms(w, self.axis)
        return w * (ops.clip(norms, 0, self.max_value) / (epsilon() + norms))


class NonNeg(Constraint):
    """Constrains weights to be non-negative.

    Example:
        >>> keras.constraints.NonNeg()(keras.ops.array([-1.0, 2.0])).numpy()
        array([0., 2.], dtype=float32)
    """

    def __call__(self, w: Any) -> Any:
        return ops.maximum(w, 0)


class UnitNorm(Constraint):
    """Constrains weights to norm 1.

    Args:
        axis: the axis, or axes, over which a norm is taken; see `MaxNorm`.

    Example:
        >>> layer = keras.layers.Dense(3, kernel_constraint="unit_norm")
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        w = ops.convert_to_tensor(w)
        return w / (epsilon() + _norms(w, self.axis))


class MinMaxNorm(Constraint):
    """Constrains the norm of weights to an interval.

    Args:
        min_value: the least norm.
        max_value: the greatest norm.
        rate: how strictly the bounds are enforced: 1 enforces them at every step.
        axis: the axis, or axes, over which a norm is taken; see `MaxNorm`.

    Raises:
        ValueError: `min_value` is above `max_value`, or `rate` not from 0 to 1.

    Example:
        >>> constraint = keras.constraints.MinMaxNorm(0.5, 2.0, rate=0.9)
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ) -> None:
        if not 0 <= min_value <= max_value:
            raise ValueError(
                "MinMaxNorm: 0 <= `min_value` <= `max_value` must hold; received "
                f"min_value={min_value!r}, max_value={max_value!r}."
            )
        check_number(rate, "rate", "MinMaxNorm", least=0, most=1)
        self.min_value = min_value
        self.max_value = max_value
        self.rate = rate
        self.axis = axis

    def __call__(self, w: Any) -> Any:
        w = ops.convert_to_tensor(w)
        norms = _norms(w, self.axis)
        wanted = ops.clip(norms, self.min_value, self.max_value)
        wanted = self.rate * wanted + (1 - self.rate) * norms
        return w * (wanted / (epsilon() + norms))


def _norms(w: Any, axis: int | Sequence[int]) -> Any:
    axis = axis if isinstance(axis, int) else tuple(axis)
    return ops.sqrt(ops.sum(ops.square(w), axis=axis, keepdims=True))


_FAMILY = Family("constraint", table_of([MaxNorm, MinMaxNorm, NonNeg, UnitNorm]))


def get(identifier: Any) -> Any:
    """The constraint for a name, a class, a config or a callable.

    Args:
        identifier: "max_norm", "MaxNorm", `MaxNorm`, an instance, a function `w -> w`,
            a config, or None.

    Raises:
        ValueError: no constraint has that name.

    Example:
        >>> keras.constraints.get("max_norm").max_value
        2
    """
    return _FAMILY.get(identifier)


def serialize(constraint: Any) -> Any:
    """A constraint as data."""
    return _FAMILY.serialize(constraint)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """A constraint from a name or `serialize`'s data; `custom_objects` adds names."""
    return _FAMILY.deserialize(config, custom_objects)
