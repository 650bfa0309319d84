"""The base class of all optimizers.

A subclass says which slots it keeps for each weight (`slots`) and how one weight and
its slots change in a step (`update`). Everything around that is here: clipping, weight
decay, moving averages, gradient accumulation, constraints, the learning rate. Where the
backend has a kernel that updates all weights at once in place (`fused`), the kernel
runs, and `update` is the definition it is tested against.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Self

from keras import initializers, ops
from keras.core.config.configurable import argument_names
from keras.core.config.limits import as_large_as_weights
from keras.core.errors import check_fraction, unknown_arguments
from keras.core.inspection import is_builtin
from keras.core.naming import auto_name, path_scope, to_snake_case
from keras.core.scope import backend_scope
from keras.core.variable import StatelessScope, Variable, current_frame
from keras.optimizers.branches import either, values_in
from keras.optimizers.clipping import CLIPS
from keras.optimizers.hyperparameters import Hyperparameters


class Optimizer(Hyperparameters):
    """The base class of all optimizers.

    A subclass defines `slots()` and `update(gradient, weight, learning_rate, *slots)`,
    or, as in Keras, `build(variables)` and
    `update_step(gradient, variable, learning_rate)`.

    Args:
        learning_rate: a number, a schedule, or a callable.
        weight_decay: the fraction by which each weight decays in a step, times the
            learning rate.
        clipnorm, global_clipnorm: the largest norm of each gradient, of all together.
        clipvalue: the largest absolute value in a gradient.
        use_ema: whether a moving average of the weights is kept.
        ema_momentum: how slowly it moves.
        ema_overwrite_frequency: the weights take its value every so many steps.
        loss_scale_factor: the loss is multiplied by it, the gradients divided.
        gradient_accumulation_steps: how many gradients are averaged for one update.
        name: the optimizer's name.

    Hyperparameters are variables: `optimizer.learning_rate.assign(0.01)` or
    `optimizer.learning_rate = 0.01` takes effect without compiling again.
    """

    # The name of the backend's kernel that does what `update` says to all weights.
    fused: str | None = None
    # Whether a row of a weight whose gradient is zero stays as it is, so that only rows
    # that were looked up need an update.
    keeps_rows: bool = False
    _are_swapped = False  # whether the averages are in the weights
    _uniform = False  # whether all weights are of one type that kernels know
    _not_copied = ("_index", "_slot_values", "_scalars")

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
            raise TypeError(unknown_arguments(who, kwargs, argument_names(type(self))))

        limits = {
            "clipnorm": clipnorm,
            "clipvalue": clipvalue,
            "global_clipnorm": global_clipnorm,
        }
        given = {k: v for k, v in limits.items() if v is not None}
        if len(given) > 1 or any(v <= 0 for v in given.values()):
            raise ValueError(
                f"{who}: only one of {list(limits)} can be set, and must be above 0; "
                f"received {given}."
            )
        if use_ema:
            check_fraction(ema_momentum, "ema_momentum", who)
        _check_count(who, "ema_overwrite_frequency", ema_overwrite_frequency, 1)
        _check_count(who, "gradient_accumulation_steps", gradient_accumulation_steps, 2)

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
        self._slot_values: tuple[list[int], dict[str, list]] | None = None
        self._scalars: dict[Any, Any] | None = None
        self._undecayed: list[Variable] = []
        self._undecayed_patterns: list[str] = []
        self._iterations = self.add_variable((), "zeros", "int32", name="iteration")
        self._set_learning_rate(learning_rate)

    def _scalar(self, name: str, like: Any, make: Callable[[], Any]) -> Any:
        """A number of this step in a weight's type, made once for all weights."""
        if self._scalars is None:
            return ops.cast(make(), like.dtype)
        key = name, like.dtype
        if key not in self._scalars:
            self._scalars[key] = ops.cast(make(), like.dtype)
        return self._scalars[key]

    def _hyper_value(self, name: str, like: Any) -> Any:
        """A hyperparameter as a tensor in the type of a weight."""
        return self._scalar(name, like, lambda: self._hyper[name].value)

    def _step_number(self, like: Any) -> Any:
        """The number of this update, from 1, in the type of a weight."""
        return self._scalar("step", like, lambda: self._updates() + 1)

    def _updates(self) -> Any:
        """How many updates are done."""
        done = self._number(self._iterations)
        every = self.gradient_accumulation_steps
        return done // every if every else done

    def _number(self, variable: Variable) -> Any:
        """What a variable holds: a number where the host knows it, or a tensor."""
        value = variable.value
        return value if current_frame() else self._backend.number(value)

    # Variables

    @property
    def iterations(self) -> Any:
        """The number of updates: a variable, or its value when gradients are summed."""
        every = self.gradient_accumulation_steps
        return self._iterations.value // every if every else self._iterations

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

    def _make_slot(self, slot: str, variable: Variable) -> Any:
        shape = self.slot_shape(slot, variable)
        if shape is None:
            return None
        name = f"{variable.path.replace('/', '_')}_{slot}"
        start = self.initial_slot(slot, variable)
        with as_large_as_weights():
            return self.add_variable(shape, start, dtype=variable.dtype, name=name)

    def slot_shape(self, slot: str, variable: Variable) -> tuple[int, ...] | None:
        """The shape of a slot; None where the weight has none of this name."""
        return variable.shape

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
                    made = self._make_slot(slot, variable)
                    self._slots.setdefault(slot, []).append(made)

        self._decayed = [self._decays(v) for v in self._trainable]
        types = {v.dtype for v in self._trainable}
        self._uniform = types in ({"float32"}, {"float64"})
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
        if isinstance(initializer, str):
            initializer = initializers.get(initializer)
        with backend_scope(self._backend), path_scope(self.name):
            variable = Variable(
                initializer,
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
        with as_large_as_weights():
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
        if isinstance(name, str):
            names = [name]
            starts = [initializer]
        else:
            names = list(name)
            several = isinstance(initializer, (list, tuple))
            starts = list(initializer) if several else [initializer] * len(names)
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
        return self._iterations

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
        who = f"{type(self).__name__}.apply"
        if trainable_variables is None:
            if not self.built:
                raise ValueError(
                    f"{who}: the optimizer is not built; give the variables too."
                )
            trainable_variables = self._trainable

        grads = list(grads)
        variables = list(trainable_variables)
        if len(grads) != len(variables):
            raise ValueError(
                f"{who}: {len(grads)} gradients were given for {len(variables)} "
                "variables."
            )
        if not variables:
            warnings.warn(
                f"{who}: no variables were given, so nothing changes. A layer has "
                "weights once it is built or called: build it before.",
                stacklevel=2,
            )
            return

        with backend_scope(self._backend), self._backend.no_gradients():
            if not self.built:
                self.build(variables)
            self._places(variables)  # all of them must be known
            apply = self._apply
            looks_at_numbers = self.use_ema or self.gradient_accumulation_steps
            if looks_at_numbers or self._fused_kernel() is None:
                apply = self._backend.opaque(apply)
            apply(grads, variables)

    def _places(self, variables: list[Variable]) -> list[int]:
        """The numbers of weights, by identity; a copied optimizer finds its own."""
        if self._index is None:
            self._index = {id(v): i for i, v in enumerate(self._trainable)}
        index = self._index
        try:
            return [index[id(v)] for v in variables]
        except KeyError:
            unknown = next(v for v in variables if id(v) not in index)
            raise ValueError(
                f"{type(self).__name__}: the variable {unknown.path!r} is not among "
                "those the optimizer was built with. Layers that are added or "
                "unfrozen later need a new `compile`."
            ) from None

    def _apply(self, grads: list[Any], variables: list[Variable]) -> None:
        grads, variables = self._present(grads, variables)
        if self.loss_scale_factor:
            grads = [g / self.loss_scale_factor for g in grads]
        if self.gradient_accumulation_steps:
            self._accumulate(grads, variables)
        else:
            self._update(grads, variables)
        if self.use_ema:
            self._average(variables)
        self._count()

    def _count(self) -> None:
        """Count the step."""
        count = self._kernel("count")
        if count:
            count(self._iterations.value)
        else:
            self._iterations.assign_add(1)

    def _present(
        self, grads: list[Any], variables: list[Variable]
    ) -> tuple[list[Any], list[Variable]]:
        """The gradients that are not None, as tensors, and their weights."""
        backend = self._backend
        found, weights, missing = [], [], []

        for gradient, variable in zip(grads, variables):
            if gradient is None:
                missing.append(variable.path)
            elif variable.overwrite_with_gradient:
                variable.assign(gradient)
            else:
                if (
                    type(gradient) not in backend.NATIVE
                    or backend.dtype_of(gradient) != variable.dtype
                ):
                    if self._update_rows(gradient, variable):
                        continue
                    gradient = ops.convert_to_tensor(gradient, variable.dtype)
                found.append(gradient)
                weights.append(variable)

        if len(missing) == len(variables):
            raise ValueError(
                f"{type(self).__name__}: no variable has a gradient. The loss does not "
                f"depend on {missing}."
            )
        if missing:
            warnings.warn(
                f"The loss does not depend on {missing}: they are not updated.",
                stacklevel=5,
            )

        return found, weights

    def _update_rows(self, gradient: Any, variable: Variable) -> bool:
        """Change only the rows that a gradient has; tells whether it did."""
        if not self.keeps_rows or self._needs_all_rows or variable.constraint:
            return False
        is_cast = self._backend.dtype_of(gradient) != variable.dtype
        if is_cast or current_frame() is not None or not self._is_builtin():
            return False
        (i,) = self._places([variable])
        kept = [c[i] for c in self._slots.values() if c[i] is not None]
        rate = ops.cast(self._current_learning_rate(), variable.dtype)

        def update(rows: Any, weight: Any, *slots: Any) -> tuple[Any, ...]:
            return self.update(rows, weight, rate, *slots)

        values = [v.value for v in (variable, *kept)]
        return self._backend.sparse.update_rows(gradient, values, update)

    @property
    def _needs_all_rows(self) -> bool:
        """Whether an option changes or reads weights whose gradient is zero."""
        limits = (self.clipnorm, self.global_clipnorm, self.clipvalue)
        return any(
            option not in (None, False)
            for option in (
                *limits,
                self.weight_decay,
                self.use_ema,
                self.gradient_accumulation_steps,
                self.loss_scale_factor,
            )
        )

    def _update(self, grads: list[Any], variables: list[Variable]) -> None:
        if not variables:  # all of them were updated by row
            return
        grads = self._clip(grads)
        places = self._places(variables)
        if not self._update_at_once(grads, variables, places):
            rate = self._current_learning_rate()
            self._decay(variables, places, rate)
            self._scalars = {}
            for gradient, variable in zip(grads, variables):
                self.update_step(
                    gradient,
                    variable,
                    self._scalar("learning_rate", variable, lambda: rate),
                )
            self._scalars = None  # they may belong to a trace
        for variable in variables:
            if variable.constraint is not None:
                variable.assign(variable.constraint(variable.value))

    def _update_at_once(
        self, grads: list[Any], variables: list[Variable], places: list[int]
    ) -> bool:
        """Change all weights by one kernel of the backend; tells whether it did."""
        kernel = self._fused_kernel()
        if kernel is None:
            return False
        if self._slot_values is None or self._slot_values[0] != places:
            slots = {k: [c[i].value for i in places] for k, c in self._slots.items()}
            self._slot_values = places, slots
        slots = self._slot_values[1]

        def change(weights: list[Any], grads: list[Any]) -> None:
            step, rate = self._updates(), self._rate_on_host()
            decay = self._kernel("decay") if self.weight_decay else None
            if decay:
                decayed = [w for w, i in zip(weights, places) if self._decayed[i]]
                if decayed:
                    decay(decayed, rate * self.weight_decay)
            else:
                self._decay(variables, places, rate)
            hyper = {name: self._number(v) for name, v in self._hyper.items()}
            kernel(weights, grads, slots, rate, step + 1, **hyper)

        self._backend.opaque(change)([v.value for v in variables], grads)
        return True

    def _fused_kernel(self) -> Callable | None:
        """What changes all weights at once, if `update` is ours."""
        return self._kernel(self.fused) if self._is_builtin() else None

    def _kernel(self, name: str | None) -> Callable | None:
        """The backend's kernel of that name, where variables are read in place."""
        if name is None or not self._uniform or current_frame():
            return None
        return self._backend.fused_update(name)

    def _is_builtin(self) -> bool:
        """Whether nobody has written another update in a subclass."""
        cls = type(self)
        return cls.update_step is Optimizer.update_step and is_builtin(cls.update)

    def _rate_on_host(self) -> Any:
        """The learning rate without waiting for the device, where that is possible."""
        if self._schedule is None:
            return self._number(self._learning_rate)
        with self._backend.device_scope("cpu"):
            step = ops.convert_to_tensor(self._number(self._iterations), "int32")
            return self._backend.number(self._current_learning_rate(step))

    def update_step(
        self, gradient: Any, variable: Variable, learning_rate: Any
    ) -> None:
        """Change one weight in place; by default with what `update` returns."""
        (i,) = self._places([variable])
        kept = [c[i] for c in self._slots.values() if c[i] is not None]
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

    def _clip(self, grads: list[Any]) -> list[Any]:
        for name in ("clipnorm", "global_clipnorm", "clipvalue"):
            limit = getattr(self, name)
            if limit is not None:
                clip = self._kernel(name) or CLIPS[name]
                return clip(grads, limit)
        return grads

    def _decay(self, variables: list[Variable], places: list[int], rate: Any) -> None:
        if not self.weight_decay:
            return
        for variable, i in zip(variables, places):
            if self._decayed[i]:
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
        accumulated = [self._accumulated[i] for i in self._places(variables)]

        def update() -> None:
            means = [(a.value + g) / steps for a, g in zip(accumulated, grads)]
            self._update(means, variables)
            for a in accumulated:
                a.assign(ops.zeros_like(a.value))

        def keep() -> None:
            for a, g in zip(accumulated, grads):
                a.assign_add(g)

        due = (self._number(self._iterations) + 1) % steps == 0
        touched = [v for v in self._variables if v is not self._iterations]
        either(due, update, keep, [*variables, *touched])

    def _average(self, variables: list[Variable]) -> None:
        averages = [self._averages[i] for i in self._places(variables)]
        done = self._updates()
        move = self._kernel("average")
        # The first average is the weight itself after the first update.
        if move:
            momentum = self.ema_momentum if done else 0.0
            move([a.value for a in averages], [v.value for v in variables], momentum)
        else:
            momentum = self.ema_momentum * ops.cast(ops.not_equal(done, 0), "float32")
            for average, variable in zip(averages, variables):
                m = ops.cast(momentum, variable.dtype)
                average.assign(average.value * m + variable.value * (1 - m))
        if self.ema_overwrite_frequency:
            due = (done + 1) % self.ema_overwrite_frequency == 0
            for average, variable in zip(averages, variables):
                if due is not False:
                    variable.assign(ops.where(due, average.value, variable.value))

    def finalize_variable_values(self, var_list: Any) -> None:
        """At the end of training, let the weights take their moving averages."""
        if self.use_ema and self.built:
            for variable, i in zip(var_list, self._places(list(var_list))):
                average = self._averages[i]
                if self._are_swapped:
                    average.assign(variable.value)
                else:
                    variable.assign(average.value)
            self._are_swapped = False

    def _swap_averages(self) -> bool:
        """Exchange the weights and their moving averages; tells if there are any."""
        if not (self.use_ema and self.built):
            return False
        with backend_scope(self._backend):
            for variable, average in zip(self._trainable, self._averages):
                value = ops.copy(variable.value)
                variable.assign(average.value)
                average.assign(value)
        self._are_swapped = not self._are_swapped
        return True

    def _note_swapped(self, are_swapped: bool) -> None:
        """The values were loaded, as they were saved: exchanged or not."""
        self._are_swapped = are_swapped

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
        mapping: list[tuple[Variable, Any]] = []
        for kept, values, what in (
            (self._trainable, trainable_variables, "trainable variables"),
            (self.variables, optimizer_variables, "optimizer variables"),
        ):
            if len(values) != len(kept):
                raise ValueError(
                    f"stateless_apply: {len(kept)} {what} are needed; received "
                    f"{len(values)}."
                )
            mapping += zip(kept, values)
        with StatelessScope(mapping) as scope:
            self.apply(grads)
        return values_in(scope, self._trainable), values_in(scope, self.variables)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Self:
        """An optimizer like the one `config` was taken from, without its state."""
        from keras.core.config.registry import maybe_scope

        with maybe_scope(custom_objects):
            return super().from_config(config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name!r}>"


def _check_count(who: str, name: str, value: Any, least: int) -> None:
    if value is not None and (not isinstance(value, int) or value < least):
        raise ValueError(
            f"{who}: `{name}` must be an integer of at least {least}; "
            f"received {value!r}."
        )
