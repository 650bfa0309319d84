"""The base of all optimizers.

An optimizer says which slots it keeps for each weight and how one weight and its
slots change: `slots` and `update`. Everything around it is here, once: clipping,
decay, averages, accumulation, constraints, the learning rate.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any, TypedDict

from keras import initializers, ops
from keras.core.configurable import Configurable
from keras.core.naming import auto_name, path_scope, to_snake_case
from keras.core.scope import backend_scope
from keras.core.state import Stateful
from keras.core.variable import StatelessScope, Variable
from keras.optimizers.schedules.schedule import LearningRateSchedule


class DecoupledOptions(TypedDict, total=False):
    """What every optimizer takes beside its own arguments; see `Optimizer`."""

    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    gradient_accumulation_steps: int | None
    name: str | None


class Options(DecoupledOptions, total=False):
    """The same, where weight decay is an option among others."""

    weight_decay: float | None


class Optimizer(Configurable, Stateful):
    """The base class of all optimizers.

    A subclass defines `slots()` and `update(gradient, weight, learning_rate, *slots)`,
    or, as in Keras, `build(variables)` and
    `update_step(gradient, variable, learning_rate)`.

    Args:
        learning_rate: a number, a schedule, or a callable.
        weight_decay: the fraction of each weight taken off at each step, times the
            learning rate.
        clipnorm: the largest norm of each gradient.
        clipvalue: the largest absolute value in a gradient.
        global_clipnorm: the largest norm of all gradients together.
        use_ema: whether a moving average of the weights is kept.
        ema_momentum: how slowly it moves.
        ema_overwrite_frequency: the weights take its value every so many steps.
        loss_scale_factor: the loss is multiplied by it, the gradients divided.
        gradient_accumulation_steps: how many gradients are averaged for one update.
        name: the optimizer's name.

    Hyperparameters are variables: `optimizer.learning_rate.assign(0.01)` or
    `optimizer.learning_rate = 0.01` takes effect without compiling anew.
    """

    _fresh = ("_index",)

    def __init__(
        self,
        learning_rate: Any = 0.001,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        who = type(self).__name__
        if kwargs:
            raise TypeError(f"{who}: unknown arguments {sorted(kwargs)}.")
        if sum(x is not None for x in (clipnorm, clipvalue, global_clipnorm)) > 1:
            raise ValueError(
                f"{who}: only one of clipnorm, clipvalue and global_clipnorm can be "
                f"set; received {clipnorm}, {clipvalue} and {global_clipnorm}."
            )
        for key, value in (
            ("clipnorm", clipnorm),
            ("clipvalue", clipvalue),
            ("global_clipnorm", global_clipnorm),
        ):
            if value is not None and value <= 0:
                raise ValueError(f"{who}: `{key}` must be above 0; received {value}.")
        if use_ema and not 0 <= ema_momentum <= 1:
            raise ValueError(
                f"{who}: `ema_momentum` must be from 0 to 1; received {ema_momentum}."
            )
        for key, value in (
            ("ema_overwrite_frequency", ema_overwrite_frequency),
            ("gradient_accumulation_steps", gradient_accumulation_steps),
        ):
            least = 2 if key == "gradient_accumulation_steps" else 1
            if value is not None and (not isinstance(value, int) or value < least):
                raise ValueError(
                    f"{who}: `{key}` must be an integer of at least {least}; got "
                    f"{value!r}."
                )
        self.name = name or auto_name(to_snake_case(who))
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = bool(use_ema)
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self.built = False
        self._variables: list[Variable] = []
        self._trainable: list[Variable] = []
        self._index: dict[int, int] | None = None
        self._undecayed: list[Variable] = []
        self._undecayed_patterns: list[str] = []
        self._hyper: dict[str, Variable] = {}
        self._given_numbers: dict[str, float] = {}
        with backend_scope(self._backend), path_scope(self.name):
            self.iterations = Variable(
                0, dtype="int32", trainable=False, name="iteration", autocast=False
            )
        self._variables.append(self.iterations)
        self._set_learning_rate(learning_rate)

    def _set_learning_rate(self, value: Any) -> None:
        self._schedule: Any = None
        if isinstance(value, dict):
            from keras.optimizers import schedules

            value = schedules.deserialize(value)
        if isinstance(value, LearningRateSchedule) or callable(value):
            self._schedule = value
            return
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            try:
                value = float(value)
            except (TypeError, ValueError):
                raise TypeError(
                    f"{type(self).__name__}: `learning_rate` must be a number, a "
                    f"LearningRateSchedule or a callable; received {value!r}."
                ) from None
        if value < 0:
            raise ValueError(
                f"{type(self).__name__}: `learning_rate` must not be negative; "
                f"received {value}."
            )
        self._learning_rate = self._make_hyper("learning_rate", value)
        self._variables.append(self._learning_rate)

    def _make_hyper(self, name: str, value: float) -> Variable:
        with backend_scope(self._backend), path_scope(self.name):
            return Variable(
                float(value),
                dtype="float32",
                trainable=False,
                name=name,
                autocast=False,
            )

    def _keep(self, **values: float) -> None:
        """Keep hyperparameters as variables that can be read and set by name."""
        for name, value in values.items():
            if not isinstance(value, (int, float)):
                raise TypeError(
                    f"{type(self).__name__}: `{name}` must be a number; got {value!r}."
                )
            self._given_numbers[name] = value
            self._hyper[name] = self._make_hyper(name, value)

    def __getattr__(self, name: str) -> Any:
        hyper = self.__dict__.get("_hyper")
        if hyper and name in hyper:
            return hyper[name]
        raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}.")

    def __setattr__(self, name: str, value: Any) -> None:
        hyper = self.__dict__.get("_hyper")
        if hyper and name in hyper and isinstance(value, (int, float)):
            self._given_numbers[name] = value
            hyper[name].assign(value)
        else:
            super().__setattr__(name, value)

    # The learning rate

    @property
    def learning_rate(self) -> Any:
        """The learning rate: a variable, or a schedule's value at this step."""
        if self._schedule is None:
            return self._learning_rate
        return self._current_learning_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if self._schedule is None and not callable(value):
            self._learning_rate.assign(value)
            return
        if isinstance(value, LearningRateSchedule) or callable(value):
            if self._schedule is None:
                self._variables.remove(self._learning_rate)
            self._schedule = value
            return
        raise TypeError(
            f"{self.name!r} follows the schedule {self._schedule!r}; its learning rate "
            "cannot be set to a number. Make the optimizer with a number instead."
        )

    def _current_learning_rate(self) -> Any:
        if self._schedule is None:
            return self._learning_rate.value
        with backend_scope(self._backend):
            if isinstance(self._schedule, LearningRateSchedule):
                rate = self._schedule(self.iterations)
            else:
                rate = self._schedule()
            return ops.convert_to_tensor(rate, "float32")

    # Variables

    @property
    def variables(self) -> list[Variable]:
        """The step count, the learning rate and the slots, in the order of files."""
        return list(self._variables)

    def slots(self) -> Sequence[Sequence[str]]:
        """The names of what is kept for each weight, in groups.

        Slots of one group alternate weight by weight in `variables`; groups follow
        one another.
        """
        return ()

    def initial_slot(self, slot: str, variable: Variable) -> Any:
        """How a slot starts: the name of an initializer, or an initializer."""
        return "zeros"

    def build(self, variables: Iterable[Variable]) -> None:
        """Make the slots for these weights. Called by the first `apply`."""
        if self.built:
            return
        self._trainable = list(variables)
        self._averages: list[Variable] = []
        self._accumulated: list[Variable] = []
        if self.use_ema:
            self._averages = [
                self.add_variable_from_reference(v, "average", initializer=v.numpy())
                for v in self._trainable
            ]
        if self.gradient_accumulation_steps:
            self._accumulated = self.add_optimizer_variables(
                self._trainable, "gradient_accumulator"
            )
        self._slots: dict[str, list[Variable]] = {}
        for group in self.slots():
            for variable in self._trainable:
                for slot in group:
                    made = self.add_variable_from_reference(
                        variable, slot, self.initial_slot(slot, variable)
                    )
                    self._slots.setdefault(slot, []).append(made)
        self.built = True

    def add_variable(
        self,
        shape: Any,
        initializer: Any = "zeros",
        dtype: Any = None,
        aggregation: str = "none",
        layout: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a variable of the optimizer."""
        with backend_scope(self._backend), path_scope(self.name):
            variable = Variable(
                initializers.get(initializer)
                if isinstance(initializer, str)
                else initializer,
                shape=shape,
                dtype=dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                layout=layout,
                name=name,
            )
        self._variables.append(variable)
        return variable

    def add_variable_from_reference(
        self,
        reference_variable: Variable,
        name: str | None = None,
        initializer: Any = "zeros",
    ) -> Variable:
        """Make a variable of the shape and type of a weight, named after it."""
        path = reference_variable.path.replace("/", "_")
        return self.add_variable(
            reference_variable.shape,
            initializer,
            dtype=reference_variable.dtype,
            name=f"{path}_{name}" if name else path,
        )

    def add_optimizer_variables(
        self, trainable_variables: Any, name: Any, initializer: Any = "zeros"
    ) -> Any:
        """One variable for each weight; for a list of names, a list of such lists."""
        names = [name] if isinstance(name, str) else list(name)
        starts = (
            list(initializer)
            if isinstance(initializer, (list, tuple))
            else [initializer] * len(names)
        )
        made: list[list[Variable]] = [[] for _ in names]
        for variable in trainable_variables:
            for column, slot, start in zip(made, names, starts):
                column.append(self.add_variable_from_reference(variable, slot, start))
        return made[0] if isinstance(name, str) else made

    # Applying gradients

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Any:
        """`apply` for pairs (gradient, variable)."""
        grads, variables = zip(*grads_and_vars)
        self.apply(list(grads), list(variables))
        return self.iterations

    def apply(
        self,
        grads: Sequence[Any],
        trainable_variables: Sequence[Variable] | None = None,
    ) -> None:
        """Change the weights by their gradients.

        Args:
            grads: a gradient, or None, for each weight.
            trainable_variables: the weights; by default those of the first call.

        Raises:
            ValueError: the numbers differ, or a weight was not there at the build.
        """
        grads = list(grads)
        if trainable_variables is None:
            if not self.built:
                raise ValueError(
                    f"{type(self).__name__}.apply: the optimizer is not built; "
                    "give the variables too."
                )
            trainable_variables = self._trainable
        trainable_variables = list(trainable_variables)
        if len(grads) != len(trainable_variables):
            raise ValueError(
                f"{type(self).__name__}.apply: {len(grads)} gradients were given for "
                f"{len(trainable_variables)} variables."
            )
        with backend_scope(self._backend):
            if not self.built:
                self.build(trainable_variables)
            for variable in trainable_variables:
                if id(variable) not in self._places():
                    raise ValueError(
                        f"{type(self).__name__}: the variable {variable.path!r} is not "
                        "among those the optimizer was built with. Layers that are "
                        "added or unfrozen later need a new `compile`."
                    )
            with self._backend.no_gradients():
                self._apply(grads, trainable_variables)

    def _places(self) -> dict[int, int]:
        """The number of each weight, by identity; a copied optimizer finds its own."""
        if self._index is None:
            self._index = {id(v): i for i, v in enumerate(self._trainable)}
        return self._index

    def _apply(self, grads: list[Any], variables: list[Variable]) -> None:
        pairs = []
        for gradient, variable in zip(grads, variables):
            if gradient is None:
                continue
            if variable.overwrite_with_gradient:
                variable.assign(gradient)
            else:
                pairs.append(
                    (ops.convert_to_tensor(gradient, variable.dtype), variable)
                )
        missing = [v.path for g, v in zip(grads, variables) if g is None]
        if missing and not pairs:
            raise ValueError(
                f"{type(self).__name__}: no variable has a gradient. The loss does not "
                f"depend on {missing}."
            )
        if missing:
            warnings.warn(
                f"The loss does not depend on {missing}: they are not updated.",
                stacklevel=4,
            )
        grads = [g for g, _ in pairs]
        variables = [v for _, v in pairs]
        if self.loss_scale_factor:
            grads = [g / self.loss_scale_factor for g in grads]
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables)
        else:
            self._update(grads, variables)
        self.iterations.assign_add(1)

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        grads = self._clip(grads)
        rate = self._current_learning_rate()
        self._decay(variables, rate)
        for gradient, variable in zip(grads, variables):
            self.update_step(gradient, variable, ops.cast(rate, variable.dtype))
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))
        if self.use_ema:
            self._average(variables)

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Change one weight in place; by default with what `update` returns."""
        i = self._places()[id(variable)]
        kept = [column[i] for column in self._slots.values()]
        weight, *new = self.update(
            gradient, variable.value, learning_rate, *(s.value for s in kept)
        )
        variable.assign(weight)
        for slot, value in zip(kept, new):
            slot.assign(value)

    def update(
        self, gradient: Any, weight: Any, learning_rate: Any, *slots: Any
    ) -> tuple[Any, ...]:
        """The new weight and its new slots; a pure function of tensors."""
        raise NotImplementedError(f"{type(self).__name__} must define `update`.")

    def _hyper_value(self, name: str, like: Any) -> Any:
        """A hyperparameter as a tensor in the type of a weight."""
        return ops.cast(self._hyper[name].value, like.dtype)

    def _step_number(self, like: Any) -> Any:
        """The number of this update, from 1, in the type of a weight."""
        done = self.iterations.value
        if self.gradient_accumulation_steps:
            done = ops.floor_divide(done, self.gradient_accumulation_steps)
        return ops.cast(done + 1, like.dtype)

    def _clip(self, grads: list[Any]) -> list[Any]:
        if self.clipnorm is not None:
            return [_clip_by_norm(g, self.clipnorm, _norm([g])) for g in grads]
        if self.global_clipnorm is not None:
            norm = _norm(grads)
            return [_clip_by_norm(g, self.global_clipnorm, norm) for g in grads]
        if self.clipvalue is not None:
            return [ops.clip(g, -self.clipvalue, self.clipvalue) for g in grads]
        return grads

    def _decay(self, variables: list[Variable], rate: Any) -> None:
        if not self.weight_decay:
            return
        for variable in variables:
            if self._decays(variable):
                factor = ops.cast(rate * self.weight_decay, variable.dtype)
                variable.assign(variable.value - variable.value * factor)

    def _decays(self, variable: Variable) -> bool:
        return not (
            any(variable is v for v in self._undecayed)
            or any(re.search(p, variable.path) for p in self._undecayed_patterns)
        )

    def exclude_from_weight_decay(
        self, var_list: Any = None, var_names: Any = None
    ) -> None:
        """Leave weights out of the decay; call it before the first step.

        Args:
            var_list: variables.
            var_names: regular expressions searched for in the variables' paths.
        """
        if self.built:
            raise ValueError(
                "exclude_from_weight_decay must come before the first step."
            )
        self._undecayed += list(var_list or ())
        self._undecayed_patterns += list(var_names or ())

    def _accumulate(self, grads: list[Any], variables: list[Variable]) -> None:
        steps = self.gradient_accumulation_steps
        assert steps is not None
        accumulated = [self._accumulated[self._places()[id(v)]] for v in variables]
        touched = [*variables, *self._variables]
        # Both branches give the new value of everything an update may touch.
        due = ops.equal((self.iterations.value + 1) % steps, 0)

        def update() -> list[Any]:
            with StatelessScope() as scope:
                means = [(a.value + g) / steps for a, g in zip(accumulated, grads)]
                self._update(means, variables)
                for a in accumulated:
                    a.assign(ops.zeros_like(a.value))
                return [_current(v, scope) for v in touched]

        def keep() -> list[Any]:
            with StatelessScope() as scope:
                for a, g in zip(accumulated, grads):
                    a.assign(a.value + g)
                return [_current(v, scope) for v in touched]

        for variable, value in zip(touched, ops.cond(due, update, keep)):
            if variable is not self.iterations:
                variable.assign(value)

    def _average(self, variables: list[Variable]) -> None:
        # The first average is the weight itself after the first update.
        first = ops.cast(ops.equal(self.iterations.value, 0), "float32")
        momentum = self.ema_momentum * (1.0 - first)
        for variable in variables:
            average = self._averages[self._places()[id(variable)]]
            m = ops.cast(momentum, variable.dtype)
            average.assign(average.value * m + variable.value * (1 - m))
        if self.ema_overwrite_frequency:
            every = self.ema_overwrite_frequency
            due = ops.equal((self.iterations.value + 1) % every, 0)
            for variable in variables:
                average = self._averages[self._places()[id(variable)]]
                variable.assign(ops.where(due, average.value, variable.value))

    def finalize_variable_values(self, var_list: Any) -> None:
        """At the end of training, let the weights take their moving averages."""
        if self.use_ema and self.built:
            for variable in var_list:
                variable.assign(self._averages[self._places()[id(variable)]].value)

    def scale_loss(self, loss: Any) -> Any:
        """The loss times the scale that keeps small gradients from vanishing."""
        if self.loss_scale_factor is None:
            return loss
        return loss * self.loss_scale_factor

    def assign(self, variable: Variable, value: Any) -> None:
        """`variable.assign(value)`."""
        variable.assign(value)

    def assign_add(self, variable: Variable, value: Any) -> None:
        """`variable.assign_add(value)`."""
        variable.assign_add(value)

    def assign_sub(self, variable: Variable, value: Any) -> None:
        """`variable.assign_sub(value)`."""
        variable.assign_sub(value)

    def stateless_apply(
        self, optimizer_variables: Any, grads: Any, trainable_variables: Any
    ) -> tuple[list[Any], list[Any]]:
        """`apply` on values: the new weights and the new state come back.

        Args:
            optimizer_variables: values in the order of `variables`.
            grads: gradients.
            trainable_variables: values of the weights.
        """
        if not self.built:
            raise ValueError("stateless_apply: build the optimizer first.")
        if len(optimizer_variables) != len(self._variables):
            raise ValueError(
                f"stateless_apply: {len(self._variables)} optimizer variables are "
                f"needed; received {len(optimizer_variables)}."
            )
        if len(trainable_variables) != len(self._trainable):
            raise ValueError(
                f"stateless_apply: {len(self._trainable)} trainable variables are "
                f"needed; received {len(trainable_variables)}."
            )
        mapping = [
            *zip(self._trainable, trainable_variables),
            *zip(self._variables, optimizer_variables),
        ]
        with StatelessScope(mapping) as scope:
            self.apply(grads)
        return (
            [_current(v, scope) for v in self._trainable],
            [_current(v, scope) for v in self._variables],
        )

    # Saving

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Set all variables from arrays in the order of `variables`."""
        if len(weights) != len(self._variables):
            raise ValueError(
                f"{type(self).__name__}.set_weights: {len(self._variables)} arrays are "
                f"needed; received {len(weights)}."
            )
        for variable, value in zip(self._variables, weights):
            variable.assign(value)

    def save_own_variables(self, store: Any) -> None:
        """Put the optimizer's variables in `store`, by number."""
        for i, variable in enumerate(self._variables):
            store[str(i)] = variable

    def load_own_variables(self, store: Any) -> None:
        """Take the optimizer's variables from `store`."""
        if len(store.keys()) != len(self._variables):
            raise ValueError(
                f"The optimizer {self.name!r} has {len(self._variables)} variables, "
                f"the file {len(store.keys())}."
            )
        for i, variable in enumerate(self._variables):
            variable.assign(store[str(i)])

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        config = super().get_config()
        if self._schedule is None:
            config["learning_rate"] = float(self._learning_rate.numpy())
        elif isinstance(self._schedule, LearningRateSchedule):
            from keras.optimizers import schedules

            config["learning_rate"] = schedules.serialize(self._schedule)
        else:
            raise NotImplementedError(
                f"{self.name!r} takes its learning rate from {self._schedule!r}, which "
                "cannot be written to a config. Use a LearningRateSchedule."
            )
        for name in self._hyper:
            # The number as given, unless the variable was changed since.
            now = float(self._hyper[name].numpy())
            given = self._given_numbers[name]
            config[name] = given if abs(now - given) <= 1e-6 * abs(given) else now
        return config

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """An optimizer like the one `config` was taken from, without its state."""
        from keras.core.registry import maybe_scope

        with maybe_scope(custom_objects):
            return super().from_config(config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r}>"


def _current(variable: Variable, scope: StatelessScope) -> Any:
    value = scope.get_current_value(variable)
    return variable.value if value is None else value


def _norm(grads: list[Any]) -> Any:
    total = ops.sum(ops.square(grads[0]))
    for g in grads[1:]:
        total = total + ops.cast(ops.sum(ops.square(g)), total.dtype)
    return ops.sqrt(total)


def _clip_by_norm(gradient: Any, limit: float, norm: Any) -> Any:
    scale = limit / ops.maximum(norm, limit)
    return gradient * ops.cast(scale, gradient.dtype)
