"""The metrics whose results are compared with Keras 3.15.1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .losses_cases import numbered
from .spec import ONEHOT, PROBS, A, B, D, F, I, V, digest


@dataclass(frozen=True)
class Metric:
    """`cls(**config)`; then one `update_state(*update)` after the other.

    The result is asked for after each update, after `reset_state`, and after the
    second update made again. `fn`: the wrapped function of a MeanMetricWrapper.
    """

    cls: str
    config: dict = field(default_factory=dict)
    updates: tuple = ()
    fn: str | None = None


@dataclass(frozen=True)
class Function:
    """`fn(*args, **kwargs)`."""

    name: str
    args: tuple
    kwargs: dict = field(default_factory=dict)


def pairs(y_true: Any, y_pred: Any, weight: A | None = None) -> tuple:
    """Three updates with other numbers each, the second weighted."""
    return ((y_true, y_pred), (y_true, y_pred, weight), (y_true, y_pred))


P = F(5, 3, lo=0.02, hi=0.98)
W5 = F(5, lo=0)
THRESHOLDS = [0.25, 0.5, 0.8]


def _regression() -> list[Metric]:
    out = []
    for name in (
        "MeanSquaredError",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "RootMeanSquaredError",
        "LogCoshError",
        "CosineSimilarity",
    ):
        out += [
            Metric(name, {}, pairs(F(5, 3), F(5, 3), W5)),
            Metric(name, {}, pairs(F(4, 3, 2), F(4, 3, 2), F(4, 3, lo=0))),
        ]
    for name in ("MeanSquaredLogarithmicError", "KLDivergence", "Poisson"):
        positive = F(5, 3, lo=0.05, hi=3)
        out += [
            Metric(name, {}, pairs(positive, positive, W5)),
            Metric(name, {}, pairs(PROBS(4, 3), PROBS(4, 3), F(4, 1, lo=0))),
        ]
    for name in ("Hinge", "SquaredHinge", "CategoricalHinge"):
        out += [
            Metric(name, {}, pairs(ONEHOT(5, 3), F(5, 3), W5)),
            Metric(name, {"dtype": "float32"}, pairs(B(5, 3), F(5, 3))),
        ]
    out += [
        Metric("CosineSimilarity", {"axis": 1}, pairs(F(4, 3, 2), F(4, 3, 2))),
        Metric("RootMeanSquaredError", {"name": "r"}, pairs(I(5, 1), F(5, 1), W5)),
        Metric("MeanSquaredError", {}, pairs(F(5), F(5, 1), W5)),
        Metric("R2Score", {}, pairs(F(5, 1), F(5, 1), W5)),
        Metric(
            "R2Score",
            {"class_aggregation": "variance_weighted_average"},
            pairs(F(5, 3), F(5, 3), F(5, 1, lo=0)),
        ),
        Metric(
            "R2Score",
            {"class_aggregation": None, "num_regressors": 2},
            pairs(F(5, 3), F(5, 3)),
        ),
        Metric("PearsonCorrelation", {}, pairs(F(5, 4), F(5, 4), W5)),
        Metric("PearsonCorrelation", {"axis": 0}, pairs(F(5, 4), F(5, 4))),
        Metric("ConcordanceCorrelation", {}, pairs(F(5, 4), F(5, 4), W5)),
        Metric("ConcordanceCorrelation", {"axis": 0}, pairs(F(5, 4), F(5, 4))),
    ]
    return out


def _reductions() -> list[Metric]:
    return [
        Metric(
            "Mean", {}, ((F(5),), (F(5, 3), F(5, lo=0)), (2.5,), ([1.0, 2.0, 4.0],))
        ),
        Metric(
            "Mean", {}, ((F(4, 3), F(4, 1, lo=0)), (I(3), [0, 1, 1]), (F(2, 2), 0.5))
        ),
        Metric("Sum", {}, ((F(5),), (F(5, 3), F(5, lo=0)), (2.5,), ([1.0, 2.0, 4.0],))),
        Metric("Sum", {"dtype": "float32"}, ((F(4, 3), F(4, 1, lo=0)), (I(3), 2.0))),
        Metric(
            "MeanMetricWrapper", {}, pairs(F(5, 3), F(5, 3), W5), "mean_squared_error"
        ),
        Metric(
            "MeanMetricWrapper",
            {"from_logits": True, "name": "wrapped"},
            pairs(ONEHOT(5, 3), F(5, 3), W5),
            "categorical_crossentropy",
        ),
    ]


def _crossentropies() -> list[Metric]:
    return [
        Metric("BinaryCrossentropy", {}, pairs(B(5, 3), P, W5)),
        Metric(
            "BinaryCrossentropy",
            {"from_logits": True, "label_smoothing": 0.1},
            pairs(B(5, 3), F(5, 3), W5),
        ),
        Metric("CategoricalCrossentropy", {}, pairs(ONEHOT(5, 3), PROBS(5, 3), W5)),
        Metric(
            "CategoricalCrossentropy",
            {"from_logits": True, "label_smoothing": 0.1, "axis": 1},
            pairs(ONEHOT(4, 3, 3), F(4, 3, 3)),
        ),
        Metric(
            "SparseCategoricalCrossentropy",
            {},
            pairs(I(5, lo=0, hi=3), PROBS(5, 3), W5),
        ),
        Metric(
            "SparseCategoricalCrossentropy",
            {"from_logits": True, "ignore_class": 1},
            pairs(I(4, 3, lo=0, hi=3), F(4, 3, 3)),
        ),
    ]


def _accuracies() -> list[Metric]:
    sparse = I(7, lo=0, hi=4)
    return [
        Metric("Accuracy", {}, pairs(I(5, 3, lo=0, hi=3), I(5, 3, lo=0, hi=3), W5)),
        Metric(
            "Accuracy", {}, pairs(I(7, lo=0, hi=3), I(7, 1, lo=0, hi=3), F(7, lo=0))
        ),
        Metric("BinaryAccuracy", {}, pairs(B(5, 3), P, W5)),
        Metric(
            "BinaryAccuracy", {"threshold": 0.7}, pairs(B(5, 1), F(5, 1, lo=0, hi=1))
        ),
        Metric("CategoricalAccuracy", {}, pairs(ONEHOT(5, 3), D(5, 3), W5)),
        Metric(
            "CategoricalAccuracy", {}, pairs(ONEHOT(4, 5, 3), D(4, 5, 3), F(4, 5, lo=0))
        ),
        Metric("SparseCategoricalAccuracy", {}, pairs(sparse, D(7, 4), F(7, lo=0))),
        Metric(
            "SparseCategoricalAccuracy",
            {},
            pairs(I(4, 5, 1, lo=0, hi=3), D(4, 5, 3), F(4, 5, lo=0)),
        ),
        Metric("SparseCategoricalAccuracy", {}, pairs(I(7, 1, lo=0, hi=4), D(7, 4))),
        Metric(
            "TopKCategoricalAccuracy",
            {"k": 2},
            pairs(ONEHOT(7, 5), D(7, 5), F(7, lo=0)),
        ),
        Metric("TopKCategoricalAccuracy", {"k": 3}, pairs(ONEHOT(2, 4, 7), D(2, 4, 7))),
        Metric(
            "SparseTopKCategoricalAccuracy",
            {"k": 2},
            pairs(sparse, D(7, 5), F(7, lo=0)),
        ),
        Metric(
            "SparseTopKCategoricalAccuracy",
            {"k": 2, "from_sorted_ids": True},
            pairs(
                sparse, V([[0, 1, 2], [3, 2, 1], [1, 0, 3]] * 2 + [[2, 3, 0]], "int32")
            ),
        ),
    ]


def _confusion() -> list[Metric]:
    y, w = B(5, 3), F(5, 1, lo=0)
    out = []
    for name in ("FalseNegatives", "FalsePositives", "TrueNegatives", "TruePositives"):
        out += [
            Metric(name, {}, pairs(y, P, w)),
            Metric(name, {"thresholds": THRESHOLDS}, pairs(y, P, F(5, 3, lo=0))),
        ]
    for name in ("Precision", "Recall"):
        out += [
            Metric(name, {}, pairs(y, P, w)),
            Metric(name, {"thresholds": THRESHOLDS}, pairs(y, P, w)),
            Metric(name, {"top_k": 2}, pairs(B(5, 4), F(5, 4, lo=0, hi=1))),
            Metric(name, {"class_id": 1, "thresholds": 0.4}, pairs(y, P, W5)),
            Metric(
                name, {"class_id": 2, "top_k": 2}, pairs(B(5, 4), F(5, 4, lo=0, hi=1))
            ),
        ]
    for name, arg in (
        ("PrecisionAtRecall", "recall"),
        ("RecallAtPrecision", "precision"),
        ("SensitivityAtSpecificity", "specificity"),
        ("SpecificityAtSensitivity", "sensitivity"),
    ):
        out += [
            Metric(name, {arg: 0.6}, pairs(B(9), F(9, lo=0, hi=1), F(9, lo=0))),
            Metric(
                name,
                {arg: 0.4, "num_thresholds": 7, "class_id": 2},
                pairs(y, P),
            ),
        ]
    labels = [0.2, 1.5, 0.7]
    out += [
        Metric("AUC", {}, pairs(B(20), F(20, lo=0, hi=1), F(20, lo=0))),
        Metric("AUC", {"num_thresholds": 11}, pairs(y, P, w)),
        *(
            Metric(
                "AUC",
                {"curve": curve, "summation_method": method, "num_thresholds": 9},
                pairs(B(20), F(20, lo=0, hi=1), F(20, lo=0)),
            )
            for curve in ("ROC", "PR", "PRGAIN")
            for method in ("interpolation", "minoring", "majoring")
        ),
        Metric("AUC", {"thresholds": THRESHOLDS, "curve": "PR"}, pairs(y, P)),
        Metric("AUC", {"from_logits": True, "num_thresholds": 15}, pairs(y, F(5, 3))),
        Metric(
            "AUC",
            {"multi_label": True, "num_labels": 3, "num_thresholds": 9},
            pairs(y, P, w),
        ),
        Metric(
            "AUC",
            {
                "multi_label": True,
                "label_weights": labels,
                "num_labels": 3,
                "curve": "PR",
                "num_thresholds": 9,
            },
            pairs(y, P),
        ),
        Metric(
            "AUC",
            {"label_weights": labels, "num_thresholds": 9},
            pairs(y, P),
        ),
    ]
    return out


def _scores() -> list[Metric]:
    out = []
    for average in (None, "micro", "macro", "weighted"):
        out += [
            Metric("F1Score", {"average": average}, pairs(ONEHOT(9, 3), PROBS(9, 3))),
            Metric(
                "FBetaScore",
                {"average": average, "beta": 2.0, "threshold": 0.4},
                pairs(B(9, 3), F(9, 3, lo=0, hi=1), F(9, lo=0)),
            ),
        ]
    out += [
        Metric(
            "F1Score",
            {"average": "macro", "threshold": 0.5},
            pairs(B(9, 3), F(9, 3, lo=0, hi=1), F(9, lo=0)),
        ),
        Metric(
            "FBetaScore", {"beta": 0.5}, pairs(ONEHOT(9, 3), PROBS(9, 3), F(9, lo=0))
        ),
    ]
    ids, wide = I(4, 5, lo=0, hi=3), I(4, 5, lo=0, hi=4)
    out += [
        Metric(
            "IoU", {"num_classes": 3, "target_class_ids": [0, 2]}, pairs(ids, ids, wide)
        ),
        Metric(
            "IoU",
            {
                "num_classes": 3,
                "target_class_ids": [1],
                "sparse_y_true": False,
                "sparse_y_pred": False,
            },
            pairs(ONEHOT(4, 3, 3), D(4, 3, 3)),
        ),
        Metric(
            "IoU",
            {"num_classes": 3, "target_class_ids": (0, 1, 2), "ignore_class": 1},
            pairs(ids, ids),
        ),
        Metric("BinaryIoU", {}, pairs(B(4, 5), F(4, 5, lo=0, hi=1), wide)),
        Metric(
            "BinaryIoU",
            {"target_class_ids": [1], "threshold": 0.3},
            pairs(B(4, 5), F(4, 5, lo=0, hi=1)),
        ),
        Metric("MeanIoU", {"num_classes": 3}, pairs(ids, ids, wide)),
        Metric("MeanIoU", {"num_classes": 4, "ignore_class": 0}, pairs(ids, ids)),
        Metric(
            "MeanIoU",
            {"num_classes": 3, "sparse_y_pred": False},
            pairs(I(4, 5, lo=0, hi=3), D(4, 5, 3)),
        ),
        Metric(
            "OneHotIoU",
            {"num_classes": 3, "target_class_ids": [0, 2]},
            pairs(ONEHOT(9, 3), D(9, 3), I(9, lo=0, hi=4)),
        ),
        Metric(
            "OneHotIoU",
            {"num_classes": 3, "target_class_ids": [1], "sparse_y_pred": True},
            pairs(ONEHOT(9, 3), I(9, lo=0, hi=3)),
        ),
        Metric(
            "OneHotMeanIoU",
            {"num_classes": 3},
            pairs(ONEHOT(9, 3), D(9, 3), I(9, lo=0, hi=4)),
        ),
        Metric(
            "OneHotMeanIoU",
            {"num_classes": 3, "sparse_y_pred": True, "ignore_class": 0},
            pairs(ONEHOT(9, 3), I(9, lo=0, hi=3)),
        ),
    ]
    return out


CASES: dict[str, Metric] = numbered(
    _regression()
    + _reductions()
    + _crossentropies()
    + _accuracies()
    + _confusion()
    + _scores(),
    lambda c: c.cls,
)

FUNCTION_CASES: dict[str, Function] = numbered(
    [
        Function("binary_accuracy", (B(5, 3), P)),
        Function("binary_accuracy", (I(5, 3, lo=0, hi=2), P), {"threshold": 0.2}),
        Function("categorical_accuracy", (ONEHOT(5, 3), D(5, 3))),
        Function("categorical_accuracy", (ONEHOT(2, 5, 3), D(2, 5, 3))),
        Function("sparse_categorical_accuracy", (I(5, lo=0, hi=3), D(5, 3))),
        Function("sparse_categorical_accuracy", (I(2, 5, lo=0, hi=3), D(2, 5, 3))),
        Function("top_k_categorical_accuracy", (ONEHOT(6, 7), D(6, 7))),
        Function("top_k_categorical_accuracy", (ONEHOT(6, 7), D(6, 7)), {"k": 2}),
        Function("sparse_top_k_categorical_accuracy", (I(6, lo=0, hi=7), D(6, 7))),
        Function(
            "sparse_top_k_categorical_accuracy", (I(6, lo=0, hi=7), D(6, 7)), {"k": 1}
        ),
        Function("pearson_correlation", (F(3, 5), F(3, 5))),
        Function("pearson_correlation", (F(3, 5), F(3, 5)), {"axis": 0}),
        Function("concordance_correlation", (F(3, 5), F(3, 5))),
        Function("concordance_correlation", (F(3, 5), F(3, 5)), {"axis": 0}),
    ],
    lambda c: c.name,
)


def metric_digest(case: Metric | Function) -> int:
    """Tells whether stored data still belongs to a case."""
    return digest(*vars(case).values())
