"""The laws of an optimizer, and `check_optimizer`, which runs them on yours."""

from __future__ import annotations

import copy
import tempfile
import warnings
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras import ops
from keras.core import scope
from keras.core.config.serialization import (
    deserialize_keras_object,
    serialize_keras_object,
)
from keras.core.jit import jit
from keras.core.variable import Variable
from keras.layers import Dense, Input
from keras.models import Sequential
from keras.optimizers import Optimizer
from keras.optimizers.schedules import PiecewiseConstantDecay
from keras.saving.model import load_model
from keras.testing.laws import (
    Case,
    Law,
    Violation,
    as_json,
    as_numpy,
    from_own_config,
    has_gradients,
    require_close,
    run_laws,
)

_SHAPES = ((3, 4), (4,))


def check_optimizer(
    optimizer: Optimizer | Callable[[], Optimizer],
    *,
    steps: int = 50,
    skip: Iterable[str] = (),
    custom_objects: dict[str, Any] | None = None,
    backends: Sequence[str] | None = None,
    rtol: float = 1e-4,
    atol: float = 1e-5,
) -> None:
    """Check that an optimizer keeps the laws which every optimizer of Keras keeps.

    The laws: it brings a quadratic down; its config gives the same optimizer back;
    training goes on bit by bit the same after a file; the clipping arguments clip;
    schedules set the learning rate; compiled, stateless, copied and on other backends
    it does the same; a weight without a gradient stays.

    Args:
        optimizer: an optimizer that hasn't been used, or a function without arguments
            (such as a class) that makes one.
        steps: how many steps must bring a quadratic down.
        skip: the names of laws that need not hold, such as `"clipping"`.
        custom_objects: further classes and functions that the optimizer's config names.
        backends: the backends whose steps are compared; by default every one that is
            installed.
        rtol, atol: how much weights may differ between two ways to compute them.

    Raises:
        AssertionError: naming each broken law, what was expected and found, and what
            to do.

    Example:
        >>> class Signs(keras.optimizers.Optimizer):
        ...     def update_step(self, gradient, variable, learning_rate):
        ...         rate = keras.ops.cast(learning_rate, variable.dtype)
        ...         self.assign_sub(variable, rate * keras.ops.sign(gradient))
        >>> keras.testing.check_optimizer(lambda: Signs(0.01))
    """
    case = OptimizerCase(
        optimizer,
        steps=steps,
        custom_objects=custom_objects,
        backends=backends,
        rtol=rtol,
        atol=atol,
    )
    run_laws("keras.testing.check_optimizer", OPTIMIZER_LAWS, case, skip)


class OptimizerCase(Case):
    """An optimizer under check, with weights and gradients to give it."""

    def __init__(
        self,
        optimizer: Optimizer | Callable[[], Optimizer],
        *,
        steps: int = 50,
        custom_objects: dict[str, Any] | None = None,
        backends: Sequence[str] | None = None,
        rtol: float = 1e-4,
        atol: float = 1e-5,
    ) -> None:
        if not isinstance(optimizer, Optimizer) and not callable(optimizer):
            raise TypeError(
                "check_optimizer: `optimizer` must be an optimizer or a function that "
                f"makes one; received {optimizer!r}."
            )
        if isinstance(optimizer, Optimizer) and optimizer.built:
            raise ValueError(
                f"check_optimizer: {optimizer!r} was used already. Give a new one, or "
                "the function that makes it."
            )
        self.steps = steps
        super().__init__(optimizer, Optimizer, custom_objects, backends, rtol, atol)

    def make_with(self, **changes: Any) -> Any:
        """A new optimizer with some arguments of its config changed."""
        config = serialize_keras_object(self.make())
        config["config"] = {**config["config"], **changes}
        return deserialize_keras_object(config, custom_objects=self.custom_objects)


def weights() -> list[Variable]:
    """Weights to train, always the same."""
    rng = np.random.default_rng(0)
    return [Variable(rng.normal(size=s).astype("float32")) for s in _SHAPES]


def gradients(step: int) -> list[np.ndarray]:
    """Gradients of one step."""
    rng = np.random.default_rng(step + 1)
    return [rng.normal(size=s).astype("float32") for s in _SHAPES]


def run_steps(
    optimizer: Any, variables: list[Variable], steps: Iterable[int] = range(3)
) -> list[Variable]:
    """Apply the gradients of these steps."""
    for step in steps:
        grads = [ops.convert_to_tensor(g) for g in gradients(step)]
        optimizer.apply(grads, variables)
    return variables


def _values(variables: Iterable[Variable]) -> list[Any]:
    return [v.value for v in variables]


# Laws


def decreases_quadratic(case: OptimizerCase) -> None:
    """Steps along the gradient of a quadratic bring it down."""
    optimizer, variables = case.make(), weights()
    first = _quadratic(variables)
    for _ in range(case.steps):
        optimizer.apply([ops.multiply(v.value, 1.0) for v in variables], variables)

    last = _quadratic(variables)
    if not last < first:
        raise Violation(
            f"less than {first:.5g} after {case.steps} steps",
            f"{last:.5g}",
            "`update_step` must move the variable against its gradient: "
            "`self.assign_sub(variable, learning_rate * step)`.",
        )


def _quadratic(variables: list[Variable]) -> float:
    return float(
        sum((x.astype("float64") ** 2).sum() for x in as_numpy(_values(variables)))
    )


def config_round_trip(case: OptimizerCase) -> None:
    """An optimizer made of the config, through JSON, is equal and does the same."""
    optimizer = case.make()
    again = from_own_config(optimizer, case.custom_objects)
    advice = "A constructor's argument is missing in `get_config`."
    if as_json(again) != as_json(optimizer):
        raise Violation(
            f"the config {optimizer.get_config()}", f"{again.get_config()}", advice
        )
    case.require_close(
        _values(run_steps(again, weights())),
        _values(run_steps(optimizer, weights())),
        "the same weights after 3 steps",
        advice,
    )


def resumes_from_file(case: OptimizerCase) -> None:
    """Training goes on bit by bit the same after the model was saved and loaded."""
    if not has_gradients():
        return
    rng = np.random.default_rng(0)
    x = rng.normal(size=(8, 3)).astype("float32")
    y = rng.normal(size=(8, 2)).astype("float32")
    model = Sequential([Input((3,)), Dense(2)])
    model.compile(case.make(), "mse")
    for _ in range(3):
        model.train_on_batch(x, y)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        model.save(path)
        again = load_model(path, custom_objects=case.custom_objects)

    for one in (model, again):
        for _ in range(3):
            one.train_on_batch(x, y)
    require_close(
        _values(again.weights),
        _values(model.weights),
        "bit by bit the same weights after 3 more steps",
        "Make every slot with `self.add_variable_from_reference` or "
        "`self.add_variable` in `build`, so that it is saved.",
        rtol=0.0,
        atol=0.0,
    )


def clipping(case: OptimizerCase) -> None:
    """`clipnorm`, `clipvalue` and `global_clipnorm` clip the gradients."""
    grads = gradients(0)
    norm = float(np.sqrt(sum((g**2).sum() for g in grads)))
    clipped = {
        "clipvalue": [np.clip(g, -0.2, 0.2) for g in grads],
        "clipnorm": [g * min(1.0, 0.2 / np.linalg.norm(g)) for g in grads],
        "global_clipnorm": [g * min(1.0, 0.2 / norm) for g in grads],
    }

    # Clipped beforehand or by the optimizer, a step must be the same.
    off = dict.fromkeys(clipped)
    for name, values in clipped.items():
        expected, found = weights(), weights()
        case.make_with(**off).apply(
            [ops.convert_to_tensor(g) for g in values], expected
        )
        case.make_with(**{**off, name: 0.2}).apply(
            [ops.convert_to_tensor(g) for g in grads], found
        )
        case.require_close(
            _values(found),
            _values(expected),
            f"with {name}=0.2, a step with clipped gradients",
            "Hand `**kwargs` to `super().__init__`, and override `update_step`, not "
            "`apply`.",
        )


def schedules(case: OptimizerCase) -> None:
    """A schedule as learning rate gives each step its own rate."""
    schedule = PiecewiseConstantDecay([1], [0.1, 0.01])
    scheduled = run_steps(case.make_with(learning_rate=schedule), weights(), range(4))
    advice = "Use the `learning_rate` that `update_step` is given."

    optimizer, variables = case.make_with(learning_rate=0.1), weights()
    run_steps(optimizer, variables, range(2))
    optimizer.learning_rate = 0.01
    run_steps(optimizer, variables, range(2, 4))
    case.require_close(
        _values(scheduled),
        _values(variables),
        "the steps that are made when the learning rate is set by hand",
        advice,
    )

    constant = run_steps(case.make_with(learning_rate=0.1), weights(), range(4))
    found, others = as_numpy(_values(scheduled)), as_numpy(_values(constant))
    if all(np.array_equal(x, y) for x, y in zip(found, others)):
        raise Violation(
            "smaller steps once the rate is smaller",
            "the steps of a constant rate",
            advice,
        )


def counts_steps(case: OptimizerCase) -> None:
    """`iterations` is the number of steps."""
    optimizer = case.make()
    run_steps(optimizer, weights())
    found = int(ops.convert_to_numpy(optimizer.iterations))
    if found != 3:
        raise Violation(
            "iterations=3 after 3 steps",
            str(found),
            "Override `update_step`, not `apply`, which counts.",
        )


def missing_gradient(case: OptimizerCase) -> None:
    """A weight whose gradient is None stays as it is."""
    variables = weights()
    expected = variables[0].numpy().copy()
    grads = [None, ops.convert_to_tensor(gradients(0)[1])]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        case.make().apply(grads, variables)
    case.require_close(
        variables[0].value,
        expected,
        "an unchanged weight",
        "Override `update_step`, which isn't called for such a weight.",
    )


def jit_agrees(case: OptimizerCase) -> None:
    """Compiled with `keras.jit`, a step does the same."""
    expected = run_steps(case.make(), weights())
    optimizer, variables = case.make(), weights()
    optimizer.build(variables)

    @jit
    def step(*grads: Any) -> None:
        optimizer.apply(list(grads), variables)

    for i in range(3):
        step(*[ops.convert_to_tensor(g) for g in gradients(i)])
    case.require_close(
        _values(variables),
        _values(expected),
        "the same weights from compiled steps",
        "Use `keras.ops` in `update_step`, `self.assign` for variables, and no Python "
        "number that changes from step to step.",
    )


def stateless_agrees(case: OptimizerCase) -> None:
    """`stateless_apply` does the same and changes no variable."""
    expected = run_steps(case.make(), weights(), range(1))
    optimizer, variables = case.make(), weights()
    optimizer.build(variables)
    before = [x.copy() for x in as_numpy(_values(variables))]

    grads = [ops.convert_to_tensor(g) for g in gradients(0)]
    found, _ = optimizer.stateless_apply(
        _values(optimizer.variables), grads, _values(variables)
    )
    advice = "Assign variables with `self.assign`, `assign_add` and `assign_sub` only."
    case.require_close(found, _values(expected), "the same weights", advice)
    case.require_close(_values(variables), before, "unchanged variables", advice)


def deep_copy(case: OptimizerCase) -> None:
    """A deep copy made with the weights goes on with the same steps by itself."""
    optimizer, variables = case.make(), weights()
    run_steps(optimizer, variables)
    twin, copies = copy.deepcopy((optimizer, variables))
    run_steps(twin, copies, range(3, 5))
    run_steps(optimizer, variables, range(3, 5))
    case.require_close(
        _values(copies),
        _values(variables),
        "the same weights from the copy",
        "Keep slots in plain attributes, lists and dicts.",
    )


def other_backends(case: OptimizerCase) -> None:
    """On each other backend the same steps give the same weights."""
    expected = as_numpy(_values(run_steps(case.make(), weights())))
    for name in case.backends:
        if name == scope.current().name:
            continue
        with scope.backend_scope(name):
            optimizer = copy.deepcopy(case.make())
            found = as_numpy(_values(run_steps(optimizer, weights())))
        case.require_close(
            found,
            expected,
            f"the same weights on {name}",
            "Use `keras.ops`, and nothing of a framework's own.",
        )


OPTIMIZER_LAWS: tuple[Law, ...] = (
    decreases_quadratic,
    config_round_trip,
    resumes_from_file,
    clipping,
    schedules,
    counts_steps,
    missing_gradient,
    jit_agrees,
    stateless_agrees,
    deep_copy,
    other_backends,
)
