"""Loss scaling for float16: keeps small gradients from underflowing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import ops
from keras.core.variable import Variable, current_frame
from keras.optimizers.branches import either
from keras.optimizers.optimizer import Optimizer


class LossScaleOptimizer(Optimizer):
    """Wrap an optimizer so that the loss is scaled up and the gradients down.

    The scale doubles after a number of steps without infinities; a step whose
    gradients are not finite is skipped, and the scale halved (Micikevicius et al.,
    2017). `compile` does this by itself under the policy `mixed_float16`.

    Args:
        inner_optimizer: the optimizer that updates the weights.
        initial_scale: the first scale.
        dynamic_growth_steps: after how many good steps it doubles.
        name: a name.

    Example:
        >>> keras.optimizers.LossScaleOptimizer(keras.optimizers.Adam())
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if not isinstance(inner_optimizer, Optimizer):
            raise TypeError(
                "LossScaleOptimizer: `inner_optimizer` must be an Optimizer; received "
                f"{inner_optimizer!r}."
            )
        if isinstance(inner_optimizer, LossScaleOptimizer):
            raise ValueError("LossScaleOptimizer cannot wrap another one.")
        if given := sorted(k for k, v in kwargs.items() if v is not None):
            raise ValueError(
                f"LossScaleOptimizer: {given} belong to the inner optimizer; give them "
                f"to {type(inner_optimizer).__name__} instead."
            )

        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = float(initial_scale)
        self.dynamic_growth_steps = int(dynamic_growth_steps)

        self.step_counter = self.add_variable(
            (), "zeros", dtype="int32", name="step_counter"
        )
        self.dynamic_scale = self.add_variable(
            (), lambda shape, dtype: self.initial_scale, "float32", name="dynamic_scale"
        )

    @property
    def learning_rate(self) -> Any:
        """The learning rate of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        self.inner_optimizer.learning_rate = value

    @property
    def variables(self) -> list[Variable]:
        """Its own variables, then those of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    def build(self, variables: Any) -> None:
        """Build the inner optimizer."""
        if not self.built:
            self._trainable = list(variables)
            self.inner_optimizer.build(self._trainable)
            self.built = True

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the current scale."""
        scale = ops.cast(self.dynamic_scale.value, loss.dtype)
        return self.inner_optimizer.scale_loss(loss * scale)

    def check_finite(self, grads: Sequence[Any]) -> Any:
        """Whether no gradient holds an infinity or NaN, as a scalar tensor.

        Args:
            grads: gradients; those that are None are left out.
        """
        finite = [ops.all(ops.isfinite(g)) for g in grads if g is not None]
        return ops.all(ops.stack(finite)) if finite else ops.convert_to_tensor(True)

    def _apply(self, grads: list[Any], variables: list[Variable]) -> None:
        scale = self.dynamic_scale.value
        finite = self.check_finite(grads)

        def update() -> None:
            self.inner_optimizer.apply(
                [None if g is None else g / ops.cast(scale, g.dtype) for g in grads],
                variables,
            )
            steps = self.step_counter.value + 1
            grow = ops.greater_equal(steps, self.dynamic_growth_steps)
            self.dynamic_scale.assign(ops.where(grow, scale * 2.0, scale))
            self.step_counter.assign(ops.where(grow, 0, steps))

        def skip() -> None:
            self.dynamic_scale.assign(scale / 2.0)
            self.step_counter.assign(0)

        # PyTorch asks the host which it is: the one look that scaling needs.
        finite = finite if current_frame() else self._backend.number(finite)
        either(finite, update, skip, [*variables, *self.variables])
        self._count()

    def finalize_variable_values(self, var_list: Any) -> None:
        """Let the inner optimizer finish."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def _swap_averages(self) -> bool:
        return self.inner_optimizer._swap_averages()

    def _note_swapped(self, are_swapped: bool) -> None:
        self.inner_optimizer._note_swapped(are_swapped)

    def get_config(self) -> dict[str, Any]:
        from keras.core.config.serialization import serialize_keras_object

        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }
