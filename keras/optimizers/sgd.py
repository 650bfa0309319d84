"""Stochastic gradient descent with momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from keras.core.errors import check_fraction
from keras.optimizers.hyperparameters import Options
from keras.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    """SGD: stochastic gradient descent, optionally with (Nesterov) momentum.

    `v = momentum * v - rate * g; w = w + v`; with Nesterov
    `w = w + momentum * v - rate * g` (Sutskever et al., 2013).

    Args:
        learning_rate: a number, a schedule, or a callable.
        momentum: momentum coefficient from 0 to 1; 0 for plain gradient descent.
        nesterov: whether Nesterov's momentum is used.
        **options: those of `Optimizer`.

    Example:
        >>> keras.optimizers.SGD(0.01, momentum=0.9)
    """

    def __init__(
        self,
        learning_rate: Any = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        check_fraction(momentum, "momentum", "SGD")
        self._keep(momentum=momentum)
        self.nesterov = bool(nesterov)
        self._has_momentum = momentum != 0
        self.keeps_rows = momentum == 0
        self.fused = "nesterov" if self.nesterov and momentum else "sgd"

    def slots(self) -> Sequence[Sequence[str]]:
        """The momentum, if any."""
        return [["momentum"]] if self._has_momentum else []

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple[Any, ...]:
        if not slots:
            return (w - g * rate,)
        momentum = self._hyper_value("momentum", w)
        v = slots[0] * momentum - g * rate
        return (w + v * momentum - g * rate if self.nesterov else w + v), v
