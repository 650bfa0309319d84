"""The steps of training: what a model computes with one batch, and may override.

`train_step`, `test_step` and `predict_step` are plain functions of a batch. How they
are compiled, and when again, is the engine's business (`engine.py`).
"""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable
from typing import Any

from keras import ops
from keras.core import tree
from keras.core.inspection import is_builtin
from keras.metrics import Mean
from keras.training.compiled import CompiledTargets, batch_size, to_tensors
from keras.training.engine import EngineOf, engine_of
from keras.training.stateless import StatelessLosses, in_both_forms
from keras.utils.packing import unpack_x_y_sample_weight


def _default(method: Callable) -> Callable:
    """Mark a method, so that a class that overrides it is recognized."""
    method._is_default = True  # type: ignore[attr-defined]
    return method


@functools.cache
def _takes_training(compute_loss: Callable) -> bool:
    parameters = inspect.signature(compute_loss).parameters.values()
    return any(p.name == "training" or p.kind is p.VAR_KEYWORD for p in parameters)


class _CompiledStep:
    """The attribute `train_function` and its like: the compiled step, or None.

    A `make_train_function` that a model defines itself may keep its result here.
    """

    def __init__(self, mode: str) -> None:
        self._mode = mode

    def __get__(self, model: Any, owner: type) -> Callable | None:
        return self if model is None else engine_of(model).steps.get(self._mode)  # type: ignore[return-value]

    def __set__(self, model: Any, function: Callable | None) -> None:
        steps = engine_of(model).steps
        if function is None:
            steps.pop(self._mode, None)
        else:
            steps[self._mode] = function


class Steps(StatelessLosses):
    """What the steps compute, for a model to override: a part of `Trainer`.

    Attributes:
        engine: the `Engine` that compiles them; `model.engine.explain()` says how.
        train_function, test_function, predict_function: the compiled steps, or None.
    """

    _backend: Any
    built: bool
    name: str
    optimizer: Any
    run_eagerly: bool
    jit_compile: Any
    _targets: CompiledTargets | None
    _loss_tracker: Any
    engine = EngineOf()

    @property
    def metrics(self) -> list[Any]:
        """The metrics by name: those given to `compile`, and those of the layers.

        Once the model trains or is evaluated, the mean of the loss comes first.
        """
        run = engine_of(self).run
        if run is not None and run.metrics is not None:
            return run.metrics
        found = [] if self._loss_tracker is None else [self._loss_tracker]
        if self._targets is not None:
            found += self._targets.all_metrics
        seen = {id(m) for m in found}
        found += [m for m in super().metrics if id(m) not in seen]  # type: ignore[misc]
        if run is not None:
            run.metrics = found
        return found

    @property
    def metrics_names(self) -> list[str]:
        """The names of `metrics`."""
        return [m.name for m in self.metrics]

    def reset_metrics(self) -> None:
        """Reset the state of all metrics."""
        for metric in self.metrics:
            metric.reset_state()

    def get_metrics_result(self) -> dict[str, Any]:
        """The results of all metrics by name, as tensors."""
        results: dict[str, Any] = {}
        for metric in self.metrics:
            value = metric.result()
            if isinstance(value, dict):
                results.update(value)
            else:
                results[metric.name] = value
        return results

    def _track_loss(self) -> None:
        """The mean of the loss exists from the first step on."""
        if self._loss_tracker is None:
            self._loss_tracker = Mean(name="loss")

    # Steps, to be overridden

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The scalar that training minimizes: losses, and what `add_loss` added.

        Args:
            x: the inputs.
            y: the targets.
            y_pred: what the model returned.
            sample_weight: a weight for each sample.
            training: whether the step trains.
        """
        losses: list[Any] = []
        if self._targets is not None and self._targets.loss is not None:
            rows = self._targets.rows(y, y_pred, sample_weight)
            losses += self._targets.total_loss(rows)
        losses += [ops.sum(ops.convert_to_tensor(v)) for v in self.losses]  # type: ignore[attr-defined]
        if not losses:
            raise ValueError(
                f"{type(self).__name__} {self.name!r} has nothing to minimize: compile "
                "it with a loss, or call add_loss in a layer, or override compute_loss."
            )
        total = losses[0]
        for value in losses[1:]:
            total = total + ops.cast(value, total.dtype)
        return total

    def _loss_of(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any, training: bool
    ) -> Any:
        """`compute_loss`, also of a model that overrides it without `training`."""
        parts = {"x": x, "y": y, "y_pred": y_pred, "sample_weight": sample_weight}
        if _takes_training(type(self).compute_loss):
            parts["training"] = training
        return self.compute_loss(**parts)

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """Update the metrics with a batch and return all results.

        Args:
            x: the inputs.
            y: the targets.
            y_pred: what the model returned.
            sample_weight: a weight for each sample.
        """
        if self._targets is not None and y is not None:
            self._targets.update_metrics(self._targets.rows(y, y_pred, sample_weight))
        return self.get_metrics_result()

    @in_both_forms("train")
    def train_step(self, data: Any) -> dict[str, Any]:
        """One step of training, the same text for every backend.

        Override it to train otherwise: it runs compiled where the backend compiles.

        Args:
            data: a batch: `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

        Returns:
            The values to show, by name.

        Example:
            >>> class MyModel(keras.Model):
            ...     def train_step(self, data):
            ...         x, y = data
            ...         def loss():
            ...             return keras.ops.mean((self(x, training=True) - y) ** 2)
            ...         value, grads = keras.ops.value_and_grad(
            ...             loss, self.trainable_variables)()
            ...         self.optimizer.apply(grads, self.trainable_variables)
            ...         return {"loss": value}
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        variables = self._step_variables()

        def forward() -> Any:
            y_pred = self(x, training=True)  # type: ignore[operator]
            loss = self._loss_of(x, y, y_pred, sample_weight, training=True)
            scaled = loss if self.optimizer is None else self.optimizer.scale_loss(loss)
            return scaled, (loss, y_pred)

        (_, (loss, y_pred)), grads = ops.value_and_grad(
            forward, variables, has_aux=True
        )()
        if variables and self.optimizer is not None:
            self.optimizer.apply(grads, variables)
        elif not variables:
            warnings.warn("The model has no trainable weights.", stacklevel=2)
        self._loss_tracker.update_state(loss, sample_weight=batch_size(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    @in_both_forms("test")
    def test_step(self, data: Any) -> dict[str, Any]:
        """One step of evaluation; override it to evaluate otherwise.

        Args:
            data: a batch: `(x,)`, `(x, y)` or `(x, y, sample_weight)`.
        """
        x, y, sample_weight = unpack_x_y_sample_weight(data)
        y_pred = self(x, training=False)  # type: ignore[operator]
        loss = self._loss_of(x, y, y_pred, sample_weight, training=False)
        self._loss_tracker.update_state(loss, sample_weight=batch_size(x))
        return self.compute_metrics(x, y, y_pred, sample_weight)

    @in_both_forms("predict")
    def predict_step(self, data: Any) -> Any:
        """One step of prediction; override it to predict otherwise.

        Args:
            data: a batch `(x,)`; targets, if any, are left out.
        """
        x, _, _ = unpack_x_y_sample_weight(data)
        return self(x, training=False)  # type: ignore[operator]

    def _step_variables(self) -> list[Any]:
        """The trainable weights; found once for a `fit`, not once a step."""
        run = engine_of(self).run
        if run is not None:
            return run.variables
        return self.trainable_variables  # type: ignore[attr-defined]

    def _flatten_layers(
        self, include_self: bool = True, recursive: bool = True
    ) -> list[Any]:
        run = engine_of(self).run
        if run is not None and include_self and recursive:
            return run.layers
        return super()._flatten_layers(include_self, recursive)  # type: ignore[misc]

    def _regularized_weights(self) -> list[Any]:
        run = engine_of(self).run
        if run is not None:
            return run.regularized
        return super()._regularized_weights()  # type: ignore[misc]

    # Compiled steps

    @_default
    def make_train_function(self, force: bool = False) -> Callable:
        """The function that trains on one batch, compiled; a model may make its own.

        Args:
            force: whether to compile again although nothing changed.
        """
        return engine_of(self).compiled_step("train", force)

    @_default
    def make_test_function(self, force: bool = False) -> Callable:
        """The function that evaluates one batch, compiled; a model may make its own.

        Args:
            force: whether to compile again although nothing changed.
        """
        return engine_of(self).compiled_step("test", force)

    @_default
    def make_predict_function(self, force: bool = False) -> Callable:
        """The function that predicts one batch, compiled; a model may make its own.

        Args:
            force: whether to compile again although nothing changed.
        """
        return engine_of(self).compiled_step("predict", force)

    train_function = _CompiledStep("train")
    test_function = _CompiledStep("test")
    predict_function = _CompiledStep("predict")

    def _all_variables(self) -> list[Any]:
        """What a step may read and write."""
        found = [self, *self.metrics]
        if self.optimizer is not None:
            found.append(self.optimizer)
        return [variable for owner in found for variable in owner.variables]

    def _is_called_by(self, training: bool) -> bool:
        """Whether the model's own step calls its parts, all of which are built.

        A generator and a discriminator, say: the model itself is not called on the
        data, so that a call cannot build it.
        """
        step = "train_step" if training else "test_step"
        has_own_step = getattr(type(self), step) is not getattr(Steps, step)
        if not has_own_step or not is_builtin(type(self).build):  # type: ignore[attr-defined]
            return False
        parts = self._flatten_layers(include_self=False)
        return bool(parts) and all(part.built for part in parts)

    def _one_sample(self, array: Any) -> Any:
        """The first sample of a batch; a sparse tensor of a framework whole."""
        is_whole = array is None or self._backend.sparse.kind_of(array) is not None
        return array if is_whole else array[:1]

    def _build_on(self, data: Any, training: bool) -> None:
        """Make the weights and the optimizer's variables, if they do not exist yet.

        The weights are made by a call on one sample of the batch.
        """
        if not self.built and not self._is_called_by(training):
            x, _, _ = unpack_x_y_sample_weight(data)
            one_sample = to_tensors(tree.map_structure(self._one_sample, x))
            self._backend.without_gradients(self)(one_sample, training=False)  # type: ignore[arg-type]

        if training and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]
