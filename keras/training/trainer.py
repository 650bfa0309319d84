"""The one trainer: compile, fit, evaluate and predict, on every backend.

A backend supplies how a step is compiled. The loop, the data, the callbacks and the
metrics are here, once. The steps themselves are `train_step`, `test_step` and
`predict_step`: plain functions of a batch that a model may override.
"""

from __future__ import annotations

import contextlib
import functools
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from keras.core import tree
from keras.core.config import settings
from keras.core.scope import backend_scope
from keras.training.compiled import CompiledTargets, batch_size, to_tensors
from keras.training.logs import LazyLogs
from keras.utils.packing import unpack_x_y_sample_weight


class RunCache:
    """What does not change while `fit` or `evaluate` runs, found once."""

    def __init__(self, model: Any) -> None:
        self.layers = model._flatten_layers()
        self.variables = model.trainable_variables
        self.regularized = [v for v in self.variables if v.regularizer is not None]
        self.metrics = model.metrics


def _in_backend(method: Callable) -> Callable:
    """Run a method in the backend that the model belongs to."""

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        with backend_scope(self._backend):
            return method(self, *args, **kwargs)

    return wrapped


class Trainer:
    """What makes a layer trainable: mixed into `Model`."""

    _trainer_attributes = ("optimizer", "_targets", "_loss_tracker", "_compile_args")
    _engine_attributes = (
        "_train_function",
        "_test_function",
        "_predict_function",
        "_seen_trainable",
        "_run_cache",
        "history",
    )

    _backend: Any
    built: bool
    name: str

    def _init_trainer(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.stop_training = False
        self.run_eagerly = False
        self.jit_compile: Any = "auto"
        self.steps_per_execution = 1
        self.history: Any = None
        self._targets: CompiledTargets | None = None
        self._loss_tracker: Any = None
        self._compile_args: dict[str, Any] | None = None
        self._train_function: Callable | None = None
        self._test_function: Callable | None = None
        self._predict_function: Callable | None = None
        self._seen_trainable: list[int] | None = None
        self._run_cache: RunCache | None = None

    # Compile

    @_in_backend
    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: Any = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Say how the model is trained and measured.

        Args:
            optimizer: a name or an `Optimizer`.
            loss: a name, a function `(y_true, y_pred)`, a `Loss`, or a list or dict
                of them, one for each output.
            loss_weights: a number for each output, as a list or dict.
            metrics: a list of names, functions or `Metric`s; for several outputs a
                list of lists, or a dict by output name. "accuracy" (and `Accuracy()`)
                means the accuracy that fits the outputs' shapes.
            weighted_metrics: metrics that sample and class weights apply to.
            run_eagerly: run steps as plain Python, so that a debugger can stop inside.
            steps_per_execution: how many steps run between looks at the callbacks.
            jit_compile: `True`, `False` or `"auto"`: compile with XLA where there is
                a choice.
            auto_scale_loss: under `mixed_float16`, scale the loss against underflow.

        Example:
            >>> model.compile("adam", "sparse_categorical_crossentropy", ["accuracy"])
        """
        from keras import optimizers

        if steps_per_execution == "auto":
            steps_per_execution = 1
        if not isinstance(steps_per_execution, int) or steps_per_execution < 1:
            raise ValueError(
                f"compile: `steps_per_execution` must be a positive integer or 'auto'; "
                f"received {steps_per_execution!r}."
            )
        if jit_compile not in (True, False, "auto"):
            raise ValueError(
                f"compile: `jit_compile` must be True, False or 'auto'; got "
                f"{jit_compile!r}."
            )
        args = dict(
            optimizer=optimizer,
            loss=loss,
            loss_weights=loss_weights,
            metrics=metrics,
            weighted_metrics=weighted_metrics,
            run_eagerly=run_eagerly,
            steps_per_execution=steps_per_execution,
            jit_compile=jit_compile,
            auto_scale_loss=auto_scale_loss,
        )
        targets = CompiledTargets(
            self._label(),
            self._known_output_names(),
            loss,
            loss_weights,
            metrics,
            weighted_metrics,
        )
        optimizer = optimizers.get(optimizer)
        if optimizer is not None and auto_scale_loss and self._needs_loss_scale():
            if not isinstance(optimizer, optimizers.LossScaleOptimizer):
                optimizer = optimizers.LossScaleOptimizer(optimizer)
        self.optimizer = optimizer
        self.loss = loss
        self.run_eagerly = bool(run_eagerly)
        self.steps_per_execution = steps_per_execution
        self.jit_compile = jit_compile
        self._targets = targets
        self._loss_tracker = None
        self._compile_args = args
        self._forget_functions()

    def _label(self) -> str:
        return f"{type(self).__name__} {self.name!r}"

    def _known_output_names(self) -> list[str] | None:
        if getattr(self, "_graph", None) is None:
            return None
        return self.output_names  # type: ignore[attr-defined]

    def _output_sizes(self) -> dict[str, int | None]:
        """The size of the last axis of each output of a graph, by name."""
        names = self._known_output_names()
        if names is None:
            return {}
        outputs = self.outputs  # type: ignore[attr-defined]
        return {n: t.shape[-1] if t.shape else None for n, t in zip(names, outputs)}

    def _needs_loss_scale(self) -> bool:
        return self.dtype_policy.name == "mixed_float16"  # type: ignore[attr-defined]

    def _forget_functions(self) -> None:
        self._train_function = self._test_function = self._predict_function = None

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._targets is not None

    def _check_compiled(self, method: str) -> None:
        if self._targets is None:
            raise RuntimeError(
                f"{self._label()} must be compiled before `{method}`: call "
                "model.compile(optimizer=..., loss=...) first."
            )

    @property
    def metrics(self) -> list[Any]:
        """The metrics by name: those given to `compile`, and those of the layers.

        Once the model trains or is evaluated, the mean of the loss comes first.
        """
        if self._run_cache is not None:
            return self._run_cache.metrics
        found = [] if self._loss_tracker is None else [self._loss_tracker]
        if self._targets is not None:
            found += self._targets.all_metrics
        seen = {id(m) for m in found}
        return found + [m for m in super().metrics if id(m) not in seen]  # type: ignore[misc]

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
                f"{self._label()} has nothing to minimize: compile it with a loss, or "
                "call add_loss in a layer, or override compute_loss."
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
        self._check_fingerprint()
        if self._train_function is None or force:
            self._train_function = self._compile_step(self.train_step)
        return self._train_function

    def make_test_function(self, force: bool = False) -> Callable:
        """The function that evaluates one batch, compiled."""
        if self._test_function is None or force:
            self._test_function = self._compile_step(self.test_step, train=False)
        return self._test_function

    def make_predict_function(self, force: bool = False) -> Callable:
        """The function that predicts one batch, compiled."""
        if self._predict_function is None or force:
            self._predict_function = self._compile_step(self.predict_step, train=False)
        return self._predict_function

    def _check_fingerprint(self) -> None:
        """Compile anew when weights were frozen, thawed or added since."""
        found = [id(v) for v in self._step_variables()]
        if self._seen_trainable != found:
            self._train_function = None
            self._seen_trainable = found

    def _compile_step(self, step: Callable, train: bool = True) -> Callable:
        backend = self._backend

        def run(data: Any) -> Any:
            try:
                return step(to_tensors(data))
            finally:
                self._clear_losses()  # type: ignore[attr-defined]

        if self.run_eagerly:
            return run if train else backend.without_gradients(run)
        return backend.compile_step(run, train, self.jit_compile)

    def _build_on(self, data: Any, training: bool) -> None:
        """Make the weights, by a symbolic call on a batch's shapes, if need be."""
        if not self.built:
            x, _, _ = unpack_x_y_sample_weight(data)
            x = tree.map_structure(
                lambda a: None if a is None else self._backend.convert_to_tensor(a[:1]),
                x,
            )
            self._backend.without_gradients(self)(x, training=False)  # type: ignore[arg-type]
        if training and self.optimizer is not None and not self.optimizer.built:
            self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]

    # Fit

    @_in_backend
    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        shuffle: bool = True,
        class_weight: dict | None = None,
        sample_weight: Any = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: Any = 1,
    ) -> Any:
        """Train the model.

        Args:
            x: inputs: arrays, lists or dicts of arrays, a pandas frame, a
                tf.data.Dataset, a torch DataLoader, a generator or a `PyDataset`.
            y: targets, when `x` is arrays.
            batch_size: samples in a step, 32 by default.
            epochs: where to stop counting epochs; each is one pass over the data.
            verbose: 0 silent, 1 a progress bar, 2 a line for each epoch, or "auto".
            callbacks: a list of `Callback`s.
            validation_split: the fraction of the arrays, from the end, to validate on.
            validation_data: `(x, y)`, `(x, y, sample_weight)` or a dataset.
            shuffle: whether samples are shuffled anew for each epoch.
            class_weight: a weight for each class index.
            sample_weight: a weight for each sample.
            initial_epoch: the epoch to start from.
            steps_per_epoch: how many steps make an epoch; by default one pass.
            validation_steps: how many batches to validate on.
            validation_batch_size: by default `batch_size`.
            validation_freq: validate every so many epochs, or the epochs listed.

        Returns:
            A `History`: `history.history["loss"]` lists the loss of each epoch.
        """
        from keras.callbacks import CallbackList
        from keras.training.data import make_batches, split_validation
        from keras.training.data.source import IndexedSource

        self._check_compiled("fit")
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_validation(
                x, y, sample_weight, validation_split
            )
        source = make_batches(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps=_capped(steps_per_epoch),
            shuffle=shuffle,
            class_weight=class_weight,
            seed=_shuffle_seed() if shuffle else None,
        )
        self._targets.check_labels(y, self._output_sizes())  # type: ignore[union-attr]
        epochs = min(epochs, settings.max_epochs) if settings.max_epochs else epochs
        self._track_loss()
        self._build_on(source.peek(), training=True)
        steps = source.num_batches
        if settings.max_steps_per_epoch:
            steps = min(
                steps or settings.max_steps_per_epoch, settings.max_steps_per_epoch
            )
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_history=True,
                add_progbar=verbose != 0,
                model=self,
                verbose=verbose,
                epochs=epochs,
                steps=steps,
            )
        validation: dict[str, Any] = {}
        if validation_data is not None:
            validation = _validation_arguments(validation_data)
            validation["batch_size"] = (
                (validation_batch_size or batch_size) if "y" in validation else None
            )
            validation["steps"] = validation_steps
        # Data read by index is shuffled by the epoch's own number, so that a run that
        # starts at a later epoch goes on as the whole run would have.
        by_index = isinstance(source, IndexedSource)
        self.stop_training = False
        callbacks.on_train_begin()
        logs: dict[str, Any] = {}
        for epoch in range(initial_epoch, epochs):
            callbacks.on_epoch_begin(epoch)
            with self._running():
                logs = self._train_epoch(
                    source,
                    epoch if by_index else epoch - initial_epoch,
                    steps,
                    callbacks,
                )
            if not logs:  # the data ran out
                break
            if validation and _due(validation_freq, epoch):
                found = self.evaluate(
                    **validation, callbacks=callbacks, return_dict=True, verbose=0
                )
                logs.update({f"val_{k}": v for k, v in found.items()})
            callbacks.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        callbacks.on_train_end(logs)
        return self.history

    def _train_epoch(
        self, source: Any, index: int, steps: int | None, callbacks: Any
    ) -> dict[str, Any]:
        self.reset_metrics()
        source.on_epoch_begin()
        result = self._run_steps(
            self.make_train_function(), source.epoch(index), steps, callbacks, "train"
        )
        source.on_epoch_end()
        return result.copy() if result else {}

    def _run_steps(
        self,
        function: Callable,
        batches: Any,
        steps: int | None,
        callbacks: Any,
        mode: str,
    ) -> LazyLogs | None:
        """Run the batches of an epoch; the last results, still on the device."""
        begin = getattr(callbacks, f"on_{mode}_batch_begin")
        end = getattr(callbacks, f"on_{mode}_batch_end")
        group = self.steps_per_execution
        to_numpy = self._backend.convert_to_numpy
        logs = None
        step = 0
        last_announced = -1
        for batch in batches:
            if step % group == 0:
                begin(step)
            logs = LazyLogs(_as_dict(function(batch)), to_numpy)
            step += 1
            if step % group == 0:
                last_announced = step
                if callbacks.batch_end_due(step - 1, mode):
                    end(step - 1, logs)
                if self.stop_training:
                    break
            if steps is not None and step >= steps:
                break
        if logs is not None and last_announced != step:
            if callbacks.batch_end_due(step - 1, mode):
                end(step - 1, logs)
        return logs

    # Evaluate and predict

    @_in_backend
    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **kwargs: Any,
    ) -> Any:
        """The loss and the metrics on data, in inference mode.

        Args:
            x, y, batch_size, sample_weight: as for `fit`.
            verbose: 0 silent, 1 a progress bar, 2 one line, or "auto".
            steps: how many batches to use; by default all.
            callbacks: a list of `Callback`s.
            return_dict: whether a dict by name comes back.

        Returns:
            The loss, or a list of the loss and the metrics, or a dict.
        """
        from keras.callbacks import CallbackList
        from keras.training.data import make_batches

        if kwargs:
            raise TypeError(f"evaluate: unknown arguments {sorted(kwargs)}.")
        self._check_compiled("evaluate")
        source = make_batches(
            x, y, sample_weight, batch_size=batch_size, steps=_capped(steps)
        )
        self._track_loss()
        self._build_on(source.peek(), training=False)
        function = self.make_test_function()
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_progbar=verbose != 0,
                model=self,
                verbose=verbose,
                epochs=1,
                steps=source.num_batches,
            )
        callbacks.on_test_begin()
        with self._running():
            self.reset_metrics()
            result = self._run_steps(function, source.epoch(0), None, callbacks, "test")
        logs = result.copy() if result else {}
        callbacks.on_test_end(logs)
        return logs if return_dict else _flat_results(logs)

    @_in_backend
    def predict(
        self,
        x: Any,
        batch_size: int | None = None,
        verbose: Any = "auto",
        steps: int | None = None,
        callbacks: Any = None,
    ) -> Any:
        """What the model returns for data, as NumPy arrays.

        Args:
            x: inputs, as for `fit`.
            batch_size: samples in a step, 32 by default.
            verbose: 0 silent, 1 a progress bar, 2 one line, or "auto".
            steps: how many batches to use; by default all.
            callbacks: a list of `Callback`s.

        Returns:
            An array, or the nest of arrays that the model returns.
        """
        from keras.callbacks import CallbackList
        from keras.training.data import make_batches

        source = make_batches(x, batch_size=batch_size, steps=_capped(steps))
        self._build_on(source.peek(), training=False)
        function = self.make_predict_function()
        if not isinstance(callbacks, CallbackList):
            callbacks = CallbackList(
                callbacks,
                add_progbar=verbose != 0,
                model=self,
                verbose=verbose,
                epochs=1,
                steps=source.num_batches,
            )
        callbacks.on_predict_begin()
        to_numpy = self._backend.convert_to_numpy
        outputs: list[Any] = []
        treedef: Any = None
        for step, batch in enumerate(source.epoch(0)):
            callbacks.on_predict_batch_begin(step)
            leaves, treedef = tree.flatten_with_def(function(batch))
            outputs.append([to_numpy(leaf) for leaf in leaves])
            if callbacks.batch_end_due(step, "predict"):
                made = tree.unflatten(treedef, outputs[-1])
                callbacks.on_predict_batch_end(step, {"outputs": made})
        callbacks.on_predict_end()
        columns = [
            column[0] if len(column) == 1 else np.concatenate(column)
            for column in zip(*outputs)
        ]
        return tree.unflatten(treedef, columns)

    # Single batches

    @_in_backend
    def train_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        class_weight: dict | None = None,
        return_dict: bool = False,
    ) -> Any:
        """Train on one batch of arrays; the metrics so far come back.

        Args:
            x, y, sample_weight: the batch.
            class_weight: a weight for each class index.
            return_dict: whether a dict by name comes back.
        """
        self._check_compiled("train_on_batch")
        batch = _single_batch(x, y, sample_weight, class_weight)
        self._track_loss()
        self._build_on(batch, training=True)
        logs = LazyLogs(
            _as_dict(self.make_train_function()(batch)), self._backend.convert_to_numpy
        ).copy()
        return logs if return_dict else _flat_results(logs)

    @_in_backend
    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Evaluate one batch of arrays; the metrics so far come back."""
        self._check_compiled("test_on_batch")
        batch = _single_batch(x, y, sample_weight, None)
        self._track_loss()
        self._build_on(batch, training=False)
        logs = LazyLogs(
            _as_dict(self.make_test_function()(batch)), self._backend.convert_to_numpy
        ).copy()
        return logs if return_dict else _flat_results(logs)

    @_in_backend
    def predict_on_batch(self, x: Any) -> Any:
        """What the model returns for one batch, as NumPy arrays."""
        batch = _single_batch(x, None, None, None)
        self._build_on(batch, training=False)
        out = self.make_predict_function()(batch)
        return tree.map_structure(self._backend.convert_to_numpy, out)

    # Saving

    def get_compile_config(self) -> dict[str, Any] | None:
        """What `compile` was given, for a saved model."""
        if self._compile_args is None:
            return None
        from keras.core.serialization import serialize_keras_object

        args = dict(self._compile_args, optimizer=self.optimizer)
        return {key: serialize_keras_object(value) for key, value in args.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as a saved model was compiled."""
        from keras.core.serialization import deserialize_keras_object

        config = {k: deserialize_keras_object(v) for k, v in config.items()}
        self.compile(**config)
        if self.optimizer is not None and self.built:
            with backend_scope(self._backend):
                self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]


def _as_dict(logs: Any) -> dict[str, Any]:
    if logs is None:
        return {}
    if not isinstance(logs, dict):
        raise TypeError(
            "A step must return a dict of values by name; received "
            f"{type(logs).__name__}."
        )
    return logs


def _flat_results(logs: dict[str, Any]) -> Any:
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def _single_batch(x: Any, y: Any, sample_weight: Any, class_weight: Any) -> tuple:
    from keras.training.data import make_batches

    rows = len(tree.flatten(x)[0])
    source = make_batches(
        x, y, sample_weight, batch_size=max(rows, 1), class_weight=class_weight
    )
    return next(iter(source.epoch(0)))


def _validation_arguments(data: Any) -> dict[str, Any]:
    if isinstance(data, (tuple, list)) and 1 <= len(data) <= 3:
        x, y, sample_weight = unpack_x_y_sample_weight(tuple(data))
        return {"x": x, "y": y, "sample_weight": sample_weight}
    return {"x": data}


def _due(frequency: Any, epoch: int) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency


def _capped(steps: int | None) -> int | None:
    most = settings.max_steps_per_epoch
    return min(steps, most) if steps and most else steps


def _shuffle_seed() -> int:
    from keras.random.host import draw_seed

    return draw_seed()
