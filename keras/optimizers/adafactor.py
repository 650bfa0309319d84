"""Adafactor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from keras import ops
from keras.core.variable import Variable
from keras.optimizers.hyperparameters import Options
from keras.optimizers.optimizer import Optimizer


class Adafactor(Optimizer):
    """Adam without momentum, in little memory (Shazeer and Stern, 2018).

    The mean square of a matrix is kept as the means of its rows and of its columns.
    Steps are as long as the weight's own size says.

    Args:
        learning_rate: a number, a schedule, or a callable.
        beta_2_decay: the mean keeps `1 - t ** beta_2_decay` of itself.
        epsilon_1: keeps the division finite.
        epsilon_2: the least size that a weight counts with.
        clip_threshold: the largest root mean square of a step.
        relative_step: whether the rate is at most `1 / sqrt(t)`.
        **options: those of `Optimizer`.

    Example:
        >>> keras.optimizers.Adafactor(0.01)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        self._keep(
            beta_2_decay=beta_2_decay,
            epsilon_1=epsilon_1,
            epsilon_2=epsilon_2,
            clip_threshold=clip_threshold,
        )
        self.relative_step = bool(relative_step)

    def slots(self) -> Sequence[Sequence[str]]:
        """The means of rows and columns, and the whole for what is no matrix."""
        return [["r", "c", "velocity"]]

    def slot_shape(self, slot: str, variable: Variable) -> tuple[int, ...]:
        """The last or the second last axis is left out; of vectors nothing is kept."""
        shape = variable.shape
        if slot == "velocity":
            return shape
        if len(shape) < 2:
            return ()
        return shape[:-1] if slot == "r" else (*shape[:-2], shape[-1])

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple[Any, ...]:
        rows, columns, whole = slots
        t = self._step_number(w)
        if self.relative_step:
            rate = ops.minimum(rate, ops.rsqrt(t))
        rate = rate * ops.maximum(self._hyper_value("epsilon_2", w), _size(w))
        square = ops.square(g) + self._hyper_value("epsilon_1", w)
        left = ops.power(t, self._hyper_value("beta_2_decay", w))
        if len(w.shape) < 2:
            whole = whole + (square - whole) * left
        else:
            rows = rows + (ops.mean(square, axis=-1) - rows) * left
            columns = columns + (ops.mean(square, axis=-2) - columns) * left
            share = rows / ops.mean(rows, axis=-1, keepdims=True)
            whole = ops.expand_dims(share, -1) * ops.expand_dims(columns, -2)
        step = g * ops.rsqrt(whole)
        limit = self._hyper_value("clip_threshold", w)
        step = step / ops.maximum(1.0, _size(step) / limit)
        return w - rate * step, rows, columns, whole


def _size(x: Any) -> Any:
    """The root of the mean square."""
    return ops.sqrt(ops.mean(ops.square(x)))
