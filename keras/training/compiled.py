"""What `compile` was given, matched with the model's outputs by key.

An output is known by its key in a dict, by its layer's name in a functional model, or
by its position. Losses, weights and metrics given as a dict are matched by that key;
nothing is ever matched by sorted position.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keras.core import masks, tree
from keras.core.errors import near_matches
from keras.core.foreign import is_text
from keras.core.scope import current

_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


class Output:
    """One output of the model: its name, loss, weight and metrics."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.loss: Callable | None = None
        self.loss_weight: float | None = None
        self.loss_tracker: Any = None
        self.metrics: list[Any] = []
        self.weighted_metrics: list[Any] = []


class CompiledTargets:
    """Losses and metrics, and which output each belongs to.

    Args:
        owner: how messages name the model.
        names: the outputs' names, or None while they are not known.
    """

    def __init__(
        self,
        owner: str,
        names: Sequence[str] | None,
        loss: Any,
        loss_weights: Any,
        metrics: Any,
        weighted_metrics: Any,
    ) -> None:
        self.owner = owner
        self.loss = loss
        self.loss_weights = loss_weights
        self.given_metrics = metrics
        self.given_weighted_metrics = weighted_metrics
        self.outputs: list[Output] | None = None
        self._early: list[Any] = []
        if names:
            self._build(list(names))
        else:
            self._check_early()

    # Building

    def _check_early(self) -> None:
        """Without the outputs' names, at least a misspelt loss or metric shows."""
        for item in tree.flatten(self.loss):
            _get_loss(item)
        for given in (self.given_metrics, self.given_weighted_metrics):
            self._early += [m for m in map(_get_metric, tree.flatten(given)) if m]

    def _build(self, names: list[str]) -> None:
        many = len(names) > 1
        self.outputs = [Output(name) for name in names]
        losses = self._per_output(self.loss, "loss", names)
        for output, loss in zip(self.outputs, losses):
            output.loss = _get_loss(loss)
        weights = self._per_output(self.loss_weights, "loss_weights", names)
        for output, weight in zip(self.outputs, weights):
            if weight is not None and not isinstance(weight, (int, float)):
                raise TypeError(
                    f"{self.owner}: `loss_weights` holds numbers; received {weight!r}."
                )
            output.loss_weight = weight
        for kind in ("metrics", "weighted_metrics"):
            given = getattr(self, f"given_{kind}")
            rows = self._metrics_per_output(given, kind, names)
            for output, items in zip(self.outputs, rows):
                found = [_get_metric(item) for item in items]
                setattr(output, kind, [m for m in found if m is not None])
        for output in self.outputs:
            _name_metrics(output, f"{output.name}_" if many else "")
        if many:
            from keras.metrics import Mean

            for output in self.outputs:
                if output.loss is not None:
                    output.loss_tracker = Mean(name=f"{output.name}_loss")

    def _per_output(self, given: Any, what: str, names: list[str]) -> list[Any]:
        if isinstance(given, dict):
            self._check_keys(given, what, names)
            return [given.get(name) for name in names]
        if isinstance(given, (list, tuple)):
            if len(given) != len(names):
                raise ValueError(
                    f"{self.owner}: `{what}` has {len(given)} entries, but the model "
                    f"has {len(names)} output(s): {names}."
                )
            return list(given)
        for_all = given is None or callable(given) or isinstance(given, str)
        if for_all or len(names) == 1:
            return [given] * len(names)
        raise ValueError(
            f"{self.owner}: `{what}` must be a list or dict; received {given!r}."
        )

    def _metrics_per_output(
        self, given: Any, what: str, names: list[str]
    ) -> list[list]:
        if given is None:
            return [[] for _ in names]
        if isinstance(given, dict):
            self._check_keys(given, what, names)
            return [as_list(given.get(name)) for name in names]

        if not isinstance(given, (list, tuple)):
            raise ValueError(
                f"{self.owner}: `{what}` must be a list or dict of metrics; received "
                f"{given!r}. For one metric write [{given!r}]."
            )

        if len(names) == 1:
            if len(given) == 1 and isinstance(given[0], (list, tuple)):
                given = given[0]
            return [list(given)]

        if len(given) == len(names):
            return [as_list(item) for item in given]
        if not any(isinstance(item, (list, tuple)) for item in given):
            raise ValueError(
                f"{self.owner}: `{what}` has {len(given)} entries for {len(names)} "
                f"outputs {names}: give one entry for each, or a dict by output name."
            )
        return [as_list(item) for item in given]

    def _check_keys(self, given: dict, what: str, names: list[str]) -> None:
        for key in given:
            if key not in names:
                raise ValueError(
                    f"{self.owner}: `{what}` names the output {key!r}, but the outputs "
                    f"are {names}.{near_matches(key, names)}"
                )

    # Use

    @property
    def metrics(self) -> list[Any]:
        """The metrics given, in order."""
        if self.outputs is None:
            return list(self._early)
        return [m for o in self.outputs for m in (*o.metrics, *o.weighted_metrics)]

    @property
    def loss_trackers(self) -> list[Any]:
        """One mean for each output's loss, when there are several outputs."""
        trackers = (o.loss_tracker for o in self.outputs or [])
        return [tracker for tracker in trackers if tracker is not None]

    @property
    def all_metrics(self) -> list[Any]:
        """The loss trackers and the metrics."""
        return [*self.loss_trackers, *self.metrics]

    def rows(self, y: Any, y_pred: Any, sample_weight: Any) -> list[tuple]:
        """(output, target, prediction, weight) for each output."""
        predictions = self._named(y_pred)
        if self.outputs is None:
            self._build(list(predictions))
        assert self.outputs is not None

        names = [o.name for o in self.outputs]
        if list(predictions) != names:
            if set(predictions) != set(names):
                if len(predictions) != len(names):
                    raise ValueError(
                        f"{self.owner} was compiled for the outputs {names} but "
                        f"returned {list(predictions)}."
                    )
                predictions = dict(zip(names, predictions.values()))

        targets = self._spread(y, "y", names)
        weights = (
            dict.fromkeys(names, sample_weight)
            if len(names) > 1 and not isinstance(sample_weight, (dict, list, tuple))
            else self._spread(sample_weight, "sample_weight", names)
        )

        return [
            (o, targets.get(o.name), predictions[o.name], weights.get(o.name))
            for o in self.outputs
        ]

    def check_labels(self, y: Any, sizes: dict[str, int | None]) -> None:
        """Class numbers out of range would train on nothing, silently: they raise.

        Args:
            y: the targets as given to `fit`; only arrays in memory are looked at.
            sizes: the size of each output's last axis, where it is known.
        """
        from keras.losses import sparse_categorical_crossentropy

        if self.outputs is None or y is None:
            return
        names = [o.name for o in self.outputs]
        for name, labels in self._spread(y, "y", names).items():
            loss = next(o.loss for o in self.outputs if o.name == name)
            size = sizes.get(name)
            function = getattr(loss, "fn", None)
            if function is not sparse_categorical_crossentropy or size is None:
                continue
            if type(labels) is not np.ndarray or not labels.size:
                continue
            least, most = labels.min(), labels.max()
            ignored = getattr(loss, "ignore_class", None)
            if (least < 0 and least != ignored) or (most >= size and most != ignored):
                raise ValueError(
                    f"{self.owner}: the labels for {name!r} go from {least} to {most}, "
                    f"but the output has {size} classes: labels must be from 0 to "
                    f"{size - 1}."
                )

    def _named(self, y_pred: Any) -> dict[str, Any]:
        if isinstance(y_pred, dict):
            flat: dict[str, Any] = {}
            for key, value in y_pred.items():
                leaves = tree.flatten(value)
                if len(leaves) == 1:
                    flat[key] = leaves[0]
                else:
                    flat.update({f"{key}_{i}": v for i, v in enumerate(leaves)})
            return flat
        leaves = tree.flatten(y_pred)
        names = [o.name for o in self.outputs] if self.outputs else None
        if names is None or len(names) != len(leaves):
            names = [f"output_{i}" for i in range(len(leaves))]
            if len(leaves) == 1:
                names = ["output"]
        return dict(zip(names, leaves))

    def _spread(self, given: Any, what: str, names: list[str]) -> dict[str, Any]:
        if given is None:
            return {}
        if isinstance(given, dict):
            unknown = [k for k in given if k not in names]
            if unknown and len(names) == len(given) == 1:
                return {names[0]: next(iter(given.values()))}
            if unknown:
                raise ValueError(
                    f"{self.owner}: `{what}` has the keys {list(given)}, but the "
                    f"outputs are {names}.{near_matches(unknown[0], names)}"
                )
            return given
        leaves = tree.flatten(given) if isinstance(given, (list, tuple)) else [given]
        if len(leaves) != len(names):
            raise ValueError(
                f"{self.owner}: `{what}` has {len(leaves)} part(s), but the model has "
                f"{len(names)} output(s): {names}."
            )
        return dict(zip(names, leaves))

    def total_loss(self, rows: list[tuple]) -> list[Any]:
        """The weighted loss of every output that has one; trackers are updated."""
        found = []
        for output, y, y_pred, weight in rows:
            if output.loss is None:
                continue
            if y is None:
                raise ValueError(
                    f"{self.owner}: the output {output.name!r} has a loss but no "
                    "target in `y`. Give one, or compile without a loss for it."
                )
            value = output.loss(y, y_pred, sample_weight=weight)
            if output.loss_tracker is not None:
                output.loss_tracker.update_state(value, batch_size(y_pred))
            if output.loss_weight is not None:
                value = value * output.loss_weight
            found.append(value)
        return found

    def update_metrics(self, rows: list[tuple]) -> None:
        """Let every metric see the batch."""
        for output, y, y_pred, weight in rows:
            if y is None:
                continue
            mask = masks.get_mask(y_pred)
            for metric in output.metrics:
                metric.update_state(y, y_pred, **_weight(mask))
            if mask is not None and output.weighted_metrics:
                weight = _both(weight, mask)
            for metric in output.weighted_metrics:
                metric.update_state(y, y_pred, **_weight(weight))


def _weight(value: Any) -> dict[str, Any]:
    return {} if value is None else {"sample_weight": value}


def _both(weight: Any, mask: Any) -> Any:
    from keras import ops

    if weight is None:
        return mask
    weight = ops.convert_to_tensor(weight)
    mask = ops.cast(mask, weight.dtype)
    while len(weight.shape) < len(mask.shape):
        weight = ops.expand_dims(weight, -1)
    return weight * mask


def batch_size(tensor: Any) -> Any:
    """The size of the first axis, for averages over samples."""
    shape = tree.flatten(tensor)[0].shape
    if len(shape) and shape[0] is not None:
        return shape[0]
    from keras import ops

    return ops.shape(tree.flatten(tensor)[0])[0] if len(shape) else 1


def as_list(item: Any) -> list[Any]:
    """The items of a list or tuple; one item as a list, None as an empty one."""
    if item is None:
        return []
    return list(item) if isinstance(item, (list, tuple)) else [item]


def _get_loss(identifier: Any) -> Any:
    from keras import losses

    if identifier is None:
        return None
    found = losses.get(identifier)
    if isinstance(found, losses.Loss):
        return found
    if not callable(found):
        raise TypeError(f"A loss must be callable; received {identifier!r}.")
    from keras.losses.loss import LossFunctionWrapper

    return LossFunctionWrapper(found, name=getattr(found, "__name__", "loss"))


def _get_metric(identifier: Any) -> Any:
    from keras import metrics

    if identifier is None:
        return None
    if isinstance(identifier, str):
        if identifier.lower() in (*_ACCURACY, *_CROSSENTROPY):
            return _by_shape(identifier)
        found = metrics.get(identifier)
        if isinstance(found, metrics.Metric):
            return _renamed(found, identifier)
        return metrics.MeanMetricWrapper(found, name=identifier)
    if isinstance(identifier, metrics.Accuracy):
        return _by_shape("accuracy", identifier.name)
    found = metrics.get(identifier)
    if isinstance(found, metrics.Metric):
        return found
    if not callable(found):
        raise TypeError(f"A metric must be callable; received {identifier!r}.")
    return metrics.MeanMetricWrapper(found, name=getattr(found, "__name__", "metric"))


class _ByShape:
    """Accuracy or cross-entropy of the kind that the outputs' shapes ask for."""

    def __init__(self, kind: str) -> None:
        self.kind = "accuracy" if kind.lower() in _ACCURACY else "crossentropy"

    def __call__(self, y_true: Any, y_pred: Any) -> Any:
        from keras.metrics.resolve import resolve_function

        shapes = tuple(y_true.shape), tuple(y_pred.shape)
        return resolve_function(self.kind, *shapes)(y_true, y_pred)


def _by_shape(kind: str, name: str | None = None) -> Any:
    from keras import metrics

    function = _ByShape(kind)
    metric = metrics.MeanMetricWrapper(function, name=name or kind)
    metric._direction = "up" if function.kind == "accuracy" else "down"
    return metric


def _name_metrics(output: Output, prefix: str) -> None:
    """Give the metrics of an output names that differ.

    A weighted one whose name is taken is called so, others are numbered.
    """
    taken: set[str] = set()
    for kind in ("metrics", "weighted_metrics"):
        for metric in getattr(output, kind):
            name, number = metric.name, 0
            if name in taken and kind == "weighted_metrics":
                name = f"weighted_{name}"
            while name in taken:
                number += 1
                name = f"{metric.name}_{number}"
            taken.add(name)
            if prefix or name != metric.name:
                _renamed(metric, prefix + name)


def _renamed(metric: Any, name: str) -> Any:
    metric.name = name
    return metric


def to_tensors(structure: Any) -> Any:
    """Host arrays as tensors of the backend in force.

    Text stays on the host if the backend has no tensors of it.
    """
    backend = current()

    def converted(x: Any) -> Any:
        if x is None or backend.is_tensor(x) or not hasattr(x, "dtype"):
            return x
        if backend.text is None and is_text(x):
            return x
        return backend.convert_to_tensor(x)

    return tree.map_structure(converted, structure)
