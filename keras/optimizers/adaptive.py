"""Adagrad and Adadelta: a rate of its own for each number of a weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from keras import initializers, ops
from keras.core.errors import check_number
from keras.core.variable import Variable
from keras.optimizers.hyperparameters import Options
from keras.optimizers.optimizer import Optimizer


class Adagrad(Optimizer):
    """Gradients over the root of the sum of their squares (Duchi et al., 2011).

    `a = a + g**2; w = w - rate * g / sqrt(a + epsilon)`.

    Args:
        learning_rate: a number, a schedule, or a callable.
        initial_accumulator_value: how the sum starts, not negative.
        epsilon: keeps the division finite.
        **options: those of `Optimizer`.

    Example:
        >>> keras.optimizers.Adagrad(0.01)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        initial_accumulator_value: float = 0.1,
        epsilon: float = 1e-7,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        self._keep(epsilon=epsilon)
        self.initial_accumulator_value = check_accumulator(
            initial_accumulator_value, "Adagrad"
        )

    def slots(self) -> Sequence[Sequence[str]]:
        """The sum of squares."""
        return [["accumulator"]]

    def initial_slot(self, slot: str, variable: Variable) -> Any:
        """The sum starts at the value given."""
        return initializers.Constant(self.initial_accumulator_value)

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple[Any, ...]:
        total = slots[0] + ops.square(g)
        return w - rate * g * ops.rsqrt(total + self._hyper_value("epsilon", w)), total


def check_accumulator(value: float, who: str) -> float:
    """The first value of a sum of squares, which must not be negative."""
    return check_number(value, "initial_accumulator_value", who, least=0)


class Adadelta(Optimizer):
    """Gradients times the root of mean squared steps, over that of squared gradients.

    (Zeiler, 2012.) With `g2` and `d2` those running means,
    `d = -sqrt(d2 + epsilon) / sqrt(g2 + epsilon) * g; w = w + rate * d`.

    Args:
        learning_rate: a number, a schedule, or a callable; 1.0 in the paper.
        rho: how slowly the means move.
        epsilon: keeps the division finite.
        **options: those of `Optimizer`.

    Example:
        >>> keras.optimizers.Adadelta(1.0)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.95,
        epsilon: float = 1e-7,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        self._keep(rho=rho, epsilon=epsilon)

    def slots(self) -> Sequence[Sequence[str]]:
        """The running means of squared gradients and of squared steps."""
        return [["accumulated_grad", "accumulated_delta_var"]]

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple[Any, ...]:
        rho, epsilon = self._hyper_value("rho", w), self._hyper_value("epsilon", w)
        squares = rho * slots[0] + (1 - rho) * ops.square(g)
        step = -ops.sqrt(slots[1] + epsilon) * ops.rsqrt(squares + epsilon) * g
        steps = rho * slots[1] + (1 - rho) * ops.square(step)
        return w + rate * step, squares, steps
