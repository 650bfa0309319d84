"""The trainer: what `compile`, `fit`, `evaluate` and `predict` do, on every backend.

It checks arguments, makes batches and tells the callbacks. What a step computes is in
`steps.py`, the loop over the batches of an epoch in `loop.py`, what is compiled in
`engine.py`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from keras import optimizers
from keras.backend.no_gradients import missing
from keras.callbacks import CallbackList
from keras.callbacks.history import History
from keras.core import tree
from keras.core.config.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from keras.core.dtypes import numpy_dtype
from keras.core.fields import field
from keras.core.scope import backend_scope
from keras.core.settings import floatx, settings
from keras.random.host import draw_seed
from keras.training.compiled import CompiledTargets
from keras.training.data import make_batches, split_validation
from keras.training.data.make import DEFAULT_BATCH_SIZE
from keras.training.data.weights import ClassWeights
from keras.training.engine import engine_of
from keras.training.logs import LazyLogs
from keras.training.loop import as_dict, dispatches, run_batches
from keras.training.position import Position, waits_for_files
from keras.training.steps import Steps
from keras.utils.packing import unpack_x_y_sample_weight

_P = ParamSpec("_P")
_R = TypeVar("_R")


def _in_backend(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Run a method in the backend that the model belongs to."""

    @functools.wraps(method)
    def wrapped(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        owner: Any = args[0]
        with backend_scope(owner._backend):
            return method(*args, **kwargs)

    return wrapped


class Trainer(Steps):
    """What makes a layer trainable: mixed into `Model`."""

    _trainer_attributes = ("optimizer", "_targets", "_loss_tracker", "_compile_args")
    _not_copied_in_training = ("_engine", "history", "_position")

    name: str
    history: Any
    run_eagerly: bool = field("Whether steps run as plain Python.")
    jit_compile: bool | str = field("Whether XLA compiles where there is a choice.")
    _position: Any

    def _init_trainer(self) -> None:
        self.optimizer: Any = None
        self.loss: Any = None
        self.stop_training = False
        self.stop_evaluating = False
        self.stop_predicting = False
        self.run_eagerly = False
        self.jit_compile = "auto"
        self.steps_per_execution = 1
        self._targets = None
        self._loss_tracker: Any = None
        self._compile_args: dict[str, Any] | None = None
        self.history = None
        self._position = None

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
        steps_per_execution: int | str = 1,
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
            steps_per_execution: how many steps run between looks at the callbacks; with
                1 or "auto" as many run in one dispatch as the callbacks allow.
            jit_compile: `True`, `False` or `"auto"`: compile with XLA where there is
                a choice.
            auto_scale_loss: under `mixed_float16`, scale the loss against underflow.

        Example:
            >>> model = keras.Sequential([keras.layers.Dense(1)])
            >>> model.compile("adam", "mse", metrics=["mae"])
        """
        if steps_per_execution == "auto":
            steps_per_execution = 1
        if not isinstance(steps_per_execution, int) or steps_per_execution < 1:
            raise ValueError(
                f"compile: `steps_per_execution` must be a positive integer or 'auto'; "
                f"received {steps_per_execution!r}."
            )
        if jit_compile not in (True, False, "auto"):
            raise ValueError(
                f"compile: `jit_compile` must be True, False or 'auto'; received "
                f"{jit_compile!r}."
            )

        self._compile_args = dict(
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

        self._targets = CompiledTargets(
            self._label(),
            self._known_output_names(),
            loss,
            loss_weights,
            metrics,
            weighted_metrics,
        )
        self._loss_tracker = None

        optimizer = optimizers.get(optimizer)
        if optimizer is not None and auto_scale_loss and self._needs_loss_scale():
            if not isinstance(optimizer, optimizers.LossScaleOptimizer):
                optimizer = optimizers.LossScaleOptimizer(optimizer)
        self.optimizer = optimizer
        self.loss = loss
        self.run_eagerly = bool(run_eagerly)
        self.steps_per_execution = steps_per_execution
        self.jit_compile = jit_compile
        engine_of(self).forget("the model was compiled again")

    def _is_stopped(self, mode: str) -> bool:
        """Whether a callback has asked to end what runs."""
        return self.stop_training if mode == "train" else self.stop_evaluating

    def _label(self) -> str:
        return f"{type(self).__name__} {self.name!r}"

    def _callback_list(
        self, callbacks: Any, verbose: Any, **params: Any
    ) -> CallbackList:
        """The callbacks of a run, and a progress bar if one is wanted."""
        if isinstance(callbacks, CallbackList):
            return callbacks
        return CallbackList(
            callbacks, add_progbar=verbose != 0, model=self, verbose=verbose, **params
        )

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

    def _output_bytes(self) -> int | None:
        """The memory of what a graph returns for one sample, where it is known."""
        if self._known_output_names() is None:
            return None
        total = 0
        for tensor in self.outputs:  # type: ignore[attr-defined]
            if None in tensor.shape[1:] or not tensor.shape:
                return None
            itemsize = numpy_dtype(tensor.dtype).itemsize
            total += math.prod(tensor.shape[1:]) * itemsize
        return total

    def _takes_sparse(self) -> bool:
        """Whether sparse matrices among the data stay sparse: if an `Input` says so.

        A model that is not made of a graph gets them as Keras gives them.
        """
        graph = getattr(self, "_graph", None)
        if graph is not None:
            return any(tensor.sparse for tensor in graph.inputs)
        return self._backend.sparse.TAKES_DATA

    def _needs_loss_scale(self) -> bool:
        return self.dtype_policy.name == "mixed_float16"  # type: ignore[attr-defined]

    @property
    def compiled(self) -> bool:
        """Whether `compile` was called."""
        return self._targets is not None

    def _check_can_train(self, method: str) -> None:
        """Raise before anything is changed where the backend has no gradients."""
        if not self._backend.HAS_GRADIENTS:
            raise NotImplementedError(
                f"{self.name}.{method}: " + missing(self._backend.name)
            )
        self._check_compiled(method)

    def _check_compiled(self, method: str) -> None:
        if self._targets is None:
            raise RuntimeError(
                f"{self._label()} must be compiled before `{method}`: call "
                "model.compile(optimizer=..., loss=...) first."
            )

    # Fit

    @waits_for_files
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
    ) -> History:
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
            shuffle: whether samples are shuffled again for each epoch.
            class_weight: a weight for each class index; a class without one weighs 1.
            sample_weight: a weight for each sample.
            initial_epoch: the epoch to start from.
            steps_per_epoch: how many steps make an epoch; by default one pass.
            validation_steps: how many batches to validate on.
            validation_batch_size: by default `batch_size`.
            validation_freq: validate every so many epochs, or the epochs listed.

        Returns:
            A `History`: `history.history["loss"]` lists the loss of each epoch.
        """
        self._check_can_train("fit")

        # The last samples are for validation, if a fraction is asked for.
        if validation_split and validation_data is None:
            (x, y, sample_weight), validation_data = split_validation(
                x, y, sample_weight, validation_split, self._takes_sparse()
            )
        source = make_batches(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps=_capped(steps_per_epoch),
            shuffle=shuffle,
            class_weight=class_weight,
            seed=draw_seed() if shuffle else None,
            sparse=self._takes_sparse(),
        )
        sizes = self._output_sizes()
        self._targets.check_labels(y, sizes)  # type: ignore[union-attr]
        if class_weight is not None:
            size = next(iter(sizes.values()), None)
            ClassWeights(class_weight).check_classes(y, size)
        validation = None
        if validation_data is not None:
            validation = _validation_arguments(
                validation_data, validation_batch_size or batch_size, validation_steps
            )

        # All variables exist before the first step, so that it is compiled only once.
        self._track_loss()
        self._build_on(source.peek(), training=True)

        if settings.max_epochs:
            epochs = min(epochs, settings.max_epochs)
        steps = source.num_batches
        callbacks = self._callback_list(
            callbacks, verbose, epochs=epochs, steps=steps, add_history=True
        )
        position = self._position = Position(source, initial_epoch, callbacks)
        self.stop_training = False
        callbacks.on_train_begin()  # BackupAndRestore may change the position

        logs = position.logs
        for epoch in range(position.epoch, epochs):
            callbacks.on_epoch_begin(epoch)
            logs = position.run_epoch(self, epoch, steps)
            if not logs:  # the data ran out
                break
            if validation is not None and _is_due(validation_freq, epoch):
                results = self.evaluate(**validation, callbacks=callbacks)
                logs.update({f"val_{name}": v for name, v in results.items()})
            callbacks.on_epoch_end(epoch, logs)
            if self.stop_training:
                break
        if self.optimizer is not None:
            self.optimizer.finalize_variable_values(self.trainable_variables)  # type: ignore[attr-defined]
        callbacks.on_train_end(logs)
        return self.history

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
        if kwargs:
            raise TypeError(f"evaluate: unknown arguments {sorted(kwargs)}.")
        self._check_compiled("evaluate")
        source = make_batches(
            x,
            y,
            sample_weight,
            batch_size=batch_size,
            steps=_capped(steps),
            sparse=self._takes_sparse(),
        )
        self._track_loss()
        self._build_on(source.peek(), training=False)

        callbacks = self._callback_list(
            callbacks, verbose, epochs=1, steps=source.num_batches
        )
        self.stop_evaluating = False
        callbacks.on_test_begin()
        with engine_of(self).running():
            self.reset_metrics()
            logs = run_batches(self, "test", source, callbacks)
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
            An array, or arrays in the nested structure that the model returns.
        """
        # One array that makes one batch, and nobody to tell: for a small model the rest
        # of this method takes longer than the model.
        if callbacks is None and steps is None and verbose == 0 and self.built:
            if _is_one_batch(x, batch_size):
                return self._to_numpy(self.make_predict_function()((x,)))

        source = make_batches(
            x,
            batch_size=batch_size,
            steps=_capped(steps),
            sparse=self._takes_sparse(),
        )
        if not self.built:
            self._build_on(source.peek(), training=False)
        engine = engine_of(self)
        step = engine.step("predict")
        callbacks = self._callback_list(
            callbacks, verbose, epochs=1, steps=source.num_batches
        )
        self.stop_predicting = False
        callbacks.on_predict_begin()

        to_numpy = self._backend.convert_to_numpy
        batches: list[Any] = []  # the arrays of each batch
        treedef: Any = None
        done = 0
        bytes_out = None if source.num_batches == 1 else self._output_bytes()
        for batch, count in dispatches(
            self, "predict", source, callbacks, bytes_out=bytes_out
        ):
            callbacks.on_predict_batch_begin(done)
            if count:
                outputs = engine.loop("predict")(batch, count)  # type: ignore[misc]
            else:
                outputs = step(batch)

            leaves, treedef = tree.flatten_with_def(outputs)
            arrays = [to_numpy(leaf) for leaf in leaves]
            if count:  # stacked, perhaps with room for more
                batches += zip(*(array[:count] for array in arrays))
            else:
                batches.append(arrays)

            done += count or 1
            if callbacks.batch_end_due(done - 1, "predict"):
                outputs = tree.unflatten(treedef, batches[-1])
                callbacks.on_predict_batch_end(done - 1, {"outputs": outputs})
            if self.stop_predicting:
                break
        callbacks.on_predict_end()

        whole = [
            parts[0] if len(parts) == 1 else np.concatenate(parts)
            for parts in zip(*batches)
        ]
        return tree.unflatten(treedef, whole)

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
        """Train on one batch of arrays; its loss and metrics come back.

        Args:
            x, y, sample_weight: the batch.
            class_weight: a weight for each class index.
            return_dict: whether a dict by name comes back.
        """
        self._check_can_train("train_on_batch")
        batch = _single_batch(self, x, y, sample_weight, class_weight)
        self._track_loss()
        self._build_on(batch, training=True)
        self.reset_metrics()
        return self._read_results(self.make_train_function()(batch), return_dict)

    @_in_backend
    def test_on_batch(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        return_dict: bool = False,
    ) -> Any:
        """Evaluate one batch of arrays; its loss and metrics come back."""
        self._check_compiled("test_on_batch")
        batch = _single_batch(self, x, y, sample_weight, None)
        self._track_loss()
        self._build_on(batch, training=False)
        self.reset_metrics()
        return self._read_results(self.make_test_function()(batch), return_dict)

    @_in_backend
    def predict_on_batch(self, x: Any) -> Any:
        """What the model returns for one batch, as NumPy arrays."""
        batch = _single_batch(self, x, None, None, None)
        self._build_on(batch, training=False)
        return self._to_numpy(self.make_predict_function()(batch))

    def _read_results(self, results: Any, return_dict: bool) -> Any:
        """What a step returned, as floats."""
        logs = LazyLogs(as_dict(results), self._backend.convert_to_numpy).copy()
        return logs if return_dict else _flat_results(logs)

    def _to_numpy(self, outputs: Any) -> Any:
        backend = self._backend
        if backend.is_tensor(outputs):
            return backend.convert_to_numpy(outputs)
        return tree.map_structure(backend.convert_to_numpy, outputs)

    # Saving

    def get_compile_config(self) -> dict[str, Any] | None:
        """What `compile` was given, for a saved model."""
        if self._compile_args is None:
            return None
        args = dict(self._compile_args, optimizer=self.optimizer)
        return {key: serialize_keras_object(value) for key, value in args.items()}

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as a saved model was compiled."""
        config = {k: deserialize_keras_object(v) for k, v in config.items()}
        self.compile(**config)
        if self.optimizer is not None and self.built:
            with backend_scope(self._backend):
                self.optimizer.build(self.trainable_variables)  # type: ignore[attr-defined]


def _flat_results(logs: dict[str, Any]) -> Any:
    values = list(logs.values())
    return values[0] if len(values) == 1 else values


def _single_batch(
    model: Any, x: Any, y: Any, sample_weight: Any, class_weight: Any
) -> tuple:
    first = tree.flatten(x)[0]
    rows = first.shape[0] if hasattr(first, "shape") else len(first)
    source = make_batches(
        x,
        y,
        sample_weight,
        batch_size=max(rows, 1),
        class_weight=class_weight,
        sparse=model._takes_sparse(),
    )
    return next(iter(source.epoch(0)))


def _is_one_batch(x: Any, batch_size: int | None) -> bool:
    """Whether `x` is an array that makes one batch as it is."""
    if type(x) is not np.ndarray or x.ndim < 2:
        return False
    size = DEFAULT_BATCH_SIZE if batch_size is None else batch_size
    if type(size) is not int or not 0 < len(x) <= size:
        return False
    kind = x.dtype.kind
    return kind in "iub" or (kind == "f" and x.dtype == floatx())


def _validation_arguments(
    data: Any, batch_size: int | None, steps: int | None
) -> dict[str, Any]:
    """The arguments of `evaluate` for validation in `fit`."""
    common = {"steps": steps, "return_dict": True, "verbose": 0}
    if isinstance(data, (tuple, list)) and 1 <= len(data) <= 3:
        x, y, sample_weight = unpack_x_y_sample_weight(tuple(data))
        parts = {"x": x, "y": y, "sample_weight": sample_weight}
        return {**parts, "batch_size": batch_size, **common}
    return {"x": data, **common}  # its batches have a size


def _is_due(frequency: int | Iterable[int], epoch: int) -> bool:
    if isinstance(frequency, int):
        return (epoch + 1) % frequency == 0
    return epoch + 1 in frequency


def _capped(steps: int | None) -> int | None:
    most = settings.max_steps_per_epoch
    return min(steps or most, most) if most else steps
