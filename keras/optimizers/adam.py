"""Adam and AdamW."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from keras import ops
from keras.optimizers.hyperparameters import DecoupledOptions, Options
from keras.optimizers.optimizer import Optimizer


class Adam(Optimizer):
    """Adam: steps scaled by running means of the gradient and its square.

    With `m` and `v` those means, corrected for their start at 0:
    `w = w - rate * m / (sqrt(v) + epsilon)` (Kingma and Ba, 2014).

    Args:
        learning_rate: a number, a schedule, or a callable.
        beta_1, beta_2: how slowly the two means move.
        epsilon: keeps the division finite.
        amsgrad: use the largest `v` so far (Reddi et al., 2018).

    The other arguments are those of `Optimizer`.

    Example:
        >>> model.compile(keras.optimizers.Adam(1e-3), "mse")
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        self._keep(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)
        self.amsgrad = bool(amsgrad)
        self.fused = "amsgrad" if self.amsgrad else "adam"

    def slots(self) -> Sequence[Sequence[str]]:
        """The two means, and with amsgrad the largest second one."""
        own = ["momentum", "velocity"]
        return [own, ["velocity_hat"]] if self.amsgrad else [own]

    def update(self, g: Any, w: Any, rate: Any, m: Any, v: Any, *hat: Any) -> tuple:
        """One step of Adam."""
        beta_1 = self._hyper_value("beta_1", w)
        beta_2 = self._hyper_value("beta_2", w)
        scale = self._scalar("scale", w, lambda: self._correction(w))
        m = m + (g - m) * (1 - beta_1)
        v = v + (ops.square(g) - v) * (1 - beta_2)
        largest = ops.maximum(hat[0], v) if hat else v
        step = (
            m * (rate * scale) / (ops.sqrt(largest) + self._hyper_value("epsilon", w))
        )
        return (w - step, m, v, largest) if hat else (w - step, m, v)

    def _correction(self, w: Any) -> Any:
        """What makes up for means that start at 0."""
        t = self._step_number(w)
        left_1 = ops.power(self._hyper_value("beta_1", w), t)
        left_2 = ops.power(self._hyper_value("beta_2", w), t)
        return ops.sqrt(1 - left_2) / (1 - left_1)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2017).

    Args:
        learning_rate: a number, a schedule, or a callable.
        weight_decay: the fraction of each weight taken off, times the learning rate.
        beta_1, beta_2, epsilon, amsgrad: as for `Adam`.

    The other arguments are those of `Optimizer`.

    Example:
        >>> keras.optimizers.AdamW(1e-3, weight_decay=0.01)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
        **options: Unpack[DecoupledOptions],
    ) -> None:
        if weight_decay is None:
            raise ValueError("AdamW: `weight_decay` must be a number; received None.")
        super().__init__(
            learning_rate,
            beta_1,
            beta_2,
            epsilon,
            amsgrad,
            weight_decay=weight_decay,
            **options,
        )
