"""Hyperparameters of an optimizer: variables, so that a change takes effect at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypedDict

from keras import ops
from keras.core.config.configurable import Configurable
from keras.core.naming import path_scope
from keras.core.scope import backend_scope
from keras.core.state import Stateful
from keras.core.variable import Variable
from keras.optimizers.schedules.decays import LearningRateSchedule


class DecoupledOptions(TypedDict, total=False):
    """Keyword arguments common to all optimizers; see `Optimizer`."""

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
    """The same, with weight decay."""

    weight_decay: float | None


class Hyperparameters(Configurable, Stateful):
    """The learning rate and other hyperparameters by name, and how they are saved."""

    name: str
    _iterations: Variable
    _variables: list[Variable]

    def _set_learning_rate(self, value: Any) -> None:
        self._hyper: dict[str, Variable] = {}
        self._given_numbers: dict[str, float] = {}
        self._schedule: Any = None
        if isinstance(value, dict):
            from keras.optimizers import schedules

            value = schedules.deserialize(value)
        if callable(value):
            self._schedule = value
            return
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
                    f"{type(self).__name__}: `{name}` must be a number; "
                    f"received {value!r}."
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
        elif name == "learning_rate" and not callable(value):
            object.__setattr__(self, name, value)  # assigns: no setting changes
        else:
            super().__setattr__(name, value)

    @property
    def learning_rate(self) -> Any:
        """The learning rate: a variable, or a schedule's value at this step."""
        if self._schedule is None:
            return self._learning_rate
        return self._current_learning_rate()

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        if callable(value):
            if self._schedule is None:
                self._variables.remove(self._learning_rate)
            self._schedule = value
        elif self._schedule is None:
            self._learning_rate.assign(value)
        else:
            raise TypeError(
                f"{self.name!r} follows the schedule {self._schedule!r}; its learning "
                "rate cannot be set to a number. Make the optimizer with a number "
                "instead."
            )

    def _current_learning_rate(self, step: Any = None) -> Any:
        if self._schedule is None:
            return self._learning_rate.value
        with backend_scope(self._backend):
            if isinstance(self._schedule, LearningRateSchedule):
                rate = self._schedule(self._iterations if step is None else step)
            else:
                rate = self._schedule()
            return ops.convert_to_tensor(rate, "float32")

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
        for i, variable in enumerate(self.variables):
            store[str(i)] = variable

    def load_own_variables(self, store: Any) -> None:
        """Take the optimizer's variables from `store`."""
        if len(store.keys()) != len(self.variables):
            raise ValueError(
                f"The optimizer {self.name!r} has {len(self.variables)} variables, "
                f"the file {len(store.keys())}."
            )
        for i, variable in enumerate(self.variables):
            variable.assign(store[str(i)])

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        if self._schedule is None:
            config["learning_rate"] = float(self._learning_rate.numpy())
        elif not isinstance(self._schedule, LearningRateSchedule):
            raise NotImplementedError(
                f"{self.name!r} takes its learning rate from {self._schedule!r}, which "
                "cannot be written to a config. Use a LearningRateSchedule."
            )
        else:
            from keras.optimizers import schedules

            config["learning_rate"] = schedules.serialize(self._schedule)
        for name in self._hyper:
            # The number as given, unless the variable was changed since.
            now = float(self._hyper[name].numpy())
            given = self._given_numbers[name]
            config[name] = given if abs(now - given) <= 1e-6 * abs(given) else now
        return config
