"""The steps of training: what a model may override, and how they are compiled.

`train_step`, `test_step` and `predict_step` are plain functions of a batch. The backend
compiles them; where it can, it also compiles a loop of them, so that many steps cost
one dispatch.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

from keras.core import inspection, tree
from keras.training.compiled import CompiledTargets, batch_size, to_tensors
from keras.training.stateless import in_both_forms, on_data
from keras.utils.packing import unpack_x_y_sample_weight


class RunCache:
    """What does not change while `fit` or `evaluate` runs, found once."""

    def __init__(self, model: Any) -> None:
        self.layers = model._flatten_layers()
        self.metrics: list[Any] | None = None
        self._model = model

    @functools.cached_property
    def variables(self) -> list[Any]:
        """The trainable weights."""
        return self._model.trainable_variables

    @functools.cached_property
    def regularized(self) -> list[Any]:
        """Those of them that have a penalty."""
        return [v for v in self.variables if v.regularizer is not None]


class Steps:
    """What the steps compute, and their compiled forms: a part of `Trainer`."""

    _backend: Any
    built: bool
    name: str
    optimizer: Any
    run_eagerly: bool
    jit_compile: Any
    _targets: CompiledTargets | None
    _loss_tracker: Any
    _train_function: Callable | None
    _test_function: Callable | None
    _predict_function: Callable | None
    _loops: dict[str, Callable | None] | None
    _eager_calls: Any
    _seen_trainable: list[int] | None
    _seen_options: tuple | None
    _forget_functions: Callable[[], None]
    _run_cache: RunCache | None
    _seen_changes: int | None
    _seen_settings: tuple | None
    _is_builtin: bool

    @property
    def metrics(self) -> list[Any]:
        """The metrics by name: those given to `compile`, and those of the layers.

        Once the model trains or is evaluated, the mean of the loss comes first.
        """
        run = self._run_cache
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
        """Start all metrics afresh."""
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
            from keras.metrics import Mean

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
        from keras import ops

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
            loss = self.compute_loss(x, y, y_pred, sample_weight, training=True)
            scaled = loss if self.optimizer is None else self.optimizer.scale_loss(loss)
            return scaled, (loss, y_pred)

        from keras import ops

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
        loss = self.compute_loss(x, y, y_pred, sample_weight, training=False)
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
        if self._run_cache is not None:
            return self._run_cache.variables
        return self.trainable_variables  # type: ignore[attr-defined]

    @contextlib.contextmanager
    def _running(self) -> Iterator[None]:
        """While a loop runs, the structure of the model is looked at only once."""
        outer, self._run_cache = self._run_cache, self._run_cache or RunCache(self)
        try:
            yield
        finally:
            self._run_cache = outer

    # Compiled steps

    def make_train_function(self, force: bool = False) -> Callable:
        """The function that trains on one batch, compiled."""
        self._check_options()
        self._check_fingerprint()
        if self._train_function is None or force:
            self._train_function = self._compile_step(on_data(self, "train"))
        return self._train_function

    def make_test_function(self, force: bool = False) -> Callable:
        """The function that evaluates one batch, compiled."""
        self._check_options()
        if self._test_function is None or force:
            step = on_data(self, "test")
            self._test_function = self._compile_step(step, train=False)
        return self._test_function

    def make_predict_function(self, force: bool = False) -> Callable:
        """The function that predicts one batch, compiled."""
        self._check_options()
        if self._predict_function is None or force:
            step = on_data(self, "predict")
            self._predict_function = self._compile_step(step, train=False)
        return self._predict_function

    def _check_options(self) -> None:
        """Compile anew when an attribute was set that steps depend on."""
        options = self.run_eagerly, self.jit_compile, id(self.optimizer)
        if self._seen_options != options:
            self._forget_functions()
            self._seen_options = options
        if self._seen_changes != inspection.changes:
            self._seen_changes = inspection.changes
            self._check_settings()

    def _check_fingerprint(self) -> None:
        """Compile anew when weights were frozen, thawed or added since."""
        found = [id(v) for v in self._step_variables()]
        if self._seen_trainable != found:
            self._train_function = None
            self._loops = None
            self._seen_trainable = found

    def _check_settings(self) -> None:
        """Compile anew when a setting of a layer, loss or metric is another now."""
        found = inspection.inspect_model(self)
        if self._seen_settings != found.settings:
            self._seen_settings = found.settings
            self._is_builtin = found.is_builtin
            self._forget_functions()

    def _step_loop(self, mode: str) -> Callable | None:
        """`(stacked batches, count) -> the last results`: many steps in one dispatch.

        For "predict" all results come back, stacked.

        None where there is no such thing: on a backend that runs eagerly, and for a
        model that makes its own train or test function.
        """
        own = getattr(type(self), f"make_{mode}_function")
        if own is not getattr(Steps, f"make_{mode}_function") or self.run_eagerly:
            return None
        if self._loops is None:
            self._loops = {}
        if mode not in self._loops:
            step = own(self)
            self._loops[mode] = self._backend.compile_loop(
                step, self.jit_compile, collect=mode == "predict"
            )
        return self._loops[mode]

    def _step_on_tensors(self, step: Callable) -> Callable:
        def run(data: Any) -> Any:
            try:
                return step(to_tensors(data))
            finally:
                self._clear_losses()  # type: ignore[attr-defined]

        return run

    def _compile_step(self, step: Callable, train: bool = True) -> Callable:
        backend = self._backend
        run = self._step_on_tensors(step)
        if self.run_eagerly:
            return run if train else backend.without_gradients(run)
        variables = self._all_variables if self._is_builtin else None
        return backend.compile_step(run, train, self.jit_compile, variables)

    def _all_variables(self) -> list[Any]:
        """What a step may read and write."""
        found = [self, *self.metrics]
        if self.optimizer is not None:
            found.append(self.optimizer)
        return [variable for owner in found for variable in owner.variables]

    def _is_called_by(self, training: bool) -> bool:
        """Whether all weights are made, and a step of the user's uses them as it likes.

        Two networks that play against each other, say: none is called on the data.
        """
        step = "train_step" if training else "test_step"
        own = getattr(type(self), step) is not getattr(Steps, step)
        own = own and inspection.is_builtin(type(self).build)  # type: ignore[attr-defined]
        parts = self._flatten_layers(include_self=False)  # type: ignore[attr-defined]
        return own and bool(parts) and all(part.built for part in parts)

    def _build_on(self, data: Any, training: bool) -> None:
        """Make the weights, by a symbolic call on a batch's shapes, if need be."""
        if not self.built and not self._is_called_by(training):
            x, _, _ = unpack_x_y_sample_weight(data)
            x = tree.map_structure(
                lambda a: None if a is None else self._backend.convert_to_tensor(a[:1]),
                x,
            )
            self._backend.without_gradients(self)(x, training=False)  # type: ignore[arg-type]
        if training and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]
