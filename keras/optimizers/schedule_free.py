"""Schedule-Free AdamW: averaging in the place of a learning-rate schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from keras import ops
from keras.core.errors import check_number
from keras.core.variable import Variable
from keras.optimizers.hyperparameters import Options
from keras.optimizers.optimizer import Optimizer


class ScheduleFreeAdamW(Optimizer):
    """Schedule-Free AdamW: needs no decay of the learning rate, nor its length known.

    Three sequences take the place of a schedule (Defazio et al., 2024,
    arXiv:2405.15682). `z` makes the steps of Adam, `x` is the mean of all `z` so far,
    and gradients are taken at `y`, in between:

        z = z - rate * g / (sqrt(v) + epsilon)
        x = (1 - 1/t) * x + z / t
        y = (1 - beta_1) * z + beta_1 * x

    The model's weights are `y`, in training and afterwards. `z` and `v`, the second
    moment, are kept beside them; `x` follows from `y` and `z`.

    Args:
        learning_rate: a number, a schedule, or a callable. The best one is often larger
            than with a schedule.
        beta_1: how much of `x` is in `y`, from 0 to 1.
        beta_2: decay rate of the second moment.
        epsilon: a small constant for numerical stability.
        warmup_steps: over how many steps the learning rate grows linearly from 0.
        **options: those of `Optimizer`. `weight_decay` shrinks `y`, by the learning
            rate before the warm-up.

    Example:
        >>> x, y = np.ones((8, 3)), np.ones(8)
        >>> model = keras.Sequential([keras.layers.Dense(1)])
        >>> model.compile(keras.optimizers.ScheduleFreeAdamW(warmup_steps=100), "mse")
        >>> history = model.fit(x, y, verbose=0)
    """

    def __init__(
        self,
        learning_rate: Any = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(learning_rate, **options)
        self._keep(beta_1=beta_1, beta_2=beta_2, epsilon=epsilon)
        self.warmup_steps = check_number(
            warmup_steps, "warmup_steps", "ScheduleFreeAdamW", least=0
        )

    def slots(self) -> Sequence[Sequence[str]]:
        """`z`, called momentum, and the second moment."""
        return [["momentum", "velocity"]]

    def initial_slot(self, slot: str, variable: Variable) -> Any:
        """`z` starts where the weight is."""
        return variable.numpy() if slot == "momentum" else "zeros"

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        # The weights may have been loaded or set since the slots were made.
        is_first = self._updates() == 0
        for variable, i in zip(variables, self._places(variables)):
            z = self._slots["momentum"][i]
            if is_first is not False:
                z.assign(ops.where(is_first, variable.value, z.value))
        super()._update(grads, variables)

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple[Any, ...]:
        z, v = slots
        beta_1 = self._hyper_value("beta_1", w)
        beta_2 = self._hyper_value("beta_2", w)
        t = self._step_number(w)
        v = v + (ops.square(g) - v) * (1 - beta_2)
        root = ops.sqrt(v / (1 - ops.power(beta_2, t)))
        step = self._warmed_up(rate, t) * g / (root + self._hyper_value("epsilon", w))

        # `y` after the step, with `x` put in terms of `y` and `z`.
        share = 1 / t
        w = w + (z - w) * share - step * (1 - beta_1 * (1 - share))
        return w, z - step, v

    def _warmed_up(self, rate: Any, t: Any) -> Any:
        """The learning rate of step `t`."""
        if not self.warmup_steps:
            return rate
        return rate * ops.minimum(t / self.warmup_steps, 1.0)
