"""Adagrad, Adadelta, RMSprop, Ftrl, Adafactor: a learning rate for each element."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

from keras import initializers, ops
from keras.core.errors import check_fraction, check_number
from keras.core.variable import Variable
from keras.optimizers.hyperparameters import Options
from keras.optimizers.optimizer import Optimizer


class Adagrad(Optimizer):
    """Adagrad: divides each gradient by the root of its accumulated squares.

    Duchi et al., 2011, "Adaptive Subgradient Methods for Online Learning and Stochastic
    Optimization".

    `a = a + g**2; w = w - rate * g / sqrt(a + epsilon)`.

    Args:
        learning_rate: a number, a schedule, or a callable.
        initial_accumulator_value: initial value of the accumulator; not negative.
        epsilon: a small constant for numerical stability.
        **options: those of `Optimizer`.

    Example:
        >>> keras.optimizers.Adagrad(0.01)
    """

    keeps_rows = True

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
        """The accumulated squared gradients."""
        return [["accumulator"]]

    def initial_slot(self, slot: str, variable: Variable) -> Any:
        """The accumulator starts at `initial_accumulator_value`."""
        return initializers.Constant(self.initial_accumulator_value)

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple[Any, ...]:
        total = slots[0] + ops.square(g)
        return w - rate * g * ops.rsqrt(total + self._hyper_value("epsilon", w)), total


def check_accumulator(value: float, who: str) -> float:
    """The initial value of an accumulator of squares; it must not be negative."""
    return check_number(value, "initial_accumulator_value", who, least=0)


class Adadelta(Optimizer):
    """Adadelta: adapts the step by running averages of squared gradients and updates.

    With `g2` and `d2` the running averages of squared gradients and of squared updates
    (Zeiler, 2012, arXiv:1212.5701),
    `d = -sqrt(d2 + epsilon) / sqrt(g2 + epsilon) * g; w = w + rate * d`.

    Args:
        learning_rate: a number, a schedule, or a callable; 1.0 in the paper.
        rho: decay rate of the running averages.
        epsilon: a small constant for numerical stability.
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
        """The running averages of squared gradients and of squared updates."""
        return [["accumulated_grad", "accumulated_delta_var"]]

    def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> tuple[Any, ...]:
        rho = self._hyper_value("rho", w)
        epsilon = self._hyper_value("epsilon", w)
        squares = rho * slots[0] + (1 - rho) * ops.square(g)
        step = -ops.sqrt(slots[1] + epsilon) * ops.rsqrt(squares + epsilon) * g
        steps = rho * slots[1] + (1 - rho) * ops.square(step)
        return w + rate * step, squares, steps


class RMSprop(Optimizer):
    """RMSprop: divides each gradient by the root of its running mean square.

    `v = rho * v + (1 - rho) * g**2; w = w - rate * g / sqrt(v + epsilon)` (Tieleman and
    Hinton, 2012). If centered, the squared running mean of `g` is subtracted from `v`.

    Args:
        learning_rate: a number, a schedule, or a callable.
        rho: decay rate of the running mean square.
        momentum: momentum coefficient from 0 to 1; 0 for none.
        epsilon: a small constant for numerical stability.
        centered: whether gradients are normalized by their estimated variance instead
            of the mean square.
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


class Ftrl(Optimizer):
    """FTRL: follow the regularized leader, for sparse linear models.

    McMahan et al., 2013, "Ad Click Prediction: a View from the Trenches".

    Args:
        learning_rate: a number, a schedule, or a callable.
        learning_rate_power: power of the accumulator that the rate is multiplied by;
            at most 0.
        initial_accumulator_value: initial value of the accumulator; not negative.
        l1_regularization_strength: L1 penalty, which makes weights sparse; not
            negative.
        l2_regularization_strength: L2 penalty; not negative.
        l2_shrinkage_regularization_strength: L2 penalty added to the gradient only.
        beta: added to the root of the accumulator.
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
        """The accumulated squared gradients, and the linear coefficients."""
        return [["accumulator", "linear"]]

    def initial_slot(self, slot: str, variable: Variable) -> Any:
        """The accumulator starts at `initial_accumulator_value`."""
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


class Adafactor(Optimizer):
    """Adafactor: adaptive steps with factored second moments, to save memory.

    The running mean square of a matrix is stored as the means of its rows and columns,
    and the step is relative to the scale of the weight (Shazeer and Stern, 2018,
    arXiv:1804.04235).

    Args:
        learning_rate: a number, a schedule, or a callable.
        beta_2_decay: decay rate at step `t` is `1 - t ** beta_2_decay`.
        epsilon_1: a small constant added to squared gradients.
        epsilon_2: lower bound for the scale of a weight.
        clip_threshold: upper bound for the root mean square of an update.
        relative_step: whether the learning rate is capped at `1 / sqrt(t)`.
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
        """The means of rows and columns, and the full mean square."""
        return [["r", "c", "velocity"]]

    def slot_shape(self, slot: str, variable: Variable) -> tuple[int, ...]:
        """Without the last axis for rows, without the second last for columns."""
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
    """The root mean square of a tensor."""
    return ops.sqrt(ops.mean(ops.square(x)))
