"""MultiOptimizer: parts of a model with optimizers of their own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import keras
from keras import ops
from keras.optimizers import SGD, Adam, LossScaleOptimizer, MultiOptimizer, OptimizerMap

X = np.random.RandomState(0).randn(16, 3).astype("float32")
Y = X.sum(1, keepdims=True)


def two() -> MultiOptimizer:
    """Adam for kernels, SGD for the rest."""
    return MultiOptimizer(OptimizerMap(SGD(0.1), {".*kernel": Adam(0.01)}))


def small(optimizer: Any) -> keras.Model:
    keras.utils.set_random_seed(0)
    layers = [keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile(optimizer, "mse")
    return model


@pytest.mark.gradients
def test_each_optimizer_moves_its_own_weights(backend: str) -> None:
    """As each of them would if the others were frozen."""
    model = small(two())
    before = model.get_weights()
    model.fit(X, Y, batch_size=16, epochs=1, verbose=0)

    for optimizer, is_its_own in ((Adam(0.01), "kernel"), (SGD(0.1), "bias")):
        single = small(optimizer)
        for layer in single.layers:
            for v in layer.weights:
                v.trainable = v.name == is_its_own
        single.fit(X, Y, batch_size=16, epochs=1, verbose=0)
        for v, w, start in zip(model.weights, single.weights, before):
            if v.name == is_its_own:
                np.testing.assert_allclose(v.numpy(), w.numpy(), rtol=1e-5, atol=1e-7)
                assert np.abs(v.numpy() - start).max() > 0


def test_steps_of_keras(backend: str) -> None:
    """What Keras 3.15.1 computes for the weights `v` (SGD) and `w` (Adam)."""
    optimizer = MultiOptimizer(OptimizerMap(SGD(1.0), {"w": Adam(1.0)}))
    v, w = keras.Variable([0.0], name="v"), keras.Variable([0.0], name="w")
    optimizer.build([v, w])

    state = [x.value for x in optimizer.variables]
    weights, state = optimizer.stateless_apply(
        state, [ops.ones((1,)), ops.ones((1,))], [v.value, w.value]
    )

    found = [np.asarray(ops.convert_to_numpy(x)) for x in (*weights, *state)]
    expected = [[-1], [-0.9999901], 1, 0, 1, 1, [0.1], [0.001], 1, 1]
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-5)


@pytest.mark.gradients
def test_wrapped_for_float16(backend: str) -> None:
    model = small(LossScaleOptimizer(two(), initial_scale=8.0))
    plain = small(two())
    for one in (model, plain):
        one.fit(X, Y, epochs=3, verbose=0)
    for v, w in zip(model.weights, plain.weights):
        np.testing.assert_allclose(v.numpy(), w.numpy(), rtol=1e-4, atol=1e-6)


def test_loss_scale_factor(backend: str) -> None:
    optimizer = MultiOptimizer(OptimizerMap(SGD(1.0)), loss_scale_factor=4.0)
    variable = keras.Variable([0.0], name="v")
    optimizer.apply([ops.ones((1,))], [variable])
    np.testing.assert_allclose(variable.numpy(), [-0.25])
    assert float(optimizer.scale_loss(2.0)) == 8.0


def test_averages_of_one_part(backend: str) -> None:
    averaging = SGD(1.0, use_ema=True, ema_momentum=0.5)
    optimizer = MultiOptimizer(OptimizerMap(SGD(1.0), {"a": averaging}))
    variables = [keras.Variable([0.0], name=name) for name in "ab"]
    for _ in range(3):
        optimizer.apply([ops.ones((1,)), ops.ones((1,))], variables)
    optimizer.finalize_variable_values(variables)
    assert [float(v.numpy()[0]) for v in variables] == [-2.25, -3.0]


def test_a_part_without_gradients_stays(backend: str) -> None:
    a, b = keras.Variable([0.0], name="a"), keras.Variable([0.0], name="b")
    optimizer = MultiOptimizer(OptimizerMap(SGD(1.0), {"a": Adam()}))
    optimizer.apply([None, ops.ones((1,))], [a, b])
    assert (float(a.numpy()[0]), float(b.numpy()[0])) == (0.0, -1.0)
    with pytest.raises(ValueError, match="no variable has a gradient"):
        optimizer.apply([None, None], [a, b])


def test_decay_is_excluded_in_all(backend: str) -> None:
    def decayed(name: str) -> float:
        optimizer = MultiOptimizer(
            OptimizerMap(SGD(0.5, weight_decay=0.5), {"b": SGD(0.5, weight_decay=0.5)})
        )
        optimizer.exclude_from_weight_decay(var_names=["a"])
        v = keras.Variable([1.0], name=name)
        optimizer.apply([ops.zeros((1,))], [v])
        return float(v.numpy()[0])

    assert (decayed("a"), decayed("b"), decayed("c")) == (1.0, 0.75, 0.75)


def test_the_map() -> None:
    optimizers = OptimizerMap(SGD(name="rest"), {"a/.*": Adam(name="first")})
    optimizers["b/bias"] = Adam(name="second")
    paths = ("a/kernel", "b/bias", "b/bias_1", "x/a/kernel")
    found = [optimizers[path].name for path in paths]
    assert found == ["first", "second", "rest", "rest"]
    assert list(optimizers) == ["a/.*", "b/bias"] and len(optimizers) == 2
    del optimizers["b/bias"]
    assert optimizers["b/bias"].name == "rest"


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: OptimizerMap("sgd"), TypeError, "OptimizerMap.*'sgd'"),
        (lambda: OptimizerMap(SGD(), {"a": "adam"}), TypeError, "'adam'"),
        (lambda: OptimizerMap(SGD(), {3: Adam()}), TypeError, "string.*3"),
        (lambda: OptimizerMap(SGD(), {"(": Adam()}), ValueError, "regular expression"),
        (lambda: OptimizerMap(SGD(), [Adam()]), TypeError, "dict"),
        (lambda: MultiOptimizer(SGD()), TypeError, "`optimizer_map`"),
        (
            lambda: MultiOptimizer(OptimizerMap(SGD(loss_scale_factor=2.0))),
            ValueError,
            "loss_scale_factor",
        ),
        (lambda: MultiOptimizer(OptimizerMap(two())), ValueError, "plain"),
        (lambda: two().learning_rate, AttributeError, "`optimizers`"),
        (lambda: setattr(two(), "learning_rate", 1), AttributeError, "`optimizers`"),
    ],
)
def test_mistakes(make: Any, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        make()


def test_a_path_that_matches_two_patterns() -> None:
    optimizers = OptimizerMap(SGD(), {"a/.*": Adam(), ".*/b": Adam()})
    with pytest.raises(ValueError, match="'a/b' matches several"):
        optimizers["a/b"]
    with pytest.raises(ValueError, match="already"):
        optimizers["a/.*"] = SGD()


def test_stored_under_the_paths_of_keras(tmp_path) -> None:
    """The groups and the order in which Keras 3.15.1 stores a MultiOptimizer."""
    import h5py

    model = small(two())
    model.optimizer.build(model.trainable_variables)
    model.save_weights(tmp_path / "m.weights.h5")
    with h5py.File(tmp_path / "m.weights.h5") as file:
        found = {path: list(group) for path, group in _groups(file["optimizer"])}
    assert found[""] == ["optimizers", "vars"]
    assert found["optimizers"] == ["adam", "sgd"]
    assert [len(found[f"{p}vars"]) for p in ("", "optimizers/adam/")] == [10, 6]


def _groups(file: Any) -> list:
    import h5py

    found = [("", file)]
    file.visititems(lambda n, x: found.append((n, x)))
    return [(n, x) for n, x in found if isinstance(x, h5py.Group)]
