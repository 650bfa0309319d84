"""Steps as JAX programs write them: `step(state, data)` gives results and a new state.

The state is a tuple of lists of tensors: the values of the trainable variables, of the
others, of the optimizer's (while training) and of the metrics' (but in `predict_step`).
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from keras.core.scope import backend_scope
from keras.core.variable import StatelessScope, Variable

_MISSING: Any = object()


def on_data(model: Any, mode: str) -> Callable:
    """A model's step as a function of a batch alone, whichever form it is written in.

    Args:
        model: the model.
        mode: "train", "test" or "predict".
    """
    step = getattr(model, f"{mode}_step")
    if len(_needed(step)) < 2:
        return step if _is_own(step) else _on_inputs_alone(step)

    @functools.wraps(step)
    def run(data: Any) -> Any:
        kept = _variables(model, mode)
        out, new = step(tuple([v.value for v in group] for group in kept), data)
        if mode == "predict":  # which gives back what was not trained alone
            kept, new = kept[1:], (new,)
        if len(new) != len(kept) or any(len(n) != len(k) for n, k in zip(new, kept)):
            raise ValueError(
                f"{type(model).__name__}.{mode}_step must return (results, state) with "
                f"{[len(k) for k in kept]} values in the parts of the state; received "
                f"{[len(n) for n in new]}."
            )
        for group, values in zip(kept, new):
            for variable, value in zip(group, values):
                variable.assign(value)
        return out

    return run


def _is_own(step: Callable) -> bool:
    """Whether a step is the one of this package."""
    return getattr(step, "_is_own", False)


def _on_inputs_alone(step: Callable) -> Callable:
    """A user's step, which gets inputs without targets as they are, not as `(x,)`.

    Only lists and tuples stay in a tuple, or their parts would pass for targets.
    """

    @functools.wraps(step)
    def run(data: Any) -> Any:
        if len(data) == 1 and not isinstance(data[0], (list, tuple)):
            (data,) = data
        return step(data)

    return run


def in_both_forms(mode: str) -> Callable:
    """Let a step of a batch also be called as `super().train_step(state, data)`."""

    def decorate(step: Callable) -> Callable:
        def called(self: Any, state: Any = _MISSING, data: Any = _MISSING) -> Any:
            if state is _MISSING or data is _MISSING:  # the only argument is the batch
                return step(self, data if state is _MISSING else state)
            kept = _variables(self, mode)
            pairs = [p for group, part in zip(kept, state) for p in zip(group, part)]
            with StatelessScope(pairs) as scope:
                out = step(self, data)
                new = tuple([_now(scope, v) for v in group] for group in kept)
            return out, new[1] if mode == "predict" else new

        functools.update_wrapper(called, step)
        del called.__wrapped__  # type: ignore[attr-defined]  # it has both arguments
        called._is_own = True  # type: ignore[attr-defined]
        return called

    return decorate


def _now(scope: StatelessScope, variable: Variable) -> Any:
    value = scope.get_current_value(variable)
    return variable.value if value is None else value


def _variables(model: Any, mode: str) -> tuple[list[Variable], ...]:
    weights = model.trainable_variables, model.non_trainable_variables
    if mode == "predict":
        return weights
    optimizer = (model.optimizer.variables,) if mode == "train" else ()
    return (*weights, *optimizer, model.metrics_variables)


def _needed(step: Callable) -> list[str]:
    """The arguments that must be given by position."""
    return [
        p.name
        for p in inspect.signature(step).parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        and p.default is p.empty
    ]


class StatelessLosses:
    """The loss as a pure function of the values of variables: a part of `Trainer`.

    JAX programs that write their own loop differentiate it.
    """

    def stateless_compute_loss(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tuple[Any, tuple[list, list, list]]:
        """`compute_loss` with the values of variables given, changing nothing in place.

        Args:
            trainable_variables, non_trainable_variables, metrics_variables: values in
                the order of the properties of these names.
            x, y, y_pred, sample_weight, training: as for `compute_loss`.

        Returns:
            `(loss, (trainable, non_trainable, metrics))`: the loss, and the values that
            the variables have after it.
        """
        given = trainable_variables, non_trainable_variables, metrics_variables

        def loss() -> Any:
            return self.compute_loss(  # type: ignore[attr-defined]
                x, y, y_pred, sample_weight, training=training
            )

        return _evaluated(self, given, loss)

    def compute_loss_and_updates(
        self,
        trainable_variables: Sequence[Any],
        non_trainable_variables: Sequence[Any],
        metrics_variables: Sequence[Any],
        x: Any,
        y: Any,
        sample_weight: Any,
        training: bool = False,
        optimizer_variables: Sequence[Any] | None = None,
    ) -> tuple[Any, tuple[Any, Any, list, list]]:
        """Call the model and compute the loss, changing nothing in place.

        Args:
            trainable_variables, non_trainable_variables, metrics_variables: values in
                the order of the properties of these names.
            x, y, sample_weight: a batch.
            training: whether the model trains.
            optimizer_variables: the values of the optimizer's variables, of which the
                scale of the loss may be one; by default those it has.

        Returns:
            `(scaled_loss, (loss, y_pred, non_trainable, metrics))`. Differentiate the
            first; the optimizer scales it against underflow, if it scales at all.
        """
        optimizer = self.optimizer  # type: ignore[attr-defined]
        given = trainable_variables, non_trainable_variables, metrics_variables

        def forward() -> tuple[Any, Any, Any]:
            y_pred = self(x, training=training)  # type: ignore[operator]
            loss = self.compute_loss(  # type: ignore[attr-defined]
                x, y, y_pred, sample_weight, training=training
            )
            if not training or optimizer is None:
                return loss, loss, y_pred
            pairs = zip(optimizer.variables, optimizer_variables or ())
            with StatelessScope(pairs):
                return optimizer.scale_loss(loss), loss, y_pred

        (scaled, loss, y_pred), (_, others, metrics) = _evaluated(self, given, forward)
        return scaled, (loss, y_pred, others, metrics)

    def jax_state_sync(self) -> None:
        """Wait until the variables have the values of the step that ran last.

        In Keras, a training loop on JAX keeps them apart from the variables, and a
        callback that reads weights calls this first. Here they are always in place.
        """
        self._backend.block([v.value for v in self._all_variables()])  # type: ignore[attr-defined]


def _evaluated(
    model: Any, values: tuple[Sequence[Any], ...], fn: Callable[[], Any]
) -> tuple[Any, tuple[list, list, list]]:
    """What `fn()` gives with the model's variables at these values, and those after."""
    kept = (
        model.trainable_variables,
        model.non_trainable_variables,
        model.metrics_variables,
    )
    pairs = [p for group, part in zip(kept, values) for p in zip(group, part)]
    with backend_scope(model._backend), StatelessScope(pairs) as scope:
        out = fn()
        trainable, others, metrics = ([_now(scope, v) for v in g] for g in kept)
    model._clear_losses()
    return out, (trainable, others, metrics)
