"""The base classes of initializers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np

from keras.core import dtypes
from keras.core.config.configurable import Configurable
from keras.core.errors import check_number
from keras.core.scope import current
from keras.random.host import draw_seed, generator_of


class Initializer(Configurable):
    """Base class of initializers: a callable that returns a variable's initial value.

    A subclass defines `__call__(shape, dtype=None)` and returns a tensor of that shape
    and type. Arguments of its constructor are kept under their own names, and
    `get_config` follows.

    Example:
        >>> class Alternating(keras.initializers.Initializer):
        ...     def __call__(self, shape, dtype=None):
        ...         return keras.ops.reshape(keras.ops.arange(shape[0]) % 2, shape)
    """

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        """The first value, as a tensor of the backend in force.

        Args:
            shape: the variable's shape.
            dtype: its type; `floatx()` by default.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define `__call__(self, shape, dtype=None)`."
        )

    def clone(self) -> Self:
        """An initializer with the same arguments; without a seed it draws a new one."""
        return type(self).from_config(self.get_config())

    def __repr__(self) -> str:
        try:
            arguments = ", ".join(f"{k}={v!r}" for k, v in self.get_config().items())
        except NotImplementedError:
            arguments = "..."
        return f"{type(self).__name__}({arguments})"


class HostInitializer(Initializer):
    """An initializer computed by NumPy, with equal values on every backend.

    A subclass defines `draw(shape, dtype)`, which returns a NumPy array and which
    variables call directly. If a further subclass defines `__call__`, that is used.
    """

    draw: ClassVar[Any] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__call__" in vars(cls) and "draw" not in vars(cls):
            cls.draw = None

    def __call__(self, shape: Sequence[int], dtype: Any = None) -> Any:
        dtype = dtypes.standardize_dtype(dtype)
        draw = next(vars(c)["draw"] for c in type(self).__mro__ if vars(c).get("draw"))
        return current().convert_to_tensor(draw(self, tuple(shape), dtype), dtype)


class RandomInitializer(HostInitializer):
    """Base of initializers that draw random numbers.

    Args:
        seed: an integer: each call gives the same values. None: a seed is drawn now,
            so calls still agree with one another. A `keras.random.SeedGenerator`: each
            call gives new values.
    """

    def __init__(self, seed: Any = None) -> None:
        from keras.random.seed_generator import SeedGenerator

        if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
            seed = check_number(int(seed), "seed", type(self).__name__, least=0)
        elif seed is not None and not isinstance(seed, SeedGenerator):
            raise ValueError(
                f"{type(self).__name__}: `seed` must be an integer, None or a "
                f"keras.random.SeedGenerator; received {seed!r}."
            )
        self.seed = seed
        self._own_seed = draw_seed() if seed is None else seed

    def _generator(self) -> np.random.Generator:
        if isinstance(self._own_seed, int):
            return generator_of(self._own_seed)
        return generator_of(self._own_seed.next_on_host())

    def _working_dtype(self, dtype: str) -> np.dtype:
        """The type to compute in: the narrow floats are rounded from float32."""
        if not dtypes.is_float_dtype(dtype):
            raise ValueError(
                f"{type(self).__name__} draws floats; it has no values of dtype "
                f"{dtype!r}."
            )
        return np.dtype("float64" if dtype == "float64" else "float32")
