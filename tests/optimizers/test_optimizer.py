"""What surrounds an optimizer's formula: kernels, hyperparameters, clipping, state."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import keras
from keras import ops, optimizers
from keras.core.scope import current

# Public names that are not the classes of optimizers, or wrap one.
NO_OPTIMIZERS = {
    *("Optimizer", "LossScaleOptimizer", "MultiOptimizer", "OptimizerMap"),
    *("deserialize", "get", "legacy", "schedules", "serialize"),
}
SHAPES = [(3, 4), (4,), (2, 3, 2)]
SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "adam": ("Adam", {"learning_rate": 0.02, "epsilon": 1e-4}),
    "amsgrad": ("Adam", {"learning_rate": 0.02, "amsgrad": True}),
    "adamw": ("AdamW", {"learning_rate": 0.02, "weight_decay": 0.1}),
    "sgd": ("SGD", {"learning_rate": 0.1, "weight_decay": 0.1}),
    "momentum": ("SGD", {"learning_rate": 0.1, "momentum": 0.7}),
    "nesterov": ("SGD", {"learning_rate": 0.1, "momentum": 0.7, "nesterov": True}),
    "rmsprop": ("RMSprop", {"learning_rate": 0.02}),
    "centered": ("RMSprop", {"centered": True, "momentum": 0.5}),
    "clipnorm": ("SGD", {"clipnorm": 0.5}),
    "global_clipnorm": ("Adam", {"global_clipnorm": 0.5}),
    "clipvalue": ("Adam", {"clipvalue": 0.2}),
    "ema": ("SGD", {"use_ema": True, "ema_momentum": 0.6}),
    "ema_overwrite": ("Adam", {"use_ema": True, "ema_overwrite_frequency": 2}),
    "accumulation": ("Adam", {"gradient_accumulation_steps": 2, "use_ema": True}),
}


def weights() -> list[keras.Variable]:
    rng = np.random.RandomState(0)
    return [keras.Variable(rng.randn(*s), dtype="float32") for s in SHAPES]


def gradients(step: int) -> list[Any]:
    rng = np.random.RandomState(step + 1)
    return [ops.convert_to_tensor(rng.randn(*s), "float32") for s in SHAPES]


def values(variables: list[keras.Variable]) -> list[np.ndarray]:
    return [v.numpy() for v in variables]


@pytest.mark.parametrize("key", list(SETTINGS))
def test_kernels_do_what_update_says(key: str, backend: str) -> None:
    """The kernels against the formula that `stateless_apply` evaluates."""
    name, config = SETTINGS[key]
    optimizer = getattr(optimizers, name)(**config)
    variables = weights()
    optimizer.build(variables)
    state = [v.value for v in variables], [v.value for v in optimizer.variables]
    state = tuple([ops.copy(x) for x in part] for part in state)
    for step in range(5):
        grads = gradients(step)
        state = optimizer.stateless_apply(state[1], grads, state[0])
        optimizer.apply(grads, variables)
    for kept, got in zip([*variables, *optimizer.variables], [*state[0], *state[1]]):
        np.testing.assert_allclose(
            kept.numpy(), got.numpy(), rtol=1e-6, atol=1e-6, err_msg=kept.path
        )


@pytest.mark.gradients
def test_kernels_are_used_where_there_are_any(backend: str) -> None:
    there = {n for n in ("adam", "sgd", "nesterov") if current().fused_update(n)}
    assert there == (set() if backend == "jax" else {"adam", "sgd", "nesterov"})


def test_subclass_with_its_own_update(backend: str) -> None:
    class Half(optimizers.SGD):
        def update(self, g: Any, w: Any, rate: Any, *slots: Any) -> Any:
            return (w / 2,)

    class Third(optimizers.Adam):
        def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
            self.assign(variable, variable / 3)

    for cls, factor in ((Half, 2), (Third, 3)):
        variables = weights()
        before = values(variables)
        cls(0.1).apply(gradients(0), variables)
        for v, b in zip(variables, before):
            np.testing.assert_allclose(v.numpy(), b / factor, rtol=1e-6)


def test_hyperparameters_change_at_once(backend: str) -> None:
    optimizer = optimizers.SGD(0.5, momentum=0.9)
    variables = weights()
    start = values(variables)
    ones = [ops.ones(s) for s in SHAPES]
    optimizer.apply(ones, variables)
    optimizer.learning_rate = 0.25
    optimizer.momentum = 0.0
    optimizer.apply(ones, variables)
    optimizer.learning_rate.assign(0.0)
    optimizer.apply(ones, variables)
    for v, s in zip(variables, start):
        np.testing.assert_allclose(v.numpy(), s - 0.75, rtol=1e-6, atol=1e-6)
    assert optimizer.get_config()["momentum"] == 0.0
    assert int(optimizer.iterations) == 3


def test_step_count_may_be_set(backend: str) -> None:
    """A kernel's memory of the count must not outlive the variable's value."""
    fresh, other = optimizers.Adam(0.1), optimizers.Adam(0.1)
    first, second = weights(), weights()
    for step in range(3):
        other.apply(gradients(step), second)
    other.set_weights([np.zeros(v.shape) for v in other.variables])
    other.learning_rate = 0.1
    for v, w in zip(first, second):
        w.assign(v)
    fresh.apply(gradients(9), first)
    other.apply(gradients(9), second)
    for v, w in zip(first, second):
        np.testing.assert_allclose(v.numpy(), w.numpy(), rtol=1e-6, atol=1e-6)


def test_copy_goes_on_by_itself(backend: str) -> None:
    variables, optimizer = weights(), optimizers.Adam(0.1)
    optimizer.apply(gradients(0), variables)
    moved, twins = copy.deepcopy((optimizer, variables))
    optimizer.apply(gradients(1), variables)
    moved.apply(gradients(1), twins)
    for v, w in zip(variables, twins):
        np.testing.assert_allclose(v.numpy(), w.numpy(), rtol=1e-6)
    assert [v.path for v in moved.variables] == [v.path for v in optimizer.variables]


def test_missing_gradients(backend: str) -> None:
    variables = weights()
    before = values(variables)
    optimizer = optimizers.Adam(0.1)
    with pytest.warns(UserWarning, match="does not depend on"):
        optimizer.apply([None, *gradients(0)[1:]], variables)
    np.testing.assert_array_equal(variables[0].numpy(), before[0])
    assert np.abs(variables[1].numpy() - before[1]).min() > 0.05
    with pytest.raises(ValueError, match="no variable has a gradient"):
        optimizer.apply([None] * 3, variables)


def test_apply_gradients_and_constraint(backend: str) -> None:
    variables = weights()
    variables[0].constraint = keras.constraints.NonNeg()
    steps = optimizers.SGD(0.0).apply_gradients(zip(gradients(0), variables))
    assert int(steps) == 1
    assert variables[0].numpy().min() == 0 < -variables[2].numpy().min()


def test_weights_of_two_types(backend: str) -> None:
    variables = [keras.Variable([1.0, 2.0]), keras.Variable([1.0], dtype="bfloat16")]
    grads = [ops.ones((2,)), ops.ones((1,), dtype="bfloat16")]
    optimizers.SGD(0.5).apply(grads, variables)
    np.testing.assert_allclose(variables[0].numpy(), [0.5, 1.5])
    assert float(variables[1]) == 0.5


def test_schedule_counts_steps(backend: str) -> None:
    schedule = optimizers.schedules.PiecewiseConstantDecay([1], [0.5, 0.25])
    optimizer, variable = optimizers.SGD(schedule), keras.Variable([0.0])
    for _ in range(3):
        optimizer.apply([ops.ones((1,))], [variable])
    np.testing.assert_allclose(variable.numpy(), [-1.25])
    assert float(optimizer.learning_rate) == 0.25


def test_loss_scale_skips_infinities(backend: str) -> None:
    inner = optimizers.SGD(1.0)
    optimizer = optimizers.LossScaleOptimizer(inner, initial_scale=4.0)
    variable = keras.Variable([0.0])
    optimizer.apply([ops.ones((1,)) * 4.0], [variable])
    optimizer.apply([ops.ones((1,)) * np.inf], [variable])
    np.testing.assert_allclose(variable.numpy(), [-1.0])
    assert float(optimizer.dynamic_scale) == 2.0
    assert (int(optimizer.iterations), int(inner.iterations)) == (2, 1)


def test_check_finite(backend: str) -> None:
    optimizer = optimizers.LossScaleOptimizer(optimizers.SGD())
    fine, broken = ops.ones((2,)), ops.convert_to_tensor([1.0, np.nan])
    for grads, expected in (
        ([fine, None], True),
        ([fine, broken], False),
        ([None], True),
        ([], True),
    ):
        assert bool(optimizer.check_finite(grads)) is expected


def test_muon_makes_the_singular_values_alike(backend: str) -> None:
    muon = optimizers.Muon(rms_rate=0.5)
    for shape in ((3, 7), (7, 3), (2, 3, 7)):
        x = np.random.RandomState(0).randn(*shape).astype("float32")
        x += np.eye(*shape[-2:], dtype="float32")  # no singular value near 0

        flat = ops.convert_to_numpy(muon.zeropower_via_newtonschulz5(x, 5))
        u, _, v = np.linalg.svd(x, full_matrices=False)
        found = np.einsum("...ji,...jk,...lk->...il", u, flat, v)

        off = found * (1 - np.eye(3))
        diagonal = np.diagonal(found, axis1=-2, axis2=-1)
        assert np.abs(off).max() < 1e-4
        assert 0.6 < diagonal.min() <= diagonal.max() < 1.3
        adjusted = ops.convert_to_numpy(muon.lr_adjust(flat))
        np.testing.assert_allclose(adjusted, flat * 0.5 * 7**0.5, rtol=1e-5)
        transposed = ops.convert_to_numpy(muon.transpose_last_axis(x))
        np.testing.assert_array_equal(transposed, np.swapaxes(x, -1, -2))
    with pytest.raises(ValueError, match="at least 2 axes"):
        muon.zeropower_via_newtonschulz5(np.ones(3), 5)


def test_schedule_free_begins_where_the_weights_are_at_the_first_step(
    backend: str,
) -> None:
    """Weights may be loaded after the slots were made."""
    found = []
    for build_first in (True, False):
        optimizer, variables = optimizers.ScheduleFreeAdamW(0.1), weights()
        if build_first:
            optimizer.build(variables)
        for variable in variables:
            variable.assign(ops.ones(variable.shape))
        for step in range(3):
            optimizer.apply(gradients(step), variables)
        found.append(values(variables))
    for a, b in zip(*found):
        np.testing.assert_array_equal(a, b)


def test_legacy_optimizers_say_what_to_use() -> None:
    for name in optimizers.legacy.__all__:
        with pytest.raises(ImportError, match="keras.optimizers"):
            getattr(optimizers.legacy, name)(0.1)


@pytest.mark.parametrize("name", sorted(set(optimizers.__all__) - NO_OPTIMIZERS))
def test_config_round_trip(name: str) -> None:
    optimizer = getattr(optimizers, name)(0.25, clipnorm=0.5, name="mine")
    again = optimizers.deserialize(optimizers.serialize(optimizer))
    assert type(again) is type(optimizer)
    assert again.get_config() == optimizer.get_config()
    assert type(optimizers.get(name.lower())) is type(optimizer)


@pytest.mark.parametrize(
    "config",
    [
        {"clipnorm": 0},
        {"clipnorm": 1.0, "clipvalue": 1.0},
        {"use_ema": True, "ema_momentum": 2.0},
        {"gradient_accumulation_steps": 1},
        {"ema_overwrite_frequency": 0},
        {"learning_rate": -1.0},
    ],
    ids=lambda config: "-".join(config),
)
def test_wrong_options(config: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"SGD.*{list(config)[-1]}"):
        optimizers.SGD(**config)
