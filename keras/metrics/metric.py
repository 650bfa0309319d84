"""The base class of metrics: variables accumulated over batches, and a result."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras.core.config.configurable import Configurable
from keras.core.naming import auto_name, path_scope, to_snake_case
from keras.core.op import Tensor
from keras.core.scope import backend_scope, current
from keras.core.state import Stateful
from keras.core.typing import DTypeLike
from keras.core.variable import StatelessScope, Variable
from keras.losses.loss import compute_dtype

if TYPE_CHECKING:
    from keras.backend.contract import Backend

_ENTERED = ("update_state", "result", "reset_state")


class Metric(Configurable, Stateful):
    """Base class of metrics: a value accumulated over batches until the next reset.

    A subclass creates variables in its constructor, updates them with a batch in
    `update_state` and computes `result` from them. The variables belong to the backend
    in force when the metric was created; its methods enter that backend themselves.

    Args:
        dtype: the type to compute in; by default `keras.config.floatx()`.
        name: the metric's name; by default made from the class's.

    Example:
        >>> class Largest(keras.metrics.Metric):
        ...     def __init__(self, name="largest", dtype=None):
        ...         super().__init__(dtype=dtype, name=name)
        ...         self.value = self.add_variable((), "zeros", name="value")
        ...     def update_state(self, y_true, y_pred, sample_weight=None):
        ...         found = keras.ops.max(y_pred)
        ...         self.value.assign(keras.ops.maximum(self.value, found))
        ...     def result(self):
        ...         return self.value.value
    """

    # Whether higher ("up") or lower ("down") values are better; None if unknown.
    _direction: str | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in _ENTERED:
            if name in vars(cls):
                setattr(cls, name, _in_own_backend(vars(cls)[name]))

    def __init__(self, dtype: DTypeLike = None, name: str | None = None) -> None:
        self.name = name or auto_name(to_snake_case(type(self).__name__))
        self._dtype = compute_dtype(dtype)
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """The type the metric is computed in."""
        return self._dtype

    def add_variable(
        self,
        shape: Any,
        initializer: Any,
        dtype: DTypeLike = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Variable:
        """A new variable of the metric.

        Args:
            shape: its shape.
            initializer: its first value: a name such as "zeros", or an initializer.
            dtype: its type; by default the metric's.
            aggregation: how replicas combine.
            name: the last part of its path, after the metric's name.
        """
        if "_variables" not in vars(self):
            raise RuntimeError(
                f"{type(self).__name__}: call `super().__init__()` in the constructor "
                "before adding variables."
            )
        with path_scope(self.name.replace("/", ">")):
            variable = Variable(
                "zeros" if initializer is None else initializer,
                shape=shape,
                dtype=dtype or self.dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                name=name,
            )
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: Any = (),
        initializer: Any = None,
        dtype: DTypeLike = None,
        name: str | None = None,
    ) -> Variable:
        """A new variable of the metric; zeros unless an initializer is given."""
        return self.add_variable(shape, initializer, dtype=dtype, name=name)

    @property
    def _backend(self) -> Backend:  # type: ignore[override]
        """The backend its variables live in, wherever the metric may have moved."""
        variables = vars(self).get("_variables")
        return variables[0].backend if variables else current()

    def _build(self, y_true_shape: Sequence, y_pred_shape: Sequence) -> None:
        """Make the variables whose size depends on the data, if there are any."""

    def _resolve(self, y_true_shape: Sequence, y_pred_shape: Sequence) -> Metric:
        """The metric to use for an output of a model; `Accuracy` has its own answer."""
        return self

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Accumulate a batch; a subclass defines it.

        Most take `y_true`, labels of shape (batch_size, ...), `y_pred`, predictions of
        the same shape, and `sample_weight`, a scalar or of the shape of the first axes.
        """
        raise NotImplementedError(f"{type(self).__name__} must define `update_state`.")

    def result(self) -> Tensor:
        """The value over all batches so far, as a tensor; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} must define `result`.")

    def reset_state(self) -> None:
        """Reset the metric: all variables become zero."""
        for variable in self.variables:
            variable.assign(np.zeros(variable.shape, "uint8"))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Accumulate a batch and return the result so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    def stateless_update_state(
        self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any
    ) -> list[Any]:
        """Add a batch to the values given, without touching the variables.

        Args:
            metric_variables: values for `self.variables`, in that order.
            *args, **kwargs: as for `update_state`.

        Returns:
            The new values.
        """
        scope = self._stateless(metric_variables)
        with scope:
            self.update_state(*args, **kwargs)
            return [v.value for v in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """The result for the values given for `self.variables`."""
        with self._stateless(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """The values the variables have after a reset, without touching them."""
        with StatelessScope():
            self.reset_state()
            return [v.value for v in self.variables]

    def _stateless(self, values: Sequence[Any]) -> StatelessScope:
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"{type(self).__name__} {self.name!r}: `metric_variables` holds a "
                f"value for each of its {len(variables)} variables "
                f"{[v.path for v in variables]}; received {len(values)}."
            )
        return StatelessScope(zip(variables, values))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _in_own_backend(method: Callable) -> Callable:
    @functools.wraps(method)
    def entered(self: Metric, *args: Any, **kwargs: Any) -> Any:
        backend = self._backend
        if backend is current():
            return method(self, *args, **kwargs)
        with backend_scope(backend):
            return method(self, *args, **kwargs)

    return entered


def number_of_columns(
    metric: Metric, y_true_shape: Any, y_pred_shape: Any, what: str = "columns"
) -> int:
    """The number of columns of labels and predictions, which must have rank 2."""
    if len(y_pred_shape) != 2 or len(y_true_shape) != 2 or y_pred_shape[1] is None:
        raise ValueError(
            f"{type(metric).__name__}: labels and predictions have the shape "
            f"(batch_size, {what}); received y_true.shape={tuple(y_true_shape)} and "
            f"y_pred.shape={tuple(y_pred_shape)}."
        )
    return y_pred_shape[1]


def need_a_batch(metric: Any) -> None:
    """Raise ValueError for a result before the variables exist."""
    if not metric._built:
        raise ValueError(
            f"{type(metric).__name__} {metric.name!r} has seen no batch, so the number "
            "of columns is not known. Call `update_state` first."
        )
