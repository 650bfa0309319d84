"""Adam and its variants: AdamW, Adamax, Nadam, Lamb; and Lion."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Unpack

from keras import ops
from keras.core.errors import check_number
from keras.core.variable import Variable
from keras.optimizers.hyperparameters import DecoupledOptions, Options
from keras.optimizers.optimizer import Optimizer


class Adam(Optimizer):
    """Adam: scales each step by running estimates of the gradient's two moments.

    With `m` and `v` the bias-corrected running means of `g` and `g**2`:
    `w = w - rate * m / (sqrt(v) + epsilon)` (Kingma and Ba, 2014, arXiv:1412.6980).

    Args:
        learning_rate: a number, a schedule, or a callable.
        beta_1, beta_2: decay rates of the first and second moment.
        epsilon: a small constant for numerical stability.
        amsgrad: whether the maximum of `v` so far is used (Reddi et al., 2018).
        **options: those of `Optimizer`.

    Example:
        >>> model = keras.Sequential([keras.layers.Dense(1)])
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
        """The two moments, and with `amsgrad` the maximum of the second."""
        own = ["momentum", "velocity"]
        return [own, ["velocity_hat"]] if self.amsgrad else [own]

    def update(self, g: Any, w: Any, rate: Any, m: Any, v: Any, *hat: Any) -> tuple:
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
        """The bias correction for moments that start at 0."""
        t = self._step_number(w)
        left_1 = ops.power(self._hyper_value("beta_1", w), t)
        left_2 = ops.power(self._hyper_value("beta_2", w), t)
        return ops.sqrt(1 - left_2) / (1 - left_1)


class AdamW(Adam):
    """Adam with decoupled weight decay (Loshchilov and Hutter, 2017).

    Args:
        learning_rate: a number, a schedule, or a callable.
        weight_decay: the fraction by which weights decay, times the learning rate.
        beta_1, beta_2, epsilon, amsgrad: as for `Adam`.
        **options: those of `Optimizer`.

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


class Adamax(Optimizer):
    """Adamax: Adam with an exponentially weighted infinity norm as second moment.

    `u = max(beta_2 * u, |g|); w = w - rate / (1 - beta_1**t) * m / (u + epsilon)`
    (Kingma and Ba, 2014, section 7.1).

    Args:
        learning_rate: a number, a schedule, or a callable.
        beta_1, beta_2: decay rates of the first moment and of the infinity norm.
        epsilon: a small constant for numerical stability.
        **options: those of `Optimizer`.

    Example:
        >>> keras.optimizers.Adamax(2e-3)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        self._keep(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)

    def slots(self) -> Sequence[Sequence[str]]:
        """The first moment and the infinity norm."""
        return [["momentum", "norm"]]

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple:
        m, u = slots
        beta_1 = self._hyper_value("beta_1", w)
        m = m + (g - m) * (1 - beta_1)
        u = ops.maximum(self._hyper_value("beta_2", w) * u, ops.abs(g))
        left = 1 - ops.power(beta_1, self._step_number(w))
        return w - rate * m / (left * (u + self._hyper_value("epsilon", w))), m, u


class Nadam(Adamax):
    """Nadam: Adam with Nesterov momentum (Dozat, 2016).

    The first moment is corrected with a momentum schedule
    `u_t = beta_1 * (1 - 0.5 * 0.96**t)` and with the product of its values.

    The arguments are those of `Adam`, without `amsgrad`.

    Example:
        >>> keras.optimizers.Nadam(2e-3)
    """

    def slots(self) -> Sequence[Sequence[str]]:
        """The two moments of Adam."""
        return [["momentum", "velocity"]]

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots, and the product of the momenta so far."""
        if not self.built:
            super().build(variables)
            self._product = self.add_variable((), "ones", "float32", name="u_product")

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        momentum = self._momentum(self._product.value, 0)
        self._product.assign(self._product.value * momentum)
        super()._update(grads, variables)

    def _momentum(self, like: Any, ahead: int) -> Any:
        t = self._step_number(like) + ahead
        return self._hyper_value("beta_1", like) * (1 - 0.5 * ops.power(0.96, t))

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple:
        m, v = slots
        beta_1 = self._hyper_value("beta_1", w)
        beta_2 = self._hyper_value("beta_2", w)
        m = m + (g - m) * (1 - beta_1)
        v = v + (ops.square(g) - v) * (1 - beta_2)
        now = self._momentum(w, 0)
        after = self._momentum(w, 1)
        product = ops.cast(self._product.value, w.dtype)
        ahead = after * m / (1 - product * after) + (1 - now) * g / (1 - product)
        spread = v / (1 - ops.power(beta_2, self._step_number(w)))
        step = rate * ahead / (ops.sqrt(spread) + self._hyper_value("epsilon", w))
        return w - step, m, v


class Lamb(Adamax):
    """LAMB: Adam with a layer-wise learning rate, for large batches.

    `w = w - rate * |w| / |r| * r` with `r` the step of Adam (You et al., 2019,
    arXiv:1904.00962).

    The arguments are those of `Adam`, without `amsgrad`.

    Example:
        >>> keras.optimizers.Lamb(1e-3)
    """

    def slots(self) -> Sequence[Sequence[str]]:
        """The two moments of Adam."""
        return [["momentum", "velocity"]]

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple:
        m, v = slots
        beta_1 = self._hyper_value("beta_1", w)
        beta_2 = self._hyper_value("beta_2", w)
        t = self._step_number(w)
        m = m + (g - m) * (1 - beta_1)
        v = v + (ops.square(g) - v) * (1 - beta_2)
        root = ops.sqrt(v / (1 - ops.power(beta_2, t)))
        step = m / (1 - ops.power(beta_1, t)) / (root + self._hyper_value("epsilon", w))
        weight_norm = ops.norm(w)
        step_norm = ops.norm(step)
        both = ops.logical_and(weight_norm > 0, step_norm > 0)
        ratio = ops.where(both, weight_norm / ops.where(both, step_norm, 1.0), 1.0)
        return w - rate * ops.cast(ratio, w.dtype) * step, m, v


class Lion(Optimizer):
    """Lion: steps along the sign of an interpolated momentum (Chen et al., 2023).

    `w = w - rate * sign(beta_1 * m + (1 - beta_1) * g)`, then `m` moves by `beta_2`.

    Args:
        learning_rate: a number, a schedule, or a callable; a third to a tenth of what
            suits Adam.
        beta_1, beta_2: decay rates used for the step, and for the momentum.
        **options: those of `Optimizer`.

    Example:
        >>> keras.optimizers.Lion(1e-4)
    """

    def __init__(
        self,
        learning_rate: Any = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        check_number(beta_1, "beta_1", "Lion", above=0, most=1)
        self._keep(beta_1=beta_1, beta_2=beta_2)

    def slots(self) -> Sequence[Sequence[str]]:
        """The momentum."""
        return [["momentum"]]

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple:
        (m,) = slots
        beta_1 = self._hyper_value("beta_1", w)
        beta_2 = self._hyper_value("beta_2", w)
        step = ops.sign(m * beta_1 + g * (1 - beta_1))
        return w - rate * step, m * beta_2 + g * (1 - beta_2)
