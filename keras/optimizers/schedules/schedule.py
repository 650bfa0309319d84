"""The base of learning-rate schedules."""

from __future__ import annotations

from typing import Any

from keras.core.configurable import Configurable


class LearningRateSchedule(Configurable):
    """A learning rate that depends on the step.

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
