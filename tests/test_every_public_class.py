"""What holds for every public loss, initializer, activation, callback and their kin.

Each family starts from its `__all__`: a class that is added there without a case here
fails. Layers, metrics and optimizers have tests of this kind in their own folders.
"""

import inspect
import json

import numpy as np
import pytest

import keras
from keras import (
    activations,
    callbacks,
    constraints,
    initializers,
    losses,
    ops,
    regularizers,
)
from keras.optimizers import schedules

pytestmark = pytest.mark.usefixtures("quick_compilation")
RNG = np.random.default_rng(0)
MATRIX = RNG.normal(size=(4, 3)).astype("float32")
LOOKUPS = {"get", "serialize", "deserialize"}


def classes(module, *bases):
    """The public classes of a module but its base classes, each by one name."""
    found = {}
    for name in module.__all__:
        x = getattr(module, name)
        if inspect.isclass(x) and name not in bases:
            found.setdefault(x, name)
    return sorted(found.values())


def again(module, obj):
    """The object made of its config, through JSON."""
    return module.deserialize(json.loads(json.dumps(module.serialize(obj))))


def on_each_backend(compute):
    """A result on every backend that has what it needs, as NumPy arrays."""
    found = {}
    for name in ("jax", "torch", "tensorflow"):
        with keras.config.backend_scope(name):
            found[name] = np.asarray(ops.convert_to_numpy(compute()))
    return found


def assert_equal_everywhere(compute, rtol=1e-5, atol=1e-6):
    found = on_each_backend(compute)
    for name in found:
        np.testing.assert_allclose(found[name], found["jax"], rtol, atol, err_msg=name)


# Losses

Y = np.eye(3, dtype="float32")[[0, 1, 2, 1]]
P = RNG.uniform(0.05, 0.95, (4, 3)).astype("float32")
P /= P.sum(-1, keepdims=True)
LOSS_DATA = {
    "CTC": (np.array([[1, 2], [2, 1]]), RNG.normal(size=(2, 5, 4)).astype("float32")),
    "CategoricalGeneralizedCrossEntropy": (Y.argmax(-1), P),
    "Circle": (np.array([0, 1, 1, 0]), P),  # each has another of its class
    "SparseCategoricalCrossentropy": (Y.argmax(-1), P),
}


@pytest.mark.parametrize("name", classes(losses, "Loss"))
def test_loss(name):
    """It comes back from its config and is finite and equal on every backend."""
    loss = getattr(losses, name)()
    data = LOSS_DATA.get(name, (Y, P))

    value = ops.convert_to_numpy(loss(*data))
    assert value.shape == () and np.isfinite(value)
    np.testing.assert_array_equal(
        ops.convert_to_numpy(again(losses, loss)(*data)), value
    )
    assert_equal_everywhere(lambda: getattr(losses, name)()(*data))


@pytest.mark.parametrize("name", classes(losses, "Loss"))
def test_reductions_of_a_loss(backend, name):
    """`sum` adds what `none` lists; the default divides by the number."""
    cls, data = getattr(losses, name), LOSS_DATA.get(name, (Y, P))
    each = ops.convert_to_numpy(cls(reduction="none")(*data))
    total = ops.convert_to_numpy(cls(reduction="sum")(*data))
    mean = ops.convert_to_numpy(cls()(*data))
    np.testing.assert_allclose(total, each.sum(), rtol=1e-5)
    np.testing.assert_allclose(mean, each.mean(), rtol=1e-5)


def test_every_loss_function_has_a_class():
    """`losses.huber` and `losses.Huber` compute the same."""
    functions = [
        name
        for name in losses.__all__
        if not inspect.isclass(getattr(losses, name)) and name not in LOOKUPS
    ]
    of_classes = {
        name: getattr(getattr(losses, name)(), "fn", None)
        for name in classes(losses, "Loss")
    }
    assert {getattr(losses, name) for name in functions} == set(of_classes.values())


# Initializers

ARGUMENTS = {
    "Constant": {"value": 0.5},
    "STFT": {"side": "imag"},
}
STFT_SHAPE = (16, 1, 9)


@pytest.mark.parametrize("name", classes(initializers, "Initializer"))
def test_initializer(backend, name):
    """It comes back from its config, and its values have the shape and type asked."""
    cls = getattr(initializers, name)
    arguments = dict(ARGUMENTS.get(cls.__name__.removesuffix("Initializer"), {}))
    if "seed" in inspect.signature(cls).parameters:
        arguments["seed"] = 3
    shape = STFT_SHAPE if "STFT" in name else (4, 4)

    for dtype in ("float32", "bfloat16"):
        values = cls(**arguments)(shape, dtype=dtype)
        assert tuple(values.shape) == shape and ops.dtype(values) == dtype
    values = ops.convert_to_numpy(cls(**arguments)(shape))
    copied = again(initializers, cls(**arguments))(shape)
    np.testing.assert_array_equal(ops.convert_to_numpy(copied), values)
    with keras.config.backend_scope("jax"):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(cls(**arguments)(shape)), values
        )


# Regularizers and constraints


@pytest.mark.parametrize("name", classes(regularizers, "Regularizer"))
def test_regularizer(name):
    """It comes back from its config; its penalty is a number from 0 up."""
    regularizer = getattr(regularizers, name)()
    if name == "L1L2":
        regularizer = regularizers.L1L2(0.1, 0.2)
    penalty = float(regularizer(MATRIX))
    assert penalty > 0
    assert float(again(regularizers, regularizer)(MATRIX)) == penalty
    assert_equal_everywhere(lambda: regularizer(ops.convert_to_tensor(MATRIX)))


@pytest.mark.parametrize("name", classes(constraints, "Constraint"))
def test_constraint(name):
    """It comes back from its config; what fulfils it already stays as it is."""
    constraint = getattr(constraints, name)()
    once = ops.convert_to_numpy(constraint(3 * MATRIX))
    assert once.shape == MATRIX.shape and once.dtype == MATRIX.dtype
    assert not np.array_equal(once, 3 * MATRIX)
    np.testing.assert_allclose(
        ops.convert_to_numpy(constraint(once)), once, rtol=1e-5, atol=1e-6
    )
    np.testing.assert_array_equal(
        ops.convert_to_numpy(again(constraints, constraint)(3 * MATRIX)), once
    )
    assert_equal_everywhere(lambda: constraint(ops.convert_to_tensor(3 * MATRIX)))


# Activations

FUNCTIONS = sorted(
    {
        getattr(activations, n): n for n in activations.__all__ if n not in LOOKUPS
    }.items(),
    key=lambda pair: pair[1],
)
ACTIVATION_ARGUMENTS = {"threshold": (0.1, -1.0)}
HALVES = {"glu": "its output has half the channels"}


@pytest.mark.parametrize("fn,name", FUNCTIONS, ids=[name for _, name in FUNCTIONS])
def test_activation(fn, name):
    """Its name gives it back; types and shapes stay; every backend gives the same."""
    assert activations.get(activations.serialize(fn)) is fn
    rest = ACTIVATION_ARGUMENTS.get(name, ())
    x = RNG.normal(size=(3, 4)).astype("float32")

    assert_equal_everywhere(lambda: fn(ops.convert_to_tensor(x), *rest))
    for dtype in ("float32", "bfloat16"):
        symbol = fn(keras.KerasTensor((None, 4), dtype), *rest)
        actual = fn(ops.cast(x, dtype), *rest)
        assert symbol.dtype == ops.dtype(actual) == dtype
        assert symbol.shape == (None, 2 if name in HALVES else 4)
        assert tuple(actual.shape) == (3, *symbol.shape[1:])


# Schedules

SCHEDULES = {
    "CosineDecay": (0.1, 10),
    "CosineDecayRestarts": (0.1, 5),
    "ExponentialDecay": (0.1, 10, 0.5),
    "InverseTimeDecay": (0.1, 10, 0.5),
    "PiecewiseConstantDecay": ([3, 6], [0.1, 0.01, 0.001]),
    "PolynomialDecay": (0.1, 10),
}


@pytest.mark.parametrize("name", classes(schedules, "LearningRateSchedule"))
def test_schedule(name):
    """It comes back from its config, and falls alike on every backend."""
    schedule = getattr(schedules, name)(*SCHEDULES[name])
    copied = again(schedules, schedule)
    for step in (0, 4, 9):
        assert float(copied(step)) == float(schedule(step))
        assert_equal_everywhere(lambda step=step: ops.convert_to_tensor(schedule(step)))
    assert float(schedule(4)) < float(schedule(0))


# Callbacks

CALLBACKS = {
    "BackupAndRestore": {"backup_dir": "backup"},
    "CSVLogger": {"filename": "log.csv"},
    "EarlyStopping": {"monitor": "loss"},
    "History": {},
    "LambdaCallback": {"on_epoch_end": lambda epoch, logs: None},
    "LearningRateScheduler": {"schedule": lambda epoch, rate: rate},
    "ModelCheckpoint": {"filepath": "{epoch}.keras"},
    "OrbaxCheckpoint": {"directory": "orbax"},
    "ProgbarLogger": {},
    "ReduceLROnPlateau": {"monitor": "loss", "patience": 5},
    "SwapEMAWeights": {},
    "TensorBoard": {"write_images": True, "histogram_freq": 1, "update_freq": 2},
    "TerminateOnNaN": {},
}
WITHOUT_A_CASE = {
    "CallbackList": "holds the others: tests/callbacks/test_callback_list.py",
    "RemoteMonitor": "needs a server: tests/callbacks/test_loggers.py",
}


def test_every_callback_has_a_case():
    here = set(classes(callbacks, "Callback"))
    assert here == set(CALLBACKS) | set(WITHOUT_A_CASE)


@pytest.mark.gradients
@pytest.mark.parametrize("name", sorted(CALLBACKS))
def test_callback_watches(backend, name, tmp_path, monkeypatch):
    """A callback that has no reason to act changes nothing of the training."""
    monkeypatch.chdir(tmp_path)

    def train(watchers):
        keras.utils.set_random_seed(1)
        model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile(keras.optimizers.SGD(use_ema=True), "mse")
        model.fit(MATRIX, Y[:, :1], epochs=2, callbacks=watchers, verbose=0)
        return model.get_weights()

    callback = getattr(callbacks, name)(**CALLBACKS[name])
    for found, expected in zip(train([callback]), train([])):
        np.testing.assert_array_equal(found, expected)
    assert callback.model is not None
