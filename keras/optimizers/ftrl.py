"""Ftrl."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from keras import initializers, ops
from keras.core.variable import Variable
from keras.optimizers.adaptive import check_accumulator
from keras.optimizers.hyperparameters import Options
from keras.optimizers.optimizer import Optimizer


class Ftrl(Optimizer):
    """Follow the regularized leader, for sparse linear models (McMahan et al., 2013).

    Args:
        learning_rate: a number, a schedule, or a callable.
        learning_rate_power: how the rate falls with the sum of squares; at most 0.
        initial_accumulator_value: how that sum starts, not negative.
        l1_regularization_strength: pulls weights to exactly 0; not negative.
        l2_regularization_strength: makes weights small; not negative.
        l2_shrinkage_regularization_strength: the same, on the gradient alone.
        beta: added to the root of the sum of squares.
        **options: those of `Optimizer`.

    Example:
        >>> keras.optimizers.Ftrl(0.05, l1_regularization_strength=0.01)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        strengths = {
            "l1_regularization_strength": l1_regularization_strength,
            "l2_regularization_strength": l2_regularization_strength,
            "l2_shrinkage_regularization_strength": (
                l2_shrinkage_regularization_strength
            ),
        }
        if learning_rate_power > 0 or any(v < 0 for v in strengths.values()):
            raise ValueError(
                "Ftrl: `learning_rate_power` must be at most 0, the strengths at least "
                f"0; received {learning_rate_power} and {strengths}."
            )
        self.initial_accumulator_value = check_accumulator(
            initial_accumulator_value, "Ftrl"
        )
        self._keep(learning_rate_power=learning_rate_power, beta=beta, **strengths)

    def slots(self) -> Sequence[Sequence[str]]:
        """The sum of squares, and the linear part of the bound."""
        return [["accumulator", "linear"]]

    def initial_slot(self, slot: str, variable: Variable) -> Any:
        """The sum starts at the value given."""
        if slot == "linear":
            return "zeros"
        return initializers.Constant(self.initial_accumulator_value)

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple[Any, ...]:
        total, linear = slots
        power = -self._hyper_value("learning_rate_power", w)
        l1 = self._hyper_value("l1_regularization_strength", w)
        l2 = self._hyper_value("l2_regularization_strength", w)
        shrinkage = self._hyper_value("l2_shrinkage_regularization_strength", w)
        l2 = l2 + self._hyper_value("beta", w) / (2 * rate)
        more = total + ops.square(g)
        scale = ops.power(more, power)
        linear = linear + g + 2 * shrinkage * w
        linear = linear - (scale - ops.power(total, power)) / rate * w
        quadratic = scale / rate + 2 * l2
        return (ops.clip(linear, -l1, l1) - linear) / quadratic, more, linear
