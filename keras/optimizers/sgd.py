"""Gradient descent, with momentum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from keras.optimizers.hyperparameters import Options
from keras.optimizers.optimizer import Optimizer


class SGD(Optimizer):
    """Stochastic gradient descent, optionally with (Nesterov) momentum.

    `v = momentum * v - rate * g; w = w + v`; with Nesterov
    `w = w + momentum * v - rate * g` (Sutskever et al., 2013).

    Args:
        learning_rate: a number, a schedule, or a callable.
        momentum: from 0 to 1; 0 for plain descent.
        nesterov: whether Nesterov's momentum is used.

    The other arguments are those of `Optimizer`.

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
        if not 0 <= momentum <= 1:
            raise ValueError(
                f"SGD: `momentum` must be from 0 to 1; received {momentum}."
            )
        self._keep(momentum=momentum)
        self.nesterov = bool(nesterov)
        self._has_momentum = momentum != 0
        self.fused = "nesterov" if self.nesterov and momentum else "sgd"

    def slots(self) -> Sequence[Sequence[str]]:
        """The momentum, if any."""
        return [["momentum"]] if self._has_momentum else []

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple[Any, ...]:
        """One step of descent."""
        if not slots:
            return (w - g * rate,)
        momentum = self._hyper_value("momentum", w)
        v = slots[0] * momentum - g * rate
        return (w + v * momentum - g * rate if self.nesterov else w + v), v
