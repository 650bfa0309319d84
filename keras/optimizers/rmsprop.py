"""RMSprop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from keras import ops
from keras.core.errors import check_fraction
from keras.optimizers.hyperparameters import Options
from keras.optimizers.optimizer import Optimizer


class RMSprop(Optimizer):
    """Gradients over the root of their running mean square (Hinton, 2012).

    `v = rho * v + (1 - rho) * g**2; w = w - rate * g / sqrt(v + epsilon)`; centered,
    the square of the running mean of `g` is taken off `v`.

    Args:
        learning_rate: a number, a schedule, or a callable.
        rho: how slowly the mean moves.
        momentum: from 0 to 1; 0 for none.
        epsilon: keeps the division finite.
        centered: whether the variance is used instead of the mean square.
        **options: those of `Optimizer`.

    Example:
        >>> keras.optimizers.RMSprop(1e-3, momentum=0.9)
    """

    fused = "rmsprop"

    def __init__(
        self,
        learning_rate: Any = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        check_fraction(momentum, "momentum", "RMSprop")
        self._keep(rho=rho, momentum=momentum, epsilon=epsilon)
        self.centered = bool(centered)
        self._has_momentum = momentum > 0

    def slots(self) -> Sequence[Sequence[str]]:
        """The mean square, the momentum, the mean."""
        groups = [["velocity"]]
        if self._has_momentum:
            groups.append(["momentum"])
        if self.centered:
            groups.append(["average_gradient"])
        return groups

    def update(self, g: Any, w: Any, rate: Any, v: Any, *more: Any) -> tuple[Any, ...]:
        rho = self._hyper_value("rho", w)
        v = rho * v + (1 - rho) * ops.square(g)
        new = [v]
        spread = v
        if self.centered:
            mean = rho * more[-1] + (1 - rho) * g
            spread = v - ops.square(mean)
        step = rate * g * ops.rsqrt(spread + self._hyper_value("epsilon", w))
        if self._has_momentum:
            step = self._hyper_value("momentum", w) * more[0] + step
            new.append(step)
        if self.centered:
            new.append(mean)
        return (w - step, *new)
