"""Seeds of random numbers: integers, `SeedGenerator`, and the global generator."""

from __future__ import annotations

from typing import Any

import numpy as np

from keras.core import scope, seeds
from keras.core.config.configurable import Configurable
from keras.core.naming import auto_name, name_scope
from keras.core.state import Stateful
from keras.core.typing import Seed
from keras.core.variable import AutocastFrame, Variable, current_frame
from keras.random.host import draw_seed as draw_host_seed


class _State(Variable):
    """A pair of 32-bit words, in the type and on the device a backend has for it."""

    def _move(self, backend: Any, value: Any) -> None:
        self.dtype = "uint32"
        with backend.random.state_scope():
            super()._move(backend, value)
        self.dtype = backend.dtype_of(self._value)


class SeedGenerator(Configurable, Stateful):
    """A stream of seeds, whose state is a variable, so that it is saved and compiled.

    The state is a pair `[seed, counter]`; each draw uses the pair and adds 1 to the
    counter.

    Args:
        seed: an integer from 0 to 2**32 - 1; None for a random one, which
            `keras.utils.set_random_seed` determines.
        name: its name.

    Raises:
        ValueError: the seed is not such an integer.

    Example:
        >>> seeds = keras.random.SeedGenerator(1)
        >>> a = keras.random.normal((2,), seed=seeds)
        >>> b = keras.random.normal((2,), seed=seeds)  # other values
    """

    def __init__(
        self, seed: int | None = None, name: str | None = None, **kwargs: Any
    ) -> None:
        if kwargs:
            raise ValueError(f"SeedGenerator: unknown arguments {sorted(kwargs)}.")
        self.seed = seed
        self.name = name or auto_name("seed_generator")
        start = draw_host_seed() if seed is None else check_seed(seed, "SeedGenerator")
        with name_scope(self.name), self._backend.random.state_scope():
            self.state = _State(
                np.array([start, 0], "uint32"),
                trainable=False,
                autocast=False,
                name="seed_generator_state",
            )

    def next(self, ordered: bool = True) -> Any:
        """The state as a tensor `[seed, counter]`; the counter is increased.

        Args:
            ordered: accepted for compatibility; the order is always kept.
        """
        value = self.draw()
        if isinstance(value, tuple):
            value = self._backend.convert_to_tensor(np.array(value, "uint32"))
        return value

    def draw(self) -> Any:
        """The state as the backend's generators take it; the counter is increased."""
        frame = current_frame()
        while isinstance(frame, AutocastFrame):
            frame = frame.parent

        # A frame left is stateless, or shapes are being found out: then the state
        # must not change in place.
        seed = None
        if frame is None:
            seed = self._backend.random.next_on_host(self.state._value)
        return self._advance() if seed is None else seed

    def next_on_host(self) -> int:
        """The state as one integer; the counter is increased."""
        with self._backend.outside_trace():
            value = self._backend.convert_to_numpy(self._advance())
        seed, counter = value.tolist()
        return seed << 32 | counter

    def _advance(self) -> Any:
        value, after = self._backend.random.advance(self.state.value)
        if current_frame() is None and self._backend.random.is_traced(after):
            raise ValueError(
                f"The SeedGenerator {self.name!r} counts up inside a function that "
                "jax.jit traces, where its new state would be lost. Compile with "
                "keras.jit, call inside a keras.StatelessScope that holds its state, "
                "or give an integer as `seed`."
            )
        self.state.assign(after)
        return value

    def __repr__(self) -> str:
        return f"<SeedGenerator name={self.name}, seed={self.seed}>"


def check_seed(seed: Seed, who: str, other: str = "") -> int:
    """`seed` if it is an integer from 0 to 2**32 - 1, else a ValueError."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)):
        raise ValueError(
            f"{who}: `seed` must be an integer{other}; received {seed!r} of type "
            f"{type(seed).__name__}."
        )
    if not 0 <= seed < 2**32:
        raise ValueError(f"{who}: `seed` must be from 0 to 2**32 - 1; received {seed}.")
    return int(seed)


_shared: dict[str, SeedGenerator] = {}
_unseeded: int | None = None


def global_seed_generator() -> SeedGenerator:
    """The generator for draws without a seed, on the current backend.

    `keras.utils.set_random_seed` restarts it. Those of all backends start with the same
    seed.
    """
    global _unseeded
    backend = scope.current()
    found = _shared.get(backend.name)
    if found is None:
        seed = seeds.value
        if seed is None:
            if _unseeded is None:
                _unseeded = draw_host_seed()
            seed = _unseeded
        with backend.outside_trace():
            found = SeedGenerator(seed % 2**32, name="global_seed_generator")
        _shared[backend.name] = found
    return found


def forget_global_seed_generators() -> None:
    """Discard the global generators; new ones are made when they are needed."""
    global _unseeded
    _shared.clear()
    _unseeded = None


def draw_seed(seed: Seed) -> Any:
    """The seed of one draw, as the backend's generators take it.

    Args:
        seed: an integer for the same numbers each time, a `SeedGenerator` for new ones
            each time, or None for the global generator.

    Raises:
        ValueError: `seed` is none of these, or a generator of another backend.
    """
    if seed is None:
        return global_seed_generator().draw()
    if isinstance(seed, SeedGenerator):
        if seed._backend is not scope.current():
            raise ValueError(
                f"The SeedGenerator {seed.name!r} belongs to the backend "
                f"{seed._backend.name!r}, but {scope.current().name!r} is in force. "
                "Make one for each backend."
            )
        return seed.draw()
    number = check_seed(seed, "keras.random", " or a keras.random.SeedGenerator")
    return scope.current().random.seed_of(number)
