"""The optimizers and schedules whose steps are compared with Keras 3.15.1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .losses_cases import numbered
from .spec import digest, seed_of

WEIGHTS = {"kernel": (4, 3), "bias": (5,), "conv": (2, 3, 4), "embeddings": (6, 2)}
STEPS = 10
KEPT = (1, 5, 10)


@dataclass(frozen=True)
class Optimizer:
    """`cls(**config)` and ten steps with given gradients.

    `schedule`: (class, arguments) for the learning rate. `exclude`: names that take
    no weight decay. `inner`: (class, arguments) of the optimizer that a
    LossScaleOptimizer wraps. `overflow`: steps whose gradients hold an infinity.
    """

    cls: str
    config: dict = field(default_factory=dict)
    schedule: tuple | None = None
    exclude: tuple = ()
    inner: tuple | None = None
    overflow: tuple = ()


@dataclass(frozen=True)
class Schedule:
    """`cls(**config)` at many steps."""

    cls: str
    config: dict


def weights(key: str) -> dict[str, np.ndarray]:
    """The weights before the first step."""
    rng = np.random.RandomState(seed_of(f"{key}/weights"))
    return {n: rng.uniform(-1, 1, s).astype("float32") for n, s in WEIGHTS.items()}


def gradients(key: str, step: int, overflow: bool = False) -> list[np.ndarray]:
    """The gradients of one step; some of them zero, as ReLUs leave them."""
    rng = np.random.RandomState(seed_of(f"{key}/gradients/{step}"))
    out = []
    for shape in WEIGHTS.values():
        x = rng.uniform(-2, 2, shape) * (rng.uniform(size=shape) < 0.8)
        out.append(x.astype("float32"))
    if overflow:
        out[0][1, 1] = np.inf
    return out


ALL = {
    "SGD": [
        {},
        {"learning_rate": 0.1, "momentum": 0.9},
        {"learning_rate": 0.1, "momentum": 0.8, "nesterov": True},
    ],
    "RMSprop": [
        {"learning_rate": 0.02},
        {"learning_rate": 0.02, "momentum": 0.7, "rho": 0.8},
        {"learning_rate": 0.02, "momentum": 0.5, "centered": True, "epsilon": 1e-4},
    ],
    "Adam": [
        {},
        {"learning_rate": 0.1, "beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-3},
        {"learning_rate": 0.1, "amsgrad": True},
    ],
    "AdamW": [{}, {"learning_rate": 0.05, "weight_decay": 0.1, "amsgrad": True}],
    "Adagrad": [
        {"learning_rate": 0.1},
        {"learning_rate": 0.5, "initial_accumulator_value": 0.3, "epsilon": 1e-3},
    ],
    "Adadelta": [{"learning_rate": 1.0}, {"learning_rate": 0.5, "rho": 0.8}],
    "Adamax": [{"learning_rate": 0.1}, {"beta_1": 0.7, "beta_2": 0.9}],
    "Nadam": [{"learning_rate": 0.1}, {"learning_rate": 0.02, "beta_1": 0.7}],
    "Ftrl": [
        {"learning_rate": 0.1},
        {
            "learning_rate": 0.1,
            "l1_regularization_strength": 0.05,
            "l2_regularization_strength": 0.1,
            "learning_rate_power": -0.7,
        },
        {
            "learning_rate": 0.2,
            "l2_shrinkage_regularization_strength": 0.1,
            "beta": 0.3,
            "initial_accumulator_value": 0.5,
        },
    ],
    "Lion": [{"learning_rate": 0.01}, {"learning_rate": 0.05, "beta_1": 0.7}],
    "Lamb": [{"learning_rate": 0.05}, {"learning_rate": 0.05, "beta_2": 0.9}],
    "Adafactor": [
        {"learning_rate": 0.1},
        {"learning_rate": 0.1, "relative_step": False, "beta_2_decay": -0.6},
        {"learning_rate": 0.05, "clip_threshold": 0.5, "epsilon_2": 0.1},
    ],
    "Muon": [
        {"learning_rate": 0.02},
        {
            "learning_rate": 0.02,
            "nesterov": False,
            "momentum": 0.8,
            "ns_steps": 3,
            "rms_rate": None,
        },
        {"learning_rate": 0.02, "exclude_layers": ["conv"], "adam_lr_ratio": 0.5},
        {"learning_rate": 0.02, "exclude_embeddings": False, "weight_decay": 0.1},
    ],
    "ScheduleFreeAdamW": [
        {},
        {"learning_rate": 0.05, "warmup_steps": 4, "weight_decay": 0.01},
    ],
}

# What every optimizer takes from the base class, tried on two that differ.
SHARED = [
    {"weight_decay": 0.05},
    {"clipnorm": 0.7},
    {"global_clipnorm": 1.5},
    {"clipvalue": 0.6},
    {"use_ema": True, "ema_momentum": 0.8},
    {"use_ema": True, "ema_momentum": 0.7, "ema_overwrite_frequency": 3},
    {"gradient_accumulation_steps": 3},
    {"gradient_accumulation_steps": 2, "use_ema": True, "ema_momentum": 0.5},
    {"gradient_accumulation_steps": 5, "clipnorm": 0.5, "weight_decay": 0.1},
    {"loss_scale_factor": 4.0},
    {"loss_scale_factor": 2.0, "clipvalue": 0.3},
]

SCHEDULES = [
    Schedule(
        "ExponentialDecay",
        {"initial_learning_rate": 0.3, "decay_steps": 4, "decay_rate": 0.5},
    ),
    Schedule(
        "ExponentialDecay",
        {
            "initial_learning_rate": 0.3,
            "decay_steps": 3,
            "decay_rate": 0.9,
            "staircase": True,
        },
    ),
    Schedule(
        "InverseTimeDecay",
        {"initial_learning_rate": 0.3, "decay_steps": 4, "decay_rate": 0.5},
    ),
    Schedule(
        "InverseTimeDecay",
        {
            "initial_learning_rate": 0.3,
            "decay_steps": 3,
            "decay_rate": 0.9,
            "staircase": True,
        },
    ),
    Schedule(
        "PiecewiseConstantDecay", {"boundaries": [3, 7], "values": [0.5, 0.2, 0.1]}
    ),
    Schedule(
        "PiecewiseConstantDecay",
        {"boundaries": [10, 50, 100], "values": [1.0, 0.5, 0.25, 0.0]},
    ),
    Schedule(
        "PolynomialDecay",
        {"initial_learning_rate": 0.3, "decay_steps": 8, "power": 2.0},
    ),
    Schedule(
        "PolynomialDecay",
        {
            "initial_learning_rate": 0.3,
            "decay_steps": 5,
            "end_learning_rate": 0.01,
            "power": 0.5,
            "cycle": True,
        },
    ),
    Schedule(
        "CosineDecay", {"initial_learning_rate": 0.3, "decay_steps": 8, "alpha": 0.1}
    ),
    Schedule(
        "CosineDecay",
        {
            "initial_learning_rate": 0.0,
            "decay_steps": 20,
            "warmup_target": 0.5,
            "warmup_steps": 5,
        },
    ),
    Schedule(
        "CosineDecayRestarts", {"initial_learning_rate": 0.3, "first_decay_steps": 4}
    ),
    Schedule(
        "CosineDecayRestarts",
        {
            "initial_learning_rate": 0.3,
            "first_decay_steps": 3,
            "t_mul": 1.0,
            "m_mul": 0.7,
            "alpha": 0.1,
        },
    ),
]
SCHEDULE_STEPS = (0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 20, 49, 50, 51, 100, 1000)


def _cases() -> list[Optimizer]:
    out = [Optimizer(cls, config) for cls, configs in ALL.items() for config in configs]
    for config in SHARED:
        out += [
            Optimizer("SGD", config | {"learning_rate": 0.1, "momentum": 0.9}),
            Optimizer("Adam", config | {"learning_rate": 0.1}),
        ]
    # Every other optimizer meets clipping, decay, averages and accumulation too.
    for cls in ALL:
        if cls not in ("SGD", "Adam"):
            mixed: dict[str, Any] = {"learning_rate": 0.05, "clipvalue": 1.5}
            out.append(Optimizer(cls, mixed | {"weight_decay": 0.02, "use_ema": True}))
            out.append(Optimizer(cls, mixed | {"gradient_accumulation_steps": 2}))
    out += [
        Optimizer("AdamW", {"weight_decay": 0.3}, exclude=("bias", "embed")),
        Optimizer("SGD", {"weight_decay": 0.3}, exclude=("kernel",)),
        Optimizer(
            "RMSprop",
            {},
            ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 7}),
        ),
    ]
    out += [Optimizer("SGD", {"momentum": 0.5}, (s.cls, s.config)) for s in SCHEDULES]
    out += [
        Optimizer(
            "LossScaleOptimizer",
            {"initial_scale": 8.0, "dynamic_growth_steps": 3},
            inner=("SGD", {"learning_rate": 0.1, "momentum": 0.9}),
            overflow=(2, 6, 7),
        ),
        Optimizer(
            "LossScaleOptimizer",
            {"initial_scale": 4.0, "dynamic_growth_steps": 2},
            inner=("Adam", {"learning_rate": 0.1, "clipnorm": 0.5}),
            overflow=(1,),
        ),
    ]
    return out


CASES: dict[str, Optimizer] = numbered(_cases(), lambda c: c.cls)
SCHEDULE_CASES: dict[str, Schedule] = numbered(SCHEDULES, lambda c: c.cls)


def make(keras: Any, case: Optimizer) -> Any:
    """The optimizer of a case, from real Keras or from ours."""
    config = dict(case.config)
    if case.schedule:
        cls, arguments = case.schedule
        config["learning_rate"] = getattr(keras.optimizers.schedules, cls)(**arguments)
    cls = getattr(keras.optimizers, case.cls)
    if not case.inner:
        return cls(**config)
    inner = getattr(keras.optimizers, case.inner[0])(**case.inner[1])
    return cls(inner, **config)


def walk(
    keras: Any, key: str, case: Optimizer, stateless: bool = False
) -> dict[str, Any]:
    """Ten steps; what is compared, as NumPy arrays."""

    def numpy(x: Any) -> np.ndarray:  # a copy: on PyTorch it would change later
        return np.array(keras.ops.convert_to_numpy(x))

    optimizer = make(keras, case)
    start = weights(key)
    variables = [keras.Variable(v, name=n) for n, v in start.items()]
    if case.exclude:
        optimizer.exclude_from_weight_decay(var_names=list(case.exclude))
    optimizer.build(variables)
    seen: dict[str, Any] = {"weights": [], "rates": [], "scales": []}
    for step in range(STEPS):
        grads = gradients(key, step, step in case.overflow)
        grads = [keras.ops.convert_to_tensor(g) for g in grads]
        if stateless:
            slots = optimizer.variables
            new = optimizer.stateless_apply(
                [v.value for v in slots], grads, [v.value for v in variables]
            )
            for v, value in zip([*variables, *slots], [*new[0], *new[1]]):
                v.assign(value)
        else:
            optimizer.apply(grads, variables)
        if step + 1 in KEPT:
            seen["weights"].append([numpy(v.value) for v in variables])
        if case.schedule:
            seen["rates"].append(numpy(optimizer.learning_rate))
        if case.inner:
            seen["scales"].append(numpy(optimizer.dynamic_scale))
    if case.config.get("use_ema"):
        optimizer.finalize_variable_values(variables)
        seen["weights"].append([numpy(v.value) for v in variables])
    if case.cls == "ScheduleFreeAdamW":
        optimizer.finalize_variable_values(variables)
        seen["weights"].append([numpy(v.value) for v in variables])
    seen["slots"] = [numpy(v.value) for v in optimizer.variables]
    return seen


def optimizer_digest(case: Any) -> int:
    """Tells whether stored data still belongs to a case."""
    return digest(*vars(case).values())
