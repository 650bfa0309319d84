"""Metrics: state, backends, compiling, configs, names and errors."""

from __future__ import annotations

import copy
import inspect
import json
from typing import Any

import numpy as np
import pytest

import keras
from keras import metrics, ops
from keras.core import masks
from keras.core.scope import current
from keras.metrics.resolve import resolve_accuracy, resolve_function

NEEDED: dict[str, dict[str, Any]] = {
    "IoU": {"num_classes": 3, "target_class_ids": [0, 2]},
    "MeanIoU": {"num_classes": 3},
    "MeanMetricWrapper": {"fn": keras.losses.huber, "delta": 2.0},
    "OneHotIoU": {"num_classes": 3, "target_class_ids": [1]},
    "OneHotMeanIoU": {"num_classes": 3},
    "PrecisionAtRecall": {"recall": 0.4},
    "RecallAtPrecision": {"precision": 0.4},
    "SensitivityAtSpecificity": {"specificity": 0.4},
    "SpecificityAtSensitivity": {"sensitivity": 0.4},
}
OTHER: dict[str, dict[str, Any]] = {
    "AUC": {"thresholds": [0.2, 0.7], "curve": "PR", "from_logits": True},
    "BinaryAccuracy": {"threshold": 0.3},
    "BinaryIoU": {"target_class_ids": [1], "threshold": 0.3},
    "CosineSimilarity": {"axis": 0},
    "F1Score": {"average": "macro", "threshold": 0.4},
    "FBetaScore": {"average": "micro", "beta": 2.0},
    "FalsePositives": {"thresholds": [0.7, 0.2]},
    "MeanIoU": {"num_classes": 4, "ignore_class": 255, "axis": 1},
    "Precision": {"thresholds": 0.4, "class_id": 1},
    "R2Score": {"class_aggregation": None, "num_regressors": 2},
    "Recall": {"top_k": 2},
    "SparseCategoricalCrossentropy": {"ignore_class": 2, "from_logits": True},
    "SparseTopKCategoricalAccuracy": {"k": 2, "from_sorted_ids": True},
}
CLASSES = sorted(
    name
    for name in metrics.__all__
    if inspect.isclass(getattr(metrics, name)) and name != "Metric"
)
SPARSE = ("Sparse", "IoU", "MeanIoU")
Y = np.eye(3, dtype="float32")[[0, 1, 2, 2, 1, 0]]
P = np.random.default_rng(3).uniform(0.05, 0.95, (6, 3)).astype("float32")


def make(cls: str, **kwargs: Any) -> metrics.Metric:
    return getattr(metrics, cls)(**{**NEEDED.get(cls, {}), **kwargs})


def data_for(name: str) -> tuple[np.ndarray, ...]:
    """Labels and predictions of the kind a metric takes."""
    if name in ("Mean", "Sum"):
        return (P,)
    if name in ("IoU", "MeanIoU"):
        return Y.argmax(-1), P.argmax(-1)
    return (Y.argmax(-1) if name.startswith("Sparse") else Y), P


@pytest.mark.parametrize("name", CLASSES)
def test_config_round_trip(name: str) -> None:
    metric = make(name, name="mine", dtype="float64", **OTHER.get(name, {}))
    config = json.loads(json.dumps(metrics.serialize(metric)))
    assert (config["module"], config["class_name"]) == ("keras.metrics", name)
    again = metrics.deserialize(config)
    assert type(again) is type(metric)
    assert again.get_config() == metric.get_config()
    assert (again.name, again.dtype) == ("mine", "float64")
    assert [v.shape for v in again.variables] == [v.shape for v in metric.variables]
    for key in OTHER.get(name, {}):
        assert getattr(again, key) == getattr(metric, key)


@pytest.mark.parametrize("name", CLASSES)
def test_state(name: str, backend: str) -> None:
    """Variables are zeros of the metric's type, get their path, and are reset."""
    metric = make(name, name="m")
    data = data_for(name)
    metric.update_state(*data)
    first = metric.result()
    assert metric.variables
    for v in metric.variables:
        assert v.path == f"m/{v.name}" and not v.trainable
        assert v.dtype == metric.dtype
        assert current().dtype_of(v.value) == v.dtype
    assert metric.dtype == ("int32" if "IoU" in name else "float32")
    metric.reset_state()
    assert all(not np.any(v.numpy()) for v in metric.variables)
    metric.update_state(*data)
    np.testing.assert_array_equal(metric.result().numpy(), first.numpy())


def test_compiled(backend: str) -> None:
    """All metrics in one compiled step give what they give outside it."""
    inside = {name: make(name) for name in CLASSES}
    outside = {name: make(name) for name in CLASSES}
    data = {n: [ops.convert_to_tensor(x) for x in data_for(n)] for n in CLASSES}

    def step(data: dict[str, list]) -> dict[str, Any]:
        for name, metric in inside.items():
            metric.update_state(*data[name])
        return {name: metric.result() for name, metric in inside.items()}

    compiled = current().compile(step)
    compiled(data)
    got = compiled(data)
    for name, metric in outside.items():
        metric.update_state(*data[name])
        metric.update_state(*data[name])
        want = metric.result().numpy()
        np.testing.assert_allclose(got[name].numpy(), want, 1e-5, err_msg=name)


@pytest.mark.parametrize("name", ["Mean", "AUC", "F1Score"])
def test_stateless(name: str, backend: str) -> None:
    metric = make(name)
    data = data_for(name)
    metric._build(*([x.shape for x in data] * 2)[:2])
    start = metric.stateless_reset_state()
    state = metric.stateless_update_state(start, *data)
    assert all(not np.any(v.numpy()) for v in metric.variables)
    got = metric.stateless_result(state)
    metric.update_state(*data)
    np.testing.assert_array_equal(got.numpy(), metric.result().numpy())
    with pytest.raises(ValueError, match="received 0"):
        metric.stateless_result([])


@pytest.mark.parametrize("other", ["jax", "torch", "tensorflow"])
def test_belongs_to_the_backend_it_was_made_in(backend: str, other: str) -> None:
    metric = metrics.CategoricalAccuracy()
    with keras.config.backend_scope(other):
        metric.update_state(Y, P)
        result = metric.result()
        metric.reset_state()
        assert current().name == other
    assert current().is_tensor(result)
    metric.update_state(Y, P)
    assert metric.result().numpy() == result.numpy()


def test_copy_moves_to_the_current_backend(backend: str) -> None:
    with keras.config.backend_scope("jax"):
        metric = metrics.Mean()
        metric.update_state([1.0, 2.0])
    moved = copy.deepcopy(metric)
    moved.update_state([6.0])
    assert moved.variables[0].backend.name == backend
    assert moved.result().numpy() == 3.0
    assert metric.result().numpy() == 1.5


class Both(metrics.Metric):
    """A user's metric that holds others."""

    def __init__(self, name: str = "both", **kwargs: Any) -> None:
        super().__init__(name=name, **kwargs)
        self.seen = self.add_weight(name="seen")
        self.mean = metrics.Mean(name="inner")
        self.more = [metrics.Sum(name="more")]

    def update_state(self, x: Any, sample_weight: Any = None) -> None:
        self.seen.assign_add(1.0)
        self.mean.update_state(x)
        self.more[0].update_state(x)

    def result(self) -> dict[str, Any]:
        return {"mean": self.mean.result(), "sum": self.more[0].result()}


def test_metrics_inside_a_metric(backend: str) -> None:
    metric = Both()
    out = metric([1.0, 3.0])
    assert (out["mean"].numpy(), out["sum"].numpy()) == (2.0, 4.0)
    paths = ["both/seen", "inner/total", "inner/count", "more/total"]
    assert [v.path for v in metric.variables] == paths
    metric.reset_state()
    assert all(v.numpy() == 0.0 for v in metric.variables)


def test_names() -> None:
    assert metrics.Mean().name == "mean"
    assert metrics.Mean(name="a/b").variables[0].path == "a>b/total"
    first, second = metrics.AUC().name, metrics.AUC().name
    assert first.startswith("auc") and second.startswith("auc") and first != second
    assert metrics.F1Score().name == "f1_score"


def test_get() -> None:
    assert isinstance(metrics.get("mse"), metrics.MeanSquaredError)
    assert isinstance(metrics.get("hinge"), metrics.Hinge)
    assert isinstance(metrics.get("AUC"), metrics.AUC)
    assert metrics.get("huber") is keras.losses.huber
    assert isinstance(metrics.get(metrics.Mean), metrics.Mean)
    assert metrics.get(None) is None
    with pytest.raises(ValueError, match="Did you mean 'categorical_accuracy'"):
        metrics.get("categorial_accuracy")


def test_directions() -> None:
    assert metrics.AUC._direction == metrics.F1Score._direction == "up"
    assert metrics.MeanSquaredError()._direction == "down"
    assert metrics.RootMeanSquaredError()._direction == "down"
    assert metrics.CosineSimilarity()._direction == "up"
    assert metrics.Mean()._direction is None


@pytest.mark.parametrize(
    ("y_true", "y_pred", "kind"),
    [
        ((None, 1), (None, 1), "Binary"),
        ((8,), (8, 1), "Binary"),
        ((8,), (8,), "Binary"),
        ((None, 10), (None, 10), "Categorical"),
        ((None,), (None, 10), "SparseCategorical"),
        ((None, 1), (None, 10), "SparseCategorical"),
        ((None, 7), (None, 7, 10), "SparseCategorical"),
    ],
)
def test_resolve(y_true: tuple, y_pred: tuple, kind: str) -> None:
    for name in ("accuracy", "acc"):
        assert resolve_accuracy(name, y_true, y_pred).__name__ == f"{kind}Accuracy"
    for name in ("crossentropy", "CE"):
        assert resolve_accuracy(name, y_true, y_pred).__name__ == f"{kind}Crossentropy"
    with pytest.raises(ValueError, match="`kind` must be one of"):
        resolve_function("auc", y_true, y_pred)


def test_accuracy_alone_and_resolved(backend: str) -> None:
    alone = metrics.Accuracy(name="hits")
    alone.update_state([1, 2, 3], [1, 2, 4])
    np.testing.assert_allclose(alone.result().numpy(), 2 / 3, 1e-6)
    for_model = metrics.Accuracy(name="hits")
    same = for_model._resolve(Y.shape, P.shape)
    assert same is for_model and same.name == "hits"
    same.update_state(Y, P)
    want = metrics.CategoricalAccuracy()(Y, P)
    assert same.result().numpy() == want.numpy()
    assert metrics.deserialize(metrics.serialize(same)).fn is alone.fn
    other = metrics.Precision()
    assert other._resolve(Y.shape, P.shape) is other


def test_mask_and_weights_together(backend: str) -> None:
    y_pred = ops.convert_to_tensor(np.arange(6.0, dtype="float32").reshape(2, 3, 1))
    masks.set_mask(y_pred, ops.convert_to_tensor([[True, True, False], [True] * 3]))
    metric = metrics.MeanSquaredError()
    metric.update_state(np.zeros((2, 3, 1)), y_pred, sample_weight=[1.0, 2.0])
    want = (0 + 1 + 2 * (9 + 16 + 25)) / (1 + 1 + 2 * 3)
    np.testing.assert_allclose(metric.result().numpy(), want, rtol=1e-6)


def test_counts_of_even_and_of_given_thresholds_agree(backend: str) -> None:
    """The sums over buckets and the comparison with each threshold are one thing."""
    rng = np.random.default_rng(1)
    y, p, w = rng.integers(0, 2, 500), rng.random(500), rng.random(500)
    points = [i / 199 for i in range(200)]
    even, given = metrics.AUC(), metrics.AUC(thresholds=points[1:-1])
    given._even = False
    for metric in (even, given):
        metric.update_state(y, p, sample_weight=w)
    for a, b in zip(even.variables, given.variables):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-4, atol=1e-4)


def test_weights_for_f_score_of_any_shape(backend: str) -> None:
    flat, column = metrics.F1Score(threshold=0.5), metrics.F1Score(threshold=0.5)
    weight = np.arange(6.0)
    flat.update_state(Y, P, sample_weight=weight)
    column.update_state(Y, P, sample_weight=weight[:, None])
    np.testing.assert_array_equal(flat.result().numpy(), column.result().numpy())


def test_iou_of_an_axis_of_classes_in_the_middle(backend: str) -> None:
    rng = np.random.default_rng(0)
    y, p = rng.integers(0, 3, (2, 4, 4)), rng.random((2, 3, 4, 4))
    metric = metrics.MeanIoU(3, sparse_y_pred=False, axis=1)
    want = metrics.MeanIoU(3)(y, p.argmax(1))
    assert metric(y, p).numpy() == want.numpy()


def test_errors(backend: str) -> None:
    with pytest.raises(ValueError, match=r"y_true.shape=\(5,\).*y_pred.shape=\(6, 3\)"):
        metrics.Precision().update_state(np.zeros(5), P)
    with pytest.raises(ValueError, match="one label for each prediction"):
        metrics.SparseCategoricalAccuracy().update_state(np.zeros(5), P)
    with pytest.raises(ValueError, match="`class_id` is 7.*3 classes"):
        metrics.Precision(class_id=7).update_state(Y, P)
    with pytest.raises(ValueError, match="must match one to one"):
        metrics.MeanIoU(3).update_state(np.zeros(5), np.zeros(6))
    with pytest.raises(ValueError, match='dtype="float32"'):
        metrics.MeanIoU(2).update_state([0, 1], [0, 1], sample_weight=[0.5, 0.5])
    with pytest.raises(ValueError, match=r"\(batch_size, classes\)"):
        metrics.F1Score().update_state(np.zeros(5), np.zeros(5))
    with pytest.raises(ValueError, match=r"\(batch_size, num_labels\)"):
        metrics.AUC(multi_label=True).update_state(np.zeros(5), np.zeros(5))
    with pytest.raises(ValueError, match="`label_weights` must be 3 numbers"):
        metrics.AUC(label_weights=[1.0]).update_state(Y, P)
    for metric in (metrics.F1Score(), metrics.R2Score(), metrics.AUC(multi_label=True)):
        with pytest.raises(ValueError, match="not known"):
            metric.result()


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("AUC", {"curve": "roc"}, "`curve` must be one of"),
        ("AUC", {"num_thresholds": 1}, "at least 2"),
        ("AUC", {"num_labels": 3}, "for `multi_label=True` only"),
        ("AUC", {"thresholds": [1.5]}, "from 0 to 1; received 1.5"),
        ("Precision", {"top_k": 0}, "positive integer"),
        ("F1Score", {"average": "makro"}, "Did you mean 'macro'"),
        ("F1Score", {"threshold": 2.0}, "at most 1"),
        ("FBetaScore", {"beta": 0.0}, "`beta` must be above 0"),
        ("IoU", {"target_class_ids": [3]}, "holds 3, but classes go from 0 to 2"),
        ("PrecisionAtRecall", {"recall": 2.0}, "`recall` must be a number from 0 to 1"),
        ("R2Score", {"num_regressors": -1}, "at least 0"),
    ],
)
def test_bad_arguments(name: str, arguments: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(name, **arguments)


def test_forgotten_super() -> None:
    class Bare(metrics.Metric):
        def __init__(self) -> None:
            self.total = self.add_weight(name="total")

    with pytest.raises(RuntimeError, match=r"call `super\(\).__init__\(\)`"):
        Bare()
    with pytest.raises(NotImplementedError, match="must define `result`"):
        metrics.Metric().result()


def test_batch_of_unknown_size_on_tensorflow() -> None:
    """A tf.function of the user's may leave the batch open."""
    tf = pytest.importorskip("tensorflow")
    with keras.config.backend_scope("tensorflow"):
        objects = {n: make(n) for n in CLASSES if n not in ("Mean", "Sum")}
        weight = np.arange(1.0, 7.0, dtype="float32")

        def step(hot: Any, numbers: Any, p: Any, weight: Any) -> dict[str, Any]:
            for name, metric in objects.items():
                y = numbers if name.startswith("Sparse") else hot
                if name in ("IoU", "MeanIoU"):
                    y, p_ = numbers, tf.argmax(p, -1)
                else:
                    p_ = p
                metric.update_state(y, p_, sample_weight=weight)
            return {name: metric.result() for name, metric in objects.items()}

        signature = [
            tf.TensorSpec((None, 3), "float32"),
            tf.TensorSpec((None,), "int32"),
            tf.TensorSpec((None, 3), "float32"),
            tf.TensorSpec((None,), "float32"),
        ]
        data = [tf.constant(x) for x in (Y, Y.argmax(-1).astype("int32"), P, weight)]
        got = tf.function(step, input_signature=signature, autograph=False)(*data)
        for metric in objects.values():
            metric.reset_state()
        want = step(*data)
        for name in objects:
            np.testing.assert_allclose(got[name], want[name], 1e-5, err_msg=name)
