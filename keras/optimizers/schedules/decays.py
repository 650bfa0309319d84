"""Learning-rate schedules: the learning rate as a function of the step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.core.config.configurable import Configurable
from keras.core.errors import check_number


class LearningRateSchedule(Configurable):
    """Base class of learning-rate schedules.

    A subclass defines `__call__(step)`; `step` is an integer tensor.

    Example:
        >>> class HalfLife(keras.optimizers.schedules.LearningRateSchedule):
        ...     def __init__(self, start, steps):
        ...         self.start, self.steps = start, steps
        ...     def __call__(self, step):
        ...         step = keras.ops.cast(step, "float32")
        ...         return self.start * 0.5 ** (step / self.steps)
    """

    def __call__(self, step: Any) -> Any:
        """The learning rate at a step."""
        raise NotImplementedError(
            f"{type(self).__name__} must define `__call__(step)`."
        )


def _float(x: Any) -> Any:
    return ops.cast(x, "float32")


class _Decay(LearningRateSchedule):
    """A decay in units of `decay_steps`, in discrete steps with `staircase`."""

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        decay_rate: float,
        staircase: bool = False,
        name: str | None = None,
    ) -> None:
        check_number(decay_steps, "decay_steps", type(self).__name__, above=0)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.decay_rate = decay_rate
        self.staircase = staircase
        self.name = name or type(self).__name__

    def _periods(self, step: Any) -> Any:
        periods = _float(step) / float(self.decay_steps)
        return ops.floor(periods) if self.staircase else periods


class ExponentialDecay(_Decay):
    """Exponential decay: `initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Args:
        initial_learning_rate: the learning rate at step 0.
        decay_steps: the number of steps in which it decays by `decay_rate`.
        decay_rate: the decay factor.
        staircase: whether it decays at discrete intervals instead of smoothly.
        name: a name.

    Example:
        >>> schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 1000, 0.5)
        >>> keras.optimizers.SGD(schedule)
    """

    def __call__(self, step: Any) -> Any:
        factor = ops.power(_float(self.decay_rate), self._periods(step))
        return self.initial_learning_rate * factor


class InverseTimeDecay(_Decay):
    """Inverse time decay.

    `initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    The arguments are those of `ExponentialDecay`.
    """

    def __call__(self, step: Any) -> Any:
        return self.initial_learning_rate / (
            1.0 + self.decay_rate * self._periods(step)
        )


class PiecewiseConstantDecay(LearningRateSchedule):
    """Piecewise constant: one learning rate between each two boundaries.

    Args:
        boundaries: steps in increasing order; a value applies up to and including its
            boundary.
        values: the learning rates, one more than boundaries.
        name: a name.

    Example:
        >>> keras.optimizers.schedules.PiecewiseConstantDecay([1000], [0.1, 0.01])
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        name: str = "PiecewiseConstant",
    ) -> None:
        if len(boundaries) != len(values) - 1:
            raise ValueError(
                "PiecewiseConstantDecay: one more value than boundaries is needed; "
                f"received {len(boundaries)} boundaries and {len(values)} values."
            )
        self.boundaries = list(boundaries)
        self.values = list(values)
        self.name = name

    def __call__(self, step: Any) -> Any:
        step = _float(step)
        rate = _float(self.values[0])
        for boundary, value in zip(self.boundaries, self.values[1:]):
            rate = ops.where(step > float(boundary), _float(value), rate)
        return rate


class PolynomialDecay(LearningRateSchedule):
    """Polynomial decay from one learning rate to another.

    `(initial - end) * (1 - step / decay_steps) ** power + end`.

    Args:
        initial_learning_rate: the learning rate at step 0.
        decay_steps: the step at which `end_learning_rate` is reached.
        end_learning_rate: the final learning rate.
        power: the exponent; 1 decays linearly.
        cycle: whether it restarts beyond `decay_steps`, over longer and longer
            periods.
        name: a name.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        end_learning_rate: float = 0.0001,
        power: float = 1.0,
        cycle: bool = False,
        name: str = "PolynomialDecay",
    ) -> None:
        check_number(decay_steps, "decay_steps", "PolynomialDecay", above=0)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.end_learning_rate = end_learning_rate
        self.power = power
        self.cycle = cycle
        self.name = name

    def __call__(self, step: Any) -> Any:
        step = _float(step)
        steps = _float(self.decay_steps)
        if self.cycle:
            steps = steps * ops.maximum(ops.ceil(step / steps), 1.0)
        else:
            step = ops.minimum(step, steps)
        left = 1.0 - step / steps
        span = self.initial_learning_rate - self.end_learning_rate
        return span * ops.power(left, self.power) + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """Cosine decay after an optional linear warmup (Loshchilov and Hutter, 2016).

    Args:
        initial_learning_rate: the learning rate at step 0.
        decay_steps: the number of steps of the decay, after the warmup.
        alpha: the final learning rate, as a fraction of the initial one (or of
            `warmup_target`).
        name: a name.
        warmup_target: the learning rate after the warmup; None for no warmup.
        warmup_steps: the number of steps of the linear warmup.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        check_number(decay_steps, "decay_steps", "CosineDecay", above=0)
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps

    def __call__(self, step: Any) -> Any:
        step = _float(step)
        if self.warmup_target is None:
            return self._fall(step, self.initial_learning_rate)
        steps = max(float(self.warmup_steps), 1e-12)
        rise = self.warmup_target - self.initial_learning_rate
        warming = self.initial_learning_rate + rise * (step / steps)
        falling = self._fall(step - self.warmup_steps, self.warmup_target)
        return ops.where(step < float(self.warmup_steps), warming, falling)

    def _fall(self, step: Any, start: float) -> Any:
        done = ops.minimum(step, float(self.decay_steps)) / float(self.decay_steps)
        wave = 0.5 * (1.0 + ops.cos(math.pi * done))
        return start * ((1 - self.alpha) * wave + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Cosine decay with restarts (SGDR, Loshchilov and Hutter, 2016).

    Args:
        initial_learning_rate: the learning rate at step 0.
        first_decay_steps: how many steps the first wave takes.
        t_mul: each wave takes this times as many steps as the one before.
        m_mul: each wave starts from this times the rate of the one before.
        alpha: the last rate of a wave, as a fraction of the first rate.
        name: a name.
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        check_number(
            first_decay_steps, "first_decay_steps", "CosineDecayRestarts", above=0
        )
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name

    def __call__(self, step: Any) -> Any:
        done = _float(step) / float(self.first_decay_steps)
        if self.t_mul == 1.0:
            wave = ops.floor(done)
            within = done - wave
        else:
            ratio = 1.0 - self.t_mul
            wave = ops.floor(ops.log(1.0 - done * ratio) / math.log(self.t_mul))
            length = ops.power(_float(self.t_mul), wave)
            within = (done - (1.0 - length) / ratio) / length
        height = ops.power(_float(self.m_mul), wave)
        fall = 0.5 * height * (1.0 + ops.cos(math.pi * within))
        return self.initial_learning_rate * ((1 - self.alpha) * fall + self.alpha)
