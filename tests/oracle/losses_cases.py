"""The losses whose values and gradients are compared with Keras 3.15.1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .spec import ONEHOT, PROBS, A, B, F, I, V, digest

P = F(3, 4, lo=0.05, hi=0.95)
SIGNS = V([[1.0, -1.0, -1.0], [-1.0, 1.0, 1.0]])


@dataclass(frozen=True)
class Loss:
    """`cls(**config)(y_true, y_pred, sample_weight)`, with a mask on y_pred."""

    cls: str
    config: dict = field(default_factory=dict)
    y_true: A = P
    y_pred: A = P
    weight: A | None = None
    mask: A | None = None
    tol: tuple[float, float] | None = None


@dataclass(frozen=True)
class Function:
    """`fn(y_true, y_pred, **kwargs)`: one value per sample."""

    name: str
    y_true: A
    y_pred: A
    kwargs: dict = field(default_factory=dict)


REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none")
BINARY_CONFIGS: list[dict] = [
    {},
    {"label_smoothing": 0.2},
    {"from_logits": True, "label_smoothing": 0.1},
    {"from_logits": True, "axis": 1},
]
FOCAL_BINARY: list[dict] = [
    {"apply_class_balancing": True, "alpha": 0.3, "gamma": 1.5},
    {"from_logits": True, "gamma": 3.0, "label_smoothing": 0.1},
]
CATEGORICAL: list[dict] = [
    {},
    {"from_logits": True},
    {"label_smoothing": 0.15},
    {"from_logits": True, "label_smoothing": 0.15},
]


def _bases() -> list[Loss]:
    out = []
    for name in (
        "MeanSquaredError",
        "MeanAbsoluteError",
        "MeanAbsolutePercentageError",
        "LogCosh",
        "Huber",
        "CosineSimilarity",
    ):
        out += [
            Loss(name, {}, F(5, 3), F(5, 3)),
            Loss(name, {"reduction": "none"}, F(2, 3, 4), F(2, 3, 4), F(2, 3, lo=0)),
            Loss(name, {"reduction": "sum"}, F(5, 3), F(5, 3), F(5, 1, lo=0)),
        ]
    for name in ("MeanSquaredLogarithmicError", "KLDivergence", "Poisson"):
        out += [
            Loss(name, {}, F(5, 3, lo=0.05, hi=3), F(5, 3, lo=0.05, hi=3)),
            Loss(name, {"reduction": "none"}, PROBS(2, 3, 4), PROBS(2, 3, 4)),
            Loss(name, {"reduction": "mean"}, PROBS(5, 3), PROBS(5, 3), F(5, lo=0)),
        ]
    for name in ("Hinge", "SquaredHinge"):
        out += [
            Loss(name, {}, SIGNS, F(2, 3)),
            Loss(name, {"reduction": "none"}, I(4, 3, lo=0, hi=2), F(4, 3), F(4, lo=0)),
        ]
    out += [
        Loss("CategoricalHinge", {}, ONEHOT(4, 3), F(4, 3)),
        Loss(
            "CategoricalHinge", {"reduction": "sum"}, ONEHOT(4, 3), F(4, 3), F(4, lo=0)
        ),
        Loss("Huber", {"delta": 0.4, "reduction": "none"}, F(5, 3), F(5, 3)),
        Loss("CosineSimilarity", {"axis": 1}, F(2, 3, 4), F(2, 3, 4)),
        # Types and ranks that have to be aligned.
        Loss("MeanSquaredError", {}, I(5, 3), F(5, 3)),
        Loss(
            "MeanSquaredError", {"dtype": "float16"}, F(5, 3), F(5, 3), tol=(3e-3, 3e-3)
        ),
        Loss("MeanAbsoluteError", {}, F(5), F(5, 1)),
        Loss("MeanSquaredError", {}, F(5, 1), F(5, 1), F(5, lo=0)),
    ]
    for config in BINARY_CONFIGS:
        logits = config.get("from_logits")
        pred = F(3, 4) if logits else P
        out += [
            Loss("BinaryCrossentropy", config, B(3, 4), pred),
            Loss(
                "BinaryCrossentropy",
                config | {"reduction": "none"},
                F(3, 4, lo=0, hi=1),
                pred,
                F(3, 1, lo=0),
            ),
        ]
    out += [
        Loss("BinaryCrossentropy", {}, I(6, 1, lo=0, hi=2), F(6, 1, lo=0.1, hi=0.9)),
        Loss(
            "BinaryCrossentropy", {}, V([0.0, 1.0, 1.0, 0.0]), V([0.0, 1.0, 0.0, 1.0])
        ),
        Loss("BinaryFocalCrossentropy", {}, B(3, 4), P),
    ]
    for config in FOCAL_BINARY:
        pred = F(3, 4) if config.get("from_logits") else P
        out.append(Loss("BinaryFocalCrossentropy", config, B(3, 4), pred))
        none = config | {"reduction": "none"}
        out.append(Loss("BinaryFocalCrossentropy", none, B(3, 4), pred, F(3, lo=0)))
    for config in CATEGORICAL:
        pred = F(3, 5) if config.get("from_logits") else PROBS(3, 5)
        out.append(Loss("CategoricalCrossentropy", config, ONEHOT(3, 5), pred))
        none = config | {"reduction": "none"}
        out.append(Loss("CategoricalCrossentropy", none, PROBS(3, 5), pred, F(3, lo=0)))
        focal = config | {"alpha": 0.4, "gamma": 1.5}
        out.append(Loss("CategoricalFocalCrossentropy", focal, ONEHOT(3, 5), pred))
    out += [
        Loss(
            "CategoricalCrossentropy", {"axis": 1}, ONEHOT(3, 4, 4), F(3, 4, 4, lo=0.1)
        ),
        Loss("CategoricalCrossentropy", {}, ONEHOT(3, 5), F(3, 5, lo=0.1)),
        Loss("CategoricalFocalCrossentropy", {}, ONEHOT(2, 3, 5), PROBS(2, 3, 5)),
        Loss(
            "CategoricalFocalCrossentropy",
            {"axis": 1, "from_logits": True, "reduction": "none"},
            ONEHOT(3, 4, 4),
            F(3, 4, 4),
        ),
        Loss("SparseCategoricalCrossentropy", {}, I(4, lo=0, hi=5), PROBS(4, 5)),
        Loss("SparseCategoricalCrossentropy", {}, I(4, 1, lo=0, hi=5), PROBS(4, 5)),
        Loss("SparseCategoricalCrossentropy", {}, I(4, lo=0, hi=5), F(4, 5, lo=0.1)),
        Loss(
            "SparseCategoricalCrossentropy",
            {"from_logits": True, "reduction": "none"},
            I(2, 3, lo=0, hi=5),
            F(2, 3, 5),
            F(2, 3, lo=0),
        ),
        Loss(
            "SparseCategoricalCrossentropy",
            {"from_logits": True, "ignore_class": 0},
            I(2, 5, lo=0, hi=3),
            F(2, 5, 3),
        ),
        Loss(
            "SparseCategoricalCrossentropy",
            {"ignore_class": -1, "reduction": "none"},
            I(2, 5, lo=-1, hi=3),
            PROBS(2, 5, 3),
        ),
        Loss("CategoricalGeneralizedCrossEntropy", {}, I(4, lo=0, hi=5), PROBS(4, 5)),
        Loss(
            "CategoricalGeneralizedCrossEntropy",
            {"q": 0.2, "reduction": "none"},
            I(4, lo=0, hi=5),
            PROBS(4, 5),
            F(4, lo=0),
        ),
        Loss("Dice", {}, B(2, 3, 4, 1), F(2, 3, 4, 1, lo=0, hi=1)),
        Loss(
            "Dice",
            {"axis": (1, 2, 3), "reduction": "none"},
            B(2, 3, 4, 2),
            F(2, 3, 4, 2, lo=0, hi=1),
        ),
        Loss("Tversky", {}, B(2, 3, 4, 1), F(2, 3, 4, 1, lo=0, hi=1)),
        Loss(
            "Tversky",
            {"alpha": 0.2, "beta": 0.7, "axis": (1, 2), "reduction": "none"},
            B(2, 3, 4, 2),
            F(2, 3, 4, 2, lo=0, hi=1),
        ),
        Loss(
            "Circle",
            {"gamma": 4.0, "margin": 0.3},
            I(6, lo=0, hi=3),
            F(6, 4),
        ),
        Loss(
            "Circle",
            {"gamma": 2.0, "remove_diagonal": False, "reduction": "none"},
            I(6, lo=0, hi=3),
            F(6, 4),
            F(6, lo=0),
        ),
        Loss("CTC", {}, I(3, 4, lo=1, hi=5), F(3, 9, 5), tol=(1e-4, 1e-4)),
        Loss(
            "CTC",
            {"reduction": "none"},
            V([[1, 2, 0, 0], [3, 3, 1, 0]], "int32"),
            F(2, 9, 5),
            tol=(1e-4, 1e-4),
        ),
    ]
    return out


def _reductions() -> list[Loss]:
    """Every reduction, with and without weights of each rank, and masked."""
    out = []
    # Weights of a lower rank than the loss are refused by real Keras.
    weights = (None, F(4, 1, lo=0), F(4, 3, lo=0))
    mask = V([[True, True, False]] * 3 + [[False] * 3], "bool")
    for reduction in REDUCTIONS:
        config = {"reduction": reduction}
        for weight in weights:
            for m in (None, mask):
                out.append(
                    Loss("MeanSquaredError", config, F(4, 3, 2), F(4, 3, 2), weight, m)
                )
        out.append(
            Loss(
                "SparseCategoricalCrossentropy",
                config | {"from_logits": True},
                I(4, 3, lo=0, hi=2),
                F(4, 3, 2),
                F(4, 3, lo=0),
                mask,
            )
        )
    return out


FUNCTIONS = [
    Function("binary_crossentropy", B(3, 4), P, {"label_smoothing": 0.1}),
    Function(
        "binary_crossentropy", B(3, 4, 2), F(3, 4, 2), {"from_logits": True, "axis": 1}
    ),
    Function("binary_focal_crossentropy", B(3, 4), P, {"apply_class_balancing": True}),
    Function("binary_focal_crossentropy", B(3, 4), F(3, 4), {"from_logits": True}),
    Function("categorical_crossentropy", ONEHOT(3, 4), PROBS(3, 4)),
    Function(
        "categorical_crossentropy",
        ONEHOT(3, 4),
        F(3, 4),
        {"from_logits": True, "label_smoothing": 0.1},
    ),
    Function("categorical_focal_crossentropy", ONEHOT(3, 4), PROBS(3, 4)),
    Function(
        "categorical_focal_crossentropy",
        ONEHOT(3, 4),
        F(3, 4),
        {"from_logits": True, "alpha": 0.5},
    ),
    Function(
        "categorical_generalized_cross_entropy",
        I(4, lo=0, hi=5),
        PROBS(4, 5),
        {"q": 0.7},
    ),
    Function(
        "categorical_generalized_cross_entropy",
        I(4, lo=0, hi=5),
        PROBS(4, 5),
        {"q": 0.1},
    ),
    Function("categorical_hinge", ONEHOT(3, 4), F(3, 4)),
    Function("categorical_hinge", ONEHOT(2, 3, 4), F(2, 3, 4)),
    Function("circle", I(5, lo=0, hi=3), F(5, 4), {"gamma": 3.0, "margin": 0.2}),
    Function(
        "circle", I(5, lo=0, hi=3), F(5, 4), {"gamma": 3.0, "remove_diagonal": False}
    ),
    Function("cosine_similarity", F(3, 4), F(3, 4)),
    Function("cosine_similarity", F(3, 4, 2), F(3, 4, 2), {"axis": 1}),
    Function("ctc", I(3, 4, lo=1, hi=5), F(3, 9, 5)),
    Function("ctc", V([[1, 2, 0], [3, 0, 0]], "int32"), F(2, 7, 5)),
    Function("dice", B(2, 3, 4), F(2, 3, 4, lo=0, hi=1)),
    Function("dice", B(2, 3, 4), F(2, 3, 4, lo=0, hi=1), {"axis": (1, 2)}),
    Function("hinge", SIGNS, F(2, 3)),
    Function("hinge", I(4, 3, lo=0, hi=2), F(4, 3)),
    Function("huber", F(3, 4), F(3, 4)),
    Function("huber", F(3, 4), F(3, 4), {"delta": 0.3}),
    Function("kl_divergence", PROBS(3, 4), PROBS(3, 4)),
    Function("kl_divergence", F(3, 4, lo=-0.5, hi=1.5), F(3, 4, lo=-0.5, hi=1.5)),
    Function("log_cosh", F(3, 4, lo=-50, hi=50), F(3, 4)),
    Function("log_cosh", F(2, 3, 4), F(2, 3, 4)),
    Function("mean_absolute_error", F(3, 4), F(3, 4)),
    Function("mean_absolute_error", I(3, 4), F(3, 4)),
    Function("mean_absolute_percentage_error", F(3, 4), F(3, 4)),
    Function("mean_absolute_percentage_error", V([[0.0, 2.0]]), F(1, 2)),
    Function("mean_squared_error", F(3, 4), F(3, 4)),
    Function("mean_squared_error", F(2, 3, 4), F(2, 3, 4)),
    Function("mean_squared_logarithmic_error", F(3, 4, lo=0), F(3, 4, lo=0)),
    Function("mean_squared_logarithmic_error", F(3, 4), F(3, 4)),
    Function("poisson", F(3, 4, lo=0), F(3, 4, lo=0)),
    Function("poisson", F(2, 3, 4, lo=0), F(2, 3, 4, lo=0)),
    Function("sparse_categorical_crossentropy", I(3, lo=0, hi=4), PROBS(3, 4)),
    Function(
        "sparse_categorical_crossentropy",
        I(3, 2, lo=0, hi=4),
        F(3, 2, 4),
        {"from_logits": True, "ignore_class": 1},
    ),
    Function("squared_hinge", SIGNS, F(2, 3)),
    Function("squared_hinge", I(4, 3, lo=0, hi=2), F(4, 3)),
    Function("tversky", B(2, 3, 4), F(2, 3, 4, lo=0, hi=1), {"alpha": 0.3}),
    Function(
        "tversky", B(2, 3, 4), F(2, 3, 4, lo=0, hi=1), {"beta": 0.3, "axis": (1, 2)}
    ),
]


def numbered(items: list, name: Any) -> dict[str, Any]:
    """{name-0: item, name-1: item, ...}"""
    seen: dict[str, int] = {}
    out = {}
    for item in items:
        key = name(item)
        seen[key] = seen.get(key, -1) + 1
        out[f"{key}-{seen[key]}"] = item
    return out


CASES: dict[str, Loss] = numbered(_bases() + _reductions(), lambda c: c.cls)
FUNCTION_CASES: dict[str, Function] = numbered(FUNCTIONS, lambda c: c.name)


def loss_digest(case: Loss | Function) -> int:
    """Tells whether stored data still belongs to a case."""
    return digest(*(v for k, v in vars(case).items() if k != "tol"))
