"""Muon: orthogonalized momentum for matrices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Unpack

from keras import ops
from keras.core.variable import Variable
from keras.optimizers.hyperparameters import DecoupledOptions
from keras.optimizers.optimizer import Optimizer


class Muon(Optimizer):
    """Muon: orthogonalized momentum for matrices, Adam for all other weights.

    The momentum of a matrix goes through some Newton-Schulz iterations (Jordan et al.,
    2024), which bring its singular values near 1.

    Args:
        learning_rate: a number, a schedule, or a callable.
        adam_beta_1, adam_beta_2, epsilon: those of Adam.
        adam_weight_decay: weight decay of the weights updated by Adam.
        weight_decay: weight decay of the matrices updated by Muon.
        exclude_layers: regular expressions; weights with such paths get Adam.
        exclude_embeddings: whether embeddings get Adam.
        muon_a, muon_b, muon_c: coefficients of the iteration's polynomial.
        adam_lr_ratio: ratio of Adam's learning rate to Muon's.
        momentum: momentum coefficient.
        ns_steps: number of Newton-Schulz iterations.
        nesterov: whether Nesterov's momentum is used.
        rms_rate: factor of the update, times the root of the larger dimension; None
            leaves updates unscaled.
        **options: those of `Optimizer`.

    Example:
        >>> keras.optimizers.Muon(0.02, adam_lr_ratio=0.1)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.775,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **options: Unpack[DecoupledOptions],
    ) -> None:
        super().__init__(learning_rate, weight_decay=weight_decay, **options)
        self._keep(
            adam_beta_1=adam_beta_1,
            adam_beta_2=adam_beta_2,
            epsilon=epsilon,
            momentum=momentum,
        )
        self.adam_weight_decay = adam_weight_decay
        self.exclude_layers = list(exclude_layers or ())
        self.exclude_embeddings = bool(exclude_embeddings)
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.ns_steps = ns_steps
        self.nesterov = bool(nesterov)
        self.rms_rate = rms_rate

    def _uses_adam(self, variable: Variable) -> bool:
        path = variable.path
        return (
            len(variable.shape) != 2
            or (self.exclude_embeddings and "embedding" in path.lower())
            or any(re.search(pattern, path) for pattern in self.exclude_layers)
        )

    def slots(self) -> Sequence[Sequence[str]]:
        """The momentum, and for Adam the second moment."""
        return [["momentum", "velocity"]]

    def slot_shape(self, slot: str, variable: Variable) -> tuple[int, ...] | None:
        """A matrix that Muon updates has no second moment."""
        has = slot == "momentum" or self._uses_adam(variable)
        return variable.shape if has else None

    def _decay(self, variables: list[Variable], places: list[int], rate: Any) -> None:
        for variable, i in zip(variables, places):
            adam = self._slots["velocity"][i] is not None
            decay = self.adam_weight_decay if adam else self.weight_decay
            if decay and self._decayed[i]:
                factor = ops.cast(rate * decay, variable.dtype)
                variable.assign(variable.value - variable.value * factor)

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple[Any, ...]:
        """One step: with one slot that of Muon, with two that of Adam."""
        if len(slots) == 2:
            return self._adam(g, w, rate * self.adam_lr_ratio, *slots)
        momentum = self._hyper_value("momentum", w)
        m = momentum * slots[0] + g
        step = g + momentum * m if self.nesterov else m
        step = self.lr_adjust(self.zeropower_via_newtonschulz5(step, self.ns_steps))
        return w - rate * step, m

    def _adam(self, g: Any, w: Any, rate: Any, m: Any, v: Any) -> tuple[Any, ...]:
        beta_1 = self._hyper_value("adam_beta_1", w)
        beta_2 = self._hyper_value("adam_beta_2", w)
        t = self._step_number(w)
        m = m + (g - m) * (1 - beta_1)
        v = v + (ops.square(g) - v) * (1 - beta_2)
        rate = rate * ops.sqrt(1 - ops.power(beta_2, t)) / (1 - ops.power(beta_1, t))
        return w - rate * m / (ops.sqrt(v) + self._hyper_value("epsilon", w)), m, v

    def lr_adjust(self, x: Any) -> Any:
        """An update scaled so that its elements are about as large as those of Adam.

        Multiplied by `rms_rate * sqrt(max(rows, columns))`, or not at all if `rms_rate`
        is None (Liu et al., 2025, arXiv:2502.16982).

        Args:
            x: an orthogonalized update of shape (..., rows, columns).
        """
        if self.rms_rate is None:
            return x
        return x * (self.rms_rate * max(x.shape[-2:]) ** 0.5)

    def transpose_last_axis(self, X: Any) -> Any:
        """The transpose of each matrix.

        Args:
            X: a tensor of shape (..., rows, columns).
        """
        return ops.swapaxes(X, -1, -2)

    def zeropower_via_newtonschulz5(self, x: Any, steps: int) -> Any:
        """Each matrix with all its singular values brought near 1, from 0.7 to 1.2.

        A quintic Newton-Schulz iteration, with the coefficients `muon_a`, `muon_b` and
        `muon_c` (Jordan et al., 2024).

        Args:
            x: a tensor of shape (..., rows, columns).
            steps: how many iterations.
        """
        if len(x.shape) < 2:
            raise ValueError(
                "Muon.zeropower_via_newtonschulz5: `x` must have at least 2 axes; "
                f"received shape {tuple(x.shape)}."
            )
        is_tall = x.shape[-2] > x.shape[-1]
        x = self.transpose_last_axis(x) if is_tall else x
        norm = ops.sqrt(ops.sum(ops.square(x), axis=(-2, -1), keepdims=True))
        x = x / (norm + 1e-7)

        for _ in range(steps):
            square = ops.matmul(x, self.transpose_last_axis(x))
            fourth = ops.matmul(square, square)
            x = self.muon_a * x + ops.matmul(
                self.muon_b * square + self.muon_c * fourth, x
            )
        return self.transpose_last_axis(x) if is_tall else x
